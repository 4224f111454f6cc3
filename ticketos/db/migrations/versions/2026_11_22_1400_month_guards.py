"""A person's word lets the entries of its own document into a soft-closed month and of no other; the entries of a month
are found by their date.

Revision ID: month_guards
Revises: book_months
Create Date: 2026-11-22 14:00
"""

from __future__ import annotations

from alembic import op

revision = "month_guards"
down_revision = "book_months"
branch_labels = None
depends_on = None

GUARD = """
create or replace function journal_month_open() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
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
       where k.client_id = new.client_id and k.id = new.decided_in and k.kind = 'posting_period' %s
         and k.state = 'done' and k.completed_by is not null and k.result ->> 'choice' = 'own_date') then
    return new;
  end if;
  raise exception 'month %% of the book is %%: no entry enters it', to_char(new.booked_on, 'YYYY-MM'), standing
    using errcode = 'restrict_violation';
end $$;
"""


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_index("ix_journal_booked_on", "journal", ["client_id", "booked_on"])
    op.execute(GUARD % "and k.subject_id = new.source_id")


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute(GUARD % "")
    op.drop_index("ix_journal_booked_on", "journal")
