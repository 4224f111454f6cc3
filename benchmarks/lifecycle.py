"""The price of a ticket: the real one beside a bare Temporal workflow of its shape, on one server in one run.

Both are driven alike. A number of them is in flight at any moment; one poller looks every 20 ms which tasks
are visible in the database and sends the person's act at once. Blocks of floor and real tickets alternate
(floor, real, real, floor, …), so that what else the machine does falls on both.

The real ticket is a request with one e-invoice (CII XML, the cheapest document there is), taken in before the
clock starts, since the floor has no intake; its workflow, local activities, sandboxed reading, keying,
review, approval, billing and closure, the mails of its outbox and the sealing of its trail are all in the time
measured. Both workers run all the time, each in its own process with as many threads and cached workflows.

Beside it the cost in Temporal, child included: of tickets nobody touches (at most 48 state transitions,
80 events, 64 KB) and of tickets with five human acts: classified, re-prioritised, keyed, reviewed, approved
(60, 100, 64 KB).
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field

from temporalio.client import Client

from benchmarks import floor, floor_worker
from benchmarks.drive import Block, Contestant, Floor, Size, drive
from benchmarks.figures import Asked, Figure, arguments, finish, percentile, say
from benchmarks.installation import Installation
from benchmarks.office import KEYED, STRAIGHT, furnish
from benchmarks.real import Real
from ticketos.crypto import Keyring
from ticketos.settings import ensure_master_key
from ticketos.temporal import connect

ASKED_RATIO = 0.6
STRAIGHT_BUDGET = Size(48, 80, 64 * 1024)
FIVE_ACTS_BUDGET = Size(60, 100, 64 * 1024)
WARM_UP = 8
SAMPLES = 5
"""Tickets of each kind whose cost in Temporal is looked at."""


@dataclass
class Measured:
    """All blocks of one contestant."""

    blocks: list[Block] = field(default_factory=list)
    cpu_s: Counter[str] = field(default_factory=Counter)
    """Processor seconds by process over all blocks."""

    @property
    def cpu_ms(self) -> dict[str, float]:
        """Processor milliseconds a ticket cost, by process and in all."""
        count = sum(block.count for block in self.blocks)
        parts = {name: round(spent * 1000 / count, 1) for name, spent in sorted(self.cpu_s.items())}
        return parts | {"all": round(sum(self.cpu_s.values()) * 1000 / count, 1)}

    @property
    def per_s(self) -> float:
        """Tickets per second over all blocks."""
        return sum(b.count for b in self.blocks) / sum(b.seconds for b in self.blocks)

    @property
    def latencies(self) -> list[float]:
        """Seconds of every ticket."""
        return [one for block in self.blocks for one in block.latencies]


async def measure(
    found: Installation, blocks: int, tickets: int, at_once: int
) -> tuple[dict[str, Figure], list[Asked]]:
    """Run the comparison and the shapes; returns the figures and what was promised of them."""
    async with AsyncExitStack() as stack:
        office = await furnish(found, {"keyed": KEYED, "straight": STRAIGHT}, stack)
        found.stop("api")  # nobody speaks HTTP from here on
        keyring = Keyring(ensure_master_key(found.home))
        real = Real(found, office, await connect(found.temporal, "default", keyring), "keyed")
        bare = Floor(found.dsn, await Client.connect(found.temporal))
        stack.callback(real.close)
        say("Warming up")
        for contestant in (bare, real):
            await drive(contestant, WARM_UP, at_once)
        measured = await _alternate(found, (bare, real), blocks, tickets, at_once)
        say("Looking at single tickets")
        straight = await real.aside("straight").sizes(SAMPLES)
        five = await real.aside("keyed", five_acts=True).sizes(SAMPLES)
        three, plain = await real.sizes(SAMPLES), await bare.sizes(SAMPLES)
    return _figures(measured, straight, five, three, plain)


async def _alternate(
    found: Installation, contestants: tuple[Contestant, Contestant], blocks: int, tickets: int, at_once: int
) -> tuple[Measured, Measured]:
    measured = Measured(), Measured()
    for number in range(blocks):
        pair = list(zip(contestants, measured, strict=True))
        for contestant, kept in pair if number % 2 == 0 else reversed(pair):
            before = found.cpu_seconds()
            block = await drive(contestant, tickets, at_once)
            kept.cpu_s.update({name: spent - before[name] for name, spent in found.cpu_seconds().items()})
            kept.blocks.append(block)
            speed = block.count / block.seconds
            say(f"  {contestant.name:<6}{block.count} in {block.seconds:.1f} s: {speed:.2f}/s")
    return measured


def _figures(
    measured: tuple[Measured, Measured],
    straight: Sequence[Size],
    five: Sequence[Size],
    three: Sequence[Size],
    plain: Sequence[Size],
) -> tuple[dict[str, Figure], list[Asked]]:
    floors, reals = measured
    ratio = reals.per_s / floors.per_s
    worst, worst_five = Size.worst(straight), Size.worst(five)
    figures: dict[str, Figure] = {
        "ratio": round(ratio, 3),
        "tickets_per_s": round(reals.per_s, 2),
        "floor_per_s": round(floors.per_s, 2),
        "p50_s": round(statistics.median(reals.latencies), 3),
        "p95_s": round(percentile(reals.latencies, 95), 3),
        **asdict(worst),
        "five_acts": asdict(worst_five),
        "three_acts": asdict(Size.worst(three)),
        "floor": {
            **asdict(Size.worst(plain)),
            "p50_s": round(statistics.median(floors.latencies), 3),
            "p95_s": round(percentile(floors.latencies, 95), 3),
        },
        "cpu_ms": reals.cpu_ms,
        "floor_cpu_ms": floors.cpu_ms,
        "tickets": len(reals.latencies),
        "document": "einvoice_xml_cii",
        "cores": os.cpu_count() or 1,
    }
    asked = [Asked("real tickets / floor", ratio, ASKED_RATIO, at_least=True)]
    for name, size, budget in (
        ("straight-through", worst, STRAIGHT_BUDGET),
        ("five acts", worst_five, FIVE_ACTS_BUDGET),
    ):
        for what, value in asdict(size).items():
            asked.append(Asked(f"{name}: {what}", value, asdict(budget)[what]))
    return figures, asked


def main() -> int:
    """Command line; returns the exit code."""
    parser = arguments(__doc__)
    parser.add_argument("--blocks", type=int, default=6, help="blocks of each kind (default 6)")
    parser.add_argument("--tickets", type=int, default=60, help="tickets in a block (default 60)")
    parser.add_argument("--at-once", type=int, default=20, help="tickets in flight (default 20)")
    options = parser.parse_args()
    with Installation() as found:
        floor.prepare(found.dsn)
        found.start_api()
        found.start_worker()
        environment = {"FLOOR_DSN": found.dsn}
        found.start(
            "floor", [sys.executable, "-m", "benchmarks.floor_worker", found.temporal], env=environment
        )
        found.wait_for_log("worker", "worker.ready")
        found.wait_for_log("floor", floor_worker.READY)
        figures, asked = asyncio.run(measure(found, options.blocks, options.tickets, options.at_once))
        return finish("lifecycle", figures, asked, keep=options.record)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # the Temporal SDK's native threads may call into an interpreter that is going down
