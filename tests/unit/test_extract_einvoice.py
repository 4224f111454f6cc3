"""Structured e-invoices, and XML that is none."""

from __future__ import annotations

from datetime import date

import pytest

from schemas.extraction import FIELD_NAMES, Extraction
from ticketos.ai.extract.limits import Limits
from ticketos.ai.extract.reader import read_document

TODAY = date(2026, 3, 1)

UBL = """<?xml version="1.0" encoding="UTF-8"?>
<{root} xmlns="urn:oasis:names:specification:ubl:schema:xsd:{root}-2"
  xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
  xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
  <cbc:ID>N-1</cbc:ID><cbc:IssueDate>2026-02-01</cbc:IssueDate>
  <cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
  <cac:OrderReference><cbc:ID>PO-9</cbc:ID></cac:OrderReference>
  <cac:AccountingSupplierParty><cac:Party>
    <cac:PartyTaxScheme><cbc:CompanyID>DE136695976</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>
    <cac:PartyLegalEntity>
      <cbc:RegistrationName>Bright Paper GmbH</cbc:RegistrationName></cac:PartyLegalEntity>
  </cac:Party></cac:AccountingSupplierParty>
  <cac:AccountingCustomerParty><cac:Party>
    <cac:PartyName><cbc:Name>Acme Ltd</cbc:Name></cac:PartyName></cac:Party></cac:AccountingCustomerParty>
  <cac:TaxTotal><cbc:TaxAmount currencyID="EUR">19.00</cbc:TaxAmount></cac:TaxTotal>
  <cac:LegalMonetaryTotal><cbc:TaxExclusiveAmount>100.00</cbc:TaxExclusiveAmount>
    <cbc:TaxInclusiveAmount>119.00</cbc:TaxInclusiveAmount><cbc:PayableAmount>{payable}</cbc:PayableAmount></cac:LegalMonetaryTotal>
  <cac:{line}Line><cbc:{quantity}Quantity unitCode="C62">4</cbc:{quantity}Quantity>
    <cbc:LineExtensionAmount>100.00</cbc:LineExtensionAmount>
    <cac:Item><cbc:Name>Paper</cbc:Name><cac:ClassifiedTaxCategory><cbc:Percent>19.00</cbc:Percent></cac:ClassifiedTaxCategory></cac:Item>
    <cac:Price><cbc:PriceAmount>2500</cbc:PriceAmount><cbc:BaseQuantity>100</cbc:BaseQuantity></cac:Price>
  </cac:{line}Line>
</{root}>"""


def invoice(payable: str = "119.00") -> bytes:
    return UBL.format(root="Invoice", line="Invoice", quantity="Invoiced", payable=payable).encode()


def credit_note() -> bytes:
    return UBL.format(root="CreditNote", line="CreditNote", quantity="Credited", payable="119.00").encode()


def read(data: bytes, name: str = "a.xml") -> Extraction:
    return read_document(data, name, today=TODAY)


def test_a_ubl_invoice_is_read_whole_and_passes_its_checks() -> None:
    found = read(invoice())
    assert (found.status, found.type, found.engine) == ("read", "invoice", "xml:ubl")
    assert {name: field.value for name, field in found.fields.items()} == {
        "number": "N-1",
        "issue_date": "2026-02-01",
        "currency": "EUR",
        "po_number": "PO-9",
        "supplier_name": "Bright Paper GmbH",
        "supplier_tax_id": "DE136695976",
        "buyer_name": "Acme Ltd",
        "net_total": "100.00",
        "tax_total": "19.00",
        "total": "119.00",
    }
    assert all(field.auto and field.source == "xml" for field in found.fields.values())
    assert all(check.ok for check in found.checks)


def test_a_price_per_hundred_becomes_the_price_of_one() -> None:
    (line,) = read(invoice()).lines
    assert (line.quantity, line.unit_price, line.tax_rate, line.net) == ("4", "25", "19", "100.00")


def test_an_amount_due_is_told_only_where_it_differs_from_the_total() -> None:
    assert "amount_due" not in read(invoice()).fields
    assert read(invoice(payable="69.00")).fields["amount_due"].value == "69.00"


def test_a_credit_note_is_told_from_an_invoice() -> None:
    assert read(credit_note()).type == "credit_note"


def test_figures_that_disagree_block_their_fields_and_no_others() -> None:
    found = read(invoice().replace(b"119.00", b"129.00"))
    assert not found.fields["total"].auto
    assert "check:net_plus_tax" in found.fields["total"].blocked_by
    assert found.fields["number"].auto


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE Invoice [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b'<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2">&b;</Invoice>'
)
FILE_ENTITY = b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>'


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (b"", "a.xml", "empty"),
        (b"  \n", "a.pdf", "empty"),
        (BOMB, "a.xml", "hostile"),
        (FILE_ENTITY, "a.xml", "hostile"),
        (BOMB.decode().encode("utf-16"), "a.xml", "hostile"),
        (b"<a>" * 5000, "a.xml", "hostile"),
        (invoice()[:-40], "a.xml", "truncated"),
        (invoice().replace(b"</cbc:ID>", b"</cbc:XX>", 1), "a.xml", "unreadable"),
        (b"<html><body>no invoice</body></html>", "a.xml", "unsupported"),
        (invoice(), "a.pdf", "wrong-type"),
        (b"MZ\x90\x00 program", "a.pdf", "wrong-type"),
        (b"PK\x03\x04 archive", "a.zip", "unsupported"),
    ],
)
def test_what_cannot_be_read_is_quarantined_with_its_reason(data: bytes, name: str, reason: str) -> None:
    found = read(data, name)
    assert (found.status, found.reason) == ("quarantined", reason)
    assert found.reason_text
    assert not found.fields


def test_a_file_over_the_size_limit_is_refused_and_one_under_it_is_read() -> None:
    data = invoice()
    assert read_document(data, "a.xml", Limits(bytes=len(data))).status == "read"
    assert read_document(data, "a.xml", Limits(bytes=len(data) - 1)).reason == "too-large"


def test_the_public_object_has_the_agreed_keys_and_no_others() -> None:
    public = read(invoice()).public()
    assert list(public) == [
        "file", "type", "status", "reason", "fields", "lines", "tax_rows", "checks", "engine",
    ]  # fmt: skip
    assert set(public["fields"]) <= set(FIELD_NAMES)
    assert list(public["fields"]["total"]) == ["value", "confidence", "auto", "page", "box", "source"]
    assert list(public["lines"][0]) == ["description", "quantity", "unit", "unit_price", "tax_rate", "net"]
    assert list(public["checks"][0]) == ["name", "ok", "detail"]


def test_an_older_payload_with_unknown_keys_still_loads() -> None:
    stored = read(invoice()).model_dump(mode="json") | {"from_the_future": 1}
    assert Extraction.model_validate(stored).fields["total"].value == "119.00"
