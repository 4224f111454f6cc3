"""What a person typed of a document, judged value by value: each refusal names the field and says what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ticketos.domain import ai_policy
from ticketos.domain.errors import DomainError
from ticketos.lines.data_entry import rules

FIELD_NAMES = ai_policy.FIELDS
LINE_NAMES = frozenset(("description", "quantity", "unit", "unit_price", "tax_rate", "net"))
MAX_VALUE = 2_000
MOST_PAGES, MOST_SECONDS = 100_000, 100_000_000


def values(given: Mapping[str, Any]) -> dict[str, str | None]:
    """The fields that somebody typed. Refused: unknown ones, values too long, dates that are none."""
    unknown = sorted(set(given) - FIELD_NAMES)
    if unknown:
        raise DomainError("field-unknown", fields=unknown[:10])
    typed: dict[str, str | None] = {}
    for name, value in given.items():
        text = None if value is None else str(value).strip()
        if text is not None and len(text) > MAX_VALUE:
            raise DomainError("value-too-long", field=name, limit=MAX_VALUE)
        if text and name == "currency":
            text = text.upper()
        if text and name.endswith("_date") and rules.iso_date(text) is None:
            raise DomainError("date-unreadable", field=name, given=text[:50])
        typed[name] = text or None
    return typed


def require_bookable(fields: Mapping[str, Any]) -> None:
    """Nothing may become ready that no book could take, whether it was typed or read and left as it was: nobody can
    edit it afterwards."""
    for name, field in fields.items():
        value = str(field.get("value") or "")
        code = rules.unfit(name, value) if value else None
        if code:
            raise DomainError(code, field=name, given=value[:50], limit=rules.WHOLE_DIGITS)


def evidence(given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Where a person found the value, and what they could choose from. What is not well formed is left out: it
    is kept to learn from, and no value hangs on it."""
    found: dict[str, dict[str, Any]] = {}
    for name, told in given.items():
        if name not in FIELD_NAMES or not isinstance(told, Mapping):
            continue
        kept: dict[str, Any] = {}
        page, box, choices = told.get("page"), told.get("box"), told.get("candidates")
        placed = type(page) is int and 0 < page <= MOST_PAGES
        if placed and isinstance(box, list | tuple) and len(box) == 4:
            edges = [float(edge) for edge in box if isinstance(edge, int | float) and 0 <= edge <= 1]
            if len(edges) == 4:
                kept |= {"page": page, "box": edges}
        if isinstance(choices, list | tuple):
            kept["candidates"] = [str(one)[:MAX_VALUE] for one in choices[:10]]
        found[name] = kept
    return found


def _line(item: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(item) - LINE_NAMES)
    if unknown:
        raise DomainError("field-unknown", fields=unknown[:10])
    line = {
        name: None if item.get(name) in (None, "") else str(item[name])[:MAX_VALUE]
        for name in sorted(LINE_NAMES)
    }
    for name in ("quantity", "unit_price", "tax_rate", "net"):
        if line[name] is not None and rules.amount(line[name]) is None:
            if rules.too_large(str(line[name])):
                raise DomainError(
                    "amount-too-large", field=name, given=str(line[name])[:50], limit=rules.WHOLE_DIGITS
                )
            raise DomainError("amount-unreadable", field=name, given=str(line[name])[:50])
    return line


def coding(data: Mapping[str, Any]) -> dict[str, str]:
    """The coding that somebody gave. Refused: one without an account."""
    account = str(data.get("account") or "").strip()
    if not account or len(account) > 40:
        raise DomainError("account-missing")
    return {
        "account": account,
        "cost_centre": str(data.get("cost_centre") or "")[:40],
        "tax_code": str(data.get("tax_code") or "")[:40],
    }


def part(result: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A part of the answer that has names and values itself; empty where it was not given. Refused: anything else."""
    found = result.get(name)
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise DomainError("result-malformed", name=name, wanted="names with values")
    return found


def lines(given: object) -> list[dict[str, Any]]:
    """The lines as somebody keyed them. Refused: what is no list of lines, unknown columns, figures that are none."""
    if not isinstance(given, list | tuple) or not all(isinstance(one, Mapping) for one in given):
        raise DomainError("result-malformed", name="lines", wanted="a list of lines")
    return [_line(one) for one in given]


def seconds(given: object) -> Decimal | None:
    """How long it took. Refused: what is no number of seconds."""
    if given is None:
        return None
    spent = rules.amount(str(given))
    if spent is None or not 0 <= spent < MOST_SECONDS:
        raise DomainError("result-malformed", name="seconds", wanted="a number of seconds")
    return spent
