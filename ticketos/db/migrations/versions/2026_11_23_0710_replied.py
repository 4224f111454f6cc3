"""Replies of people are found by their request: whether somebody touched it asks for them.

Revision ID: replied
Revises: clients_once
Create Date: 2026-11-23 07:10
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "replied"
down_revision = "clients_once"
branch_labels = None
depends_on = None

def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_index(
        "ix_audit_event_replied",
        "audit_event",
        ["root_id"],
        postgresql_where=sa.text("event = 'ticket.replied'"),
    )


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.drop_index("ix_audit_event_replied", table_name="audit_event")
