"""One request over the in-memory store, with a clock of its own: a test says what people do, in the words they use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from schemas.acts import ActorRef
from tests.support.lifecycle import Lifecycle
from tests.support.memory import (
    CLIENT,
    START,
    MemoryStore,
    World,
    agent,
    contract,
    document,
    good_reading,
    ticket,
)
from tests.support.running import AGENT, BUYER, Readings, sure
from ticketos.domain.clock import Clock
from ticketos.domain.skills import Agent
from ticketos.domain.state import Actor, DocumentState, TaskState, TicketState

SIGNED = {"ai": {"straight_through": True}, "qa": {"sample_rate": "0"}, "survey": {"ask": False}}
TEAM = (agent(7, "data_entry"), agent(8, "qa"), agent(9, "lead"))
DEFECT = {"field": "result", "category": "not_done", "severity": "critical"}


class Request:
    """One data-entry request, with a clock of our own."""

    def __init__(
        self,
        files: int = 0,
        terms: Mapping[str, Any] = SIGNED,
        *,
        at: datetime = START,
        agents: Sequence[Agent] = TEAM,
        **weak: str,
    ) -> None:
        self.now = at
        request = ticket(100, documents_total=files, received_at=at)
        self.world = World(
            contracts=[contract(terms)],
            tickets={request.id: request},
            agents=list(agents),
        )
        self.readings = Readings({})
        self.store = MemoryStore(self.world, now=lambda: self.now)
        self.flow = Lifecycle(self.store, request.id, CLIENT, self.readings, sure)
        self.acts = 0
        for _ in range(files):
            self._file(**weak)
        self.go_on()

    def _file(self, **weak: str) -> DocumentState:
        n = len(self.world.documents)
        one = document(1_000 + n, self.row, position=n)
        self.readings.answers[one.filename] = good_reading(n, confidence=0.99, **weak)
        self.world.documents[one.id] = one
        return one

    def reply(self, **weak: str) -> DocumentState:
        """A reply brings a file; a person must look at its ``weak`` fields."""
        self.world.tickets[self.flow.ticket_id] = replace(
            self.row, documents_total=self.row.documents_total + 1
        )
        return self._file(**weak)

    def go_on(self) -> None:
        """Every step that is due; none of them fails."""
        while self.flow.due is not None:
            _, answer = self.flow.advance()
            assert not isinstance(answer, Exception), answer

    @property
    def row(self) -> TicketState:
        return self.world.tickets[self.flow.ticket_id]

    @property
    def work(self) -> Mapping[str, Any]:
        return dict(self.row.detail["work"])

    def task(self, kind: str) -> TaskState:
        (found,) = [t for t in self.world.tasks.values() if t.state == "open" and t.kind == kind]
        return found

    def act(self, kind: str, who: ActorRef, payload: Mapping[str, Any], task: TaskState | None = None) -> str:
        self.acts += 1
        verdict = self.flow.act(kind, f"act-{self.acts}", who, payload, task.id if task is not None else None)
        self.go_on()
        return verdict.code or verdict.outcome

    def finish(self, kind: str, who: ActorRef = AGENT, **result: Any) -> str:
        return self.act("complete_task", who, result, self.task(kind))

    def decide(self, decision: str, **more: Any) -> str:
        version = next(a.version for a in self.world.approvals.values() if a.state == "open")
        return self.act("decide_approval", BUYER, {"version": version, "decision": decision, **more})

    def reopen(self, why: str, **later: float) -> None:
        """The client opens it again, so much later."""
        self.now += timedelta(**later)
        self.flow.reopen(Actor("client", BUYER.id, frozenset(BUYER.roles)), why)
        self.go_on()

    def clock(self, kind: str) -> Clock:
        return self.world.clocks[self.row.id, self.row.life, kind].clock

    def defects(self) -> list[TicketState]:
        return [sub for sub in self.world.subs.values() if sub.kind == "defect"]

    def billed(self) -> list[str]:
        return sorted(u.unit_type for u in self.world.usage.values())
