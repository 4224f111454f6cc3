"""A ticket's workflows without Temporal: the same steps in the same order, one at a time, so that a test may act between
any two of them. The steps are the real activities over the in-memory store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.following import name_of
from activities.lines.line import LinePorts
from schemas.acts import ActorRef
from schemas.ticket import ActCommand, DocumentCommand, StageCommand, StageVerdict
from tests.support.memory import MemoryStore
from tests.support.running import NoFiles
from ticketos.domain import reopen
from ticketos.domain.ports import StepKey
from ticketos.domain.state import Actor
from workers.wiring import line_work, ticket_activities

ATTEMPTS = 3
"""An error that is not ours to retry becomes final at this attempt."""


@dataclass(frozen=True)
class Call:
    """A step about to be run; ``command`` makes it the same step when it is run again."""

    name: str
    command: Any


@dataclass(frozen=True)
class Wait:
    """The flow goes on when this holds."""

    until: Callable[[], bool]


Flow = Generator[Call | Wait, StageVerdict | None, str]


class Lifecycle:
    """Ticket workflow, line workflow and deadline of one ticket."""

    def __init__(
        self, store: MemoryStore, ticket_id: UUID, client_id: UUID, reader: Any, triage: Any
    ) -> None:
        self.store, self.ticket_id, self.client_id = store, ticket_id, client_id
        lines = line_work(LinePorts(store, NoFiles(), reader, lambda _: None))
        offered: tuple[Any, ...] = (
            *ticket_activities(store, triage, lines),
            *(one for line in lines for one in line.documents),
        )
        self.activities: Mapping[str, Callable[..., Any]] = {name_of(a): a for a in offered}
        self.life, self.round = 1, 0
        self.retries = self._looked = 0
        self._begin()

    def _begin(self) -> None:
        self.paused = self.cancelled = False
        self.next_at: datetime | None = None
        self.triaged = self.released = self.lead = 0
        self.decision: str | None = None
        self.fresh = False
        """Files came after the version that was decided on."""
        self.people = self.reviews = 0
        self.result: str | None = None
        self.last: Call | None = None
        self.late: Call | None = None
        self._flow = self._master()
        self._at: Call | Wait = next(self._flow)

    # --- running --------------------------------------------------------------------------------------------------

    @property
    def due(self) -> Call | None:
        """The step that would run now, or None while the flow waits or has ended."""
        while self.result is None and isinstance(self._at, Wait) and self._at.until():
            self._send(None)
        return self._at if self.result is None and isinstance(self._at, Call) else None

    def advance(self) -> tuple[Call, StageVerdict | ApplicationError]:
        """Run the step that is due; a failure turns the ticket to needs attention, as the workflow does."""
        call = self.due
        assert call is not None
        answer = self.run(call)
        self.last = call if isinstance(answer, StageVerdict) else None
        self._send(answer)
        return call, answer

    def run(self, call: Call) -> StageVerdict | ApplicationError:
        """One step, as an activity that has come to its last attempt."""
        environment = ActivityEnvironment()
        environment.info = replace(environment.info, attempt=ATTEMPTS)
        try:
            answer = environment.run(self.activities[call.name], call.command)
            verdict: StageVerdict = asyncio.run(answer) if asyncio.iscoroutine(answer) else answer
        except ApplicationError as error:
            return error
        return verdict

    def _send(self, answer: StageVerdict | ApplicationError | None) -> None:
        try:
            self._at = self._flow.send(answer)  # type: ignore[arg-type]
        except StopIteration as ended:
            self.result = str(ended.value)

    # --- the master flow, as workflows/ticket.py has it -----------------------------------------------------------

    def _master(self) -> Flow:
        yield from self._running()
        yield from self._timed("intake.enter")
        yield from self._running()
        if (yield from self._step("triage.enter")).outcome == "ask":
            yield Wait(lambda: self.triaged > 0)
        yield from self._running()
        looks = parked = 0
        while (outcome := (yield from self._timed("contract.enter", str(looks or ""))).outcome) != "covered":
            looks += 1
            if outcome == "parked":
                parked += 1
                yield Wait(lambda: self.released >= parked)
            yield from self._running()
        yield from self._running()
        self.works = str((yield from self._timed("assignment.enter")).facts["workflow"])
        settled = False
        while True:
            if not settled:
                yield from self._delivery(self.works)
            if (yield from self._quality()) and (yield from self._approval()):
                break
            settled = yield from self._rework()
        yield from self._running()
        yield from self._step("billing.record")
        yield from self._running()
        outcome = (yield from self._step("closure.close")).outcome
        self.next_at = None
        return outcome

    def _delivery(self, works: str) -> Generator[Call | Wait, StageVerdict | None, None]:
        yield from self._running()
        yield from self._step("delivery.begin")
        yield from self._data_entry() if works == "DataEntry" else self._by_hand()
        yield from self._running()
        yield from self._step("delivery.finish")

    def _data_entry(self) -> Generator[Call | Wait, StageVerdict | None, None]:
        if self.round:
            self.people = (yield from self._step("data_entry.rework")).facts["people"]
        plans = 0
        while True:
            plans += 1
            plan = yield from self._step("data_entry.plan", f"0.{plans}")
            self.people = plan.facts["people"]
            if not plan.facts["read"]:
                break
            for document in plan.facts["read"]:
                yield from self._step("data_entry.read", str(document))
        yield Wait(lambda: self.people <= 0)
        chunk = 0
        while (yield from self._step("data_entry.post", f"0.{chunk}")).facts["remaining"]:
            chunk += 1

    def _by_hand(self) -> Generator[Call | Wait, StageVerdict | None, None]:
        self.people = (yield from self._step("manual.open")).facts["people"]
        yield Wait(lambda: self.people <= 0)

    def _quality(self) -> Generator[Call | Wait, StageVerdict | None, bool]:
        yield from self._running()
        verdict = yield from self._step("quality.inspect")
        if verdict.outcome == "inspect":
            self.reviews = verdict.facts["remaining"]
            yield Wait(lambda: self.reviews <= 0)
        return (yield from self._step("quality.conclude")).outcome == "passed"

    def _approval(self) -> Generator[Call | Wait, StageVerdict | None, bool]:
        yield from self._running()
        self.decision = None
        offer = yield from self._timed("approval.offer")
        if offer.outcome == "accepted":
            return not offer.facts.get("fresh")
        yield Wait(lambda: self.decision is not None)
        return self.decision == "accepted" and not self.fresh

    def _rework(self) -> Generator[Call | Wait, StageVerdict | None, bool]:
        verdict = yield from self._step("rework.begin")
        while verdict.outcome == "escalated":
            seen = self.lead
            yield Wait(lambda: self.lead > seen)
            verdict = yield from self._step("rework.begin", f"after-lead-{self.lead}")
        self.round = int(verdict.facts["round"])
        self.works = str(verdict.facts.get("workflow", self.works))
        return verdict.outcome == "settled"

    def _running(self) -> Generator[Call | Wait, StageVerdict | None, None]:
        yield Wait(lambda: not self.paused)

    def _timed(
        self, name: str, subject: str = ""
    ) -> Generator[Call | Wait, StageVerdict | None, StageVerdict]:
        verdict = yield from self._step(name, subject)
        if not self.paused:
            self.next_at = verdict.next_at
        return verdict

    def _step(
        self, name: str, subject: str = ""
    ) -> Generator[Call | Wait, StageVerdict | None, StageVerdict]:
        command = self.document(subject) if name == "data_entry.read" else self.command(subject)
        while True:
            answer = yield Call(name, command)
            if isinstance(answer, StageVerdict):
                return answer
            self._looked += 1
            seen = self.retries
            yield Call(
                "ticket.attention",
                self.command(
                    f"{name}:{self._looked}",
                    reason=str(answer),
                    facts={"step": name, "workflow": f"ticket/{self.ticket_id}"},
                ),
            )
            yield Wait(lambda: self.retries > seen)

    # --- people and time ------------------------------------------------------------------------------------------

    def act(
        self,
        kind: str,
        key: str,
        actor: ActorRef,
        payload: Mapping[str, Any],
        task_id: UUID | None = None,
        version: int | None = None,
    ) -> StageVerdict:
        """An act, recorded, and what the workflow does with it."""
        name = {"complete_task": "task.complete", "decide_approval": "approval.decide"}.get(
            kind, "ticket.act"
        )
        verdict = self.run(Call(name, self.act_command(kind, key, actor, payload, task_id, version)))
        assert isinstance(verdict, StageVerdict), verdict
        match verdict.outcome, verdict.facts.get("kind"):
            case "refused", _:
                pass
            case "paused", _:
                self.paused, self.next_at = True, verdict.next_at
            case "resumed", _:
                self.paused, self.next_at = False, verdict.next_at
            case "cancelled", _:
                self.late = self._at if isinstance(self._at, Call) else None
                self.cancelled, self.result = True, "cancelled"
            case "priority_changed", _:
                self.next_at = verdict.next_at
            case "retried", _:
                self.retries += 1
            case (("accepted" | "returned"), None):
                self.decision, self.next_at = verdict.outcome, verdict.next_at
                self.fresh = bool(verdict.facts.get("fresh"))
            case _, "triage":
                self.triaged += 1
            case _, "contract":
                self.released += 1
            case _, "escalation":
                self.lead += 1
            case _, "qa_review":
                self.reviews = int(verdict.facts["remaining"])
            case _, ("keying" | "rework" | "work"):
                self.people = int(verdict.facts["people"])
        return verdict

    def tick(self) -> list[str]:
        """Let the moving timer fire as often as it would by now; the outcomes."""
        outcomes: list[str] = []
        while self.result is None and self.next_at is not None and self.next_at <= self.store.now():
            due = self.next_at
            verdict = self.run(Call("deadline.tick", self.command(due.isoformat())))
            assert isinstance(verdict, StageVerdict), verdict
            outcomes.append(verdict.outcome)
            floor = self.store.now() + timedelta(seconds=1)
            self.next_at = max(verdict.next_at, floor) if verdict.next_at else None
            if verdict.outcome == "deemed":
                lapsed = self.run(Call("approval.lapse", self.command(f"lapse:{due.isoformat()}")))
                if (
                    isinstance(lapsed, StageVerdict)
                    and lapsed.outcome == "accepted"
                    and self.decision is None
                ):
                    self.decision, self.fresh = "accepted", bool(lapsed.facts.get("fresh"))
                elif isinstance(lapsed, StageVerdict) and lapsed.next_at is not None:
                    self.next_at = min(filter(None, (self.next_at, max(lapsed.next_at, floor))))
            elif verdict.outcome == "resume":
                outcomes.append(
                    self.act("resume", f"pause-limit:{due.isoformat()}", ActorRef(kind="system"), {}).outcome
                )
        return outcomes

    def reopen(self, actor: Actor, reason: str) -> None:
        """Begin the ticket's next life, as the API does; raises ``DomainError`` where that is refused."""
        key = StepKey(self.ticket_id, self.life, "reopen")
        with self.store.step(key, self.client_id, actor) as step:
            verdict = reopen.decide(step.ticket(), actor, reason, step.now)
            step.apply(verdict.changes)
        self.life, self.round = int(verdict.facts["life"]), 0
        self._begin()

    # --- commands -------------------------------------------------------------------------------------------------

    def command(
        self, subject: str = "", reason: str = "", facts: Mapping[str, Any] | None = None
    ) -> StageCommand:
        """A stage's command for this life and round."""
        return StageCommand(
            ticket_id=self.ticket_id,
            client_id=self.client_id,
            life=self.life,
            round=self.round,
            subject=subject,
            reason=reason,
            facts=dict(facts or {}),
        )

    def document(self, document_id: str) -> DocumentCommand:
        """The command that reads one document."""
        return DocumentCommand(
            ticket_id=self.ticket_id,
            client_id=self.client_id,
            document_id=UUID(document_id),
            life=self.life,
            round=self.round,
        )

    def act_command(
        self,
        kind: str,
        key: str,
        actor: ActorRef,
        payload: Mapping[str, Any],
        task_id: UUID | None,
        version: int | None,
    ) -> ActCommand:
        """The command that records an act."""
        return ActCommand(
            ticket_id=self.ticket_id,
            client_id=self.client_id,
            life=self.life,
            round=self.round,
            kind=kind,
            key=key,
            actor=actor,
            payload=dict(payload),
            task_id=task_id,
            version=version,
        )
