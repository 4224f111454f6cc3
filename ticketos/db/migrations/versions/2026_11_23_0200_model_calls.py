"""Questions to models outside, with what was set aside for them and what they cost.

Revision ID: model_calls
Revises: disputes
Create Date: 2026-11-23 02:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from ticketos.db.migrations.rls import guard

revision = "model_calls"
down_revision = "disputes"
branch_labels = None
depends_on = None

TABLE = "model_call"


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=False)


def _of(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["client_id", column], [f"{table}.client_id", f"{table}.id"], name=op.f(f"fk_{TABLE}_client_id_{column}")
    )


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        TABLE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        _text("action", 40),
        _text("engine", 40),
        _text("model", 200),
        _text("endpoint", 300),
        _text("prompt", 60),
        _text("input_sha256", 64),
        sa.Column("redacted", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"),
                  nullable=False),
        _text("month", 7),
        _text("currency", 3),
        sa.Column("reserved", sa.Numeric(18, 6), nullable=False),
        sa.Column("cost", sa.Numeric(18, 6), nullable=True),
        sa.Column("tokens_in", sa.Integer(), nullable=True),
        sa.Column("tokens_out", sa.Integer(), nullable=True),
        _text("outcome", 40),
        sa.Column("seconds", sa.Numeric(9, 3), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("reserved >= 0 and (cost is null or cost >= 0)", name=op.f(f"ck_{TABLE}_costs")),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f(f"fk_{TABLE}_client_id")),
        _of("ticket", "ticket_id"),
        _of("document", "document_id"),
        _of("contract", "contract_id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
    )
    op.create_index(f"ix_{TABLE}_contract_month", TABLE, ["contract_id", "month"])
    op.create_index(f"ix_{TABLE}_document", TABLE, ["document_id"])
    guard(TABLE)
    op.execute(f"grant select, insert, update on {TABLE} to ticketos_app")


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.drop_table(TABLE)
