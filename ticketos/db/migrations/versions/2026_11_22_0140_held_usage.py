"""Held usage may be given a contract once: the one change of facts that a usage event allows.

It enters a month at that moment, so the lock of months holds for it as for a new event.

Revision ID: held_usage
Revises: 0006
Create Date: 2026-11-22 01:40
"""

from __future__ import annotations

from alembic import op

revision = "held_usage"
down_revision = "0006"
branch_labels = None
depends_on = None

SETTLED = "'{contract_id,bill_period,fate}'::text[]"

KEEPS_ITS_FACTS = """
create or replace function usage_event_keeps_its_facts() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
  may text[] := array['state'];
begin
  {when_held}if (to_jsonb(old) - may) is distinct from (to_jsonb(new) - may) then
    raise exception 'usage_event is append-only but for its state: % refused', tg_op using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
"""
WHEN_HELD = f"""if old.state = 'held' and new.state = 'billable' and old.contract_id is null then
    may := may || {SETTLED};
  end if;
  """


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute(KEEPS_ITS_FACTS.format(when_held=WHEN_HELD))
    op.execute("grant update (contract_id, bill_period, fate) on usage_event to ticketos_app")
    op.execute(
        "create trigger month_open_when_settled before update on usage_event for each row"
        " when (old.state = 'held') execute function usage_event_month_open()"
    )
    op.create_index(
        "ix_usage_event_held", "usage_event", ["client_id", "id"], postgresql_where="state = 'held'"
    )


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.drop_index("ix_usage_event_held", "usage_event")
    op.execute("drop trigger month_open_when_settled on usage_event")
    op.execute("revoke update (contract_id, bill_period, fate) on usage_event from ticketos_app")
    op.execute(KEEPS_ITS_FACTS.format(when_held=""))
