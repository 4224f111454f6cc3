"""A request of a line that reads documents, worked by a person: what was delivered stays a unit when files come later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

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
from tests.support.running import AGENT, BUYER, REVIEWER, Readings, sure
from ticketos.domain import handwork, quality, rework
from ticketos.domain.changes import SetDocument, Verdict
from ticketos.domain.state import Actor, DocumentState, TaskState, TicketState
from ticketos.domain.terms import ReworkTerms

SIGNED = {"ai": {"straight_through": True}, "qa": {"sample_rate": "0"}, "survey": {"ask": False}}
DEFECT = {"field": "result", "category": "not_done", "severity": "critical"}


class Request:
    """One data-entry request, with a clock of our own."""

    def __init__(self, files: int = 0, terms: Mapping[str, Any] = SIGNED) -> None:
        self.now = START
        request = ticket(100, documents_total=files)
        self.world = World(
            contracts=[contract(terms)],
            tickets={request.id: request},
            agents=[agent(7, "data_entry"), agent(8, "qa"), agent(9, "lead")],
        )
        self.readings = Readings({})
        self.store = MemoryStore(self.world, now=lambda: self.now)
        self.flow = Lifecycle(self.store, request.id, CLIENT, self.readings, sure)
        self.acts = 0
        for _ in range(files):
            self._file()
        self.go_on()

    def _file(self) -> DocumentState:
        n = len(self.world.documents)
        one = document(1_000 + n, self.row, position=n)
        self.readings.answers[one.filename] = good_reading(n)
        self.world.documents[one.id] = one
        return one

    def reply(self) -> DocumentState:
        """A reply brings a file."""
        self.world.tickets[self.flow.ticket_id] = replace(
            self.row, documents_total=self.row.documents_total + 1
        )
        return self._file()

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

    def billed(self) -> list[str]:
        return sorted(u.unit_type for u in self.world.usage.values())


def test_what_the_client_accepts_is_billed_though_a_file_came_while_it_was_offered() -> None:
    request = Request()
    request.finish("work", note="called the supplier")
    paper = request.reply()
    assert request.decide("accept") == "accepted"
    assert (request.work["approval"], request.world.documents[paper.id].state) == ("accepted", "posted")
    assert request.decide("accept") == "accepted", "the file that came has a round of its own"
    assert request.row.state == "closed"
    assert request.billed() == ["document", "ticket"]


def test_a_review_that_fails_counts_though_a_file_came_meanwhile() -> None:
    request = Request(terms={**SIGNED, "qa": {"sample_rate": "1"}})
    request.finish("work", note="called the supplier")
    request.reply()
    assert request.finish("qa_review", REVIEWER, verdict="fail", defects=[DEFECT]) == "fail"
    assert (request.row.stage, request.row.round) == ("delivery", 1)
    again = request.task("work")
    assert again.round == 1 and again.payload["defects"][0]["field"] == "result"


def test_a_file_that_comes_in_rework_leaves_no_defect_open_and_the_ticket_closes() -> None:
    request = Request()
    request.finish("work", note="called the supplier")
    request.decide("return", reason="which supplier?")
    request.reply()
    request.finish("work", note="called Sunrise Traders")
    request.finish("qa_review", REVIEWER, verdict="pass")
    request.decide("accept")
    request.decide("accept")
    assert request.row.state == "closed"
    assert all(s.closed_at for s in request.world.subs.values() if s.kind == "defect")
    assert request.billed() == ["document", "ticket"]


def test_both_kinds_that_go_back_have_a_round_each_and_none_passes_before_its_own() -> None:
    plain = ticket(100, documents_total=1)
    note = handwork.result_of({"note": "called the supplier"}, (), plain, Actor("user"), START)
    request = replace(plain, detail={"work": {**note, "quality": "passed", "approval": "returned"}})
    work = handwork.unit(request)
    assert work is not None
    paper = document(1, request, state="posted", quality="failed")

    def begin(*units: DocumentState) -> Verdict:
        return rework.begin(request, units, (), ReworkTerms(), 0, START, uuid4)

    def sent(verdict: Verdict) -> list[UUID]:
        return [c.document_id for c in verdict.changes if isinstance(c, SetDocument)]

    papers, mine = begin(paper, work), begin(work)
    assert (sent(papers), papers.facts["by_hand"]) == ([paper.id], False)
    assert (sent(mine), mine.facts["by_hand"]) == ([request.id], True)
    mended = replace(paper, quality="passed", round=1)
    assert quality.conclude(request, (mended, work), (), START).outcome == "failed", (
        "the work waits for its own"
    )
    assert quality.conclude(request, (mended,), (), START).outcome == "passed"


def test_a_correction_after_reopening_is_judged_and_signed_off_and_not_billed() -> None:
    request = Request(files=1, terms={**SIGNED, "qa": {"sample_rate": "1"}})
    request.finish("qa_review", REVIEWER, verdict="pass")
    request.decide("accept")
    assert request.billed() == ["document"]
    request.now += timedelta(days=1)
    request.flow.reopen(Actor("client", BUYER.id, frozenset(BUYER.roles)), "the cost centre is wrong")
    request.go_on()
    request.finish("work", note="moved it to cost centre 4")
    review = request.task("qa_review")
    assert review.subject_id is None and str(UUID(int=7)) in review.payload["exclude"]
    request.finish("qa_review", REVIEWER, verdict="pass")
    assert request.row.stage == "approval"
    assert request.decide("accept") == "accepted"
    assert request.row.state == "closed" and request.work["approval"] == "accepted"
    assert request.billed() == ["document"], "it mends what was billed"
