"""Plays the day: everybody at work at once, until every ticket has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from ticketos.dev.sim.live import Day
from ticketos.dev.sim.mailer import Postbox
from ticketos.dev.sim.people import AgentBot, ClientBot, DeskBot, LeadBot, ReviewerBot, Worker
from ticketos.dev.sim.progress import Board
from ticketos.dev.sim.turns import Turns, read_mail

BOTS: dict[str, type[Worker]] = {
    "meera.nair": AgentBot,
    "jonas.weber": AgentBot,
    "farid.khan": AgentBot,
    "lena.hoffmann": ReviewerBot,
    "ravi.pillai": ReviewerBot,
    "anita.rao": LeadBot,
    "sam.okafor": DeskBot,
}
LONGEST_S = 900.0
_LAST_MAIL_S = 15.0
_LOOKED = ("keyed", "confirmed", "rejected", "passed", "failed", "classified")
"""What counts as a person's look, of ``Day.done``."""


async def play(day: Day, turns: Turns, postbox: Postbox, board: Board, longest_s: float = LONGEST_S) -> None:
    """Run the day. Never raises for a ticket that does not end: the outcomes say so."""
    await alongside(
        _conduct(day, turns, board, longest_s),
        [
            day.watch(),
            read_mail(day, postbox),
            *(bot(day, day.people[key]).run() for key, bot in BOTS.items()),
            *(ClientBot(day, slug, day.people[f"client:{slug}"]).run() for slug in day.companies),
        ],
    )


async def alongside(
    conductor: Coroutine[Any, Any, None], others: Sequence[Coroutine[Any, Any, None]]
) -> None:
    """Run the others until the conductor is done; a failure of any of them ends all."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(other) for other in others]
        await conductor
        for task in tasks:
            task.cancel()


async def _conduct(day: Day, turns: Turns, board: Board, longest_s: float) -> None:
    try:
        async with asyncio.timeout(longest_s), asyncio.TaskGroup() as group:
            group.create_task(turns.send_all())
            group.create_task(_all_ended(day, board))
    except TimeoutError:
        day.problem(f"the day did not end within {longest_s:.0f} s")
    await _last_mail(day)


async def _all_ended(day: Day, board: Board) -> None:
    total = len(day.tickets.all)
    while True:
        rows = [live.row for live in day.tickets if live.row]
        board.show("Requests received", len(rows), total)
        board.show(
            "Documents read",
            sum(int(r["documents_done"]) for r in rows),
            sum(len(live.plan.papers) for live in day.tickets),
        )
        # How many papers people get depends on what the reader makes of them: nobody can plan it.
        board.show("Looked at by people", sum(day.done[how] for how in _LOOKED))
        ended = sum(live.ended for live in day.tickets)
        board.show("Requests finished", ended, total)
        if ended == total:
            return
        await asyncio.sleep(0.5)


async def _last_mail(day: Day) -> None:
    """Closing sends surveys; give the last of them the time to arrive and be answered."""
    for _ in range(int(_LAST_MAIL_S / 0.5)):
        if day.done["surveys"] >= len(day.companies):
            return
        await asyncio.sleep(0.5)
    day.problem(f"{day.done['surveys']} surveys were answered, one of each client was expected")
