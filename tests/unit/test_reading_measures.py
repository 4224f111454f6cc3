"""How readings are judged: normalisation, lines, coverage at a promise, adapters of labelled folders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.reading.cached import CachedOcr
from benchmarks.reading.folders import Case, Line, cases
from benchmarks.reading.measures import LineCounts, Verdict, coverage, judge, normal, on_page, reliability
from schemas.extraction import ExtractedField, ExtractedLine, Extraction
from ticketos.ai.ocr.page import Page, Word


def read(**values: str | None) -> Extraction:
    fields = {
        name: ExtractedField(value=value, confidence=0.97, auto=True, source="text")
        for name, value in values.items()
    }
    return Extraction(file="a", status="read", engine="x", fields=fields)


def case(**fields: str | None) -> Case:
    return Case("a", "a.pdf", lambda: b"", dict(fields))


def test_case_spaces_and_punctuation_do_not_count_but_letters_and_cents_do() -> None:
    assert normal("supplier_name", "Acme, Ltd.") == normal("supplier_name", "ACME LTD")
    assert normal("supplier_name", "Acme Ltd") != normal("supplier_name", "AcmeLtd")
    assert normal("total", "10.5") == normal("total", "10.50")
    assert normal("total", "10.5") != normal("total", "-10.50")
    assert normal("supplier_tax_id", "DE 136 695 976") == normal("supplier_tax_id", "DE136695976")


def test_a_value_where_nothing_is_printed_is_wrong_and_nothing_there_is_not_judged() -> None:
    assert [it.right for it in judge(case(po_number=None), read(po_number="PO-1"))] == [False]
    assert judge(case(po_number=None), read()) == []
    assert [it.right for it in judge(case(total="5.00"), read())] == [False]


def test_a_truth_that_pages_made_into_pictures_never_said_is_told_apart() -> None:
    """An e-invoice's data and its pages may say different things: no reader of the pages can be right there."""
    truth = Case(
        "a", "a.tiff", bytes, {"total": "571.04", "number": "RE-1"}, printed=lambda: "No. RE-1\nTotal 406.82"
    )
    told = {it.field: (it.right, it.told) for it in judge(truth, read(total="406.82", number="RE1"))}
    assert told == {"total": (False, False), "number": (True, True)}


def verdict(confidence: float, right: bool) -> Verdict:
    return Verdict("a", "total", "1", "1", right, confidence, True, "text")


def test_coverage_is_the_largest_share_that_keeps_the_promise_and_equals_pass_together() -> None:
    sure = [verdict(0.99, True)] * 99
    assert coverage([*sure, verdict(0.5, False)]) == 1.0
    assert coverage([*sure, verdict(0.5, False), verdict(0.4, False)]) == pytest.approx(100 / 101)
    assert coverage([verdict(0.9, True), verdict(0.9, False)]) == 0.0
    assert coverage([]) == 0.0


def test_reliability_groups_by_confidence() -> None:
    bands = reliability([verdict(0.96, True), verdict(0.96, False), verdict(0.3, False)])
    assert [(low, high, count, right) for low, high, count, _, right in bands] == [
        (0.0, 0.5, 1, 0.0),
        (0.95, 0.98, 2, 0.5),
    ]


def test_a_line_counts_once_and_only_with_its_own_quantity_and_net() -> None:
    counts = LineCounts()
    true = [Line("Copier paper", "2", "10.00"), Line("Copier paper", "3", "15.00")]
    counts.add(true, [ExtractedLine(description="Copier paper A4", quantity="2.0", net="10.00")] * 2)
    assert (counts.true, counts.read, counts.matched) == (2, 2, 1)
    assert counts.f1 == 0.5


def test_receipts_are_found_by_their_keys_and_years_of_two_digits_are_read(tmp_path: Path) -> None:
    (tmp_path / "img").mkdir()
    (tmp_path / "key").mkdir()
    (tmp_path / "img" / "1.jpg").write_bytes(b"picture")
    key = {"company": "ACME", "date": "25032018", "address": "1 ROAD", "total": "RM 1,022.90"}
    (tmp_path / "key" / "1.json").write_text(json.dumps(key))
    (found,) = cases(tmp_path)
    assert found.load() == b"picture"
    assert found.fields == {
        "supplier_name": "ACME",
        "supplier_address": "1 ROAD",
        "issue_date": "2018-03-25",
        "total": "1022.90",
    }


def test_a_folder_without_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no labelled documents"):
        list(cases(tmp_path))


@pytest.mark.parametrize(
    ("name", "true", "told"),
    [
        ("total", "1406.82", True),
        ("total", "571.04", False),
        ("issue_date", "2015-10-08", True),
        ("issue_date", "2014-10-08", False),
        ("number", "RE-2015/7", True),
        ("number", "RE-2015/8", False),
    ],
)
def test_what_the_pages_do_not_say_is_told_apart(name: str, true: str, told: bool) -> None:
    text = "Rechnung RE-2015/7\nvom 08.10.2015\nGesamtbetrag: 1.406,82 €"
    assert on_page(name, (normal(name, true),), text) is told


def test_a_picture_read_before_is_not_read_again(tmp_path: Path) -> None:
    class Once:
        name = "once"
        asked = 0

        def page(self, image: Image.Image, number: int, turn: int | None = None) -> Page:
            self.asked += 1
            word = Word("Total", 1.0, 2.0, 30.0, 12.0, (0.1, 0.1, 0.3, 0.2), 0.9)
            return Page(number, 100.0, 100.0, (word,), "ocr", turn or 90)

    engine, picture = Once(), Image.new("RGB", (100, 100), "white")
    first = CachedOcr(engine, tmp_path).page(picture, 1)
    again = CachedOcr(engine, tmp_path).page(picture, 2)
    assert engine.asked == 1
    assert (again.number, again.words, again.turn, again.source) == (2, first.words, 90, "ocr")
    CachedOcr(engine, tmp_path).page(Image.new("RGB", (100, 100), "black"), 1)
    assert engine.asked == 2
