"""Days that pages fill in: those of whom they are about, not those of Greenwich."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from api.portal.routes.agreements import _today
from api.portal.routes.quality import _month
from api.portal.viewer import Company

AT_TWO_IN_KOLKATA = datetime(2026, 11, 30, 20, 30, tzinfo=UTC)
"""Two in the night of 1 December in India; still November in London and New York."""


def visit_in(zone: str) -> Any:
    return SimpleNamespace(
        call=SimpleNamespace(now=AT_TWO_IN_KOLKATA), viewer=SimpleNamespace(zone=ZoneInfo(zone))
    )


def test_the_month_of_the_quality_page_is_the_one_it_is_where_the_viewer_is() -> None:
    assert _month(visit_in("Asia/Kolkata"), "") == "2026-12"
    assert _month(visit_in("America/New_York"), "no month") == "2026-11"
    assert _month(visit_in("Asia/Kolkata"), "2026-07") == "2026-07"


def test_a_new_contract_starts_in_the_clients_month() -> None:
    company = Company(uuid4(), "acme", "Acme", "client", "Asia/Kolkata", "INR")
    assert _today(visit_in("America/New_York"), company) == date(2026, 12, 1)
