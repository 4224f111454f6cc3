"""The clients of a transaction are parsed once a query, no longer for every row.

Revision ID: clients_once
Revises: handed_on
Create Date: 2026-11-23 07:00
"""

from __future__ import annotations

from alembic import op

from ticketos.db.migrations.rls import VISIBLE

revision = "clients_once"
down_revision = "handed_on"
branch_labels = None
depends_on = None

_BEFORE = "client_id = any((select nullif(current_setting('app.clients', true), ''))::uuid[])"
_COMMON = {
    "client_id": "(client_id = ANY ((%NULLIF(current_setting('app.clients'%",
    "id": "(id = ANY ((%NULLIF(current_setting('app.clients'%",
}
"""How the common policy stands in the catalogue; one that says more stays as it is. A client's own row has its id."""


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    _say(VISIBLE)


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    _say(_BEFORE)


def _say(visible: str) -> None:
    for column, form in _COMMON.items():
        rule = visible.replace("client_id", column)
        found = op.get_bind().exec_driver_sql(
            "select tablename from pg_policies where policyname = 'app' and schemaname = current_schema()"
            " and qual like %s and qual = with_check order by 1",
            (form,),
        )
        for table in [str(row[0]) for row in found]:
            op.execute(f'alter policy app on "{table}" using ({rule}) with check ({rule})')
