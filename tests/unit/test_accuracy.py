"""Accuracy and its Wilson interval (CP3)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketos.domain.accuracy import Accuracy, accuracy, meets, misses
from ticketos.domain.errors import DomainError


@pytest.mark.parametrize(
    ("correct", "inspected", "low", "high"),
    # Newcombe 1998, table I, method 3.
    [
        (81, 263, "0.2553", "0.3662"),
        (15, 148, "0.0624", "0.1605"),
        (0, 20, "0.0000", "0.1611"),
        (1, 29, "0.0061", "0.1718"),
    ],
)
def test_the_interval_agrees_with_the_published_table(
    correct: int, inspected: int, low: str, high: str
) -> None:
    found = accuracy(correct, inspected)
    assert found.low is not None
    assert found.high is not None
    assert (round(found.low, 4), round(found.high, 4)) == (Decimal(low), Decimal(high))


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_rate_and_mirrors_the_errors(case: tuple[int, int]) -> None:
    correct, inspected = case
    found, mirror = accuracy(correct, inspected), accuracy(inspected - correct, inspected)
    assert found.low is not None
    assert found.rate is not None
    assert found.high is not None
    assert mirror.low is not None
    assert mirror.high is not None
    assert 0 <= found.low <= found.rate <= found.high <= 1
    assert abs(found.low - (1 - mirror.high)) <= Decimal("0.000001")


def test_the_target_is_compared_exactly() -> None:
    target = Decimal("0.998")
    assert meets(accuracy(998, 1000), target)
    assert not misses(accuracy(998, 1000), target)
    assert misses(accuracy(997, 1000), target)
    assert not meets(accuracy(997, 1000), target)
    # 0.9979999 rounds to the target at six places and still misses it.
    close = accuracy(9_979_999, 10_000_000)
    assert close.rate == Decimal("0.998000")
    assert misses(close, target)


def test_nothing_inspected_neither_meets_nor_misses() -> None:
    none = accuracy(0, 0)
    assert none == Accuracy(0, 0, None, None, None)
    assert not meets(none, Decimal("0.998"))
    assert not misses(none, Decimal("0.998"))


@pytest.mark.parametrize(("correct", "inspected"), [(2, 1), (-1, 1), (0, -1)])
def test_impossible_counts_are_refused(correct: int, inspected: int) -> None:
    with pytest.raises(DomainError) as error:
        accuracy(correct, inspected)
    assert error.value.code == "accuracy-counts-invalid"
