"""Words that announce a value, in English: field, strength, phrases as `labels.py` reads them."""

from __future__ import annotations

PHRASES: tuple[tuple[str, float, str], ...] = (
    ("invoice_number", 0.97, "invoice {no}|tax invoice {no}|inv {no}|bill {no}|invoice ref|our invoice"),
    ("invoice_number", 0.75, "invoice|tax invoice|document {no}|doc {no}|voucher {no}"),
    ("credit_number", 0.97, "credit note {no}|credit memo {no}|credit {no}|cn {no}"),
    ("credit_number", 0.75, "credit note|credit memo"),
    (
        "receipt_number",
        0.93,
        "receipt|receipt ref|slip ref|check ref|trans(?:action)? ref|trx ref|cs ref|cs {no}|bill ref|"
        "tax inv {no}|ticket {no}|{no} ticket|{no} receipt|sales {no}|doc ref",
    ),
    ("receipt_number", 0.6, r"(?:no|nr|n°|nº)(?=[\s.]*:)"),
    ("invoice_number", 0.5, r"(?:no|nr|n°|nº)(?=[\s.]*:)"),
    ("invoice_number", 0.75, r"(?<!.)#(?=\s)"),
    ("invoice_number", 0.8, "booking {no}|reservation {no}|confirmation {no}|folio {no}|statement {no}"),
    ("invoice_number", 0.95, "inv ref|tax inv {no}|{no} invoice"),
    (
        "receipt_number",
        0.95,
        "receipt {no}|cash bill {no}|cash sale {no}|bill|slip {no}|trans(?:action)? {no}|trx {no}|"
        "check {no}|order {no}",
    ),
    (
        "po_number",
        0.96,
        "purchase order {no}|po {no}|p o {no}|order {no}|order ref|order reference|your order|"
        "customer order|customer po|buyer order {no}|buyer s order {no}|your order {no}|po ref",
    ),
    ("po_number", 0.7, "purchase order|po|your ref|your reference|customer ref|customer reference"),
    (
        "grn_number",
        0.97,
        "grn {no}|goods receipt {no}|goods receipt note {no}|goods received note {no}|goods receiving note {no}|"
        "receiving report {no}|material receipt {no}|material receipt note {no}|mrn {no}|grn",
    ),
    (
        "-other",
        1.0,
        "customer {no}|client {no}|account {no}|acct {no}|a/c {no}|delivery note {no}|dn {no}|"
        "do {no}|challan {no}|vehicle {no}|phone {no}|tel|telephone|phone|fax|mobile|email|"
        "e mail|website|iban|swift|bic|ifsc(?: code)?|sort code|bank|bank name|item {no}|page|"
        "co reg {no}|company reg {no}|reg {no}|registration {no}|roc {no}|contract {no}|project {no}|"
        "lot {no}|batch {no}|sku|hsn|hsn sac|cashier|table|counter|till|terms|payment terms|"
        "contact|attn|attention|ship to|deliver to|delivery address|shipping address|place of supply|"
        "state|state code|vendor code|supplier code|customer code",
    ),
    (
        "issue_date",
        0.97,
        "invoice date|date of invoice|issue date|date of issue|issued on|issued|bill date|"
        "billing date|invoice dated|credit note date|receipt date|date issued|tax date|document date|"
        "doc date",
    ),
    (
        "order_date",
        0.97,
        "order date|po date|purchase order date|date of order|grn date|received date|date received|"
        "receipt date|goods receipt date|stock date|count date|inventory date|as of|as at|"
        "as on|stock as on",
    ),
    ("issue_date", 0.85, "date|dated|date time"),
    (
        "due_date",
        0.97,
        "due date|payment due date|payment due|due on|due by|pay by|payable by|date due|please pay by|due",
    ),
    (
        "-date",
        1.0,
        "delivery date|date of delivery|ship date|shipping date|dispatch date|despatch date|"
        "date of supply|supply date|expiry date|exp date|service date|period|from|print date|"
        "required date|requested delivery date|expected delivery|order date",
    ),
    (
        "total",
        0.96,
        "grand total|invoice total|total amount|total invoice value|invoice amount|total incl|"
        "total including|total inclusive|total amount incl(?:uding|usive)?|"
        "total(?: amount)? incl(?:uding|usive)?(?: of)? (?:vat|gst|tax(?:es)?|sst)|"
        "total (?:with|inc) (?:vat|gst|tax)|gross total|gross amount|total gross|total due|"
        "total payable|order total|total sales incl(?:usive)?(?: of)? gst|receipt total|rounded total|"
        "total rounded|net payable|total value|nett? total rm|total rm|total credit|credit total|"
        "tot|total amt|total rs|total inr|total eur|total usd|total gbp",
    ),
    ("total", 0.75, "total|totals"),
    (
        "amount_due",
        0.95,
        "amount due|balance due|balance|amount payable|amount to pay|please pay|total amount due|"
        "total amount payable|outstanding|outstanding amount|balance payable|due payable amount|"
        "due amount|to pay",
    ),
    (
        "net_total",
        0.96,
        "sub ?total|subtotal|net total|net amount|total net|net value|taxable value|taxable amount|"
        "total taxable value|total taxable amount|total before tax|amount before tax|total excl|"
        "total excluding|total exclusive|total(?: amount)? excl(?:uding|usive)?(?: of)? (?:vat|gst|tax(?:es)?|sst)|"
        "total ex (?:vat|gst|tax)|net|total sales excluding gst|goods total|total exclusive of (?:vat|gst|tax)|"
        "basic amount|assessable value",
    ),
    (
        "tax_total",
        0.96,
        "total tax|tax total|total vat|vat total|vat amount|tax amount|total gst|gst total|"
        "gst amount|total gst amount|total tax amount|sales tax total",
    ),
    ("tax_part", 0.9, "cgst|sgst|igst|utgst|vat|gst|sales tax|tax|hst|pst|service tax|sst|cess"),
    (
        "cash",
        0.9,
        "total paid|total tender(?:ed)?|total cash|cash|cash received|cash tendered|amount tendered|tendered|cash paid|paid",
    ),
    ("change", 0.9, "change|change due|cash change|balance returned"),
    (
        "-amount",
        1.0,
        "discount|total discount|rounding|rounding adj(?:ustment)?|round off|rounding adjustment|"
        "shipping|freight|total qty|total quantity|total items?|item count|total savings|deposit|"
        r"total \d+(?:[.,]\d+)?\s*%|"
        "prepaid|paid amount|amount paid|less advance|advance|credit card|visa|total in words|"
        "amount in words|gst summary|unit price|total price|total no of items",
    ),
    (
        "supplier",
        0.95,
        "seller|seller name|supplier|supplier name|vendor|vendor name|sold by|from|billed by|"
        "issued by|service provider|remit to|pay to",
    ),
    (
        "buyer",
        0.95,
        "bill to|billed to|invoice to|sold to|buyer|buyer name|customer|customer name|client|"
        "client name|recipient|details of receiver|bill to party|billing address|invoiced to|"
        "m/s|purchaser|ordered by",
    ),
    (
        "tax_id",
        0.95,
        "vat reg(?:istration)? {no}|vat {no}|gstin|gst(?:in)? {no}|gst reg(?:istration)? {no}|"
        "gstin/uin|tax id|tax {no}|tax reg(?:istration)? {no}|tin|trn|abn|ein|vat id|vat identification {no}|"
        "sst {no}|sst id {no}|gst id {no}|tax identification {no}|vat",
    ),
    (
        "buyer_tax_id",
        0.97,
        "customer vat(?: {no})?|buyer vat(?: {no})?|buyer gstin|customer gstin|client vat(?: {no})?|"
        "your vat {no}",
    ),
    ("currency", 0.97, "currency|invoice currency|all amounts in"),
    (
        "list_number",
        0.95,
        "list {no}|report {no}|stock list {no}|count sheet {no}|inventory {no}|sheet {no}|"
        "document {no}|reference {no}|ref {no}",
    ),
    (
        "-amount",
        1.0,
        "total savings|you saved|points|item discount|line discount|opening balance|previous balance|"
        "balance brought forward|open items|arrears|"
        "rounding amt|round adj|rnd adj|rounding adj",
    ),
    (
        "total",
        0.96,
        "total payment|total sales?|amount total|total amount rm|total after rounding|total after rounding adj(?:ustment)?|"
        "total payable amount|payable amount|nett total|net total rm|nett|total incl gst|total sales inclusive gst|"
        "total inclusive gst|bill total|total bill|total price incl(?:uding)? (?:vat|gst|tax)",
    ),
    (
        "cash",
        0.9,
        "amount received|received|payment|paid amount|visa card|master ?card|debit card|credit card|"
        "card|tender|touch n go|e wallet",
    ),
)
