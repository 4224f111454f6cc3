"""Reading XML elements by local names, and the one form their texts are brought into.

What the issuer's system wrote is taken as it is; only its form is normalised: ISO dates, plain decimals,
single blanks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

from lxml import etree

_PRICE_PLACES = 8
# Attached pictures and PDFs, in base64: megabytes of letters that are not the document's text.
_BINARY = {"EmbeddedDocumentBinaryObject", "AttachmentBinaryObject", "IncludedBinaryObject", "Attachment"}


def all_of(node: etree._Element | None, path: str) -> list[etree._Element]:
    """Elements by local names, so that one path serves every version of the namespaces."""
    if node is None:
        return []
    steps = [step for step in path.split("/") if step]
    query = "./" + "/".join(f"*[local-name()='{step}']" for step in steps)
    found = node.xpath(query)
    return found if isinstance(found, list) else []


def first_of(node: etree._Element | None, *paths: str) -> etree._Element | None:
    """The first element at the first path that has one."""
    return next((found for path in paths for found in all_of(node, path)), None)


def text_of(node: etree._Element | None, *paths: str) -> str | None:
    """The text at the first path that has one."""
    for path in paths:
        for found in all_of(node, path):
            text = own_text(found)
            if text:
                return text
    return None


def own_text(node: etree._Element | None) -> str | None:
    """The text of the element itself, in single blanks; None where there is none."""
    if node is None or not node.text or not node.text.strip():
        return None
    return " ".join(node.text.split())


def number(text: str | None) -> str | None:
    """A plain decimal string; None for what is no finite number of sane size."""
    value = decimal(text)
    return None if value is None else f"{value:f}"


def decimal(text: str | None) -> Decimal | None:
    """The number a text says; None for what is no finite number of sane size."""
    if text is None:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value.adjusted()) <= 30 else None


def rate(text: str | None) -> str | None:
    """A percentage without trailing zeros: 19.00 is 19."""
    value = decimal(text)
    return None if value is None else f"{value.normalize():f}"


def summed(texts: Sequence[str | None]) -> str | None:
    """The sum of the amounts; None when one of them is missing, or there is none."""
    values = [decimal(text) for text in texts]
    known = [value for value in values if value is not None]
    return f"{sum(known, Decimal(0)):f}" if known and len(known) == len(values) else None


def per_unit(price: str | None, basis: str | None, quantity: str | None, net: str | None) -> str | None:
    """The price of one unit, where the invoice gives it per 100 or per 1000.

    Some issuers fill the basis with something else; quantity × price then tells the price as written from
    the price by the basis: the nearer to the line's amount is meant.
    """
    amount, base = decimal(price), decimal(basis)
    if amount is None or base is None or base in (0, 1):
        return number(price)
    divided = amount / base
    count, aim = decimal(quantity), decimal(net)
    if count and aim and amount and _off(amount * count, aim) < _off(divided * count, aim):
        return number(price)
    return f"{round(divided, _PRICE_PLACES).normalize():f}"


def _off(value: Decimal, aim: Decimal) -> Decimal:
    """How many times too large or too small."""
    ratio = abs(value / aim)
    return max(ratio, 1 / ratio)


def iso_date(text: str | None) -> str | None:
    """20240229, 202402 (no day: none) or 2024-02-29, perhaps with a zone behind."""
    match = re.match(r"(\d{4})-?(\d{2})-?(\d{2})", text or "")
    if not match:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3])).isoformat()
    except ValueError:
        return None


def joined(node: etree._Element | None, names: Sequence[str]) -> str | None:
    """The texts at the paths in this order, parted by commas; two paths with the same text give it once."""
    parts = dict.fromkeys(value for value in (text_of(node, name) for name in names) if value)
    return ", ".join(parts) or None


def in_currency(nodes: Sequence[etree._Element], currency: str | None) -> str | None:
    """Tax may be given twice, in the invoice's and in the tax office's currency."""
    ranked = sorted(nodes, key=lambda node: node.get("currencyID") not in (currency, None))
    return ranked[0].text if ranked else None


def plain_text(root: etree._Element) -> str:
    """All texts of the document, one a line, without attached files."""
    return "\n".join(
        part.strip()
        for element in root.iter()
        if isinstance(element.tag, str) and etree.QName(element).localname not in _BINARY
        for part in (element.text,)
        if part and part.strip()
    )
