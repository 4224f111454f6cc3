"""The end of the day in words and figures: a table a manager understands, and JSON for programs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table

from ticketos.dev.sim.judge import Outcome
from ticketos.dev.sim.live import Day
from ticketos.dev.stack import StackUrls

_PLAIN_WIDTH = 178
"""Characters of a line where no terminal says how many it has."""


@dataclass(frozen=True)
class Check:
    """Something that must hold at the end."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True)
class Invoice:
    """An invoice of the day; amounts are decimal strings."""

    client: str
    number: str
    state: str
    units: str
    net: str
    tax: str
    total: str
    currency: str


SHOWN: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("A defect found by quality control, reworked and inspected again", ("mistake",)),
    ("A delivery returned by the client, corrected and accepted", ("return",)),
    ("A delivery accepted in part, the rest corrected", ("partial",)),
    ("A delivery signed off by the link in a mail", ("link",)),
    ("Silence taken as acceptance after the contract's time", ("silence",)),
    ("A broken promise, escalated step by step", ("breach",)),
    ("A request cancelled in the middle of the work", ("cancel",)),
    ("A request paused with a question and resumed by the answer", ("pause",)),
    ("An unclear message classified by the service desk", ("unclear",)),
    ("Work parked until its contract was signed", ("parked",)),
    ("A request that needed attention, retried", ("missing_file",)),
    ("The same documents sent twice, billed once", ("copies",)),
)


@dataclass
class Report:
    """Everything the run came to."""

    day: Day
    outcomes: Sequence[Outcome]
    invoices: list[Invoice] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    files: list[dict[str, str]] = field(default_factory=list)
    """``--documents`` alone: file, ticket, state, and reason or what was keyed."""

    @property
    def ok(self) -> bool:
        """Every ticket ended as planned, every check holds, nothing unexpected happened."""
        return (
            all(one.ok for one in self.outcomes)
            and all(one.ok for one in self.checks)
            and all(ok for _, ok, _ in self.shown())
            and not self.day.unexpected
        )

    def shown(self) -> list[tuple[str, bool, list[str]]]:
        """What the day had to show, whether it did, and where."""
        if not self.outcomes or self.files:
            return []
        found = [
            (
                "Documents straight through, untouched by people",
                [o for o in self.outcomes if o.straight_through],
            ),
            ("Fields keyed and confirmed by people", [o for o in self.outcomes if o.by_people]),
            (
                "Broken and hostile files in quarantine, each with its reason",
                [o for o in self.outcomes if o.quarantined],
            ),
            *((what, [o for o in self.outcomes if o.twist in twists]) for what, twists in SHOWN),
        ]
        return [
            (what, bool(those) and all(o.ok for o in those), [o.number for o in those])
            for what, those in found
        ]

    def totals(self) -> dict[str, Any]:
        """The day in figures."""
        return _totals(self.outcomes)

    def as_json(self) -> str:
        """The document of ``--json``; its keys are described in ``ticketos.dev.demo``."""
        document = {
            "ok": self.ok,
            "seconds": {name: round(value, 1) for name, value in self.seconds.items()},
            "tickets": [{**one.__dict__, "ok": one.ok} for one in self.outcomes],
            "totals": self.totals(),
            "people": dict(sorted(self.day.done.items())),
            "shown": [{"what": what, "ok": ok, "tickets": tickets} for what, ok, tickets in self.shown()],
            "invoices": [one.__dict__ for one in self.invoices],
            "checks": [one.__dict__ for one in self.checks],
            "unexpected": list(self.day.unexpected),
        }
        if self.files:
            document["files"] = self.files
        return json.dumps(document, ensure_ascii=False, indent=1, default=str)

    def print(self, console: Console | None = None) -> None:
        """The closing table, to stdout."""
        out = console or Console(highlight=False)
        if not out.is_terminal:
            out = Console(highlight=False, width=_PLAIN_WIDTH)
        out.print(self._clients())
        if self.files:
            out.print(self._files())
        for what, ok, tickets in self.shown():
            out.print(f"  {_mark(ok)} {what} [dim]({_some(tickets)})[/dim]")
        for check in self.checks:
            out.print(f"  {_mark(check.ok)} {check.name}: {check.detail}")
        for one in self.outcomes:
            for why in one.why:
                out.print(
                    f"  {one.number or one.key} {one.subject}: {why}",
                    style="red",
                    soft_wrap=True,
                    markup=False,
                )
        for text in self.day.unexpected:
            out.print(f"  {text}", style="red", soft_wrap=True, markup=False)
        seconds = self.seconds.get("total", 0)
        done = sum(one.ok for one in self.outcomes)
        out.print(
            f"\n{done} of {len(self.outcomes)} requests ended as planned, in {seconds:.0f} seconds. "
            f"{'All is well.' if self.ok else 'NOT all went as planned.'}"
        )

    def _clients(self) -> Table:
        table = Table(title="The working day", title_justify="left")
        table.add_column("Client", no_wrap=True)
        for name in (
            "Requests",
            "Documents",
            "Untouched",
            "By people",
            "Turned away",
            "Sent back",
            "Accepted",
            "Accuracy",
            "On time",
            "Invoice",
            "Amount",
        ):
            table.add_column(name, justify="right", no_wrap=True)
        for slug, company in self.day.companies.items():
            those = [one for one in self.outcomes if one.client == slug]
            bill = next((one for one in self.invoices if one.client == slug), None)
            table.add_row(
                company.name,
                *_figures(those),
                bill.number if bill else "–",
                f"{bill.total} {bill.currency}" if bill else "–",
            )
        table.add_section()
        table.add_row("All", *_figures(self.outcomes), str(len(self.invoices)), "")
        return table

    def _files(self) -> Table:
        table = Table(
            "File", "Request", "Where it is", "Why, or what it is", title="Every file", title_justify="left"
        )
        for one in self.files:
            table.add_row(one["file"], one["ticket"], one["state"], one["detail"])
        return table


def _totals(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    def total(name: str) -> int:
        return sum(int(getattr(one, name)) for one in outcomes)

    inspected, correct = total("inspected"), total("correct")
    return {
        "tickets": len(outcomes),
        "as_planned": sum(one.ok for one in outcomes),
        **{
            name: total(name)
            for name in ("documents", "straight_through", "by_people", "quarantined", "rejected", "accepted")
        },
        "billed": str(sum((one.billed for one in outcomes), Decimal(0))),
        "reworked": sum(one.rounds > 0 for one in outcomes),
        "inspected": inspected,
        "correct": correct,
        "accuracy": str((Decimal(100 * correct) / inspected).quantize(Decimal("0.01")))
        if inspected
        else None,
    }


def _figures(outcomes: Sequence[Outcome]) -> list[str]:
    totals = _totals(outcomes)
    timed = [one for one in outcomes if one.sla != "none"]
    on_time = sum(one.sla == "on time" for one in timed)
    return [
        str(totals["tickets"]),
        str(totals["documents"]),
        str(totals["straight_through"]),
        str(totals["by_people"]),
        str(totals["quarantined"] + totals["rejected"]),
        str(totals["reworked"]),
        str(totals["accepted"]),
        f"{totals['accuracy']} %" if totals["accuracy"] else "–",
        f"{on_time}/{len(timed)}",
    ]


async def trail_check(urls: StackUrls, patience_s: float = 20) -> Check:
    """``audit verify`` over all clients, once the last events are sealed."""
    from ticketos.crypto import Keyring
    from ticketos.db.audit_cli import in_words, verify_trail
    from ticketos.db.session import Database
    from ticketos.settings import ensure_master_key

    database = Database(urls.database.app, urls.database.system, app_pool=2)
    keyring = Keyring(ensure_master_key(urls.home))
    try:
        found = await asyncio.to_thread(verify_trail, database, keyring)
        for _ in range(int(patience_s)):
            if not found.ok or not sum(one.waiting for one in found.clients):
                break
            await asyncio.sleep(1)
            found = await asyncio.to_thread(verify_trail, database, keyring)
    finally:
        database.dispose()
    waiting = sum(one.waiting for one in found.clients)
    return Check("Audit trail", found.ok and not waiting, in_words(found).splitlines()[0])


def _mark(ok: bool) -> str:
    return "[green]✓[/green]" if ok else "[red]✗[/red]"


def _some(numbers: Sequence[str]) -> str:
    if len(numbers) <= 3:
        return ", ".join(numbers)
    return f"{', '.join(numbers[:3])} and {len(numbers) - 3} more"
