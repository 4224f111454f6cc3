"""What of a reading the contract leaves to a person (AG1): triggers that ask, and values that are shown as suggestions
alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ticketos.domain import ai_policy, engines
from ticketos.domain.ai_policy import ACT, CODING, DUPLICATES, READING, SUGGEST, WITH_APPROVAL, Reason
from ticketos.domain.state import VendorState
from ticketos.domain.terms import AiTerms
from ticketos.lines.data_entry import rules, vendors

SUGGESTED = "suggested"
"""The state of a field whose value a person has not taken over: ``shown`` holds what was read, ``value`` nothing."""


@dataclass(frozen=True)
class Around:
    """What a rule must know beside the paper: whether the client had one of this supplier before, the currency
    meant where the paper names none, and why a person is asked for what was written after the request was placed."""

    supplier_seen: bool = True
    currency: str = ""
    written: tuple[Reason, ...] = ()


ALONE = Around()
"""Nothing known beside the paper."""


def around(
    fields: Mapping[str, Any],
    ai: AiTerms,
    like: Sequence[VendorState],
    seen: Callable[[str], bool],
    currency: str,
    later: Callable[[], Sequence[str]] = tuple,
) -> Around:
    """What the contract's triggers ask of other papers. ``seen`` says whether a paper of that vendor came before,
    ``later`` what the requester wrote after the first message, which was judged when the request was placed; neither is
    asked for a trigger that is off. A vendor that the client listed (``like``) is no new one."""
    name, number = vendors.who(fields)
    known = not ai.escalate.new_supplier or vendors.matched(like, name, number).vendor is not None
    sought = ai.escalate.words
    written = ai_policy.about_message((ai.escalate,), "", "", later()) if sought else ()
    return Around(known or seen(vendors.vendor_key(name)), currency, written)


def reasons(
    kind: str,
    fields: Mapping[str, Any],
    confidence: Decimal,
    ai: AiTerms,
    around: Around,
    opinion: Mapping[str, Any] | None = None,
) -> tuple[Reason, ...]:
    """Why a person is asked about this document although its fields may be sure. ``opinion`` is what a model outside had
    to do with it."""
    found = ai_policy.about_document(
        ai.escalate,
        total=rules.amount(_value(fields, "total")),
        currency=_value(fields, "currency") or around.currency,
        supplier=_value(fields, "supplier_name"),
        seen=around.supplier_seen,
        confidence=confidence,
    )
    found = (*found, *around.written, *_unread(opinion))
    mode = coding_mode(kind, ai)
    return found if mode == ACT else (*found, ai_policy.about_mode(CODING, mode))


def _unread(opinion: Mapping[str, Any] | None) -> tuple[Reason, ...]:
    """The contract has a model read, and none did: a person looks."""
    if not opinion or opinion.get("use") != engines.TAKES_OVER or opinion.get("outcome") == "answered":
        return ()
    why = str(opinion.get("words") or opinion.get("outcome"))
    told = f"the model that reads under this contract did not: {why}"
    return ({"trigger": "engine", "outcome": str(opinion.get("outcome")), "words": told},)


def coding_mode(kind: str, ai: AiTerms) -> ai_policy.Mode:
    """What AI may do about the coding of a document of this type: where no money moves there is nothing to confirm."""
    return ai.mode(CODING) if kind in rules.POSTED_TYPES else ACT


def told(ai: AiTerms, asked: Sequence[Reason], opinion: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What the record of a reading says of the contract, and of a model outside (AG1, AG2)."""
    more: dict[str, Any] = {"mode": ai.mode(READING)}
    if opinion:
        more["opinion"] = dict(opinion)
    if asked:
        more["asked"] = [dict(one) for one in asked]
    if ai.accountable:
        more["accountable"] = ai.accountable
    return more


def for_the_task(ai: AiTerms, asked: Sequence[Reason], duplicate: bool) -> dict[str, Any]:
    """What the person's task begins with beside the fields."""
    more: dict[str, Any] = {"asked": [dict(one) for one in asked]} if asked else {}
    if duplicate and ai.mode(DUPLICATES) == WITH_APPROVAL:
        more["prepared"] = {"reject": {"reason": "duplicate"}}
    return more


def as_suggestions(ai: AiTerms, values: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a document whose reading may only suggest: no type, value or line counts until a person has
    given it. What was read stays beside it; the business key as well, by which doubles are found."""
    if ai.mode(READING) != SUGGEST:
        return dict(values)
    fields = {name: {**one, "value": None, "state": SUGGESTED} for name, one in values["fields"].items()}
    aside = {"suggested": {"doc_type": values["doc_type"], "lines": values["lines"]}}
    return {
        **values,
        "doc_type": "unknown",
        "fields": fields,
        "lines": [],
        "checks": [],
        "read_result": {**values["read_result"], **aside},
    }


def types_read(ai: AiTerms, readings: Iterable[Mapping[str, Any]]) -> list[str]:
    """The types of documents read that count for the ticket's promise: none where reading may only suggest. What a person
    says counts then, once they have."""
    if ai.mode(READING) == SUGGEST:
        return []
    return [str(one["type"]) for one in readings if one.get("type")]


def read_value(field: Mapping[str, Any]) -> str | None:
    """What AI said of a field, whether it was filled in or suggested."""
    return field.get("shown") if field.get("state") == SUGGESTED else field.get("value")


def _value(fields: Mapping[str, Any], name: str) -> str | None:
    return (fields.get(name) or {}).get("value")
