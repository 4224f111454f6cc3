"""What people decided of earlier requests, and what that says of the next one like them (MF2).

A label is a person's word on one request: the triage task they did, or their verdict on what the engine said. Labels
are of one client and speak for that client alone. Like are requests of the same sender with the same subject pattern;
where nobody decided on such a pair, the subject alone or the sender alone counts, more carefully.

Only the unbroken run of the newest equal decisions counts. So one correction is heard by the very next message,
whatever was decided before, and a run of ``n`` is believed as much as (n + 1) / (n + 2), the rule of succession: once
asks a person at the usual threshold of 0.70, twice passes it, and nothing is ever certain.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import takewhile
from typing import Literal
from uuid import UUID

from ticketos.domain.intake import bare_subject
from ticketos.domain.state import TriageLabel
from ticketos.domain.triage import Learnt, Suggestion

MOST = 200
"""Labels that are asked for, the client's newest."""
ALONE = 2
"""Equal decisions from which a message is routed without a person."""
_LOOSE = 3
"""Equal decisions from which a subject alone or a sender alone says anything."""
_TELLING_WORDS = 2
_WORD = re.compile(r"[^\W\d_]{3,}")
_NUMBERS = re.compile(r"\d[\d.,/:\-]*")
_MACHINE = re.compile(r"(?:mailer-daemon|postmaster|no-?reply|do-?not-?reply)@")


@dataclass(frozen=True)
class _Run:
    likeness: Literal["both", "subject", "sender"]
    labels: Sequence[TriageLabel]


def pattern(subject: str) -> str:
    """A subject as its like share it: without answer marks, numbers and dates as ``#``, in one case."""
    return _NUMBERS.sub("#", bare_subject(subject))


def from_machine(sender: str) -> bool:
    """Whether an address belongs to a program: its mail is never routed without a person."""
    return _MACHINE.match(sender.strip().lower()) is not None


def taught(
    suggestion: Suggestion, sender: str, subject: str, labels: Iterable[TriageLabel], lines: Collection[str]
) -> Suggestion:
    """The suggestion with what people decided of requests like it; itself where they decided nothing.

    ``labels`` are the client's, newest first. Labels of sender and subject together win over the engine; weaker ones
    speak only where the engine is not sure. A message that the engine finds most urgent stays so."""
    run = _run(sender, subject, [one for one in labels if one.service_line in lines])
    if run is None or (run.likeness != "both" and suggestion.decision == "auto"):
        return suggestion
    last, times = run.labels[0], len(run.labels)
    agreed = last.service_line == suggestion.service_line
    belief = (Decimal(times + 1) / Decimal(times + 2)).quantize(Decimal("0.0001"))
    alone = (times >= ALONE and not from_machine(sender)) or (agreed and suggestion.decision == "auto")
    said = last.ticket_type if last.ticket_type != "general" else ""
    return replace(
        suggestion,
        service_line=last.service_line,
        ticket_type=said or (suggestion.ticket_type if agreed else "general"),
        priority=_priority(suggestion.priority, run),
        confidence=max(belief, suggestion.confidence) if agreed else belief,
        decision="auto" if alone else "review",
        learnt=Learnt(times, run.likeness, suggestion.service_line),
    )


def _run(sender: str, subject: str, labels: Sequence[TriageLabel]) -> _Run | None:
    address, shape = sender.strip().casefold(), pattern(subject)
    telling = len(_WORD.findall(shape)) >= _TELLING_WORDS

    def by(one: TriageLabel) -> bool:
        return bool(address) and one.sender.strip().casefold() == address

    def about(one: TriageLabel) -> bool:
        return bool(shape) and pattern(one.subject) == shape

    if found := _newest(labels, lambda one: by(one) and about(one)):
        return _Run("both", found)
    if telling and len(found := _newest(labels, about)) >= _LOOSE:
        return _Run("subject", found)
    if len(found := _newest(labels, by)) >= _LOOSE:
        return _Run("sender", found)
    return None


def _newest(labels: Iterable[TriageLabel], like: Callable[[TriageLabel], bool]) -> Sequence[TriageLabel]:
    """The unbroken run of the newest equal decisions; of each request only the last word."""
    seen: dict[UUID, TriageLabel] = {}
    for one in labels:
        if like(one):
            seen.setdefault(one.ticket_id, one)
    found = list(seen.values())
    return list(takewhile(lambda one: one.service_line == found[0].service_line, found))


def _priority(engines: str, run: _Run) -> str:
    given = {one.priority for one in run.labels}
    if run.likeness != "both" or engines == "P1" or len(given) != 1:
        return engines
    return given.pop() or engines
