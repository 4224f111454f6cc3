"""Disputes of invoice lines and units.

Revision ID: disputes
Revises: chart
Create Date: 2026-11-23 01:30
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ticketos.db.migrations.rls import guard

revision = "disputes"
down_revision = "chart"
branch_labels = None
depends_on = None

TABLE = "invoice_dispute"


def _of(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["client_id", column], [f"{table}.client_id", f"{table}.id"], name=f"fk_{TABLE}_client_id_{column}"
    )


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        TABLE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("usage_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("net", sa.Numeric(20, 4), nullable=False),
        sa.Column("total", sa.Numeric(20, 4), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("raised_by", sa.Uuid(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("credit_note_id", sa.Uuid(), nullable=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=f"fk_{TABLE}_client_id"),
        _of("invoice", "invoice_id"),
        _of("invoice_line", "line_id"),
        _of("usage_event", "usage_id"),
        _of("invoice", "credit_note_id"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{TABLE}"),
    )
    op.create_index(f"ix_{TABLE}_invoice_id", TABLE, ["invoice_id"])
    op.create_index(
        f"uq_{TABLE}_open",
        TABLE,
        ["line_id", sa.text("coalesce(usage_id, line_id)")],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    guard(TABLE)
    op.execute(f"grant select, insert, update on {TABLE} to ticketos_app")


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.drop_table(TABLE)
