"""An invoice or credit note from its snapshot: the same snapshot is the same paper, whenever it is asked for.

The snapshot is what was approved and issued. Its part ``internal`` (fees, payouts, terms) is on no paper.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from babel.dates import format_date, format_skeleton
from babel.numbers import format_currency, format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from ticketos.domain.tax import ABROAD
from ticketos.reports.cells import cell
from ticketos.reports.in_words import rupees_in_words

LOCALE = "en_IN"
TITLES = {"invoice": "Tax invoice", "credit_note": "Credit note"}
_COLUMNS = (
    "invoice",
    "kind",
    "issued_on",
    "period",
    "position",
    "code",
    "description",
    "sac",
    "quantity",
    "unit",
    "unit_price",
    "amount",
    "currency",
    "tax_rate",
)


def public(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    """What leaves the house: everything but ``internal``."""
    return {name: value for name, value in snapshot.items() if name != "internal"}


def as_csv(snapshot: Mapping[str, Any]) -> str:
    """Lines, taxes and total as CSV (RFC 4180). A cell a spreadsheet would take for a formula starts with an
    apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    heading = (
        snapshot["number"] or "draft",
        snapshot["kind"],
        snapshot["issued_on"] or "",
        snapshot["period"],
    )
    for line in snapshot["lines"]:
        writer.writerow(
            map(
                cell,
                (
                    *heading,
                    line["position"],
                    line["code"],
                    line["description"],
                    line["sac"],
                    line["quantity"],
                    line["unit"],
                    line["unit_price"],
                    line["amount"],
                    snapshot["currency"],
                    line["tax_rate"],
                ),
            )
        )
    for one in snapshot["taxes"]:
        writer.writerow(
            map(
                cell,
                (
                    *heading,
                    "",
                    one["name"],
                    _tax_words(one),
                    one["sac"],
                    "",
                    "",
                    "",
                    one["amount"],
                    snapshot["currency"],
                    one["rate"],
                ),
            )
        )
    writer.writerow(
        map(
            cell,
            (*heading, "", "total", "Total", "", "", "", "", snapshot["total"], snapshot["currency"], ""),
        )
    )
    return out.getvalue()


def as_html(snapshot: Mapping[str, Any]) -> str:
    """The page the PDF is made of."""
    return _template().render(_values(snapshot))


def as_pdf(snapshot: Mapping[str, Any]) -> bytes:
    """The paper as PDF. The same snapshot gives the same bytes; takes a tenth of a second or two."""
    # Loaded at the first paper: it needs system libraries that a process without papers can do without.
    from weasyprint import HTML

    identifier = f"{snapshot['kind']}:{snapshot['number'] or 'draft'}".encode()
    document: bytes = HTML(string=as_html(snapshot), url_fetcher=_refuse).write_pdf(pdf_identifier=identifier)
    return document


def filename(snapshot: Mapping[str, Any], ending: str) -> str:
    """A file name people can sort by: `INV-26-27-0001.pdf`."""
    name = snapshot["number"] or f"draft-{snapshot['period']}"
    return f"{str(name).replace('/', '-')}.{ending}"


def _values(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    currency, note = snapshot["currency"], snapshot["kind"] == "credit_note"

    def money(text: str) -> str:
        # A credit note says so in its title; its amounts stand without a sign, as in the books of whoever
        # gets it.
        value = Decimal(text)
        return format_currency(abs(value) if note else value, currency, locale=LOCALE)

    def quantity(text: str) -> str:
        return format_decimal(abs(Decimal(text)) if note else Decimal(text), locale=LOCALE)

    total = Decimal(snapshot["total"])
    return {
        "s": snapshot,
        "title": _title(snapshot),
        "money": money,
        "quantity": quantity,
        "day": _day,
        "month": _month,
        "tax_words": _tax_words,
        "abroad": ABROAD,
        "note": note,
        "draft": snapshot["number"] is None,
        "in_words": rupees_in_words(total) if currency == "INR" else None,
    }


def _title(snapshot: Mapping[str, Any]) -> str:
    return TITLES[snapshot["kind"]] if snapshot["taxes"] or snapshot["kind"] == "credit_note" else "Invoice"


def _tax_words(one: Mapping[str, Any]) -> str:
    return f"{one['name']} {one['rate']} %" + (
        " (payable by the recipient)" if one["payable_by"] == "recipient" else ""
    )


def _day(text: str) -> str:
    return format_date(date.fromisoformat(text), "d MMMM y", locale=LOCALE)


def _month(period: str) -> str:
    return format_skeleton("yMMMM", date.fromisoformat(f"{period}-01"), locale=LOCALE)


def _refuse(url: str) -> dict[str, Any]:
    raise ValueError(f"a paper loads nothing: {url[:80]}")


@cache
def _template() -> Template:
    loader = FileSystemLoader(Path(__file__).parent)
    return Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).get_template("invoice.html")
