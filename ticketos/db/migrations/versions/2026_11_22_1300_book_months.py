"""Months of a client's book: no entry enters a closed one, and a soft-closed one only by a person's decision.

Said by the database, so that no way of posting can forget it. Posting takes the client's months in share mode, shutting
one takes them alone and so waits for what is under way.

Revision ID: book_months
Revises: reversals
Create Date: 2026-11-22 13:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from ticketos.db.migrations.rls import guard, unforced

revision = "book_months"
down_revision = "reversals"
branch_labels = None
depends_on = None

TABLES = ("book_month", "month_end")

STATE = """
create function book_month_state(book uuid, month text) returns text language plpgsql stable
set search_path = pg_catalog, pg_temp as $$
begin
  return coalesce((
    select b.state from public.book_month b
     where b.client_id = book and (b.period = month or (b.period > month and b.state <> 'open'))
     order by b.period limit 1), 'open');
end $$;
"""
"""``domain.book_months.state_of``: as was said of the month, else as the nearest later one that is shut, else open."""

GUARD = """
create function journal_month_open() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  standing text;
begin
  perform pg_advisory_xact_lock_shared(hashtextextended('book-months:' || new.client_id::text, 0));
  standing := public.book_month_state(new.client_id, to_char(new.booked_on, 'YYYY-MM'));
  if standing = 'open' then
    return new;
  end if;
  if standing = 'soft' and exists (
      select from public.task k
       where k.client_id = new.client_id and k.id = new.decided_in and k.kind = 'posting_period'
         and k.state = 'done' and k.completed_by is not null and k.result ->> 'choice' = 'own_date') then
    return new;
  end if;
  raise exception 'month % of the book is %: no entry enters it', to_char(new.booked_on, 'YYYY-MM'), standing
    using errcode = 'restrict_violation';
end $$;
"""



def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "book_month",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_book_month_client_id")),
        sa.PrimaryKeyConstraint("client_id", "period", name=op.f("pk_book_month")),
    )
    op.create_table(
        "month_end",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("clean", sa.Boolean(), nullable=False),
        sa.Column("report", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("ran_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ran_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_month_end_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_month_end")),
        sa.UniqueConstraint("client_id", "period", name=op.f("uq_month_end_client_id_period")),
    )
    op.execute("alter table book_month add constraint ck_book_month_state"
               " check (state in ('open', 'soft', 'closed') and period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$')")
    for table in TABLES:
        guard(table)
    op.execute(f"grant select, insert, update on {', '.join(TABLES)} to ticketos_app")
    op.add_column("journal", sa.Column("document_on", sa.Date(), nullable=True))
    op.add_column("journal", sa.Column("decided_in", sa.Uuid(), nullable=True))
    op.add_column("document", sa.Column("posting", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False))
    op.alter_column("notice", "ticket_id", nullable=True)
    op.execute(STATE)
    op.execute(GUARD)
    op.execute("create trigger month_open before insert on journal"
               " for each row execute function journal_month_open()")


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("drop trigger month_open on journal")
    op.execute("drop function journal_month_open")
    op.execute("drop function book_month_state")
    with unforced("notice", "notice_read"):
        op.execute(
            "delete from notice_read r using notice n"
            " where n.client_id = r.client_id and n.id = r.notice_id and n.ticket_id is null"
        )
        op.execute("delete from notice where ticket_id is null")
    op.alter_column("notice", "ticket_id", nullable=False)
    op.drop_column("document", "posting")
    for name in ("decided_in", "document_on"):
        op.drop_column("journal", name)
    for table in reversed(TABLES):
        op.drop_table(table)
