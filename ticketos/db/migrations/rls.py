"""How a migration guards a client-owned table, and how it may touch the rows of guarded ones.

Three roles are known. ``ticketos_app`` sees the rows of the clients its transaction names in ``app.clients``.
``ticketos_system`` sees only what a migration names for it. ``ticketos_owner`` owns everything and sees
nothing, as row-level security is forced. Only its security-definer functions that must look across clients
(sign-in, load of a person) see rows, of few named tables: there the session belongs to another role than the
owner, which nobody but a superuser can bring about otherwise. So no view may be owned by the owner without
``security_invoker``, and every security-definer function answers one fixed question.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import op

VISIBLE = "client_id = any((select nullif(current_setting('app.clients', true), '')::uuid[])::uuid[])"
"""True for rows of the transaction's clients; without the setting it is null: no row is seen or written. The inner cast is
done once a query, the outer one does nothing but say that an array is meant and no set of rows."""


def guard(table: str, visible: str = VISIBLE) -> None:
    """Force row-level security on `table`: the app sees and writes its transaction's clients alone."""
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(
        f"create policy app on {table} for all to ticketos_app using ({visible}) with check ({visible})"
    )


def let_system(table: str, *acts: str) -> None:
    """Let the system role do `acts` (select, insert, update) on every row of `table`."""
    for act in acts:
        clause = {
            "select": "using (true)",
            "insert": "with check (true)",
            "update": "using (true) with check (true)",
        }
        op.execute(f"create policy system_{act} on {table} for {act} to ticketos_system {clause[act]}")


def let_definer(table: str) -> None:
    """Let the owner's security-definer functions read `table`, when a session of another role calls them."""
    op.execute(
        f"create policy definer on {table} for select to ticketos_owner"
        " using ((select session_user) <> 'ticketos_owner')"
    )


@contextmanager
def unforced(*tables: str) -> Iterator[None]:
    """Let the migrating owner read and change all rows of `tables`, as a backfill must.

    Outside such a bracket a statement on a guarded table is an error (``row_security`` is off while
    migrating), because otherwise it would change no row and say nothing.
    """
    for table in tables:
        op.execute(f"alter table {table} no force row level security")
    yield
    for table in tables:
        op.execute(f"alter table {table} force row level security")
