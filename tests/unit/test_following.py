"""Steps that follow one another in one local activity: each recorded on its own, and none that must wait."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.following import name_of
from activities.handling import HandlingActivities
from activities.lines.line import LinePorts
from schemas.acts import ActorRef
from schemas.ticket import ActCommand, StageCommand, StageVerdict
from tests.support.memory import MemoryStore, World, agent, contract, document, ticket
from tests.support.running import NoFiles, Readings, sure, unsure
from ticketos.domain.ports import StepKey
from ticketos.domain.stages import GOES_ON
from workers.wiring import line_work, ticket_activities

TO_DELIVERY = ("triage.enter", "contract.enter", "assignment.enter", "delivery.begin")
KEYS = ("intake", "triage", "contract", "assignment", "delivery.begin")


def office(triage: Any = sure) -> tuple[MemoryStore, Mapping[str, Any], StageCommand]:
    request = ticket(100, documents_total=1)
    one = document(1, request)
    store = MemoryStore(
        World(
            contracts=[contract({})],
            tickets={request.id: request},
            agents=[agent(7, "data_entry"), agent(8, "qa")],
            documents={one.id: one},
        )
    )
    lines = line_work(LinePorts(store, NoFiles(), Readings({}), lambda _: None))
    activities = {name_of(a): a for a in ticket_activities(store, triage, lines)}
    return store, activities, StageCommand(ticket_id=request.id, client_id=request.client_id)


def steps_of(store: MemoryStore) -> set[str]:
    return {key.split(":")[2] for key in store.world.results}


def run(activities: Mapping[str, Any], name: str, command: StageCommand) -> StageVerdict:
    verdict: StageVerdict = ActivityEnvironment().run(activities[name], command)
    return verdict


def test_a_clear_ticket_goes_to_delivery_in_one_activity_and_every_step_is_recorded() -> None:
    store, activities, command = office()
    verdict = run(activities, "intake.enter", command.model_copy(update={"then": TO_DELIVERY}))
    assert tuple(name for name, _ in verdict.then) == TO_DELIVERY
    assert steps_of(store) == set(KEYS)
    for name, ahead in verdict.then:
        assert run(activities, name, command) == ahead, "a step run again answers what it recorded"


def test_steps_that_follow_say_what_they_say_when_run_alone() -> None:
    _, together, command = office()
    _, alone, _ = office()
    verdict = run(together, "intake.enter", command.model_copy(update={"then": TO_DELIVERY}))
    by_themselves = [run(alone, name, command).outcome for name in ("intake.enter", *TO_DELIVERY)]
    assert [verdict.outcome, *(v.outcome for _, v in verdict.then)] == by_themselves


def test_nothing_follows_where_a_person_is_asked() -> None:
    store, activities, command = office(unsure)
    verdict = run(activities, "intake.enter", command.model_copy(update={"then": TO_DELIVERY}))
    assert [(name, v.outcome) for name, v in verdict.then] == [("triage.enter", "ask")]
    assert steps_of(store) == {"intake", "triage"}


def test_a_step_that_cannot_be_done_leaves_those_before_it_and_is_left_to_the_workflow() -> None:
    store, activities, command = office()

    def broken(key: StepKey) -> None:
        if key.step == "contract":
            raise RuntimeError("a defect")

    store.failing = broken
    verdict = run(activities, "intake.enter", command.model_copy(update={"then": TO_DELIVERY}))
    assert [name for name, _ in verdict.then] == ["triage.enter"]


def test_a_paused_ticket_is_not_served_ahead_of_its_workflow() -> None:
    store, activities, command = office()
    run(activities, "intake.enter", command)
    pause = ActCommand(
        ticket_id=command.ticket_id,
        client_id=command.client_id,
        kind="pause",
        key="p",
        actor=ActorRef(kind="user", id="x", roles=("desk",)),
        payload={"reason": "a question"},
    )
    assert HandlingActivities(store).act(pause).outcome == "paused"
    verdict = run(activities, "intake.enter", command.model_copy(update={"then": TO_DELIVERY}))
    assert verdict.then == ()
    assert store.world.tickets[command.ticket_id].stage == "intake"


@pytest.mark.parametrize("name", ["deadline.tick", "approval.offer"])
def test_what_waits_for_somebody_is_followed_by_nothing(name: str) -> None:
    _, activities, _ = office()
    assert name in activities
    assert name not in GOES_ON
