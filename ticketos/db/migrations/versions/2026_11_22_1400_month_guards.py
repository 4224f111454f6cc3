"""The entries of a month are found by their date.

Revision ID: month_guards
Revises: book_months
Create Date: 2026-11-22 14:00
"""

from __future__ import annotations

from alembic import op

revision = "month_guards"
down_revision = "book_months"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_index("ix_journal_booked_on", "journal", ["client_id", "booked_on"])


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.drop_index("ix_journal_booked_on", "journal")
