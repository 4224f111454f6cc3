"""Papers of trade that nobody books: what they call themselves, and what a person is told of them.

They look like invoices or orders: same letterhead, same table, often same sums. What they are is `unknown` to the
book, and a person decides what becomes of them.
"""

from __future__ import annotations

from typing import Literal

Unbooked = Literal["order_confirmation", "proforma", "quotation", "reminder", "delivery_note", "statement"]

SAID: dict[Unbooked, str] = {
    "order_confirmation": "an order confirmation: the supplier's answer to an order, neither the order nor an invoice",
    "proforma": "a pro-forma invoice: it asks for no payment that could be booked",
    "quotation": "a quotation: an offer, nothing is owed by it",
    "reminder": "a payment reminder: it repeats invoices that are booked by themselves",
    "delivery_note": "a delivery note: the supplier's list of what was sent, no receipt of goods and no invoice",
    "statement": "a statement of account: it lists invoices that are booked by themselves",
}
"""In words, what the paper is and why it is not booked as it stands."""

TITLES: tuple[tuple[Unbooked, str], ...] = (
    (
        "order_confirmation",
        r"(?:sales )?order (?:confirmation|acknowledge?ment)|confirmation of (?:your |the )?order"
        r"|acknowledge?ment of (?:your )?order|(?:auftrags|bestell|bestellungs) ?bestatigung"
        r"|confirmation de (?:votre |la )?commande|accuse de reception de (?:votre |la )?commande"
        r"|confirmacion de(?:l| su)? pedido|acuse de recibo de(?:l| su)? pedido"
        r"|conferma (?:d |di |dell |del )?(?:vostro )?ordine|conferma ordine",
    ),
    (
        "proforma",
        r"pro ?forma(?: ?invoice| ?rechnung)?|(?:facture|factura|fattura) pro ?forma",
    ),
    (
        "quotation",
        r"(?:sales |price )?(?:quotation|quote)|price offer|cost estimate|estimate|angebot|kostenvoranschlag|preisangebot"
        r"|offerte|devis(?: estimatif)?|offre (?:de prix|commerciale)|presupuesto|oferta(?: comercial)?|cotizacion"
        r"|preventivo|offerta(?: commerciale)?",
    ),
    (
        "reminder",
        r"(?:(?:first|second|third|final|1st|2nd|3rd|friendly) )?(?:payment |invoice )?reminder|overdue (?:notice|payment"
        r"|invoices?)|past due notice|final (?:notice|demand)|dunning(?: letter| notice)?"
        r"|(?:(?:erste|zweite|dritte|letzte|[123]) )?(?:mahnung|zahlungserinnerung)|mahnschreiben"
        r"|(?:(?:premiere|deuxieme|derniere) )?(?:relance|lettre de relance|rappel de paiement|rappel de facture)"
        r"|mise en demeure|avis d impaye"
        r"|recordatorio de pago|reclamacion de pago|requerimiento de pago|aviso de impago"
        r"|(?:(?:primo|secondo|ultimo) )?sollecito(?: di pagamento)?|promemoria di pagamento",
    ),
    (
        "delivery_note",
        r"delivery (?:note|order|docket|challan)|packing (?:slip|list|note)|d[ei]spatch note|consignment note"
        r"|lieferschein|packliste|packzettel|versandschein|bon de livraison|bordereau de livraison|note de livraison"
        r"|albaran(?: de entrega)?(?! de entrada)|nota de entrega|documento di trasporto|d d t|ddt"
        r"|bolla di (?:consegna|accompagnamento)",
    ),
    (
        "statement",
        r"(?:customer )?(?:statement of accounts?|account statement)|statement|kontoauszug|offene posten(?: liste)?"
        r"|saldenbestatigung|releve (?:de compte|client|de factures)|extrait de compte"
        r"|extracto de cuenta|estado de cuenta|estratto conto",
    ),
)
"""Titles in English, German, French, Spanish and Italian, over words folded and parted by single blanks."""

SPELT: tuple[tuple[Unbooked, str], ...] = (
    (
        "order_confirmation",
        "orderconfirmation salesorderconfirmation orderacknowledgement confirmationofyourorder "
        "auftragsbestatigung bestellbestatigung confirmationdecommande accusedereceptiondecommande "
        "confirmaciondepedido confirmaciondelpedido confermadordine confermaordine confermadiordine",
    ),
    (
        "proforma",
        "proforma proformainvoice proformarechnung factureproforma facturaproforma fatturaproforma",
    ),
    (
        "quotation",
        "quotation salesquote kostenvoranschlag offredeprix presupuesto cotizacion preventivo",
    ),
    (
        "reminder",
        "reminder paymentreminder overduenotice finalnotice finaldemand zahlungserinnerung "
        "letztemahnung lettrederelance rappeldepaiement miseendemeure recordatoriodepago "
        "reclamaciondepago avisodeimpago sollecitodipagamento secondosollecito promemoriadipagamento",
    ),
    (
        "delivery_note",
        "deliverynote packingslip despatchnote dispatchnote lieferschein packliste bondelivraison "
        "bordereaudelivraison albarandeentrega notadeentrega documentoditrasporto bolladiconsegna",
    ),
    (
        "statement",
        "statementofaccount accountstatement customerstatement kontoauszug offenepostenliste "
        "saldenbestatigung relevedecompte releveclient extractodecuenta estadodecuenta estrattoconto",
    ),
)
"""The commonest of them letter by letter, for titles that an optical reader got a letter or a blank of wrong."""
