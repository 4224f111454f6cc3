"""An e-invoice as what its page would show: our own names, bounded texts, nothing of the file's markup."""

from __future__ import annotations

from decimal import Decimal

import pytest

from schemas.papers import PaperView
from ticketos.ai.extract.einvoice.found import MORE
from ticketos.ai.extract.limits import Limits, Quarantined
from ticketos.ai.extract.paper import LONGEST, MOST_LINES, paper
from ticketos.dev.sim.documents import Form, generate

UBL = """<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
  xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
  xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
  <cbc:ID>{number}</cbc:ID><cbc:IssueDate>2026-02-01</cbc:IssueDate><cbc:Note>Thank you</cbc:Note>
  <cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode><cbc:BuyerReference>Desk 7</cbc:BuyerReference>
  <cac:AccountingSupplierParty><cac:Party><cac:PartyName><cbc:Name>Bright Paper GmbH</cbc:Name></cac:PartyName>
  </cac:Party></cac:AccountingSupplierParty>
  <cac:AccountingCustomerParty><cac:Party><cac:PostalAddress><cbc:StreetName>High Street 1</cbc:StreetName>
    <cbc:CityName>Leeds</cbc:CityName></cac:PostalAddress></cac:Party></cac:AccountingCustomerParty>
  <cac:Delivery><cbc:ActualDeliveryDate>2026-01-31</cbc:ActualDeliveryDate></cac:Delivery>
  <cac:PaymentMeans><cac:PayeeFinancialAccount><cbc:ID>DE02120300000000202051</cbc:ID></cac:PayeeFinancialAccount>
  </cac:PaymentMeans><cac:PaymentTerms><cbc:Note>30 days net</cbc:Note></cac:PaymentTerms>
  <cac:TaxTotal><cbc:TaxAmount>19.00</cbc:TaxAmount><cac:TaxSubtotal><cbc:TaxableAmount>100.00</cbc:TaxableAmount>
    <cbc:TaxAmount>19.00</cbc:TaxAmount><cac:TaxCategory><cbc:Percent>19.00</cbc:Percent></cac:TaxCategory>
  </cac:TaxSubtotal></cac:TaxTotal>
  <cac:LegalMonetaryTotal><cbc:TaxExclusiveAmount>100.00</cbc:TaxExclusiveAmount>
    <cbc:TaxInclusiveAmount>119.00</cbc:TaxInclusiveAmount><cbc:PayableAmount>119.00</cbc:PayableAmount></cac:LegalMonetaryTotal>
  {lines}</Invoice>"""
LINE = """<cac:InvoiceLine><cbc:InvoicedQuantity unitCode="HUR">4</cbc:InvoicedQuantity>
  <cbc:LineExtensionAmount>100.00</cbc:LineExtensionAmount><cac:Item><cbc:Name>{name}</cbc:Name></cac:Item></cac:InvoiceLine>"""


def ubl(number: str = "N-1", name: str = "Advice", lines: int = 1) -> bytes:
    return UBL.format(number=number, lines=LINE.format(name=name) * lines).encode()


def test_a_page_shows_header_parties_lines_tax_and_what_nobody_keys() -> None:
    found = paper(ubl(), "a.xml", Limits())
    assert (found["syntax"], found["doc_type"], found["lines_total"]) == ("ubl", "invoice", 1)
    assert found["fields"]["supplier_name"] == "Bright Paper GmbH" and found["fields"]["total"] == "119.00"
    assert found["lines"] == [{"description": "Advice", "quantity": "4", "unit": "HUR", "net": "100.00"}]
    assert found["tax_rows"] == [{"rate": "19", "base": "100.00", "amount": "19.00"}]
    assert found["more"] == {
        "buyer_address": "High Street 1, Leeds",
        "reference": "Desk 7",
        "delivered": "2026-01-31",
        "payment_terms": "30 days net",
        "iban": "DE02120300000000202051",
        "note": "Thank you",
    }
    assert set(found["more"]) == set(MORE)
    assert PaperView.model_validate(found).lines == found["lines"]


@pytest.mark.parametrize("form", ["einvoice_xml_ubl", "einvoice_xml_cii"])
def test_every_sample_e_invoice_is_drawn_with_what_it_holds(form: Form) -> None:
    for seed in range(400, 410):
        sample = generate("invoice", seed, form=form)
        found = paper(sample.content, sample.filename, Limits())
        truth = sample.truth
        assert found["fields"]["number"] == truth.fields["number"]
        assert Decimal(found["fields"]["total"]) == Decimal(str(truth.fields["total"]))
        assert len(found["lines"]) == len(truth.lines)
        assert found["more"].get("buyer_address"), sample.filename


def test_texts_are_cut_and_lines_are_bounded_and_both_are_said() -> None:
    found = paper(ubl("N" * 5_000, "x" * 5_000, MOST_LINES + 7), "a.xml", Limits())
    assert len(found["fields"]["number"]) == len(found["lines"][0]["description"]) == LONGEST
    assert (len(found["lines"]), found["lines_total"]) == (MOST_LINES, MOST_LINES + 7)
    PaperView.model_validate(found)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<html><body>no invoice</body></html>", "no-page"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "hostile"),
        (ubl()[:-30], "truncated"),
        (b"", "empty"),
    ],
)
def test_what_is_no_e_invoice_by_itself_is_not_drawn(data: bytes, code: str) -> None:
    with pytest.raises(Quarantined) as refused:
        paper(data, "a.xml", Limits())
    assert refused.value.code == code


def test_a_file_with_pages_of_its_own_is_left_to_them() -> None:
    sample = generate("invoice", 77)
    with pytest.raises(Quarantined) as refused:
        paper(sample.content, sample.filename, Limits())
    assert refused.value.code == "no-page"
