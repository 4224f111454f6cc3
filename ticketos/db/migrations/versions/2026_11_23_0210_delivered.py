"""Documents are found by the instant they were delivered: measures count them by day, week and month.

Revision ID: delivered
Revises: model_calls
Create Date: 2026-11-23 02:10
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "delivered"
down_revision = "model_calls"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_index(
        "ix_document_delivered",
        "document",
        ["client_id", "done_at"],
        postgresql_include=["straight_through", "finished_by", "engine"],
        postgresql_where=sa.text("state = 'posted' and done_at is not null"),
    )


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.drop_index("ix_document_delivered", table_name="document")
