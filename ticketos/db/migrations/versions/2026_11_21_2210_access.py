"""Questions that must be asked before the clients of a transaction are known: sign-in, mail intake, load.

Each is a function of the owner with a fixed search path that answers one question and takes no table name,
condition or code from its caller. Only these see rows across clients (``migrations/rls.py`` says how).

Revision ID: 0003
Revises: 0002
Create Date: 2026-11-21 22:10
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SETTINGS = "security definer set search_path = pg_catalog, pg_temp"

PRINCIPAL = """table (user_id uuid, client_id uuid, name text, email text, credential_id uuid, scopes text[],
  roles text[], clients uuid[], grants jsonb)"""
"""Who is asking: the login and its home client, what the credential may do, every role (distinct), every
client some role covers, and ``grants`` as [{"role", "client"}] with client null for all of them."""

GRANTS_OF = f"""
create function grants_of(person uuid, out roles text[], out clients uuid[], out grants jsonb) language plpgsql stable
{SETTINGS} as $$
begin
  -- A role over all clients, or over a foreign one, counts for people of the provider alone.
  with held as (
    select g.role, g.scope_client_id as scope
    from public.user_grant g
    join public.app_user u on u.id = g.user_id
    join public.client home on home.id = u.client_id
    where g.user_id = person and (home.kind = 'provider' or g.scope_client_id = home.id)
  )
  select array(select distinct h.role from held h order by 1),
         case when exists (select from held h where h.scope is null) then array(select c.id from public.client c order by 1)
              else array(select distinct h.scope from held h order by 1) end,
         coalesce((select jsonb_agg(jsonb_build_object('role', h.role, 'client', h.scope) order by h.role, h.scope)
                   from held h), '[]'::jsonb)
  into roles, clients, grants;
end $$;
"""

FUNCTIONS = f"""
create function auth_by_email(wanted text)
returns table (user_id uuid, client_id uuid, password_hash text, active boolean, locked_until timestamptz,
               failed_logins integer) language plpgsql stable {SETTINGS} as $$
begin
  return query select u.id, u.client_id, u.password_hash::text, u.active, u.locked_until, u.failed_logins
  from public.app_user u where lower(u.email) = lower(wanted);
end $$;

create function auth_session(token bytea) returns {PRINCIPAL} language plpgsql stable {SETTINGS} as $$
begin
  return query
  select u.id, u.client_id, u.name::text, u.email::text, s.id, array[]::text[], g.roles, g.clients, g.grants
  from public.user_session s
  join public.app_user u on u.id = s.user_id and u.active
  cross join lateral public.grants_of(u.id) g
  where s.token_hash = token and s.ended_at is null and s.expires_at > clock_timestamp();
end $$;

create function auth_api_key(secret bytea) returns {PRINCIPAL} language plpgsql stable {SETTINGS} as $$
begin
  return query
  select u.id, u.client_id, u.name::text, u.email::text, k.id, array(select jsonb_array_elements_text(k.scopes)),
         g.roles, g.clients, g.grants
  from public.api_key k
  join public.app_user u on u.id = k.user_id and u.active
  cross join lateral public.grants_of(u.id) g
  where k.secret_hash = secret and k.revoked_at is null
    and (k.expires_at is null or k.expires_at > clock_timestamp());
end $$;

create function client_by_address(wanted text) returns uuid language plpgsql stable {SETTINGS} as $$
begin
  return (select c.id from public.client c where c.slug = lower(wanted) and c.status = 'active');
end $$;

create function provider_client() returns uuid language plpgsql stable {SETTINGS} as $$
begin
  return (select c.id from public.client c where c.kind = 'provider' order by c.id limit 1);
end $$;

create function all_clients() returns table (id uuid, slug text, kind text, status text, zone text, currency text)
language plpgsql stable {SETTINGS} as $$
begin
  return query select c.id, c.slug::text, c.kind::text, c.status::text, c.zone::text, c.currency::text
  from public.client c order by c.id;
end $$;

create function open_load(people uuid[]) returns table (user_id uuid, load bigint) language plpgsql stable {SETTINGS} as $$
begin
  return query select t.assigned_to, count(*) from public.task t
  where t.state = 'open' and t.assigned_to = any(people) group by t.assigned_to;
end $$;
"""

FOR_APP = ("auth_by_email(text)", "auth_session(bytea)", "auth_api_key(bytea)", "client_by_address(text)",
           "provider_client()", "open_load(uuid[])")
FOR_SYSTEM = ("all_clients()", "provider_client()")
INTERNAL = ("grants_of(uuid)",)


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute(GRANTS_OF)
    op.execute(FUNCTIONS)
    for function in sorted({*FOR_APP, *FOR_SYSTEM, *INTERNAL}):
        op.execute(f"revoke execute on function {function} from public")
    op.execute(f"grant execute on function {', '.join(FOR_APP)} to ticketos_app")
    op.execute(f"grant execute on function {', '.join(FOR_SYSTEM)} to ticketos_system")


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute(f"drop function {', '.join(sorted({*FOR_APP, *FOR_SYSTEM, *INTERNAL}))}")
