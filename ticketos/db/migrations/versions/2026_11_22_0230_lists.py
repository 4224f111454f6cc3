"""Indexes for the lists people look at, and search over documents by name and what was read from them.

As with tickets, the words lie where no role but the owner may enter, and one function looks them up for the
clients that are both asked for and granted to the transaction.

Revision ID: lists
Revises: saved_views
Create Date: 2026-11-22 02:30
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ticketos.db.migrations.rls import unforced

revision = "lists"
down_revision = "saved_views"
branch_labels = None
depends_on = None

_OPEN = sa.text("kind = 'request' and closed_at is null")
_CLOSED = sa.text("kind = 'request' and closed_at is not null")

SEARCH = r"""
create table search.document (
  id uuid primary key references public.document (id) on delete cascade,
  client_id uuid not null,
  words tsvector not null
);
create index ix_document_words on search.document using gin (words) with (fastupdate = off);
alter table search.document enable row level security;
alter table search.document force row level security;
create policy owner_functions on search.document for all to ticketos_owner using (true) with check (true);

create function search.document_words(filename text, fields jsonb, reference text, client uuid)
returns tsvector language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select array_to_tsvector(array_append(search.words(concat_ws(' ', filename, reference,
    fields #>> '{supplier_name,value}', fields #>> '{buyer_name,value}', fields #>> '{number,value}',
    fields #>> '{po_number,value}', fields #>> '{total,value}', fields #>> '{issue_date,value}')),
    search.client_word(client)))
$$;

create function search.keep_document() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
begin
  insert into search.document (id, client_id, words)
  values (new.id, new.client_id, search.document_words(new.filename, new.fields, new.erp_reference, new.client_id))
  on conflict (id) do update set words = excluded.words;
  return null;
end $$;

create trigger searchable_when_new after insert on public.document
  for each row execute function search.keep_document();
create trigger searchable_when_read after update of filename, fields, erp_reference on public.document
  for each row when ((new.filename, new.fields, new.erp_reference)
                     is distinct from (old.filename, old.fields, old.erp_reference))
  execute function search.keep_document();
"""

FINDER = r"""
create or replace function public.search_{noun}(clients uuid[], q text, "limit" integer default 50)
returns table (id uuid, client_id uuid) language plpgsql stable security definer
set search_path = pg_catalog, pg_temp as $$
declare
  allowed uuid[] := array(
    select unnest(clients) intersect select unnest(nullif(current_setting('app.clients', true), '')::uuid[]));
  asked text[] := search.words(q);
  most integer := least(greatest("limit", 0), 500);
  wanted tsquery;
begin
  if cardinality(allowed) = 0 or cardinality(asked) = 0 then
    return;
  end if;
  wanted := (select string_agg(quote_literal(w) || ':*', ' & ') from unnest(asked[1:12]) w)::tsquery;
  -- For few clients the index itself picks them out; the condition below it is what isolates.
  if cardinality(allowed) <= 8 then
    wanted := wanted && (select string_agg(quote_literal(search.client_word(c)), ' | ') from unnest(allowed) c)::tsquery;
  end if;
  -- The planner knows nothing of how rare a word's beginning is, and would walk every row from the newest on to
  -- find the one that has it. So it is tried out: few hits are sorted, many are found on the way down.
  if (select count(*) from (select from search.{noun} r where r.words @@ wanted and r.client_id = any(allowed)
                            limit 5001) tried) <= 5000 then
    return query
    with hits as materialized (
      select r.id, r.client_id from search.{noun} r where r.words @@ wanted and r.client_id = any(allowed))
    select h.id, h.client_id from hits h order by h.id desc limit most;
  else
    return query
    select r.id, r.client_id from search.{noun} r where r.words @@ wanted and r.client_id = any(allowed)
    order by r.id desc limit most;
  end if;
end $$;
"""
"""Replaces the search over tickets by one of the same promise that stays fast over a million of them; going back
leaves it, since an older version asks it in the same words."""

GRANT = """
revoke execute on function public.search_document(uuid[], text, integer) from public;
grant execute on function public.search_document(uuid[], text, integer) to ticketos_app;
"""

BACKFILL = """
insert into search.document (id, client_id, words)
select id, client_id, search.document_words(filename, fields, erp_reference, client_id) from public.document
"""


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_index("ix_ticket_open_recent", "ticket", ["received_at", "id"], postgresql_where=_OPEN)
    op.create_index("ix_ticket_closed", "ticket", ["closed_at"], postgresql_where=_CLOSED)
    op.create_index("ix_document_client_recent", "document", ["client_id", "received_at", "id"])
    op.create_index("ix_document_recent", "document", ["received_at", "id"])
    op.create_index("ix_qa_check_client", "qa_check", ["client_id", "at"])
    op.create_index(
        "ix_approval_open", "approval", ["offered_at", "id"], postgresql_where=sa.text("state = 'open'")
    )
    op.execute(SEARCH)
    for noun in ("document", "ticket"):
        op.execute(FINDER.replace("{noun}", noun))
    op.execute(GRANT)
    with unforced("document", "search.document"):
        op.execute(BACKFILL)


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("drop function public.search_document(uuid[], text, integer)")
    op.execute("drop trigger searchable_when_read on public.document")
    op.execute("drop trigger searchable_when_new on public.document")
    op.execute("drop table search.document")
    op.execute("drop function search.keep_document()")
    op.execute("drop function search.document_words(text, jsonb, text, uuid)")
    for name, table in (
        ("ix_approval_open", "approval"),
        ("ix_qa_check_client", "qa_check"),
        ("ix_document_recent", "document"),
        ("ix_document_client_recent", "document"),
        ("ix_ticket_closed", "ticket"),
        ("ix_ticket_open_recent", "ticket"),
    ):
        op.drop_index(name, table)
