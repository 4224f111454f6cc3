"""What operations ask of the whole: the standing check and how well work was done."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from api.deps import ReadDep
from api.v1.parameters import problems
from schemas.http import View
from ticketos.db.repositories import standing
from ticketos.domain.accuracy import accuracy
from ticketos.domain.errors import DomainError

router = APIRouter(prefix="/v1", tags=["operations"])


class Violation(View):
    """An open request that lacks an owner, a next action or a running timer."""

    id: UUID
    client_id: UUID
    number: str
    stage: str
    state: str
    problem: str = Field(examples=["no running timer"])


class StandingCheck(View):
    """The standing check. ``ok`` means that nothing was found, as it should be."""

    ok: bool
    violations: list[Violation]


class AccuracyView(View):
    """Field accuracy of one client and month: correct ÷ inspected fields of the random level-2 sample, with its
    95 % Wilson interval; ``ai`` is the same before any person's keying. Null rates: nothing was inspected."""

    client_id: UUID
    agent_id: UUID | None = Field(default=None, description="Whose work it was, with by=agent (staff alone)")
    month: str = Field(examples=["2026-11"])
    documents: int
    inspected: int
    correct: int
    rate: str | None
    low: str | None
    high: str | None
    ai_rate: str | None


@router.get("/standing-check", response_model=StandingCheck, responses=problems(400))
async def standing_check(call: ReadDep) -> Any:
    """Open requests without owner, next action or running timer. An empty list is the normal answer."""
    rows = await call.read(standing.violations)
    return StandingCheck(ok=not rows, violations=[Violation.model_validate(row) for row in rows])


@router.get("/accuracy", response_model=list[AccuracyView], responses=problems(400))
async def field_accuracy(
    call: ReadDep,
    month: Annotated[
        str | None,
        Query(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", description="Month of the checks, UTC; default: now"),
    ] = None,
    by: Annotated[
        Literal["client", "agent"], Query(description="One row per client, or per client and agent")
    ] = "client",
) -> Any:
    """Accuracy per client from the random sample alone; rework and risk-based checks stay out of the estimate."""
    chosen = month or call.services.now().strftime("%Y-%m")
    if by == "agent" and not call.principal.staff:
        raise DomainError("forbidden")
    found = standing.sampled_by_agent if by == "agent" else standing.sampled
    return [accuracy_of(row, chosen) for row in await call.read(lambda connection: found(connection, chosen))]


def accuracy_of(row: dict[str, Any], month: str) -> AccuracyView:
    """A row of the sample with its rates."""
    people, machine = (
        accuracy(row["correct"], row["inspected"]),
        accuracy(row["ai_correct"], row["inspected"]),
    )
    return AccuracyView(
        client_id=row["client_id"],
        agent_id=row.get("work_by"),
        month=month,
        documents=row["documents"],
        inspected=row["inspected"],
        correct=row["correct"],
        rate=_text(people.rate),
        low=_text(people.low),
        high=_text(people.high),
        ai_rate=_text(machine.rate),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)
