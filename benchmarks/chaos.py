"""kill -9 of worker, API, Temporal server and PostgreSQL at random moments under load; then what is left is counted.

Clients send tickets with documents, scripted people work on them, everything through the public API. Each kill
ends one part without warning; a second later it is started again at its old address. When all kills are done
and every ticket has ended, the database is asked: is each acknowledged ticket there and closed, was anything
done or billed twice, does every journal sum to zero, is the audit trail whole?

Recovery after a worker kill is the time until a ticket that was in flight changes its stage again.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import psycopg

from benchmarks.figures import Asked, Figure, arguments, finish, percentile, say
from benchmarks.installation import Installation
from benchmarks.office import KEYED, STRAIGHT, Office, cheap, furnish
from benchmarks.staff import Staff, confirm
from ticketos.crypto import Keyring
from ticketos.db.audit_cli import verify_trail
from ticketos.db.session import Database
from ticketos.dev.sim.api import RefusedError, Upload
from ticketos.settings import ensure_master_key

PARTS = ("worker", "api", "temporal", "postgres")
RECOVER_S = 30.0
LONGEST_RECOVERY_S = 120.0
SUPERVISOR_S = 1.0
"""After how long a supervisor notices that a process is gone."""
FLIGHT_S = 60.0
"""How long the kill of a worker waits for a ticket in flight: without one there is no recovery to measure."""
END_S = 300.0
"""How long the tickets may take to end once the kills are over."""

ONCE = (
    "ticket.received",
    "ticket.triaged",
    "ticket.contract_checked",
    "ticket.assigned",
    "ticket.delivered",
    "ticket.quality_passed",
    "ticket.approved",
    "ticket.billed",
    "ticket.closed",
)
"""Events a ticket of this load has once and no more: nothing is returned or reworked."""

_FLIGHT = "select id::text, stage from ticket where kind = 'request' and state = 'open' and stage <> 'intake'"
_MOVED = "select id::text, stage from ticket where id = any(%s::uuid[])"
_STORED = "select id::text, state, stage from ticket where kind = 'request'"
_LEFT = """
select t.number, t.stage, t.state, t.next_action,
       (select count(*) from task k where k.ticket_id = t.id and k.state = 'open'),
       (select string_agg(a.state, ' ') from approval a where a.ticket_id = t.id),
       (select e.event || ' ' || e.recorded_at::timetz(0) from audit_event e where e.root_id = t.id
         order by e.seq desc limit 1)
  from ticket t where t.kind = 'request' and t.state <> 'closed' order by t.number"""
_TWICE = """
select count(*) from (
  select ticket_id::text from audit_event where event = any(%s) group by ticket_id, event having count(*) > 1
  union all
  select entity_id from audit_event where event in ('document.read', 'document.keyed', 'document.posted')
   group by entity_id, event having count(*) > 1
  union all
  select source_id::text from journal j where reverses is null and source_id is not null
     and not exists (select from journal r where r.reverses = j.id)
   group by source_id having count(*) > 1
  union all
  select min(ticket_id::text) from message where direction = 'in' group by client_id, channel, external_id
   having count(*) > 1) found"""
_BILLED_TWICE = """
select count(*) from (select from usage_event group by coalesce(document_id, ticket_id)
                      having sum(quantity) > 1) found"""
_UNBILLED = """
select count(*) from document d where d.approval = 'accepted' and not exists (
  select from usage_event u where u.client_id = d.client_id and u.document_id = d.id)"""
_UNBALANCED = """
select count(*) from (select from posting group by journal_id, currency having sum(amount) <> 0) found"""


@dataclass
class Run:
    """What happened while parts were killed."""

    acknowledged: set[str] = field(default_factory=set)
    killed: list[str] = field(default_factory=list)
    recovered_s: list[float] = field(default_factory=list)
    fell: int = 0
    """Parts that ended without being killed."""


def victims(kills: int, seed: int) -> Iterator[tuple[str, float]]:
    """Which part is killed and how many seconds pass before: every part in turn, in an order of chance."""
    chance = random.Random(seed)
    left: list[str] = []
    for _ in range(kills):
        if not left:
            left = chance.sample(PARTS, len(PARTS))
        yield left.pop(), chance.uniform(2.0, 9.0)


async def load(office: Office, run: Run, every_s: float, over: asyncio.Event) -> None:
    """Send tickets until it is over; each is sent again until it is acknowledged."""
    slugs, number = sorted(office.companies), 0

    async def one(slug: str, first: int, count: int) -> None:
        papers = [cheap(first + index) for index in range(count)]
        files = [Upload(paper.filename, paper.content, paper.content_type) for paper in papers]
        words = {
            "subject": "Invoices to enter",
            "text": "Please enter the attached invoices into our accounts.",
        }
        while True:
            try:
                made = await office.companies[slug].speaker.upload(words, files, f"chaos-{first}")
            except RefusedError as error:
                if error.code != "no-final-answer":
                    raise
                continue
            run.acknowledged.add(str(made["id"]))
            return

    async with asyncio.TaskGroup() as group:
        while not over.is_set():
            count = 1 + number % 3
            group.create_task(one(slugs[number % len(slugs)], number, count))
            number += 3
            await asyncio.sleep(every_s)


async def kill_all(found: Installation, run: Run, kills: int, seed: int) -> None:
    """Kill and start again, one part after the other."""
    for part, pause in victims(kills, seed):
        await asyncio.sleep(pause)
        await asyncio.to_thread(_kill, found, run, part)
        for fallen in found.fallen():
            run.fell += 1
            say(f"  {fallen} ended by itself and is started again")
            await asyncio.to_thread(found.start_again, fallen)


def _kill(found: Installation, run: Run, part: str) -> None:
    flight = _in_flight(found) if part == "worker" else {}
    limit = time.monotonic() + FLIGHT_S
    while part == "worker" and not flight and time.monotonic() < limit:
        time.sleep(0.1)
        flight = _in_flight(found)
    began = time.monotonic()
    found.kill(part)
    run.killed.append(part)
    time.sleep(SUPERVISOR_S)
    found.start_again(part)
    words = f"  kill {len(run.killed)}: {part}, back after {time.monotonic() - began:.1f} s"
    if flight:
        seconds = _recovered(found, flight, began)
        run.recovered_s.append(seconds)
        words += f", work went on after {seconds:.1f} s ({len(flight)} tickets in flight)"
    say(words)


def _in_flight(found: Installation) -> dict[str, str]:
    with found.connect() as connection:
        return {str(row[0]): str(row[1]) for row in connection.execute(_FLIGHT).fetchall()}


def _recovered(found: Installation, flight: dict[str, str], began: float) -> float:
    """Seconds since ``began`` until one of these tickets is in another stage."""
    with found.connect() as connection:
        while time.monotonic() - began < LONGEST_RECOVERY_S:
            rows = connection.execute(_MOVED, (list(flight),)).fetchall()
            if any(flight[str(ticket)] != stage for ticket, stage in rows):
                return time.monotonic() - began
            time.sleep(0.1)
    return LONGEST_RECOVERY_S


async def settle(found: Installation, run: Run) -> None:
    """Wait until every acknowledged ticket has ended, or the time for it is over."""
    limit = time.monotonic() + END_S
    while time.monotonic() < limit:
        left = await asyncio.to_thread(_open, found, run)
        if not left:
            return
        stages = ", ".join(f"{number} in {stage}" for stage, number in sorted(left.items()))
        say(f"  {sum(left.values())} tickets to go: {stages}")
        await asyncio.sleep(5)


def _open(found: Installation, run: Run) -> Counter[str]:
    """Stage (or *missing*) → how many acknowledged tickets have not ended."""
    with found.connect() as connection:
        rows = connection.execute(_STORED).fetchall()
    stored = {str(ticket): (str(state), str(stage)) for ticket, state, stage in rows}
    found_states = [stored.get(ticket, ("", "missing")) for ticket in run.acknowledged]
    return Counter(stage for state, stage in found_states if state != "closed")


def count(found: Installation, run: Run) -> dict[str, Figure]:
    """The invariants, from the database alone."""
    with found.connect() as connection:
        states = {str(row[0]): str(row[1]) for row in connection.execute(_STORED).fetchall()}
        for number, stage, state, action, tasks, approvals, event in connection.execute(_LEFT).fetchall():
            say(
                f"  not ended: {number}, {state} in {stage} ({action}); {tasks} open tasks, approvals:"
                f" {approvals}; last event: {event}"
            )
        twice = _number(connection, _TWICE, (list(ONCE),))
        billed_twice, unbilled = _number(connection, _BILLED_TWICE), _number(connection, _UNBILLED)
        unbalanced = _number(connection, _UNBALANCED)
    lost = sum(states.get(ticket) != "closed" for ticket in run.acknowledged)
    errors = [one for one in found.log("api").splitlines() if "api.failed" in one]
    for one in errors[:3]:
        say(f"  {one[:300]}")
    untold = len(states.keys() - run.acknowledged)
    database = Database(found.urls.app, found.urls.system)
    try:
        report = verify_trail(database, Keyring(ensure_master_key(found.home)))
    finally:
        database.dispose()
    return {
        "kills": len(run.killed),
        "tickets": len(run.acknowledged),
        "lost": lost,
        "doubled": twice + untold,
        "double_billed": billed_twice,
        "journals_zero": unbalanced == 0,
        "audit_ok": report.ok,
        "recover_p95_s": round(percentile(run.recovered_s, 95), 1) if run.recovered_s else None,
        "unbilled": unbilled,
        "api_errors": len(errors),
        "fell": run.fell,
        "worker_kills": len(run.recovered_s),
    }


def _number(
    connection: psycopg.Connection[tuple[object, ...]], query: str, values: tuple[object, ...] = ()
) -> int:
    row = connection.execute(query.encode(), values).fetchone()
    assert row is not None
    return int(str(row[0]))


async def measure(
    found: Installation, kills: int, seed: int, every_s: float
) -> tuple[dict[str, Figure], list[Asked]]:
    """Load, kills, the end, the count."""
    run, over = Run(), asyncio.Event()
    async with AsyncExitStack() as stack:
        office = await furnish(found, {"keyed": KEYED, "straight": STRAIGHT}, stack)
        async with Staff(office, confirm) as staff, asyncio.TaskGroup() as group:
            group.create_task(load(office, run, every_s, over))
            await asyncio.sleep(10)  # so that the first kill finds work in every stage
            await kill_all(found, run, kills, seed)
            over.set()
            await settle(found, run)
    figures = await asyncio.to_thread(count, found, run)
    figures |= {
        "seed": seed,
        "people": dict(staff.done),
        "gave_up": dict(staff.gave_up),
        "cores": os.cpu_count() or 1,
    }
    asked = [
        *(
            Asked(name, float(str(figures[name])), 0)
            for name in ("lost", "doubled", "double_billed", "unbilled")
        ),
        Asked("journals at zero", float(bool(figures["journals_zero"])), 1, at_least=True),
        Asked("audit trail whole", float(bool(figures["audit_ok"])), 1, at_least=True),
        Asked("internal errors of the API", float(str(figures["api_errors"])), 0),
    ]
    if "worker" in run.killed:
        slowest = percentile(run.recovered_s, 95) if run.recovered_s else LONGEST_RECOVERY_S
        asked.append(Asked("recovery after a worker kill, p95 s", slowest, RECOVER_S))
    return figures, asked


def main() -> int:
    """Command line; returns the exit code."""
    parser = arguments(__doc__)
    parser.add_argument("--kills", type=int, default=20, help="how many (default 20)")
    parser.add_argument("--seed", type=int, default=1, help="of order and moments (default 1)")
    parser.add_argument("--every", type=float, default=1.0, help="seconds between two tickets (default 1)")
    options = parser.parse_args()
    with Installation() as found:
        found.start_api()
        found.start_worker()
        found.wait_for_log("worker", "worker.ready")
        figures, asked = asyncio.run(measure(found, options.kills, options.seed, options.every))
        return finish("chaos", figures, asked, keep=options.record)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # the Temporal SDK's native threads may call into an interpreter that is going down
