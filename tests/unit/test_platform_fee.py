"""The platform keeps 20 %, the agent gets the rest, a credit note takes back both (PB7)."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketos.domain.errors import DomainError
from ticketos.domain.money import Money, money_sum
from ticketos.domain.platform_fee import HOUSE, FeeSplit, clawback, share, split

VALUES = st.decimals(0, 10**7, places=2).map(lambda amount: Money.of(amount, "INR"))
PERCENTS = st.decimals(0, 100, places=2)


def inr(value: str | int) -> Money:
    return Money.of(value, "INR")


@pytest.mark.parametrize(
    ("value", "fee", "payout"),
    [("3.50", "0.70", "2.80"), ("3500", "700", "2800"), ("0.03", "0.01", "0.02"), ("0.02", "0.00", "0.02")],
)
def test_the_fee_is_rounded_half_up_and_the_payout_is_the_rest(value: str, fee: str, payout: str) -> None:
    assert split(inr(value)) == FeeSplit(inr(fee), inr(payout))
    assert split(inr("0.10"), Decimal(25)) == FeeSplit(inr("0.03"), inr("0.07"))  # 0.025 up


@given(VALUES, PERCENTS)
def test_fee_and_payout_add_up_and_mirror_below_zero(value: Money, percent: Decimal) -> None:
    parts = split(value, percent)
    assert parts.fee + parts.payout == value
    assert parts.fee.in_minor_units
    assert parts.payout.in_minor_units
    assert split(-value, percent) == FeeSplit(-parts.fee, -parts.payout)


@given(VALUES, PERCENTS, st.lists(st.integers(0, 100), min_size=1, max_size=5))
def test_partial_credits_together_take_back_exactly_what_was_given(
    value: Money, percent: Decimal, steps: list[int]
) -> None:
    credited = Money.zero("INR")
    fee, payout = Money.zero("INR"), Money.zero("INR")
    for step in [*steps, 100]:
        part = (value - credited).times(Decimal(step) / 100).rounded()
        taken = clawback(value, part, percent, credited)
        assert taken.fee + taken.payout == -part
        credited, fee, payout = credited + part, fee + taken.fee, payout + taken.payout
    given_ = split(value, percent)
    assert (fee, payout) == (-given_.fee, -given_.payout)


def test_no_more_comes_back_than_was_given() -> None:
    assert clawback(inr(10), inr(10)) == FeeSplit(inr(-2), inr(-8))
    refusals: tuple[Callable[[], object], ...] = (
        lambda: clawback(inr(10), inr("10.01")),
        lambda: clawback(inr(10), inr(5), already_credited=inr(6)),
    )
    for refused in refusals:
        with pytest.raises(DomainError) as error:
            refused()
        assert error.value.code == "clawback-exceeds-value"


def test_a_payout_is_shared_by_accepted_step_or_goes_to_the_house() -> None:
    assert share(inr("2.80"), {"ravi": 2, "asha": 1}) == {"asha": inr("0.93"), "ravi": inr("1.87")}
    assert share(inr("2.80"), {}) == {HOUSE: inr("2.80")}
    parts = share(inr("0.01"), {"b": 1, "a": 1})
    assert parts == {"a": inr("0.01"), "b": inr(0)}
    assert money_sum(parts.values(), "INR") == inr("0.01")


def test_a_percentage_and_a_payable_value_are_needed() -> None:
    refusals: tuple[tuple[str, Callable[[], object]], ...] = (
        ("fee-percent-invalid", lambda: split(inr(1), Decimal(101))),
        ("money-not-in-minor-units", lambda: split(inr("0.005"))),
        ("money-float-refused", lambda: split(inr(1), 20.0)),  # type: ignore[arg-type]
    )
    for code, refused in refusals:
        with pytest.raises(DomainError) as error:
            refused()
        assert error.value.code == code
