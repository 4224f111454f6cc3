"""The system role may delete answers past their time; of their rows it sees the time alone.

Revision ID: forget_answers
Revises: open_cover
Create Date: 2026-11-22 09:00
"""

from __future__ import annotations

from alembic import op

revision = "forget_answers"
down_revision = "open_cover"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("grant select (created_at), delete on idempotency_record to ticketos_system")
    for act in ("select", "delete"):
        op.execute(f"create policy system_{act} on idempotency_record for {act} to ticketos_system using (true)")


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    for act in ("select", "delete"):
        op.execute(f"drop policy system_{act} on idempotency_record")
    op.execute("revoke select (created_at), delete on idempotency_record from ticketos_system")
