"""Papers of trade that nobody books: made of the contents of an invoice, or of a list of goods, under another name."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace

from ticketos.dev.sim.documents.composed.contents import ZERO, Contents, Item
from ticketos.dev.sim.documents.composed.makers import filled
from ticketos.dev.sim.documents.composed.phrases import PHRASES
from ticketos.dev.sim.documents.truth import Kind, Unbooked

BASE: dict[Unbooked, Kind] = {
    "order_confirmation": "invoice",
    "proforma": "invoice",
    "quotation": "invoice",
    "reminder": "invoice",
    "delivery_note": "goods_receipt",
    "statement": "invoice",
}
"""What such a paper has the table and the sums of."""
_LISTS_INVOICES: frozenset[Unbooked] = frozenset({"reminder", "statement"})


def renamed(found: Contents, called: Unbooked, seed: object) -> Contents:
    """The contents as a paper of that name has them: nothing is paid on it or due by it; reminders and statements
    list invoices instead of goods, their taxes told nowhere."""
    plain = replace(found, called=called, paid=ZERO, due=None)
    if called not in _LISTS_INVOICES:
        return plain
    rng = random.Random(f"unbooked/{called}/{seed}")
    items = tuple(_owed(rng, found, item) for item in found.items[:12])
    goods = sum((item.amount for item in items), ZERO)
    return replace(
        plain, items=items, taxes=(), tax="none", goods=goods, discount=ZERO, service=ZERO, freight=ZERO, net=goods,
        tax_total=ZERO, rounding=ZERO, total=goods,
    )  # fmt: skip


def _owed(rng: random.Random, found: Contents, item: Item) -> Item:
    number = filled(rng, rng.choice(("INV-99999", "RE999999", "2099/9999", "99999")))
    issued = found.issued.date() - dt.timedelta(days=rng.randint(20, 120))
    said = rng.choice(PHRASES[found.tongue]["owed"]).format(number=number, date=f"{issued:%d.%m.%Y}")
    amount = item.amount or item.price
    return replace(
        item,
        code=number,
        description=said,
        quantity=item.quantity.__class__(1),
        price=amount,
        discount=ZERO,
        rate=ZERO,
        amount=amount,
    )
