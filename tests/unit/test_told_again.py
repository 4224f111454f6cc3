"""An act that was recorded but never heard is told to the workflow that waits for it, under its own key."""

from __future__ import annotations

from uuid import UUID

import pytest

from activities.handling import HandlingActivities
from schemas.acts import ActorRef, CompleteTask, CorrectTriage, DecideApproval
from schemas.ticket import ActCommand
from tests.support.memory import MemoryStore, World, contract, ticket
from workers.reconciler import _again
from workflows import names

TICKET, TASK = UUID(int=100), UUID(int=7)


@pytest.mark.parametrize(
    ("kind", "waits"),
    [
        ("triage", names.ticket_workflow(TICKET)),
        ("qa_review", names.ticket_workflow(TICKET)),
        ("keying", names.line_workflow(TICKET, "data_entry")),
        ("rework", names.line_workflow(TICKET, "data_entry")),
    ],
)
def test_a_finished_task_is_told_to_the_workflow_that_asked(kind: str, waits: str) -> None:
    workflow_id, act = _again(TICKET, "k1", "complete_task", str(TASK), kind, None, None, "data_entry")
    assert workflow_id == waits
    assert isinstance(act, CompleteTask)
    assert (act.key, act.task_id) == ("k1", TASK)


def test_a_decision_is_told_to_the_ticket_with_its_version() -> None:
    workflow_id, act = _again(TICKET, "k2", "decide_approval", None, None, "v1", None, "data_entry")
    assert workflow_id == names.ticket_workflow(TICKET)
    assert isinstance(act, DecideApproval)
    assert (act.key, act.version) == ("k2", "v1")


def test_the_trail_names_the_act_and_a_repeat_under_its_key_changes_nothing() -> None:
    request = ticket(100)
    store = MemoryStore(World(contracts=[contract()], tickets={request.id: request}))
    command = ActCommand(
        ticket_id=request.id,
        client_id=request.client_id,
        kind="pause",
        key="k3",
        actor=ActorRef(kind="user", id=str(TASK), roles=("desk",)),
        payload={"reason": "a question"},
    )
    act = HandlingActivities(store)
    first = act.act(command)
    assert first.outcome == "paused"
    (event,) = [e for _, _, e in store.world.events if e.event == "ticket.paused"]
    assert event.after is not None
    assert (event.after["act"], event.after["act_kind"]) == ("k3", "pause")
    told = len(store.world.events)
    again = act.act(
        command.model_copy(update={"actor": ActorRef(kind="system"), "payload": {"reason": "told again"}})
    )
    assert again == first
    assert len(store.world.events) == told


def test_a_classification_that_was_undone_is_told_with_what_was_recorded() -> None:
    workflow_id, act = _again(TICKET, "k4", "correct_triage", None, None, None, "P2", "data_entry")
    assert workflow_id == names.ticket_workflow(TICKET)
    assert isinstance(act, CorrectTriage) and act.key == "k4"
    request = ticket(100, stage="contract", service_line="it_helpdesk", state="parked")
    store = MemoryStore(World(contracts=[contract()], tickets={request.id: request}))
    command = ActCommand(
        ticket_id=request.id,
        client_id=request.client_id,
        kind="correct_triage",
        key="k4",
        actor=ActorRef(kind="user", id=str(TASK), roles=("desk",)),
        payload={"event": str(TASK), "seq": 1, "said": {"engine": "t"}, "service_line": "data_entry"},
    )
    first = HandlingActivities(store).act(command)
    assert (first.outcome, first.facts["line"]) == ("moved", "data_entry")
    told = act.model_dump(mode="json", exclude={"actor", "key"})
    again = command.model_copy(update={"actor": act.actor, "payload": told})
    assert HandlingActivities(store).act(again) == first
