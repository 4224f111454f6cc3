"""Titles and number labels of the papers that nobody books, in five languages."""

# ruff: noqa: E501  (a list of words stays on one line)

from __future__ import annotations

from ticketos.dev.sim.documents.composed.markets import Tongue

# fmt: off
UNBOOKED_PHRASES: dict[Tongue, dict[str, tuple[str, ...]]] = {
    "en": {
        "title.order_confirmation": ("ORDER CONFIRMATION", "Order Confirmation", "Order Acknowledgement", "Sales Order Confirmation", "Confirmation of your order"),
        "title.proforma": ("PROFORMA INVOICE", "Pro-forma Invoice", "Pro Forma Invoice", "PRO FORMA"), "title.quotation": ("QUOTATION", "Quotation", "Sales Quote", "Quote", "ESTIMATE"),
        "title.reminder": ("Payment Reminder", "REMINDER", "Second Reminder", "Overdue Notice", "FINAL NOTICE", "Final Demand"), "title.delivery_note": ("DELIVERY NOTE", "Delivery Note", "Packing Slip", "DELIVERY ORDER", "Despatch Note"),
        "title.statement": ("STATEMENT OF ACCOUNT", "Statement of Account", "Account Statement", "Customer Statement", "STATEMENT"),
        "number.order_confirmation": ("Order {no}", "Confirmation {no}", "Sales Order {no}", "Our Order {no}"), "number.proforma": ("Proforma {no}", "Invoice {no}", "PI {no}", "Document {no}"), "number.quotation": ("Quotation {no}", "Quote {no}", "Offer {no}", "Reference {no}"),
        "number.reminder": ("Reminder {no}", "Reference {no}", "Our ref.", "Document {no}"), "number.delivery_note": ("Delivery Note {no}", "D/N {no}", "DO {no}", "Document {no}"), "number.statement": ("Statement {no}", "Account {no}", "Reference {no}"),
        "owed": ("Invoice {number} of {date}", "Inv. {number}, {date}", "{number} dated {date}"),
    },
    "de": {
        "title.order_confirmation": ("AUFTRAGSBESTÄTIGUNG", "Auftragsbestätigung", "Bestellbestätigung"), "title.proforma": ("PROFORMA-RECHNUNG", "Proforma-Rechnung", "Proformarechnung"), "title.quotation": ("ANGEBOT", "Angebot", "Kostenvoranschlag"),
        "title.reminder": ("MAHNUNG", "1. Mahnung", "2. Mahnung", "Zahlungserinnerung", "Letzte Mahnung"), "title.delivery_note": ("LIEFERSCHEIN", "Lieferschein", "Packliste"), "title.statement": ("KONTOAUSZUG", "Kontoauszug", "Offene-Posten-Liste", "Saldenbestätigung"),
        "number.order_confirmation": ("Auftrags-Nr.", "Auftragsnummer", "AB-Nr.", "Belegnummer"), "number.proforma": ("Proforma-Nr.", "Rechnungs-Nr.", "Belegnummer"), "number.quotation": ("Angebots-Nr.", "Angebotsnummer", "Belegnummer"),
        "number.reminder": ("Mahn-Nr.", "Belegnummer", "Unser Zeichen"), "number.delivery_note": ("Lieferschein-Nr.", "Lieferscheinnummer", "Belegnummer"), "number.statement": ("Auszug-Nr.", "Kundennummer", "Belegnummer"),
        "owed": ("Rechnung {number} vom {date}", "Rechnung Nr. {number}, {date}", "{number} vom {date}"),
    },
    "fr": {
        "title.order_confirmation": ("CONFIRMATION DE COMMANDE", "Confirmation de commande", "Accusé de réception de commande"), "title.proforma": ("FACTURE PROFORMA", "Facture proforma", "Facture pro forma"), "title.quotation": ("DEVIS", "Devis", "Offre de prix"),
        "title.reminder": ("Relance", "LETTRE DE RELANCE", "Rappel de paiement", "Mise en demeure"), "title.delivery_note": ("BON DE LIVRAISON", "Bon de livraison", "Bordereau de livraison"), "title.statement": ("RELEVÉ DE COMPTE", "Relevé de compte", "Relevé client"),
        "number.order_confirmation": ("Commande {no}", "Confirmation {no}", "{no} de commande"), "number.proforma": ("Proforma {no}", "Facture {no}"), "number.quotation": ("Devis {no}", "{no} de devis", "Référence"),
        "number.reminder": ("Relance {no}", "Référence", "Dossier {no}"), "number.delivery_note": ("Bon de livraison {no}", "BL {no}"), "number.statement": ("Relevé {no}", "Compte {no}"),
        "owed": ("Facture {number} du {date}", "Facture n° {number}, {date}", "{number} du {date}"),
    },
    "es": {
        "title.order_confirmation": ("CONFIRMACIÓN DE PEDIDO", "Confirmación de pedido", "Confirmación del pedido"), "title.proforma": ("FACTURA PROFORMA", "Factura proforma"), "title.quotation": ("PRESUPUESTO", "Presupuesto", "Oferta", "Cotización"),
        "title.reminder": ("RECORDATORIO DE PAGO", "Recordatorio de pago", "Reclamación de pago", "Aviso de impago"), "title.delivery_note": ("ALBARÁN", "Albarán de entrega", "Nota de entrega"), "title.statement": ("EXTRACTO DE CUENTA", "Extracto de cuenta", "Estado de cuenta"),
        "number.order_confirmation": ("Pedido {no}", "Confirmación {no}", "{no} de pedido"), "number.proforma": ("Proforma {no}", "Factura {no}"), "number.quotation": ("Presupuesto {no}", "Oferta {no}", "Referencia"),
        "number.reminder": ("Aviso {no}", "Referencia", "Expediente {no}"), "number.delivery_note": ("Albarán {no}", "{no} de albarán"), "number.statement": ("Extracto {no}", "Cuenta {no}"),
        "owed": ("Factura {number} de {date}", "Factura nº {number}, {date}", "{number} de {date}"),
    },
    "it": {
        "title.order_confirmation": ("CONFERMA D'ORDINE", "Conferma d'ordine", "Conferma ordine", "Conferma di ordine"), "title.proforma": ("FATTURA PROFORMA", "Fattura proforma", "Fattura pro forma"), "title.quotation": ("PREVENTIVO", "Preventivo", "Offerta"),
        "title.reminder": ("SOLLECITO DI PAGAMENTO", "Sollecito di pagamento", "Secondo sollecito", "Promemoria di pagamento"), "title.delivery_note": ("DOCUMENTO DI TRASPORTO", "Documento di trasporto", "D.D.T.", "Bolla di consegna"), "title.statement": ("ESTRATTO CONTO", "Estratto conto"),
        "number.order_confirmation": ("Ordine {no}", "Conferma {no}", "{no} ordine"), "number.proforma": ("Proforma {no}", "Fattura {no}"), "number.quotation": ("Preventivo {no}", "Offerta {no}", "Riferimento"),
        "number.reminder": ("Sollecito {no}", "Riferimento", "Pratica {no}"), "number.delivery_note": ("DDT {no}", "Documento {no}"), "number.statement": ("Estratto {no}", "Cliente {no}"),
        "owed": ("Fattura {number} del {date}", "Fattura n. {number}, {date}", "{number} del {date}"),
    },
}
# fmt: on
