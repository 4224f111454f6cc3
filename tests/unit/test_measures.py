"""One definition per measure: what it computes of counters, and the periods it is asked for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from api.portal.catalogue import Texts
from ticketos.db.repositories import measures as counted
from ticketos.domain import measures
from ticketos.domain.errors import DomainError
from ticketos.domain.measures import BY_KEY, MEASURES, Value, added, value_of


def test_a_share_is_part_of_whole_and_nothing_where_there_is_nothing() -> None:
    assert value_of(BY_KEY["resolved"], {"resolved": 3, "requests": 4}).value == Decimal("0.75")
    assert value_of(BY_KEY["resolved"], {}) == Value(0, 0, None)
    assert value_of(BY_KEY["requests"], {"requests": 4}).value == 4


def test_units_scale_the_value() -> None:
    assert value_of(BY_KEY["defects"], {"defects": 1, "inspected": 2}).value == 500
    assert value_of(BY_KEY["nps"], {"nps_balance": -1, "nps_n": 4}).value == -25
    assert value_of(BY_KEY["handling"], {"handled_ms": 90_000, "handled": 2}).value == 45


def test_a_target_is_met_exactly_and_not_by_rounding() -> None:
    just = {"scored": 95, "inspected_fields": 100}
    assert value_of(BY_KEY["quality_score"], just).meets is True
    under = {"scored": 9_499_999, "inspected_fields": 10_000_000}
    assert value_of(BY_KEY["quality_score"], under).meets is False
    assert value_of(BY_KEY["resolved"], {"resolved": 1, "requests": 1}).meets is None


def test_accuracy_has_its_interval() -> None:
    found = value_of(BY_KEY["accuracy"], {"correct": 399, "inspected_fields": 400})
    assert found.low is not None
    assert found.high is not None
    assert found.low < Decimal("0.9975") < found.high
    assert found.meets is False


def test_involvement_times_resolution_is_the_automation_rate() -> None:
    counters = {"delivered": 40, "involved": 25, "untouched": 10, "straight": 12}
    rates = {
        key: value_of(BY_KEY[key], counters).value for key in ("involvement", "resolution", "automation")
    }
    assert rates["involvement"] is not None
    assert rates["resolution"] is not None
    assert rates["involvement"] * rates["resolution"] == rates["automation"] == Decimal("0.25")


def test_counters_add_up_and_the_rate_is_of_the_sum() -> None:
    both = added({"resolved": 1, "requests": 1}, {"resolved": 0, "requests": 3})
    assert value_of(BY_KEY["resolved"], both).value == Decimal("0.25")


@pytest.mark.parametrize(
    ("grain", "labels"),
    [
        ("day", ["2026-12-31", "2027-01-01"]),
        ("week", ["2026-W52", "2026-W53"]),
        ("month", ["2026-12", "2027-01"]),
    ],
)
def test_periods_end_with_the_one_of_today(grain: measures.Grain, labels: list[str]) -> None:
    found = measures.periods(date(2027, 1, 1), 2, grain)
    assert [measures.label(one, grain) for one in found] == labels
    assert measures.after(found[0], grain) == found[1]


def test_an_unknown_measure_is_refused() -> None:
    with pytest.raises(DomainError, match="measure-unknown"):
        measures.named("happiness")


def test_every_counter_is_counted_by_its_source_and_every_figure_has_its_words() -> None:
    t = Texts()
    for one in MEASURES:
        known = counted.SOURCES[one.source].counters
        assert one.part in known, one.key
        assert not one.whole or one.whole in known, one.key
    for key in (*BY_KEY, *measures.NOW):
        assert t(f"measures.{key}.name")
        assert t(f"measures.{key}.means")
        assert t(f"measures.{key}.source")
