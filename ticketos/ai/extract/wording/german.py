"""Words that announce a value, in German: field, strength, phrases as `labels.py` reads them."""

from __future__ import annotations

PHRASES: tuple[tuple[str, float, str], ...] = (
    (
        "invoice_number",
        0.97,
        r"rechnungs{no}|[a-z]*rechnung {no}|\w*rechnung[^\d]{0,30}[(]\d+[)] {no}|re {no}|beleg{no}|beleg {no}",
    ),
    ("invoice_number", 0.75, "[a-z]*rechnung|rechnung #|dokument{no}"),
    (
        "credit_number",
        0.97,
        r"gutschrifts{no}|gutschrift {no}|gutschrift[^\d]{0,40}[(]\d+[)] {no}|storno{no}|stornorechnung {no}",
    ),
    ("credit_number", 0.75, "gutschrift|stornorechnung"),
    ("receipt_number", 0.95, "bon{no}|bon {no}|kassenbon {no}|quittung {no}"),
    (
        "po_number",
        0.96,
        "bestell{no}|bestellung {no}|ihre bestell{no}|ihre bestellung|auftrags{no}|auftrag {no}|"
        "bestellreferenz",
    ),
    ("po_number", 0.7, "bestellung|ihr zeichen|ihre referenz"),
    ("grn_number", 0.97, "wareneingangs{no}|wareneingang {no}|wareneingangsschein {no}|we {no}"),
    (
        "-other",
        1.0,
        "kunden{no}|lieferschein{no}|lieferschein {no}|telefon|telefax|fon|konto{no}|konto|"
        "blz|handelsregister{no}|hrb|seite|geschaftsfuhrer|ansprechpartner|mitglieds{no}|vertrags{no}|"
        "zahlungsbedingungen|lieferadresse|lieferanschrift|warenempfanger|abweichender warenempfanger|"
        "bankverbindung|glaubiger id",
    ),
    (
        "issue_date",
        0.97,
        "rechnungsdatum|ausstellungsdatum|ausgestellt am|belegdatum|datum der rechnung|gutschriftsdatum|"
        "rechnung vom|bestelldatum",
    ),
    ("order_date", 0.97, "bestelldatum|wareneingangsdatum|eingangsdatum|inventurdatum|stichtag|stand"),
    ("issue_date", 0.85, "datum|vom|den"),
    (
        "due_date",
        0.97,
        "fallig am|falligkeit|falligkeitsdatum|zahlbar bis|zahlbar bis zum|zu zahlen bis|fallig|"
        "fallig zum|falligkeit zum|falligkeitstag|zahlungsziel|netto bis|uberweisen sie bis zum|"
        "uberweisen sie(?: bitte)?(?: den betrag)? bis(?: zum)?",
    ),
    (
        "-date",
        1.0,
        "lieferdatum|leistungsdatum|liefer und leistungsdatum|leistungszeitraum|abrechnungszeitraum|"
        "zeitraum|zeitraum vo[mn]|bis zum|liefertermin|druckdatum|lieferscheindatum|auftragsdatum|bestelldatum|geburtsdatum",
    ),
    (
        "total",
        0.96,
        "gesamtbetrag|gesamtsumme|rechnungsbetrag|rechnungssumme|rechnungsbeitrag|bruttobetrag|"
        "bruttosumme|endbetrag|endsumme|summe brutto|gesamt brutto|brutto gesamt|gesamtbetrag brutto|"
        "gesamtbetrag inkl(?:usive)? (?:mwst|ust)|summe inkl(?:usive)? (?:mwst|ust)|gutschriftsbetrag|"
        "gesamtpreis brutto|rechnungssumme brutto|bruttowert|brutto",
    ),
    ("total", 0.75, "summe|gesamt|betrag"),
    (
        "amount_due",
        0.95,
        "zahlbetrag|zu zahlender betrag|zu zahlen|offener betrag|restbetrag|noch zu zahlen|falliger betrag",
    ),
    (
        "net_total",
        0.96,
        "nettobetrag|nettosumme|netto summe|summe netto|gesamt netto|netto gesamt|zwischensumme|"
        "gesamtbetrag netto|warenwert|nettowert|netto|gesamtbeitrag|summe positionen|steuerbasisbetrag|"
        "rechnungsbetrag ohne ust|rechnungssumme ohne ust|rechnungssumme netto|positionssumme",
    ),
    (
        "tax_total",
        0.96,
        "summe (?:mwst|ust|umsatzsteuer)|gesamt ust|ust gesamt|mwst gesamt|steuerbetrag|umsatzsteuerbetrag|"
        "mwst betrag|ust betrag|steuer gesamt|steuergesamtbetrag|gesamtsteuerbetrag|steuersumme",
    ),
    (
        "tax_part",
        0.9,
        "mwst|ust|umsatzsteuer|mehrwertsteuer|(?:zzgl|zuzuglich|enthaltene|inkl|davon) (?:mwst|ust|umsatzsteuer|mehrwertsteuer)|"
        "versicherungsteuer|versicherungssteuer|steuer",
    ),
    (
        "-amount",
        1.0,
        "vorsaldo|offene posten|offene zahlungen|saldovortrag|"
        "rabatt|rabatte|skonto|versandkosten|anzahlung|rundung|gesamtbetrag der abschlage|"
        "gesamtbetrag der zuschlage|vorauszahlung|stuckpreis|einzelpreis",
    ),
    ("supplier", 0.95, "verkaufer|lieferant|rechnungssteller|rechnungsersteller|leistungserbringer|absender"),
    (
        "buyer",
        0.95,
        "kaufer|kunden|kaufer leistungsempfanger|rechnungsempfanger|rechnung an|kunde|auftraggeber|"
        "leistungsempfanger|rechnungsanschrift|rechnungsadresse|besteller|firma",
    ),
    (
        "tax_id",
        0.95,
        "ust id {no}|ust id|ust idnr|ust-?idnr|umsatzsteuer id|umsatzsteuer identifikations{no}|"
        "umsatzsteuer id {no}|steuer{no}|uid|uid {no}|mwst {no}|st {no}",
    ),
    ("buyer_tax_id", 0.97, "ihre ust id(?: {no})?|ihre ust idnr|ust id kunde"),
    ("currency", 0.97, "wahrung"),
    ("list_number", 0.95, "listen{no}|liste {no}|inventur{no}|zahlliste {no}|dokument{no}"),
    (
        "total",
        0.96,
        "zu zahlen|gesamt eur|summe eur|gesamtbetrag eur|gesamtbetrag inkl(?:usive)? (?:mehrwertsteuer|umsatzsteuer)|"
        "bruttogesamtbetrag|rechnungsgesamtbetrag|rechnungsendbetrag|gesamt inkl(?:usive)? (?:mwst|ust)|"
        "total",
    ),
    ("cash", 0.9, "bar|gegeben|bar gegeben|kartenzahlung|ec karte|girocard|bezahlt"),
    ("change", 0.9, "ruckgeld|zuruck|wechselgeld"),
    ("invoice_number", 0.9, "rechnungskennung|vorgangs{no}|versicherungsschein {no}|versicherungsschein{no}"),
    ("receipt_number", 0.9, "kassenbon|bon"),
)
