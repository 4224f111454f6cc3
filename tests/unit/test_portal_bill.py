"""What a request's page says of its bill, and how lists offer months."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from api.portal.bill import OnBill, on_bill
from api.portal.listing import MONTHS_BACK, months


def used(state: str, quantity: str = "1.0000", period: str = "2026-11") -> dict[str, Any]:
    return {"state": state, "bill_period": period, "quantity": Decimal(quantity)}


def test_units_are_counted_by_month_and_state_as_people_count() -> None:
    rows = [used("billable"), used("billable", "2"), used("invoiced", "0.5000", "2026-10"), used("waived")]
    found = on_bill(rows)
    assert found == [OnBill("invoiced", "2026-10", Decimal("0.5")), OnBill("billable", "2026-11", Decimal(3))]
    assert [str(one.units) for one in found] == ["0.5", "3"]


def test_what_was_taken_back_is_on_no_bill() -> None:
    assert on_bill([used("billable"), used("billable", "-1")]) == []
    assert on_bill([used("reversed"), used("settled")]) == []
    assert on_bill([]) == []


def test_months_are_offered_from_this_one_back_with_the_chosen_one_at_its_place() -> None:
    offered = months(date(2026, 2, 3))
    assert offered[:3] == ["2026-02", "2026-01", "2025-12"]
    assert len(offered) == MONTHS_BACK
    assert months(date(2026, 2, 3), "2025-12") == offered
    assert months(date(2026, 2, 3), "2020-05")[-1] == "2020-05"
    assert months(date(2026, 2, 3), "2026-09")[0] == "2026-09"
