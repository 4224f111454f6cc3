"""Search over tickets: number, subject and requester, by word beginnings, newest first.

Under a policy PostgreSQL may not use a text index, because the match operator is not leakproof: it would read
every row of the client first. So the words lie in a table of a schema that no role but the owner may enter,
and one function looks them up for the clients that are both asked for and granted to the transaction.

Revision ID: 0004
Revises: 0003
Create Date: 2026-11-21 22:15
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SQL = r"""
create schema search;

create table search.ticket (
  id uuid primary key references public.ticket (id) on delete cascade,
  client_id uuid not null,
  words tsvector not null
);
create index ix_ticket_words on search.ticket using gin (words) with (fastupdate = off);

-- The one condition is a constant, which the planner drops: the text index stays usable for the owner's
-- function, and every other role is refused twice, by grant and by policy.
alter table search.ticket enable row level security;
alter table search.ticket force row level security;
create policy owner_functions on search.ticket for all to ticketos_owner using (true) with check (true);

-- ASCII punctuation separates words, so ACME-26-000123 and jane@acme.example are found by their parts.
create function search.words(given text) returns text[] language sql immutable parallel safe
set search_path = pg_catalog, pg_temp as $$
  select array(select distinct left(w, 100)
               from unnest(regexp_split_to_array(lower(given), '[\s!-/:-@\[-`{-~]+')) w where w <> '')
$$;

create function search.client_word(client uuid) returns text language sql immutable parallel safe
set search_path = pg_catalog, pg_temp as $$ select '|' || client $$;

create function search.keep_ticket() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
begin
  insert into search.ticket (id, client_id, words)
  values (new.id, new.client_id, array_to_tsvector(array_append(
    search.words(concat_ws(' ', new.number, new.subject, new.requester_name, new.requester_email)),
    search.client_word(new.client_id))))
  on conflict (id) do update set words = excluded.words;
  return null;
end $$;

create trigger searchable_when_new after insert on public.ticket
  for each row when (new.kind = 'request') execute function search.keep_ticket();
create trigger searchable_when_edited after update of subject, requester_name, requester_email on public.ticket
  for each row when (new.kind = 'request' and (new.subject, new.requester_name, new.requester_email)
                     is distinct from (old.subject, old.requester_name, old.requester_email))
  execute function search.keep_ticket();

create function public.search_ticket(clients uuid[], q text, "limit" integer default 50)
returns table (id uuid, client_id uuid) language plpgsql stable security definer
set search_path = pg_catalog, pg_temp as $$
declare
  allowed uuid[] := array(
    select unnest(clients) intersect select unnest(nullif(current_setting('app.clients', true), '')::uuid[]));
  asked text[] := search.words(q);
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
  return query
  select t.id, t.client_id from search.ticket t
  where t.words @@ wanted and t.client_id = any(allowed)
  order by t.id desc limit least(greatest("limit", 0), 500);
end $$;

revoke execute on function public.search_ticket(uuid[], text, integer) from public;
grant execute on function public.search_ticket(uuid[], text, integer) to ticketos_app;
"""


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute(SQL)


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("drop function public.search_ticket(uuid[], text, integer)")
    op.execute("drop trigger searchable_when_new on public.ticket")
    op.execute("drop trigger searchable_when_edited on public.ticket")
    op.execute("drop schema search cascade")
