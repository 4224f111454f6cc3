"""`ticketos demo`: a working day on real inputs, played by scripted people through public API and SMTP alone.

The JSON of ``--json`` (amounts and quantities are decimal strings):

    ok          every ticket ended as planned, every check held, nothing unexpected happened
    seconds     {"papers", "start", "day", "money", "total"}
    tickets     one object per ticket: key number client subject twist state ok why documents straight_through
                by_people quarantined rejected accepted billed rounds sla inspected correct reasons
    totals      {"tickets", "as_planned", "documents", "straight_through", "by_people", "quarantined",
                "rejected", "accepted", "billed", "reworked", "inspected", "correct", "accuracy"}
    people      what the scripted people did, counted: keyed confirmed rejected passed failed accepted …
    shown       what the day had to show: {"what", "ok", "tickets"}
    invoices    one object per invoice: client number units net tax total currency issued
    checks      {"name", "ok", "detail"}: books, units, evidence, reconciliation, audit trail, standing check
    unexpected  what happened otherwise than planned, in words
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ticketos.dev.processes import StackError
from ticketos.dev.sim import folder
from ticketos.dev.sim.clients import COMPANIES
from ticketos.dev.sim.judge import outcome_of
from ticketos.dev.sim.live import Day, Tickets
from ticketos.dev.sim.mailer import Postbox
from ticketos.dev.sim.money import close_month
from ticketos.dev.sim.papers import Pile
from ticketos.dev.sim.play import play
from ticketos.dev.sim.progress import Board
from ticketos.dev.sim.report import Report, trail_check
from ticketos.dev.sim.scenario import Plan, working_day
from ticketos.dev.sim.setting import first_administrator, set_stage
from ticketos.dev.sim.trial import Newcomer, Trial
from ticketos.dev.sim.turns import Turns
from ticketos.dev.stack import Stack, StackUrls
from ticketos.settings import Settings

_KEPT = frozenset({"TICKETOS_OCR_PROCESSES", "TICKETOS_LOG_LEVEL", "TICKETOS_MAX_CACHED_WORKFLOWS"})
_OUTSIDE = ("DATABASE_URL", "TEMPORAL_ADDRESS")


def run_demo(documents: Path | None = None, *, keep: bool = False) -> Report:
    """Start a whole stack in a new home, play the day in it, end it. ``keep`` leaves the home for a look.

    Raises ``StackError`` when the stack cannot start or the folder cannot be used.
    """
    plans = working_day() if documents is None else ()
    files = folder.collect(documents) if documents is not None else ()
    leave_outside_alone()
    began = time.monotonic()
    with Board() as board, ThreadPoolExecutor(1) as maker:
        settings = Settings(home=Path(tempfile.mkdtemp(prefix="ticketos-demo-"))) if keep else Settings()
        settings = settings.model_copy(update={"port": 0})
        made = maker.submit(_make_papers, plans, board)
        stack = Stack(settings, temporary=not keep, web_ui=keep, say=board.say)
        with stack as urls:
            if documents is not None:
                report = asyncio.run(_folder(urls, files, board, began))
            else:
                report = asyncio.run(
                    _day(urls, settings.mail_domain, urls.home / "objects", plans, lambda: made, board, began)
                )
        if keep:
            board.say(f"The home of this day is kept: TICKETOS_HOME={settings.home} ticketos up")
    return report


@dataclass(frozen=True)
class Filled:
    """A home after its demo day. ``people`` is the file that says how everybody signs in."""

    report: Report
    people: Path
    trial: Trial


def fill(urls: StackUrls, settings: Settings, email: str, password: str) -> Filled:
    """Play the same day in a running stack whose home is empty (``up --demo``), as the administrator given. Before it
    begins, whoever is new is told what to try meanwhile, which the day leaves alone."""
    plans = working_day()
    began = time.monotonic()
    objects = objects_folder(settings)
    people = urls.home / "demo-people.json"
    trials: list[Trial] = []

    async def ready(day: Day, newcomer: Newcomer, board: Board) -> None:
        trials.append(await newcomer.ready(day))
        _keep_people(people, day)
        for line in trials[0].lines():
            board.say(line)

    with Board() as board, ThreadPoolExecutor(1) as maker:
        report = asyncio.run(
            _day(
                urls,
                settings.mail_domain,
                objects,
                plans,
                lambda: maker.submit(_make_papers, plans, board),  # drawn when there is something to try
                board,
                began,
                (email, password),
                ready,
            )
        )
    return Filled(report, people, trials[0])


def _keep_people(file: Path, day: Day) -> None:
    """Write down how everybody signs in, for its owner alone."""
    file.touch(mode=0o600)
    file.write_text(
        json.dumps(
            [{"name": one.name, "email": one.email, "password": one.password} for one in day.people.values()],
            ensure_ascii=False,
            indent=1,
        ),
        encoding="utf-8",
    )


def _make_papers(plans: Sequence[Plan], board: Board) -> tuple[Pile, float]:
    began, pile, count = time.monotonic(), Pile(), 0
    total = sum(len(plan.papers) for plan in plans)

    def one_more() -> None:
        nonlocal count
        count += 1
        board.show("Documents made", count, total)

    for plan in plans:
        pile.make(plan.key, plan.papers, one_more)
    return pile, time.monotonic() - began


async def _day(
    urls: StackUrls,
    mail_domain: str,
    objects: Path,
    plans: Sequence[Plan],
    made: Callable[[], Future[tuple[Pile, float]]],
    board: Board,
    began: float,
    account: tuple[str, str] | None = None,
    ready: Callable[[Day, Newcomer, Board], Awaitable[None]] | None = None,
) -> Report:
    """The day on a stage of its own. With ``ready`` there is something for a newcomer too, and it comes when that waits
    to be tried and nothing else has happened."""
    day = Day(
        urls.portal, Pile(), Tickets(plans), {company.slug: company for company in COMPANIES}, told=board.say
    )
    postbox = Postbox("127.0.0.1", urls.mail_port, urls.home / "mail")
    started = time.monotonic()
    async with AsyncExitStack() as stack:
        newcomer = Newcomer()
        await _open(urls, day, stack, board, account, newcomer.hand_in if ready is not None else None)
        if ready is not None:
            await ready(day, newcomer, board)
        set_s = time.monotonic() - started
        day.pile, papers_s = await asyncio.wrap_future(made())
        turns = Turns(day, postbox, mail_domain, objects)
        played = await _timed(lambda: play(day, turns, postbox, board))
        outcomes = [await outcome_of(day, live) for live in day.tickets]
        report = Report(day, tuple(outcomes))
        settled = await _timed(lambda: close_month(day, outcomes, report, board))
    report.checks.append(await trail_check(urls))
    report.seconds = {
        "papers": papers_s,
        "start": started - began + set_s,
        "day": played,
        "money": settled,
        "total": time.monotonic() - began,
    }
    return report


async def _folder(urls: StackUrls, files: Sequence[Path], board: Board, began: float) -> Report:
    started = time.monotonic()
    companies = {one.slug: one for one in folder.CLIENTS}
    day = Day(urls.portal, Pile(), Tickets(folder.plans(files)), companies, told=board.say)
    async with AsyncExitStack() as stack:
        await _open(urls, day, stack, board)
        report = Report(day, ())
        played = await _timed(lambda: folder.play(day, files, report, board))
        settled = await _timed(lambda: close_month(day, report.outcomes, report, board))
    report.checks.append(await trail_check(urls))
    report.seconds = {
        "start": started - began,
        "day": played,
        "money": settled,
        "total": time.monotonic() - began,
    }
    return report


async def _open(
    urls: StackUrls,
    day: Day,
    stack: AsyncExitStack,
    board: Board,
    account: tuple[str, str] | None = None,
    first: Callable[[Day, AsyncExitStack], Awaitable[None]] | None = None,
) -> None:
    board.say("Clients, contracts and people are set up")
    if account is None:
        account = await asyncio.to_thread(first_administrator, urls.database, urls.home)
    await set_stage(day, account, stack, first)


async def _timed(work: Callable[[], Awaitable[None]]) -> float:
    began = time.monotonic()
    await work()
    return time.monotonic() - began


def objects_folder(settings: Settings) -> Path:
    """The local folder of encrypted files; raises ``StackError`` for a store elsewhere."""
    url = urlsplit(settings.objects_url)
    if url.scheme != "file":
        raise StackError("The demo day needs its files in a local folder; unset TICKETOS_OBJECTS_URL.")
    return Path(unquote(url.path))


def leave_outside_alone() -> None:
    """The demo has services of its own: what the environment says of real ones must reach no part of it."""
    for name in [*os.environ]:
        if name in _OUTSIDE or (name.startswith("TICKETOS_") and name not in _KEPT):
            del os.environ[name]
