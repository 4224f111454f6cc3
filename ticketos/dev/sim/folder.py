"""The same day with the user's own files (`--documents DIR`): people who see only what was read.

Nobody here knows what is on the papers. An agent confirms what was read, keys what is missing where the
rest of the paper gives it, and leaves a document in the queue where only somebody who sees it can tell.
"""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from ticketos.dev.processes import StackError
from ticketos.dev.sim.api import RefusedError, Upload
from ticketos.dev.sim.clients import visitors
from ticketos.dev.sim.judge import outcome_of
from ticketos.dev.sim.live import Day, Live
from ticketos.dev.sim.papers import Paper
from ticketos.dev.sim.people import AgentBot, ClientBot, DeskBot, LeadBot, ReviewerBot
from ticketos.dev.sim.play import LONGEST_S, alongside
from ticketos.dev.sim.progress import Board
from ticketos.dev.sim.report import Report
from ticketos.dev.sim.scenario import Plan
from ticketos.lines.data_entry.rules import AMOUNTS, REQUIRED, amount

CLIENTS = visitors()
MOST_FILES = 2_000
MOST_PER_TICKET = 10
"""One document that waits for a person holds up its ticket; small tickets keep the rest going."""
MOST_BYTES = 50 * 1024 * 1024
MOST_BYTES_PER_TICKET = 200 * 1024 * 1024
SECONDS_PER_FILE = 20.0
UNREADABLE = "UNREADABLE"
_WORDS = frozenset({"supplier_name", "buyer_name", "number", "po_number"})
_SUBJECT = "Your documents, part {}"


def collect(folder: Path) -> tuple[Path, ...]:
    """The files below ``folder`` in order, without hidden ones; ``StackError`` for none or too many."""
    if not folder.is_dir():
        raise StackError(f"{folder} is not a folder.")
    found = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    if not found:
        raise StackError(f"There are no files in {folder}.")
    if len(found) > MOST_FILES:
        raise StackError(f"{folder} holds {len(found)} files; the demo takes at most {MOST_FILES} at once.")
    return tuple(found)


def parcels(files: Sequence[Path]) -> tuple[tuple[Path, ...], ...]:
    """The files of each ticket: few enough and light enough. Files that are too large are in none."""
    made: list[list[Path]] = []
    weight = 0
    for path in files:
        size = path.stat().st_size
        if size > MOST_BYTES:
            continue
        if not made or len(made[-1]) == MOST_PER_TICKET or weight + size > MOST_BYTES_PER_TICKET:
            made.append([])
            weight = 0
        made[-1].append(path)
        weight += size
    return tuple(tuple(one) for one in made)


def plans(files: Sequence[Path]) -> tuple[Plan, ...]:
    """A ticket per parcel."""
    return tuple(
        Plan(
            f"f{n:02d}",
            CLIENTS[0].slug,
            "api",
            _SUBJECT.format(n),
            "Data entry: please enter the attached documents.",
            tuple(Paper() for _ in paths),
        )
        for n, paths in enumerate(parcels(files), start=1)
    )


class FolderAgent(AgentBot):
    """Confirms what was read; fills what the rest of the paper gives; leaves what only eyes can tell."""

    async def do(self, task: Mapping[str, Any]) -> bool:
        subject = str(task["subject_id"])
        if task["kind"] == "work" or subject in self.day.left:
            return False
        document = await self.person.get(f"/v1/documents/{subject}")
        if task["payload"].get("duplicate_of"):
            await self.finish(task, {"reject": {"reason": "duplicate", "note": "came before"}})
            self.day.done["rejected"] += 1
            return True
        fields, why = filled(document, str(self.day.companies[CLIENTS[0].slug].currency))
        if why:
            self.day.left[subject] = why
            return False
        result: dict[str, Any] = {"doc_type": document["doc_type"], "fields": fields}
        try:
            await self.finish(task, result)
        except RefusedError as error:
            if error.code != "checks-failed":
                raise
            failed = ", ".join(str(one["name"]) for one in error.params.get("checks", ()))
            await self.finish(
                task, {**result, "override_reason": f"Confirmed as read although {failed} disagrees."}
            )
        self.day.done["keyed" if fields else "confirmed"] += 1
        return True


def filled(document: Mapping[str, Any], currency: str) -> tuple[dict[str, str], str]:
    """What to type for required fields that are missing, and why it cannot be typed (empty when it can)."""
    kind = str(document["doc_type"])
    if kind not in REQUIRED or kind == "unknown":
        return {}, "nobody can tell from what was read which kind of document it is"
    shown = {name: (one or {}).get("value") for name, one in document["fields"].items()}
    typed: dict[str, str] = {}
    missing = [name for name in REQUIRED[kind] if not shown.get(name)]
    for name in missing:
        if name in AMOUNTS:
            continue
        if name == "currency":
            typed[name] = currency
        elif name in _WORDS:
            typed[name] = UNREADABLE
        else:
            typed[name] = str(document["received_at"])[:10]
    figures = _figures(shown)
    for name in missing:
        if name in AMOUNTS:
            if figures.get(name) is None:
                return {}, f"{name.replace('_', ' ')} could not be read and nothing on the paper gives it"
            typed[name] = str(figures[name])
    return typed, ""


def _figures(shown: Mapping[str, str | None]) -> dict[str, Decimal | None]:
    """Net, tax and total, each from the other two; without a tax the net is the total."""
    net, tax, total = (amount(shown.get(name)) for name in ("net_total", "tax_total", "total"))
    if total is None and net is not None:
        total = net + (tax or 0)
    if tax is None and total is not None:
        tax = total - net if net is not None else Decimal(0)
    if net is None and total is not None and tax is not None:
        net = total - tax
    return {"net_total": net, "tax_total": tax, "total": total}


async def play(day: Day, files: Sequence[Path], report: Report, board: Board) -> None:
    """Send everything, let the people work, say of every file where it is."""
    bots = {
        "meera.nair": FolderAgent,
        "jonas.weber": FolderAgent,
        "lena.hoffmann": ReviewerBot,
        "ravi.pillai": ReviewerBot,
        "anita.rao": LeadBot,
        "sam.okafor": DeskBot,
    }
    client = day.people[f"client:{CLIENTS[0].slug}"]
    await alongside(
        _conduct(day, files, board),
        [
            day.watch(),
            *(bot(day, day.people[key]).run() for key, bot in bots.items()),
            ClientBot(day, CLIENTS[0].slug, client).run(),
        ],
    )
    report.files += _too_large(files)
    outcomes = []
    for live, paths in zip(day.tickets, parcels(files), strict=True):
        told = await _files(day, live, paths)
        report.files += told
        found = await outcome_of(day, live)
        outcomes.append(replace(found, why=tuple(_not_well(live, told))))
    report.outcomes = tuple(outcomes)


async def _conduct(day: Day, files: Sequence[Path], board: Board) -> None:
    client = day.people[f"client:{CLIENTS[0].slug}"]
    for live, paths in zip(day.tickets, parcels(files), strict=True):
        uploads = [await asyncio.to_thread(_upload, path) for path in paths]
        values = {"subject": live.plan.subject, "text": live.plan.text}
        day.tickets.known_as(live, await client.upload(values, uploads, live.plan.key))
    longest = max(LONGEST_S, SECONDS_PER_FILE * len(files))
    for _ in range(int(longest)):
        if await _all_settled(day, board):
            return
        await asyncio.sleep(1)
    day.problem(f"the day did not end within {longest:.0f} s")


def _upload(path: Path) -> Upload:
    return Upload(
        path.name, path.read_bytes(), mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    )


async def _all_settled(day: Day, board: Board) -> bool:
    lives = day.tickets.all
    board.show(
        "Documents read",
        sum(int(one.row["documents_done"]) for one in lives),
        sum(len(one.plan.papers) for one in lives),
    )
    board.show("Requests finished", sum(one.ended for one in lives), len(lives))
    for live in lives:
        if live.ended or live.state == "needs_attention":
            continue
        if int(live.row["documents_done"]) < len(live.plan.papers):
            return False
        page = await day.people["anita.rao"].get("/v1/tasks", ticket_id=live.id, limit=100)
        if not page["items"] or any(str(task["subject_id"]) not in day.left for task in page["items"]):
            return False
    return True


async def _files(day: Day, live: Live, paths: Sequence[Path]) -> list[dict[str, str]]:
    """One line per file: where it is and why."""
    rows = [row async for row in day.people["admin"].pages(f"/v1/tickets/{live.id}/documents")]
    sent = [row for row in rows if row["parent_id"] is None]
    return [
        {"file": str(path), "ticket": live.number, **_where_all(day, row, rows)}
        for path, row in zip(paths, sent, strict=True)
    ]


_UNTIL_DONE = ("in a person's queue", "quarantine", "rejected", "keyed")


def _where_all(day: Day, row: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Where a file is; of one that holds several documents, where the one is that has the longest way to go."""
    parts = [_where(day, one) for one in rows if one["parent_id"] == row["id"]]
    if not parts:
        return _where(day, row)
    told = min(parts, key=lambda one: _UNTIL_DONE.index(one["state"]))
    return {"state": told["state"], "detail": f"{len(parts)} documents in one file; {told['detail']}"}


def _where(day: Day, row: Mapping[str, Any]) -> dict[str, str]:
    state, kind = str(row["state"]), str(row["doc_type"])
    if state in ("quarantined", "rejected"):
        return {
            "state": "quarantine" if state == "quarantined" else "rejected",
            "detail": str(row["reason"] or ""),
        }
    if state in ("posted", "ready"):
        by_hand = sorted(name for name, one in row["fields"].items() if one.get("state") == "keyed")
        how = "untouched by people" if row["straight_through"] else "confirmed by a person"
        return {
            "state": "keyed",
            "detail": f"{kind}, {how}{', typed: ' + ', '.join(by_hand) if by_hand else ''}",
        }
    return {"state": "in a person's queue", "detail": day.left.get(str(row["id"]), str(row["state"]))}


def _too_large(files: Sequence[Path]) -> list[dict[str, str]]:
    return [
        {
            "file": str(path),
            "ticket": "–",
            "state": "not sent",
            "detail": f"larger than {MOST_BYTES // 1024 // 1024} MB",
        }
        for path in files
        if path.stat().st_size > MOST_BYTES
    ]


def _not_well(live: Live, told: Sequence[Mapping[str, str]]) -> list[str]:
    """What is wrong with a ticket that is neither closed nor waiting for people alone, or misses a reason."""
    why = [f"{one['file']} is {one['state']} without a reason" for one in told if not one["detail"]]
    waiting = any(one["state"] == "in a person's queue" for one in told)
    if live.state != "closed" and not waiting:
        why.append(
            f"is {live.state} in {live.stage}: {live.row.get('reason') or live.row.get('next_action') or '-'}"
        )
    if live.state == "needs_attention":
        why.append(f"needs attention: {live.row.get('reason')}")
    return why
