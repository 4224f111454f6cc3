"""A locked month takes no usage: said by the database, so that a unit accepted at that very moment cannot slip in.

Accepting takes the client's months in share mode, locking takes them alone and so waits for what is under way.

Revision ID: 0005
Revises: 0004
Create Date: 2026-11-21 22:40
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

FUNCTION = """
create function usage_event_month_open() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  -- A reversing event stands on a credit note and so in no month's invoice.
  if new.state <> 'billable' then
    return new;
  end if;
  perform pg_advisory_xact_lock_shared(hashtextextended('usage-months:' || new.client_id::text, 0));
  if exists (select from public.billing_period b
             where b.client_id = new.client_id and b.period = new.bill_period and b.state = 'locked') then
    raise exception 'month % is locked: no usage enters it', new.bill_period using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
"""


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute(FUNCTION)
    op.execute("create trigger month_open before insert on usage_event"
               " for each row execute function usage_event_month_open()")


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("drop trigger month_open on usage_event")
    op.execute("drop function usage_event_month_open")
