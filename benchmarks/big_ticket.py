"""One ticket with 2,000 documents: text PDFs, twenty scans and one file that cannot be read.

The contract lets through what reads well; a scripted person keys the rest from the paper, and the client accepts
through the API. The ticket must close with the broken file named, no run of its workflows above 4,096 events,
and its progress must have been visible on the way.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

from benchmarks.figures import Asked, Figure, arguments, finish, say
from benchmarks.installation import Installation
from benchmarks.office import STRAIGHT, furnish
from benchmarks.staff import Staff, confirm
from ticketos.crypto import Keyring
from ticketos.dev.sim.api import Person, Upload
from ticketos.dev.sim.documents import FIELD_NAMES, SampleDocument, Truth, batch, broken, generate
from ticketos.dev.sim.papers import differences, typed_lines
from ticketos.settings import ensure_master_key
from ticketos.temporal import connect
from workflows import names

MOST_EVENTS = 4_096
SCANS = 20
LEAST_PROGRESS = 3
"""How many different counts of finished documents must have been seen on the way."""
LONGEST_S = 3_600.0
TERMS = {**STRAIGHT, "approval": {"required": True}}


def papers(count: int, scans: int, seed: int) -> list[SampleDocument]:
    """The pile, the broken file in its middle."""
    texts = list(batch(count - scans - 1, seed, country="DE"))
    images = [
        generate("invoice", 500_000 + index, country="DE", form="scan_pdf", damage=0.2)
        for index in range(scans)
    ]
    pile = [*texts, *images]
    pile.insert(len(pile) // 2, broken("truncated", seed))
    return pile


class Typist:
    """Types what stands on the paper, which is found again by its bytes."""

    def __init__(self, pile: Sequence[SampleDocument]) -> None:
        self._truths: Mapping[str, Truth] = {
            hashlib.sha256(paper.content).hexdigest(): paper.truth for paper in pile
        }

    async def result(self, person: Person, task: Mapping[str, Any]) -> Mapping[str, Any]:
        """What is handed in for a task."""
        if task["kind"] != "keying" or task["payload"].get("duplicate_of"):
            return await confirm(person, task)
        document = await person.get(f"/v1/documents/{task['subject_id']}")
        truth = self._truths[document["sha256"]]
        typed: dict[str, Any] = {
            "doc_type": truth.type,
            "fields": differences(truth, document["fields"], FIELD_NAMES),
            "override_reason": "So it stands on the paper.",
        }
        if (lines := typed_lines(truth, document["lines"])) is not None:
            typed["lines"] = lines
        return typed


async def watch(lead: Person, ticket_id: str) -> tuple[str, int]:
    """Look at the ticket until it ends; its state and how many different counts of done documents were seen."""
    seen: set[int] = set()
    limit, told = time.monotonic() + LONGEST_S, 0.0
    while True:
        ticket = await lead.get(f"/v1/tickets/{ticket_id}")
        done, total = int(ticket["documents_done"]), int(ticket["documents_total"])
        seen |= {done} if 0 < done < total else set()
        if ticket["state"] in ("closed", "cancelled") or time.monotonic() > limit:
            return str(ticket["state"]), len(seen)
        if time.monotonic() - told > 10:
            told = time.monotonic()
            say(f"  {ticket['stage']}: {done} of {total} documents, {ticket['progress']} %")
        await asyncio.sleep(1)


async def runs_of(found: Installation, ticket_id: str) -> list[int]:
    """Events of every run of the ticket's workflow and of its line's."""
    client = await connect(found.temporal, "default", Keyring(ensure_master_key(found.home)))
    ids = (names.ticket_workflow(ticket_id), names.line_workflow(ticket_id, "data_entry"))
    query = " or ".join(f"WorkflowId = '{one}'" for one in ids)
    for _ in range(60):  # the index of closed runs follows with a delay
        runs = [run async for run in client.list_workflows(query)]
        if runs and all(run.close_time is not None for run in runs):
            return [run.history_length or 0 for run in runs]
        await asyncio.sleep(0.5)
    raise TimeoutError("Temporal still shows an open run of a ticket that has ended")


async def measure(found: Installation, count: int, scans: int) -> tuple[dict[str, Figure], list[Asked]]:
    """Send the pile, watch it, look at what is left."""
    async with AsyncExitStack() as stack:
        office = await furnish(found, {"big": TERMS}, stack)
        say(f"Drawing {count} documents")
        pile = await asyncio.to_thread(papers, count, scans, 7)
        unreadable = next(paper.filename for paper in pile if paper.truth.type == "broken")
        files = [Upload(paper.filename, paper.content, paper.content_type) for paper in pile]
        say("Sending them as one ticket")
        words = {"subject": "Invoices of the quarter", "text": "Please enter the attached invoices."}
        before, began = found.cpu_seconds(), time.monotonic()
        made = await office.companies["big"].speaker.upload(words, files, "big-1")
        received = time.monotonic() - began
        lead, ticket_id = office.staff["lead"], str(made["id"])
        async with Staff(office, Typist(pile).result) as staff:
            state, seen = await watch(lead, ticket_id)
        seconds = time.monotonic() - began
        spent = {name: round(value - before[name], 1) for name, value in found.cpu_seconds().items()}
        tree = await lead.get(f"/v1/tickets/{ticket_id}/tree")
    documents = tree["documents"]
    states = Counter(str(document["state"]) for document in documents)
    named = [
        f"{d['filename']}: {d['reason']}" for d in documents if d["state"] == "quarantined" and d["reason"]
    ]
    runs = await runs_of(found, ticket_id) if state == "closed" else []
    figures: dict[str, Figure] = {
        "documents": len(documents),
        "seconds": round(seconds, 1),
        "docs_per_s": round(count / seconds, 2),
        "runs": len(runs),
        "largest_run_events": max(runs, default=0),
        "progress_seen": seen,
        "state": state,
        "broken_named": any(one.startswith(unreadable) for one in named),
        "received_s": round(received, 1),
        "states": dict(states),
        "named": named[:5],
        "keyed": staff.done["keying"],
        "cpu_s": spent,
        "straight_through": sum(bool(d["straight_through"]) for d in documents),
        "cores": os.cpu_count() or 1,
    }
    asked = [
        Asked("closed", float(state == "closed"), 1, at_least=True),
        Asked("documents kept", len(documents), count, at_least=True),
        Asked("largest run, events", max(runs, default=0), MOST_EVENTS),
        Asked("the broken file named", float(bool(figures["broken_named"])), 1, at_least=True),
        Asked("progress seen on the way", seen, LEAST_PROGRESS, at_least=True),
    ]
    return figures, asked


def main() -> int:
    """Command line; returns the exit code."""
    parser = arguments(__doc__)
    parser.add_argument("--documents", type=int, default=2_000, help="how many (default 2000)")
    parser.add_argument("--scans", type=int, default=SCANS, help=f"of them scans (default {SCANS})")
    options = parser.parse_args()
    with Installation() as found:
        found.start_api()
        found.start_worker()
        found.wait_for_log("worker", "worker.ready")
        figures, asked = asyncio.run(measure(found, options.documents, options.scans))
        return finish("big_ticket", figures, asked, keep=options.record)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # the Temporal SDK's native threads may call into an interpreter that is going down
