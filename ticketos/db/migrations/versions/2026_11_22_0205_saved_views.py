"""Views people save of a list: a name for an address.

Revision ID: saved_views
Revises: second_factor
Create Date: 2026-11-22 02:05
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ticketos.db.migrations.rls import guard

revision = "saved_views"
down_revision = "second_factor"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("page", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("query", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("shared", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["client_id", "user_id"], ["app_user.client_id", "app_user.id"], name=op.f("fk_saved_view_client_id_user_id")
        ),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_saved_view_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("user_id", "page", "name", name=op.f("uq_saved_view_user_id_page_name")),
    )
    op.create_index("ix_saved_view_client", "saved_view", ["client_id", "page"])
    op.execute("grant select, insert, update, delete on saved_view to ticketos_app")
    guard("saved_view")


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.drop_table("saved_view")
