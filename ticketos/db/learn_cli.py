"""`ticketos learn`: retrain from corrections, show the versions, take one back.

Imports at run time only: the command line mounts this file on every start.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketos.domain.learning import FEWEST_JUDGES

if TYPE_CHECKING:
    from uuid import UUID

    from ticketos.crypto import Keyring
    from ticketos.db.repositories.learning import Learning
    from ticketos.db.session import Database
    from ticketos.domain.learning import Learnable

WORDS = {
    "client-unknown": "There is no client {client}.",
    "model-kind-unknown": "There is no kind {given}; there are {allowed}.",
    "model-none-in-use": "Nothing learnt is in use for the {kind}: it works as it was shipped.",
}
_Client = Annotated[str, typer.Option(help="The client (slug).")]
_Json = Annotated[bool, typer.Option("--json", help="One JSON object a line on stdout.")]


def learn_commands(
    context: Callable[[], tuple[Database, Keyring]], kinds: Callable[[], Sequence[Learnable]]
) -> typer.Typer:
    """The sub-command `learn`; `context` opens the database and the keys when run, `kinds` are what is retrained."""
    app = typer.Typer(help="What corrections taught: retrain, look, take back.", no_args_is_help=True)

    @app.command()
    def retrain(client: _Client, as_json: _Json = False) -> None:
        """Train challengers from the client's corrections; one that is better on kept-back ones takes over."""
        with _opened(context, kinds, client) as (learner, database, client_id):
            contests = learner.retrain(database, client_id, now=_now(), actor=_actor())
        for contest in contests:
            typer.echo(json.dumps(contest.as_dict()) if as_json else _contest(contest.as_dict()))

    @app.command()
    def status(client: _Client, as_json: _Json = False) -> None:
        """What each kind could be learnt from; every version learnt, which is in use, and how it was judged."""
        with (
            _opened(context, kinds, client) as (learner, database, client_id),
            database.transaction([client_id]) as connection,
        ):
            supplies = learner.supply(connection, client_id)
            found = learner.status(connection, client_id)
        if as_json:
            for row in (*({"supply": supply} for supply in supplies), *found):
                typer.echo(json.dumps(row, default=str))
            return
        for supply in supplies:
            typer.echo(_supply(supply))
        if not found:
            typer.echo("Nothing was learnt yet; scorer, reader and coder work as they were shipped.")
        for row in found:
            typer.echo(_version(row))

    @app.command()
    def rollback(
        client: _Client,
        kind: Annotated[str, typer.Option(help="scorer, reader or coder.")],
        as_json: _Json = False,
    ) -> None:
        """Go back to the version in use before the present one."""
        with (
            _opened(context, kinds, client) as (learner, database, client_id),
            database.transaction([client_id]) as connection,
        ):
            facts = learner.rollback(connection, client_id, kind, now=_now(), actor=_actor())
        to = f"version {facts['to']}" if facts["to"] else "what was shipped"
        typer.echo(
            json.dumps(facts) if as_json else f"{kind}: version {facts['from']} was taken back for {to}."
        )

    return app


@contextmanager
def _opened(
    context: Callable[[], tuple[Database, Keyring]], kinds: Callable[[], Sequence[Learnable]], slug: str
) -> Iterator[tuple[Learning, Database, UUID]]:
    """What a command works with; a refusal is told in words and ends with exit code 1."""
    from ticketos.db.audit import AuditTrail
    from ticketos.db.ids import new_id
    from ticketos.db.repositories.learning import Learning
    from ticketos.db.sealing import client_of
    from ticketos.domain.errors import DomainError

    database, keyring = context()
    try:
        with database.system() as connection:
            client_id = client_of(connection, slug)
        yield Learning(AuditTrail(keyring, new_id), new_id, kinds()), database, client_id
    except DomainError as refusal:
        values = {
            name: ", ".join(map(str, value)) if isinstance(value, list) else value
            for name, value in refusal.params.items()
        }
        typer.echo(WORDS.get(refusal.code, refusal.code).format(**{"client": slug, **values}), err=True)
        raise typer.Exit(1) from None


def _supply(row: dict[str, Any]) -> str:
    told = f"{row['kind']}: {row['examples']} examples, {row['kept_back']} of them kept back to judge by"
    if row["suppliers_kept_back"]:
        told += f" (all of {row['suppliers_kept_back']} suppliers among them)"
    if not row["enough"]:
        told += f"; {FEWEST_JUDGES} are needed before anything new can come into use"
    if row["outdated"]:
        told += ". The version in use was learnt beside an earlier reader and rests until the next retraining"
    return f"{told}."


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
