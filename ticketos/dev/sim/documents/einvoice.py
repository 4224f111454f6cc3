"""Structured invoices after EN 16931: CII by drafthorse, UBL by lxml, and the PDF that carries the CII."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from lxml import etree

from ticketos.dev.sim.documents.facts import Facts, Line
from ticketos.dev.sim.documents.parties import Company

INVOICE, CREDIT_NOTE = "380", "381"
EN16931 = "urn:cen.eu:en16931:2017"


def _type_code(facts: Facts) -> str:
    return CREDIT_NOTE if facts.kind == "credit_note" else INVOICE


def _groups(facts: Facts) -> list[tuple[Decimal, Decimal, Decimal]]:
    """Rate, base and tax of each rate; the Indian halves are one rate here."""
    groups: dict[Decimal, tuple[Decimal, Decimal]] = {}
    rates = {line.tax_rate for line in facts.lines}
    for rate in sorted(rates, reverse=True):
        base = sum((line.net for line in facts.lines if line.tax_rate == rate), Decimal(0))
        parts = len({part.name for part in facts.taxes})
        tax = sum((part.amount for part in facts.taxes if part.rate * parts == rate), Decimal(0))
        groups[rate] = (base, tax)
    return [(rate, base, tax) for rate, (base, tax) in groups.items()]


def _category(rate: Decimal) -> str:
    return "S" if rate else "Z"


def cii(facts: Facts) -> bytes:
    """The document as UN/CEFACT CII, valid against the EN 16931 schema."""
    from drafthorse.models.document import Document

    document: Any = Document()
    document.context.guideline_parameter.id = EN16931
    document.header.id = facts.number
    document.header.type_code = _type_code(facts)
    document.header.issue_date_time = facts.issue_date
    agreement = document.trade.agreement
    _cii_party(agreement.seller, facts.supplier)
    _cii_party(agreement.buyer, facts.buyer, tax_id=facts.show_buyer_tax_id)
    if facts.po_number:
        agreement.buyer_order.issuer_assigned_id = facts.po_number
    document.trade.delivery.event.occurrence = facts.delivery_date
    for position, line in enumerate(facts.lines, start=1):
        document.trade.items.add(_cii_line(line, position))
    _cii_settlement(document.trade.settlement, facts)
    return bytes(document.serialize(schema="FACTUR-X_EN16931"))


def _cii_party(party: Any, company: Company, *, tax_id: bool = True) -> None:
    from drafthorse.models.party import TaxRegistration

    party.name = company.name
    party.address.postcode = company.postcode
    party.address.line_one = company.street
    if company.district:
        party.address.line_two = company.district
    party.address.city_name = company.city
    party.address.country_id = company.country
    if company.region:
        party.address.country_subdivision = company.region
    if tax_id:
        party.tax_registrations.add(TaxRegistration(id=("VA", company.tax_id)))


def _cii_line(line: Line, position: int) -> Any:
    from drafthorse.models.tradelines import LineItem

    item: Any = LineItem()
    item.document.line_id = str(position)
    item.product.name = line.description
    item.agreement.net.amount = line.unit_price
    item.delivery.billed_quantity = (line.quantity, line.unit_code)
    item.settlement.trade_tax.type_code = "VAT"
    item.settlement.trade_tax.category_code = _category(line.tax_rate)
    item.settlement.trade_tax.rate_applicable_percent = line.tax_rate
    item.settlement.monetary_summation.total_amount = line.net
    return item


def _cii_settlement(settlement: Any, facts: Facts) -> None:
    from drafthorse.models.accounting import ApplicableTradeTax
    from drafthorse.models.payment import PaymentTerms

    settlement.currency_code = facts.currency
    for rate, base, tax in _groups(facts):
        group: Any = ApplicableTradeTax()
        group.calculated_amount = tax
        group.basis_amount = base
        group.type_code = "VAT"
        group.category_code = _category(rate)
        group.rate_applicable_percent = rate
        settlement.trade_tax.add(group)
    if facts.due_date:
        settlement.terms.add(PaymentTerms(due=facts.due_date))
    total = settlement.monetary_summation
    total.line_total = facts.net_total
    total.charge_total = Decimal("0.00")
    total.allowance_total = Decimal("0.00")
    total.tax_basis_total = facts.net_total
    total.tax_total = (facts.tax_total, facts.currency)
    total.grand_total = facts.total
    if facts.paid:
        total.prepaid_total = facts.paid
    total.due_amount = facts.amount_due


_NS = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}


class _Ubl:
    """Builds UBL elements under a root: ``put("cac:Party/cbc:Name", text)`` makes the missing parents."""

    def __init__(self, element: Any) -> None:
        self.element = element

    def add(self, name: str) -> _Ubl:
        """A new child."""
        prefix, local = name.split(":")
        return _Ubl(etree.SubElement(self.element, f"{{{_NS[prefix]}}}{local}"))

    def put(self, path: str, text: str, **attributes: str) -> None:
        """Writes the text at the path, reusing a parent that was made last."""
        *parents, leaf = path.split("/")
        node = self
        for name in parents:
            prefix, local = name.split(":")
            found = node.element.findall(f"{{{_NS[prefix]}}}{local}")
            node = _Ubl(found[-1]) if found else node.add(name)
        target = node.add(leaf)
        target.element.text = text
        target.element.attrib.update(attributes)


def ubl(facts: Facts) -> bytes:
    """The document as UBL 2.1, children in the order its schema demands."""
    credit = facts.kind == "credit_note"
    name = "CreditNote" if credit else "Invoice"
    namespace = f"urn:oasis:names:specification:ubl:schema:xsd:{name}-2"
    names: dict[str | None, str] = {None: namespace}
    names.update(_NS)
    root = _Ubl(etree.Element(f"{{{namespace}}}{name}", nsmap=names))
    root.put("cbc:CustomizationID", EN16931)
    root.put("cbc:ID", facts.number)
    root.put("cbc:IssueDate", facts.issue_date.isoformat())
    if facts.due_date and not credit:
        root.put("cbc:DueDate", facts.due_date.isoformat())
    root.put(f"cbc:{name}TypeCode", _type_code(facts))
    root.put("cbc:DocumentCurrencyCode", facts.currency)
    if facts.po_number:
        root.put("cac:OrderReference/cbc:ID", facts.po_number)
    _ubl_party(root.add("cac:AccountingSupplierParty").add("cac:Party"), facts.supplier)
    _ubl_party(
        root.add("cac:AccountingCustomerParty").add("cac:Party"), facts.buyer, tax_id=facts.show_buyer_tax_id
    )
    _ubl_totals(root, facts)
    for position, line in enumerate(facts.lines, start=1):
        _ubl_line(root.add(f"cac:{name}Line"), line, position, facts)
    return bytes(etree.tostring(root.element, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _ubl_party(party: _Ubl, company: Company, *, tax_id: bool = True) -> None:
    party.put("cac:PartyName/cbc:Name", company.name)
    address = party.add("cac:PostalAddress")
    address.put("cbc:StreetName", company.street)
    if company.district:
        address.put("cbc:AdditionalStreetName", company.district)
    address.put("cbc:CityName", company.city)
    address.put("cbc:PostalZone", company.postcode)
    if company.region:
        address.put("cbc:CountrySubentity", company.region)
    address.put("cac:Country/cbc:IdentificationCode", company.country)
    if tax_id:
        scheme = party.add("cac:PartyTaxScheme")
        scheme.put("cbc:CompanyID", company.tax_id)
        scheme.put("cac:TaxScheme/cbc:ID", "VAT")
    party.put("cac:PartyLegalEntity/cbc:RegistrationName", company.name)


def _ubl_totals(root: _Ubl, facts: Facts) -> None:
    money = {"currencyID": facts.currency}
    total = root.add("cac:TaxTotal")
    total.put("cbc:TaxAmount", f"{facts.tax_total:.2f}", **money)
    for rate, base, tax in _groups(facts):
        group = total.add("cac:TaxSubtotal")
        group.put("cbc:TaxableAmount", f"{base:.2f}", **money)
        group.put("cbc:TaxAmount", f"{tax:.2f}", **money)
        _ubl_category(group.add("cac:TaxCategory"), rate)
    sums = root.add("cac:LegalMonetaryTotal")
    sums.put("cbc:LineExtensionAmount", f"{facts.net_total:.2f}", **money)
    sums.put("cbc:TaxExclusiveAmount", f"{facts.net_total:.2f}", **money)
    sums.put("cbc:TaxInclusiveAmount", f"{facts.total:.2f}", **money)
    if facts.paid:
        sums.put("cbc:PrepaidAmount", f"{facts.paid:.2f}", **money)
    sums.put("cbc:PayableAmount", f"{facts.amount_due:.2f}", **money)


def _ubl_category(category: _Ubl, rate: Decimal) -> None:
    category.put("cbc:ID", _category(rate))
    category.put("cbc:Percent", str(rate))
    category.put("cac:TaxScheme/cbc:ID", "VAT")


def _ubl_line(element: _Ubl, line: Line, position: int, facts: Facts) -> None:
    element.put("cbc:ID", str(position))
    kind = "CreditedQuantity" if facts.kind == "credit_note" else "InvoicedQuantity"
    element.put(f"cbc:{kind}", format(line.quantity, "f"), unitCode=line.unit_code)
    element.put("cbc:LineExtensionAmount", f"{line.net:.2f}", currencyID=facts.currency)
    element.put("cac:Item/cbc:Name", line.description)
    item = _Ubl(element.element[-1])
    _ubl_category(item.add("cac:ClassifiedTaxCategory"), line.tax_rate)
    element.put("cac:Price/cbc:PriceAmount", f"{line.unit_price:.2f}", currencyID=facts.currency)


def hybrid(pdf: bytes, facts: Facts) -> bytes:
    """The PDF with the CII inside, as Factur-X and ZUGFeRD want it."""
    from facturx import generate_from_binary

    title = {
        "author": facts.supplier.name,
        "title": facts.number,
        "subject": f"{facts.kind} {facts.number}",
        "keywords": "Factur-X",
    }
    made = generate_from_binary(
        pdf,
        cii(facts),
        flavor="factur-x",
        level="en16931",
        check_xsd=False,
        pdf_metadata=title,
        xmp_compression=False,
    )
    return _dated(bytes(made), facts.issue_date)


def _dated(content: bytes, day: dt.date) -> bytes:
    """The library stamps the clock into the file; the stamps are overwritten at equal length. It may write a colon as
    an octal escape."""
    stamp = day.strftime("%Y%m%d090000").encode()
    content = re.sub(rb"D(:|\\072)\d{14}", lambda found: b"D" + found[1] + stamp, content)
    return re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", day.isoformat().encode() + b"T09:00:00", content)
