"""A quality verdict may be on the ticket itself, where a person worked it and no document is the unit.

Revision ID: handwork
Revises: people
Create Date: 2026-11-22 12:08
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "handwork"
down_revision = "people"
branch_labels = None
depends_on = None

_NAME = "ix_qa_check_work"


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.alter_column("qa_check", "document_id", existing_type=sa.Uuid(), nullable=True)
    op.create_index(
        _NAME,
        "qa_check",
        ["ticket_id", "life", "level", "round"],
        unique=True,
        postgresql_where=sa.text("document_id is null"),
    )


def downgrade() -> None:
    """Refused by the database while there are such verdicts: they are kept for ever."""
    op.execute("set local lock_timeout = '5s'")
    op.drop_index(_NAME, "qa_check")
    op.alter_column("qa_check", "document_id", existing_type=sa.Uuid(), nullable=False)
