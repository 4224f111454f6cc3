"""The fields of a document as a person meets them: what is sure, what is weak and why, what else it could be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from api.portal.asked import blocked_in_words
from api.portal.catalogue import Texts
from api.portal.formats import decimal_of
from api.portal.parts import Chip
from schemas.extraction import FIELD_NAMES
from ticketos.lines.data_entry import asking, rules

State = Literal["auto", "confirmed", "keyed", "weak", "failed", "missing", "empty", "suggested"]
UNSURE: frozenset[State] = frozenset({"weak", "failed", "missing", "suggested"})
_CHIPS: Mapping[State, tuple[str, str]] = {
    "auto": ("good", "check"),
    "confirmed": ("good", "person"),
    "keyed": ("info", "keyboard"),
    "weak": ("warn", "alert"),
    "failed": ("bad", "late"),
    "missing": ("bad", "search"),
    "empty": ("quiet", "minus"),
    "suggested": ("info", "robot"),
}


@dataclass(frozen=True)
class Candidate:
    """Another value the field could have, and where it stands."""

    value: str
    page: int | None
    box: str


@dataclass(frozen=True)
class FieldRow:
    """One field. ``wanted``: a person must look at it."""

    name: str
    label: str
    value: str
    state: State
    chip: Chip
    required: bool
    wanted: bool
    why: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    page: int | None
    box: str
    source: str
    """Where the value is from, in words."""
    suggestion: str = ""
    """What AI read, where it may only suggest."""


def rows(
    document: Mapping[str, Any],
    wanted: Sequence[str],
    candidates: Mapping[str, Sequence[Mapping[str, Any]]],
    t: Texts,
    typed: Mapping[str, str] | None = None,
    doc_type: str | None = None,
) -> list[FieldRow]:
    """Every field in the order of a paper. ``typed`` is what a refused form held."""
    kind = doc_type or document["doc_type"]
    required = rules.required_fields(kind)
    return [
        _row(
            name,
            document["fields"].get(name),
            name in required,
            name in wanted,
            candidates.get(name, ()),
            t,
            typed or {},
        )
        for name in FIELD_NAMES
    ]


def _row(
    name: str,
    found: Mapping[str, Any] | None,
    required: bool,
    asked: bool,
    candidates: Sequence[Mapping[str, Any]],
    t: Texts,
    typed: Mapping[str, str],
) -> FieldRow:
    value = (found or {}).get("value")
    state = _state(found, value, required)
    confidence = decimal_of((found or {}).get("confidence"))
    shown = typed.get(name, "" if value is None else str(value))
    suggestion = str(asking.read_value(found) or "") if found and not value else ""
    read = value or suggestion
    others = [one for one in candidates if one["value"] != read]
    if read and (others or suggestion):  # the way back to what was read
        others.insert(0, {"value": read, "page": (found or {}).get("page"), "box": (found or {}).get("box")})
    return FieldRow(
        name,
        t.word("field", name),
        shown,
        state,
        _chip(state, confidence, t),
        required,
        asked or state in UNSURE,
        _why(found, state, t),
        tuple(Candidate(str(one["value"]), one.get("page"), box_text(one.get("box"))) for one in others[:9]),
        (found or {}).get("page"),
        box_text((found or {}).get("box")),
        _source(found, t) if read else "",
        suggestion,
    )


def _state(found: Mapping[str, Any] | None, value: object, required: bool) -> State:
    if found and not value and found.get("state") == asking.SUGGESTED:
        return "suggested"
    if not value:
        return "missing" if required else "empty"
    assert found is not None
    if found.get("state") in ("confirmed", "keyed"):
        return found["state"]  # type: ignore[no-any-return]
    if any(str(one).startswith("check:") for one in found.get("blocked_by", ())):
        return "failed"
    return "auto" if found.get("state") == "auto" else "weak"


def _chip(state: State, confidence: Decimal | None, t: Texts) -> Chip:
    tone, icon = _CHIPS[state]
    text = t(f"validation.state.{state}")
    if state in ("auto", "weak", "failed", "suggested") and confidence is not None:
        text = f"{text} {round(confidence * 100)} %"
    return Chip(text, tone, icon)  # type: ignore[arg-type]


def _source(found: Mapping[str, Any] | None, t: Texts) -> str:
    key = f"validation.source.{(found or {}).get('source') or ''}"
    return t("validation.source_of", source=t(key)) if t.has(key) else ""


def _why(found: Mapping[str, Any] | None, state: State, t: Texts) -> tuple[str, ...]:
    if state == "missing":
        return (t("validation.why.missing"),)
    told = tuple(blocked_in_words(t, str(one)) for one in (found or {}).get("blocked_by", ()))
    return told or ((t("validation.why.threshold"),) if state == "weak" else ())


def box_text(box: object) -> str:
    """A box as an attribute: four fractions."""
    return (
        ",".join(f"{float(edge):.4f}" for edge in box)
        if isinstance(box, list | tuple) and len(box) == 4
        else ""
    )
