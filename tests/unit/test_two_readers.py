"""What agreement and difference of two readers are worth."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketos.domain.two_readers import MOST, agreed, differing

SURE = st.floats(0.01, 0.99)


def test_agreement_over_a_text_layer_makes_a_weak_value_strong() -> None:
    assert agreed(0.7, 0.85, 0.0) == pytest.approx(0.595 / (0.595 + 0.3 * 0.15 * 0.5))


def test_agreement_over_a_scan_says_less_since_both_were_given_the_same_letters() -> None:
    assert 0.7 < agreed(0.7, 0.85, 0.5) < agreed(0.7, 0.85, 0.0)
    assert agreed(0.7, 0.85, 1.0) == pytest.approx(0.7), "errors that are all shared: nothing was learnt"


def test_of_two_that_differ_the_likelier_leads_and_neither_is_sure() -> None:
    ours, theirs = differing(0.7, 0.85)
    assert theirs == pytest.approx(0.255 / 0.405) and ours == pytest.approx(0.105 / 0.405)
    assert differing(0.99, 0.85)[0] > 0.93


@given(SURE, SURE, st.floats(0, 1))
def test_they_stay_probabilities(first: float, second: float, shared: float) -> None:
    assert first <= agreed(first, second, shared) <= max(first, MOST)
    ours, theirs = differing(first, second)
    assert 0 <= ours <= 1 and 0 <= theirs <= 1 and ours + theirs <= 1 + 1e-9
