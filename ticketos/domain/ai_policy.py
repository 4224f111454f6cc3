"""AG1: what AI may do under a contract, by action, and what makes it ask a person however sure it is.

A mode bounds what an answer of AI counts for: ``act`` lets it decide where it is sure, ``act with approval`` prepares
the decision for a person who confirms it, ``suggest`` shows it beside an empty form. A trigger asks a person about one
message or paper. Neither can widen what AI never does by itself: pay, change bank details, post to a closed month,
reject a document, erase data. Texts from outside are compared and quoted, and are never instructions.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, get_args

from ticketos.domain.errors import DomainError
from ticketos.domain.money import Money, exact_decimal, minor_digits

Mode = Literal["suggest", "act with approval", "act"]
SUGGEST: Mode = "suggest"
WITH_APPROVAL: Mode = "act with approval"
ACT: Mode = "act"
MODES: tuple[Mode, ...] = get_args(Mode)
"""From the most careful to the freest."""

TRIAGE, READING, CODING, DUPLICATES = "triage", "reading", "coding", "duplicates"
ALLOWED: Mapping[str, tuple[Mode, ...]] = {
    TRIAGE: MODES,
    READING: MODES,
    CODING: MODES,
    DUPLICATES: (SUGGEST, WITH_APPROVAL),
}
"""The actions of AI, and the modes a contract may give each. A document is rejected by a person alone."""

DEFAULTS: Mapping[str, Mode] = {
    TRIAGE: ACT,
    READING: WITH_APPROVAL,
    CODING: ACT,
    DUPLICATES: SUGGEST,
}
FIELD_NAMES = (
    "supplier_name",
    "supplier_address",
    "supplier_tax_id",
    "buyer_name",
    "buyer_tax_id",
    "number",
    "issue_date",
    "due_date",
    "currency",
    "net_total",
    "tax_total",
    "total",
    "amount_due",
    "po_number",
)
"""The fields of a document, as its page has them."""
FIELDS = frozenset(FIELD_NAMES)
TRIGGERS = ("amount_over", "new_supplier", "words", "confidence_below")
MOST_WORDS, LONGEST_WORDS = 100, 80
LONGEST_NAME = 120

Reason = Mapping[str, str]
"""Why a person is asked: ``trigger`` (amount, currency, supplier, words, confidence or mode), what it is about, and
``words``, the same as a sentence."""


@dataclass(frozen=True)
class Escalation:
    """What makes AI ask a person (``ai.escalate``); empty, nothing does."""

    amount_over: Mapping[str, Decimal] = field(default_factory=dict)
    """By currency: a document whose total is above. One in a currency without a limit is asked about as well, since
    nothing says what its amount is worth."""
    new_supplier: bool = False
    words: tuple[str, ...] = ()
    """Words and phrases in what the requester wrote: subject and text of the message that began the request, and what came
    in later."""
    confidence_below: Decimal | None = None
    """A document is as sure as its weakest required field."""


def modes_from(stated: Mapping[str, Any] | None, straight_through: object = None) -> dict[str, Mode]:
    """The mode of every action. ``straight_through`` is how contracts said the mode of reading before: true is
    ``act``, false ``act with approval``. Raises ``ValueError`` in words; also where both are said and differ."""
    _mapping("modes", stated)
    given = {str(action): str(mode) for action, mode in (stated or {}).items()}
    _known("modes", given, tuple(ALLOWED))
    for action, mode in given.items():
        if mode not in MODES:
            raise ValueError(f"modes: {action} may be {_either(MODES)}, not {mode[:40]}")
    modes: dict[str, Mode] = {**DEFAULTS, **given}  # type: ignore[dict-item]
    if straight_through is not None:
        older = ACT if straight_through else WITH_APPROVAL
        if modes[READING] != older and READING in given:
            said = "true" if straight_through else "false"
            raise ValueError(
                f"straight_through: {said} means that reading is “{older}”, and modes say “{modes[READING]}”: say one"
            )
        modes[READING] = older
    return modes


def escalation_from(stated: Mapping[str, Any] | None) -> Escalation:
    """Read ``ai.escalate``. Raises ``ValueError`` in words: a trigger that is not understood must not be lost."""
    _mapping("escalate", stated)
    data = stated or {}
    _known("escalate", data, TRIGGERS)
    limits = data.get("amount_over") or {}
    _mapping("escalate: amount_over", limits)
    below = data.get("confidence_below")
    words = data.get("words") or ()
    if not isinstance(words, list | tuple):
        raise ValueError("escalate: words is a list")
    new = data.get("new_supplier", False)
    if not isinstance(new, bool):
        raise ValueError("escalate: new_supplier is true or false")
    return Escalation(
        {str(currency): _limit(str(currency), amount) for currency, amount in limits.items()},
        new,
        tuple(" ".join(str(one).split()) for one in words),
        None if below is None else _share(below),
    )


def check(modes: Mapping[str, Mode], escalate: Escalation, accountable: str) -> None:
    """What can be read and still not be agreed. Raises ``ValueError`` in words."""
    for action, mode in modes.items():
        if mode not in ALLOWED[action]:
            raise ValueError(
                f"modes: {action} may be {_either(ALLOWED[action])}: AI never rejects a document by itself"
            )
    for currency in escalate.amount_over:
        try:
            Money.zero(currency)
        except DomainError as error:
            raise ValueError(f"escalate: amount_over knows no currency {currency[:20]}") from error
    if len(escalate.words) > MOST_WORDS:
        raise ValueError(f"escalate: at most {MOST_WORDS} words and phrases")
    for phrase in escalate.words:
        if not 1 < len(plain(phrase)) <= LONGEST_WORDS:
            raise ValueError(f"escalate: words need 2 to {LONGEST_WORDS} letters, not “{phrase[:40]}”")
    if len(accountable) > LONGEST_NAME or any(unicodedata.category(one)[0] == "C" for one in accountable):
        raise ValueError(
            f"accountable is a name or an address on one line, of {LONGEST_NAME} letters at most"
        )


# --- what fires ---------------------------------------------------------------------------------------------------


def about_message(
    agreed: Iterable[Escalation], subject: str, text: str, later: Iterable[str] = ()
) -> tuple[Reason, ...]:
    """Words of a contract that the message holds, or one that came ``later``, each once and whole: “cost” is not in
    “costly”."""
    places = (("subject", plain(subject)), ("text", plain(text)), *(("later", plain(one)) for one in later))
    found: dict[str, Reason] = {}
    for phrase in (phrase for one in agreed for phrase in one.words):
        sought = plain(phrase)
        where = next((name for name, said in places if _holds(said, sought)), None)
        if where and sought not in found:
            place = "a later message" if where == "later" else f"the {where} of the message"
            told = f"“{phrase}” stands in {place}"
            found[sought] = {"trigger": "words", "phrase": phrase, "where": where, "words": told}
    return tuple(found.values())


def about_document(
    agreed: Escalation,
    *,
    total: Decimal | None,
    currency: str,
    supplier: str | None,
    seen: bool,
    confidence: Decimal,
) -> tuple[Reason, ...]:
    """What of a contract's triggers a document sets off. ``supplier`` and ``total`` are as they were read; ``seen``
    says that the client had a document of this supplier before."""
    found: list[Reason] = []
    if agreed.amount_over and total is not None:
        limit, shown = (
            agreed.amount_over.get(currency),
            f"{_grouped(abs(total), currency)} {currency}".strip(),
        )
        facts = {"total": str(abs(total)), "currency": currency}
        if limit is None:
            told = f"the contract has no limit in the currency of its total {shown}"
            found.append({"trigger": "currency", **facts, "words": told})
        elif abs(total) > limit:
            told = f"total {shown} is over the contract's {_grouped(limit, currency)}"
            found.append({"trigger": "amount", **facts, "limit": str(limit), "words": told})
    if agreed.new_supplier and supplier and not seen:
        name = " ".join(supplier.split())[:LONGEST_NAME]
        told = f"the supplier “{name}” was never seen before"
        found.append({"trigger": "supplier", "supplier": name, "words": told})
    if agreed.confidence_below is not None and confidence < agreed.confidence_below:
        told = f"it is {_percent(confidence)} sure, under the contract's {_percent(agreed.confidence_below)}"
        limits = {"confidence": str(confidence), "limit": str(agreed.confidence_below)}
        found.append({"trigger": "confidence", **limits, "words": told})
    return tuple(found)


def about_mode(action: str, mode: Mode) -> Reason:
    """That the contract has a person confirm or decide this action."""
    who = "confirm" if mode == WITH_APPROVAL else "decide"
    return {
        "trigger": "mode",
        "action": action,
        "mode": mode,
        "words": f"the contract has a person {who} {action}",
    }


def strictest(modes: Iterable[Mode]) -> Mode:
    """The most careful of them; without any, ``act``."""
    return min(modes, key=MODES.index, default=ACT)


def codes(reasons: Sequence[Reason]) -> list[str]:
    """The reasons as they stand among what keeps a document from passing by itself."""
    return list(dict.fromkeys(f"ask:{one.get('action') or one['trigger']}" for one in reasons))


def plain(text: str) -> str:
    """A text as phrases are sought in it: small letters, one kind of each, single spaces, nothing invisible."""
    flat = unicodedata.normalize("NFKC", text)
    seen = "".join(one for one in flat if unicodedata.category(one) != "Cf")
    return " ".join(seen.casefold().split())


def _holds(text: str, phrase: str) -> bool:
    return phrase in text and re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text) is not None


def _limit(currency: str, value: object) -> Decimal:
    try:
        amount = exact_decimal(value)
    except DomainError as error:
        raise ValueError(
            f"escalate: amount_over of {currency[:20]} must be a decimal in quotes or a whole number"
        ) from error
    if amount < 0:
        raise ValueError(f"escalate: amount_over of {currency[:20]} must not be negative")
    return amount


def _share(value: object) -> Decimal:
    try:
        share = exact_decimal(str(value) if isinstance(value, float) else value)
    except DomainError as error:
        raise ValueError("escalate: confidence_below is a number from 0 to 1") from error
    if not 0 <= share <= 1:
        raise ValueError(f"escalate: confidence_below {share} is outside 0..1")
    return share


def _mapping(name: str, value: object) -> None:
    if value is not None and not isinstance(value, Mapping):
        raise ValueError(f"{name} is an object with a value for each name")


def _known(name: str, given: Iterable[str], known: tuple[str, ...]) -> None:
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise ValueError(f"{name} knows {', '.join(known)}, not {', '.join(one[:40] for one in unknown[:5])}")


def _either(modes: Sequence[str]) -> str:
    return " or ".join(f"“{one}”" for one in modes)


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f} %"


def _grouped(amount: Decimal, currency: str) -> str:
    """An amount as its readers write it: 1,20,000.00 in rupees, 120,000.00 elsewhere."""
    if amount.adjusted() > 20:  # a misread row of digits is quoted, and not written out
        return str(amount)[:40]
    places = max(minor_digits(currency), -int(amount.as_tuple().exponent))
    text = f"{amount:,.{min(places, 8)}f}"
    if currency != "INR":
        return text
    whole, dot, rest = text.replace(",", "").partition(".")
    groups, head = [whole[-3:]], whole[:-3]
    while head:
        groups.insert(0, head[-2:])
        head = head[:-2]
    return ",".join(groups) + dot + rest
