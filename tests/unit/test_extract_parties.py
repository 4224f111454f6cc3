"""Who wrote a paper and whom it is for: on papers of the buyer's making the two change places, tax numbers with them."""

from __future__ import annotations

from datetime import date

from schemas.extraction import DocumentType, ExtractedField
from tests.support.papers import paper
from ticketos.ai.extract import doctype
from ticketos.ai.extract.analysis import analyse, offered_by
from ticketos.ai.extract.confidence import conclude
from ticketos.ai.extract.scoring.examples import Rows, add
from ticketos.ai.extract.suppliers import KnownSupplier, KnownSuppliers
from ticketos.ai.extract.tables import read_lines

ORDER = """
Bavaria Trading GmbH
Industriestr. 7, 80331 Muenchen
USt-IdNr.: DE136695976

{title}

Lieferant
Papierhaus Nord GmbH
Hafenweg 12
20457 Hamburg
USt-IdNr.: DE811569869

{number}     Datum: 12.02.2026

Pos  Bezeichnung       Menge  Einzelpreis  Gesamt
1    Kopierpapier A4   10     4,00         40,00
2    Ordner breit      5      2,00         10,00
Gesamtbetrag                               50,00 EUR
"""
COUNT = """
Bavaria Trading GmbH
Industriestr. 7, 80331 Muenchen
USt-IdNr.: DE136695976

Inventurliste
Listen-Nr.: L-77     Stichtag: 31.12.2025

Bezeichnung       Menge  Preis  Wert
Kopierpapier A4   10     4,00   40,00
Gesamtwert                      40,00 EUR
"""
INVOICE = """
Papierhaus Nord GmbH
Hafenweg 12, 20457 Hamburg

Bavaria Trading GmbH
Industriestr. 7
80331 Muenchen
USt-IdNr.: DE136695976

Rechnung
Rechnungsnummer: R-1     Datum: 12.02.2026

Pos  Bezeichnung       Menge  Einzelpreis  Gesamt
1    Kopierpapier A4   10     4,00         40,00
Gesamtbetrag                               40,00 EUR

Papierhaus Nord GmbH     USt-IdNr.: DE811569869
"""


def read(drawing: str) -> tuple[DocumentType, dict[str, str | None]]:
    found = analyse([*paper(drawing).pages])
    return found.type, {name: field.value for name, field in found.fields.items()}


def test_an_orders_letterhead_and_number_are_the_buyers_and_the_addressee_is_the_supplier() -> None:
    for title, number in (("Bestellung", "Bestellnummer: 4711"), ("Auftrag", "Auftragsnummer: 4711")):
        kind, fields = read(ORDER.format(title=title, number=number))
        assert kind == "purchase_order"
        assert (fields["buyer_name"], fields["buyer_tax_id"]) == ("Bavaria Trading GmbH", "DE136695976")
        assert (fields["supplier_name"], fields["supplier_tax_id"]) == ("Papierhaus Nord GmbH", "DE811569869")
        assert "Hamburg" in (fields["supplier_address"] or "")


def test_a_goods_receipt_names_the_supplier_whose_goods_came() -> None:
    kind, fields = read(ORDER.format(title="Wareneingangsschein", number="WE-Nr.: 98  Bestell-Nr.: 4711"))
    assert kind == "goods_receipt"
    assert (fields["supplier_name"], fields["supplier_tax_id"]) == ("Papierhaus Nord GmbH", "DE811569869")
    assert (fields["buyer_name"], fields["buyer_tax_id"]) == ("Bavaria Trading GmbH", "DE136695976")


def test_a_goods_receipt_without_prices_has_a_number_of_goods_and_no_total() -> None:
    counted = """
    Bavaria Trading GmbH

    Wareneingangsschein
    WE-Nr.: WE-2098  Datum: 12.02.2026

    Pos  Bezeichnung       Geliefert  Einheit
    1    Kopierpapier A4   10         Karton
    2    Ordner breit      5          Karton
    Gesamt                 15
    """
    kind, fields = read(counted)
    assert (kind, fields["number"]) == ("goods_receipt", "WE-2098")
    assert not {"total", "net_total", "tax_total"} & set(fields)


def test_a_stock_list_has_an_owner_and_no_supplier() -> None:
    kind, fields = read(COUNT)
    assert kind == "inventory"
    assert (fields["buyer_name"], fields["buyer_tax_id"]) == ("Bavaria Trading GmbH", "DE136695976")
    assert not {"supplier_name", "supplier_address", "supplier_tax_id"} & set(fields)


def test_a_number_in_the_window_of_a_letter_is_the_buyers_though_nothing_announces_it() -> None:
    kind, fields = read(INVOICE)
    assert kind == "invoice"
    assert (fields["supplier_name"], fields["supplier_tax_id"]) == ("Papierhaus Nord GmbH", "DE811569869")
    assert (fields["buyer_name"], fields["buyer_tax_id"]) == ("Bavaria Trading GmbH", "DE136695976")


def test_what_a_corrected_order_teaches_is_learnt_by_the_trees_that_judged_it() -> None:
    order = paper(ORDER.format(title="Bestellung", number="Bestellnummer: 4711"))
    offered, rows = offered_by(order, read_lines(order)), Rows()
    add(rows, offered, {"supplier_name": "Papierhaus Nord GmbH"}, 0, {"supplier_name"})
    assert set(rows.features) == {"buyer_name"}
    assert any(rows.right["buyer_name"])


def test_an_order_in_words_of_an_invoice_is_an_invoice() -> None:
    body = INVOICE.replace("Rechnungsnummer: R-1", "Rechnungsnummer: R-1  Auftrag: 4711")
    assert doctype.type_of(paper(body))[0] == "invoice"


def test_a_lone_dollar_may_be_any_of_several_countries() -> None:
    us, some = (
        analyse(
            [*paper(f"Green Mart\n{place}\nReceipt No 12  02/03/2026\nBread  $ 3.10\nTotal  $ 3.10").pages]
        )
        for place in ("12 Main Street, Austin, TX 78701", "12 Orchard Road, Singapore 238841")
    )
    assert us.fields["currency"].value == "USD"
    assert some.fields["currency"].confidence < 0.9 < us.fields["currency"].confidence


WINDOW = """
Papierhaus Nord GmbH

Papierhaus Nord GmbH - Hafenweg 12 - 20457 Hamburg
Bavaria Trading
Industriestr. 7
80331 Muenchen
USt-IdNr.: DE136695976

Rechnung
Rechnungsnummer: R-1     Datum: 12.02.2026

Pos  Bezeichnung       Menge  Einzelpreis  Gesamt
1    Kopierpapier A4   10     4,00         40,00
Gesamtbetrag                               40,00 EUR
"""
FOOT = "\n" * 40 + "{name}     USt-IdNr.: DE811569869     IBAN DE88 2008 0000 0970 3757 00\n"


def judged(drawing: str, known: KnownSuppliers | None = None) -> dict[str, ExtractedField]:
    pages = [*paper(drawing).pages]
    return conclude("a.pdf", analyse(pages, known), date(2026, 3, 1), "pdfium", len(pages)).fields


def test_a_number_under_the_senders_line_of_a_window_is_the_addressees() -> None:
    fields = judged(WINDOW)
    assert "supplier_tax_id" not in fields or not fields["supplier_tax_id"].auto
    assert fields["buyer_tax_id"].value == "DE136695976"


def test_a_number_in_the_foot_beside_the_bank_is_the_writers() -> None:
    for name in ("Papierhaus Nord GmbH", "Sparkasse"):
        fields = judged(WINDOW + FOOT.format(name=name))
        assert (fields["supplier_tax_id"].value, fields["supplier_tax_id"].auto) == ("DE811569869", True)
        assert fields["buyer_tax_id"].value == "DE136695976"


def test_a_right_checksum_does_not_say_whose_number_it_is() -> None:
    """The only number of a paper, beside nobody's name or address: likely the supplier's, and never surely."""
    body = WINDOW.replace("USt-IdNr.: DE136695976\n", "").replace(
        "Pos  Bez", "USt-IdNr.: DE136695976\n\nPos  Bez"
    )
    field = judged(body)["supplier_tax_id"]
    assert (field.value, field.auto) == ("DE136695976", False)
    known = KnownSuppliers([KnownSupplier("Papierhaus Nord GmbH", ("DE136695976",))])
    assert judged(body, known)["supplier_tax_id"].auto


def test_the_clients_own_number_is_never_its_suppliers() -> None:
    body = WINDOW.replace("Bavaria Trading\nIndustriestr. 7\n80331 Muenchen\nUSt-IdNr.: DE136695976\n", "")
    body += FOOT.format(name="Papierhaus Nord GmbH").replace("DE811569869", "DE136695976")
    assert judged(body)["supplier_tax_id"].value == "DE136695976"
    own = judged(body, KnownSuppliers(client=frozenset({"de136695976"})))
    assert "supplier_tax_id" not in own
    assert own["buyer_tax_id"].value == "DE136695976"


def test_two_numbers_in_one_partys_name_are_for_a_person() -> None:
    both = WINDOW.replace("Papierhaus Nord GmbH\n\n", "Papierhaus Nord GmbH\nUSt-IdNr.: DE129273398\n\n", 1)
    fields = judged(both + FOOT.format(name="Papierhaus Nord GmbH"))
    assert not fields["supplier_tax_id"].auto


def test_an_american_address_says_that_months_stand_first_and_without_one_it_is_less_sure() -> None:
    note = "Bluestone Supplies LLC\n49 County Road 94\n{place}\n\nGoods Received Note\nGRN No: G-77  Received Date: 05/02/2019\n"
    us, nowhere = (judged(note.format(place=it))["issue_date"] for it in ("Columbus, OH 43209", "Columbus"))
    assert us.value == "2019-05-02"
    assert nowhere.value == "2019-02-05"
    assert nowhere.confidence < us.confidence


def test_what_a_company_is_worth_is_no_currency_of_the_paper() -> None:
    paper_of = (
        "Bellana S.r.l.\nVia Roma 5, 70196 Bari\n{worth}\n\nRicevimento merce n. 77\nData: 15/04/2020\n"
    )
    assert "currency" not in judged(paper_of.format(worth="Cap. Soc. € 69.753 i.v."))
    assert "currency" in judged(paper_of.format(worth="Totale € 69.753,00"))
