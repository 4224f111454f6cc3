"""The index over open requests holds what lists filter by, so that a count reads the index alone. Without it a count
by service line or lateness walked the index over every request there ever was.

Revision ID: open_cover
Revises: parts
Create Date: 2026-11-22 05:10
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "open_cover"
down_revision = "parts"
branch_labels = None
depends_on = None

_OPEN = sa.text("kind = 'request' and closed_at is null")
_NAME, _KEYS = "ix_ticket_open_recent", ["received_at", "id"]
_HELD = ["client_id", "stage", "state", "service_line", "sla_state", "priority", "desk"]


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.drop_index(_NAME, "ticket")
    op.create_index(_NAME, "ticket", _KEYS, postgresql_where=_OPEN, postgresql_include=_HELD)


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.drop_index(_NAME, "ticket")
    op.create_index(_NAME, "ticket", _KEYS, postgresql_where=_OPEN)
