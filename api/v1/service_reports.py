"""The report a client gets of its month, as PDF: the figures of Insights, their charts, and what is open."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Protocol
from uuid import UUID

from fastapi import APIRouter, Path, Query
from sqlalchemy import Connection
from starlette.responses import Response

from api.deps import Call, ReadDep
from api.services import in_thread
from api.v1.measures import Asked, Days, counted_rows, measured
from api.v1.parameters import problems
from api.v1.tickets import client_asked
from schemas.watch import CountedRow, MeasuresView
from ticketos.db.repositories import approvals, clients, tickets
from ticketos.domain.measures import BY_KEY
from ticketos.reports.printed import MEDIA, Report, report

router = APIRouter(prefix="/v1", tags=["operations"])
SPAN, LISTED = 6, 40
"""Months of the charts, and how many rows a table lists at most."""


@dataclass(frozen=True)
class Read:
    """What the report is made of. ``open_now`` counts what ``open`` lists."""

    company: str
    month: str
    plain: MeasuresView
    lines: MeasuresView
    escalated: list[CountedRow]
    returned: list[CountedRow]
    waits: Sequence[Any]
    open: Sequence[Any]
    open_now: int


class Composer(Protocol):
    """Says what was read in words: the portal's, which the app brings together with the API."""

    def __call__(self, r: Read) -> Report: ...


@router.get(
    "/clients/{client_id}/service-reports/{month}.pdf",
    response_class=Response,
    responses=problems(404) | {200: {"description": "The report", "content": {MEDIA: {}}}},
)
async def service_report(
    call: ReadDep,
    client_id: UUID,
    month: Annotated[str, Path(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", description="As 2026-11")],
    zone: Annotated[str | None, Query(max_length=60, description="Whose days; default: the client's")] = None,
) -> Response:
    """Volumes, promises, accuracy with its interval, what AI did, escalations, what was sent back, cost and what is open,
    of one client and month: tagged and searchable, with charts and their tables."""
    found = await call.read(lambda connection: _read(connection, call, client_id, month, zone))
    compose: Composer = call.request.app.state.composed
    content = await in_thread(lambda: report(compose(found)))
    name = f"service-report-{month}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(content, media_type=MEDIA, headers=headers)


def _read(connection: Connection, call: Call, client_id: UUID, month: str, zone: str | None) -> Read:
    own = client_asked(connection, call, str(client_id))
    company = call.found(clients.get(connection, own), "client")
    last = date.fromisoformat(f"{month}-{monthrange(*map(int, month.split('-')))[1]:02d}")
    named = zone or str(company["zone"])
    asked = Asked(str(own), count=SPAN, zone=named, last=last)
    plain = measured(connection, call, asked)
    lines = measured(connection, call, Asked(str(own), count=1, by="line", zone=named, last=last))
    days = Days(last.replace(day=1), last)

    def rows(key: str) -> list[CountedRow]:
        found, _ = counted_rows(connection, call, BY_KEY[key], days, asked, LISTED, None, part_only=True)
        return found

    open_ones = tickets.Filter(client_ids=(own,), open_only=True)
    return Read(
        str(company["name"]),
        month,
        plain,
        lines,
        rows("escalated"),
        rows("escapes"),
        approvals.listed(connection, [own], waiting=True, limit=LISTED, cursor=None)[0],
        tickets.listed(connection, open_ones, LISTED, None)[0],
        tickets.counted(connection, open_ones, 10_000),
    )
