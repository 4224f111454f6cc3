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


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        ("issued 2026-11-01, due 2026-12-01", "issued 1 Nov 2026, due 1 Dec 2026"),
        ("2026-11-01, read on 2026-11-23", "1 Nov 2026, read on 23 Nov 2026"),
        ("line 1: 12 HUR × 40.00 ≠ 500.00", "line 1: 12 hours × 40.00 ≠ 500.00"),
        ("3.5 KGM and 2 C62 of 7 ZZZ", "3.5 kg and 2 units of 7 ZZZ"),
        ("number INV-2026-11-01 of 2026-13-45", "number INV-2026-11-01 of 2026-13-45"),
        ("100 INR + 18 INR = 118 INR", "100 INR + 18 INR = 118 INR"),
        (None, ""),
    ],
)
def test_what_a_rule_says_has_its_days_and_units_in_words(f: Formats, kept: object, shown: str) -> None:
    assert f.said(kept) == shown


@pytest.mark.parametrize(
    ("name", "kept", "shown"),
    [
        ("issue_date", "2026-11-01", "1 Nov 2026"),
        ("issue_date", "1st of May", "1st of May"),
        ("number", "2026-11-01", "2026-11-01"),
        ("unit", "HUR", "hours"),
        ("unit", "reams", "reams"),
        ("lines.2.unit", "KGM", "kg"),
        ("total", "118.00", "118.00"),
        ("due_date", None, ""),
    ],
)
def test_a_value_of_a_paper_is_shown_as_people_write_it(
    f: Formats, name: str, kept: object, shown: str
) -> None:
    assert f.value(name, kept) == shown
