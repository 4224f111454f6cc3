"""A contract's terms and a calendar's hours as fields of a form, and back. What the form has no field for stays as
it is: it is shown as JSON beside the fields."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from ticketos.domain import ai_policy, engines
from ticketos.domain.errors import DomainError

HOUR, DAY = 3_600, 86_400


@dataclass(frozen=True)
class Term:
    """One field: its name, where it stands in the terms, how it is typed (hours, whole, percent, amount, text, yes,
    mode, engine, list: names with commas, lines: one value per line, limits: a currency and an amount
    per line, bars: a document's field and per cent per line)."""

    name: str
    path: tuple[str, ...]
    kind: str
    default: str = ""


TERMS = (
    Term("unit_price", ("pricing", "data", "unit_price"), "amount"),
    Term("currency", ("pricing", "currency"), "text", "INR"),
    Term("tax_rate", ("pricing", "tax_rate"), "amount", "18"),
    Term("due_days", ("pricing", "due_days"), "whole", "30"),
    Term("turnaround", ("sla", "turnaround_s", "standard"), "hours", "24"),
    Term("turnaround_p1", ("sla", "turnaround_s", "priority"), "hours", "4"),
    Term("first_response", ("sla", "first_response_s", "P3"), "hours", "24"),
    Term("first_response_p1", ("sla", "first_response_s", "P1"), "hours", "4"),
    Term("sample_rate", ("qa", "sample_rate"), "percent", "15"),
    Term("accuracy_target", ("qa", "accuracy_target"), "percent", "99.8"),
    Term("sign_off", ("approval", "required"), "yes", "on"),
    Term("deemed", ("approval", "deemed_days"), "whole", "5"),
    *(
        Term(f"ai_{action}", ("ai", "modes", action), "mode", mode)
        for action, mode in ai_policy.DEFAULTS.items()
    ),
    Term("triage_threshold", ("ai", "triage_threshold"), "percent", "70"),
    Term("field_threshold", ("ai", "field_threshold"), "percent", "90"),
    Term("coding_threshold", ("ai", "coding_threshold"), "percent", "80"),
    Term("bars", ("ai", "field_thresholds"), "bars"),
    *(
        Term(f"engine_{action}", ("ai", "engines", action), "engine", engines.LOCAL)
        for action in engines.ENGINES
    ),
    Term("spend_cap", ("ai", "spend_cap"), "limits"),
    Term("accountable", ("ai", "accountable"), "text"),
    Term("amount_over", ("ai", "escalate", "amount_over"), "limits"),
    Term("confidence_below", ("ai", "escalate", "confidence_below"), "percent"),
    Term("ask_words", ("ai", "escalate", "words"), "lines"),
    Term("new_supplier", ("ai", "escalate", "new_supplier"), "yes"),
    Term("priority_types", ("sla", "priority_types"), "list"),
    Term("priority_class_for", ("sla", "priority_class_for"), "list"),
    Term("expert_types", ("assignment", "expert", "document_types"), "list"),
    Term("expert_amount", ("assignment", "expert", "amount"), "amount"),
    Term("expert_currency", ("assignment", "expert", "currency"), "text"),
    Term("rework_rate", ("rework", "hourly_rate"), "amount"),
    Term("reopen_days", ("closure", "reopen_days"), "whole", "7"),
    Term("renewal_days", ("closure", "renewal_days"), "whole", "60"),
    Term("dispute_days", ("disputes", "within_days"), "whole", "30"),
    Term("dispute_answer", ("disputes", "answer_days"), "whole", "5"),
)
GROUPS: Mapping[str, tuple[str, ...]] = {
    "price": ("pricing", "rework"),
    "promises": ("sla",),
    "quality": ("qa", "assignment", "approval"),
    "afterwards": ("closure", "disputes"),
}
"""Which sections of the terms stand together in the form; AI has a card of its own."""
_SCALE = {"hours": HOUR}


def grouped() -> tuple[tuple[str, list[Term], list[Term]], ...]:
    """Each group with its fields and its ticks."""
    found = []
    for name, sections in GROUPS.items():
        own = [term for term in TERMS if term.path[0] in sections]
        found.append(
            (name, [term for term in own if term.kind != "yes"], [term for term in own if term.kind == "yes"])
        )
    return tuple(found)


def typed_terms(terms: Mapping[str, Any]) -> dict[str, str]:
    """Each field as it is typed; the default where the terms say nothing."""
    said = _as_typed(terms)
    return {term.name: _typed(term, _get(said, term.path)) for term in TERMS}


def other_terms(terms: Mapping[str, Any]) -> str:
    """What no field shows, as JSON."""
    rest = _as_typed(terms)
    for term in TERMS:
        _drop(rest, term.path)
    return json.dumps(rest, indent=1, ensure_ascii=False) if rest else ""


def terms_of(typed: Mapping[str, str], other: str) -> dict[str, Any]:
    """The terms a form says. Raises ``terms-invalid`` with the field that cannot be read."""
    try:
        terms = json.loads(other) if other.strip() else {}
    except ValueError as error:
        raise DomainError("terms-invalid", section="JSON", cause=str(error)) from error
    if not isinstance(terms, dict):
        raise DomainError("terms-invalid", section="JSON", cause="{…} is needed")
    for term in TERMS:
        value = _read(term, typed.get(term.name, "").strip())
        if value is not None:
            _set(terms, term.path, value)
    return terms


def _as_typed(terms: Mapping[str, Any]) -> dict[str, Any]:
    """The terms as this form says them now. It once kept the days of an approval as seconds; seconds that are no whole
    days were meant as such, and stay among what no field shows. Whether documents pass by themselves was a term of its
    own before each action of AI had a mode."""
    said = copy.deepcopy(dict(terms))
    straight = _get(said, ("ai", "straight_through"))
    if isinstance(straight, bool):
        del said["ai"]["straight_through"]
        _set(said, ("ai", "modes", ai_policy.READING), ai_policy.ACT if straight else ai_policy.WITH_APPROVAL)
    seconds = _get(said, ("approval", "deemed_s"))
    if isinstance(seconds, int) and seconds % DAY == 0 and _get(said, ("approval", "deemed_days")) is None:
        del said["approval"]["deemed_s"]
        _set(said, ("approval", "deemed_days"), seconds // DAY)
    return said


def _typed(term: Term, value: Any) -> str:
    if term.kind == "yes":
        return ("on" if value else "") if value is not None else term.default
    if value is None:
        return term.default
    if term.kind == "lines":
        return "\n".join(map(str, value)) if isinstance(value, list) else str(value)
    if term.kind == "limits":
        return (
            "\n".join(f"{k} {v}" for k, v in sorted(value.items())) if isinstance(value, dict) else str(value)
        )
    if term.kind == "bars":
        return _bars_typed(value)
    if term.kind == "list":
        return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    if term.kind in _SCALE:
        return _plain(Decimal(str(value)) / _SCALE[term.kind])
    return _plain(Decimal(str(value)) * 100) if term.kind == "percent" else str(value)


def _read(term: Term, text: str) -> Any:
    if term.kind == "yes":
        return text == "on"
    if not text:
        return None
    if term.kind in ("text", "mode", "engine"):
        return text
    if term.kind == "lines":
        return [line.strip() for line in text.splitlines() if line.strip()]
    if term.kind == "limits":
        return _limits(term, text)
    if term.kind == "bars":
        return _bars(term, text)
    if term.kind == "list":
        return [one.strip() for one in text.split(",") if one.strip()]
    try:
        number = Decimal(text)
        if not number.is_finite() or number < 0:
            raise InvalidOperation
    except InvalidOperation as error:
        raise DomainError("terms-invalid", section=term.path[0], cause=f"{term.name}: {text}") from error
    if term.kind in _SCALE:
        return int(number * _SCALE[term.kind])
    if term.kind == "whole":
        return int(number)
    return _plain(number / 100) if term.kind == "percent" else text


def _limits(term: Term, text: str) -> dict[str, str]:
    """``INR 100000`` on each line; the order of the two is free."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        parts = sorted(line.replace(",", "").split(), key=lambda part: not part.isalpha())
        if len(parts) != 2 or not parts[0].isalpha() or parts[0].upper() in found:
            raise DomainError(
                "terms-invalid", section=term.path[0], cause=f"{term.name}: {line.strip()[:60]}"
            )
        found[parts[0].upper()] = parts[1]
    return found


def _bars_typed(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    bars = sorted(
        (name.replace("_", " "), _plain(Decimal(str(share)) * 100)) for name, share in value.items()
    )
    return "\n".join(f"{name} {percent}" for name, percent in bars)


def _bars(term: Term, text: str) -> dict[str, str]:
    """``supplier name 97`` on each line; a colon or a sign of per cent may stand there too."""
    found: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        words, _, percent = line.replace(":", " ").rstrip("% ").rpartition(" ")
        name = "_".join(words.lower().replace("_", " ").split())
        try:
            share = _plain(Decimal(percent) / 100)
        except InvalidOperation:
            share = ""
        if not name or not share or name in found:
            raise DomainError("terms-invalid", section=term.path[0], cause=f"{term.path[-1]}: {line[:60]}")
        found[name] = share
    return found


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _get(terms: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = terms
    for name in path:
        if not isinstance(value, Mapping) or name not in value:
            return None
        value = value[name]
    return value


def _set(terms: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    place = terms
    for name in path[:-1]:
        found = place.setdefault(name, {})
        if not isinstance(found, dict):
            raise DomainError("terms-invalid", section=path[0], cause=f"{name} holds parts")
        place = found
    place[path[-1]] = value


def _drop(terms: dict[str, Any], path: tuple[str, ...]) -> None:
    parents = [terms]
    for name in path[:-1]:
        below = parents[-1].get(name)
        if not isinstance(below, dict):
            return
        parents.append(below)
    parents[-1].pop(path[-1], None)
    for parent, name in zip(reversed(parents[:-1]), reversed(path[:-1]), strict=True):
        if parent[name] == {}:
            del parent[name]


def typed_hours(definition: Mapping[str, Any]) -> dict[str, str]:
    """A calendar as it is typed: hours per weekday, days off and days with other hours one per line."""
    weekly = [*definition.get("weekly", []), *([[]] * 7)][:7]
    special = dict(definition.get("special", {}))
    return {
        **{f"day_{n}": _slots(slots) for n, slots in enumerate(weekly)},
        "zone": str(definition.get("zone", "")),
        "holidays": "\n".join(definition.get("holidays", [])),
        "special": "\n".join(f"{day} {_slots(slots)}".strip() for day, slots in sorted(special.items())),
        "always": "on" if definition.get("around_the_clock") else "",
    }


def day_rows(typed: Mapping[str, str]) -> dict[str, Any]:
    """What ``typed_hours`` holds, for controls of a day each: ``days`` off, ``special`` as pairs of day and hours, and
    ``unread`` for lines of days off that are no date."""
    lines = [line.strip() for line in typed.get("holidays", "").splitlines() if line.strip()]
    days = [line for line in lines if _is_day(line)]
    pairs = [line.strip().partition(" ") for line in typed.get("special", "").splitlines() if line.strip()]
    return {
        "days": days,
        "unread": "\n".join(line for line in lines if line not in days),
        "special": [
            (day, hours) if _is_day(day) else ("", f"{day} {hours}".strip()) for day, _, hours in pairs
        ],
    }


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def hours_of(typed: Mapping[str, str]) -> dict[str, Any]:
    """The definition a form says; the domain judges it."""
    special = {}
    for line in typed.get("special", "").splitlines():
        day, _, slots = line.strip().partition(" ")
        if day:
            special[day] = _pairs(slots)
    return {
        "zone": typed.get("zone", ""),
        "weekly": [_pairs(typed.get(f"day_{n}", "")) for n in range(7)],
        "holidays": [line.strip() for line in typed.get("holidays", "").splitlines() if line.strip()],
        "special": special,
        "around_the_clock": typed.get("always") == "on",
    }


def _slots(slots: Any) -> str:
    return ", ".join("–".join(pair) for pair in slots)


def _pairs(text: str) -> list[list[str]]:
    found = []
    for part in text.replace("–", "-").split(","):
        if part.strip():
            start, _, end = part.partition("-")
            found.append([start.strip(), end.strip()])
    return found
