"""Structured e-invoices: UN/CEFACT CII (ZUGFeRD, Factur-X, XRechnung) and UBL 2 (invoice, credit note,
order).

What the issuer's system wrote is taken as it is; only its form is normalised (ISO dates, plain decimals).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation

from lxml import etree

from schemas.extraction import DocumentType, ExtractedLine
from ticketos.ai.extract.limits import Quarantined

_CREDIT = {"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"}
_CUT_OFF = {
    etree.ErrorTypes.ERR_DOCUMENT_END,
    etree.ErrorTypes.ERR_TAG_NOT_FINISHED,
    etree.ErrorTypes.ERR_GT_REQUIRED,
    etree.ErrorTypes.ERR_DOCUMENT_EMPTY,
}


@dataclass
class EInvoice:
    """The fields found, by name; amounts as decimal strings, dates ISO 8601."""

    type: DocumentType
    syntax: str
    fields: dict[str, str] = field(default_factory=dict)
    lines: list[ExtractedLine] = field(default_factory=list)
    text: str = ""

    def put(self, name: str, value: str | None) -> None:
        if value:
            self.fields.setdefault(name, value)


def parse_xml(data: bytes) -> etree._Element:
    """The root element. Raises Quarantined: hostile for entities, truncated, unreadable.

    No entity is expanded, no file or address opened; a document type is refused, no e-invoice has one.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, dtd_validation=False
    )
    if re.search(rb"<!(?:DOCTYPE|ENTITY)", data.replace(b"\x00", b"")):
        raise Quarantined("hostile", "document type declaration")
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        if "nested" in str(error) or "depth" in str(error).lower():
            raise Quarantined("hostile", "nesting") from error
        cut = error.code in _CUT_OFF or "Premature end" in str(error)
        raise Quarantined("truncated" if cut else "unreadable", str(error)) from error
    return root


def read_einvoice(root: etree._Element) -> EInvoice | None:
    """The e-invoice under this root; None when the XML is something else."""
    name = etree.QName(root).localname
    if name in ("CrossIndustryInvoice", "CrossIndustryDocument"):
        found = _cii(root)
    elif name in ("Invoice", "CreditNote", "Order") and "oasis" in (etree.QName(root).namespace or ""):
        found = _ubl(root, name)
    else:
        return None
    found.text = "\n".join(part.strip() for part in root.itertext() if part.strip())
    return found


def _all(node: etree._Element, path: str) -> list[etree._Element]:
    """Elements by local names, so that one path serves every version of the namespaces."""
    steps = [step for step in path.split("/") if step]
    query = "./" + "/".join(f"*[local-name()='{step}']" for step in steps)
    found = node.xpath(query)
    return found if isinstance(found, list) else []


def _text(node: etree._Element | None, *paths: str) -> str | None:
    """The text at the first path that has one."""
    if node is None:
        return None
    for path in paths:
        for found in _all(node, path):
            if found.text and found.text.strip():
                return " ".join(found.text.split())
    return None


def _number(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    if not value.is_finite() or abs(value.adjusted()) > 30:
        return None
    return f"{value:f}"


def _per_unit(price: str | None, basis: str | None) -> str | None:
    """The price of one unit, where the invoice gives it per 100 or per 1000."""
    amount, base = _number(price), Decimal(_number(basis) or 1)
    if amount is None or base in (0, 1):
        return amount
    return f"{(Decimal(amount) / base).normalize():f}"


def _price(agreement: etree._Element | None, element: str) -> str | None:
    amount = _text(agreement, f"{element}/ChargeAmount")
    return _per_unit(amount, _text(agreement, f"{element}/BasisQuantity"))


def _rate(text: str | None) -> str | None:
    number = _number(text)
    return f"{Decimal(number).normalize():f}" if number else None


def _date(text: str | None) -> str | None:
    """20240229, 202402 (no day: none) or 2024-02-29, perhaps with a zone behind."""
    match = re.match(r"(\d{4})-?(\d{2})-?(\d{2})", text or "")
    if not match:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3])).isoformat()
    except ValueError:
        return None


def _joined(node: etree._Element | None, names: Sequence[str]) -> str | None:
    parts = [value for value in (_text(node, name) for name in names) if value]
    return ", ".join(parts) or None


def _first(node: etree._Element, *paths: str) -> etree._Element | None:
    return next((found for path in paths for found in _all(node, path)), None)


# --- UN/CEFACT CII ------------------------------------------------------------------------------------------


def _cii(root: etree._Element) -> EInvoice:
    head = _first(root, "ExchangedDocument", "HeaderExchangedDocument")
    deal = _first(root, "SupplyChainTradeTransaction", "SpecifiedSupplyChainTradeTransaction")
    code = _text(head, "TypeCode")
    found = EInvoice("credit_note" if code in _CREDIT else "invoice", "cii")
    found.put("number", _text(head, "ID"))
    found.put("issue_date", _date(_text(head, "IssueDateTime/DateTimeString")))
    if deal is None:
        return found
    agreement = _first(deal, "ApplicableHeaderTradeAgreement", "ApplicableSupplyChainTradeAgreement")
    settlement = _first(deal, "ApplicableHeaderTradeSettlement", "ApplicableSupplyChainTradeSettlement")
    if agreement is not None:
        for role, element in (("supplier", "SellerTradeParty"), ("buyer", "BuyerTradeParty")):
            _cii_party(found, role, _first(agreement, element))
        found.put(
            "po_number",
            _text(
                agreement, "BuyerOrderReferencedDocument/IssuerAssignedID", "BuyerOrderReferencedDocument/ID"
            ),
        )
    if settlement is not None:
        _cii_sums(found, settlement)
    for item in _all(deal, "IncludedSupplyChainTradeLineItem"):
        line = _cii_line(item)
        if line:
            found.lines.append(line)
    return found


def _cii_party(found: EInvoice, role: str, party: etree._Element | None) -> None:
    if party is None:
        return
    found.put(f"{role}_name", _text(party, "Name", "SpecifiedLegalOrganization/TradingBusinessName"))
    found.put(f"{role}_tax_id", _scheme_first(_all(party, "SpecifiedTaxRegistration/ID")))
    if role == "supplier":
        address = _first(party, "PostalTradeAddress")
        found.put(
            "supplier_address",
            _joined(
                address,
                ("LineOne", "StreetName", "LineTwo", "LineThree", "PostcodeCode", "CityName", "CountryID"),
            ),
        )


def _scheme_first(nodes: Sequence[etree._Element]) -> str | None:
    """The VAT number (scheme VA) before the local tax number (FC)."""
    ranked = sorted(nodes, key=lambda node: node.get("schemeID") != "VA")
    return next((" ".join(node.text.split()) for node in ranked if node.text and node.text.strip()), None)


def _cii_sums(found: EInvoice, settlement: etree._Element) -> None:
    sums = _first(
        settlement,
        "SpecifiedTradeSettlementHeaderMonetarySummation",
        "SpecifiedTradeSettlementMonetarySummation",
    )
    found.put("currency", _text(settlement, "InvoiceCurrencyCode"))
    found.put(
        "due_date", _date(_text(settlement, "SpecifiedTradePaymentTerms/DueDateDateTime/DateTimeString"))
    )
    found.put("po_number", _text(settlement, "BuyerOrderReferencedDocument/IssuerAssignedID"))
    if sums is None:
        return
    if "currency" not in found.fields:
        total = _first(sums, "GrandTotalAmount")
        found.put("currency", total.get("currencyID") if total is not None else None)
    found.put("net_total", _number(_text(sums, "TaxBasisTotalAmount")))
    found.put("tax_total", _number(_in_currency(_all(sums, "TaxTotalAmount"), found.fields.get("currency"))))
    found.put("total", _number(_text(sums, "GrandTotalAmount")))
    _put_due(found, _number(_text(sums, "DuePayableAmount")))


def _in_currency(nodes: Sequence[etree._Element], currency: str | None) -> str | None:
    """Tax may be given twice, in the invoice's and in the tax office's currency."""
    ranked = sorted(nodes, key=lambda node: node.get("currencyID") not in (currency, None))
    return ranked[0].text if ranked else None


def _put_due(found: EInvoice, due: str | None) -> None:
    total = found.fields.get("total")
    if due is not None and (total is None or Decimal(due) != Decimal(total)):
        found.put("amount_due", due)


def _cii_line(item: etree._Element) -> ExtractedLine | None:
    quantity = _first(
        item, "SpecifiedLineTradeDelivery/BilledQuantity", "SpecifiedSupplyChainTradeDelivery/BilledQuantity"
    )
    agreement = _first(item, "SpecifiedLineTradeAgreement", "SpecifiedSupplyChainTradeAgreement")
    settlement = _first(item, "SpecifiedLineTradeSettlement", "SpecifiedSupplyChainTradeSettlement")
    line = ExtractedLine(
        description=_text(item, "SpecifiedTradeProduct/Name", "SpecifiedTradeProduct/Description"),
        quantity=_number(quantity.text) if quantity is not None else None,
        unit=quantity.get("unitCode") if quantity is not None else None,
        unit_price=_price(agreement, "NetPriceProductTradePrice")
        or _price(agreement, "GrossPriceProductTradePrice"),
        tax_rate=_rate(
            _text(
                settlement, "ApplicableTradeTax/RateApplicablePercent", "ApplicableTradeTax/ApplicablePercent"
            )
        ),
        net=_number(
            _text(
                settlement,
                "SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount",
                "SpecifiedTradeSettlementMonetarySummation/LineTotalAmount",
            )
        ),
    )
    return None if line == ExtractedLine() or (line.net is None and line.quantity is None) else line


# --- UBL 2 --------------------------------------------------------------------------------------------------


def _ubl(root: etree._Element, name: str) -> EInvoice:
    types: dict[str, DocumentType] = {
        "CreditNote": "credit_note",
        "Order": "purchase_order",
        "Invoice": "invoice",
    }
    kind = "credit_note" if _text(root, "InvoiceTypeCode") in _CREDIT else types[name]
    found = EInvoice(kind, "ubl")
    found.put("number", _text(root, "ID"))
    found.put("issue_date", _date(_text(root, "IssueDate")))
    found.put(
        "due_date",
        _date(_text(root, "DueDate", "PaymentMeans/PaymentDueDate", "PaymentTerms/PaymentDueDate")),
    )
    found.put("currency", _text(root, "DocumentCurrencyCode"))
    found.put("po_number", _text(root, "OrderReference/ID"))
    sellers = ("AccountingSupplierParty/Party", "SellerSupplierParty/Party")
    buyers = ("AccountingCustomerParty/Party", "BuyerCustomerParty/Party")
    _ubl_party(found, "supplier", _first(root, *sellers))
    _ubl_party(found, "buyer", _first(root, *buyers))
    sums = _first(root, "LegalMonetaryTotal", "AnticipatedMonetaryTotal")
    found.put("net_total", _number(_text(sums, "TaxExclusiveAmount")))
    found.put(
        "tax_total", _number(_in_currency(_all(root, "TaxTotal/TaxAmount"), found.fields.get("currency")))
    )
    found.put("total", _number(_text(sums, "TaxInclusiveAmount")))
    _put_due(found, _number(_text(sums, "PayableAmount")))
    if "total" not in found.fields and "amount_due" in found.fields:
        found.fields["total"] = found.fields.pop("amount_due")
    for path in ("InvoiceLine", "CreditNoteLine", "OrderLine/LineItem"):
        found.lines += [_ubl_line(item) for item in _all(root, path)]
    return found


def _ubl_party(found: EInvoice, role: str, party: etree._Element | None) -> None:
    if party is None:
        return
    found.put(f"{role}_name", _text(party, "PartyLegalEntity/RegistrationName", "PartyName/Name"))
    schemes = sorted(_all(party, "PartyTaxScheme"), key=lambda node: _text(node, "TaxScheme/ID") != "VAT")
    found.put(
        f"{role}_tax_id",
        next((value for value in (_text(node, "CompanyID") for node in schemes) if value), None),
    )
    if role == "supplier":
        address = _first(party, "PostalAddress")
        found.put(
            "supplier_address",
            _joined(
                address,
                (
                    "StreetName",
                    "AdditionalStreetName",
                    "AddressLine/Line",
                    "PostalZone",
                    "CityName",
                    "Country/IdentificationCode",
                ),
            ),
        )


def _ubl_line(item: etree._Element) -> ExtractedLine:
    quantity = _first(item, "InvoicedQuantity", "CreditedQuantity", "Quantity")
    return ExtractedLine(
        description=_text(item, "Item/Name", "Item/Description"),
        quantity=_number(quantity.text) if quantity is not None else None,
        unit=quantity.get("unitCode") if quantity is not None else None,
        unit_price=_per_unit(_text(item, "Price/PriceAmount"), _text(item, "Price/BaseQuantity")),
        tax_rate=_rate(
            _text(item, "Item/ClassifiedTaxCategory/Percent", "TaxTotal/TaxSubtotal/TaxCategory/Percent")
        ),
        net=_number(_text(item, "LineExtensionAmount")),
    )
