"""The ticket's life cycle against a small model of it: whatever people do, whenever they do it, both tell the same story.

``TICKETOS_MODEL_STEPS`` sets how many steps are taken; every figure beyond the default explores anew. A divergence is shown
as it was found; with ``TICKETOS_MODEL_SHRINK=1`` it is made small first, which takes minutes.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from temporalio.exceptions import ApplicationError

from schemas.acts import ActorRef
from schemas.ticket import StageVerdict
from tests.support.lifecycle import Call, Lifecycle
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
from tests.support.running import AGENT, BUYER, DESK, LEAD, REVIEWER, Readings, sure, unsure
from tests.support.ticket_model import Agreement, Model, Unit
from ticketos.domain import sampling
from ticketos.domain.errors import DomainError
from ticketos.domain.state import Actor, TaskState

DEFAULT_STEPS = 2_000
STEPS = int(os.environ.get("TICKETOS_MODEL_STEPS", DEFAULT_STEPS))
STEPS_EACH = 25

BOTH = ActorRef(kind="user", id=str(UUID(int=12)), roles=("agent", "qa"))
PEOPLE = (AGENT, REVIEWER, LEAD, DESK, BOTH, BUYER)
MAY = {
    "triage": {"desk", "lead"},
    "contract": {"desk"},
    "keying": {"agent", "lead"},
    "rework": {"agent", "lead"},
    "work": {"agent", "lead"},
    "qa_review": {"qa", "lead"},
    "escalation": {"lead"},
}
BAD_READING = {"status": "quarantined", "reason": "too-heavy", "reason_text": "Too heavy.", "engine": "test"}
RESULTS: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "triage": ({"service_line": "data_entry"}, {"service_line": "gardening"}),
    "contract": ({},),
    "keying": (
        {"fields": {"total": "118.00"}},
        {},
        {"reject": {"reason": "unreadable"}},
        {"fields": {"colour": "red"}},
    ),
    "rework": ({"fields": {"total": "118.00"}}, {}, {"reject": {"reason": "duplicate"}}),
    "work": ({"note": "done by phone"}, {"note": "ok"}, {}),
    "qa_review": (
        {"verdict": "pass"},
        {"verdict": "fail", "defects": [{"field": "total"}]},
        {"verdict": "fail"},
    ),
    "escalation": (
        {"decision": "again", "reason": "one more"},
        {"decision": "reject", "reason": "hopeless"},
        {"decision": "again"},
    ),
}

taken: Counter[str] = Counter()
"""Steps compared so far."""


class TicketLife(RuleBasedStateMachine):
    """One ticket; each rule is one step of it."""

    @initialize(
        kinds=st.lists(st.sampled_from(("clean", "clean", "weak", "bad")), max_size=4),
        straight=st.booleans(),
        rate=st.sampled_from((0, 20, 50, 100)),
        rounds=st.integers(0, 2),
        sign_off=st.sampled_from((True, True, True, False)),
        knows=st.sampled_from((True, True, False)),
        line=st.sampled_from(("data_entry", "data_entry", "data_entry", "it_helpdesk")),
        covered=st.sampled_from((True, True, False)),
        far=st.sampled_from((0, 8, 15, 25, 40)),
        data=st.data(),
    )
    def begin(
        self,
        kinds: list[str],
        straight: bool,
        rate: int,
        rounds: int,
        sign_off: bool,
        knows: bool,
        line: str,
        covered: bool,
        far: int,
        data: st.DataObject,
    ) -> None:
        self.now = START
        self.keys = 0
        request = ticket(100, documents_total=len(kinds), received_at=START)
        self.terms = contract(
            {
                "ai": {"straight_through": straight},
                "qa": {"sample_rate": f"0.{rate:02d}" if rate < 100 else "1"},
                "rework": {"max_rounds": rounds},
                "approval": {"required": sign_off, "deemed_s": 3_600},
                "sla": {"pause_max_s": 7_200},
                "survey": {"quiet_days": 1},
            },
            service_line=line,
        )
        team = [agent(7, "data_entry", "it_helpdesk"), agent(8, "qa"), agent(12, "data_entry", "qa")]
        held = World(contracts=[self.terms] if covered else [], tickets={request.id: request}, agents=team)
        readings: dict[str, Mapping[str, Any]] = {}
        units: list[Unit] = []
        for i, kind in enumerate(kinds):
            one = document(1_000 + i, request, position=i)
            held.documents[one.id] = one
            readings[one.filename] = {
                "clean": good_reading(i),
                "weak": good_reading(i, total="1118.00"),
                "bad": BAD_READING,
            }[kind]
            units.append(Unit(str(one.id), kind))
        self.store = MemoryStore(held, now=lambda: self.now)
        classify = {(True, "data_entry"): sure, (True, "it_helpdesk"): _helpdesk}.get((knows, line), unsure)
        self.flow = Lifecycle(self.store, request.id, CLIENT, Readings(readings), classify)
        agreed = Agreement(straight, rate, "", rounds, sign_off, 3_600, 7_200)
        seed = sampling.month_seed(str(CLIENT), "2026-11", "")
        self.model = Model(agreed, units, knows, line, covered, seed)
        self.notices_at_end: int | None = None
        self.peak = 0
        self.reviews: list[tuple[str | None, str | None]] = []
        """Who reviewed, and whose work it was."""
        for _ in range(far):
            self.go_on(data)

    # --- the workflow goes on -------------------------------------------------------------------------------------

    @rule(moves=st.integers(1, 12), data=st.data())
    def proceed(self, moves: int, data: st.DataObject) -> None:
        """As it goes on an ordinary day: steps as they come, and people doing what waits for them."""
        for _ in range(moves):
            self.go_on(data)

    @precondition(lambda self: self.flow.due is not None)
    @rule()
    def advance(self) -> None:
        """One step."""
        self.now += timedelta(milliseconds=20)
        call, answer = self.flow.advance()
        self.judge(call, answer)
        self.compare()

    def go_on(self, data: st.DataObject) -> None:
        """Whatever comes next when nobody interferes."""
        waiting = sorted(
            (t for t in self.store.world.tasks.values() if t.state == "open"), key=lambda t: t.id
        )
        if self.flow.due is not None:
            self.advance()
        elif self.model.state == "paused":
            self.resume()
        elif self.model.state == "needs_attention":
            self.retry()
        elif waiting:
            self.serve(waiting[0], data)
        elif self.model.offered:
            decision = data.draw(
                st.sampled_from(("accept", "accept", "return", "partial", "silence")), "decision"
            )
            self.time_passes(self.model.agreed.deemed_s) if decision == "silence" else self.answer(
                decision, data
            )

    def serve(self, task: TaskState, data: st.DataObject) -> None:
        """The right person finishes a task; how is up to them."""
        if task.kind == "contract" and not self.model.covered:
            self.contract_is_signed()
        able = [p for p in PEOPLE if self.refused_task(task, p, None) is None]
        self.finish(
            task,
            data.draw(st.sampled_from(able), "actor"),
            data.draw(st.sampled_from(RESULTS[task.kind]), "result"),
            None,
        )

    @precondition(lambda self: self.flow.due is not None and self.flow.due.name != "ticket.attention")
    @rule()
    def fail(self) -> None:
        """The next step cannot be done; nothing of it may remain."""
        before = self.snapshot()

        def broken(_: object) -> None:
            raise LookupError("price list is missing")

        self.store.failing = broken
        _, answer = self.flow.advance()
        self.store.failing = lambda _: None
        assert isinstance(answer, ApplicationError) and answer.non_retryable
        assert self.snapshot() == before

    @precondition(lambda self: self.flow.last is not None)
    @rule()
    def repeat(self) -> None:
        """The last step is delivered twice: the same answer, nothing new."""
        assert self.flow.last is not None
        before = self.snapshot()
        assert isinstance(self.flow.run(self.flow.last), StageVerdict)
        assert self.snapshot() == before

    @precondition(lambda self: self.flow.late is not None)
    @rule()
    def arrive_late(self) -> None:
        """A step that was under way when the ticket was cancelled."""
        call, self.flow.late = self.flow.late, None
        assert call is not None
        self.judge(call, self.flow.run(call))

    @rule(seconds=st.sampled_from((1, 60, 1_800, 3_600, 7_200, 86_400)))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.flow.tick()
        self.model.pause_over(self.now)
        self.model.lapse(self.now)

    # --- people ---------------------------------------------------------------------------------------------------

    @precondition(lambda self: bool(self.store.world.tasks))
    @rule(data=st.data())
    def complete(self, data: st.DataObject) -> None:
        """Somebody finishes some task, well or badly."""
        tasks = sorted(self.store.world.tasks.values(), key=lambda t: (t.state != "open", t.id))
        task = data.draw(st.sampled_from(tasks[:4]), "task")
        people = [p for p in PEOPLE if p.id == str(task.assigned_to)] * 3 + list(PEOPLE)
        actor = data.draw(st.sampled_from(people), "actor")
        result = data.draw(st.sampled_from(RESULTS[task.kind]), "result")
        version = data.draw(st.sampled_from((None, task.row_version, task.row_version + 1)), "version")
        self.finish(task, actor, result, version)

    def finish(
        self, task: TaskState, actor: ActorRef, result: Mapping[str, Any], version: int | None
    ) -> None:
        expected = self.refused_task(task, actor, version) or self.finished(task, actor, result)
        verdict = self.flow.act("complete_task", self.key(), actor, result, task.id, version)
        assert (verdict.code or verdict.outcome) == expected, (task.kind, actor.roles, result)

    @rule(
        kind=st.sampled_from(("accept", "accept", "return", "partial")),
        current=st.sampled_from((True, True, True, False)),
        reason=st.sampled_from(("wrong cost centre", "")),
        data=st.data(),
    )
    def decide(self, kind: str, current: bool, reason: str, data: st.DataObject) -> None:
        """The client accepts, returns, or both."""
        self.answer(kind, data, current, reason)

    def answer(
        self, kind: str, data: st.DataObject, current: bool = True, reason: str = "wrong cost centre"
    ) -> None:
        delivered = [u.id for u in self.model.judged if u.delivered]
        back = (
            set(data.draw(st.lists(st.sampled_from(delivered), unique=True), "back")) if delivered else set()
        )
        version = next((a.version for a in self.store.world.approvals.values() if a.state == "open"), "none")
        choices = {u: "return" if u in back else "accept" for u in delivered}
        expected = self.model.decide(kind, current, back, reason)
        verdict = self.flow.act(
            "decide_approval",
            self.key(),
            BUYER,
            {
                "version": version if current else "0" * 64,
                "decision": kind,
                "reason": reason,
                "units": choices,
            },
        )
        assert (verdict.code or verdict.outcome) == expected

    @rule(reason=st.sampled_from(("the client must answer", "")))
    def pause(self, reason: str) -> None:
        self.acted("pause", {"reason": reason}, self.model.pause(reason, self.now))

    @rule()
    def resume(self) -> None:
        self.acted("resume", {}, self.model.resume(self.now))

    @rule()
    def retry(self) -> None:
        self.acted("retry", {}, self.model.retry())

    @rule(priority=st.sampled_from(("P1", "P2", "P3", "P4")))
    def change_priority(self, priority: str) -> None:
        self.acted("change_priority", {"priority": priority}, self.model.change_priority(priority))

    @rule(meant=st.sampled_from((False, False, False, True)), reason=st.sampled_from(("sent by mistake", "")))
    def cancel(self, meant: bool, reason: str) -> None:
        if meant:
            self.acted("cancel", {"reason": reason}, self.model.cancel(reason))

    def contract_is_signed(self) -> None:
        line = self.store.world.tickets[self.flow.ticket_id].service_line or self.model.line
        self.store.world.contracts = [replace(self.terms, service_line=line)]
        self.model.covered = True

    @rule()
    def month_is_locked(self) -> None:
        self.store.world.locked = self.store.world.locked | {f"{self.now:%Y-%m}"}

    @precondition(lambda self: self.model.state == "closed")
    @rule(reason=st.sampled_from(("a page is missing", "")))
    def reopen(self, reason: str) -> None:
        assert self.model.closed_at is not None
        allowed = bool(reason) and self.now <= self.model.closed_at + timedelta(days=7)
        who = Actor("client", BUYER.id, frozenset(BUYER.roles))
        if not allowed:
            with pytest.raises(DomainError):
                self.flow.reopen(who, reason)
            return
        self.flow.reopen(who, reason)
        self.model.reopen()
        self.notices_at_end, self.peak = None, 0

    # --- judging --------------------------------------------------------------------------------------------------

    def judge(self, call: Call, answer: StageVerdict | ApplicationError) -> None:
        subject = str(getattr(call.command, "document_id", "") or call.command.subject)
        if call.name == "billing.record":
            self.judge_late_months()
        expected = self.model.step(call.name, subject, self.now)
        told = answer.outcome if isinstance(answer, StageVerdict) else "refused"
        assert told == expected, (call.name, answer)

    def judge_late_months(self) -> None:
        assert all(u.bill_period >= u.period for u in self.store.world.usage.values())
        fresh = [u for u in self.store.world.usage.values() if u.accepted_at == self.now]
        assert not [u for u in fresh if u.bill_period in self.store.world.locked]

    def acted(self, kind: str, payload: Mapping[str, Any], expected: str) -> None:
        key = self.key()
        verdict = self.flow.act(kind, key, DESK, payload)
        assert (verdict.code or verdict.outcome) == expected
        if verdict.outcome != "refused":
            before = self.snapshot()
            again = self.flow.run(
                Call("ticket.act", self.flow.act_command(kind, key, DESK, payload, None, None))
            )
            assert again == verdict and self.snapshot() == before, "the same key acts once"

    def refused_task(self, task: TaskState, actor: ActorRef, version: int | None) -> str | None:
        if task.state != "open":
            return "task-not-open"
        if version is not None and version != task.row_version:
            return "stale-version"
        if not MAY[task.kind] & set(actor.roles):
            return "not-allowed"
        overrules = "lead" in actor.roles
        if task.assigned_to and str(task.assigned_to) != actor.id and not overrules:
            return "task-assigned-to-other"
        second = task.kind == "rework" and "expert" in task.payload  # nobody here is an expert
        worker = (
            self.model.by(str(task.subject_id or "")).worker if task.kind == "qa_review" or second else None
        )
        if worker is not None and worker == actor.id and not (second and overrules):
            return "own-work"
        return "expert-required" if second and str(task.assigned_to) != actor.id and not overrules else None

    def finished(self, task: TaskState, actor: ActorRef, result: Mapping[str, Any]) -> str:
        """What the model makes of a completion that may be given."""
        model, unit_id = self.model, str(task.subject_id or "")
        if task.kind == "triage":
            if result["service_line"] != "data_entry":
                return "unknown-service-line"
            model.enter("triage")
            model.chosen = True
            model.covered = model.covered and model.line == "data_entry"
            model.line = "data_entry"
            outcome = "decided"
        elif task.kind == "contract":
            model.state, outcome = "open", "released"
        elif (closed := model.may_work()) is not None:
            return closed
        elif task.kind in ("keying", "rework"):
            outcome = self.keyed(model.by(unit_id), actor, result)
        elif task.kind == "qa_review":
            if result == {"verdict": "fail"}:
                return "defect-missing"
            outcome = str(result["verdict"])
            model.by(unit_id).quality = "passed" if outcome == "pass" else "failed"
            self.reviews.append((actor.id, model.by(unit_id).worker))
        elif task.kind == "work":
            outcome = "done" if result else "note-missing"
            if result:
                kind = "weak" if len(result["note"].split()) < 2 else "clean"
                times = model.worked.times if model.worked else 0
                model.worked = Unit(str(self.flow.ticket_id), kind, "posted", worker=actor.id, times=times)
                model.worked.round, model.worked.life = model.round, model.life
        elif "reason" not in result:
            return "reason-missing"
        else:
            outcome = str(result["decision"])
            model.lead(outcome)
        if outcome not in ("note-missing", "field-unknown", "checks-failed"):
            model.close_task(task.kind, unit_id)
        return outcome

    def keyed(self, unit: Unit, actor: ActorRef, result: Mapping[str, Any]) -> str:
        if "colour" in result.get("fields", {}):
            return "field-unknown"
        if "reject" in result:
            unit.work, unit.worker = "rejected", actor.id
            return "rejected"
        if unit.kind == "weak" and not result:
            return "checks-failed"
        if result:
            unit.kind = "clean"
        unit.work, unit.worker = "ready", actor.id
        return "ready"

    def key(self) -> str:
        self.keys += 1
        return f"act-{self.keys}"

    def snapshot(self) -> dict[str, Any]:
        world = self.store.world
        return {f.name: _frozen(getattr(world, f.name)) for f in fields(World)}

    # --- what must always hold ------------------------------------------------------------------------------------

    @invariant()
    def compare(self) -> None:
        taken["steps"] += 1
        model, world, seen = self.model, self.store.world, self.store.world.tickets[self.flow.ticket_id]
        assert (seen.state, seen.stage, seen.progress, seen.priority, seen.life) == (
            model.state,
            model.stage,
            model.progress,
            model.priority,
            model.life,
        )
        assert seen.round == model.round
        units = [
            (str(d.id), d.state, d.quality, d.approval, d.round)
            for d in sorted(world.documents.values(), key=lambda d: d.position)
        ]
        assert units == [(u.id, u.work, u.quality, u.approval, u.round) for u in model.units]
        work, mine = seen.detail.get("work"), model.worked
        assert (work is None) == (mine is None)
        if work is not None and mine is not None:
            told = [work[name] for name in ("state", "quality", "approval", "round")]
            assert told == [mine.work, mine.quality, mine.approval, mine.round]
        opened = Counter((t.kind, str(t.subject_id or "")) for t in world.tasks.values() if t.state == "open")
        assert opened == model.tasks
        billed = Counter(str(u.document_id or u.unit_type) for u in world.usage.values())
        assert set(billed) == model.billed and all(n == 1 for n in billed.values())
        assert seen.progress >= self.peak, "progress never falls"
        self.peak = seen.progress

    @invariant()
    def money_is_whole(self) -> None:
        """Journals sum to zero, each document stands at most once in the books, and only while it is delivered."""
        world = self.store.world
        standing: Counter[str] = Counter()
        for _, journal in world.journals.values():
            assert sum(p.money.amount for p in journal.postings) == 0
            standing[str(journal.source_id)] += -1 if journal.reverses else 1
        for unit in self.model.units:
            withdrawn = self.model.state == "cancelled" and unit.approval != "accepted"
            reworked = unit.work in ("rework", "ready") and unit.round > 0
            assert standing[unit.id] == int((unit.work == "posted" or reworked) and not withdrawn), unit

    @invariant()
    def an_end_is_an_end(self) -> None:
        """Nothing is open on a ticket that has ended; it closed only when no child held work; clocks are silent."""
        world, seen = self.store.world, self.store.world.tickets[self.flow.ticket_id]
        if seen.closed_at is None:
            return
        assert not [t for t in world.tasks.values() if t.state == "open"]
        children = [t for t in world.subs.values() if t.kind in ("processing", "qc", "defect", "review")]
        assert not [t.number for t in children if t.closed_at is None]
        if self.notices_at_end is None:
            self.notices_at_end = len(world.notices)
        assert len(world.notices) == self.notices_at_end

    @invariant()
    def an_open_ticket_says_whose_turn_it_is(self) -> None:
        """A desk and a next action (MF17), and no turn of operations when nothing failed."""
        seen = self.store.world.tickets[self.flow.ticket_id]
        if seen.closed_at is None and seen.seq:
            assert seen.desk and seen.next_action, seen
            assert (seen.desk == "ops") <= (seen.state == "needs_attention"), seen

    @invariant()
    def nobody_reviews_their_own_work(self) -> None:
        reviews = [
            (a.id, e.after["document"])
            for _, a, e in self.store.world.events
            if e.event == "quality.level_2" and e.after
        ]
        assert len(reviews) == len(self.reviews) and all(
            worker != reviewer for reviewer, worker in self.reviews
        )

    @invariant()
    def milestones_come_once(self) -> None:
        said = [e for _, _, e in self.store.world.events if e.event.startswith("clock.")]
        assert len(said) == sum(
            1
            for key in self.store.world.notices
            if ":warning_" in key or ":breach" in key or ":escalation_" in key or ":stage:" in key
        )

    @invariant()
    def an_open_ticket_waits_for_somebody(self) -> None:
        """Never stuck: a step is due, a task is open, or the client, a pause or a retry is awaited."""
        if self.flow.result is None and self.flow.due is None:
            assert self.model.tasks or self.model.offered or self.model.state in ("paused", "needs_attention")


def _helpdesk(text: str, **_: Any) -> Mapping[str, Any]:
    return {**sure(text), "service_line": "it_helpdesk"}


def _frozen(value: Any) -> Any:
    return type(value)(value) if isinstance(value, (dict, list)) else value


@pytest.mark.timeout(3_600)
def test_the_rules_and_the_model_tell_the_same_story() -> None:
    taken.clear()
    exploring = STEPS > DEFAULT_STEPS
    one = settings(
        max_examples=max(STEPS // 25, 20),
        stateful_step_count=STEPS_EACH,
        deadline=None,
        database=None,
        derandomize=not exploring,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink)
        if os.environ.get("TICKETOS_MODEL_SHRINK")
        else (Phase.generate,),
    )
    run_state_machine_as_test(TicketLife, settings=one)
    while taken["steps"] < STEPS and exploring:
        run_state_machine_as_test(TicketLife, settings=one)
    assert taken["steps"] >= STEPS, f"only {taken['steps']} steps were taken"
