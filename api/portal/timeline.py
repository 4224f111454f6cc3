"""One stream of everything that happened to a request: messages, acts of people and of AI, documents, money.

Pure: it takes what the API would give and makes entries a page can show. What is of little interest is folded
together; what failed stands out; an act of AI says what, why and how sure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from api.portal.ai_card import Card, Cards
from api.portal.asked import asked_in_words, blocked_in_words, still_blocked
from api.portal.catalogue import Texts
from api.portal.formats import Formats, decimal_of
from schemas.requests import EventView, MessageView

Group = Literal["talk", "work", "ai", "money", "trail"]
GROUPS: tuple[Group, ...] = ("talk", "work", "ai", "money", "trail")

LOW = frozenset(
    {
        "document.received",
        "document.downloaded",
        "task.opened",
        "task.completed",
        "task.cancelled",
        "task.assigned",
        "mail.queued",
        "mail.sent",
        "clock.warning",
        "journal.posted",
        "usage.recorded",
        "quality.level_1",
        "survey.asked",
        "ticket.assigned",
        "ticket.contract_checked",
        "access.decoded",
    }
)
"""Events that matter to whoever looks for them, and are folded for everybody else."""

FAILED = frozenset(
    {
        "ticket.parked",
        "ticket.needs_attention",
        "ticket.rework_escalated",
        "ticket.returned",
        "ticket.approval_unreached",
        "ticket.cancelled",
        "clock.breached",
        "clock.escalated",
        "document.quarantined",
        "document.password_missing",
        "document.rejected",
        "document.duplicate",
        "defect.opened",
        "mail.failed",
        "access.refused",
        "reconciliation.difference",
    }
)
_ICONS: tuple[tuple[str, str], ...] = (
    ("ticket.received", "inbox"),
    ("ticket.reply", "mail"),
    ("ticket.paused", "pause"),
    ("ticket.resumed", "play"),
    ("ticket.cancelled", "stop"),
    ("ticket.linked", "link"),
    ("ticket.retried", "retry"),
    ("ticket.approv", "check-circle"),
    ("ticket.", "ticket"),
    ("clock.", "clock"),
    ("document.", "document"),
    ("quality.", "quality"),
    ("defect.", "alert"),
    ("task.", "tasks"),
    ("ai.", "robot"),
    ("survey.", "star"),
    ("mail.", "mail"),
    ("usage.", "money"),
    ("invoice.", "money"),
    ("journal.", "money"),
    ("access.", "lock"),
)
_WRITTEN = frozenset({"ticket.replied", "ticket.noted"})
_SAID = _WRITTEN | {"ticket.reply_received"}
"""Events whose message stands in the stream itself."""
_CODES = {"ticket_type": "type", "template": "template", "sentiment": "sentiment", "team": "line"}
"""Facts whose values are codes of open lists, and the list of their words: written as words, known or not."""
_HIDDEN = frozenset(
    {"document", "defect", "version", "journal", "act", "act_kind", "seed", "outcome", "of", "act_seq"}
)
"""Facts that are ids for machines; the entry links to what they mean."""


_OF_AI = frozenset(
    {
        *("top", "suggested", "suggestion", "label", "learnt", "blocked_by", "engine", "confidence"),
        *("mode", "asked", "accountable", "cost"),
    }
)
"""Facts that the card of an act of AI tells."""
_NOT_WHEN_ZERO = frozenset({"round", "rounds"})
"""Counts that say nothing while they are zero: the first pass is no round of rework."""


@dataclass(frozen=True)
class AiAct:
    """What AI did: engine, how sure, why, the alternatives it saw, and what people made of it."""

    engine: str
    confidence: Decimal | None
    top: tuple[tuple[str, Decimal], ...] = ()
    why: tuple[str, ...] = ()
    verdict: str = ""
    event: int = 0
    judged: str = ""
    """What people made of it: approved, corrected, or nothing yet."""
    todo: str | None = None
    """Where it is corrected by doing an open task; None when it is kept as a correction alone."""
    classified: bool = False
    alone: bool = False
    """A classification that counted without a person's word: it can be corrected for this request itself."""
    learnt: str = ""
    """That people decided so before, where that is why."""
    accountable: str = ""
    """Who answers for it by the contract, as it was when AI acted."""
    card: Card = field(default_factory=Card)
    """What it was read from, its cost, whether it can be undone, on whom it waits."""


@dataclass(frozen=True)
class Entry:
    """One line of the stream."""

    at: datetime
    title: str
    icon: str
    group: Group
    who: str = ""
    failed: bool = False
    low: bool = False
    why: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    ai: AiAct | None = None
    body: str = ""
    direction: str = ""
    document_id: UUID | None = None
    seq: int = 0
    anchor: str = ""
    """What an address may name it by."""


@dataclass(frozen=True)
class Fold:
    """Lines of little interest, folded together."""

    entries: list[Entry] = field(default_factory=list)


class Timeline:
    """Makes the stream for one viewer."""

    def __init__(
        self,
        t: Texts,
        f: Formats,
        people: Mapping[UUID, str],
        documents: Mapping[UUID, str],
        judged: Mapping[str, str] | None = None,
        todo: Mapping[UUID | None, str] | None = None,
        cards: Cards | None = None,
    ) -> None:
        """``judged``: event of AI → what people made of it; ``todo``: document, or None for the classification → the
        open task that decides it."""
        self._t, self._f = t, f
        self._people, self._documents = people, documents
        self._judged, self._todo = judged or {}, todo or {}
        self._cards = cards

    def entries(
        self,
        events: Sequence[EventView],
        messages: Sequence[MessageView],
        *,
        group: str = "",
        newest_first: bool,
    ) -> list[Entry]:
        """Everything in one order; ``group`` leaves one kind of line."""
        first = events[0].at if events else None
        lines = [self._event(event) for event in events]
        # A message is an event too; the message itself says more, and the event who wrote it.
        writers = {
            event.entity_id: line.who
            for line, event in zip(lines, events, strict=True)
            if event.event in _WRITTEN
        }
        lines = [line for line, event in zip(lines, events, strict=True) if event.event not in _SAID]
        lines += [
            self._message(one, writers.get(str(one.id), ""))
            for one in messages
            if first is None or one.received_at >= first or one is messages[0]
        ]
        if group in GROUPS:
            lines = [line for line in lines if line.group == group]
        return sorted(lines, key=lambda line: (line.at, line.seq), reverse=newest_first)

    def _event(self, event: EventView) -> Entry:
        t, after = self._t, event.after or {}
        document = uuid_of(after.get("document") or (event.entity_id if event.entity == "document" else None))
        return Entry(
            at=event.at,
            seq=event.seq,
            title=t.event(event.event),
            icon=next((mark for start, mark in _ICONS if event.event.startswith(start)), "dot"),
            group=_group(event),
            who=self._who(event),
            failed=event.event in FAILED or after.get("verdict") == "fail",
            low=event.event in LOW,
            why=_in_words(t, event.why),
            facts=self._facts(event, document),
            ai=self._ai(event, document),
            document_id=document,
        )

    def _message(self, message: MessageView, writer: str) -> Entry:
        t = self._t
        facts = [(t("ticket.subject"), message.subject)] if message.subject else []
        if message.direction == "out" and writer:
            left = "ticket.reply.sent" if message.sent_at else f"ticket.reply.{message.channel}"
            facts.append((t("ticket.reply.way"), t(left, to=message.recipient)))
        return Entry(
            at=message.received_at,
            title=t(f"ticket.message.{message.direction}")
            if t.has(f"ticket.message.{message.direction}")
            else t("ticket.message.note"),
            icon="flag" if message.direction == "note" else "mail",
            group="talk",
            who=writer or message.sender,
            body=message.body,
            direction=message.direction,
            facts=tuple(facts),
            anchor=f"message-{message.id}",
        )

    def _who(self, event: EventView) -> str:
        t, person = self._t, uuid_of(event.actor_id)
        if person is not None and person in self._people:
            return self._people[person]
        if event.actor_kind in ("user", "client") and person is None:
            return t("ticket.who.our_team") if event.actor_kind == "user" else t("ticket.who.client")
        key = f"ticket.who.{event.actor_kind}"
        return t(key) if t.has(key) else event.actor_kind

    def _facts(self, event: EventView, document: UUID | None) -> tuple[tuple[str, str], ...]:
        t = self._t
        found: list[tuple[str, str]] = []
        if document is not None and document in self._documents:
            found.append((t("ticket.document"), self._documents[document]))
        before, after = event.before or {}, event.after or {}
        for name in sorted({*before, *after} - _HIDDEN - _OF_AI):
            if name in _NOT_WHEN_ZERO and after.get(name) in (0, None) and before.get(name) in (0, None):
                continue
            new, old = self._value(name, after.get(name)), self._value(name, before.get(name))
            if name in before and name in after:
                found.append((t.word("fact", name), f"{old} → {new}"))
            elif shown := new or old:
                found.append((t.word("fact", name), shown))
        for name, value in (event.personal or {}).items():
            found.append((t.word("fact", name), str(value)))
        if event.personal_state == "erased":
            found.append((t("ticket.personal"), t("ticket.erased")))
        return tuple(found[:12])

    def _value(self, name: str, value: Any) -> str:
        if value is None or value == "" or isinstance(value, dict):
            return ""
        if isinstance(value, bool):
            return self._t("words.yes" if value else "words.no")
        if isinstance(value, list):
            return ", ".join(
                _in_words(self._t, str(one)) for one in value[:12] if not isinstance(one, dict | list)
            )
        person = uuid_of(value)
        if person is not None:
            return self._people.get(person, "")
        if name in _CODES:
            return self._t.word(_CODES[name], value)
        if name in ("period", "bill_period"):
            return self._f.month(str(value))
        for group in (name, "stage", "state", "line", "doc_type"):
            if self._t.has(f"words.{group}.{value}"):
                return self._t.word(group, value)
        try:
            return (
                str(self._f.full_text(datetime.fromisoformat(str(value))))
                if "T" in str(value)
                else str(value)
            )
        except ValueError:
            return str(value)

    def _not_alone(self, after: Mapping[str, Any], said: str) -> str:
        """Who decides instead of AI, and what the contract leaves it."""
        left = {"act with approval": "ticket.ai.prepared", "suggest": "ticket.ai.suggested"}.get(
            str(after.get("mode"))
        )
        return f"{self._t(said)} {self._t(left)}" if left else self._t(said)

    def _ai(self, event: EventView, document: UUID | None) -> AiAct | None:
        after = event.after or {}
        asked = after.get("asked") or ()
        if event.event in ("ticket.triaged", "ticket.triage_needed") and "engine" in after:
            chosen = after.get("by") == "ai"
            return AiAct(
                str(after["engine"]),
                decimal_of(after.get("confidence")),
                tuple(
                    (self._t.word("line", line), decimal_of(p) or Decimal(0))
                    for line, p in after.get("top") or ()
                ),
                why=asked_in_words(self._t, self._f, asked),
                verdict=self._t("ticket.ai.acted")
                if chosen
                else self._not_alone(after, "ticket.ai.escalated" if asked else "ticket.ai.asked")
                if "by" not in after
                else self._t("ticket.ai.agreed"),
                accountable=str(after.get("accountable") or ""),
                event=event.seq,
                judged=self._judged.get(str(event.id), "").removeprefix("ai."),
                todo=self._todo.get(None),
                classified=True,
                alone=event.event == "ticket.triaged",
                learnt=learnt_in_words(self._t, after),
                card=self._card(event, document),
            )
        if event.event == "document.read":
            straight = after.get("straight_through")
            return AiAct(
                str(after.get("engine") or "–"),
                decimal_of(after.get("confidence")),
                why=(
                    *still_blocked(self._t, after.get("blocked_by") or (), asked),
                    *asked_in_words(self._t, self._f, asked),
                ),
                verdict=self._t("ticket.ai.straight")
                if straight
                else self._not_alone(after, "ticket.ai.person"),
                accountable=str(after.get("accountable") or ""),
                event=event.seq,
                judged=self._judged.get(str(event.id), "").removeprefix("ai."),
                todo=self._todo.get(document),
                card=self._card(event, document),
            )
        return None

    def _card(self, event: EventView, document: UUID | None) -> Card:
        return self._cards.of(event, document) if self._cards is not None else Card()


def learnt_in_words(t: Texts, said: Mapping[str, Any]) -> str:
    """That a triage follows what people decided of requests like it; empty for one of the engine alone."""
    learnt = said.get("learnt")
    return t(f"ticket.learnt.{learnt['likeness']}", n=learnt["times"]) if learnt else ""


def folded(entries: Sequence[Entry]) -> Iterator[Entry | Fold]:
    """The stream with runs of two and more low lines folded together."""
    run: list[Entry] = []
    for entry in entries:
        if entry.low and not entry.failed:
            run.append(entry)
            continue
        yield from _settled(run)
        run = []
        yield entry
    yield from _settled(run)


def _settled(run: list[Entry]) -> Iterator[Entry | Fold]:
    if len(run) > 1:
        yield Fold(run)
    else:
        yield from run


def _group(event: EventView) -> Group:
    name, after = event.event, event.after or {}
    if (
        name == "document.read"
        or name.startswith("ai.")
        or (name.startswith("ticket.triage") and "engine" in after)
    ):
        return "ai"
    if name.startswith(("usage.", "invoice.", "journal.", "credit_note.", "payout.", "period.")) or name in (
        "document.posted",
        "document.unposted",
        "ticket.billed",
    ):
        return "money"
    if name.startswith(("access.", "seal.", "admin.")) or name == "document.downloaded":
        return "trail"
    if name.startswith(("mail.", "survey.")):
        return "talk"
    return "work"


def _in_words(t: Texts, text: str | None) -> str:
    """A reason: a code of ours in words, a person's words as they are."""
    if not text:
        return ""
    for group in ("reason", "check", "field"):
        if t.has(f"words.{group}.{text}"):
            return t.word(group, text)
    return blocked_in_words(t, text) if text.startswith(("field:", "check:")) else text


def uuid_of(value: object) -> UUID | None:
    """The id a text spells; None when it spells none."""
    try:
        return UUID(str(value)) if value else None
    except ValueError:
        return None
