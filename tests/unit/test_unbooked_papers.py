"""Papers that look like invoices or orders and are booked as neither: a person is told what they are."""

from __future__ import annotations

from datetime import date

import pytest

from schemas.extraction import Extraction
from tests.support.papers import paper
from ticketos.ai.extract import doctype
from ticketos.ai.extract.analysis import analyse
from ticketos.ai.extract.confidence import conclude
from ticketos.ai.extract.find import Paper
from ticketos.ai.extract.unbooked import SAID
from ticketos.ai.ocr.page import Page
from ticketos.dev.sim.documents import KINDS, UNBOOKED, Unbooked
from ticketos.dev.sim.documents.composed import compose
from ticketos.domain.terms import AiTerms, ScopeTerms
from ticketos.lines.data_entry import flow

MARKETS = ("GB", "US", "IN", "DE", "FR", "ES", "IT")
PAPERS, SEED, DAMAGE = 3, 7000, 0.3

INVOICE = """
Papierhaus Nord GmbH
Hafenweg 12, 20457 Hamburg

Rechnung

Rechnungsnummer: R-1      Lieferschein-Nr.: LS-88     Datum: 12.02.2026
Angebot Nr. 77            Auftragsbestätigung Nr. 41

Pos  Bezeichnung       Menge  Einzelpreis  Gesamt
1    Kopierpapier A4   10     4,00         40,00
Gesamtbetrag                               40,00 EUR
"""


def read(pages: list[Page]) -> Extraction:
    return conclude("a.pdf", analyse(pages), date(2035, 1, 1), "pdfium", len(pages))


@pytest.mark.parametrize("called", UNBOOKED)
@pytest.mark.parametrize("regime", ["text", "scan"])
def test_what_nobody_books_passes_as_nothing_and_is_said_in_words(called: Unbooked, regime: str) -> None:
    named = total = 0
    for market in MARKETS:
        for seed in range(SEED, SEED + PAPERS):
            made = compose(called, seed, market=market)
            assert made.truth.type == "unknown"
            pages = made.text_words().pages if regime == "text" else made.ocr_words("unbooked", DAMAGE).pages
            found = read(pages)
            total += 1
            named += any(it.detail == SAID[called] and not it.ok for it in found.checks)
            if regime == "text":
                assert found.type == "unknown", made.name
    # A title that an optical reader tore apart is not told by name; nearly all are.
    assert named >= total * (0.98 if regime == "text" else 0.93), (called, named, total)


def test_a_paper_that_nobody_books_waits_for_a_person() -> None:
    found = read(compose("order_confirmation", SEED, market="DE").text_words().pages).model_dump(mode="json")
    fields = flow._read_fields(found, AiTerms())
    blocked = flow._blocked(found["type"], fields, found["checks"], ScopeTerms(), None)
    assert {"type-unknown", "check:document_type"} <= set(blocked)


def test_an_invoice_may_name_the_papers_before_it() -> None:
    assert doctype.type_of(paper(INVOICE))[0] == "invoice"
    assert doctype.unbooked_as(paper(INVOICE)) is None


def test_a_heading_with_its_number_is_what_the_paper_is() -> None:
    confirmed = INVOICE.replace("\nRechnung\n", "\nAuftragsbestätigung Nr. 4711\n").replace(
        "Rechnungsnummer: R-1 ", ""
    )
    assert doctype.unbooked_as(paper(confirmed)) == "order_confirmation"


def test_papers_that_are_booked_are_not_held_back_for_their_titles() -> None:
    for index in range(24):
        made = compose(KINDS[index % len(KINDS)], 8000 + index)
        assert (
            doctype.type_of(paper_of(made.text_words().pages))[0] != "unknown"
            or not analyse(made.text_words().pages).unbooked
        ), made.name


def paper_of(pages: list[Page]) -> Paper:
    return Paper(pages)
