"""The wall: everything open as it flows through the stages, the queues, what is late or stuck, what came and went,
and whether the machinery behind it is well. It changes by itself, and every figure leads to its rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from babel.dates import format_time
from fastapi import APIRouter
from starlette.responses import Response

from api.access import ROUTES, Rule, as_page
from api.portal.charts import Chart, Series
from api.portal.figures import about
from api.portal.formats import Formats
from api.portal.forms import safe_next
from api.portal.listing import address, client_filter
from api.portal.parts import Chip, NavItem, Tile, Tone
from api.portal.visit import PostDep, VisitDep
from api.v1 import acts
from api.v1.board import SPAN, board_now
from schemas.act_bodies import OptionalReason
from schemas.watch import BoardView
from ticketos.domain.state import STAGES
from ticketos.lines import LINES

router = APIRouter(include_in_schema=False)
_READ = as_page(ROUTES["GET", "/v1/board"])
_RETRY = as_page(ROUTES["POST", "/v1/tickets/{ticket_id}/retry"])
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/wall"): _READ,
    ("POST", "/wall/{ticket_id}/retry"): _RETRY,
}
NAV = (
    NavItem(
        text="wall.title", href="/wall", icon="wall", roles=_READ.roles, section="watch", key="l", order=40
    ),
)
LATE = ("breached", "missed")


@dataclass(frozen=True)
class Box:
    """One stage of one line in the picture: how many, how many of them late or stuck, where they are listed."""

    stage: str
    tickets: int
    late: int
    stuck: int
    href: str
    weight: int
    """Shade, 0 to 4, by the share of the fullest box."""


@dataclass(frozen=True)
class Row:
    """One service line through the stages."""

    name: str
    boxes: list[Box]
    total: int
    href: str


@router.get("/wall")
async def show(visit: VisitDep, client: str = "") -> Response:
    """The wall."""
    board = await board_now(visit.call, client or None)
    t = visit.portal.texts
    f = Formats(t, visit.viewer.zone, visit.call.now)
    return visit.page(
        "wall/show",
        board=board,
        tiles=_tiles(board, f, client),
        stages=STAGES,
        flow=_flow(board, f, client),
        chart=_hours(board, f, client),
        desks=board.desks,
        health=_health(board, f),
        filters=client_filter(visit, client),
        client=client,
        may_retry=bool(visit.viewer.roles & _RETRY.roles),
        live_topic="",
    )


def _tiles(board: BoardView, f: Formats, client: str) -> list[Tile]:
    t = f.texts
    count: Counter[str] = Counter()
    for one in board.stages:
        count["open"] += one.tickets
        count[f"state:{one.state}"] += one.tickets
        count[f"sla:{one.sla_state}"] += one.tickets
    late = sum(count[f"sla:{name}"] for name in LATE)
    stuck, risk = count["state:needs_attention"], count["sla:at_risk"]
    hour = board.hours[-1] if board.hours else None
    came, went = sum(one.received for one in board.hours), sum(one.closed for one in board.hours)

    def to(**query: str) -> str:
        return address("/tickets", {"client": client, **query})

    def tile(key: str, n: int, href: str, tone: Tone = "neutral", note: str = "") -> Tile:
        name = t(f"measures.{key}.name")
        return Tile(name, f.number(n), href, note, tone if n else "neutral", about(key, f, board.at))

    since, until = _whole(board)
    received, closed = (hour.received, hour.closed) if hour else (0, 0)
    return [
        tile("open", count["open"], to()),
        tile("attention", stuck, to(state="attention"), "bad"),
        tile("late", late, to(sla=",".join(LATE)), "bad"),
        tile("at_risk", risk, to(sla="at_risk"), "warn"),
        tile("came", came, to(state="all", since=since, until=until), note=t("wall.this_hour", n=received)),
        tile(
            "went",
            went,
            to(state="closed", closed_since=since, closed_until=until),
            note=t("wall.this_hour", n=closed),
        ),
    ]


def _whole(board: BoardView) -> tuple[str, str]:
    """The very span that was counted, as addresses name it."""
    return (board.at - SPAN).isoformat(), board.at.isoformat()


def _flow(board: BoardView, f: Formats, client: str) -> list[Row]:
    tickets: dict[tuple[str, str], int] = defaultdict(int)
    late: dict[tuple[str, str], int] = defaultdict(int)
    stuck: dict[tuple[str, str], int] = defaultdict(int)
    for one in board.stages:
        place = (one.service_line, one.stage)
        tickets[place] += one.tickets
        late[place] += one.tickets if one.sla_state in LATE else 0
        stuck[place] += one.tickets if one.state == "needs_attention" else 0
    most = max(tickets.values(), default=0)
    titles = {"": f.texts("lists.undecided"), **{line.key: line.title for line in LINES}}
    seen = [key for key in titles if any(place[0] == key for place in tickets)]
    rows = []
    for key in seen:
        query = {"client": client, "line": key or "-"}
        boxes = [
            Box(
                stage,
                tickets[key, stage],
                late[key, stage],
                stuck[key, stage],
                address("/tickets", {**query, "stage": stage}),
                -(-4 * tickets[key, stage] // most) if most else 0,
            )
            for stage in STAGES
        ]
        rows.append(Row(titles[key], boxes, sum(box.tickets for box in boxes), address("/tickets", query)))
    return rows


def _hours(board: BoardView, f: Formats, client: str) -> Chart:
    t = f.texts
    first, last = board.at - SPAN, board.at
    hours = [
        (max(one.hour, first).isoformat(), min(one.hour + timedelta(hours=1), last).isoformat())
        for one in board.hours
    ]
    return Chart(
        t("wall.throughput"),
        [_hour(one.hour, f) for one in board.hours],
        [
            Series(t("wall.received"), [one.received for one in board.hours]),
            Series(t("wall.closed"), [one.closed for one in board.hours]),
        ],
        links=[
            address("/tickets", {"client": client, "state": "all", "since": since, "until": until})
            for since, until in hours
        ],
        first=t("wall.hour"),
        show=f.number,
    )


def _hour(at: datetime, f: Formats) -> str:
    return format_time(at.astimezone(f.zone), "HH:mm", locale=f.texts.locale)


def _health(board: BoardView, f: Formats) -> list[tuple[str, Chip, str]]:
    """Part, how it is, and figures: queues with their workers, and what waits to leave."""
    t = f.texts
    lines: list[tuple[str, Chip, str]] = []
    if board.workflows is not None:
        ok = board.workflows
        chip = Chip(t("wall.well"), "good", "check") if ok else Chip(t("wall.away"), "bad", "alert")
        lines.append((t("wall.temporal"), chip, ""))
    for queue in board.queues:
        if not queue.workers:
            chip = Chip(t("wall.no_worker"), "bad", "alert")
        elif queue.oldest_s > 60:
            chip = Chip(t("wall.behind"), "warn", "late")
        else:
            chip = Chip(t("wall.well"), "good", "check")
        figures = t("wall.queue", workers=queue.workers, n=queue.waiting)
        lines.append((t("wall.queue_name", name=queue.name), chip, figures))
    for one in board.outbox:
        old = f.now - one.oldest > timedelta(minutes=2)
        dead = one.state != "waiting"
        chip = (
            Chip(t("wall.dead"), "bad", "alert")
            if dead
            else Chip(t("wall.behind"), "warn", "late")
            if old
            else Chip(t("wall.leaving"), "info", "play")
        )
        lines.append(
            (
                t("wall.outbox", kind=one.kind),
                chip,
                t("wall.messages", n=one.messages, since=f.span(f.now - one.oldest)),
            )
        )
    return lines


@router.post("/wall/{ticket_id}/retry")
async def retry(visit: PostDep, ticket_id: UUID) -> Response:
    """Try again what failed, with one click."""
    back = safe_next(visit.form.text("next"), "/wall")
    return await visit.act(
        lambda: acts.retry(visit.call, ticket_id, OptionalReason()), to=back, said="wall.retried"
    )
