"""Words that announce a value, in French: field, strength, phrases as `labels.py` reads them."""

from __future__ import annotations

PHRASES: tuple[tuple[str, float, str], ...] = (
    ("invoice_number", 0.97, "facture {no}|{no} facture|{no} de (?:la )?facture|reference facture"),
    ("invoice_number", 0.75, "facture|document {no}"),
    ("credit_number", 0.97, "avoir {no}|{no} avoir|{no} d avoir|{no} de l avoir|note de credit {no}"),
    ("credit_number", 0.75, "avoir|note de credit"),
    ("receipt_number", 0.95, "ticket {no}|recu {no}"),
    (
        "po_number",
        0.96,
        "bon de commande {no}|{no} de commande|commande {no}|{no} commande|votre commande|"
        "bon de commande|votre reference",
    ),
    ("po_number", 0.7, "commande"),
    ("grn_number", 0.97, "bon de reception {no}|{no} de reception|reception {no}|bon de reception"),
    (
        "-other",
        1.0,
        "{no} client|code client|siret|siren|rcs|ape|adresse de livraison|conditions de paiement|"
        "contact commercial|bon de livraison {no}|mode de reglement|capital de|ref marche|"
        "facture liee",
    ),
    (
        "issue_date",
        0.97,
        "date de facture|date de la facture|date facture|date d emission|date de facturation|"
        "emise? le|date de l avoir|date de commande",
    ),
    ("order_date", 0.97, "date de commande|date de reception|date d inventaire|recu le"),
    ("issue_date", 0.8, "le|fait le|du"),
    (
        "due_date",
        0.97,
        "date d echeance|echeance|a payer avant le|a regler avant le|date limite de paiement|payable le",
    ),
    ("-date", 1.0, "date de livraison|date de prestation|periode|date d impression|date d expedition"),
    (
        "total",
        0.96,
        "total ttc|montant ttc|total t t c|total general|montant total ttc|total facture|montant total",
    ),
    ("amount_due", 0.95, "net a payer|solde a payer|reste a payer|a payer|montant du|solde du"),
    (
        "net_total",
        0.96,
        "total ht|montant ht|total h t|sous total|total hors taxes?|base ht|montant total ht|"
        "total net ht|net ht",
    ),
    ("tax_total", 0.96, "total tva|montant tva|total taxes?|montant de la tva|total t v a|montant taxe"),
    ("tax_part", 0.9, "tva|t v a|taxe"),
    (
        "-amount",
        1.0,
        "solde anterieur|report solde|impayes anterieurs|remise|acompte|frais de port|escompte|arrondi|capital",
    ),
    ("supplier", 0.95, "vendeur|fournisseur|emetteur|prestataire"),
    (
        "buyer",
        0.95,
        "facture a|client|acheteur|adresse de facturation|destinataire|nom du client|factures? a",
    ),
    (
        "tax_id",
        0.95,
        "{no} tva|tva {no}|{no} tva intracommunautaire|tva intracommunautaire|tva intracom|n tva|tva",
    ),
    ("buyer_tax_id", 0.97, "{no} tva client|tva client|{no} tva du client"),
    ("currency", 0.97, "devise|monnaie"),
    ("list_number", 0.95, "{no} de liste|liste {no}|inventaire {no}|{no} d inventaire"),
    ("total", 0.96, "total a payer|montant a payer|net a payer ttc|total toutes taxes comprises|ttc"),
    ("cash", 0.9, "especes|carte bancaire|cb|cheque|donne"),
    ("change", 0.9, "rendu|rendu monnaie|monnaie|a rendre"),
    ("receipt_number", 0.9, "facturette {no}|note {no}"),
)
