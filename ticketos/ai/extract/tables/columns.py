"""What the columns of a table are called, in English, German, French, Spanish and Italian.

Phrases are written over folded text (lower case, no accents); a blank in a phrase matches any run of marks or
nothing, since optical readers lose blanks. The longest phrase at a place wins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

from ticketos.ai.extract.values import fold

Kind = Literal[
    "description",
    "code",
    "position",
    "quantity",
    "unit",
    "unit_price",
    "discount",
    "tax_rate",
    "tax_amount",
    "net",
    "gross",
    "base",
    "other",
]

_PHRASES: tuple[tuple[Kind, str], ...] = (
    # --- what was sold ----------------------------------------------------------------------------------------
    (
        "description",
        "description|item description|product description|description of goods|description of services|"
        "description of goods and services|item|items|item name|item details|particulars|product|products|"
        "product name|service|services|goods|details|material|activity|title|work|task|narration|"
        "charges for",
    ),
    (
        "description",
        "bezeichnung|artikel|artikelbezeichnung|artikelbeschreibung|beschreibung|leistung|"
        "leistungen|produkt|"
        "produktbezeichnung|text|leistungsbeschreibung|ware|warenbezeichnung|artikel bezeichnung|"
        "bezeichnung der leistung|gegenstand|tatigkeit|positionstext",
    ),
    (
        "description",
        "designation|designations|article|articles|libelle|produit|produits|prestation|prestations|"
        "designation des produits|intitule|detail|nature des travaux",
    ),
    (
        "description",
        "descripcion|concepto|conceptos|articulo|articulos|producto|productos|servicio|detalle",
    ),
    (
        "description",
        "descrizione|articolo|articoli|prodotto|prodotti|servizio|prestazione|dettaglio|causale",
    ),
    # --- how it is numbered -----------------------------------------------------------------------------------
    (
        "code",
        "code|item code|item no|item number|sku|product code|product no|part no|part number|"
        "article no|article number|article code|hsn|"
        "hsn code|hsn sac|sac|ean|gtin|upc|isbn|catalog no|model|style|barcode|item id|"
        "stock code|material no",
    ),
    (
        "code",
        "art nr|artnr|artikelnummer|artikelnr|artikel nr|art nr kunde|art nr lief|art nr lieferant|"
        "bestellnr|bestellnummer|best nr|produktnr|materialnr|sachnummer|zolltarifnummer",
    ),
    (
        "code",
        "ref|reference|code article|ref article|no article|code produit|codigo|cod|referencia|codice|cod art",
    ),
    (
        "position",
        "no|nr|pos|position|sl|s no|sr no|sl no|sno|line|line no|line number|#|lfd nr|lfd|ligne|n°|num|"
        "linea|riga|n|item #",
    ),
    # --- how much ---------------------------------------------------------------------------------------------
    (
        "quantity",
        "recd|recd qty|qty recd|po qty|order qty|ord qty|qty|quantity|quantities|qty received|"
        "accepted|qty accepted|accepted qty|received qty|received|quantity received|ordered|"
        "qty ordered|"
        "quantity ordered|hours|hrs|on hand|qty on hand|count|counted|stock|closing stock|nos|units|"
        "qty shipped|shipped|qty hrs|hrs qty|billed qty|pcs|pieces|days|number of units|no of units|volume",
    ),
    (
        "quantity",
        "soll|ist|eingang|sollmenge|istmenge|bestellmenge|erhalten|eingegangen|menge|anzahl|anz|"
        "stuck|stk|stunden|std|tage|bestand|liefermenge|bestellt|geliefert|verbrauch|stuckzahl",
    ),
    (
        "quantity",
        "livre|livree|livres|livrees|recu|recue|commande|commandee|qte cde|qte recue|cde|qte|"
        "quantite|quantites|heures|"
        "nombre|nb|jours|qte livree|qte facturee",
    ),
    (
        "quantity",
        "pedido|recibido|cant pedida|cant recibida|solicitado|entregado|cantidad|cant|uds|"
        "unidades|horas|ordinato|ricevuto|consegnato|qta ordinata|qta ricevuta|quantita|qta|q ta|"
        "ore|giorni|pezzi|qt",
    ),
    (
        "unit",
        "unit|uom|per|eh|u o m|unit of measure|einheit|einh|me|mengeneinheit|ve|unite|unites|"
        "unidad|ud|u m|um|"
        "unita|unita di misura|measure",
    ),
    # --- at what price ----------------------------------------------------------------------------------------
    (
        "unit_price",
        "unit price|price|rate|unit rate|unit cost|cost|price each|each|price per unit|u price|s price|"
        "unit price excl|net price|net unit price|list price|price unit|hourly rate|rate per unit|"
        "price excl|cost per unit|unit net price|selling price|unit value|mrp",
    ),
    (
        "unit_price",
        "ek preis|wert einh|wert einheit|einstandspreis|kosten|einzelpreis|preis|e preis|ep|"
        "stuckpreis|einzel|einzelpreis netto|preis einheit|nettopreis|"
        "vk preis|listenpreis|preis pro einheit|preis je einheit|stundensatz|einzelbetrag|"
        "preis stk|preis stuck|eur einheit|bruttopreis|satz|tarif|preis netto",
    ),
    (
        "unit_price",
        "cout|cout unitaire|valeur unitaire|prix unitaire|prix|pu|p u|pu ht|p u ht|"
        "prix unitaire ht|prix unit|unitaire|px unit|prix u|tarif|"
        "prix unitaire net|pu net|prix unit ht|pu ttc|p u ttc",
    ),
    (
        "unit_price",
        "precio|precio unitario|precio unidad|p unitario|precio ud|unitario|prezzo|prezzo unitario|"
        "prezzo unit|p unit|prezzo netto",
    ),
    (
        "discount",
        "discount|disc|disc %|less|rabatt|rabatt %|nachlass|abschlag|zu abschlag|remise|rem|rabais|"
        "descuento|dto|desc|sconto|sc|sconti",
    ),
    # --- tax --------------------------------------------------------------------------------------------------
    (
        "tax_rate",
        "vat|vat rate|vat %|tax|tax rate|tax %|gst|gst rate|gst %|sst|sales tax|igst|hst|taxable|"
        "mwst|mwst %|mwst satz|ust|ust %|ust satz|steuersatz|steuer|steuer %|umsatzsteuer|mehrwertsteuer|"
        "tva|tva %|taux tva|taux|taxe|taxes|taux de tva|iva|iva %|tipo iva|tipo|aliquota|"
        "aliquota iva|al iva",
    ),
    (
        "tax_amount",
        "vat amount|tax amount|tax amt|vat amt|gst amount|gst amt|mwst betrag|ust betrag|steuerbetrag|"
        "umsatzsteuerbetrag|montant tva|montant de la tva|montant taxe|importe iva|cuota|cuota iva|"
        "importo iva|imposta|igst amount|cgst|sgst|utgst|cess|cgst amount|sgst amount|tax total",
    ),
    # --- what it comes to -------------------------------------------------------------------------------------
    (
        "net",
        "amount|amt|total|line total|net amount|net|net value|total price|value|extended|extended price|"
        "total net|line amount|taxable value|taxable amount|total amount|amount excl|stock value|ext price|"
        "sum|subtotal|sub total|line net|price total|total excl|net total|total value|amount due|"
        "charge|charges|"
        "ext amount|extension|net price total|total cost",
    ),
    (
        "net",
        "bestandswert|lagerwert|betrag|gesamt|gesamtpreis|gesamtbetrag|summe|netto|nettobetrag|"
        "gesamtsumme|gesamt netto|"
        "positionswert|positionsbetrag|entgelt|zeilenbetrag|nettowert|gesamtpreis netto|betrag netto|"
        "wert|warenwert|summe netto|preis gesamt|gp|g preis|endpreis|positionssumme|netto betrag|"
        "nettosumme|gesamt preis",
    ),
    (
        "net",
        "montant|montant ht|total ht|prix ht|prix total|montant net|total net|net ht|prix total ht|"
        "somme|valeur|montant total ht|total ligne|mt ht|montant h t|total h t|prix h t",
    ),
    (
        "net",
        "importe|importe neto|total neto|valor|base|importo|importo netto|totale|totale riga|prezzo totale|"
        "valore|netto a pagare|imponibile|importe total|totale netto|prz totale",
    ),
    (
        "gross",
        "gross|gross amount|total incl|amount incl|brutto|bruttobetrag|gesamt brutto|montant ttc|total ttc|"
        "prix ttc|ttc|endbetrag|total con iva|totale ivato|totale iva inclusa|summe brutto|gross total",
    ),
    (
        "base",
        "tax base|taxable base|tax basis|net base|basisbetrag|bemessungsgrundlage|steuerbasis|nettobasis|"
        "steuerbasisbetrag|base ht|base h t|base de calcul|base imposable|base imponible|base imponibile|"
        "basis|base tva|montant base|imponible",
    ),
    (
        "other",
        "date|datum|fecha|data|batch|bin|location|lager|lagerort|lagerplatz|platz|fach|"
        "emplacement|ubicacion|ubicazione|warehouse|id|min|reorder level|rejected|"
        "condition|category|lot|expiry|serial|serial no|delivery note|project|period|zeitraum|"
        "periode|order no|kategorie|warengruppe|vke geb|bemerkung|remarks|notes|note|status|"
        "colour|color|size|"
        "abholung|konto|kostenstelle|cost centre|country|lieferschein",
    ),
)
_WITHOUT_TAX = r"ohne|excl\w*|exkl\w*|excluding|exclusive|before|hors|h\W?t|ht|sin|senza|esclusa|netto|net"
_WITH_TAX = r"incl\w*|inkl\w*|including|inclusive|ttc|t\W?t\W?c|brutto|gross|con iva|ivato|inclusa"
_TAX_KINDS: frozenset[Kind] = frozenset({"tax_rate", "tax_amount", "base"})
# Where a heading names several things, the one that has to be read decides.
_DECIDING: tuple[Kind, ...] = (
    "net", "gross", "unit_price", "quantity", "tax_amount", "tax_rate", "discount", "description",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hit:
    """A heading phrase at characters start to end of a text."""

    kind: Kind
    start: int
    end: int


_TOKEN = re.compile(r"[^\W_]+|[#%°]")


@cache
def _phrases() -> tuple[dict[str, Kind], int]:
    """Kinds by phrase without its blanks, and how many words the longest phrase has."""
    named = {
        "".join(_TOKEN.findall(phrase)): kind
        for kind, phrases in reversed(_PHRASES)
        for phrase in phrases.split("|")
    }
    return named, max(len(_TOKEN.findall(phrase)) for _, phrases in _PHRASES for phrase in phrases.split("|"))


@lru_cache(maxsize=4096)
def hits_in(text: str) -> tuple[Hit, ...]:
    """Every heading phrase in a text, not overlapping, the longest at each place."""
    named, longest = _phrases()
    tokens = list(_TOKEN.finditer(fold(text)))
    found, index = [], 0
    while index < len(tokens):
        taken, joined = 0, ""
        kind: Kind = "other"
        for count, token in enumerate(tokens[index : index + longest], start=1):
            joined += token[0]
            if joined in named:
                taken, kind = count, named[joined]
        if taken:
            found.append(Hit(kind, tokens[index].start(), tokens[index + taken - 1].end()))
        index += taken or 1
    return tuple(found)


def kind_of(text: str) -> Kind:
    """What a heading, its rows joined, calls its column."""
    joined = re.sub(r"-\s+(?=[a-zà-ÿ])", "", text)
    hits = hits_in(joined)
    if not hits:
        return "other"
    folded = fold(joined)
    kinds = {hit.kind for hit in hits}
    amounts = kinds & {"net", "unit_price", "gross"}
    if amounts and re.search(rf"\b(?:{_WITHOUT_TAX}|{_WITH_TAX})\b", folded):
        # "Total excl. VAT" is an amount, whatever it says about the tax.
        hits = tuple(hit for hit in hits if hit.kind not in _TAX_KINDS) or hits
        if "net" in kinds and re.search(rf"\b(?:{_WITH_TAX})\b", folded) and "unit_price" not in kinds:
            return "gross"
    longest = max(hits, key=lambda hit: (hit.end - hit.start, -hit.start))
    if longest.kind in ("position", "code", "other", "unit", "description"):
        # "Item total" is a total; "article no." over "designation" is read as the designation.
        return next((kind for kind in _DECIDING if kind in kinds), longest.kind)
    return longest.kind


# --- words of rows under and between the lines ------------------------------------------------------------------

_SUMS = re.compile(
    r"\W*(?:"
    r"(?:sub|grand|net|order|invoice|line|lines|goods|items?|gross|item|running|page)?\W*totals?|"
    r"subtotal|sum|amount due|"
    r"balance|total\w*|gross\W*am\w*|tax(?:es)?\b|vat|gst|sst|cgst|sgst|igst|sales tax|"
    r"service tax|serv(?:ice)?\W*charge|round(?:ing|ed)?\W*(?:off|adj\w*|down|up)?(?![a-z])|"
    r"bill total|"
    r"taxable|net (?:amount|value|price)|plus (?:vat|tax)|amount (?:payable|excl|incl|before)|"
    r"summe|[a-z]+(?:betrag|summe)|gesamt\w*|zwischensumme|netto\w*|brutto\w*|"
    r"rechnungs(?:summe|betrag|beitrag)\w*|end(?:betrag|summe)|"
    r"(?:zzgl|zuzu\w+|abzu\w+|inkl|incl|davon|enthaltene?)\b|mwst|ust|umsatzsteuer|mehrwertsteuer|steuer\w*|"
    r"zahlbetrag|zu zahlen\w*|offener betrag|positionssumme|warenwert|versandkosten|"
    r"montant|sous\W*total|net a payer|tva|taxes?|remise globale|frais de port|solde|acompte|"
    r"a payer|base h\W*t|"
    r"importe|base imponible|iva|suma|descuento|imponibile|totale|importo|sconto|spese|netto a pagare|"
    r"balance due|amount paid|total"
    r")(?![a-z])"
)
# Words that articles bear too: sums only where they are all the row says before its amount.
_ALONE = re.compile(
    r"\W*(?:shipping|freight|carriage|postage|delivery|cash|change|paid|discount|deposit|service charge|"
    r"tips?|port|base|"
    r"versand|fracht|porto|rabatt|bar|ruckgeld|remise|especes|rendu|efectivo|cambio|contanti|resto|descuento|sconto)"
    r"(?:\W*(?:and|&|handling|costs?|charges?|fees?|amount|given|due|kosten|\d[\d.,]*|%|[€$£]))*\W*"
)
_SUM_INSIDE = re.compile(
    r"\b(?:totals?|subtotal|totale|gesamt(?:betrag|summe)|zwischensumme|endbetrag|rounding|gst summary|"
    r"amount due|balance due|total\w*|zahlbetrag|a pagar|change due)\b"
)
_CARRIED = re.compile(
    r"\b(?:ubertrag|carried|brought forward|carry over|carry forward|c/f|b/f|a reporter|report(?:e)?(?: de)?"
    r"|riporto|a riportare|suma y sigue|suma anterior|zwischensumme|sous\W*total|sub\W*total|subtotal[e]?|"
    r"gruppensumme|teilsumme)\b"
)
_ALLOWANCE = re.compile(
    r"\b(?:rabatt|nachlass|abzgl|abzuglich|skonto|discount|less|remise|rabais|descuento|dto|sconto|allowance"
    r"|rebate|promo\w*|voucher)\b"
)


def is_sum_label(text: str) -> bool:
    """Whether a row's text starts with what a sum, a tax or a payment is called."""
    folded = fold(text)
    return _SUMS.match(folded) is not None or _ALONE.fullmatch(folded) is not None


def speaks_of_sum(text: str) -> bool:
    """Whether a row's text names a sum anywhere: enough to doubt a row that no product confirms."""
    return _SUM_INSIDE.search(fold(text)) is not None


def is_carried(text: str) -> bool:
    """Whether a row repeats a sum in the middle of a table: carried over, or of a group of lines."""
    return _CARRIED.search(fold(text)) is not None


def is_allowance(text: str) -> bool:
    """Whether a row's text speaks of money taken off."""
    return _ALLOWANCE.search(fold(text)) is not None
