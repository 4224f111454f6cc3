"""Months of a client's book, and month-ends, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from schemas.http import Body, View


class BookMonthView(View):
    """A month of a client's book. ``open`` takes entries; ``soft`` what finance lets in; ``closed`` none."""

    client_id: UUID
    period: str = Field(examples=["2026-10"])
    state: Literal["open", "soft", "closed"]
    implied: bool = Field(description="Shut because a later month is; nobody spoke of this one")
    changed_at: datetime | None = None
    changed_by: UUID | None = Field(default=None, description="Null: the month-end itself, found clean")
    reason: str = ""
    entries: int
    clean: bool | None = Field(default=None, description="What its last month-end found; null: none was run")
    ran_at: datetime | None = None
    runs: int = 0


class ShutMonth(Body):
    """Close a soft-closed month for good."""

    reason: str = Field(default="", max_length=2_000, examples=["Reviewed by the controller"])


class ReopenMonth(Body):
    """Open a month again; the reason is kept in the trail."""

    reason: str = Field(min_length=1, max_length=2_000, examples=["The auditor found a wrong accrual"])


class RunMonthEnd(Body):
    """Run a month's end now."""

    with_open: str = Field(
        default="",
        max_length=2_000,
        description="Why to close although documents are open: they are listed, and nothing else is waived",
        examples=["Accrued by hand"],
    )


class MonthCheck(View):
    """One thing that must hold. ``waived``: finance closed in spite of it."""

    name: str = Field(examples=["trial_balance"])
    ok: bool
    detail: str
    waived: bool = False


class MonthEndView(View):
    """The report of a month's last run. ``outcome`` of a run asked for now: ``closed``, ``blocked`` (``checks`` say by
    what) or ``ran_before`` (the month is shut; the report is the one kept then)."""

    client_id: UUID
    period: str = Field(examples=["2026-10"])
    outcome: Literal["closed", "blocked", "ran_before"] | None = None
    state: Literal["open", "soft", "closed"]
    clean: bool
    runs: int
    ran_at: datetime
    ran_by: UUID | None = None
    counts: dict[str, int] = Field(description="Documents received in the month, by what became of them")
    checks: list[MonthCheck]
    open: list[dict[str, str]] = Field(description="Documents still open, the first 500")
    differences: list[dict[str, Any]]
    apart: list[dict[str, str]] = Field(
        default_factory=list,
        description="Posted documents that say something else is owed than their entries",
    )
    trial_balance: list[dict[str, str]] = Field(description="At the month's last day")
    control: dict[str, str] = Field(description="Owed by the payable account, per currency")
    subledger: dict[str, str] = Field(description="Owed by the documents, per currency")
    with_open: str = ""
