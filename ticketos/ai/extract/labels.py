"""The words that stand before or above a value, in English, German and French.

A phrase is a small pattern over folded text (lower case, no accents): a blank matches any run of spaces,
points,
hyphens, brackets or nothing (readers lose spaces), `{no}` any way of writing "number". The longest phrase
at a place wins,
so `delivery date` keeps its date away from `date`. A field starting with `-` exists only for that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from ticketos.ai.extract.values import fold

Language = Literal["en", "de", "fr"]


@dataclass(frozen=True, slots=True)
class Label:
    """A phrase and the field it announces; `strength` is the probability that it really does."""

    field: str
    language: Language | None
    phrase: str
    strength: float


_NO = r"(?:number|nummer|numero|num|nos?|nr|n°|nº|id|#)"
_GAP = r"[\s.\-:/_'’()]*"


def _labels(field: str, language: Language | None, strength: float, phrases: str) -> list[Label]:
    return [Label(field, language, part, strength) for part in _choices(phrases)]


def _choices(phrases: str) -> list[str]:
    """Split at bars; one inside brackets is a choice within its phrase."""
    parts, depth = [""], 0
    for character in phrases:
        depth += (character == "(") - (character == ")")
        if character == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


LABELS: tuple[Label, ...] = tuple(
    label
    for group in (
        # --- numbers of documents -------------------------------------------------------------------------
        _labels(
            "invoice_number",
            "en",
            0.97,
            "invoice {no}|tax invoice {no}|inv {no}|bill {no}|invoice ref|our invoice",
        ),
        _labels(
            "invoice_number",
            "de",
            0.97,
            r"rechnungs{no}|rechnung {no}|\w*rechnung [(]\d+[)] {no}|re {no}|beleg{no}|beleg {no}",
        ),
        _labels(
            "invoice_number",
            "fr",
            0.97,
            r"facture {no}|{no} facture|{no} de (?:la )?facture|reference facture",
        ),
        _labels("invoice_number", "en", 0.75, "invoice|tax invoice|document {no}|doc {no}|voucher {no}"),
        _labels("invoice_number", "de", 0.75, r"[a-z]*rechnung|rechnung #|dokument{no}"),
        _labels("invoice_number", "fr", 0.75, "facture|document {no}"),
        _labels("credit_number", "en", 0.97, "credit note {no}|credit memo {no}|credit {no}|cn {no}"),
        _labels(
            "credit_number",
            "de",
            0.97,
            r"gutschrifts{no}|gutschrift {no}|gutschrift[^\d]{0,40}[(]\d+[)] {no}|storno{no}|"
            r"stornorechnung {no}",
        ),
        _labels(
            "credit_number",
            "fr",
            0.97,
            r"avoir {no}|{no} avoir|{no} d avoir|{no} de l avoir|note de credit {no}",
        ),
        _labels("credit_number", "en", 0.75, "credit note|credit memo"),
        _labels("credit_number", "de", 0.75, "gutschrift|stornorechnung"),
        _labels("credit_number", "fr", 0.75, "avoir|note de credit"),
        _labels(
            "receipt_number",
            "en",
            0.95,
            "receipt {no}|cash bill {no}|cash sale {no}|bill|slip {no}|trans(?:action)? {no}|"
            "trx {no}|check {no}|order {no}",
        ),
        _labels("receipt_number", "de", 0.95, "bon{no}|bon {no}|kassenbon {no}|quittung {no}"),
        _labels("receipt_number", "fr", 0.95, "ticket {no}|recu {no}"),
        _labels(
            "po_number",
            "en",
            0.96,
            "purchase order {no}|po {no}|p o {no}|order {no}|order ref|order reference|your order|"
            "customer order|customer po|buyer order {no}|buyer s order {no}|your order {no}|po ref",
        ),
        _labels(
            "po_number",
            "de",
            0.96,
            "bestell{no}|bestellung {no}|ihre bestell{no}|ihre bestellung|auftrags{no}|auftrag {no}|"
            "bestellreferenz",
        ),
        _labels(
            "po_number",
            "fr",
            0.96,
            "bon de commande {no}|{no} de commande|commande {no}|{no} commande|votre commande|"
            "bon de commande|votre reference",
        ),
        _labels(
            "po_number",
            "en",
            0.7,
            "purchase order|po|your ref|your reference|customer ref|customer reference",
        ),
        _labels("po_number", "de", 0.7, "bestellung|ihr zeichen|ihre referenz"),
        _labels("po_number", "fr", 0.7, "commande"),
        _labels(
            "grn_number",
            "en",
            0.97,
            "grn {no}|goods receipt {no}|goods receipt note {no}|goods received note {no}|"
            "goods receiving note {no}|receiving report {no}|grn",
        ),
        _labels("grn_number", "de", 0.97, "wareneingangs{no}|wareneingang {no}|wareneingangsschein {no}"),
        _labels("grn_number", "fr", 0.97, "bon de reception {no}|{no} de reception|bon de reception"),
        _labels(
            "-other",
            "en",
            1.0,
            "customer {no}|client {no}|account {no}|acct {no}|a/c {no}|delivery note {no}|dn {no}|"
            "do {no}|challan {no}|vehicle {no}|phone {no}|tel|telephone|phone|fax|mobile|email|"
            "e mail|website|iban|swift|bic|ifsc(?: code)?|sort code|bank|bank name|item {no}|page|"
            "co reg {no}|company reg {no}|reg {no}|registration {no}|roc {no}|contract {no}|"
            "project {no}|lot {no}|batch {no}|sku|hsn|hsn sac|cashier|table|counter|till|terms|"
            "payment terms|contact|attn|attention|ship to|deliver to|delivery address|"
            "shipping address|place of supply|state|state code|vendor code|supplier code|"
            "customer code",
        ),
        _labels(
            "-other",
            "de",
            1.0,
            "kunden{no}|lieferschein{no}|lieferschein {no}|telefon|telefax|fon|konto{no}|konto|blz|"
            "handelsregister{no}|hrb|seite|geschaftsfuhrer|ansprechpartner|mitglieds{no}|"
            "vertrags{no}|zahlungsbedingungen|lieferadresse|lieferanschrift|warenempfanger|"
            "abweichender warenempfanger|bankverbindung|glaubiger id",
        ),
        _labels(
            "-other",
            "fr",
            1.0,
            "{no} client|code client|siret|siren|rcs|ape|adresse de livraison|conditions de paiement|"
            "contact commercial|bon de livraison {no}|mode de reglement|capital de|ref marche|"
            "facture liee",
        ),
        # --- dates ----------------------------------------------------------------------------------------
        _labels(
            "issue_date",
            "en",
            0.97,
            "invoice date|date of invoice|issue date|date of issue|issued on|issued|bill date|"
            "billing date|invoice dated|credit note date|receipt date|date issued|tax date|"
            "document date|doc date",
        ),
        _labels(
            "issue_date",
            "de",
            0.97,
            "rechnungsdatum|ausstellungsdatum|ausgestellt am|belegdatum|datum der rechnung|"
            "gutschriftsdatum|rechnung vom|bestelldatum",
        ),
        _labels(
            "issue_date",
            "fr",
            0.97,
            "date de facture|date de la facture|date facture|date d emission|date de facturation|"
            "emise? le|date de l avoir|date de commande",
        ),
        _labels(
            "order_date",
            "en",
            0.97,
            "order date|po date|purchase order date|date of order|grn date|received date|"
            "date received|receipt date|goods receipt date|stock date|count date|inventory date|"
            "as of|as at|as on|stock as on",
        ),
        _labels(
            "order_date",
            "de",
            0.97,
            "bestelldatum|wareneingangsdatum|eingangsdatum|inventurdatum|stichtag|stand",
        ),
        _labels("order_date", "fr", 0.97, "date de commande|date de reception|date d inventaire|recu le"),
        _labels("issue_date", "en", 0.85, "date|dated|date time"),
        _labels("issue_date", "de", 0.85, "datum|vom|den"),
        _labels("issue_date", "fr", 0.8, "le|fait le|du"),
        _labels(
            "due_date",
            "en",
            0.97,
            "due date|payment due date|payment due|due on|due by|pay by|payable by|date due|"
            "please pay by|due",
        ),
        _labels(
            "due_date",
            "de",
            0.97,
            "fallig am|falligkeit|falligkeitsdatum|zahlbar bis|zahlbar bis zum|zu zahlen bis|fallig|"
            "fallig zum|falligkeit zum|falligkeitstag|zahlungsziel|netto bis|uberweisen sie bis zum|"
            "uberweisen sie(?: bitte)?(?: den betrag)? bis(?: zum)?",
        ),
        _labels(
            "due_date",
            "fr",
            0.97,
            "date d echeance|echeance|a payer avant le|a regler avant le|date limite de paiement|payable le",
        ),
        _labels(
            "-date",
            "en",
            1.0,
            "delivery date|date of delivery|ship date|shipping date|dispatch date|despatch date|"
            "date of supply|supply date|expiry date|exp date|service date|period|from|print date|"
            "required date|requested delivery date|expected delivery|order date",
        ),
        _labels(
            "-date",
            "de",
            1.0,
            "lieferdatum|leistungsdatum|liefer und leistungsdatum|leistungszeitraum|"
            "abrechnungszeitraum|liefertermin|druckdatum|lieferscheindatum|auftragsdatum|"
            "bestelldatum|geburtsdatum",
        ),
        _labels(
            "-date",
            "fr",
            1.0,
            "date de livraison|date de prestation|periode|date d impression|date d expedition",
        ),
        # --- amounts --------------------------------------------------------------------------------------
        _labels(
            "total",
            "en",
            0.96,
            r"grand total|invoice total|total amount|total invoice value|invoice amount|total incl|"
            r"total including|total inclusive|total amount incl(?:uding|usive)?|"
            r"total(?: amount)? incl(?:uding|usive)?(?: of)? (?:vat|gst|tax(?:es)?|sst)|"
            r"total (?:with|inc) (?:vat|gst|tax)|gross total|gross amount|total gross|total due|"
            r"total payable|order total|total sales incl(?:usive)?(?: of)? gst|receipt total|"
            r"rounded total|total rounded|net payable|total value|nett? total rm|total rm|"
            r"total credit|credit total|tot|total amt|total rs|total inr|total eur|total usd|total gbp",
        ),
        _labels(
            "total",
            "de",
            0.96,
            r"gesamtbetrag|gesamtsumme|rechnungsbetrag|rechnungssumme|rechnungsbeitrag|bruttobetrag|"
            r"bruttosumme|endbetrag|endsumme|summe brutto|gesamt brutto|brutto gesamt|"
            r"gesamtbetrag brutto|gesamtbetrag inkl(?:usive)? (?:mwst|ust)|"
            r"summe inkl(?:usive)? (?:mwst|ust)|gutschriftsbetrag|gesamtpreis brutto|"
            r"rechnungssumme brutto|bruttowert|brutto",
        ),
        _labels(
            "total",
            "fr",
            0.96,
            "total ttc|montant ttc|total t t c|total general|montant total ttc|total facture|montant total",
        ),
        _labels("total", None, 0.75, "total|totals"),
        _labels("total", "de", 0.75, "summe|gesamt|betrag"),
        _labels(
            "amount_due",
            "en",
            0.95,
            "amount due|balance due|balance|amount payable|amount to pay|please pay|total amount due|"
            "total amount payable|outstanding|outstanding amount|balance payable|due payable amount|"
            "due amount|to pay",
        ),
        _labels(
            "amount_due",
            "de",
            0.95,
            "zahlbetrag|zu zahlender betrag|zu zahlen|offener betrag|restbetrag|noch zu zahlen|"
            "falliger betrag",
        ),
        _labels(
            "amount_due",
            "fr",
            0.95,
            "net a payer|solde a payer|reste a payer|a payer|montant du|solde du",
        ),
        _labels(
            "net_total",
            "en",
            0.96,
            r"sub ?total|subtotal|net total|net amount|total net|net value|taxable value|"
            r"taxable amount|total taxable value|total taxable amount|total before tax|"
            r"amount before tax|total excl|total excluding|total exclusive|"
            r"total(?: amount)? excl(?:uding|usive)?(?: of)? (?:vat|gst|tax(?:es)?|sst)|"
            r"total ex (?:vat|gst|tax)|net|total sales excluding gst|goods total|"
            r"total exclusive of (?:vat|gst|tax)|basic amount|assessable value",
        ),
        _labels(
            "net_total",
            "de",
            0.96,
            "nettobetrag|nettosumme|netto summe|summe netto|gesamt netto|netto gesamt|zwischensumme|"
            "gesamtbetrag netto|warenwert|nettowert|netto|gesamtbeitrag|summe positionen|"
            "steuerbasisbetrag|rechnungsbetrag ohne ust|rechnungssumme ohne ust|rechnungssumme netto|"
            "positionssumme",
        ),
        _labels(
            "net_total",
            "fr",
            0.96,
            "total ht|montant ht|total h t|sous total|total hors taxes?|base ht|montant total ht|"
            "total net ht|net ht",
        ),
        _labels(
            "tax_total",
            "en",
            0.96,
            r"total tax|tax total|total vat|vat total|vat amount|tax amount|total gst|gst total|"
            r"gst amount|total gst amount|total tax amount|sales tax total",
        ),
        _labels(
            "tax_total",
            "de",
            0.96,
            r"summe (?:mwst|ust|umsatzsteuer)|gesamt ust|ust gesamt|mwst gesamt|steuerbetrag|"
            r"umsatzsteuerbetrag|mwst betrag|ust betrag|steuer gesamt|steuergesamtbetrag|"
            r"gesamtsteuerbetrag|steuersumme",
        ),
        _labels(
            "tax_total",
            "fr",
            0.96,
            "total tva|montant tva|total taxes?|montant de la tva|total t v a|montant taxe",
        ),
        _labels(
            "tax_part",
            "en",
            0.9,
            r"cgst|sgst|igst|utgst|vat|gst|sales tax|tax|hst|pst|service tax|sst|cess",
        ),
        _labels(
            "tax_part",
            "de",
            0.9,
            r"mwst|ust|umsatzsteuer|mehrwertsteuer|"
            r"(?:zzgl|zuzuglich|enthaltene|inkl|davon) (?:mwst|ust|umsatzsteuer|mehrwertsteuer)|"
            r"versicherungsteuer|versicherungssteuer|steuer",
        ),
        _labels("tax_part", "fr", 0.9, "tva|t v a|taxe"),
        _labels(
            "cash",
            "en",
            0.9,
            "cash|cash received|cash tendered|amount tendered|tendered|cash paid|paid",
        ),
        _labels("change", "en", 0.9, "change|change due|cash change|balance returned"),
        _labels(
            "-amount",
            "en",
            1.0,
            r"discount|total discount|rounding|rounding adj(?:ustment)?|round off|rounding adjustment|"
            r"shipping|freight|total qty|total quantity|total items?|item count|total savings|deposit|"
            r"prepaid|paid amount|amount paid|less advance|advance|credit card|visa|total in words|"
            r"amount in words|gst summary|unit price|total price|total no of items",
        ),
        _labels(
            "-amount",
            "de",
            1.0,
            r"rabatt|rabatte|skonto|versandkosten|anzahlung|rundung|gesamtbetrag der abschlage|"
            r"gesamtbetrag der zuschlage|vorauszahlung|stuckpreis|einzelpreis",
        ),
        _labels("-amount", "fr", 1.0, "remise|acompte|frais de port|escompte|arrondi|capital"),
        # --- parties --------------------------------------------------------------------------------------
        _labels(
            "supplier",
            "en",
            0.95,
            "seller|seller name|supplier|supplier name|vendor|vendor name|sold by|from|billed by|"
            "issued by|service provider|remit to|pay to",
        ),
        _labels(
            "supplier",
            "de",
            0.95,
            "verkaufer|lieferant|rechnungssteller|rechnungsersteller|leistungserbringer|absender",
        ),
        _labels("supplier", "fr", 0.95, "vendeur|fournisseur|emetteur|prestataire"),
        _labels(
            "buyer",
            "en",
            0.95,
            "bill to|billed to|invoice to|sold to|buyer|buyer name|customer|customer name|client|"
            "client name|recipient|details of receiver|bill to party|billing address|invoiced to|m/s|"
            "purchaser|ordered by",
        ),
        _labels(
            "buyer",
            "de",
            0.95,
            r"kaufer|kunden|kaufer leistungsempfanger|rechnungsempfanger|rechnung an|kunde|"
            r"auftraggeber|leistungsempfanger|rechnungsanschrift|rechnungsadresse|besteller|firma",
        ),
        _labels(
            "buyer",
            "fr",
            0.95,
            "facture a|client|acheteur|adresse de facturation|destinataire|nom du client|factures? a",
        ),
        # --- tax identifiers ------------------------------------------------------------------------------
        _labels(
            "tax_id",
            "en",
            0.95,
            r"vat reg(?:istration)? {no}|vat {no}|gstin|gst(?:in)? {no}|gst reg(?:istration)? {no}|"
            r"gstin/uin|tax id|tax {no}|tax reg(?:istration)? {no}|tin|trn|abn|ein|vat id|"
            r"vat identification {no}|sst {no}|sst id {no}|gst id {no}|tax identification {no}|vat",
        ),
        _labels(
            "tax_id",
            "de",
            0.95,
            r"ust id {no}|ust id|ust idnr|ust-?idnr|umsatzsteuer id|umsatzsteuer identifikations{no}|"
            r"umsatzsteuer id {no}|steuer{no}|uid|uid {no}|mwst {no}|st {no}",
        ),
        _labels(
            "tax_id",
            "fr",
            0.95,
            r"{no} tva|tva {no}|{no} tva intracommunautaire|tva intracommunautaire|tva intracom|n tva|"
            r"tva",
        ),
        _labels(
            "buyer_tax_id",
            "en",
            0.97,
            "customer vat(?: {no})?|buyer vat(?: {no})?|buyer gstin|customer gstin|"
            "client vat(?: {no})?|your vat {no}",
        ),
        _labels("buyer_tax_id", "de", 0.97, "ihre ust id(?: {no})?|ihre ust idnr|ust id kunde"),
        _labels("buyer_tax_id", "fr", 0.97, "{no} tva client|tva client|{no} tva du client"),
        _labels("currency", "en", 0.97, "currency|invoice currency|all amounts in"),
        _labels("currency", "de", 0.97, "wahrung"),
        _labels("currency", "fr", 0.97, "devise|monnaie"),
    )
    for label in group
)


def pattern_of(phrase: str) -> str:
    """The phrase as a pattern over folded text."""
    spaced = re.sub(r"(?<=[\w)])\{no\}", " {no}", phrase)
    return spaced.replace(" ", _GAP).replace("{no}", _NO)


@dataclass(frozen=True, slots=True)
class Mention:
    """A phrase found at characters start to end, with every label it may stand for."""

    start: int
    end: int
    labels: tuple[Label, ...]

    def of(self, *fields: str) -> Label | None:
        """The strongest of its labels for one of the fields."""
        return max(
            (label for label in self.labels if label.field in fields),
            key=lambda it: it.strength,
            default=None,
        )


_Compiled = tuple[re.Pattern[str], tuple[Label, ...]]
_GLUED_DIGIT = re.compile(r"[-/]?\d")
_WORD_START = re.compile(r"(?<![^\W\d_])[^\W\d_]|n°|nº|#|(?<![\w#])#")


@cache
def _by_first_letters() -> dict[str, tuple[_Compiled, ...]]:
    """Compiled phrases by their first two letters; those that begin with a choice are under the empty string.

    A phrase shared by several labels is one entry: `tva` announces a rate, an amount and an identifier.
    """
    same: dict[str, list[Label]] = {}
    for label in LABELS:
        same.setdefault(label.phrase, []).append(label)
    found: dict[str, list[_Compiled]] = {}
    for phrase, group in same.items():
        start = phrase[:2] if phrase[:2].isalpha() and phrase[2:3] not in ("?", "*") else ""
        pattern = re.compile(rf"(?:{pattern_of(phrase)})(?![^\W\d_])")
        found.setdefault(start, []).append((pattern, tuple(group)))
    return {start: tuple(group) for start, group in found.items()}


def mentions(text: str) -> Iterator[Mention]:
    """Every label phrase in a text, not overlapping, the longest at each place."""
    folded, done = fold(text), 0
    phrases = _by_first_letters()
    for start in _WORD_START.finditer(folded):
        if start.start() < done:
            continue
        end = start.start()
        labels: tuple[Label, ...] = ()
        for pattern, group in phrases.get(folded[end : end + 2], ()) + phrases.get("", ()):
            match = pattern.match(folded, start.start())
            # "PO445" and "PO-7781" are numbers, not the label PO with a number behind.
            if match and match.end() - start.start() <= 3 and _GLUED_DIGIT.match(folded, match.end()):
                continue
            if match and match.end() > end:
                end, labels = match.end(), group
            elif match and match.end() == end and labels:
                labels += group
        if labels:
            done = end
            yield Mention(start.start(), end, labels)


def language_of(found: Iterable[Mention]) -> Language | None:
    """The language most of the labels belong to; None when they do not say."""
    votes: dict[Language, float] = {}
    for mention in found:
        spoken = {label.language for label in mention.labels}
        for language in spoken:
            if language is not None:
                votes[language] = votes.get(language, 0.0) + (mention.end - mention.start) / len(spoken)
    return max(votes, key=lambda language: votes[language], default=None)
