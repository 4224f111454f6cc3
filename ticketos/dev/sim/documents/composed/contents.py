"""What a composed paper says: parties, dates, lines and sums, exact and free of place and wording."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from ticketos.dev.sim.documents.composed.goods import HSN, description, unit
from ticketos.dev.sim.documents.composed.hand import Hand
from ticketos.dev.sim.documents.composed.makers import RECEIPT_TRADES, SHEET_TRADES, Maker, filled, maker
from ticketos.dev.sim.documents.composed.markets import MARKETS, Market, TaxKind, Tongue
from ticketos.dev.sim.documents.truth import Kind, Unbooked

CENT = Decimal("0.01")
ZERO = Decimal(0)
BUYERS_PAPERS: frozenset[Kind] = frozenset({"purchase_order", "goods_receipt", "inventory"})
UNPRICED: frozenset[Kind] = frozenset({"goods_receipt"})
UNTAXED: frozenset[Kind] = frozenset({"goods_receipt", "inventory"})


def cents(value: Decimal) -> Decimal:
    """Rounded to two places, halves up."""
    return value.quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Item:
    """A line. `price` is what the paper shows for one; on papers with tax inside, with tax."""

    code: str
    description: str
    hsn: str
    quantity: Decimal
    ordered: Decimal
    unit: str
    price: Decimal
    discount: Decimal
    rate: Decimal
    amount: Decimal
    location: str


@dataclass(frozen=True, slots=True)
class TaxPart:
    """A row of tax: its name ("" for the market's own), rate, base and amount."""

    name: str
    rate: Decimal
    base: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything a paper can say. `inclusive` papers print prices with tax inside."""

    kind: Kind
    market: Market
    tongue: Tongue
    tax: TaxKind
    supplier: Maker
    buyer: Maker
    number: str
    issued: dt.datetime
    due: dt.date | None
    delivery: dt.date
    po_number: str
    other_number: str
    items: tuple[Item, ...]
    taxes: tuple[TaxPart, ...]
    inclusive: bool
    goods: Decimal
    discount: Decimal
    service: Decimal
    service_rate: Decimal
    freight: Decimal
    net: Decimal
    tax_total: Decimal
    rounding: Decimal
    total: Decimal
    paid: Decimal
    tendered: Decimal
    by_card: bool
    called: Unbooked | None = None
    """What the paper calls itself where it is none of the kinds; `kind` is then what it is made like."""

    @property
    def issuer(self) -> Maker:
        """Who wrote the paper."""
        return self.buyer if self.kind in BUYERS_PAPERS and self.called is None else self.supplier

    @property
    def name(self) -> Kind | Unbooked:
        """What kind of paper it says it is."""
        return self.called or self.kind


def draw(
    kind: Kind, market_code: str, maker_seed: object, buyer_seed: object, seed: object, lines: int | None
) -> Contents:
    """The contents of a paper; what recurs with a maker hangs on `maker_seed`, the rest on `seed`."""
    market = MARKETS[market_code]
    owner = buyer_seed if kind in BUYERS_PAPERS else maker_seed
    habits = Hand(f"habits/{kind}/{market_code}/{owner}")
    rng = random.Random(f"contents/{kind}/{market_code}/{maker_seed}/{seed}")
    tongue = habits.pick("tongue", market.tongues)
    trades = RECEIPT_TRADES if kind == "receipt" else SHEET_TRADES
    supplier = maker(market, tongue, maker_seed, trades)
    buyer = maker(market, tongue, f"buyer/{buyer_seed}", SHEET_TRADES)
    tax = "none" if kind in UNTAXED else habits.pick("tax", market.taxes)
    inclusive = (
        kind == "receipt" and tax != "none" and habits.chance("inclusive", 0.75 if tax != "sales" else 0.0)
    )
    trade = buyer.trade if kind == "inventory" else supplier.trade
    count = lines or _line_count(rng, kind)
    rates = _rates(habits, market, tax)
    items = tuple(_item(rng, habits, kind, market, tongue, trade, rates) for _ in range(count))
    goods = sum((item.amount for item in items), ZERO)
    discount = _portion(rng, goods, 0.1, ("5", "10", "3", "2.5")) if kind in ("receipt", "invoice") else ZERO
    serves = kind == "receipt" and trade == "food" and habits.chance("service", 0.35)
    service_rate = Decimal(10 if serves else 0)
    service = cents((goods - discount) * service_rate / 100)
    freight = Decimal(rng.randint(4, 90)) if kind == "invoice" and rng.random() < 0.08 else ZERO
    parts = _taxes(rng, market, tax, items, goods, service + freight - discount, inclusive, supplier, buyer)
    tax_total = sum((part.amount for part in parts), ZERO)
    gross = goods - discount + service + freight + (ZERO if inclusive else tax_total)
    total, rounding = _rounded(rng, habits, kind, market_code, gross)
    issued = dt.datetime(2015, 1, 3) + dt.timedelta(minutes=rng.randrange(8 * 60, 60 * 24 * 4300))  # noqa: DTZ001  (a time on paper has no zone)
    issued = issued.replace(hour=8 + issued.hour % 14, second=rng.randrange(60))
    by_card = rng.random() < 0.3
    return Contents(
        kind=kind,
        market=market,
        tongue=tongue,
        tax=tax,
        supplier=supplier,
        buyer=buyer,
        number=_number(rng, habits, kind, issued.date()),
        issued=issued,
        due=_due(rng, kind, issued.date()),
        delivery=issued.date() + dt.timedelta(days=rng.randint(2, 20)),
        po_number=filled(
            rng,
            Hand(f"orders/{buyer_seed}").pick(
                "shape", ("PO-99999", "4599999999", "PO/9999", "P099999", "999999", "PO9999/99", "B-99-9999")
            ),
        ),
        other_number=filled(
            rng, habits.pick("other", ("LS-99999", "DN99999", "999999", "9999/99", "R-9999", "99-99999"))
        ),
        items=items,
        taxes=parts,
        inclusive=inclusive,
        goods=goods,
        discount=discount,
        service=service,
        service_rate=service_rate,
        freight=freight,
        net=goods - discount + service + freight - (tax_total if inclusive else ZERO),
        tax_total=tax_total,
        rounding=rounding,
        total=total,
        paid=cents(total * _paid_share(rng, seed)) if kind == "invoice" else ZERO,
        tendered=total if by_card else _tendered(rng, total),
        by_card=by_card,
    )


def _paid_share(rng: random.Random, seed: object) -> Decimal:
    """What was paid before, as a share of the total; less than nothing is a balance that was open before."""
    if rng.random() < 0.06:
        return Decimal("0.3")
    earlier = random.Random(f"open/{seed}")
    return -Decimal(earlier.randint(5, 180)) / 100 if earlier.random() < 0.05 else ZERO


def _line_count(rng: random.Random, kind: Kind) -> int:
    if kind == "receipt":
        return rng.choice((1, 1, 1, 2, 2, 3, 3, 4, 5, 6, 8, 11, 15))
    return rng.choice((1, 1, 2, 2, 3, 3, 4, 5, 6, 8, 10, 14, 22, 38))


def _portion(rng: random.Random, whole: Decimal, chance: float, percents: tuple[str, ...]) -> Decimal:
    return cents(whole * Decimal(rng.choice(percents)) / 100) if rng.random() < chance else ZERO


def _rates(habits: Hand, market: Market, tax: TaxKind) -> tuple[Decimal, ...]:
    """The rates this maker charges: one mostly, some two or three."""
    if tax == "none":
        return (ZERO,)
    main = Decimal(market.rates[0])
    if tax in ("sales", "sst_malaysia", "gst_singapore"):
        return (Decimal(habits.pick("rate", market.rates)),)
    if habits.chance("rates.one", 0.6):
        return (main,)
    return tuple(dict.fromkeys(Decimal(rate) for rate in market.rates))


def _item(
    rng: random.Random,
    habits: Hand,
    kind: Kind,
    market: Market,
    tongue: Tongue,
    trade: str,
    rates: tuple[Decimal, ...],
) -> Item:
    halves = trade in ("petrol", "services", "grocery") and rng.random() < 0.3
    most = 6 if kind == "receipt" else 60
    quantity = Decimal(rng.choice((1, 1, 1, 2, 2, 3, 4, 5, 10, 12, 20, 24, 25, 50, 100)))
    quantity = min(quantity, Decimal(most)) if kind == "receipt" else quantity
    if halves:
        quantity = Decimal(rng.randint(1, most * 10)) / rng.choice((2, 4, 10))
    # Prices spread over the decades as real ones do: many small, few large.
    top = 1.7 if kind == "receipt" else 3.2
    price = cents(Decimal(str(10 ** rng.uniform(0.0, top) * market.level)))
    if rng.random() < 0.6:
        price = max(cents(price.quantize(Decimal("0.1"), ROUND_HALF_UP)), Decimal("0.10"))
    elif rng.random() < 0.3:
        price = max(price.quantize(Decimal(1), ROUND_HALF_UP), Decimal(1))
    off = (
        Decimal(rng.choice((5, 10, 20)))
        if habits.chance("items.discount", 0.12) and rng.random() < 0.5
        else ZERO
    )
    price = cents(price)
    amount = cents(quantity * price * (100 - off) / 100)
    return Item(
        code=filled(
            rng,
            habits.pick(
                "items.code", ("9999999999999", "999999", "AA-9999", "99.999", "ST9999", "9999-9999")
            ),
        ),
        description=description(rng, trade, tongue),
        hsn=rng.choice(HSN),
        quantity=quantity,
        ordered=quantity + (Decimal(rng.randint(1, 5)) if rng.random() < 0.2 else ZERO),
        unit=unit(habits.draw("items.unit") if rng.random() < 0.8 else rng, tongue),
        price=price,
        discount=off,
        rate=rng.choice((rates[0], *rates)),
        amount=amount,
        location=f"{rng.choice('ABCDE')}-{rng.randint(1, 24):02d}-{rng.randint(1, 6)}",
    )


def _taxes(
    rng: random.Random,
    market: Market,
    tax: TaxKind,
    items: tuple[Item, ...],
    goods: Decimal,
    extra: Decimal,
    inclusive: bool,
    supplier: Maker,
    buyer: Maker,
) -> tuple[TaxPart, ...]:
    """Tax per rate on the lines of that rate; charges and discounts go with the first line's rate."""
    if tax == "none" or not items:
        return ()
    bases: dict[Decimal, Decimal] = {}
    for item in items:
        bases[item.rate] = bases.get(item.rate, ZERO) + item.amount
    bases[items[0].rate] += extra
    parts: list[TaxPart] = []
    in_state = supplier.region == buyer.region or rng.random() < 0.5
    for rate, base in sorted(bases.items(), reverse=True):
        amount = cents(base * rate / (100 + rate)) if inclusive else cents(base * rate / 100)
        net = base - amount if inclusive else base
        if tax == "gst_india":
            names = ("CGST", "SGST") if in_state else ("IGST",)
            share = cents(net * rate / len(names) / 100) if not inclusive else cents(amount / len(names))
            parts += [TaxPart(name, rate / len(names), net, share) for name in names]
        else:
            parts.append(TaxPart("", rate, net, amount))
    return tuple(parts)


def _rounded(
    rng: random.Random, habits: Hand, kind: Kind, country: str, gross: Decimal
) -> tuple[Decimal, Decimal]:
    """The payable total and what rounding added: to five cents over the counter, to the rupee in India."""
    if kind == "receipt" and country in ("MY", "SG") and habits.chance("rounds", 0.75):
        total = (gross * 20).quantize(Decimal(1), ROUND_HALF_UP) / 20
    elif kind in ("invoice", "receipt") and country == "IN" and habits.chance("rounds", 0.4):
        total = gross.quantize(Decimal(1), ROUND_HALF_UP)
    else:
        total = gross
    total = max(cents(total), CENT)
    return total, total - gross


def _tendered(rng: random.Random, total: Decimal) -> Decimal:
    if rng.random() < 0.3:
        return total
    step = Decimal(rng.choice((1, 5, 10, 50, 100)))
    return cents((total / step).to_integral_value(rounding="ROUND_CEILING") * step)


def _due(rng: random.Random, kind: Kind, issued: dt.date) -> dt.date | None:
    if kind != "invoice" or rng.random() < 0.2:
        return None
    return issued + dt.timedelta(days=rng.choice((7, 10, 14, 14, 15, 20, 30, 30, 30, 45, 60, 90)))


_HEADS: dict[Kind, tuple[str, ...]] = {
    "invoice": ("INV", "RE", "R", "TI", "", "", "BILL", "SI", "F", "A", "FA", "IV", "", "VF"),
    "receipt": ("", "", "", "CS", "RCP", "B", "TI", "OR", "INV", "S", "CB", "T", "A"),
    "purchase_order": ("PO", "BE", "ORD", "45", "P", "B"),
    "goods_receipt": ("GRN", "WE", "GR", "MRN"),
    "inventory": ("STK", "IL", "ST", "CNT"),
    "credit_note": ("CN", "GS", "CR", "AV", "NC"),
}


def _number(rng: random.Random, habits: Hand, kind: Kind, issued: dt.date) -> str:
    """The paper's number in its issuer's own pattern."""
    head = habits.pick("number.head", _HEADS[kind])
    year, short = issued.year, f"{issued.year % 100:02d}"
    fiscal = f"{short}-{issued.year % 100 + 1:02d}"
    shape = habits.pick(
        "number.shape",
        (
            f"{head}-{year}-9999",
            f"{head}{short}99999",
            f"{head}/99999",
            f"{year}99999",
            f"{head}-99999",
            f"{head}999999",
            "99999",
            "9999999",
            f"{head}{fiscal}/9999",
            f"{head} 99999",
            f"{year}/9999",
            f"{head}{year}-999",
            f"99/{year}",
            f"{head}{short}{issued.month:02d}/99999",
            f"{head}0000999999",
            "999999999999",
            f"{head}-9999-{short}",
            f"{head}A99999",
            "999-99999",
        ),
    )
    # A leading digit other than nought, where nothing stands before it.
    text = filled(rng, shape).strip("-/ ")
    return "1" + text[1:] if text.startswith("0") else text
