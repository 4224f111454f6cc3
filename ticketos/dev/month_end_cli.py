"""`ticketos month-end`: run a month's end now, in the workflow the schedule would run, and print its report."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection
from temporalio.client import Client

from api.period_runs import TemporalPeriodRuns
from schemas.acts import ActorRef
from schemas.periods import PeriodStart
from ticketos.crypto import Keyring
from ticketos.db.repositories import month_end
from ticketos.db.repositories.invoice_rows import company
from ticketos.db.sealing import client_of
from ticketos.db.session import Database
from ticketos.domain.errors import DomainError
from ticketos.domain.month_end import last_over
from ticketos.settings import Settings
from ticketos.temporal import connect

WORDS: Mapping[str, str] = {
    "client-unknown": "There is no client {client}.",
    "workflows-unavailable": "The workflow service does not answer. Is `ticketos up` running on this home?",
    "period-not-over": "{period} has not ended yet where the client is.",
    "month-end-under-way": "A run of {period} that closes with open documents is under way; ask again when it is done.",
    "period-invalid": "A month is written like 2026-10; {given} is none.",
    "not-a-clients-book": "Months are closed in the books of clients; {client} is none.",
}


class Told(NamedTuple):
    """Whether the month is shut now, and what to print: a report, or else words of why there is none."""

    shut: bool
    text: str
    report: bool = False


def run(
    settings: Settings, database: Database, keyring: Keyring, slug: str, period: str | None, as_json: bool
) -> Told:
    """Run it and read its report; a refusal in words counts as not shut."""
    try:
        with database.system() as connection:
            client_id = client_of(connection, slug)
        with database.transaction([client_id]) as connection:
            chosen = period or _last(connection, client_id)
        start = PeriodStart(
            client_id=client_id, period=chosen, actor=ActorRef(kind="system", origin="command line")
        )

        async def ready() -> Client:
            try:
                return await connect(settings.temporal_address, settings.temporal_namespace, keyring)
            except RuntimeError as error:
                raise DomainError("workflows-unavailable") from error

        result = asyncio.run(TemporalPeriodRuns(ready).month_end(start))
        if result is None:
            return Told(
                False, f"The month-end of {chosen} is under way; run the command again for its report."
            )
        with database.transaction([client_id]) as connection:
            row = month_end.get(connection, client_id, chosen)
    except DomainError as refusal:
        words = WORDS.get(refusal.code, refusal.code).format(**{"client": slug, **refusal.params})
        return Told(False, words)
    report = dict(row["report"]) if row is not None else {}
    if as_json:
        facts = {"client": slug, "period": chosen, "outcome": result.outcome, "report": report}
        return Told(result.outcome != "blocked", json.dumps(facts, default=str), True)
    return Told(result.outcome != "blocked", _told(slug, chosen, result.outcome, report), True)


def _last(connection: Connection, client_id: UUID) -> str:
    """The month that ended last where the client is."""
    return last_over(datetime.now(UTC), company(connection, client_id)["zone"])


def _told(slug: str, period: str, outcome: str, report: Mapping[str, Any]) -> str:
    head = {
        "closed": f"{slug} {period}: nothing stands in the way; the month is soft-closed.",
        "blocked": f"{slug} {period}: the month stays open.",
        "ran_before": f"{slug} {period}: the month is shut already; this is the report kept then.",
    }[outcome]
    marks = [
        f"  {'ok' if check['ok'] else 'IN THE WAY':<11}{check['name']}: {check['detail']}"
        + (" (closed in spite of it)" if check.get("waived") else "")
        for check in report.get("checks", ())
    ]
    papers = [f"  open       {one['ticket']} {one['filename']}" for one in report.get("open", ())]
    return "\n".join([head, *marks, *papers])
