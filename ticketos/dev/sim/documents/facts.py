"""The facts of a document before it gets a face: parties, dates, lines and exact sums.

Money is :class:`~decimal.Decimal` with two places. Tax is computed per rate on the sum of the lines of
that rate; in India each half of an in-state tax is rounded by itself, as the printed form shows it.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from ticketos.dev.sim.documents import catalogue
from ticketos.dev.sim.documents.parties import Company, company
from ticketos.dev.sim.documents.truth import FIELD_NAMES, Kind, Language, Request, Truth, TruthLine

CENT = Decimal("0.01")
_COUNTS = (1, 1, 2, 3, 4, 5, 10, 12, 20, 25, 50, 100)
PRICED: frozenset[Kind] = frozenset({"invoice", "receipt", "purchase_order", "credit_note", "inventory"})
TAXED: frozenset[Kind] = frozenset({"invoice", "receipt", "purchase_order", "credit_note"})


@dataclass(frozen=True, slots=True)
class Line:
    """One line: unit price and net in the document's currency, rate in percent."""

    code: str
    description: str
    hsn: str
    quantity: Decimal
    ordered: Decimal
    unit: str
    unit_code: str
    unit_price: Decimal
    tax_rate: Decimal
    net: Decimal
    location: str


@dataclass(frozen=True, slots=True)
class TaxPart:
    """A printed tax row: name (CGST, VAT, …), its own rate, the base and the amount."""

    name: str
    rate: Decimal
    base: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a document says, free of language and layout."""

    kind: Kind
    language: Language
    supplier: Company
    buyer: Company
    number: str
    issue_date: dt.date
    due_date: dt.date | None
    delivery_date: dt.date
    currency: str
    chunks: tuple[tuple[Line, ...], ...]
    taxes: tuple[TaxPart, ...]
    net_total: Decimal
    tax_total: Decimal
    paid: Decimal
    po_number: str | None
    reference: str
    customer_number: str
    show_buyer: bool
    show_buyer_tax_id: bool

    @property
    def lines(self) -> tuple[Line, ...]:
        """All lines, in order, whatever page they are on."""
        return tuple(line for chunk in self.chunks for line in chunk)

    @property
    def total(self) -> Decimal:
        """What the goods cost with tax."""
        return self.net_total + self.tax_total

    @property
    def amount_due(self) -> Decimal:
        """What is left to pay."""
        return self.total - self.paid

    @property
    def issuer(self) -> Company:
        """Who wrote the document: the buyer writes orders, goods receipts and stock lists."""
        return self.buyer if self.kind in ("purchase_order", "goods_receipt", "inventory") else self.supplier


def draw(request: Request) -> Facts:
    """The facts the request stands for; ``request.copy``, ``form`` and ``damage`` do not matter."""
    kind, country = request.kind, request.country
    rng = random.Random(f"facts/{kind}/{country}/{request.language}/{request.seed}")
    supplier = company(country, request.vendor_seed)
    buyer = company(country, request.buyer_seed, "buyer")
    issued = dt.date(2024, 1, 2) + dt.timedelta(days=rng.randrange(1030))
    trade = buyer.trade if kind == "inventory" else supplier.trade
    chunks = tuple(
        tuple(_line(rng, request, trade) for _ in range(size)) for size in _chunk_sizes(rng, request)
    )
    lines = [line for chunk in chunks for line in chunk]
    taxes = _taxes(lines, supplier, buyer, kind) if kind in TAXED else ()
    net = sum((line.net for line in lines), Decimal(0)) if kind in PRICED else Decimal(0)
    tax = sum((part.amount for part in taxes), Decimal(0))
    prepaid = kind == "invoice" and rng.random() < 0.08
    with_buyer = kind != "receipt" or rng.random() < 0.25
    refers_to_order = {"invoice": 0.6, "credit_note": 0.3, "goods_receipt": 1.0}.get(kind, 0.0)
    return Facts(
        kind=kind,
        language=request.language,
        supplier=supplier,
        buyer=buyer,
        number=_number(request, issued),
        issue_date=issued,
        due_date=_due(rng, issued) if kind == "invoice" else None,
        delivery_date=issued
        + dt.timedelta(days=rng.randint(2, 12)) * (1 if kind == "purchase_order" else -1),
        currency=catalogue.CURRENCIES[country],
        chunks=chunks,
        taxes=taxes,
        net_total=net,
        tax_total=tax,
        paid=((net + tax) * Decimal("0.3")).quantize(CENT, ROUND_HALF_UP) if prepaid else Decimal(0),
        po_number=_order_number(rng, issued) if rng.random() < refers_to_order else None,
        reference=f"{rng.choice(('LS', 'DN', 'R'))}-{rng.randint(10000, 99999)}",
        customer_number=str(rng.randint(10000, 99999)),
        show_buyer=with_buyer,
        show_buyer_tax_id=with_buyer and (country == "IN" or rng.random() < 0.5),
    )


def _chunk_sizes(rng: random.Random, request: Request) -> list[int]:
    """How many lines go on each page: few enough that the densest layout holds them."""
    if request.pages == 1:
        return [rng.choice((1, 1, 2, 2, 3, 3, 4, 5, 6, 7))]
    middle = [rng.randint(14, 20) for _ in range(request.pages - 2)]
    return [rng.randint(7, 10), *middle, rng.randint(3, 9)]


def _line(rng: random.Random, request: Request, trade: str) -> Line:
    product = rng.choice(catalogue.CATALOGUE[trade])
    # Half units come with even prices, so that quantity times price never needs rounding.
    halves = product.unit in ("hour", "kilo", "litre", "metre") and rng.random() < 0.4
    ordered = (
        Decimal(rng.randint(2, 11 if request.kind == "receipt" else 59)) / 2
        if halves
        else Decimal(rng.choice(_COUNTS[: 6 if request.kind == "receipt" else None]))
    )
    level = catalogue.PRICE_LEVEL[request.country]
    cents = rng.randint(product.low * 100, product.high * 100) * level
    if rng.random() < 0.5:
        cents = max(cents // 50 * 50, 50)
    price = Decimal(cents // 2 * 2).scaleb(-2)
    short = request.kind == "goods_receipt" and ordered > 1 and rng.random() < 0.2
    quantity = ordered - 1 if short else ordered
    unit_names = catalogue.UNITS[product.unit][request.language]
    return Line(
        code=f"{trade[:2].upper()}{rng.randint(1000, 9999)}",
        description=product.name(request.language) + rng.choice(catalogue.VARIANTS),
        hsn=product.hsn,
        quantity=quantity,
        ordered=ordered,
        # One supplier names a unit one way.
        unit=unit_names[request.vendor_seed % len(unit_names)],
        unit_code=catalogue.UNIT_CODES[product.unit],
        unit_price=price,
        tax_rate=Decimal(catalogue.TAX_RATES[request.country][product.tax]),
        net=(quantity * price).quantize(CENT, ROUND_HALF_UP),
        location=f"{rng.choice('ABCDE')}-{rng.randint(1, 24):02d}-{rng.randint(1, 6)}",
    )


def _taxes(lines: list[Line], supplier: Company, buyer: Company, kind: Kind) -> tuple[TaxPart, ...]:
    bases: dict[Decimal, Decimal] = {}
    for line in lines:
        bases[line.tax_rate] = bases.get(line.tax_rate, Decimal(0)) + line.net
    parts: list[TaxPart] = []
    # A sale over the counter is taxed where the shop is.
    in_state = kind == "receipt" or supplier.region == buyer.region
    for rate, base in sorted(bases.items(), reverse=True):
        names = {
            "IN": ("CGST", "SGST") if in_state else ("IGST",),
            "DE": ("USt",),
            "FR": ("TVA",),
            "GB": ("VAT",),
        }
        for name in names[supplier.country]:
            own = rate / len(names[supplier.country])
            parts.append(TaxPart(name, own, base, (base * own / 100).quantize(CENT, ROUND_HALF_UP)))
    return tuple(parts)


def _due(rng: random.Random, issued: dt.date) -> dt.date | None:
    days = rng.choice((7, 14, 14, 30, 30, 30, 45, 60, 0))
    return issued + dt.timedelta(days=days) if days else None


def _number(request: Request, issued: dt.date) -> str:
    """The document number in its issuer's own pattern; one issuer, kind and seed give one number."""
    owner = (
        request.buyer_seed
        if request.kind in ("purchase_order", "goods_receipt", "inventory")
        else request.vendor_seed
    )
    own = random.Random(f"numbers/{request.country}/{request.kind}/{owner}")
    prefix = {
        "invoice": ("INV", "RE", "R", "TI", "", "BILL"),
        "receipt": ("", "RCP", "B"),
        "purchase_order": ("PO", "BE", "ORD", "45"),
        "goods_receipt": ("GRN", "WE", "GR"),
        "inventory": ("STK", "INV-L", "ST"),
        "credit_note": ("CN", "GS", "CR"),
    }[request.kind]
    head = own.choice(prefix)
    serial = 1000 + request.seed % 900_000
    year = issued.year
    fiscal = f"{year % 100}-{year % 100 + 1}" if issued.month > 3 else f"{year % 100 - 1}-{year % 100}"
    patterns = [
        f"{head}-{year}-{serial}",
        f"{head}{year % 100}{serial:06d}",
        f"{head}/{serial}",
        f"{year}{serial:05d}",
    ]
    if request.country == "IN":
        patterns.append(f"{head}/{fiscal}/{serial}")
    return own.choice(patterns).strip("-/")


def _order_number(rng: random.Random, issued: dt.date) -> str:
    return rng.choice(
        (
            f"PO-{rng.randint(10000, 99999)}",
            f"45{rng.randint(10000000, 99999999)}",
            f"PO/{issued.year}/{rng.randint(100, 999)}",
        )
    )


def plain(value: Decimal) -> str:
    """A quantity or rate without needless zeros and never in scientific notation."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def truth(facts: Facts, *, structured: bool = False) -> Truth:
    """What a perfect reader reports about the document.

    Structured forms name units by UN/ECE code, so their lines do too.
    """
    kind, taxed, priced = facts.kind, facts.kind in TAXED, facts.kind in PRICED
    has_supplier = kind != "inventory"
    fields: dict[str, str | None] = dict.fromkeys(FIELD_NAMES)
    fields["number"] = facts.number
    fields["issue_date"] = facts.issue_date.isoformat()
    fields["due_date"] = facts.due_date.isoformat() if facts.due_date else None
    fields["po_number"] = facts.po_number
    if has_supplier:
        fields["supplier_name"] = facts.supplier.name
        fields["supplier_address"] = facts.supplier.address
        fields["supplier_tax_id"] = facts.supplier.tax_id
    if facts.show_buyer:
        fields["buyer_name"] = facts.buyer.name
    if facts.show_buyer_tax_id:
        fields["buyer_tax_id"] = facts.buyer.tax_id
    if priced:
        fields["currency"] = facts.currency
        fields["total"] = f"{facts.total:.2f}"
    if taxed:
        fields["net_total"] = f"{facts.net_total:.2f}"
        fields["tax_total"] = f"{facts.tax_total:.2f}"
    if facts.paid:
        fields["amount_due"] = f"{facts.amount_due:.2f}"
    lines = [
        TruthLine(
            description=line.description,
            quantity=plain(line.quantity),
            unit=line.unit_code if structured else line.unit,
            unit_price=f"{line.unit_price:.2f}" if priced else None,
            tax_rate=plain(line.tax_rate) if taxed else None,
            net=f"{line.net:.2f}" if priced else None,
        )
        for line in facts.lines
    ]
    return Truth(kind, fields, lines)
