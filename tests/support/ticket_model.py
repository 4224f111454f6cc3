"""The ticket's life cycle told a second time, small and without the product's code: what a test believes.

Units go received → keying or ready → posted, or leave as quarantined or rejected. Each step says what it should come to.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

PROGRESS = {
    "intake": 5,
    "triage": 10,
    "contract": 15,
    "assignment": 20,
    "delivery": 40,
    "quality": 55,
    "rework": 60,
    "approval": 75,
    "billing": 90,
    "closure": 100,
}
DEFAULT_PAUSE_S = 30 * 86_400


@dataclass(frozen=True)
class Agreement:
    """What the contract says, as far as the life cycle depends on it."""

    straight_through: bool
    sample_rate: int
    seed: str
    max_rounds: int
    sign_off: bool
    deemed_s: int
    pause_max_s: int


@dataclass
class Unit:
    """A document, or the work of a person, as the model sees it. ``kind``: clean, weak, bad."""

    id: str
    kind: str
    work: str = "received"
    quality: str = "pending"
    approval: str = "pending"
    round: int = 0
    worker: str | None = None
    times: int = 0
    """How often it came back in this life of the ticket."""
    life: int = 1
    """In which life of the ticket a person's work was done."""

    @property
    def delivered(self) -> bool:
        """Before the client, or to be."""
        return self.work == "posted" and self.approval != "accepted"

    @property
    def returning(self) -> bool:
        """Failed or returned."""
        return self.work == "posted" and (self.quality == "failed" or self.approval == "returned")


@dataclass
class Model:
    """One ticket."""

    agreed: Agreement
    units: list[Unit]
    sure: bool
    line: str
    covered: bool
    month_seed: str
    life: int = 1
    state: str = "open"
    stage: str = "intake"
    progress: int = 5
    round: int = 0
    priority: str = "P3"
    tasks: Counter[tuple[str, str]] = field(default_factory=Counter)
    billed: set[str] = field(default_factory=set)
    worked: Unit | None = None
    """What a person has delivered where the ticket itself is the unit."""
    attached: bool = False
    """The contract is known; until then its defaults apply."""
    chosen: bool = False
    """A person chose the priority; no engine changes it afterwards."""
    held: str = "open"
    granted: int = 0
    asked: list[Unit] = field(default_factory=list)
    """What a lead decides on."""
    offered: bool = False
    deemed_at: datetime | None = None
    clocks: set[str] = field(default_factory=set)
    paused_at: datetime | None = None
    closed_at: datetime | None = None

    @property
    def reads(self) -> bool:
        """Files are units of the work; on every other line the ticket is the unit."""
        return self.line == "data_entry"

    @property
    def judged(self) -> list[Unit]:
        """What passes quality and sign-off: the documents, and the ticket itself once a person worked on it."""
        return [*(self.units if self.reads else []), *([self.worked] if self.worked else [])]

    def by(self, unit_id: str) -> Unit:
        """The unit of that id; no id is the ticket itself."""
        if not unit_id:
            assert self.worked is not None
            return self.worked
        return next(u for u in self.units if u.id == unit_id)

    def enter(self, stage: str) -> None:
        """A stage begins; progress never falls."""
        self.stage, self.progress = stage, max(self.progress, PROGRESS[stage])

    # --- steps ----------------------------------------------------------------------------------------------------

    def step(self, name: str, subject: str, now: datetime) -> str:
        """What that step should come to."""
        if self.state in ("closed", "cancelled") and name not in ("data_entry.read", "ticket.attention"):
            return "refused"
        return str(getattr(self, name.replace(".", "_"))(subject, now))

    def intake_enter(self, _: str, __: datetime) -> str:
        self.enter("intake")
        self.clocks = {"first", "work"}
        return "received"

    def triage_enter(self, _: str, __: datetime) -> str:
        self.enter("triage")
        if self.sure or self.life > 1:
            self.priority = self.priority if self.chosen else "P3"
            return "decided"
        self.tasks["triage", ""] += 1
        return "ask"

    def contract_enter(self, _: str, __: datetime) -> str:
        if self.state == "paused":
            return "held"
        self.enter("contract")
        if self.covered:
            self.attached = True
            return "covered"
        self.state = "parked"
        self.tasks["contract", ""] += 1
        return "parked"

    def assignment_enter(self, _: str, __: datetime) -> str:
        self.enter("assignment")
        if self.units and self.reads:
            self._stop("first")
        return "assigned"

    def delivery_begin(self, _: str, __: datetime) -> str:
        self.enter("delivery")
        return "working"

    def data_entry_plan(self, _: str, __: datetime) -> str:
        return "planned"

    def data_entry_read(self, subject: str, _: datetime) -> str:
        unit = self.by(subject)
        if self.state in ("closed", "cancelled"):
            return "ended"
        if unit.kind == "bad":
            unit.work = "quarantined"
            return "quarantined"
        if unit.kind == "clean" and self.agreed.straight_through:
            unit.work = "ready"
            return "straight"
        unit.work = "keying"
        self.tasks["keying", unit.id] += 1
        return "keying"

    def data_entry_rework(self, _: str, __: datetime) -> str:
        for unit in self.units:
            if unit.work == "rework":
                self.tasks["rework", unit.id] += 1
        return "opened"

    def data_entry_post(self, _: str, __: datetime) -> str:
        for unit in self.units:
            if unit.work == "ready":
                unit.work, unit.quality = "posted", "pending"
        return "posted"

    def manual_open(self, _: str, __: datetime) -> str:
        self.tasks["work", ""] += 1
        return "opened"

    def delivery_finish(self, _: str, __: datetime) -> str:
        return "delivered"

    def quality_inspect(self, _: str, now: datetime) -> str:
        self.enter("quality")
        fresh = [u for u in self.judged if u.work == "posted" and u.quality == "pending"]
        short = [u for u in fresh if u is self.worked and u.kind == "weak"]
        for unit in short:
            unit.quality = "failed"
        fresh = [u for u in fresh if u not in short]
        drawn = self._drawn([u.id for u in fresh if u.round == 0])
        looked_at = [u for u in fresh if u.round or u.id in drawn]
        for unit in fresh:
            if unit in looked_at:
                self.tasks["qa_review", "" if unit is self.worked else unit.id] += 1
            else:
                unit.quality = "passed"
        return "inspect" if looked_at else "failed" if short else "passed"

    def _drawn(self, ids: list[str]) -> set[str]:
        """By score = HMAC(seed, id) below the rate; at least one where one is expected."""
        rate = self.agreed.sample_rate
        scores = {
            i: int.from_bytes(hmac.new(self.month_seed.encode(), i.encode(), hashlib.sha256).digest())
            for i in ids
        }
        drawn = {i for i, score in scores.items() if score * 100 < rate * 2**256}
        if not drawn and len(ids) * rate >= 100:
            drawn = {min(scores, key=lambda i: scores[i])}
        return drawn

    def quality_conclude(self, _: str, __: datetime) -> str:
        return "failed" if any(u.returning for u in self.judged) else "passed"

    def rework_begin(self, _: str, __: datetime) -> str:
        back = [u for u in self.judged if u.returning]
        back = [u for u in back if u is not self.worked] or back
        if not back:
            self.round += 1
            return "settled"
        self.enter("rework")
        over = [u for u in back if u.times >= self.agreed.max_rounds]
        if over and self.round + 1 > self.granted:
            self.asked = over
            self.tasks["escalation", ""] += 1
            return "escalated"
        self.round += 1
        for unit in back:
            unit.work, unit.quality, unit.approval, unit.round = "rework", "pending", "pending", self.round
            unit.times += 1
        return "rework"

    def approval_offer(self, _: str, now: datetime) -> str:
        self.enter("approval")
        self._stop("work")
        if not self.agreed.sign_off or not any(u.delivered for u in self.judged):
            self._accept()
            return "accepted"
        self.offered, self.deemed_at = True, now + timedelta(seconds=self.agreed.deemed_s)
        return "offered"

    def billing_record(self, _: str, __: datetime) -> str:
        self.enter("billing")
        self._bill()
        return "billed"

    def _bill(self) -> None:
        self.billed |= {
            "ticket" if u is self.worked else u.id
            for u in self.judged
            if u.approval == "accepted"
            and u.quality == "passed"
            and u.work == "posted"
            and not (u is self.worked and u.life > 1 and self.reads and self.units)
        }

    def closure_close(self, _: str, now: datetime) -> str:
        self.enter("closure")
        self.state, self.closed_at = "closed", now
        return "closed"

    def ticket_attention(self, _: str, __: datetime) -> str:
        if self.state not in ("needs_attention", "closed", "cancelled"):
            self.held, self.state = self.state, "needs_attention"
        return "attention"

    # --- people and time ------------------------------------------------------------------------------------------

    @property
    def ended(self) -> bool:
        """Closed or cancelled."""
        return self.state in ("closed", "cancelled")

    def may_work(self) -> str | None:
        """Why work on the ticket itself is refused, if it is."""
        if self.ended:
            return "ticket-cancelled" if self.state == "cancelled" else "ticket-closed"
        return "ticket-paused" if self.state == "paused" else None

    def pause(self, reason: str, now: datetime) -> str:
        if self.ended:
            return self.may_work() or ""
        if self.state != "open":
            return "already-paused" if self.state == "paused" else "not-pausable"
        if not reason:
            return "reason-missing"
        self.state, self.paused_at = "paused", now
        return "paused"

    @property
    def paused(self) -> bool:
        """Also beneath a step that failed."""
        return self.state == "paused" or (self.state == "needs_attention" and self.held == "paused")

    def resume(self, now: datetime) -> str:
        if self.ended:
            return self.may_work() or ""
        if not self.paused:
            return "not-paused"
        if self.state == "paused":
            self.state = "open"
        else:
            self.held = "open"
        if self.deemed_at is not None and self.offered and self.paused_at is not None:
            self.deemed_at += now - self.paused_at
        self.paused_at = None
        return "resumed"

    def cancel(self, reason: str) -> str:
        if self.ended:
            return self.may_work() or ""
        if self.stage in ("billing", "closure"):
            return "too-late-to-cancel"
        if not reason:
            return "reason-missing"
        self.state = "cancelled"
        self.tasks.clear()
        self._bill()
        return "cancelled"

    def change_priority(self, priority: str) -> str:
        if self.ended:
            return self.may_work() or ""
        if priority == self.priority:
            return "priority-unchanged"
        self.priority, self.chosen = priority, True
        return "priority_changed"

    def retry(self) -> str:
        if self.state != "needs_attention":
            return "nothing-to-retry"
        self.state = self.held
        return "retried"

    def decide(self, kind: str, current: bool, returned: set[str], reason: str) -> str:
        if (refused := self.may_work()) is not None:
            return refused
        if not self.offered:
            return "approval-not-open"
        if not current:
            return "version-stale"
        units = {u.id for u in self.judged if u.delivered}
        back = units if kind == "return" else returned & units if kind == "partial" else set()
        if back and not reason:
            return "reason-missing"
        self.offered, self.deemed_at = False, None
        for unit in self.judged:
            if unit.id in back:
                unit.approval = "returned"
        self._accept(back)
        if back:
            self.clocks.add("work")
        return "returned" if back else "accepted"

    def lapse(self, now: datetime) -> bool:
        """Silence has become acceptance; never while the ticket is paused."""
        if self.ended or self.paused or not self.offered or self.deemed_at is None or now < self.deemed_at:
            return False
        self.offered, self.deemed_at = False, None
        self._accept()
        return True

    def pause_over(self, now: datetime) -> bool:
        """The longest pause has passed."""
        limit = timedelta(seconds=self.agreed.pause_max_s if self.attached else DEFAULT_PAUSE_S)
        if not self.ended and self.paused and self.paused_at is not None and now >= self.paused_at + limit:
            self.resume(now)
            return True
        return False

    def close_task(self, kind: str, unit_id: str) -> None:
        """A person finished it."""
        self.tasks[kind, unit_id] -= 1
        self.tasks += Counter()

    def lead(self, decision: str) -> None:
        """Again, or out."""
        if decision == "again":
            self.granted = self.round + 1
            return
        for unit in self.asked:
            if unit.returning:
                unit.work, unit.approval = "rejected", "rejected"

    def reopen(self) -> None:
        """The next life."""
        self.life += 1
        self.state, self.stage, self.progress, self.round = "open", "intake", 5, 0
        self.clocks, self.paused_at, self.granted = set(), None, 0
        for unit in self.judged:
            unit.times = 0

    def _stop(self, clock: str) -> None:
        self.clocks.discard(clock)

    def _accept(self, but: set[str] | None = None) -> None:
        for unit in self.judged:
            if unit.delivered and unit.id not in (but or ()):
                unit.approval = "accepted"
