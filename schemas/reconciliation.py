"""The daily reconciliation over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from schemas.http import Body, View
from schemas.invoices import ClientName


class RunReconciliation(Body):
    """Reconcile a day of a client now; the day's earlier report is replaced."""

    client: ClientName
    day: date = Field(ge=date(2000, 1, 1), le=date(2199, 12, 31))


class ReconciliationView(View):
    """A day of a client: received = posted + rejected + quarantined + open (withdrawn documents are among the
    rejected), value totals per currency, references, and every difference by name."""

    id: UUID
    client_id: UUID
    day: date
    counts: dict[str, int]
    totals: dict[str, dict[str, str]] = Field(
        description="Per currency: received, posted, rejected, quarantined, open, booked"
    )
    references: list[str]
    differences: list[dict[str, Any]]
    ran_at: datetime
