"""`ticketos audit`: check the trail, export a signed head. Exit 0: whole; 1: broken or impossible, in words.

Imports at run time only: the command line mounts this file on every start.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from ticketos.crypto import Keyring
    from ticketos.db.session import Database
    from ticketos.db.verification import Report

T = TypeVar("T")

WORDS = {
    "client-unknown": "There is no client {client}.",
    "head-unreadable": "The file is not an exported head of an audit trail.",
    "head-signature-invalid": "The head of {client} was not signed by this installation, or was changed.",
    "trail-not-sealed": "The trail of {client} has no seal yet. Sealing runs with the workers, every second.",
    "head-of-another-client": "The head is of client {client}; leave --client out or name that one.",
}


def audit_commands(context: Callable[[], tuple[Database, Keyring]]) -> typer.Typer:
    """The sub-command `audit`; `context` opens the database (with its system role) and the keys when run."""
    app = typer.Typer(help="The audit trail.", no_args_is_help=True)

    @app.command()
    def verify(
        client: Annotated[str | None, typer.Option(help="Only this client (slug).")] = None,
        head: Annotated[
            Path | None, typer.Option(help="A head exported earlier: shows a trail cut off or rewritten.")
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    ) -> None:
        """Compute every hash, seal and money link anew and name the first broken one."""
        report = _told(lambda: verify_trail(*context(), client=client, head=head))
        typer.echo(json.dumps(as_document(report)) if as_json else in_words(report))
        if not report.ok:
            raise typer.Exit(1)

    @app.command("export-head")
    def export(
        client: Annotated[str, typer.Option(help="The client (slug).")],
        out: Annotated[Path | None, typer.Option(help="Write to this file instead of stdout.")] = None,
    ) -> None:
        """Print the signed state of a client's trail, to be kept where nobody here can change it."""
        document = json.dumps(_told(lambda: export_head(*context(), client=client)), indent=2)
        if out is None:
            typer.echo(document)
        else:
            out.write_text(document + "\n", encoding="utf-8")

    return app


def verify_trail(
    database: Database, keyring: Keyring, *, client: str | None = None, head: Path | None = None
) -> Report:
    """Check one client's trail or all. Raises DomainError with a code of `WORDS`."""
    from ticketos.db.sealing import Sealer, check_head, client_of
    from ticketos.domain.errors import DomainError

    known = None if head is None else check_head(head, keyring)
    if known is not None and client not in (None, known.client):
        raise DomainError("head-of-another-client", client=known.client)
    slug = client or (known.client if known else None)
    chosen = None
    if slug is not None:
        with database.system() as connection:
            chosen = [client_of(connection, slug)]
    return Sealer(database, _now).verify(chosen, [known] if known else [])


def export_head(database: Database, keyring: Keyring, *, client: str) -> dict[str, object]:
    """The signed head of a client's trail; the export is itself an event of that trail."""
    from uuid import UUID

    from ticketos.db.audit import AuditTrail
    from ticketos.db.ids import new_id
    from ticketos.db.sealing import Sealer
    from ticketos.domain.changes import Emit
    from ticketos.domain.state import Actor

    head = Sealer(database, _now).export_head(client, keyring)
    client_id = UUID(str(head["client_id"]))
    facts = {name: head[name] for name in ("number", "hash", "money_number", "money_hash")}
    with database.transaction([client_id]) as connection:
        emit = Emit("seal.exported", after=facts, entity="seal", entity_id=str(head["number"]))
        by = Actor("system", origin="command line")
        AuditTrail(keyring, new_id).record_apart(connection, client_id, _now(), by, emit)
    return head


def in_words(report: Report) -> str:
    """The outcome for a person."""
    batches = sum(one.batches for one in report.clients)
    money = sum(one.money_links for one in report.clients)
    waiting = sum(one.waiting for one in report.clients)
    lines = [f"BROKEN: {one.broken.words}." for one in report.clients if one.broken]
    if not lines:
        lines.append(
            f"The audit trail is whole: {len(report.clients)} clients, {report.events:,} events,"
            f" {batches:,} batches, {money:,} money acts."
        )
    if waiting:
        oldest = min(one.oldest_waiting for one in report.clients if one.oldest_waiting)
        lines.append(
            f"{waiting:,} events wait for their seal, the oldest since {oldest:%Y-%m-%d %H:%M:%S %Z}."
        )
    lines.append(
        f"Checked {report.events:,} events in {report.seconds:.1f} s ({report.events_per_s:,.0f}/s)."
    )
    return "\n".join(lines)


def as_document(report: Report) -> dict[str, Any]:
    """The outcome as JSON values."""
    document = {
        "ok": report.ok,
        "broken": report.first and asdict(report.first),
        "events": report.events,
        "seconds": round(report.seconds, 3),
        "events_per_s": round(report.events_per_s),
        "clients": [asdict(one) for one in report.clients],
    }
    plain: dict[str, Any] = json.loads(json.dumps(document, default=_text))
    return plain


def _told(act: Callable[[], T]) -> T:
    from ticketos.domain.errors import DomainError

    try:
        return act()
    except DomainError as error:
        if error.code not in WORDS:
            raise
        print(f"ticketos: {WORDS[error.code].format(**error.params)}", file=sys.stderr)
        raise typer.Exit(1) from None


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _now() -> datetime:
    return datetime.now(UTC)
