"""What a card of an act of AI tells beside what it did and how sure it was: what it was read from, what it cost, whether
it can still be undone and until when, and on whom its decision waits. All of it from what is kept; nothing is guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from api.portal.catalogue import Texts
from api.portal.formats import Formats, decimal_of
from schemas.requests import EventView, MessageView
from ticketos.domain import resorting
from ticketos.domain.state import OPEN_STATES

AnyRow = Mapping[str, Any]
_SHOWN = 4
_EXCERPT = 160
LOCAL = frozenset({"pdfium", "rapidocr", "tesseract", "none"})
"""Engines of the reader that run in this house; several stand with a plus between them."""
_LOCAL_KINDS = ("rules-", "xml:")
DECIDES = frozenset({"triage", "keying", "rework", "qa_review"})
"""Kinds of task by which a person decides on what AI did."""


@dataclass(frozen=True)
class Evidence:
    """What an act was read from: in words, and where it is; no address for whoever may not go there."""

    text: str
    href: str


@dataclass(frozen=True)
class Decision:
    """On whom an act's decision waits and until when; ``task`` is what may be handed to somebody else."""

    task: UUID
    who: str
    until: datetime | None


@dataclass(frozen=True)
class Card:
    """The rest of the card."""

    evidence: tuple[Evidence, ...] = ()
    cost: str = ""
    undo: str = ""
    undo_until: datetime | None = None
    decision: Decision | None = None
    outside: tuple[str, ...] = ()
    """What a model outside had to do with it, sentence by sentence."""


def is_local(engine: str) -> bool:
    """Whether an engine runs here, and so costs nothing by the act."""
    return all(one in LOCAL or one.startswith(_LOCAL_KINDS) for one in engine.split("+"))


class Cards:
    """Makes the cards of one request. ``reopen_days``: how long its contract lets it be opened again; ``opens``: whether
    the viewer may open its documents."""

    def __init__(
        self,
        t: Texts,
        f: Formats,
        root: AnyRow,
        *,
        documents: Sequence[AnyRow],
        tasks: Sequence[AnyRow],
        approvals: Sequence[AnyRow],
        messages: Sequence[MessageView],
        people: Mapping[UUID, str],
        reopen_days: int,
        opens: bool = True,
    ) -> None:
        self._t, self._f, self._root, self._people = t, f, root, people
        self._documents = {one["id"]: one for one in documents}
        self._tasks, self._approvals, self._messages = tasks, approvals, messages
        self._reopen_days, self._opens = reopen_days, opens

    def of(self, event: EventView, document: UUID | None) -> Card:
        """The card of an act: a reading where there is a document, else a classification."""
        after = event.after or {}
        cost = self._cost(after)
        if event.event == "document.read":
            row = self._documents.get(document) if document else None
            if row is None:
                return Card(cost=cost, outside=self._outside(after))
            undo, until = self._undo_reading(row)
            decision = self._decision(row["id"])
            return Card(self._fields(row, after), cost, undo, until, decision, self._outside(after))
        waits = self._decision(None)
        undo = self._t("ticket.ai.undo_open" if waits else self._undo_sorting(event.event))
        return Card(self._words(event.at), cost, undo, waits.until if waits else None, waits)

    def _undo_sorting(self, event: str) -> str:
        """Whether the request can go to another line now (a key of the catalogue)."""
        root = self._root
        if event != "ticket.triaged" or root["state"] not in OPEN_STATES:
            return "ticket.ai.undo_sorted"
        open_ = [(one["kind"], one["created_at"], one["assigned_at"]) for one in self._tasks]
        blocked = resorting.in_the_way(root["stage"], root["life"], root["round"], open_)
        words = {None: "undo_sort", resorting.BEGUN: "undo_begun"}
        return f"ticket.ai.{words.get(blocked, 'undo_sorted')}"

    def _cost(self, after: Mapping[str, Any]) -> str:
        said, engine = after.get("cost"), str(after.get("engine") or "?")
        if (opinion := after.get("opinion")) is not None:
            said = {"amount": opinion.get("cost", 0), "currency": opinion.get("currency")}
        amount = decimal_of(said.get("amount") if isinstance(said, Mapping) else said)
        if not amount and is_local(engine):
            return self._t("ticket.ai.cost_none")
        if amount is None:
            return self._t("ticket.ai.cost_unknown")
        return self._f.amount(amount, str(said.get("currency") or "") if isinstance(said, Mapping) else "")

    def _outside(self, after: Mapping[str, Any]) -> tuple[str, ...]:
        """A model's part in a reading: what it agreed on, where it differed, or why it said nothing."""
        opinion = after.get("opinion")
        if opinion is None:
            return ()
        t = self._t
        if opinion.get("outcome") != "answered":
            why = f"outside.{opinion.get('outcome')}"
            return (t("ticket.ai.outside_silent", why=t(why) if t.has(why) else opinion.get("words", "")),)
        told = [t("ticket.ai.outside", model=opinion.get("model"), endpoint=opinion.get("endpoint"))]
        for part in ("agreed", "differs", "added", "not_printed"):
            if names := opinion.get(part):
                fields = ", ".join(t.word("field", name) for name in names)
                told.append(t(f"ticket.ai.outside_{part}", fields=fields))
        if withheld := sum((opinion.get("redacted") or {}).values()):
            told.append(t("ticket.ai.outside_withheld", n=withheld))
        return tuple(told)

    def _fields(self, row: AnyRow, after: Mapping[str, Any]) -> tuple[Evidence, ...]:
        """The fields that stopped it, else those it was least sure of, each with its page and box."""
        placed = {
            name: one for name, one in (row["fields"] or {}).items() if one.get("page") and one.get("box")
        }
        stopped = [str(one).removeprefix("field:") for one in after.get("blocked_by") or ()]
        doubted = sorted(placed, key=lambda name: decimal_of(placed[name].get("confidence")) or Decimal(0))
        names = [name for name in stopped if name in placed] or doubted
        here = f"/documents/{row['id']}" if self._opens else ""
        found = [
            Evidence(
                self._t("ticket.ai.on_page", field=self._t.word("field", name), page=placed[name]["page"]),
                here and f"{here}#field-{name}",
            )
            for name in names[:_SHOWN]
        ]
        return tuple(found) or (Evidence(str(row["filename"]), here),)

    def _words(self, at: datetime) -> tuple[Evidence, ...]:
        """The client's words that were there when it was classified: the last message that had come in."""
        came = [one for one in self._messages if one.direction == "in" and one.received_at <= at]
        if not came:
            return ()
        last = max(came, key=lambda one: one.received_at)
        words = " ".join(f"{last.subject} {last.body}".split())
        short = words if len(words) <= _EXCERPT else f"{words[:_EXCERPT].rsplit(' ', 1)[0]} …"
        return (Evidence(f"“{short}”", f"/tickets/{self._root['id']}#message-{last.id}"),)

    def _undo_reading(self, row: AnyRow) -> tuple[str, datetime | None]:
        """Whether what came of a reading can be undone, in words, and until when."""
        t = self._t
        if row["state"] in ("rejected", "quarantined", "split"):
            return t("ticket.ai.undo_nothing"), None
        if waits := self._decision(row["id"]):
            return t("ticket.ai.undo_open"), waits.until
        if row["approval"] != "accepted":
            open_ = next((one for one in self._approvals if one["state"] == "open"), None)
            return t("ticket.ai.undo_client"), open_["deemed_at"] if open_ else None
        closed = self._root["closed_at"]
        if closed is None or self._root["state"] != "closed":
            return t("ticket.ai.undo_reopen_later", n=self._reopen_days), None
        last = closed + timedelta(days=self._reopen_days)
        if self._reopen_days and self._f.now <= last:
            return t("ticket.ai.undo_reopen"), last
        return t("ticket.ai.undo_over"), None

    def _decision(self, document: UUID | None) -> Decision | None:
        """The open task that decides it: of the document, or of the classification (None)."""
        for one in self._tasks:
            kinds = frozenset({"triage"}) if document is None else DECIDES - {"triage"}
            if one["kind"] not in kinds or (document is not None and one["subject_id"] != document):
                continue
            who = self._t("ticket.queue")
            if one["assigned_to"]:
                who = self._people.get(one["assigned_to"], self._t("work.somebody"))
            return Decision(one["id"], who, one["due_at"])
        return None
