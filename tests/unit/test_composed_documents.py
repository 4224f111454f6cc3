"""Papers put together from parts: exact truth, many makers, words that are those of the real file."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pypdfium2 as pdfium
import pytest

from ticketos.ai.extract.limits import Limits
from ticketos.ai.extract.textlayer import text_page
from ticketos.dev.sim.documents import KINDS, Kind
from ticketos.dev.sim.documents.composed import MARKET_CODES, Labelled, compose, labelled_words
from ticketos.dev.sim.documents.composed.contents import CENT, UNTAXED, cents
from ticketos.dev.sim.documents.composed.training import SUFFIXES, content

ROOT = Path(__file__).resolve().parents[2]


def shown(it: Labelled, name: str) -> str:
    """The words marked with a field, in the order they stand."""
    return " ".join(it.pages[page].words[index].text for page, index in it.marks.get(name, ()))


def test_the_words_are_those_of_the_text_layer_of_the_file() -> None:
    for seed in range(18):
        paper = compose(KINDS[seed % len(KINDS)], 500 + seed)
        pdf = pdfium.PdfDocument(paper.pdf())
        for number, page in enumerate(paper.text_words().pages):
            real = text_page(pdf[number], number + 1, Limits())
            assert real is not None, paper.name
            assert Counter(word.text for word in page.words) == Counter(word.text for word in real.words)
            places = {word.text: (word.x0, word.y1) for word in real.words}
            for word in page.words:
                if sum(other.text == word.text for other in page.words) == 1:
                    x0, y1 = places[word.text]
                    assert abs(word.x0 - x0) < 1.5, word
                    assert abs(word.y1 - y1) < 2.5, word
        pdf.close()


@pytest.mark.parametrize("kind", KINDS)
def test_sums_of_a_paper_agree_to_the_cent(kind: Kind) -> None:
    for seed in range(60):
        found = compose(kind, seed).contents
        for item in found.items:
            assert item.amount == cents(item.quantity * item.price * (100 - item.discount) / 100)
        assert found.goods == sum(item.amount for item in found.items)
        assert found.tax_total == sum(part.amount for part in found.taxes)
        if kind not in UNTAXED:
            assert max(found.net + found.tax_total + found.rounding, CENT) == found.total
            for part in found.taxes:
                if not found.inclusive:
                    assert abs(part.amount - part.base * part.rate / 100) <= Decimal("0.005")


def test_the_truth_is_what_the_marked_words_say() -> None:
    for seed in range(90):
        paper = compose(KINDS[seed % len(KINDS)], 1000 + seed)
        it = paper.text_words()
        for name in ("number", "supplier_name", "supplier_tax_id", "buyer_name", "po_number"):
            value = it.truth.fields[name]
            said = shown(it, name)
            assert (value is None) == (not said), (paper.name, name)
            assert value is None or value in said, (paper.name, name, value, said)
        for name in ("total", "net_total", "tax_total", "amount_due"):
            value = it.truth.fields.get(name)
            if value is not None and name in it.marks:
                digits = "".join(char for char in shown(it, name) if char.isdigit())
                assert value.replace(".", "").lstrip("-0") in digits, (paper.name, name)
        day = it.truth.fields["issue_date"]
        assert day is not None
        assert str(int(day[8:])) in shown(it, "issue_date"), paper.name


def test_hundreds_of_makers_put_things_in_hundreds_of_ways() -> None:
    faces: set[tuple[object, ...]] = set()
    for seed in range(300):
        drawing = compose("invoice" if seed % 2 else "receipt", 40_000 + seed).drawing
        places = [
            (round(text.x / 12), round(text.y / 12), text.bold)
            for name in ("number", "issue_date", "total", "supplier_name")
            for _, text in drawing.showing(name)[:1]
        ]
        faces.add((drawing.family, *places))
    assert len(faces) > 280


def test_every_market_and_kind_can_be_made_with_nothing_off_the_page() -> None:
    for market in MARKET_CODES:
        for kind in KINDS:
            paper = compose(kind, 77, market=market)
            for page in paper.text_words().pages:
                for word in page.words:
                    assert word.x0 >= -1, (paper.name, word.text)
                    assert word.x1 <= page.width + 1, (paper.name, word.text)
                    assert word.y1 <= page.height, (paper.name, word.text)


def test_a_maker_recurs_with_name_place_and_wording() -> None:
    first, second, other = (
        compose("invoice", seed, market="DE", maker=maker, lines=2)
        for seed, maker in ((1, 5), (2, 5), (1, 6))
    )
    for name in ("supplier_name", "supplier_address"):
        assert first.truth.fields[name] == second.truth.fields[name]
        assert first.truth.fields[name] != other.truth.fields[name]
    assert first.truth.fields["number"] != second.truth.fields["number"]
    labels = [shown(paper.text_words(), "label.total") for paper in (first, second)]
    assert labels[0] == labels[1]
    assert first.drawing.showing("title")[0][1].x == second.drawing.showing("title")[0][1].x


def test_the_same_request_gives_the_same_paper() -> None:
    for kind in ("invoice", "receipt"):
        first, second = (compose(kind, 9, market="FR") for _ in range(2))
        assert first.truth == second.truth
        assert first.ocr_words(3, 0.6) == second.ocr_words(3, 0.6)
        for form in SUFFIXES:
            assert content(first, form, "a", 0.6) == content(second, form, "a", 0.6), form


def test_worse_scans_are_read_worse_and_the_marks_follow_the_words() -> None:
    wrong = []
    for damage in (0.0, 0.5, 1.0):
        misses = total = 0
        for seed in range(40):
            paper = compose("receipt", seed)
            it = paper.ocr_words(seed, damage)
            total += 1
            number = it.truth.fields["number"]
            misses += number is not None and number.replace(" ", "") not in shown(it, "number").replace(
                " ", ""
            )
            assert all(page.source == "ocr" for page in it.pages)
        wrong.append(misses / total)
    assert wrong[0] < 0.1
    assert wrong[0] < wrong[1] < wrong[2]


def test_thousands_of_training_papers_need_no_drawing() -> None:
    kinds = Counter(it.truth.type for it in labelled_words(60, 3, ocr=0.5))
    assert set(kinds) == set(KINDS)
    sources = Counter(it.pages[0].source for it in labelled_words(60, 3, ocr=0.5))
    assert min(sources.values()) > 15


def test_a_paper_of_no_market_is_refused() -> None:
    with pytest.raises(ValueError, match="no market"):
        compose("invoice", 1, market="XX")


def test_the_command_writes_each_document_with_its_truth(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "ticketos.dev.sim.documents",
            "--out",
            str(tmp_path),
            "--count",
            "4",
            "--kind",
            "receipt",
            "--form",
            "image_png",
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    pictures = sorted(tmp_path.glob("*.png"))
    assert len(pictures) == 4
    for picture in pictures:
        truth = json.loads(picture.with_suffix(".json").read_text())
        assert truth["type"] == "receipt"
        assert truth["fields"]["supplier_name"]
