"""A supplier's invoice to try an installation with: a page with a text layer, addressed to a client of ours. The
supplier does not exist; sums and dates are right, so that the reading finds nothing to object to."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

_LINES = (
    ("Printer paper A4, 80 g", Decimal(40), Decimal("265.00")),
    ("Toner, black", Decimal(2), Decimal("4150.00")),
)
_RATE = Decimal(18)


def invoice(buyer: str, address: str, currency: str, day: date, number: str) -> bytes:
    """The invoice as PDF; takes a tenth of a second or two."""
    from weasyprint import HTML  # needs system libraries that a process without papers can do without

    lines = [(what, count, price, count * price) for what, count, price in _LINES]
    net = sum((amount for *_, amount in lines), Decimal(0))
    tax = (net * _RATE / 100).quantize(Decimal("0.01"))
    html = _template().render(
        buyer=buyer,
        address=address,
        currency=currency,
        number=number,
        issued=day,
        due=day + timedelta(days=30),
        lines=lines,
        net=net,
        rate=_RATE,
        tax=tax,
        total=net + tax,
        show=lambda amount: format_decimal(amount, "#,##0.00", locale="en_IN"),
    )
    made: bytes = HTML(string=html).write_pdf()
    return made


@cache
def _template() -> Template:
    folder = FileSystemLoader(Path(__file__).parent)
    return Environment(loader=folder, autoescape=True, undefined=StrictUndefined).get_template("sample.html")
