"""Since when a person has had their task, and when they finished their last: what the minutes of rework are told from. The class
of a request's documents, and recommendations on contracts that end.

Revision ID: people
Revises: triage_labels
Create Date: 2026-11-22 12:06
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from ticketos.db.migrations.rls import guard, unforced

revision = "people"
down_revision = "triage_labels"
branch_labels = None
depends_on = None

LAST_DONE = """
create function last_done(person uuid) returns timestamptz language plpgsql stable
security definer set search_path = pg_catalog, pg_temp as $$
begin
  return (select max(t.completed_at) from public.task t where t.completed_by = person);
end $$
"""


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.add_column("task", sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("ticket", sa.Column("document_class", sa.String(), nullable=False, server_default="standard"))
    with unforced("contract", "ticket"):  # what was promised stays promised (ADR 0014)
        op.execute(
            "update contract set terms = jsonb_set(case when jsonb_typeof(terms -> 'sla') = 'object' then terms"
            " else terms || '{\"sla\": {}}' end, '{sla,priority_class_for}', '[\"P1\"]'),"
            " row_version = row_version + 1"
            " where not coalesce(terms -> 'sla', '{}') ? 'priority_class_for'"
        )
        op.execute(
            "update ticket set document_class = 'priority' where kind = 'request' and priority = 'P1'"
            " and closed_at is null"
        )
    with unforced("task"):
        op.execute("update task set assigned_at = created_at where state = 'open' and assigned_to is not null")
    with unforced("ticket"):  # it was the time the defect was open; minutes are now what a person spent
        op.execute(
            "update ticket set detail = (detail - 'minutes') || jsonb_build_object('open_minutes', detail -> 'minutes')"
            " where kind = 'defect' and detail ? 'minutes'"
        )
    op.create_index(
        "ix_task_done",
        "task",
        ["completed_by", "completed_at"],
        postgresql_where="completed_by is not null",
    )
    op.create_table(
        "renewal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("advice", sa.String(), nullable=False),
        sa.Column("figures", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name="fk_renewal_client_id"),
        sa.ForeignKeyConstraint(
            ["client_id", "contract_id"],
            ["contract.client_id", "contract.id"],
            name="fk_renewal_client_id_contract_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_renewal"),
        sa.UniqueConstraint("contract_id", "ends_on", name="uq_renewal_contract_id_ends_on"),
    )
    guard("renewal")
    op.execute("grant select, insert on renewal to ticketos_app")
    op.execute(
        "create trigger append_only before update or delete or truncate on renewal"
        " for each statement execute function refuse_change()"
    )
    op.execute(LAST_DONE)
    op.execute("revoke execute on function last_done(uuid) from public")
    op.execute("grant execute on function last_done(uuid) to ticketos_app")


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("drop function last_done(uuid)")
    op.drop_table("renewal")
    op.drop_index("ix_task_done", "task")
    with unforced("ticket"):
        op.execute(
            "update ticket set detail = (detail - 'open_minutes')"
            " || jsonb_build_object('minutes', detail -> 'open_minutes')"
            " where kind = 'defect' and detail ? 'open_minutes'"
        )
    op.drop_column("task", "assigned_at")
    op.drop_column("ticket", "document_class")
