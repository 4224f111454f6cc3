"""Mails and answers do not wait behind starts: an index of what is due besides them.

Starts are paced, so many may lie in the outbox while requests pour in; the rest is taken without reading them.

Revision ID: 0006
Revises: 0005
Create Date: 2026-11-22 02:10
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("create index ix_outbox_due_other on outbox (next_at) where state = 'waiting' and kind <> 'start'")


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("drop index ix_outbox_due_other")
