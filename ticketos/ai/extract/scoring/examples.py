"""Labelled documents as rows of features: what is a field's value, and what only could have been."""

from __future__ import annotations

import json
import random
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path

from rapidfuzz import fuzz

from schemas.extraction import DocumentType
from ticketos.ai.extract import tables
from ticketos.ai.extract.analysis import offered_by
from ticketos.ai.extract.find import Paper
from ticketos.ai.extract.limits import Limits
from ticketos.ai.extract.pdf import PdfFile
from ticketos.ai.extract.scoring.addresses import address_lines
from ticketos.ai.extract.scoring.lines import Layout
from ticketos.ai.extract.scoring.names import NameOption, turned
from ticketos.ai.extract.scoring.offered import Offered
from ticketos.ai.extract.scoring.option import Option
from ticketos.ai.extract.scoring.roughen import rough, with_other_dates
from ticketos.ai.extract.suppliers import squeezed
from ticketos.ai.ocr.page import Page, Word, fraction

Truth = Mapping[str, str | None]
Same = Callable[[str, str], bool]
AMOUNTS = ("net_total", "tax_total", "total", "amount_due")
_SAME = 93.0
_OTHER_DATES = 0.6


@dataclass
class Rows:
    """Per field: features and whether the candidate is right, grouped by document."""

    features: dict[str, list[dict[str, float]]] = field(default_factory=lambda: defaultdict(list))
    right: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    document: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def add(self, name: str, features: dict[str, float], right: bool, document: int) -> None:
        """One candidate."""
        self.features[name].append(features)
        self.right[name].append(right)
        self.document[name].append(document)


def labelled(folder: Path) -> Iterator[tuple[list[Page], Truth]]:
    """Pages and truths of a folder: `NAME.pdf` by its text layer or `NAME.words.json` as it is, with `NAME.json`.

    Pictures have to be read first: their words are kept as `NAME.words.json`.
    """
    for labels in sorted(folder.glob("*.json")):
        if labels.name.endswith(".words.json"):
            continue
        words, pdf = labels.with_name(f"{labels.stem}.words.json"), labels.with_suffix(".pdf")
        pages = _words(words) if words.is_file() else _pages(pdf) if pdf.is_file() else []
        if pages:
            truth = json.loads(labels.read_text(encoding="utf-8"))
            yield pages, truth["fields"] | {"type": truth["type"]}


def _words(file: Path) -> list[Page]:
    """Pages of words: text, left, top, right, bottom and confidence each, in the page's own units."""
    pages = []
    for number, page in enumerate(json.loads(file.read_text(encoding="utf-8"))["pages"], start=1):
        size = page["width"], page["height"]
        words = tuple(
            Word(text, x0, y0, x1, y1, fraction(x0, y0, x1, y1, *size), sure)
            for text, x0, y0, x1, y1, sure in page["words"]
        )
        pages.append(Page(number, *size, words, page.get("source", "ocr")))
    return pages


def _pages(file: Path) -> list[Page]:
    document = PdfFile(file.read_bytes(), Limits())
    try:
        read = [document.text_page(number) for number in range(1, document.pages + 1)]
    finally:
        document.close()
    return [page for page in read if page is not None]


def rows_of(documents: Iterable[tuple[list[Page], Truth]], seed: int, roughened: int = 1) -> Rows:
    """Each document as it is, and one with a text layer `roughened` times as a reader of pictures would give it."""
    rows = Rows()
    rng = random.Random(seed)
    for number, (clean, truth) in enumerate(documents):
        pages = with_other_dates(clean, truth, rng) if rng.random() < _OTHER_DATES else clean
        _add(rows, pages, truth, number)
        for _ in range(roughened if pages[0].source == "text" else 0):
            changed, known = rough(pages, truth, rng)
            _add(rows, changed, known, number)
    return rows


def _add(rows: Rows, pages: list[Page], truth: Truth, document: int) -> None:
    paper = Paper(pages)
    add(rows, offered_by(paper, tables.read_lines(paper)), truth, document)


def add(
    rows: Rows, offered: Offered, truth: Truth, document: int, only: Collection[str] | None = None
) -> None:
    """Every candidate of a paper, right where it is the true value; of all fields, or of `only` those.

    Names are rows of the field whose trees judge them on such a paper (``names.turned``).
    """
    put = _Putting(rows, truth, document, only, offered.kind)
    names = offered.names
    put.options("supplier_name", [it.option for it in names], same_name)
    put.options("buyer_name", [it.option for it in names], same_name)
    supplier = truth.get("supplier_name")
    address = truth.get("supplier_address")
    own = [it for it in names if supplier and same_name(it.option.value, supplier)]
    if own and address and (only is None or "supplier_address" in only):
        _add_address(put, address, own, offered.layout)
    put.options("issue_date", offered.days, _equal)
    put.options("due_date", offered.days, _equal)
    put.options("number", offered.numbers, same_number)
    put.options("po_number", offered.numbers, same_number)
    for name in AMOUNTS:
        put.options(name, offered.amounts, same_amount)


@dataclass
class _Putting:
    rows: Rows
    truth: Truth
    document: int
    only: Collection[str] | None
    kind: DocumentType

    def options(self, name: str, options: list[Option], same: Same) -> None:
        if self.only is not None and name not in self.only:
            return
        true, judged_as = self.truth.get(name), turned(self.kind, name)
        for option in options:
            right = bool(true) and same(option.value, true or "")
            self.rows.add(judged_as, option.features, right, self.document)


def _add_address(put: _Putting, address: str, own: list[NameOption], placed: Layout) -> None:
    wanted = squeezed(address)
    best = max(
        (address_lines(placed, it) for it in own),
        key=lambda found: sum(_inside(x.text, wanted) for x in found),
    )
    for line in best:
        put.rows.add("address_line", line.features, _inside(line.text, wanted), put.document)


def _inside(text: str, address: str) -> bool:
    short = squeezed(text)
    return len(short) >= 2 and (
        short in address or (len(short) > 6 and fuzz.partial_ratio(short, address) > 90)
    )


def same_name(value: str, true: str) -> bool:
    """Equal but for spaces, case, points and a misread letter."""
    return fuzz.ratio(squeezed(value), squeezed(true)) >= _SAME


def same_number(value: str, true: str) -> bool:
    """Equal but for spaces, marks and a misread character in a long one."""
    first, second = (re.sub(r"[\W_]+", "", it).upper() for it in (value, true))
    return first == second or (len(second) > 7 and fuzz.ratio(first, second) > 90)


def same_amount(value: str, true: str) -> bool:
    """Equal as numbers."""
    try:
        return Decimal(value) == Decimal(true)
    except InvalidOperation:
        return False


def _equal(value: str, true: str) -> bool:
    return value == true
