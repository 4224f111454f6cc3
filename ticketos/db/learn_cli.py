"""`ticketos learn`: retrain from corrections, show the versions, take one back.

Imports at run time only: the command line mounts this file on every start.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from uuid import UUID

    from ticketos.crypto import Keyring
    from ticketos.db.repositories.learning import Learning
    from ticketos.db.session import Database

WORDS = {
    "client-unknown": "There is no client {client}.",
    "model-kind-unknown": "There is no kind {given}; there are {allowed}.",
    "model-none-in-use": "Nothing learnt is in use for the {kind}: it works as it was shipped.",
}
_Client = Annotated[str, typer.Option(help="The client (slug).")]
_Json = Annotated[bool, typer.Option("--json", help="One JSON object a line on stdout.")]


def learn_commands(context: Callable[[], tuple[Database, Keyring]]) -> typer.Typer:
    """The sub-command `learn`; `context` opens the database and the keys when run."""
    app = typer.Typer(help="What corrections taught: retrain, look, take back.", no_args_is_help=True)

    @app.command()
    def retrain(client: _Client, as_json: _Json = False) -> None:
        """Train challengers from the client's corrections; one that is better on kept-back ones takes over."""
        contests = _run(context, client, lambda it, c, i: it.retrain(c, i, now=_now(), actor=_actor()))
        for contest in contests:
            typer.echo(json.dumps(contest.as_dict()) if as_json else _contest(contest.as_dict()))

    @app.command()
    def status(client: _Client, as_json: _Json = False) -> None:
        """Every version learnt, which is in use, and how it was judged."""
        found = _run(context, client, lambda it, c, i: it.status(c, i))
        if not found and not as_json:
            typer.echo("Nothing was learnt yet; reader and coder work as they were shipped.")
        for row in found:
            typer.echo(json.dumps(row, default=str) if as_json else _version(row))

    @app.command()
    def rollback(
        client: _Client,
        kind: Annotated[str, typer.Option(help="reader or coder.")],
        as_json: _Json = False,
    ) -> None:
        """Go back to the version in use before the present one."""
        facts = _run(context, client, lambda it, c, i: it.rollback(c, i, kind, now=_now(), actor=_actor()))
        to = f"version {facts['to']}" if facts["to"] else "what was shipped"
        typer.echo(
            json.dumps(facts) if as_json else f"{kind}: version {facts['from']} was taken back for {to}."
        )

    return app


def _run(
    context: Callable[[], tuple[Database, Keyring]],
    slug: str,
    act: Callable[[Learning, Any, UUID], Any],
) -> Any:
    """Run an act in a transaction of the client; a refusal is told in words and ends with exit code 1."""
    from ticketos.db.audit import AuditTrail
    from ticketos.db.ids import new_id
    from ticketos.db.repositories.learning import Learning
    from ticketos.db.sealing import client_of
    from ticketos.domain.errors import DomainError

    database, keyring = context()
    try:
        with database.system() as connection:
            client_id = client_of(connection, slug)
        with database.transaction([client_id]) as connection:
            return act(Learning(AuditTrail(keyring, new_id), new_id), connection, client_id)
    except DomainError as refusal:
        values = {
            name: ", ".join(map(str, value)) if isinstance(value, list) else value
            for name, value in refusal.params.items()
        }
        typer.echo(WORDS.get(refusal.code, refusal.code).format(**{"client": slug, **values}), err=True)
        raise typer.Exit(1) from None


def _contest(facts: dict[str, Any]) -> str:
    state = "now in use" if facts["promoted"] else "not used"
    return f"{facts['kind']}: version {facts['version']} from {facts['examples']} examples is {state}: {facts['why']}."


def _version(row: dict[str, Any]) -> str:
    return (
        f"{row['kind']} {row['version']}: {row['state']}, {row['examples']} examples,"
        f" trained {row['trained_at']:%Y-%m-%d %H:%M} ({row['scores'].get('why', '')})"
    )


def _actor() -> Any:
    from ticketos.domain.state import Actor

    return Actor("system", origin="command line")


def _now() -> datetime:
    return datetime.now(UTC)
