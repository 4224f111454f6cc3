"""The chart of a rate with its interval: a scale that begins below what counts, and nothing where nothing was seen."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from api.portal.charts import HEIGHT, Interval, Series


def drawn(*months: tuple[str, str, str] | None) -> Interval:
    columns = [[Decimal(one[n]) if one else None for one in months] for n in range(3)]
    names = ("rate", "low", "high")
    return Interval(
        "Accuracy",
        [f"m{n}" for n in range(len(months))],
        [Series(n, c) for n, c in zip(names, columns, strict=True)],
    )


def heights(chart: Interval) -> list[float]:
    return [float(y) for y in re.findall(r'cy="([\d.]+)"', chart.svg)]


def test_a_month_is_a_dot_on_its_whisker() -> None:
    svg = drawn(("0.9975", "0.9860", "0.9996")).svg
    ((low, high),) = re.findall(r'class="line s0"[^>]*y1="([\d.]+)" y2="([\d.]+)"', svg)
    (rate,) = heights(drawn(("0.9975", "0.9860", "0.9996")))
    assert float(high) < rate < float(low) <= HEIGHT
    assert "0.9975 (0.9860 – 0.9996)" in svg


def test_a_better_month_stands_higher_and_an_empty_one_is_a_gap() -> None:
    good, bad = heights(drawn(("0.999", "0.99", "1"), None, ("0.95", "0.9", "0.97")))
    assert good < bad


@pytest.mark.parametrize(("low", "first"), [("0.995", "0.99"), ("0.92", "0.9"), ("0.3", "0")])
def test_the_scale_begins_below_the_lowest_bound(low: str, first: str) -> None:
    svg = drawn(("0.996", low, "0.999")).svg
    assert Decimal(re.findall(r'text-anchor="end">([\d.]+)<', svg)[0]) == Decimal(first)


def test_nothing_inspected_draws_a_scale_and_no_dot() -> None:
    assert heights(drawn(None, None)) == []
