"""How well work was done: accuracy with its interval per client and agent, defects by kind, the rows behind."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from api.access import ROUTES, Rule, as_page
from api.portal.charts import Chart, Series
from api.portal.formats import Formats
from api.portal.listing import month_choices, sheet
from api.portal.parts import Choice, Filter, NavItem
from api.portal.visit import Visit, VisitDep
from api.v1.operations import accuracy_of
from ticketos.db.repositories import persons, standing
from ticketos.domain import handwork
from ticketos.domain.errors import DomainError
from ticketos.domain.quality import CATEGORIES

router = APIRouter(include_in_schema=False)
_READ = as_page(ROUTES["GET", "/v1/accuracy"])
RULES: dict[tuple[str, str], Rule] = {("GET", "/quality"): _READ, ("GET", "/quality/rework.csv"): _READ}
NAV = (
    NavItem(
        text="quality.title",
        href="/quality",
        icon="quality",
        roles=RULES["GET", "/quality"].roles,
        section="watch",
        key="q",
        order=60,
    ),
)
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


@router.get("/quality")
async def show(
    visit: VisitDep, month: str = "", client: str = "", agent: str = "", verdict: str = "", defect: str = ""
) -> Response:
    """The month's figures, all from the random sample; risk-based and rework checks stay out of the estimate."""
    chosen, companies = _month(visit, month), visit.viewer.companies
    client_id = _client(visit, client)
    staff = visit.principal.staff

    def read(connection: Connection) -> dict[str, Any]:
        by_agent = standing.sampled_by_agent(connection, chosen) if staff else []
        rows = standing.reviewed(
            connection,
            chosen,
            client_id=client_id,
            work_by=_uuid(agent) if staff else None,
            verdict=verdict if verdict in ("pass", "fail") else "",
            defect=defect,
        )
        people = {row["work_by"] for row in (*by_agent, *rows) if row["work_by"]} if staff else set()
        return {
            "clients": [accuracy_of(row, chosen) for row in standing.sampled(connection, chosen)],
            "agents": [accuracy_of(row, chosen) for row in by_agent],
            "defects": standing.defects(connection, chosen),
            "rows": rows,
            "people": persons.names_of(connection, people),
        }

    found = await visit.read(read)
    query = {"month": chosen, "client": client, "agent": agent, "verdict": verdict, "defect": defect}
    return visit.page(
        "quality/quality",
        **found,
        month=chosen,
        staff=staff,
        pareto=_pareto(visit, found["defects"], chosen),
        filters=_filters(visit, query),
        filtered=bool(client or agent or verdict or defect),
        slug={one.id: one.slug for one in companies.values()},
        address=lambda **more: _address({**query, **more}),
        rework_file="/quality/rework.csv?" + urlencode({"month": chosen, "client": client}),
        live_topic="",
    )


def _month(visit: Visit, month: str) -> str:
    """The month that was asked for, else the one it is where the viewer is."""
    return (
        month if _MONTH.fullmatch(month) else visit.call.now.astimezone(visit.viewer.zone).strftime("%Y-%m")
    )


def _client(visit: Visit, slug: str) -> UUID | None:
    """The client that was named, if any. Raises ``client-unknown``: a name nobody knows is not "all of them"."""
    if not slug:
        return None
    found = next((one.id for one in visit.viewer.companies.values() if one.slug == slug), None)
    if found is None:
        raise DomainError("client-unknown")
    return found


REWORK = ("round", "minutes", "cost", "currency", "hourly_rate", "open_minutes")
"""What a defect ticket tells of its round, as columns of the file."""


@router.get("/quality/rework.csv")
async def rework(visit: VisitDep, month: str = "", client: str = "") -> Response:
    """Rounds of rework of a month, with the minutes people spent and what they cost (MF7)."""
    chosen, client_id = _month(visit, month), _client(visit, client)
    rows = await visit.read(lambda connection: standing.reworked(connection, chosen, client_id))
    head = ("client", "request", "defect", "document", *REWORK, "defects", "opened_at", "closed_at")
    lines = [
        (
            visit.viewer.company(row["client_id"]),
            row["request"],
            row["number"],
            row["filename"],
            *(row["detail"].get(name) for name in REWORK),
            len(row["detail"].get("defects") or ()),
            row["recorded_at"].isoformat(),
            row["closed_at"].isoformat() if row["closed_at"] else None,
        )
        for row in rows
    ]
    return await sheet(visit, f"rework-{chosen}", head, lines)


def _pareto(visit: Visit, rows: list[dict[str, Any]], month: str) -> Chart | None:
    t = visit.portal.texts
    if not rows:
        return None
    kinds = list(dict.fromkeys(row["category"] for row in rows))
    counts = {(row["category"], row["severity"]): row["defects"] for row in rows}
    f = Formats(t, visit.viewer.zone, visit.call.now)
    return Chart(
        title=t("quality.pareto"),
        labels=[t.word("defect", kind) for kind in kinds],
        series=[
            Series(t.word("severity", severity), [counts.get((kind, severity), 0) for kind in kinds])
            for severity in ("critical", "non_critical")
        ],
        links=[_address({"month": month, "defect": kind}) + "#reviews" for kind in kinds],
        first=t("quality.category"),
        show=lambda value: f.number(Decimal(value)),
    )


def _filters(visit: Visit, query: dict[str, str]) -> list[Filter]:
    t = visit.portal.texts
    anything = Choice("", t("shell.any"))
    found = [
        Filter(
            "month",
            t("quality.month"),
            month_choices(visit, query["month"], also_any=False),
            query["month"],
        )
    ]
    if visit.viewer.many_clients:
        names = sorted(
            (one.name, one.slug) for one in visit.viewer.companies.values() if one.kind == "client"
        )
        choices = [anything, *(Choice(slug, name, slug == query["client"]) for name, slug in names)]
        found.append(Filter("client", t("quality.client"), choices, query["client"]))
    verdicts = [
        anything,
        *(Choice(one, t(f"quality.verdict.{one}"), one == query["verdict"]) for one in ("pass", "fail")),
    ]
    found.append(Filter("verdict", t("quality.verdict_is"), verdicts, query["verdict"]))
    kinds = [
        anything,
        *(
            Choice(one, t.word("defect", one), one == query["defect"])
            for one in dict.fromkeys((*CATEGORIES, *handwork.CATEGORIES))
        ),
    ]
    found.append(Filter("defect", t("quality.category"), kinds, query["defect"]))
    return found


def _address(query: dict[str, Any]) -> str:
    kept = {name: value for name, value in query.items() if value}
    return "/quality" + (f"?{urlencode(kept)}" if kept else "")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
