"""Figures, months and languages as people read them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from api.portal.catalogue import Texts
from api.portal.formats import Formats


@pytest.fixture(scope="module")
def f() -> Formats:
    return Formats(Texts(), ZoneInfo("Asia/Kolkata"), datetime(2026, 11, 22, tzinfo=UTC))


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [
        ("22836.1", "EUR", "EUR 22,836.10"),
        ("123456.125", "INR", "INR 1,23,456.125"),  # a paper's own decimals are never rounded away
        ("1200", "JPY", "JPY 1,200"),
        ("7.5", "", "7.50"),
        ("–", "EUR", "–"),
        ("12 or so", "EUR", "12 or so"),
    ],
)
def test_an_amount_of_a_paper_keeps_its_decimals(f: Formats, value: str, currency: str, shown: str) -> None:
    assert f.amount(value, currency) == shown


def test_months_days_and_languages_have_names(f: Formats) -> None:
    assert f.month("2026-11") == "Nov 2026"
    assert f.month("whenever") == "whenever"
    assert str(f.period("2026-11")) == "Nov 2026"
    assert ">22 Nov 2026<" in str(f.period("2026-11-22"))
    assert f.language("de") == "German"
    assert f.language("xx-unknown") == "xx-unknown"
    assert f.language("") == "–"
