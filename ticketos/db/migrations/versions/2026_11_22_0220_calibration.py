"""Weekly calibration: sessions, their units, and scores that nobody changes.

Revision ID: calibration
Revises: task_offers
Create Date: 2026-11-22 02:20
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from ticketos.db.migrations.rls import guard

revision = "calibration"
down_revision = "task_offers"
branch_labels = None
depends_on = None

TABLES = ("calibration_session", "calibration_unit", "calibration_score")


def _json(name: str, default: str) -> sa.Column[object]:
    return sa.Column(
        name, postgresql.JSONB(), server_default=sa.text(f"'{default}'::jsonb"), nullable=False
    )


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "calibration_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("week", sa.String(length=8), nullable=False),
        sa.Column("seed", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        _json("result", "{}"),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name="fk_calibration_session_client_id"),
        sa.PrimaryKeyConstraint("id", name="pk_calibration_session"),
        sa.UniqueConstraint("client_id", "id", name="uq_calibration_session_client_id_id"),
        sa.UniqueConstraint("client_id", "week", name="uq_calibration_session_client_id_week"),
    )
    op.create_table(
        "calibration_unit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        _json("questions", "[]"),
        _json("wrong", "[]"),
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        sa.Column("work_by", sa.Uuid(), nullable=True),
        sa.Column("agreement", postgresql.JSONB(), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name="fk_calibration_unit_client_id"),
        *(
            sa.ForeignKeyConstraint(
                ["client_id", column],
                [f"{table}.client_id", f"{table}.id"],
                name=f"fk_calibration_unit_client_id_{column}",
            )
            for table, column in (
                ("calibration_session", "session_id"),
                ("ticket", "ticket_id"),
                ("document", "document_id"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name="pk_calibration_unit"),
        sa.UniqueConstraint("client_id", "id", name="uq_calibration_unit_client_id_id"),
        sa.UniqueConstraint("session_id", "document_id", name="uq_calibration_unit_session_id_document_id"),
    )
    op.create_table(
        "calibration_score",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        _json("wrong", "[]"),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name="fk_calibration_score_client_id"),
        sa.ForeignKeyConstraint(
            ["client_id", "unit_id"],
            ["calibration_unit.client_id", "calibration_unit.id"],
            name="fk_calibration_score_client_id_unit_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_calibration_score"),
        sa.UniqueConstraint("unit_id", "reviewer_id", name="uq_calibration_score_unit_id_reviewer_id"),
    )
    for table in TABLES:
        guard(table)
    op.execute(f"grant select, insert on {', '.join(TABLES)} to ticketos_app")
    op.execute("grant update on calibration_session, calibration_unit to ticketos_app")
    op.execute("create trigger append_only before update or delete or truncate on calibration_score"
               " for each statement execute function refuse_change()")


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    for table in reversed(TABLES):
        op.drop_table(table)
