"""Events by which a request was handed on or waited for an answer are found by their request: first contact asks for them.

Revision ID: handed_on
Revises: delivered
Create Date: 2026-11-23 05:30
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "handed_on"
down_revision = "delivered"
branch_labels = None
depends_on = None

_HANDED_ON = sa.text(
    "event in ('ticket.paused', 'ticket.rework_escalated', 'document.password_asked', 'task.assigned', 'task.expert',"
    " 'task.expert_missing', 'task.offers_ended')"
    " and (event <> 'task.assigned' or before ->> 'assigned_to' is not null)"
)


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_index("ix_audit_event_handed_on", "audit_event", ["root_id"], postgresql_where=_HANDED_ON)


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.drop_index("ix_audit_event_handed_on", table_name="audit_event")
