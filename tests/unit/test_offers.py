"""Offers: to the best match, with a time to answer; then to the next best, after the last of them to the lead."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from activities.deadline import DeadlineActivities
from activities.handling import HandlingActivities
from activities.lines.manual import ManualActivities
from schemas.acts import ActorRef
from schemas.ticket import ActCommand, StageCommand, StageVerdict
from tests.support.memory import ACME, START, MemoryStore, World, agent, contract, ticket
from ticketos.domain import offers, tasks
from ticketos.domain.changes import Emit, Notify, OpenTask, SetTask, Verdict
from ticketos.domain.errors import DomainError
from ticketos.domain.skills import Agent
from ticketos.domain.state import Actor, TaskState
from ticketos.domain.terms import Terms

WAIT = timedelta(seconds=600)
TERMS = {"assignment": {"offers": {"it_helpdesk": 600}}}
FIRST, SECOND, THIRD, BOSS = (str(UUID(int=n)) for n in (11, 12, 13, 9))
TEAM = (
    agent(11, "it_helpdesk", load=0),
    agent(12, "it_helpdesk", load=1),
    agent(13, "it_helpdesk", load=2),
    agent(9, "lead"),
)
TODAY = START.date()
ASKED = {"it_helpdesk": WAIT}


def person(of: str, *roles: str) -> Actor:
    return Actor("user", of, frozenset(roles or ("agent",)))


def task(**given: Any) -> TaskState:
    base: dict[str, Any] = dict(
        id=UUID(int=900), ticket_id=UUID(int=100), kind="work", subject_id=None, workflow_id="ticket/x",
        desk="delivery", skill="it_helpdesk", state="open", priority="P3", assigned_to=None, round=0, life=1,
        payload={"offered": [FIRST]}, created_at=START, due_at=None, row_version=1,
        offered_to=UUID(FIRST), offer_until=START + WAIT,
    )  # fmt: skip
    return TaskState(**{**base, **given})


def new_id() -> Any:
    ids = itertools.count(5_000)
    return lambda: UUID(int=next(ids))


def moved(changes: Sequence[Any]) -> Mapping[str, Any]:
    (change,) = [c for c in changes if isinstance(c, SetTask)]
    return change.values


def said(changes: Sequence[Any]) -> list[str]:
    return [c.event for c in changes if isinstance(c, Emit)]


# --- which queues ----------------------------------------------------------------------------------------------------


def test_a_queue_offers_where_its_contract_says_so_and_before_a_contract_where_the_client_does() -> None:
    def never() -> Any:
        raise AssertionError("the client was asked")

    assert offers.queues(contract(TERMS), never) == ASKED
    assert offers.queues(contract(), never) == {}
    assert offers.queues(contract({"assignment": {"offers": {"qa": 0}}}), never) == {}
    triage = replace(ACME, settings={"offers": {"triage": 60, "x": "soon"}})
    assert offers.queues(None, lambda: triage) == {"triage": timedelta(seconds=60)}
    with pytest.raises(DomainError, match=r"^terms-invalid section=assignment"):
        Terms.from_json({"assignment": {"offers": {"qa": -1}}})


def test_what_the_best_match_was_to_get_is_offered_instead_and_nothing_else_is_touched() -> None:
    def opened(skill: str, to: UUID | None) -> OpenTask:
        return OpenTask(UUID(int=1), "k", "work", "x", "delivery", skill, assigned_to=to, payload={"a": 1})

    mine = opened("it_helpdesk", UUID(FIRST))
    verdict = offers.opened(Verdict("opened", (mine,)), ASKED, START)
    (change, told) = verdict.changes
    assert isinstance(change, OpenTask)
    assert (change.assigned_to, change.offered_to, change.offer_until) == (None, UUID(FIRST), START + WAIT)
    assert change.payload == {"a": 1, "offered": [FIRST]}
    assert (said([told]), verdict.next_at) == (["task.offered"], START + WAIT)
    for other in (opened("data_entry", UUID(FIRST)), opened("it_helpdesk", None)):
        plain = Verdict("opened", (other,), START)
        assert offers.opened(plain, ASKED, START) is plain


# --- answers ---------------------------------------------------------------------------------------------------------


def test_who_accepts_has_the_task() -> None:
    verdict = offers.accept(ticket(), task(), person(FIRST))
    assert moved(verdict.changes) == {"assigned_to": UUID(FIRST), "offered_to": None, "offer_until": None}
    assert said(verdict.changes) == ["task.offer_accepted"]


@pytest.mark.parametrize(
    ("given", "by", "code"),
    [
        ({}, SECOND, "task-offered-to-other"),
        ({"offered_to": None, "assigned_to": UUID(FIRST)}, FIRST, "task-not-offered"),
        ({"state": "done"}, FIRST, "task-not-open"),
    ],
)
def test_only_an_open_offer_of_ones_own_is_answered(given: dict[str, Any], by: str, code: str) -> None:
    with pytest.raises(DomainError, match=f"^{code}"):
        offers.accept(ticket(), task(**given), person(by))
    with pytest.raises(DomainError, match=f"^{code}"):
        offers.refuse(ticket(), task(**given), person(by), "busy", TEAM, ASKED, START, new_id(), TODAY)


def test_a_refusal_needs_a_reason_and_goes_to_the_next_best() -> None:
    at = START + timedelta(seconds=60)
    with pytest.raises(DomainError, match=r"^reason-missing"):
        offers.refuse(ticket(), task(), person(FIRST), " ", TEAM, ASKED, at, new_id(), TODAY)
    verdict = offers.refuse(ticket(), task(), person(FIRST), "on leave", TEAM, ASKED, at, new_id(), TODAY)
    values = moved(verdict.changes)
    assert (values["offered_to"], values["offer_until"]) == (UUID(SECOND), at + WAIT)
    assert values["payload"]["offered"] == [FIRST, SECOND]
    assert said(verdict.changes) == ["task.offer_refused", "task.offered"]
    assert next(c.why for c in verdict.changes if isinstance(c, Emit)) == "on leave"
    assert verdict.next_at == at + WAIT


def test_after_the_last_refusal_the_lead_has_it() -> None:
    last = task(offered_to=UUID(THIRD), payload={"offered": [FIRST, SECOND, THIRD]})
    verdict = offers.refuse(ticket(), last, person(THIRD), "no", TEAM, ASKED, START, new_id(), TODAY)
    values = moved(verdict.changes)
    assert (values["assigned_to"], values["offered_to"], values["desk"]) == (UUID(BOSS), None, "lead")
    assert said(verdict.changes) == ["task.offer_refused", "task.offers_ended"]
    (notice,) = [c for c in verdict.changes if isinstance(c, Notify)]
    assert (notice.kind, notice.desk, notice.recipient_id) == ("offers_ended", "lead", UUID(BOSS))
    nobody = offers.refuse(ticket(), last, person(THIRD), "no", TEAM[:3], ASKED, START, new_id(), TODAY)
    assert moved(nobody.changes)["assigned_to"] is None, "it waits at the lead's desk"


def test_who_must_not_do_the_work_is_never_offered_it_not_even_as_the_lead() -> None:
    mine = task(payload={"offered": [FIRST], "exclude": [SECOND, BOSS]})
    verdict = offers.refuse(ticket(), mine, person(FIRST), "no", TEAM, ASKED, START, new_id(), TODAY)
    assert moved(verdict.changes)["offered_to"] == UUID(THIRD)
    last = replace(mine, payload={"offered": [FIRST, THIRD], "exclude": [SECOND, BOSS]})
    ended = offers.refuse(ticket(), last, person(FIRST), "no", TEAM, ASKED, START, new_id(), TODAY)
    assert moved(ended.changes)["assigned_to"] is None


def test_offers_that_lapse_together_are_spread() -> None:
    even: list[Agent] = [agent(n, "it_helpdesk", load=0) for n in (11, 12, 13)]
    lapsed = [task(id=UUID(int=900 + n)) for n in range(2)]
    changes = offers.lapse(ticket(), lapsed, even, ASKED, START + WAIT, new_id(), TODAY)
    assert {c.values["offered_to"] for c in changes if isinstance(c, SetTask)} == {UUID(SECOND), UUID(THIRD)}
    assert said(changes).count("task.offer_lapsed") == 2


def test_the_deadline_is_the_first_answer_that_is_due() -> None:
    waits = [task(), task(id=UUID(int=901), offered_to=None, offer_until=START)]
    assert offers.sooner(Verdict("x", (), START + 2 * WAIT), waits).next_at == START + WAIT
    assert offers.sooner(Verdict("x", (), START + timedelta(1)), []).next_at == START + timedelta(1)
    taken = offers.accept(ticket(), waits[0], person(FIRST))
    assert offers.sooner(replace(taken, next_at=START + 2 * WAIT), waits).next_at == START + 2 * WAIT
    assert offers.due(waits, START + WAIT) == [waits[0]]
    assert offers.due(waits, START + WAIT - timedelta(seconds=1)) == []


def test_nobody_else_finishes_what_is_offered_but_a_lead_may() -> None:
    with pytest.raises(DomainError, match=r"^task-offered-to-other"):
        tasks.may_finish(task(), person(SECOND), None)
    for able in (person(FIRST), person(BOSS, "lead")):
        assert tasks.may_finish(task(), able, None) == task()


# --- through the recording steps ---------------------------------------------------------------------------------


class Queue:
    """A helpdesk ticket whose work has just been asked for."""

    def __init__(self, terms: Mapping[str, Any]) -> None:
        agreed = contract(terms, service_line="it_helpdesk")
        request = ticket(service_line="it_helpdesk", contract_id=agreed.id, stage="delivery")
        world = World(contracts=[agreed], tickets={request.id: request}, agents=list(TEAM))
        self.now, self.request = START, request
        self.store = MemoryStore(world, now=lambda: self.now)
        self.opened = ManualActivities(self.store).open(self._command(""))

    def _command(self, subject: str) -> StageCommand:
        return StageCommand(ticket_id=self.request.id, client_id=self.request.client_id, subject=subject)

    @property
    def task(self) -> TaskState:
        (found,) = self.store.world.tasks.values()
        return found

    def tick(self, later: timedelta) -> StageVerdict:
        self.now += later
        return DeadlineActivities(self.store).tick(self._command(self.now.isoformat()))

    def act(self, kind: str, by: str, **payload: Any) -> StageVerdict:
        command = ActCommand(
            ticket_id=self.request.id,
            client_id=self.request.client_id,
            kind=kind,
            key=f"{kind}:{by}:{self.now}",
            actor=ActorRef(kind="user", id=by, roles=("agent",)),
            task_id=self.task.id,
            payload=payload,
        )
        return HandlingActivities(self.store).act(command)


def test_by_default_the_best_match_simply_has_the_task() -> None:
    queue = Queue({})
    assert (queue.task.assigned_to, queue.task.offered_to, queue.opened.next_at) == (
        UUID(FIRST),
        None,
        None,
    )


def test_silence_passes_the_offer_on_at_its_time_and_the_lead_gets_it_in_the_end() -> None:
    queue = Queue(TERMS)
    assert (queue.task.offered_to, queue.opened.next_at) == (UUID(FIRST), START + WAIT)
    assert queue.tick(WAIT / 2).next_at == START + WAIT, "looking early changes nothing"
    for other in (SECOND, THIRD):
        verdict = queue.tick(queue.task.offer_until - queue.now)  # type: ignore[operator]
        assert queue.task.offered_to == UUID(other)
        assert verdict.next_at == queue.now + WAIT
    queue.tick(WAIT)
    assert (queue.task.assigned_to, queue.task.offered_to) == (UUID(BOSS), None)


def test_an_act_is_recorded_once_and_a_stale_one_is_refused() -> None:
    queue = Queue(TERMS)
    assert queue.act("refuse_task", FIRST, reason="busy").next_at == START + WAIT
    assert queue.task.offered_to == UUID(SECOND)
    late = queue.act("accept_task", FIRST)
    assert (late.outcome, late.code) == ("refused", "task-offered-to-other")
    taken = queue.act("accept_task", SECOND)
    assert queue.task.assigned_to == UUID(SECOND)
    assert queue.act("accept_task", SECOND) == taken
    assert queue.tick(2 * WAIT).outcome == "ticked"
    assert queue.task.assigned_to == UUID(SECOND)


def test_nobody_is_hurried_while_the_ticket_is_paused() -> None:
    queue = Queue(TERMS)
    paused = queue.act("pause", FIRST, reason="waiting")
    assert paused.next_at is not None
    assert paused.next_at > START + WAIT
    queue.tick(WAIT)
    assert queue.task.offered_to == UUID(FIRST)
    assert queue.act("resume", FIRST).next_at == START + 2 * WAIT, "the time left is the same as before"
    assert queue.task.offer_until == START + 2 * WAIT
