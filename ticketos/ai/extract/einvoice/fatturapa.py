"""FatturaPA, the Italian e-invoice (ordinary form, versions 1.0 to 1.2)."""

from __future__ import annotations

from lxml import etree

from schemas.extraction import ExtractedLine, TaxRow
from ticketos.ai.extract.einvoice.found import EInvoice
from ticketos.ai.extract.einvoice.nodes import (
    all_of,
    decimal,
    first_of,
    iso_date,
    joined,
    number,
    rate,
    summed,
    text_of,
)
from ticketos.ai.extract.limits import Quarantined

ROOT = "FatturaElettronica"
_CREDIT_NOTES = {"TD04", "TD08"}


def read(root: etree._Element) -> EInvoice:
    """The invoice or credit note under the root. Raises Quarantined for a batch of several invoices:
    taking the first would lose the others without a word.
    """
    bodies = all_of(root, "FatturaElettronicaBody")
    if len(bodies) > 1:
        raise Quarantined("unsupported", f"{len(bodies)} invoices in one file")
    body = bodies[0] if bodies else None
    head = first_of(root, "FatturaElettronicaHeader")
    general = first_of(body, "DatiGenerali/DatiGeneraliDocumento")
    credited = text_of(general, "TipoDocumento") in _CREDIT_NOTES
    found = EInvoice("credit_note" if credited else "invoice", "fatturapa")
    found.put("number", text_of(general, "Numero"))
    found.put("issue_date", iso_date(text_of(general, "Data")))
    found.put("currency", text_of(general, "Divisa"))
    found.put("po_number", text_of(body, "DatiGenerali/DatiOrdineAcquisto/IdDocumento"))
    _party(found, "supplier", first_of(head, "CedentePrestatore"))
    _party(found, "buyer", first_of(head, "CessionarioCommittente"))
    for item in all_of(body, "DatiBeniServizi/DettaglioLinee"):
        found.lines.append(_line(item))
    _sums(found, body, general)
    found.tell(iban=text_of(body, "DatiPagamento/DettaglioPagamento/IBAN"), note=text_of(general, "Causale"))
    return found


def _party(found: EInvoice, role: str, party: etree._Element | None) -> None:
    about = first_of(party, "DatiAnagrafici")
    person = " ".join(filter(None, (text_of(about, "Anagrafica/Nome"), text_of(about, "Anagrafica/Cognome"))))
    found.put(f"{role}_name", text_of(about, "Anagrafica/Denominazione") or person)
    country, code = text_of(about, "IdFiscaleIVA/IdPaese"), text_of(about, "IdFiscaleIVA/IdCodice")
    vat = f"{country or ''}{code}" if code else None
    found.put(f"{role}_tax_id", vat or text_of(about, "CodiceFiscale"))
    seat = first_of(party, "Sede")
    street = " ".join(filter(None, (text_of(seat, "Indirizzo"), text_of(seat, "NumeroCivico"))))
    rest = joined(seat, ("CAP", "Comune", "Provincia", "Nazione"))
    address = ", ".join(filter(None, (street, rest)))
    if role == "supplier":
        found.put("supplier_address", address)
    else:
        found.tell(buyer_address=address)


def _line(item: etree._Element) -> ExtractedLine:
    return ExtractedLine(
        description=text_of(item, "Descrizione"),
        quantity=number(text_of(item, "Quantita")),
        unit=text_of(item, "UnitaMisura"),
        unit_price=number(text_of(item, "PrezzoUnitario")),
        tax_rate=rate(text_of(item, "AliquotaIVA")),
        net=number(text_of(item, "PrezzoTotale")),
    )


def _sums(found: EInvoice, body: etree._Element | None, general: etree._Element | None) -> None:
    """The format states net and tax by rate alone; a total is optional in it, withholding lowers what is due."""
    parts = all_of(body, "DatiBeniServizi/DatiRiepilogo")
    found.tax_rows = [
        TaxRow(
            rate=rate(text_of(part, "AliquotaIVA")),
            base=number(text_of(part, "ImponibileImporto")),
            amount=number(text_of(part, "Imposta")),
            category=text_of(part, "Natura") or "S",
        )
        for part in parts
    ]
    net, tax = summed([row.base for row in found.tax_rows]), summed([row.amount for row in found.tax_rows])
    found.put("net_total", net)
    found.put("tax_total", tax)
    found.put("total", number(text_of(general, "ImportoTotaleDocumento")) or summed([net, tax]))
    payments = all_of(body, "DatiPagamento/DettaglioPagamento")
    dates = sorted(filter(None, (iso_date(text_of(part, "DataScadenzaPagamento")) for part in payments)))
    # With instalments nothing is late before the last.
    found.put("due_date", dates[-1] if dates else None)
    due = summed([text_of(part, "ImportoPagamento") for part in payments])
    if due is not None and decimal(due):
        found.put_due(due)
