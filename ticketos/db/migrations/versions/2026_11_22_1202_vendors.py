"""A client's own vendor list; the vendor kept with a document; coding rules with a version.

Revision ID: vendors
Revises: known_suppliers
Create Date: 2026-11-22 12:02
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from ticketos.db.migrations.rls import guard

revision = "vendors"
down_revision = "known_suppliers"
branch_labels = None
depends_on = None


def _json(name: str, default: str) -> sa.Column[object]:
    return sa.Column(name, postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text(f"'{default}'::jsonb"),
                     nullable=False)


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=False)


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "vendor",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        _text("code", 60),
        _text("name", 300),
        _text("vendor_key", 120),
        _json("aliases", "[]"),
        _json("tax_ids", "[]"),
        sa.Column("address", sa.Text(), server_default=sa.text("''"), nullable=False),
        _text("account", 40),
        _text("cost_centre", 40),
        _text("tax_code", 40),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_vendor_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor")),
        sa.UniqueConstraint("client_id", "code", name=op.f("uq_vendor_client_id_code")),
        sa.UniqueConstraint("client_id", "id", name=op.f("uq_vendor_client_id_id")),
    )
    op.create_table(
        "vendor_sign",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        _text("sign", 130),
        sa.Column("vendor_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["client_id", "vendor_id"], ["vendor.client_id", "vendor.id"],
                                name=op.f("fk_vendor_sign_client_id_vendor_id")),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_vendor_sign_client_id")),
        sa.PrimaryKeyConstraint("client_id", "sign", "vendor_id", name=op.f("pk_vendor_sign")),
    )
    op.create_index("ix_vendor_sign_vendor", "vendor_sign", ["vendor_id"])
    op.create_index("ix_vendor_key", "vendor", ["client_id", "vendor_key"])
    guard("vendor")
    guard("vendor_sign")
    op.execute("grant select, insert, update on vendor to ticketos_app")
    op.execute("grant select, insert, update, delete on vendor_sign to ticketos_app")
    op.add_column("document", _json("vendor", "{}"))
    op.add_column("coding_rule", sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False))


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.drop_column("coding_rule", "row_version")
    op.drop_column("document", "vendor")
    op.drop_table("vendor_sign")
    op.drop_table("vendor")
