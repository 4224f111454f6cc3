"""Documents found in one file: each has its own row and names its file; and readable copies of protected files.

Revision ID: parts
Revises: lists
Create Date: 2026-11-22 05:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ticketos.db.migrations.rls import unforced

revision = "parts"
down_revision = "lists"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.add_column("document", sa.Column("readable", sa.String(length=64), nullable=True))
    op.add_column("document", sa.Column("parent_id", sa.Uuid(), nullable=True))
    op.add_column("document", sa.Column("first_page", sa.Integer(), nullable=True))
    op.add_column("document", sa.Column("last_page", sa.Integer(), nullable=True))
    with unforced("document"):
        op.create_foreign_key(
            op.f("fk_document_client_id_parent_id"),
            "document",
            "document",
            ["client_id", "parent_id"],
            ["client_id", "id"],
        )
    op.create_index(
        "ix_document_parent", "document", ["parent_id"], postgresql_where=sa.text("parent_id is not null")
    )


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.drop_index("ix_document_parent", table_name="document")
    op.drop_constraint(op.f("fk_document_client_id_parent_id"), "document", type_="foreignkey")
    for name in ("last_page", "first_page", "parent_id", "readable"):
        op.drop_column("document", name)
