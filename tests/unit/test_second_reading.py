"""A second person's own reading against the delivery: what is asked, and every difference with its kind."""

from __future__ import annotations

from typing import Any

import pytest

from ticketos.domain import quality
from ticketos.lines.data_entry import second_reading, typed
from ticketos.lines.data_entry.second_reading import Difference, alike, asked_lines, differences


def line(quantity: str, price: str, net: str) -> dict[str, str]:
    return {"quantity": quantity, "unit_price": price, "net": net}


LINES = [line("1", "10.00", "10.00"), line("2", "10.00", "20.00"), line("3", "10.00", "30.00")]
DELIVERED: dict[str, Any] = {
    "doc_type": "receipt",
    "fields": {
        "supplier_name": {"value": "Acme Ltd", "shown": "Acme", "page": 1, "box": [0.1, 0.1, 0.3, 0.2]},
        "issue_date": {"value": "2026-11-01"},
        "total": {"value": "60.00"},
        "due_date": {"value": "2026-12-01"},
    },
    "lines": LINES,
    "coding": {"account": "6000", "cost_centre": "", "tax_code": "input"},
}
SAME = {"supplier_name": "ACME ltd", "issue_date": "2026-11-01", "total": "60"}


def differing(seen: dict[str, str], **delivered: Any) -> list[Difference]:
    return [one for one in differences({**DELIVERED, **delivered}, {**SAME, **seen}) if not one.same]


def told(found: list[Difference]) -> list[tuple[str, str, str]]:
    return [(one.name, one.seen, one.delivered) for one in found]


def test_required_fields_are_always_compared_and_others_where_they_were_read() -> None:
    assert [one.name for one in differences(DELIVERED, SAME)] == ["supplier_name", "issue_date", "total"]
    assert told(differing({"total": ""})) == [("total", "", "60.00")]
    assert told(differing({"due_date": "2026-12-11"})) == [("due_date", "2026-12-11", "2026-12-01")]
    assert told(differing({"due_date": "-"})) == [("due_date", "", "2026-12-01")]
    assert told(differing({"number": "R-7"})) == [("number", "R-7", "")]
    assert differing({"due_date": "", "number": ""}) == []


def test_every_field_can_be_read_again_and_each_once() -> None:
    for kind in ("invoice", "receipt", "inventory", "unknown"):
        both = (*second_reading.asked_fields(kind), *second_reading.offered_fields(kind))
        assert sorted(both) == sorted(typed.FIELD_NAMES), kind


def test_a_value_knows_where_it_was_read_and_what_the_machine_read() -> None:
    supplier = differences(DELIVERED, SAME)[0]
    assert (supplier.page, supplier.box, supplier.ai) == (1, (0.1, 0.1, 0.3, 0.2), "Acme")


@pytest.mark.parametrize(
    ("seen", "category", "severity"),
    [
        ({"doc_type": "invoice"}, "wrong_type", "critical"),
        ({"total": "61"}, "wrong_value", "critical"),
        ({"due_date": "2026-12-11"}, "wrong_value", "non_critical"),
        ({"number": "R-7"}, "missing_value", "non_critical"),
        ({"lines.count": "4"}, "wrong_line", "critical"),
        ({"lines.sum": "61"}, "wrong_line", "critical"),
        ({"lines.2.net": "21"}, "wrong_line", "critical"),
        ({"lines.2.unit_price": "9"}, "wrong_line", "non_critical"),
        ({"coding.account": "6010"}, "wrong_coding", "critical"),
        ({"coding.cost_centre": "CC1"}, "wrong_coding", "non_critical"),
    ],
)
def test_a_difference_is_a_defect_of_the_taxonomy(seen: dict[str, str], category: str, severity: str) -> None:
    (one,) = differing(seen)
    assert (one.category, one.severity) == (category, severity)
    assert category in quality.CATEGORIES and severity in quality.SEVERITIES


def test_lines_are_compared_in_number_in_sum_and_figure_by_figure() -> None:
    right = {"lines.count": "3", "lines.sum": "60.00", "lines.3.quantity": "3.0", "lines.3.net": "30"}
    assert differing(right) == []
    assert told(differing({**right, "lines.3.quantity": "4"})) == [("lines.3.quantity", "4", "3")]
    assert told(differing({"lines.4.net": "5"})) == [("lines.4.net", "5", "")]
    assert told(differing({"lines.1.net": "-"}, lines=LINES[:1])) == [("lines.1.net", "", "10.00")]


def test_one_line_left_out_of_the_delivery_is_one_mistake_and_not_many() -> None:
    seen = {"lines.count": "3", "lines.1.net": "10", "lines.2.net": "20", "lines.3.net": "30"}
    assert told(differing(seen, lines=[LINES[0], LINES[2]])) == [
        ("lines.count", "3", "2"),
        ("lines.2.net", "20", "30.00"),
    ]
    added = [LINES[0], line("9", "1.00", "9.00"), *LINES[1:]]
    assert told(differing(seen, lines=added)) == [("lines.count", "3", "4")]


def test_the_lines_asked_for_give_nothing_away_of_a_short_paper_and_are_drawn_of_a_long_one() -> None:
    assert {asked_lines("a", count) for count in range(7)} == {(1, 2, 3, 4, 5, 6)}
    drawn = asked_lines("a", 40)
    assert drawn == asked_lines("a", 40) and len(drawn) == 6 == len(set(drawn))
    assert list(drawn) == sorted(drawn) and min(drawn) >= 1 and max(drawn) <= 40
    assert len({asked_lines(str(seed), 40) for seed in range(20)}) > 15
    assert {n for seed in range(300) for n in asked_lines(str(seed), 40)} == set(range(1, 41))


def test_coding_is_compared_where_the_second_person_coded() -> None:
    assert differing({"coding.account": "6000", "coding.tax_code": "Input"}) == []
    assert told(differing({"coding.account": "6010", "coding.tax_code": "-"})) == [
        ("coding.account", "6010", "6000"),
        ("coding.tax_code", "", "input"),
    ]


def test_figures_are_alike_by_value_and_text_by_its_letters() -> None:
    assert alike("total", "1200", "1200.00") and alike("lines.1.net", "2", "2.0")
    assert not alike("number", "1200", "1200.00")
    assert alike("supplier_name", "Acme  LTD", "acme ltd")
    assert alike("total", "abc", "abc") and not alike("total", "abc", "1")


def test_what_was_read_again_is_named() -> None:
    seen = {"total": "", "due_date": "2026-12-01", "number": "", "lines.count": "3"}
    assert second_reading.read_again("receipt", seen) == (
        *("supplier_name", "issue_date", "total"),
        *("due_date", "lines.count"),
    )
