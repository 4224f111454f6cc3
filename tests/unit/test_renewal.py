"""Renewal (MF10): when a recommendation is due, and what it says from which figures."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from ticketos.domain import renewal
from ticketos.domain.errors import DomainError
from ticketos.domain.renewal import Figures
from ticketos.domain.terms import Terms

GOOD: dict[str, Any] = {
    "units": Decimal(900),
    "units_before": Decimal(1000),
    "inspected": 1000,
    "correct": 999,
    "met": 95,
    "missed": 5,
    "answers": 3,
    "csat": Decimal("4.00"),
    "net": Decimal(1000),
    "payout": Decimal(800),
    "rework": Decimal(100),
    "currency": "INR",
}


@pytest.mark.parametrize(
    ("changed", "advice", "short"),
    [
        ({}, "renew", set()),
        ({"correct": 997}, "mend", {"accuracy"}),
        ({"missed": 6}, "mend", {"sla"}),
        ({"csat": Decimal("3.99")}, "mend", {"csat"}),
        ({"rework": Decimal("100.1")}, "reprice", {"margin"}),
        ({"rework": Decimal(500), "missed": 50}, "mend", {"margin", "sla"}),
        ({"units": Decimal(499)}, "ask", {"volume"}),
        ({"units": Decimal(0), "units_before": Decimal(0)}, "ask", set()),
        ({"inspected": 0, "correct": 0, "answers": 0, "csat": None, "net": Decimal(0)}, "renew", set()),
    ],
)
def test_the_advice_follows_from_what_fell_short(
    changed: dict[str, Any], advice: str, short: set[str]
) -> None:
    made = renewal.recommend(Terms(), Figures(**{**GOOD, **changed}))
    assert (made["advice"], {m["name"] for m in made["measures"] if m["ok"] is False}) == (advice, short)


def test_what_is_not_known_is_said_so() -> None:
    made = renewal.recommend(Terms(), Figures(units=Decimal(5), currency="INR"))
    assert {m["name"]: m["ok"] for m in made["measures"]} == dict.fromkeys(
        ("volume", "accuracy", "sla", "csat", "margin")
    )


def test_accuracy_is_measured_against_the_contracts_own_target() -> None:
    lax = Terms.from_json({"qa": {"accuracy_target": "0.99"}})
    assert renewal.recommend(lax, Figures(**{**GOOD, "correct": 991}))["advice"] == "renew"


@pytest.mark.parametrize(
    ("at", "ends_on", "due"),
    [
        (datetime(2026, 10, 31, 18, 29, tzinfo=UTC), date(2026, 12, 31), False),
        (datetime(2026, 10, 31, 18, 30, tzinfo=UTC), date(2026, 12, 31), True),
        (datetime(2026, 12, 31, 12, 0, tzinfo=UTC), date(2026, 12, 31), True),
        (datetime(2027, 1, 1, 12, 0, tzinfo=UTC), date(2026, 12, 31), False),
        (datetime(2026, 12, 31, 12, 0, tzinfo=UTC), None, False),
    ],
    ids=["61 days before in Kolkata", "60 days before", "the last day", "over", "without an end"],
)
def test_it_is_due_so_many_days_before_the_end_on_the_clients_day(
    at: datetime, ends_on: date | None, due: bool
) -> None:
    assert renewal.is_due(Terms(), ends_on, at, "Asia/Kolkata") is due
    late = Terms.from_json({"closure": {"renewal_days": 0}})
    assert renewal.is_due(late, ends_on, at, "Asia/Kolkata") is (due and ends_on == at.date())


def test_a_period_names_a_contract_and_its_end() -> None:
    contract, end = UUID(int=5), date(2026, 12, 31)
    assert renewal.read_period(renewal.period_of(contract, end)) == (contract, end)
    for wrong in ("2026-11", f"{contract}", f"{contract}@soon", "x@2026-12-31"):
        with pytest.raises(DomainError, match=r"^period-invalid"):
            renewal.read_period(wrong)
