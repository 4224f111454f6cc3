"""An index over the events in which a person says what a request is: every triage asks for the newest of its client.

Revision ID: triage_labels
Revises: vendors
Create Date: 2026-11-22 12:04
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "triage_labels"
down_revision = "vendors"
branch_labels = None
depends_on = None

_LABELS = sa.text("actor_kind = 'user' and event in ('ticket.triaged', 'ai.approved', 'ai.corrected')")


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_index("ix_audit_event_label", "audit_event", ["client_id", "seq"], postgresql_where=_LABELS)


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.drop_index("ix_audit_event_label", "audit_event")
