"""Who may see and change which row: policies, grants, append-only tables, balanced journals.

Revision ID: 0002
Revises: 0001
Create Date: 2026-11-21 22:05
"""

from __future__ import annotations

from alembic import op

from ticketos.db.migrations.rls import VISIBLE, guard, let_definer, let_system

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APPEND_ONLY = ("audit_event", "audit_seal", "correction", "journal", "money_link", "posting", "qa_check", "step_result")
"""Written once, never changed, by nobody: no grant, and a trigger that stops the owner and a superuser too."""

REMOVABLE = ("coding_rule", "idempotency_record", "invoice_line", "invoice_line_usage", "stored_object", "ticket_link",
             "user_grant", "user_session", "vendor_memory")
"""Rows the application may delete: settings, expired keys, the lines of a draft, wrapped keys of erased files."""

CHANGEABLE = ("api_key", "app_user", "approval", "billing_period", "calendar", "contract", "document", "invoice",
              "invoice_counter", "journal_counter", "ledger_account", "message", "notice", "outbox", "payout",
              "period_run", "reconciliation", "subject_key", "survey", "task", "ticket", "ticket_clock", "ticket_counter")

TABLES = tuple(sorted({*APPEND_ONLY, *REMOVABLE, *CHANGEABLE, "usage_event"}))

DEFINER_READS = ("client", "app_user", "user_grant", "user_session", "api_key", "task")

SYSTEM: dict[str, tuple[str, ...]] = {
    "client": ("select",),  # every run that goes over all clients
    "outbox": ("select", "update"),  # the relay
    "ticket": ("select",),  # the reconciler: tickets without a workflow, and the reverse
    "audit_event": ("select",),  # the sealer
    "audit_seal": ("select", "insert"),  # the sealer
    "money_link": ("select",),  # audit verification
}

FUNCTIONS = """
create function refuse_change() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise exception '% is append-only: % refused', tg_table_name, tg_op using errcode = 'restrict_violation';
end $$;

create function usage_event_keeps_its_facts() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
  if (to_jsonb(old) - 'state') is distinct from (to_jsonb(new) - 'state') then
    raise exception 'usage_event is append-only but for its state: % refused', tg_op using errcode = 'restrict_violation';
  end if;
  return new;
end $$;

create function journal_balances() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  journal uuid;
  sides bigint;
  off text;
begin
  if tg_table_name = 'journal' then journal := new.id; else journal := new.journal_id; end if;
  select sum(c.n), string_agg(c.currency || ' ' || c.total, ', ') filter (where c.total <> 0) into sides, off
  from (select p.currency, count(*) as n, sum(p.amount) as total
        from public.posting p where p.client_id = new.client_id and p.journal_id = journal group by p.currency) c;
  if sides is null or sides < 2 then
    raise exception 'journal % has fewer than two postings', journal using errcode = 'check_violation';
  end if;
  if off is not null then
    raise exception 'journal % is off by %', journal, off using errcode = 'check_violation';
  end if;
  return null;
end $$;

create function user_grant_stays_home() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if new.scope_client_id is distinct from new.client_id
     and not exists (select from public.client c where c.id = new.client_id and c.kind = 'provider') then
    raise exception 'only people of the provider may have a role over another client'
      using errcode = 'check_violation';
  end if;
  return new;
end $$;
"""


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    guard("client", VISIBLE.replace("client_id", "id", 1))
    for table in TABLES:
        guard(table)
    for table, acts in SYSTEM.items():
        let_system(table, *acts)
    for table in DEFINER_READS:
        let_definer(table)
    _grants()
    op.execute(FUNCTIONS)
    _triggers()


def _grants() -> None:
    op.execute("revoke create on schema public from public")
    op.execute("grant usage on schema public to ticketos_app, ticketos_system")
    op.execute(f"grant select on {', '.join((*TABLES, 'client'))} to ticketos_app")
    op.execute(f"grant insert on {', '.join(t for t in (*TABLES, 'client') if t != 'audit_seal')} to ticketos_app")
    op.execute(f"grant update on {', '.join((*CHANGEABLE, *REMOVABLE, 'client'))} to ticketos_app")
    op.execute("grant update (state) on usage_event to ticketos_app")
    op.execute(f"grant delete on {', '.join(REMOVABLE)} to ticketos_app")
    for table, acts in SYSTEM.items():
        op.execute(f"grant {', '.join(acts)} on {table} to ticketos_system")


def _triggers() -> None:
    # Per statement, so that it speaks also to an owner who sees no row. Nobody may truncate usage either.
    for table in APPEND_ONLY:
        op.execute(f"create trigger append_only before update or delete or truncate on {table}"
                   " for each statement execute function refuse_change()")
    op.execute("create trigger append_only before delete or truncate on usage_event"
               " for each statement execute function refuse_change()")
    op.execute("create trigger keeps_its_facts before update on usage_event"
               " for each row execute function usage_event_keeps_its_facts()")
    for table in ("journal", "posting"):
        op.execute(f"create constraint trigger balances after insert on {table} deferrable initially deferred"
                   " for each row execute function journal_balances()")
    op.execute("create trigger stays_home before insert or update on user_grant"
               " for each row execute function user_grant_stays_home()")


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    for table in APPEND_ONLY:
        op.execute(f"drop trigger append_only on {table}")
    for trigger, table in (("append_only", "usage_event"), ("keeps_its_facts", "usage_event"), ("balances", "journal"),
                           ("balances", "posting"), ("stays_home", "user_grant")):
        op.execute(f"drop trigger {trigger} on {table}")
    op.execute("drop function refuse_change, usage_event_keeps_its_facts, journal_balances, user_grant_stays_home")
    for table, acts in SYSTEM.items():
        for act in acts:
            op.execute(f"drop policy system_{act} on {table}")
    for table in DEFINER_READS:
        op.execute(f"drop policy definer on {table}")
    for table in (*TABLES, "client"):
        op.execute(f"revoke all on {table} from ticketos_app, ticketos_system")
        op.execute(f"drop policy app on {table}")
        op.execute(f"alter table {table} no force row level security")
        op.execute(f"alter table {table} disable row level security")
