"""Recommendations on contracts that end, over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from schemas.http import View


class RenewalView(View):
    """What is advised about a contract before it ends. ``figures.measures`` names each measure with its value, its target
    and whether it is met (null: not known)."""

    id: UUID
    client_id: UUID
    contract_id: UUID
    number: str
    name: str
    service_line: str
    ends_on: date
    advice: str = Field(examples=["renew", "mend", "reprice", "ask"])
    figures: dict[str, Any]
    made_at: datetime
