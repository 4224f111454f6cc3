"""UN/CEFACT Cross Industry Invoice: ZUGFeRD 1 and 2, Factur-X, XRechnung; and its order, Order-X.

ZUGFeRD 1 and its drafts of 2013 name the same things a little differently; one path each serves all.
"""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from schemas.extraction import ExtractedLine, TaxRow
from ticketos.ai.extract.einvoice.found import CREDIT_CODES, EInvoice
from ticketos.ai.extract.einvoice.nodes import (
    all_of,
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

ORDER_ROOT = "SCRDMCCBDACIOMessageStructure"
ROOTS = ("CrossIndustryInvoice", "CrossIndustryDocument", ORDER_ROOT)

_ADDRESS = ("LineOne", "StreetName", "LineTwo", "LineThree", "PostcodeCode", "CityName", "CountryID")

_DELIVERED = "ApplicableHeaderTradeDelivery/ActualDeliverySupplyChainEvent/OccurrenceDateTime/DateTimeString"
_ACCOUNT = "SpecifiedTradeSettlementPaymentMeans/PayeePartyCreditorFinancialAccount/IBANID"


def read(root: etree._Element) -> EInvoice:
    """The invoice, credit note or order under a CII root."""
    head = first_of(root, "ExchangedDocument", "HeaderExchangedDocument")
    deal = first_of(root, "SupplyChainTradeTransaction", "SpecifiedSupplyChainTradeTransaction")
    ordered = etree.QName(root).localname == ORDER_ROOT
    credited = text_of(head, "TypeCode") in CREDIT_CODES
    found = EInvoice("purchase_order" if ordered else "credit_note" if credited else "invoice", "cii")
    found.put("number", text_of(head, "ID"))
    found.put("issue_date", iso_date(text_of(head, "IssueDateTime/DateTimeString", "IssueDateTime")))
    agreement = first_of(deal, "ApplicableHeaderTradeAgreement", "ApplicableSupplyChainTradeAgreement")
    settlement = first_of(deal, "ApplicableHeaderTradeSettlement", "ApplicableSupplyChainTradeSettlement")
    for role, element in (("supplier", "SellerTradeParty"), ("buyer", "BuyerTradeParty")):
        _party(found, role, first_of(agreement, element))
    reference = "BuyerOrderReferencedDocument"
    found.put("po_number", text_of(agreement, f"{reference}/IssuerAssignedID", f"{reference}/ID"))
    if settlement is not None:
        _sums(found, settlement)
    found.tell(
        buyer_address=joined(first_of(agreement, "BuyerTradeParty/PostalTradeAddress"), _ADDRESS),
        reference=text_of(agreement, "BuyerReference"),
        delivered=iso_date(text_of(deal, _DELIVERED)),
        payment_terms=text_of(settlement, "SpecifiedTradePaymentTerms/Description"),
        iban=text_of(settlement, _ACCOUNT),
        note=text_of(head, "IncludedNote/Content"),
    )
    for item in all_of(deal, "IncludedSupplyChainTradeLineItem"):
        line = _line(item)
        if line:
            found.lines.append(line)
    return found


def _party(found: EInvoice, role: str, party: etree._Element | None) -> None:
    found.put(f"{role}_name", text_of(party, "Name", "SpecifiedLegalOrganization/TradingBusinessName"))
    found.put(f"{role}_tax_id", _vat_first(all_of(party, "SpecifiedTaxRegistration/ID")))
    if role == "supplier":
        found.put("supplier_address", joined(first_of(party, "PostalTradeAddress"), _ADDRESS))


def _vat_first(nodes: Sequence[etree._Element]) -> str | None:
    """The VAT number (scheme VA) before the local tax number (FC)."""
    ranked = sorted(nodes, key=lambda node: node.get("schemeID") != "VA")
    return next((text for text in map(own_text, ranked) if text), None)


def _sums(found: EInvoice, settlement: etree._Element) -> None:
    sums = first_of(
        settlement,
        "SpecifiedTradeSettlementHeaderMonetarySummation",
        "SpecifiedTradeSettlementMonetarySummation",
    )
    found.put("currency", text_of(settlement, "InvoiceCurrencyCode", "OrderCurrencyCode"))
    due_date = text_of(
        settlement,
        "SpecifiedTradePaymentTerms/DueDateDateTime/DateTimeString",
        "SpecifiedTradePaymentTerms/DueDateDateTime",
    )
    found.put("due_date", iso_date(due_date))
    found.put("po_number", text_of(settlement, "BuyerOrderReferencedDocument/IssuerAssignedID"))
    found.tax_rows = [row for row in map(_tax, all_of(settlement, "ApplicableTradeTax")) if row != TaxRow()]
    if sums is None:
        return
    if "currency" not in found.fields:
        total = first_of(sums, "GrandTotalAmount")
        found.put("currency", total.get("currencyID") if total is not None else None)
    found.put("net_total", number(text_of(sums, "TaxBasisTotalAmount")))
    tax = in_currency(all_of(sums, "TaxTotalAmount"), found.fields.get("currency"))
    found.put("tax_total", number(tax))
    found.put("total", number(text_of(sums, "GrandTotalAmount")))
    found.put_due(number(text_of(sums, "DuePayableAmount")))


def _tax(node: etree._Element) -> TaxRow:
    return TaxRow(
        rate=rate(text_of(node, "RateApplicablePercent", "ApplicablePercent")),
        base=number(text_of(node, "BasisAmount")),
        amount=number(text_of(node, "CalculatedAmount")),
        category=text_of(node, "CategoryCode"),
    )


def _line(item: etree._Element) -> ExtractedLine | None:
    """A line of the deal; positions that only carry a text have neither quantity nor amount: none."""
    delivery = first_of(item, "SpecifiedLineTradeDelivery", "SpecifiedSupplyChainTradeDelivery")
    agreement = first_of(item, "SpecifiedLineTradeAgreement", "SpecifiedSupplyChainTradeAgreement")
    settlement = first_of(item, "SpecifiedLineTradeSettlement", "SpecifiedSupplyChainTradeSettlement")
    counted = first_of(delivery, "BilledQuantity", "RequestedQuantity", "AgreedQuantity")
    quantity = number(own_text(counted))
    net = number(
        text_of(
            settlement,
            "SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount",
            "SpecifiedTradeSettlementMonetarySummation/LineTotalAmount",
        )
    )
    if net is None and quantity is None:
        return None
    percents = ("ApplicableTradeTax/RateApplicablePercent", "ApplicableTradeTax/ApplicablePercent")
    return ExtractedLine(
        description=text_of(item, "SpecifiedTradeProduct/Name", "SpecifiedTradeProduct/Description"),
        quantity=quantity,
        unit=counted.get("unitCode") if counted is not None else None,
        unit_price=_price(agreement, "NetPriceProductTradePrice", quantity, net)
        or _price(agreement, "GrossPriceProductTradePrice", quantity, net),
        tax_rate=rate(text_of(settlement, *percents)),
        net=net,
    )


def _price(
    agreement: etree._Element | None, element: str, quantity: str | None, net: str | None
) -> str | None:
    amount = text_of(agreement, f"{element}/ChargeAmount")
    return per_unit(amount, text_of(agreement, f"{element}/BasisQuantity"), quantity, net)
