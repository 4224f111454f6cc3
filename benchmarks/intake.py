"""Taking requests in: JSON without a file at 100 a second while the workers run, then three times as many.

Open loop: a request is due when it is due, whether or not the ones before were answered, and its latency
counts from that instant. At three times the rate each one must be served or refused with 429 or 503 and
`Retry-After`. Afterwards the database is asked: a ticket exists for every 201, and no other was made.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from benchmarks.figures import Asked, Figure, arguments, finish, percentile, say
from benchmarks.http import Loopback
from benchmarks.installation import Installation
from benchmarks.office import KEYED, furnish
from ticketos.dev.sim.api import Person

P50_MS, P99_MS = 30.0, 200.0
REFUSED = frozenset({429, 503})
CONNECTIONS = 200
WARM_UP = 50


@dataclass
class Phase:
    """What happened at one rate."""

    sent: int = 0
    milliseconds: list[float] = field(default_factory=list)
    """Of the requests that were served."""
    ids: set[str] = field(default_factory=set)
    refused: int = 0
    started: int = 0
    """Workflows that were begun meanwhile, whenever their request came."""
    cpu_s: dict[str, float] = field(default_factory=dict)
    """Processor seconds by process."""
    statuses: Counter[str] = field(default_factory=Counter)

    @property
    def astray(self) -> int:
        """Requests that were neither served nor properly refused."""
        return self.sent - len(self.ids) - self.refused

    def shown(self) -> dict[str, Figure]:
        """For the line."""
        return {
            "sent": self.sent,
            "accepted": len(self.ids),
            "refused": self.refused,
            "astray": self.astray,
            "started": self.started,
            "p50_ms": round(percentile(self.milliseconds, 50), 1),
            "p99_ms": round(percentile(self.milliseconds, 99), 1),
            "statuses": dict(self.statuses),
            "cpu_ms": {name: round(spent * 1000 / self.sent, 1) for name, spent in self.cpu_s.items()},
        }


async def send(found: Installation, http: Loopback, name: str, rate: int, count: int) -> Phase:
    """``count`` requests, ``rate`` of them a second."""
    phase, before, running = Phase(), found.cpu_seconds(), started(found)
    began = time.perf_counter()

    async def one(number: int, due: float) -> None:
        body = {"client": "keyed", "subject": f"{name} {number}", "text": "Please call back.",
                "external_id": f"{name}-{number}"}  # fmt: skip
        try:
            answer = await http.post("/v1/tickets", json.dumps(body).encode())
        except (OSError, EOFError, TimeoutError) as error:
            phase.statuses[type(error).__name__] += 1
            return
        phase.statuses[str(answer.status)] += 1
        if answer.status == 201:
            phase.milliseconds.append((time.perf_counter() - due) * 1000)
            phase.ids.add(json.loads(answer.body)["id"])
        elif answer.status in REFUSED and "retry-after" in answer.headers:
            phase.refused += 1

    async with asyncio.TaskGroup() as group:
        for number in range(count):
            due = began + number / rate
            await asyncio.sleep(max(due - time.perf_counter(), 0))
            phase.sent += 1
            group.create_task(one(number, due))
    phase.cpu_s = {process: spent - before[process] for process, spent in found.cpu_seconds().items()}
    phase.started = started(found) - running
    return phase


def started(found: Installation) -> int:
    """How many workflows were begun so far, as the outbox has it."""
    with found.connect() as connection:
        asked = "select count(*) from outbox where kind = 'start' and state = 'done'"
        row = connection.execute(asked).fetchone()
    return int(str(row[0])) if row else 0


def lost(found: Installation, phases: Sequence[Phase]) -> tuple[int, int]:
    """Acknowledged tickets the database does not hold, and tickets it holds that nobody was told of."""
    with found.connect() as connection:
        rows = connection.execute("select id::text from ticket where kind = 'request'").fetchall()
    stored = {str(row[0]) for row in rows}
    told = set().union(*(phase.ids for phase in phases))
    return len(told - stored), len(stored - told)


async def measure(found: Installation, rate: int, seconds: int) -> tuple[dict[str, Figure], list[Asked]]:
    """Both phases; returns the figures and what was promised of them."""
    async with AsyncExitStack() as stack:
        office = await furnish(found, {"keyed": KEYED}, stack)
        token = await _token(office.companies["keyed"].speaker)
        http = Loopback(found.portal, CONNECTIONS, {"Authorization": f"Bearer {token}"})
        stack.push_async_callback(http.close)
        warm = await send(found, http, "warm", 20, WARM_UP)
        say(f"{rate} a second for {seconds} s")
        single = await send(found, http, "single", rate, rate * seconds)
        say(f"{rate * 3} a second for {seconds} s")
        triple = await send(found, http, "triple", rate * 3, rate * 3 * seconds)
    missing, untold = lost(found, (warm, single, triple))
    figures: dict[str, Figure] = {
        "sent": single.sent,
        "lost": missing,
        "p50_ms": round(percentile(single.milliseconds, 50), 1),
        "p99_ms": round(percentile(single.milliseconds, 99), 1),
        "refused": triple.refused,
        "untold": untold,
        "rate": rate,
        "single": single.shown(),
        "triple": triple.shown(),
        "cores": os.cpu_count() or 1,
    }
    asked = [
        Asked("p50 ms", percentile(single.milliseconds, 50), P50_MS),
        Asked("p99 ms", percentile(single.milliseconds, 99), P99_MS),
        Asked("refused at the simple rate", single.refused, 0),
        Asked("neither served nor refused", single.astray + triple.astray, 0),
        Asked("acknowledged and not stored", missing, 0),
    ]
    return figures, asked


async def _token(person: Person) -> str:
    """A session of its own for the load: a `Person` keeps its token to itself."""
    http = Loopback(person.base, 1, {})
    try:
        body = {"email": person.email, "password": person.password, "cookie": False}
        answer = await http.post("/v1/sessions", json.dumps(body).encode())
    finally:
        await http.close()
    return str(json.loads(answer.body)["token"])


def main() -> int:
    """Command line; returns the exit code."""
    parser = arguments(__doc__)
    parser.add_argument("--rate", type=int, default=100, help="requests a second (default 100)")
    parser.add_argument("--seconds", type=int, default=30, help="length of each phase (default 30)")
    options = parser.parse_args()
    with Installation() as found:
        found.start_api()
        found.start_worker()
        found.wait_for_log("worker", "worker.ready")
        figures, asked = asyncio.run(measure(found, options.rate, options.seconds))
        return finish("intake", figures, asked, keep=options.record)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # the Temporal SDK's native threads may call into an interpreter that is going down
