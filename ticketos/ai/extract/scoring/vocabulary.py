"""Words that tell names, addresses and titles apart, over folded text: legal forms, places, contacts, greetings."""

from __future__ import annotations

import re


def _words(*parts: str) -> re.Pattern[str]:
    return re.compile(r"(?<![a-z])(?:" + "|".join(parts) + r")(?![a-z])")


LEGAL = _words(
    r"ltd|limited|llc|llp|l\.l\.c|inc|incorporated|corp|corporation|plc|pvt|private limited|p\.? ?ltd",
    r"gmbh(?: ?& ?co\.? ?kg)?|ggmbh|ag|kg|kgaa|ohg|ug|e\.? ?k|e\.? ?kfm|gbr|e\.? ?v|a\.g|se",
    r"s\.? ?a\.? ?r\.? ?l|s\.? ?a\.? ?s\.? ?u?|sasu|eurl|s\.a|sa|snc|scop",
    r"b\.?v|n\.?v|oy|oyj|ab|aps|a/s|as|asa|srl|s\.? ?r\.? ?l\.?s?|spa|s\.? ?p\.? ?a|s\.? ?l\.? ?u?|sl|sp\. ?z ?o\.? ?o",
    r"s\.? ?n\.? ?c|s\.? ?a\.? ?s|s\.? ?coop",
    r"sdn\.? ?bhd|s/b|sb|bhd|pte\.? ?ltd|pty\.? ?ltd|pte|pty|berhad|& co|co\.? ?ltd|company",
)
LEGAL_AT_END = re.compile(rf"(?:{LEGAL.pattern})[\s.)]*$")
TRADE = _words(
    r"enterprises?|trading|traders?|industries|holdings?|group|bros|brothers|sons|stores?|super ?store|mart|mini ?mart",
    r"super ?market|hyper ?market|hotel|restaurant|restoran|cafe|kopitiam|bistro|bakery|confectionery|pharmacy|farmasi",
    r"services?|agency|agencies|hardware|electrical|stationers?|stationery|marketing|supplies|supply|systems?|solutions?",
    r"technologies|technology|motors?|auto|clinic|hospital|optical|book ?shop|books|shop|salon|boutique|foods?|pasaraya",
    r"perniagaan|syarikat|kedai|station|petrol|fuel|workshop|engineering|construction|logistics|transport|express|co",
    r"associates|consultants?|consulting|studio|works|gallery|house|centre|center|club|resort|inn|kitchen|grill|pizza",
    r"handel|handels|handwerk|bau|technik|werkstatt|apotheke|backerei|metzgerei|markt|verlag|haus|betrieb",
    r"boulangerie|papeterie|librairie|garage|atelier|maison|ets|etablissements|societe|entreprise|moulin",
    r"tienda|supermercado|farmacia|ferreteria|libreria|panaderia|negozio|cartoleria|officina|ristorante|albergo|trattoria",
)
PLACE = re.compile(
    r"(?<![a-z])(?:jalan|jln|jl|lorong|lrg|taman|tmn|bandar|bdr|kampung|kg|lot|persiaran|lebuh(?:raya)?|lebuh|batu|seksyen"
    r"|kawasan|perindustrian|tingkat|pusat|wilayah|selangor|johor|penang|pulau pinang|perak|kuala lumpur|petaling jaya"
    r"|shah alam|melaka|sabah|sarawak|negeri sembilan|pahang|kedah|kelantan|terengganu|darul \w+|malaysia|singapore"
    r"|street|st|road|rd|avenue|ave|lane|ln|drive|dr|court|square|sq|close|crescent|terrace|parkway|highway|hwy"
    r"|boulevard|blvd|way|floor|flr|level|block|blk|suite|ste|unit|building|bldg|tower|plaza|mall|complex|house no|shop no"
    r"|plot|sector|phase|nagar|marg|colony|cross|main|layout|opp|near|behind|dist|district|taluk|village|estate|park"
    r"|industrial|area|gate|chowk|bazar|bazaar|india|united kingdom|england|usa|u\.s\.a|p\.? ?o\.? ?box"
    r"|strasse|str|weg|platz|allee|gasse|ring|ufer|damm|chaussee|postfach|deutschland|germany|osterreich|schweiz"
    r"|rue|chemin|impasse|route|quai|cours|cedex|zone|zi|za|bp|france|bis"
    r"|calle|c/|avda|avenida|paseo|poligono|plaza|planta|piso|espana|spain"
    r"|via|viale|corso|piazza|strada|largo|vicolo|italia|italy|no)(?![a-z])"
    r"|[a-z]{3,}(?:strasse|straße|str\.|weg|platz|allee|gasse|ufer|damm|ring)(?![a-z])"
    r"|(?<!\d)\d{5,6}(?!\d)"
)
POSTCODE = re.compile(
    r"(?<![\d.,/\-])(?:[A-Z]{1,2}-)?\d{5,6}(?![\d.,/]\d)(?=[\s,.]*[A-Za-zÀ-ÿ]|\s*[.,)]?\s*$)"
    r"|\b[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}\b|\b\d{3}\s\d{3}\b|\b\d{4}\s[A-Z]{2}\b|\b[A-Z]{2}\s\d{5}(?:-\d{4})?\b"
    r"|^(?:[A-Z]{1,2}-)?\d{4}\s+[A-ZÀ-Þ][a-zà-ÿ]{2,}"
)
CONTACT = re.compile(
    r"(?<![a-z])(?:tel|telephone|phone|ph|fax|fon|telefon|mob|mobile|hp|h/p|hotline|e-?mail|www|http|web(?:site)?|iban|bic"
    r"|swift|facebook|whatsapp|customer service|care ?line|toll free|contact)(?![a-z])|@|https?:|www\.|\.com\b|\.de\b|\.fr\b"
)
REGISTRATION = re.compile(
    r"\(?\s*(?:(?:co(?:mpany)?|business|reg(?:istration)?|roc|rob|ssm|brn|uen|cin|crn|no|reg\. ?no|number|nr|hrb|hra|siret"
    r"|siren|rcs|nif|cif|p\.? ?iva|llpin)[\s.:#\-()]*)*[:\s]*[a-z]{0,4}[\s\-]?\d[\d\s\-]{4,14}(?:[\s\-]?[a-z]{1,2})?\s*\)?\.?"
)
_REGISTRATION_BEHIND = (
    r"\s*[(\[]?\s*(?:(?:co(?:mpany)?|business|reg(?:istration)?|roc|rob|ssm|brn|uen|no|number|nr|gst|id)[\s.:#\-]*)*"
    r"\(?[a-z]{0,3}\d{5,12}\s?-?\s?[a-z0-9]{0,2}\)?\s*[)\]]?\s*\.?$"
)
REGISTRATION_BEHIND = re.compile(_REGISTRATION_BEHIND)
TITLE = re.compile(
    r"^[\W_]*(?:simplified |tax |sales |cash |official |original |final |guest |customer )*"
    r"(?:invoice|receipt|bill|sales?|check|copy|credit note|debit note"
    r"|credit memo|statement|quotation|delivery order|purchase order|order"
    r"|rechnung|quittung|facture"
    r"|recu|ticket|avoir|gutschrift|lieferschein|bestellung|factura|fattura|recibo|ricevuta|scontrino|nota de credito"
    r"|nota di credito|abono|goods received note|goods receipt note|stock report|inventory|inventaire|inventur|kassenbon)[\W_\d]*"
    r"(?:invoice|receipt|copy|bill)?[\W_]*$"
)
GREETING = _words(
    r"thank you|thanks|please come again|come again|welcome(?: to)?|have a nice day|goods sold|not (?:returnable|refundable)",
    r"exchange|selamat|terima kasih|vielen dank|danke|merci|gracias|grazie|shopping hours|opening hours|business hours",
    r"duplicate|reprint|copy|posted|table|cashier|qty|amount|description|item|price|dine in|take ?away|closed|order no",
    r"sehr geehrte|dear|bonjour|servus|signature|authori[sz]ed signatory|terms|conditions|page|seite",
)
OWNER = re.compile(
    r"^(?:own(?:ed)? by|owner|operated by|managed by|dimiliki oleh|trading as|t/a|d/b/a|dba|a division of|m/s|from"
    r"|company(?: name)?|name|firma|nom|raison sociale|supplier|seller|vendor|sold by|issued by)\s*[:.\-]*\s*"
)
NAME_LABEL = re.compile(
    r"^\W*(?:(?:company|customer|supplier|buyer|seller) )?"
    r"(?:name|firma|nom|raison sociale|nombre|nome|denominazione|ragione sociale)\W*$"
)
SALUTATION = re.compile(
    r"^(?:herrn?|frau|mr|mrs|ms|m\.|mme|monsieur|madame|to|an|z\.? ?hd\.?|attn|attention)\.?:?$"
)
