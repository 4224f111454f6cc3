"""Money is exact, of one currency, and splits without losing a paisa (PB14)."""

import pickle
from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ticketos.domain.errors import DomainError
from ticketos.domain.money import Money, allocate, minor_digits, money_sum

AMOUNTS = st.decimals(-(10**12), 10**12, places=2)
WEIGHTS = st.lists(
    st.one_of(st.integers(0, 50), st.decimals(0, 9, places=3)), min_size=1, max_size=12
).filter(any)


def inr(value: str | int | Decimal) -> Money:
    return Money.of(value, "INR")


def code_of(error: pytest.ExceptionInfo[DomainError]) -> str:
    return error.value.code


def test_a_decimal_string_is_accepted_and_the_same_float_is_refused() -> None:
    assert inr("3.50") == Money(Decimal("3.5"), "INR")
    refusals: tuple[Callable[[], object], ...] = (
        lambda: Money.of(3.5, "INR"),  # type: ignore[arg-type]
        lambda: Money(3.5, "INR"),  # type: ignore[arg-type]
        lambda: inr(1).times(0.5),  # type: ignore[arg-type]
    )
    for refused in refusals:
        with pytest.raises(DomainError) as error:
            refused()
        assert code_of(error) == "money-float-refused"


@pytest.mark.parametrize("value", ["", "1,000", "NaN", "Infinity", True, None])
def test_what_is_no_finite_number_is_refused(value: object) -> None:
    with pytest.raises(DomainError) as error:
        Money.of(value, "INR")  # type: ignore[arg-type]
    assert code_of(error) == "money-not-a-number"


def test_one_currency_adds_and_compares_and_two_do_not_mix() -> None:
    assert inr(1) + inr("0.5") - inr(2) == inr("-0.5")
    assert inr(1) < inr(2) <= inr(2)
    assert inr(3) > inr(2) >= inr(2)
    refusals: tuple[Callable[[], object], ...] = (
        lambda: inr(1) + Money.of(1, "USD"),
        lambda: inr(1) - Money.of(1, "USD"),
        lambda: inr(1) < Money.of(2, "USD"),
        lambda: inr(1) >= Money.of(2, "USD"),
        lambda: money_sum([Money.of(1, "USD")], "INR"),
    )
    for refused in refusals:
        with pytest.raises(DomainError) as error:
            refused()
        assert code_of(error) == "currency-mismatch"
    assert inr(1) != Money.of(1, "USD")


@pytest.mark.parametrize("currency", ["inr", "RUPEE", ""])
def test_a_currency_is_three_capital_letters(currency: str) -> None:
    with pytest.raises(DomainError) as error:
        Money.of(1, currency)
    assert code_of(error) == "currency-unknown"


@pytest.mark.parametrize(
    ("value", "currency", "rounded"),
    [
        ("1.005", "INR", "1.01"), ("-1.005", "INR", "-1.01"), ("1.004", "USD", "1.00"),
        ("0.5", "JPY", "1"), ("1.2345", "KWD", "1.235"), ("-0.001", "INR", "0.00"),
    ],
)  # fmt: skip
def test_rounding_is_half_up_to_the_currencys_minor_unit(value: str, currency: str, rounded: str) -> None:
    result = Money.of(value, currency).rounded()
    assert str(result) == f"{rounded} {currency}"
    assert result.in_minor_units


def test_another_rounding_mode_is_named_at_the_call() -> None:
    assert inr("1.009").rounded(ROUND_DOWN) == inr("1.00")


def test_products_stay_exact_until_rounded_whatever_the_threads_context() -> None:
    with localcontext() as context:
        context.prec = 3
        assert inr("12345.67").times(Decimal("0.0123")) == inr("151.851741")
        assert inr("12345.67") + inr("0.01") == inr("12345.68")


def test_what_cannot_be_kept_exact_is_refused_instead_of_rounded() -> None:
    assert Money.of("1e50", "INR") + inr("0.01") == Money.of("1" + "0" * 50 + ".01", "INR")
    refusals: tuple[Callable[[], object], ...] = (
        lambda: Money.of("1e200", "INR") + inr("0.01"),
        lambda: Money.of("1e200", "INR").rounded(),
        lambda: inr("1" * 60).times(Decimal("1." + "1" * 60)),
    )
    for refused in refusals:
        with pytest.raises(DomainError) as error:
            refused()
        assert code_of(error) == "money-out-of-range"


def test_minor_units_follow_iso_4217() -> None:
    assert [minor_digits(code) for code in ("INR", "USD", "JPY", "KWD", "XYZ")] == [2, 2, 0, 3, 2]


@given(st.lists(AMOUNTS, max_size=20))
def test_a_sum_does_not_depend_on_the_order(amounts: list[Decimal]) -> None:
    items = [inr(amount) for amount in amounts]
    assert money_sum(items, "INR") == money_sum(reversed(items), "INR")
    assert (money_sum(items, "INR") - money_sum(items, "INR")).is_zero


@settings(deadline=None)
@given(AMOUNTS, WEIGHTS)
def test_allocated_parts_sum_to_the_total_and_lie_within_one_unit_of_their_share(
    amount: Decimal, weights: list[int | Decimal]
) -> None:
    total = inr(amount)
    parts = allocate(total, weights)
    assert money_sum(parts, "INR") == total
    assert allocate(-total, weights) == [-part for part in parts]
    whole = sum(Decimal(weight) for weight in weights)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part.amount - total.amount * weight / whole) < Decimal("0.0100001")
        assert weight or part.is_zero


def test_the_odd_unit_goes_to_the_largest_remainder() -> None:
    assert allocate(inr("100.00"), [1, 1, 1]) == [inr("33.34"), inr("33.33"), inr("33.33")]
    assert allocate(inr("0.05"), [3, 7]) == [inr("0.02"), inr("0.03")]
    assert allocate(Money.of(10, "JPY"), [1, 2]) == [Money.of(3, "JPY"), Money.of(7, "JPY")]


def test_only_payable_totals_and_real_weights_are_allocated() -> None:
    for weights in ([], [0, 0], [1, -1]):
        with pytest.raises(DomainError) as error:
            allocate(inr(1), weights)
        assert code_of(error) == "allocation-weights-invalid"
    with pytest.raises(DomainError) as error:
        allocate(inr("0.005"), [1])
    assert code_of(error) == "money-not-in-minor-units"


def test_a_domain_error_shows_code_and_parameters_and_survives_pickling() -> None:
    error = DomainError("cap-reached", cap=3, code="x")
    assert str(error) == "cap-reached cap=3 code=x"
    assert str(DomainError("plain")) == "plain"
    again = pickle.loads(pickle.dumps(error))
    assert (again.code, again.params) == (error.code, error.params)
