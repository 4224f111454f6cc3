"""What corrections teach: kept readings, supplier memory, versions of learnt models.

Revision ID: 0006_learning
Revises: calibration
Create Date: 2026-11-22 02:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from ticketos.db.migrations.rls import guard

revision = "0006_learning"
down_revision = "calibration"
branch_labels = None
depends_on = None

TABLES = ("kept_reading", "supplier_memory", "learned_model")


def _json(name: str, default: str = "{}") -> sa.Column[object]:
    return sa.Column(name, postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text(f"'{default}'::jsonb"),
                     nullable=False)


def _instant(name: str, *, nullable: bool = True, now: bool = False) -> sa.Column[object]:
    default = sa.text("clock_timestamp()") if now else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=nullable and not now)


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "kept_reading",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("vendor_key", sa.String(length=120), nullable=True),
        _json("words", "[]"),
        _json("unaided"),
        _json("shown"),
        _json("final"),
        _json("seen", "[]"),
        _json("versions"),
        _instant("at", now=True),
        _instant("learnt_at"),
        sa.ForeignKeyConstraint(["client_id", "document_id"], ["document.client_id", "document.id"],
                                name=op.f("fk_kept_reading_client_id_document_id")),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_kept_reading_client_id")),
        sa.PrimaryKeyConstraint("client_id", "document_id", name=op.f("pk_kept_reading")),
    )
    op.create_index("ix_kept_reading_learnt", "kept_reading", ["client_id", "learnt_at"],
                    postgresql_where=sa.text("learnt_at is not null"))
    op.create_table(
        "supplier_memory",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("vendor_key", sa.String(length=120), nullable=False),
        _json("memory"),
        sa.Column("papers", sa.Integer(), nullable=False),
        _instant("updated_at", now=True),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_supplier_memory_client_id")),
        sa.PrimaryKeyConstraint("client_id", "vendor_key", name=op.f("pk_supplier_memory")),
    )
    op.create_table(
        "learned_model",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        _json("payload"),
        _json("scores"),
        sa.Column("examples", sa.Integer(), nullable=False),
        _instant("trained_at", nullable=False),
        _instant("promoted_at"),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_learned_model_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learned_model")),
        sa.UniqueConstraint("client_id", "kind", "version", name=op.f("uq_learned_model_client_id_kind_version")),
    )
    op.create_index("ix_learned_model_champion", "learned_model", ["client_id", "kind"], unique=True,
                    postgresql_where=sa.text("state = 'champion'"))
    for table in TABLES:
        guard(table)
        op.execute(f"grant select, insert, update on {table} to ticketos_app")


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    for table in reversed(TABLES):
        op.drop_table(table)
