"""The entry that reversed another is found without reading the book.

Revision ID: reversals
Revises: notice_reads
Create Date: 2026-11-22 12:20
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "reversals"
down_revision = "notice_reads"
branch_labels = None
depends_on = None

_NAME = "ix_journal_reverses"


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_index(_NAME, "journal", ["reverses"], postgresql_where=sa.text("reverses is not null"))


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.drop_index(_NAME, "journal")
