"""Every usage event has one fate, and a correction is a reversing event (PB9)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketos.domain.errors import DomainError
from ticketos.domain.usage import UsageEvent, billing_period, fate, next_period, period_of, reversal

EVENT = UsageEvent(
    "k1", "acme", "c1", "document", "doc-1", Decimal(1), datetime(2026, 11, 21, 12, tzinfo=UTC), "t1"
)


@pytest.mark.parametrize(
    ("expected", "event", "known", "locked", "in_force"),
    [
        ("billable", EVENT, set(), set(), True),
        ("billable", EVENT, {"k2"}, {"2026-10"}, True),
        ("duplicate", EVENT, {"k1"}, {"2026-11"}, False),
        ("no_contract", EVENT, set(), {"2026-11"}, False),
        ("no_contract", replace(EVENT, contract_id=None), set(), set(), True),
        ("late", EVENT, set(), {"2026-11"}, True),
    ],
)
def test_each_event_has_one_fate(
    expected: str, event: UsageEvent, known: set[str], locked: set[str], in_force: bool
) -> None:
    assert fate(event, known, locked, in_force) == expected
    assert fate(event, known, locked.__contains__, in_force) == expected


def test_a_late_event_goes_to_the_next_open_period() -> None:
    assert billing_period(EVENT, set()) == "2026-11"
    assert billing_period(EVENT, {"2026-11", "2026-12"}) == "2027-01"
    assert billing_period(EVENT, lambda period: period < "2027-03") == "2027-03"
    with pytest.raises(DomainError) as error:
        billing_period(EVENT, lambda period: True)
    assert error.value.code == "period-none-open"


def test_the_period_is_the_month_of_the_contracts_own_zone() -> None:
    last_evening = datetime(2026, 11, 30, 20, tzinfo=UTC)
    assert period_of(last_evening, "UTC") == "2026-11"
    assert period_of(last_evening, "Asia/Kolkata") == "2026-12"
    locked = replace(EVENT, accepted_at=last_evening)
    assert fate(locked, (), {"2026-11"}, True, "UTC") == "late"
    assert fate(locked, (), {"2026-11"}, True, "Asia/Kolkata") == "billable"


@given(st.integers(1, 9998), st.integers(1, 12))
def test_periods_follow_each_other_in_text_order(year: int, month: int) -> None:
    period = f"{year:04d}-{month:02d}"
    assert next_period(period) > period


def test_a_correction_is_a_negative_event_that_names_what_it_takes_back() -> None:
    undone = reversal(EVENT, "k1-undo", datetime(2026, 12, 2, tzinfo=UTC))
    assert (undone.quantity, undone.reverses, undone.unit_id) == (Decimal(-1), "k1", "doc-1")
    assert EVENT.quantity + undone.quantity == 0
    refusals: tuple[Callable[[], object], ...] = (
        lambda: reversal(undone, "k3", EVENT.accepted_at),
        lambda: reversal(EVENT, "k1", EVENT.accepted_at),
    )
    for refused in refusals:
        with pytest.raises(DomainError) as error:
            refused()
        assert error.value.code == "usage-reversal-invalid"


def test_events_that_make_no_sense_are_refused() -> None:
    for code, change in (
        ("usage-quantity-invalid", {"quantity": Decimal(0)}),
        ("usage-quantity-invalid", {"quantity": Decimal(-1)}),
        ("usage-quantity-invalid", {"reverses": "k0"}),
        ("money-float-refused", {"quantity": 1.0}),
        ("usage-key-missing", {"key": ""}),
        ("datetime-naive", {"accepted_at": datetime(2026, 1, 1)}),  # noqa: DTZ001
    ):
        with pytest.raises(DomainError) as error:
            replace(EVENT, **change)
        assert error.value.code == code
    refusals: tuple[tuple[str, Callable[[], object]], ...] = (
        ("period-invalid", lambda: next_period("2026-13")),
        ("calendar-zone-unknown", lambda: period_of(EVENT.accepted_at, "Nowhere")),
    )
    for code, call in refusals:
        with pytest.raises(DomainError) as error:
            call()
        assert error.value.code == code
