"""Whom a task is offered to, and until when.

Revision ID: task_offers
Revises: held_usage
Create Date: 2026-11-22 01:55
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "task_offers"
down_revision = "held_usage"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.add_column("task", sa.Column("offered_to", sa.Uuid(), nullable=True))
    op.add_column("task", sa.Column("offer_until", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_task_offered", "task", ["offered_to"], postgresql_where="state = 'open' and offered_to is not null"
    )


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.drop_index("ix_task_offered", "task")
    op.drop_column("task", "offer_until")
    op.drop_column("task", "offered_to")
