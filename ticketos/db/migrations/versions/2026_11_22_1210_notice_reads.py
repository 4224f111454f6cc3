"""Who has read which notice, and the ways an inbox finds its own.

Revision ID: notice_reads
Revises: handwork
Create Date: 2026-11-22 12:10
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ticketos.db.migrations.rls import guard

revision = "notice_reads"
down_revision = "handwork"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_unique_constraint(op.f("uq_notice_client_id_id"), "notice", ["client_id", "id"])
    op.create_index("ix_notice_desk", "notice", ["desk", "at"])
    op.create_index(
        "ix_notice_recipient", "notice", ["recipient_id", "at"], postgresql_where=sa.text("recipient_id is not null")
    )
    op.create_table(
        "notice_read",
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id", "notice_id"], ["notice.client_id", "notice.id"], name=op.f("fk_notice_read_client_id_notice_id")
        ),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_notice_read_client_id")),
        sa.PrimaryKeyConstraint("notice_id", "user_id", name=op.f("pk_notice_read")),
    )
    op.execute("grant select, insert, update, delete on notice_read to ticketos_app")
    guard("notice_read")


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.drop_table("notice_read")
    op.drop_index("ix_notice_recipient", "notice")
    op.drop_index("ix_notice_desk", "notice")
    op.drop_constraint(op.f("uq_notice_client_id_id"), "notice")
