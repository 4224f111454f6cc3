"""UBL 2: invoice, credit note and order, as Peppol, XRechnung and national profiles use them."""

from __future__ import annotations

from lxml import etree

from schemas.extraction import DocumentType, ExtractedLine, TaxRow
from ticketos.ai.extract.einvoice.found import CREDIT_CODES, EInvoice
from ticketos.ai.extract.einvoice.nodes import (
    all_of,
    decimal,
    first_of,
    in_currency,
    iso_date,
    joined,
    number,
    own_text,
    per_unit,
    rate,
    text_of,
)

_TYPES: dict[str, DocumentType] = {
    "Invoice": "invoice",
    "SelfBilledInvoice": "invoice",
    "CreditNote": "credit_note",
    "SelfBilledCreditNote": "credit_note",
    "Order": "purchase_order",
}
ROOTS = tuple(_TYPES)
_ADDRESS = (
    "StreetName",
    "AdditionalStreetName",
    "AddressLine/Line",
    "PostalZone",
    "CityName",
    "Country/IdentificationCode",
)


def read(root: etree._Element) -> EInvoice:
    """The invoice, credit note or order under a UBL root."""
    kind = _TYPES[etree.QName(root).localname]
    if text_of(root, "InvoiceTypeCode", "CreditNoteTypeCode") in CREDIT_CODES:
        kind = "credit_note"
    found = EInvoice(kind, "ubl")
    found.put("number", text_of(root, "ID"))
    found.put("issue_date", iso_date(text_of(root, "IssueDate")))
    due = text_of(root, "DueDate", "PaymentMeans/PaymentDueDate", "PaymentTerms/PaymentDueDate")
    found.put("due_date", iso_date(due))
    found.put("currency", text_of(root, "DocumentCurrencyCode"))
    found.put("po_number", text_of(root, "OrderReference/ID"))
    sellers = ("AccountingSupplierParty/Party", "SellerSupplierParty/Party")
    buyers = ("AccountingCustomerParty/Party", "BuyerCustomerParty/Party")
    _party(found, "supplier", first_of(root, *sellers))
    _party(found, "buyer", first_of(root, *buyers))
    _sums(found, root)
    found.tell(
        buyer_address=joined(first_of(root, *(f"{buyer}/PostalAddress" for buyer in buyers)), _ADDRESS),
        reference=text_of(root, "BuyerReference"),
        delivered=iso_date(text_of(root, "Delivery/ActualDeliveryDate")),
        payment_terms=text_of(root, "PaymentTerms/Note"),
        iban=text_of(root, "PaymentMeans/PayeeFinancialAccount/ID"),
        note=text_of(root, "Note"),
    )
    for path in ("InvoiceLine", "CreditNoteLine", "OrderLine/LineItem"):
        found.lines += [_line(item) for item in all_of(root, path)]
    return found


def _sums(found: EInvoice, root: etree._Element) -> None:
    sums = first_of(root, "LegalMonetaryTotal", "AnticipatedMonetaryTotal")
    currency = found.fields.get("currency")
    found.put("net_total", number(text_of(sums, "TaxExclusiveAmount")))
    if "net_total" not in found.fields:
        found.put("net_total", _net_by_sum(sums))
    found.put("tax_total", number(in_currency(all_of(root, "TaxTotal/TaxAmount"), currency)))
    found.put("total", number(text_of(sums, "TaxInclusiveAmount")))
    due = number(text_of(sums, "PayableAmount"))
    found.put("total", due)
    found.put_due(due)
    found.tax_rows = [
        TaxRow(
            rate=rate(text_of(part, "TaxCategory/Percent", "Percent")),
            base=number(text_of(part, "TaxableAmount")),
            amount=number(text_of(part, "TaxAmount")),
            category=text_of(part, "TaxCategory/ID"),
        )
        for part in all_of(root, "TaxTotal/TaxSubtotal")
    ]


def _net_by_sum(sums: etree._Element | None) -> str | None:
    """Lines less allowances plus charges: what orders leave out and invoices state."""
    lines = decimal(text_of(sums, "LineExtensionAmount"))
    if lines is None:
        return None
    less, more = (decimal(text_of(sums, name)) or 0 for name in ("AllowanceTotalAmount", "ChargeTotalAmount"))
    return f"{lines - less + more:f}"


def _party(found: EInvoice, role: str, party: etree._Element | None) -> None:
    found.put(f"{role}_name", text_of(party, "PartyLegalEntity/RegistrationName", "PartyName/Name"))
    schemes = sorted(all_of(party, "PartyTaxScheme"), key=lambda node: text_of(node, "TaxScheme/ID") != "VAT")
    numbers = (text_of(node, "CompanyID") for node in schemes)
    found.put(f"{role}_tax_id", next((value for value in numbers if value), None))
    if role == "supplier":
        found.put("supplier_address", joined(first_of(party, "PostalAddress"), _ADDRESS))


def _line(item: etree._Element) -> ExtractedLine:
    counted = first_of(item, "InvoicedQuantity", "CreditedQuantity", "Quantity")
    quantity, net = number(own_text(counted)), number(text_of(item, "LineExtensionAmount"))
    price = (text_of(item, "Price/PriceAmount"), text_of(item, "Price/BaseQuantity"))
    percents = ("Item/ClassifiedTaxCategory/Percent", "TaxTotal/TaxSubtotal/TaxCategory/Percent")
    return ExtractedLine(
        description=text_of(item, "Item/Name", "Item/Description"),
        quantity=quantity,
        unit=counted.get("unitCode") if counted is not None else None,
        unit_price=per_unit(*price, quantity, net),
        tax_rate=rate(text_of(item, *percents)),
        net=net,
    )
