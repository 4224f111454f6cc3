"""Words that announce a value, in Italian: field, strength, phrases as `labels.py` reads them."""

from __future__ import annotations

PHRASES: tuple[tuple[str, float, str], ...] = (
    ("invoice_number", 0.97, "fattura {no}|{no} fattura|numero fattura|fattura n|{no} della fattura"),
    ("invoice_number", 0.75, "fattura|documento {no}|numero documento|{no} documento"),
    ("credit_number", 0.97, "nota di credito {no}|nota credito {no}|{no} nota di credito|{no} nota credito"),
    ("credit_number", 0.75, "nota di credito|nota credito"),
    ("receipt_number", 0.95, "scontrino {no}|ricevuta {no}|documento n|doc n|{no} (?:scontrino|ricevuta)"),
    (
        "po_number",
        0.96,
        "ordine {no}|{no} (?:d )?ordine|vostro ordine|vs ordine|ordine d acquisto {no}|{no} ordine d acquisto|"
        "rif ordine",
    ),
    ("po_number", 0.7, "ordine|vs rif|vostro riferimento"),
    (
        "grn_number",
        0.97,
        "bolla di entrata {no}|bolla {no}|ricevimento merci {no}|{no} ricevimento|entrata merce {no}",
    ),
    ("list_number", 0.95, "elenco {no}|lista {no}|inventario {no}|{no} (?:lista|inventario)"),
    (
        "-other",
        1.0,
        "codice cliente|cod cliente|{no} cliente|ddt {no}|telefono|cellulare|banca|pagina|"
        "rea|cap soc|condizioni di pagamento|modalita di pagamento|destinazione|luogo di consegna|"
        "codice destinatario|pec|capitale sociale|bolla {no}",
    ),
    ("issue_date", 0.97, "data fattura|data (?:di )?emissione|data documento|data della fattura"),
    ("issue_date", 0.85, "data"),
    ("issue_date", 0.8, "del"),
    ("order_date", 0.97, "data ordine|data (?:di )?ricevimento|data inventario|alla data del"),
    ("due_date", 0.97, "scadenza|data (?:di )?scadenza|da pagare entro|pagamento entro|scadenza pagamento"),
    ("-date", 1.0, "data (?:di )?consegna|data ddt|periodo|data (?:di )?stampa|data trasporto"),
    (
        "total",
        0.96,
        "totale fattura|totale documento|importo totale|totale ivato|totale complessivo|totale da pagare|"
        "totale euro|totale generale|totale ordine|totale iva inclusa",
    ),
    ("total", 0.75, "totale"),
    ("amount_due", 0.95, "netto a pagare|importo da pagare|da pagare|saldo"),
    ("net_total", 0.96, "imponibile|totale imponibile|subtotale|totale netto|importo netto|totale merce"),
    ("tax_total", 0.96, "totale iva|importo iva|totale imposta|imposta|totale imposte"),
    ("tax_part", 0.9, "iva|i v a|di cui iva"),
    (
        "cash",
        0.9,
        "contanti|pagamento contante|pagato|carta di credito|bancomat|importo pagato|pagamento elettronico",
    ),
    ("change", 0.9, "resto"),
    (
        "-amount",
        1.0,
        "saldo precedente|insoluti precedenti|"
        "sconto|spese di trasporto|acconto|arrotondamento|ritenuta|ritenuta d acconto|bollo|prezzo unitario",
    ),
    ("supplier", 0.95, "fornitore|venditore|cedente|cedente prestatore|emittente|mittente"),
    (
        "buyer",
        0.95,
        "cliente|spett le|spettabile|acquirente|cessionario|committente|destinatario|intestatario|"
        "fatturare a|intestata a",
    ),
    ("tax_id", 0.95, "p iva|partita iva|cod fisc|codice fiscale|c f|p iva c f"),
    ("buyer_tax_id", 0.97, "p iva cliente|partita iva cliente"),
    ("currency", 0.97, "valuta|divisa"),
    ("receipt_number", 0.9, "{no} documento|documento commerciale {no}"),
)
