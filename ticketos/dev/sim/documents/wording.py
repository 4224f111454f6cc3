"""The words and formats of one supplier's paper: labels in varied wording, dates, numbers, money.

A supplier picks its wording once: the same seed, country and language give the same words every time.
"""

from __future__ import annotations

import datetime as dt
import functools
import random
from dataclasses import dataclass
from decimal import Decimal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_decimal

from ticketos.dev.sim.documents.truth import Country, Language

LABELS: dict[Language, dict[str, tuple[str, ...]]] = {
    "en": {
        "title.invoice": ("INVOICE", "TAX INVOICE", "Invoice", "Tax Invoice"),
        "title.receipt": ("RECEIPT", "CASH BILL", "Sales Receipt"),
        "title.purchase_order": ("PURCHASE ORDER", "Purchase Order"),
        "title.goods_receipt": ("GOODS RECEIPT NOTE", "Goods Received Note", "MATERIAL RECEIPT"),
        "title.inventory": ("INVENTORY LIST", "Stock Count Sheet", "STOCK STATEMENT"),
        "title.credit_note": ("CREDIT NOTE", "Credit Note", "CREDIT MEMO"),
        "number.invoice": ("Invoice No.", "Invoice Number", "Invoice #", "Bill No."),
        "number.receipt": ("Receipt No.", "Bill No.", "Receipt #"),
        "number.purchase_order": ("PO No.", "Order Number", "Purchase Order No."),
        "number.goods_receipt": ("GRN No.", "Receipt Number"),
        "number.inventory": ("List No.", "Count No.", "Document No."),
        "number.credit_note": ("Credit Note No.", "Credit Note Number", "CN No."),
        "issue_date": ("Date", "Invoice Date", "Dated", "Issue Date"),
        "issue_date.other": ("Date", "Dated", "Document Date"),
        "due_date": ("Due Date", "Payment Due", "Payable by", "Due on"),
        "po_number": ("PO No.", "Your Order", "Buyer's Order No.", "Purchase Order", "P.O. Ref."),
        "bill_to": ("Bill To", "Billed to", "Buyer", "Customer", "Invoice to"),
        "to_supplier": ("Vendor", "Supplier", "To"),
        "from": ("From", "Seller", "Supplier"),
        "received_from": ("Received from", "Supplier"),
        "delivery_date": ("Delivery by", "Required on"),
        "received_on": ("Delivery Note", "Supplier Challan"),
        "corrects": ("Against Invoice", "Original Invoice"),
        "customer_number": ("Customer No.", "Account No.", "Client ID"),
        "pos": ("#", "Sl.", "Item", "No."),
        "code": ("Item Code", "Art. No.", "SKU"),
        "description": ("Description", "Description of Goods", "Particulars", "Item Description"),
        "hsn": ("HSN/SAC", "HSN"),
        "quantity": ("Qty", "Quantity"),
        "ordered": ("Ordered", "PO Qty"),
        "received": ("Received", "Qty Received"),
        "unit": ("Unit", "UoM", "Per"),
        "unit_price": ("Rate", "Unit Price", "Price"),
        "unit_cost": ("Unit Cost", "Cost"),
        "tax_rate": ("{tax} %", "Tax %", "{tax} Rate"),
        "net": ("Amount", "Line Total", "Net Amount", "Total"),
        "value": ("Value", "Stock Value"),
        "location": ("Bin", "Location"),
        "net_total": ("Subtotal", "Taxable Value", "Net Total", "Total before tax"),
        "tax_total": ("Total Tax", "Tax Amount"),
        "total": ("Total", "Grand Total", "Invoice Total", "Total Amount"),
        "total.other": ("Total", "Grand Total", "Total Amount"),
        "total.inventory": ("Total stock value", "Total value"),
        "paid": ("Advance received", "Less: paid"),
        "amount_due": ("Balance Due", "Amount Due"),
        "page": ("Page {0} of {1}",),
        "bank": ("Bank details", "Please pay to"),
        "thanks": (
            "Thank you for your business.",
            "Goods once sold will not be taken back.",
            "Subject to local jurisdiction.",
        ),
        "signed": ("Authorised Signatory", "For {0}"),
        "all_amounts": ("All amounts in {0}", "Currency: {0}"),
        "copy": ("COPY", "DUPLICATE"),
        "cash": ("Paid by card", "Cash received"),
        "received_by": ("Received by", "Checked by"),
    },
    "de": {
        "title.invoice": ("RECHNUNG", "Rechnung"),
        "title.receipt": ("KASSENBELEG", "Quittung", "Barverkauf"),
        "title.purchase_order": ("BESTELLUNG", "Bestellung"),
        "title.goods_receipt": ("WARENEINGANGSSCHEIN", "Wareneingang"),
        "title.inventory": ("INVENTURLISTE", "Bestandsliste"),
        "title.credit_note": ("GUTSCHRIFT", "Rechnungskorrektur", "Gutschrift"),
        "number.invoice": ("Rechnungsnummer", "Rechnungs-Nr.", "Rechnung Nr.", "Re.-Nr."),
        "number.receipt": ("Beleg-Nr.", "Bon-Nr."),
        "number.purchase_order": ("Bestellnummer", "Bestell-Nr."),
        "number.goods_receipt": ("Wareneingangs-Nr.", "WE-Nr."),
        "number.inventory": ("Listen-Nr.", "Inventur-Nr."),
        "number.credit_note": ("Gutschrift-Nr.", "Gutschriftsnummer"),
        "issue_date": ("Rechnungsdatum", "Datum", "Belegdatum"),
        "issue_date.other": ("Datum", "Belegdatum"),
        "due_date": ("Fällig am", "Zahlbar bis", "Fälligkeitsdatum"),
        "po_number": ("Ihre Bestellung", "Bestell-Nr.", "Ihre Bestellnummer", "Auftrag Nr."),
        "bill_to": ("Rechnung an", "Kunde", "Rechnungsempfänger"),
        "to_supplier": ("Lieferant", "An"),
        "from": ("Lieferant", "Verkäufer"),
        "received_from": ("Lieferant", "Geliefert von"),
        "delivery_date": ("Liefertermin", "Lieferung bis"),
        "received_on": ("Lieferschein", "Lieferschein-Nr."),
        "corrects": ("Zu Rechnung", "Ursprungsrechnung"),
        "customer_number": ("Kundennummer", "Kunden-Nr.", "Kd.-Nr."),
        "pos": ("Pos.", "Nr."),
        "code": ("Art.-Nr.", "Artikel"),
        "description": ("Bezeichnung", "Beschreibung", "Artikelbezeichnung", "Leistung"),
        "hsn": ("Zolltarif",),
        "quantity": ("Menge", "Anzahl"),
        "ordered": ("Bestellt", "Soll"),
        "received": ("Geliefert", "Eingang"),
        "unit": ("Einheit", "ME", "Einh."),
        "unit_price": ("Einzelpreis", "E-Preis", "Preis"),
        "unit_cost": ("EK-Preis", "Wert/Einh."),
        "tax_rate": ("USt %", "MwSt. %", "Steuersatz"),
        "net": ("Gesamtpreis", "Betrag", "Gesamt netto"),
        "value": ("Bestandswert", "Wert"),
        "location": ("Lagerplatz", "Platz"),
        "net_total": ("Nettobetrag", "Summe netto", "Zwischensumme", "Gesamt netto"),
        "tax_total": ("Steuerbetrag", "Umsatzsteuer gesamt"),
        "total": ("Rechnungsbetrag", "Gesamtbetrag", "Bruttobetrag", "Gesamtsumme"),
        "total.other": ("Gesamtbetrag", "Bruttobetrag", "Gesamtsumme"),
        "total.inventory": ("Gesamtwert", "Bestandswert gesamt"),
        "paid": ("Anzahlung", "abzgl. Anzahlung"),
        "amount_due": ("Zahlbetrag", "Noch zu zahlen"),
        "page": ("Seite {0} von {1}", "Seite {0}/{1}"),
        "bank": ("Bankverbindung", "Zahlung an"),
        "thanks": (
            "Vielen Dank für Ihren Auftrag.",
            "Es gelten unsere Geschäftsbedingungen.",
            "Ware bleibt bis zur Bezahlung unser Eigentum.",
        ),
        "signed": ("Unterschrift", "i. A."),
        "all_amounts": ("Alle Beträge in {0}", "Währung: {0}"),
        "copy": ("KOPIE", "ZWEITSCHRIFT"),
        "cash": ("Kartenzahlung", "Bar erhalten"),
        "received_by": ("Angenommen durch", "Geprüft"),
    },
    "fr": {
        "title.invoice": ("FACTURE", "Facture"),
        "title.receipt": ("TICKET DE CAISSE", "Reçu"),
        "title.purchase_order": ("BON DE COMMANDE", "Commande"),
        "title.goods_receipt": ("BON DE RÉCEPTION", "Réception de marchandises"),
        "title.inventory": ("LISTE D'INVENTAIRE", "État des stocks"),
        "title.credit_note": ("AVOIR", "Facture d'avoir"),
        "number.invoice": ("Facture n°", "N° de facture", "Numéro"),
        "number.receipt": ("Ticket n°", "Reçu n°"),
        "number.purchase_order": ("Commande n°", "N° de commande"),
        "number.goods_receipt": ("Réception n°", "Bon n°"),
        "number.inventory": ("Liste n°", "Inventaire n°"),
        "number.credit_note": ("Avoir n°", "N° d'avoir"),
        "issue_date": ("Date", "Date de facture", "Émise le"),
        "issue_date.other": ("Date", "Date d'émission"),
        "due_date": ("Échéance", "À payer avant le", "Date d'échéance"),
        "po_number": ("Votre commande", "Bon de commande", "Réf. commande"),
        "bill_to": ("Facturé à", "Client", "Destinataire"),
        "to_supplier": ("Fournisseur", "À"),
        "from": ("Fournisseur", "Vendeur"),
        "received_from": ("Fournisseur", "Reçu de"),
        "delivery_date": ("Livraison le", "Livraison avant le"),
        "received_on": ("Bon de livraison", "BL n°"),
        "corrects": ("Sur facture", "Facture d'origine"),
        "customer_number": ("N° client", "Code client"),
        "pos": ("N°", "Pos."),
        "code": ("Référence", "Réf."),
        "description": ("Désignation", "Description", "Libellé"),
        "hsn": ("Code SH",),
        "quantity": ("Qté", "Quantité"),
        "ordered": ("Commandé", "Qté cde"),
        "received": ("Reçu", "Qté reçue"),
        "unit": ("Unité", "U."),
        "unit_price": ("Prix unitaire HT", "P.U. HT", "Prix unitaire"),
        "unit_cost": ("Coût unitaire", "Coût"),
        "tax_rate": ("TVA %", "Taux TVA"),
        "net": ("Montant HT", "Total HT"),
        "value": ("Valeur", "Valeur stock"),
        "location": ("Emplacement", "Allée"),
        "net_total": ("Total HT", "Montant HT", "Sous-total HT"),
        "tax_total": ("Total TVA", "Montant TVA"),
        "total": ("Total TTC", "Montant TTC", "Net à payer"),
        "total.other": ("Total TTC", "Montant TTC"),
        "total.inventory": ("Valeur totale",),
        "paid": ("Acompte versé", "Acompte"),
        "amount_due": ("Reste à payer", "Solde dû"),
        "page": ("Page {0} sur {1}", "Page {0}/{1}"),
        "bank": ("Coordonnées bancaires", "Règlement à"),
        "thanks": ("Merci de votre confiance.", "Pas d'escompte pour paiement anticipé."),
        "signed": ("Signature",),
        "all_amounts": ("Montants exprimés en {0}", "Devise : {0}"),
        "copy": ("COPIE", "DUPLICATA"),
        "cash": ("Carte bancaire", "Espèces"),
        "received_by": ("Reçu par", "Contrôlé par"),
    },
}
TAX_ID_LABELS: dict[Country, tuple[str, ...]] = {
    "IN": ("GSTIN", "GSTIN/UIN", "GST No."),
    "DE": ("USt-IdNr.", "USt-ID", "UID"),
    "FR": ("N° TVA", "TVA intracom.", "TVA"),
    "GB": ("VAT No.", "VAT Reg. No.", "VAT number"),
}
_TAX_NAME: dict[Country, str] = {"IN": "GST", "DE": "VAT", "FR": "VAT", "GB": "VAT"}
_DATE_PATTERNS: dict[Country, tuple[str, ...]] = {
    "IN": ("dd/MM/yyyy", "dd-MM-yyyy", "dd-MMM-yyyy", "d MMM yyyy", "dd.MM.yyyy"),
    "DE": ("dd.MM.yyyy", "dd.MM.yyyy", "d. MMMM yyyy", "dd.MM.yy"),
    "FR": ("dd/MM/yyyy", "d MMMM yyyy", "dd-MM-yyyy"),
    "GB": ("dd/MM/yyyy", "d MMMM yyyy", "dd MMM yyyy"),
}
_SYMBOLS = {"INR": "₹", "EUR": "€", "GBP": "£"}


@functools.lru_cache(maxsize=64)
def _locale(language: Language, country: Country) -> Locale:
    """The locale of the pair; a pair unknown to CLDR writes numbers as the language's homeland does."""
    try:
        return Locale(language, country)
    except UnknownLocaleError:
        return Locale(language)


@dataclass(frozen=True, slots=True)
class Wording:
    """One supplier's words and formats in one language."""

    language: Language
    country: Country
    currency: str
    symbol: str
    symbol_place: str
    date_pattern: str
    picks: dict[str, str]

    def label(self, key: str, *values: object) -> str:
        """The supplier's word for ``key``, with the values put in."""
        return self.picks[key].format(*values, tax=_TAX_NAME[self.country])

    def titled(self, key: str, kind: str) -> str:
        """The word for ``key`` on this kind of document, for keys that differ between kinds."""
        for candidate in (f"{key}.{kind}", key if kind == "invoice" else f"{key}.other"):
            if candidate in self.picks:
                return self.label(candidate)
        return self.label(key)

    def amount(self, value: Decimal) -> str:
        """An amount without currency, two decimals, grouped as the country does."""
        return _printable(
            format_decimal(value, "#,##,##0.00" if self.country == "IN" else "#,##0.00", self.locale)
        )

    def money(self, value: Decimal) -> str:
        """An amount with the supplier's currency mark, or bare where the paper names it once."""
        text = self.amount(value)
        if self.symbol_place == "none":
            return text
        return f"{self.symbol} {text}" if self.symbol_place == "before" else f"{text} {self.symbol}"

    def number(self, value: Decimal) -> str:
        """A quantity or rate without needless zeros."""
        return _printable(format_decimal(value, "#,##0.##", self.locale))

    def date(self, value: dt.date) -> str:
        """A date in the supplier's pattern."""
        return format_date(value, self.date_pattern, locale=self.locale)

    @property
    def locale(self) -> Locale:
        """The locale numbers and month names follow."""
        return _locale(self.language, self.country)


def _printable(text: str) -> str:
    """Narrow and no-break spaces become plain ones: receipts and old printers know no other."""
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def wording(
    language: Language, country: Country, currency: str, seed: int, *, glyphs: frozenset[str]
) -> Wording:
    """The wording of the supplier ``seed``; ``glyphs`` are the currency signs its typeface can print."""
    rng = random.Random(f"wording/{language}/{country}/{seed}")
    picks = {key: rng.choice(variants) for key, variants in LABELS[language].items()}
    picks["tax_id"] = rng.choice(TAX_ID_LABELS[country])
    sign = _SYMBOLS[currency]
    symbols = [currency] + ([sign, sign] if sign in glyphs else []) + (["Rs."] if currency == "INR" else [])
    symbol = rng.choice(symbols)
    before = "before" if country in ("IN", "GB") else "after"
    place = rng.choice((before, before, "none"))
    pattern = rng.choice(_DATE_PATTERNS[country])
    if country == "IN" and language != "en":  # short month names between dashes are an English habit
        pattern = "dd/MM/yyyy"
    return Wording(language, country, currency, symbol, place, pattern, picks)
