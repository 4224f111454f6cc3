"""The dialects of structured e-invoices: CII of three ages, orders, envelopes, FatturaPA."""

from __future__ import annotations

import base64
from datetime import date

import pytest

from schemas.extraction import TaxRow
from ticketos.ai.extract.einvoice import EInvoice, parse_xml, read_einvoice
from ticketos.ai.extract.limits import Quarantined
from ticketos.ai.extract.reader import read_document

CII = """<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
  xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
  xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
<rsm:ExchangedDocument><ram:ID>R-1</ram:ID><ram:TypeCode>{code}</ram:TypeCode>
  <ram:IssueDateTime><udt:DateTimeString format="102">20260201</udt:DateTimeString></ram:IssueDateTime>
</rsm:ExchangedDocument>
<rsm:SupplyChainTradeTransaction>
 <ram:IncludedSupplyChainTradeLineItem>
  <ram:AssociatedDocumentLineDocument><ram:IncludedNote><ram:Content>As agreed</ram:Content></ram:IncludedNote>
  </ram:AssociatedDocumentLineDocument></ram:IncludedSupplyChainTradeLineItem>
 <ram:IncludedSupplyChainTradeLineItem>
  <ram:SpecifiedTradeProduct><ram:Name>Cable
    drum</ram:Name></ram:SpecifiedTradeProduct>
  <ram:SpecifiedLineTradeAgreement><ram:NetPriceProductTradePrice><ram:ChargeAmount>{price}</ram:ChargeAmount>
   <ram:BasisQuantity unitCode="MTR">{basis}</ram:BasisQuantity></ram:NetPriceProductTradePrice>
  </ram:SpecifiedLineTradeAgreement>
  <ram:SpecifiedLineTradeDelivery><ram:BilledQuantity unitCode="MTR">40</ram:BilledQuantity>
  </ram:SpecifiedLineTradeDelivery>
  <ram:SpecifiedLineTradeSettlement>
   <ram:ApplicableTradeTax><ram:CategoryCode>S</ram:CategoryCode>
    <ram:RateApplicablePercent>19.00</ram:RateApplicablePercent></ram:ApplicableTradeTax>
   <ram:SpecifiedTradeSettlementLineMonetarySummation><ram:LineTotalAmount>100.00</ram:LineTotalAmount>
   </ram:SpecifiedTradeSettlementLineMonetarySummation></ram:SpecifiedLineTradeSettlement>
 </ram:IncludedSupplyChainTradeLineItem>
 <ram:ApplicableHeaderTradeAgreement>
  <ram:SellerTradeParty><ram:Name>Bright Cable GmbH</ram:Name>
   <ram:PostalTradeAddress><ram:PostcodeCode>10115</ram:PostcodeCode><ram:LineOne>Am Werk 1</ram:LineOne>
    <ram:CityName>Berlin</ram:CityName><ram:CountryID>DE</ram:CountryID></ram:PostalTradeAddress>
   <ram:SpecifiedTaxRegistration><ram:ID schemeID="FC">30/123/45678</ram:ID></ram:SpecifiedTaxRegistration>
   <ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">DE136695976</ram:ID></ram:SpecifiedTaxRegistration>
  </ram:SellerTradeParty>
  <ram:BuyerTradeParty><ram:Name>Acme Ltd</ram:Name></ram:BuyerTradeParty>
  <ram:BuyerOrderReferencedDocument><ram:IssuerAssignedID>PO-9</ram:IssuerAssignedID>
  </ram:BuyerOrderReferencedDocument>
 </ram:ApplicableHeaderTradeAgreement>
 <ram:ApplicableHeaderTradeSettlement><ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>
  <ram:ApplicableTradeTax><ram:CalculatedAmount>19.00</ram:CalculatedAmount><ram:BasisAmount>100.00</ram:BasisAmount>
   <ram:CategoryCode>S</ram:CategoryCode><ram:RateApplicablePercent>19.00</ram:RateApplicablePercent>
  </ram:ApplicableTradeTax>
  <ram:SpecifiedTradePaymentTerms><ram:DueDateDateTime>
   <udt:DateTimeString format="102">20260303</udt:DateTimeString></ram:DueDateDateTime></ram:SpecifiedTradePaymentTerms>
  <ram:SpecifiedTradeSettlementHeaderMonetarySummation>
   <ram:TaxBasisTotalAmount>100.00</ram:TaxBasisTotalAmount>
   <ram:TaxTotalAmount currencyID="SEK">210.00</ram:TaxTotalAmount>
   <ram:TaxTotalAmount currencyID="EUR">19.00</ram:TaxTotalAmount>
   <ram:GrandTotalAmount>119.00</ram:GrandTotalAmount><ram:DuePayableAmount>119.00</ram:DuePayableAmount>
  </ram:SpecifiedTradeSettlementHeaderMonetarySummation></ram:ApplicableHeaderTradeSettlement>
</rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>"""

FIELDS = {
    "number": "R-1",
    "issue_date": "2026-02-01",
    "due_date": "2026-03-03",
    "currency": "EUR",
    "po_number": "PO-9",
    "supplier_name": "Bright Cable GmbH",
    "supplier_address": "Am Werk 1, 10115, Berlin, DE",
    "supplier_tax_id": "DE136695976",
    "buyer_name": "Acme Ltd",
    "net_total": "100.00",
    "tax_total": "19.00",
    "total": "119.00",
}
TAX = [TaxRow(rate="19", base="100.00", amount="19.00", category="S")]


def cii(code: str = "380", price: str = "250", basis: str = "100") -> str:
    return CII.format(code=code, price=price, basis=basis)


def read(xml: str) -> EInvoice:
    found = read_einvoice(parse_xml(xml.encode()))
    assert found is not None
    return found


def first_zugferd() -> str:
    """The same invoice in the words of ZUGFeRD 1.0."""
    text = cii()
    for new, old in (
        ("rsm:CrossIndustryInvoice", "rsm:CrossIndustryDocument"),
        ("rsm:ExchangedDocument", "rsm:HeaderExchangedDocument"),
        ("rsm:SupplyChainTradeTransaction", "rsm:SpecifiedSupplyChainTradeTransaction"),
        ("ram:ApplicableHeaderTrade", "ram:ApplicableSupplyChainTrade"),
        ("ram:SpecifiedLineTrade", "ram:SpecifiedSupplyChainTrade"),
        ("ram:RateApplicablePercent", "ram:ApplicablePercent"),
        (
            "ram:SpecifiedTradeSettlementHeaderMonetarySummation",
            "ram:SpecifiedTradeSettlementMonetarySummation",
        ),
        (
            "ram:SpecifiedTradeSettlementLineMonetarySummation",
            "ram:SpecifiedTradeSettlementMonetarySummation",
        ),
    ):
        text = text.replace(new, old)
    return text


def draft_of_zugferd() -> str:
    """And as the drafts before it had it."""
    return (
        first_zugferd()
        .replace("rsm:CrossIndustryDocument", "rsm:Invoice")
        .replace(
            "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
            "urn:un:unece:uncefact:data:standard:CBFBUY:5",
        )
    )


@pytest.mark.parametrize("xml", [cii(), first_zugferd(), draft_of_zugferd()])
def test_cii_of_every_age_gives_the_same(xml: str) -> None:
    found = read(xml)
    assert (found.type, found.syntax) == ("invoice", "cii")
    assert found.fields == FIELDS
    assert found.tax_rows == TAX
    (line,) = found.lines
    assert line.model_dump() == {
        "description": "Cable drum",
        "quantity": "40",
        "unit": "MTR",
        "unit_price": "2.5",
        "tax_rate": "19",
        "net": "100.00",
    }


def test_a_basis_that_is_none_leaves_the_price_as_it_is() -> None:
    (line,) = read(cii(price="2.50", basis="2.50")).lines
    assert line.unit_price == "2.50"


def test_a_credit_note_keeps_its_sign_as_written() -> None:
    found = read(cii("381").replace(">119.00<", ">-119.00<"))
    assert (found.type, found.fields["total"]) == ("credit_note", "-119.00")


def test_a_profile_without_lines_and_taxes_is_still_an_invoice() -> None:
    text = cii()
    start, end = text.index(" <ram:IncludedSupply"), text.index(" <ram:ApplicableHeaderTradeAgreement>")
    found = read(text[:start] + text[end:])
    assert found.lines == []
    assert found.fields["total"] == "119.00"


def test_an_order_of_the_cii_family_is_a_purchase_order() -> None:
    text = (
        cii("220")
        .replace("rsm:CrossIndustryInvoice", "rsm:SCRDMCCBDACIOMessageStructure")
        .replace("BilledQuantity", "RequestedQuantity")
        .replace("InvoiceCurrencyCode", "OrderCurrencyCode")
    )
    found = read(text)
    assert (found.type, found.fields["currency"], found.lines[0].quantity) == ("purchase_order", "EUR", "40")


ORDER = """<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"
  xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
  xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
 <cbc:ID>O-1</cbc:ID><cbc:IssueDate>2026-02-01</cbc:IssueDate><cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
 <cac:BuyerCustomerParty><cac:Party><cac:PartyName><cbc:Name>Acme Ltd</cbc:Name></cac:PartyName></cac:Party>
 </cac:BuyerCustomerParty>
 <cac:SellerSupplierParty><cac:Party><cac:PartyLegalEntity><cbc:RegistrationName>Bright Paper GmbH</cbc:RegistrationName>
 </cac:PartyLegalEntity></cac:Party></cac:SellerSupplierParty>
 <cac:AnticipatedMonetaryTotal><cbc:LineExtensionAmount>100.00</cbc:LineExtensionAmount>
  <cbc:AllowanceTotalAmount>10.00</cbc:AllowanceTotalAmount><cbc:PayableAmount>108.00</cbc:PayableAmount>
 </cac:AnticipatedMonetaryTotal>
 <cac:OrderLine><cac:LineItem><cbc:Quantity unitCode="C62">4</cbc:Quantity>
  <cbc:LineExtensionAmount>100.00</cbc:LineExtensionAmount><cac:Price><cbc:PriceAmount>25</cbc:PriceAmount></cac:Price>
  <cac:Item><cbc:Name>Paper</cbc:Name></cac:Item></cac:LineItem></cac:OrderLine></Order>"""


def test_a_ubl_order_is_a_purchase_order_whose_net_is_added_up() -> None:
    found = read(ORDER)
    assert found.type == "purchase_order"
    assert {
        name: found.fields[name] for name in ("number", "supplier_name", "buyer_name", "net_total", "total")
    } == {
        "number": "O-1",
        "supplier_name": "Bright Paper GmbH",
        "buyer_name": "Acme Ltd",
        "net_total": "90.00",
        "total": "108.00",
    }
    assert [(it.description, it.quantity, it.net) for it in found.lines] == [("Paper", "4", "100.00")]


def test_the_envelope_of_the_network_is_opened() -> None:
    envelope = (
        '<StandardBusinessDocument xmlns="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader">'
        "<StandardBusinessDocumentHeader><HeaderVersion>1.0</HeaderVersion></StandardBusinessDocumentHeader>"
        f"{ORDER}</StandardBusinessDocument>"
    )
    assert read(envelope).fields == read(ORDER).fields


def test_an_attached_file_is_no_text_of_the_document() -> None:
    attached = base64.b64encode(b"%PDF-1.7 a page").decode()
    note = f"<cac:X><cbc:EmbeddedDocumentBinaryObject>{attached}</cbc:EmbeddedDocumentBinaryObject></cac:X>"
    found = read(ORDER.replace("<cac:BuyerCustomerParty>", f"{note}<cac:BuyerCustomerParty>", 1))
    assert "Bright Paper GmbH" in found.text
    assert attached not in found.text


FATTURA = """<p:FatturaElettronica versione="FPR12" xmlns:p="http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2">
<FatturaElettronicaHeader>
 <CedentePrestatore><DatiAnagrafici><IdFiscaleIVA><IdPaese>IT</IdPaese><IdCodice>01234567890</IdCodice></IdFiscaleIVA>
  <Anagrafica><Denominazione>ROSSI SRL</Denominazione></Anagrafica></DatiAnagrafici>
  <Sede><Indirizzo>VIA ROMA</Indirizzo><NumeroCivico>5</NumeroCivico><CAP>07100</CAP><Comune>SASSARI</Comune>
   <Provincia>SS</Provincia><Nazione>IT</Nazione></Sede></CedentePrestatore>
 <CessionarioCommittente><DatiAnagrafici><CodiceFiscale>BNCMRA80A01H501X</CodiceFiscale>
  <Anagrafica><Nome>MARIA</Nome><Cognome>BIANCHI</Cognome></Anagrafica></DatiAnagrafici></CessionarioCommittente>
</FatturaElettronicaHeader>
{body}
</p:FatturaElettronica>"""
BODY = """<FatturaElettronicaBody>
 <DatiGenerali><DatiGeneraliDocumento><TipoDocumento>{kind}</TipoDocumento><Divisa>EUR</Divisa>
  <Data>2026-02-01</Data><Numero>12/A</Numero></DatiGeneraliDocumento>
  <DatiOrdineAcquisto><IdDocumento>66685</IdDocumento></DatiOrdineAcquisto></DatiGenerali>
 <DatiBeniServizi>
  <DettaglioLinee><Descrizione>Consulenza</Descrizione><Quantita>5.00</Quantita><UnitaMisura>ORE</UnitaMisura>
   <PrezzoUnitario>20.00</PrezzoUnitario><PrezzoTotale>100.00</PrezzoTotale><AliquotaIVA>22.00</AliquotaIVA></DettaglioLinee>
  <DatiRiepilogo><AliquotaIVA>22.00</AliquotaIVA><ImponibileImporto>100.00</ImponibileImporto><Imposta>22.00</Imposta></DatiRiepilogo>
  <DatiRiepilogo><AliquotaIVA>0.00</AliquotaIVA><Natura>N4</Natura><ImponibileImporto>8.00</ImponibileImporto>
   <Imposta>0.00</Imposta></DatiRiepilogo>
 </DatiBeniServizi>
 <DatiPagamento><DettaglioPagamento><DataScadenzaPagamento>2026-03-31</DataScadenzaPagamento>
  <ImportoPagamento>110.00</ImportoPagamento></DettaglioPagamento></DatiPagamento>
</FatturaElettronicaBody>"""


def test_a_fattura_is_read_whole() -> None:
    found = read(FATTURA.format(body=BODY.format(kind="TD01")))
    assert (found.type, found.syntax) == ("invoice", "fatturapa")
    assert found.fields == {
        "number": "12/A",
        "issue_date": "2026-02-01",
        "due_date": "2026-03-31",
        "currency": "EUR",
        "po_number": "66685",
        "supplier_name": "ROSSI SRL",
        "supplier_tax_id": "IT01234567890",
        "supplier_address": "VIA ROMA 5, 07100, SASSARI, SS, IT",
        "buyer_name": "MARIA BIANCHI",
        "buyer_tax_id": "BNCMRA80A01H501X",
        "net_total": "108.00",
        "tax_total": "22.00",
        "total": "130.00",
        "amount_due": "110.00",
    }
    assert [(it.rate, it.base, it.amount, it.category) for it in found.tax_rows] == [
        ("22", "100.00", "22.00", "S"),
        ("0", "8.00", "0.00", "N4"),
    ]
    assert [(it.description, it.quantity, it.unit, it.net) for it in found.lines] == [
        ("Consulenza", "5.00", "ORE", "100.00")
    ]


def test_an_italian_credit_note_is_told_from_an_invoice() -> None:
    assert read(FATTURA.format(body=BODY.format(kind="TD04"))).type == "credit_note"


def test_a_batch_of_invoices_is_refused_and_none_is_lost_in_silence() -> None:
    batch = FATTURA.format(body=BODY.format(kind="TD01") * 2)
    with pytest.raises(Quarantined, match="2 invoices"):
        read(batch)
    result = read_document(batch.encode(), "batch.xml", today=date(2026, 3, 1))
    assert (result.status, result.reason) == ("quarantined", "unsupported")


def test_xml_of_another_kind_is_none() -> None:
    assert read_einvoice(parse_xml(b"<Invoice><ID>1</ID></Invoice>")) is None


def test_tax_rows_reach_the_public_object() -> None:
    public = read_document(cii().encode(), "a.xml", today=date(2026, 3, 1)).public()
    assert public["tax_rows"] == [{"rate": "19", "base": "100.00", "amount": "19.00", "category": "S"}]
