"""Silence accepts nothing of which nobody was told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.acts import ActorRef
from tests.support.lifecycle import Lifecycle
from tests.support.memory import ACME, CLIENT, START, MemoryStore, World, agent, contract, ticket
from tests.support.running import AGENT, DESK, Readings, running, sure
from ticketos.domain import handling, signer, unreached
from ticketos.domain.changes import SetTicket

HOURS = {"qa": {"sample_rate": "0"}, "approval": {"deemed_s": 3_600}, "survey": {"ask": False}}
NOBODY = replace(ACME, approver_email=None)


def helpdesk(text: str, **_: Any) -> Any:
    return {**sure(text), "service_line": "it_helpdesk"}


class Desk:
    """One request worked by hand up to its sign-off, with a clock of our own."""

    def __init__(self, **values: Any) -> None:
        self.now = START
        request = ticket(100, requester_email="", subject="Reset")
        self.world = World(
            tickets={request.id: request},
            agents=[agent(7, "it_helpdesk")],
            **{"client": NOBODY, "contracts": [contract(HOURS, service_line="it_helpdesk")], **values},
        )
        self.store = MemoryStore(self.world, now=lambda: self.now)
        self.flow = Lifecycle(self.store, request.id, CLIENT, Readings({}), helpdesk)
        self.go_on()
        (work,) = [t for t in self.world.tasks.values() if t.kind == "work"]
        self.act("work", AGENT, {"note": "reset by phone"}, work.id)

    def go_on(self) -> None:
        while self.flow.due is not None:
            self.flow.advance()

    def act(self, key: str, who: ActorRef, result: Any, task_id: Any) -> str:
        verdict = self.flow.act("complete_task", key, who, result, task_id)
        if verdict.next_at is not None and verdict.facts.get("kind") == "signer":
            self.flow.next_at = min(filter(None, (self.flow.next_at, verdict.next_at)))
        self.go_on()
        return verdict.code or verdict.outcome

    def passes(self, **span: float) -> None:
        self.now += timedelta(**span)
        self.flow.tick()
        self.go_on()

    @property
    def approval(self) -> Any:
        return next(iter(self.world.approvals.values()))

    @property
    def asked(self) -> list[Any]:
        return [t for t in self.world.tasks.values() if t.kind == signer.KIND]

    def mails(self) -> list[str]:
        return [m.to for m in self.world.mails.values() if m.template == "approval"]


def test_with_nobody_to_tell_a_signer_is_asked_for_and_weeks_of_silence_accept_nothing() -> None:
    desk = Desk()
    (task,) = desk.asked
    assert (task.desk, task.state, desk.mails()) == ("client_success", "open", [])
    assert [n.desk for n in desk.world.notices.values()] == ["client_success"]
    seen = desk.world.tickets[desk.flow.ticket_id]
    assert (seen.desk, seen.next_action) == ("client_success", "Name who signs off")
    for _ in range(10):
        desk.passes(days=1)
    assert (desk.approval.state, desk.approval.deemed_at, desk.world.usage) == ("open", None, {})

    named_at = desk.now
    assert desk.act("named", DESK, {"email": "cfo@acme.example"}, task.id) == "readdressed"
    assert desk.mails() == ["cfo@acme.example"]
    assert desk.approval.deemed_at == named_at + timedelta(hours=1), "the days begin with the mail"
    desk.passes(minutes=61)
    assert desk.approval.state == "deemed_accepted" and len(desk.world.usage) == 1


def test_a_login_that_is_made_later_is_told_without_anybodys_doing() -> None:
    desk = Desk()
    desk.passes(days=1)
    desk.world.people = ("asha@acme.example", "ravi@acme.example")
    desk.passes(days=1)
    assert desk.mails() == ["asha@acme.example"]
    assert [t.state for t in desk.asked] == ["done"]
    assert desk.approval.deemed_at == desk.now + timedelta(hours=1)


def test_a_client_with_a_login_and_no_address_is_told_at_that_login() -> None:
    desk = Desk(people=("asha@acme.example",))
    assert (desk.mails(), desk.asked) == (["asha@acme.example"], [])
    assert desk.approval.deemed_at == START + timedelta(hours=1)


def test_the_days_count_from_when_the_mail_left_the_house() -> None:
    desk = Desk(client=ACME, post=False)
    (mail,) = [m for m in desk.world.mails.values() if m.template == "approval"]
    desk.passes(minutes=61)
    assert desk.approval.state == "open", "it has not left yet"
    assert desk.approval.deemed_at == desk.now + timedelta(hours=1)
    left = desk.now + timedelta(minutes=30)
    desk.world.times[mail.id, "done"] = left
    desk.passes(minutes=61)
    assert (desk.approval.state, desk.approval.deemed_at) == ("open", left + timedelta(hours=1))
    desk.passes(minutes=31)
    assert desk.approval.state == "deemed_accepted"
    assert [e.why for _, _, e in desk.world.events if e.event == "ticket.silence_postponed"] == [
        "the mail has not left yet",
        "the mail left later",
    ]


def test_where_silence_has_no_days_a_mail_that_has_not_left_is_looked_for_every_quarter_of_an_hour() -> None:
    at_once = {**HOURS, "approval": {"deemed_days": 0, "deemed_s": None}}
    desk = Desk(client=ACME, post=False, contracts=[contract(at_once, service_line="it_helpdesk")])
    desk.passes(seconds=1)
    for look in range(1, 4):
        due = START + timedelta(seconds=1, minutes=15 * look)
        assert (desk.approval.state, desk.approval.deemed_at) == ("open", due)
        desk.passes(minutes=14)
        assert desk.approval.deemed_at == due, "nobody looks before"
        desk.passes(minutes=1)


@pytest.mark.parametrize("way", ["asked", "answered"])
def test_a_ticket_that_needs_attention_stays_with_operations(way: str) -> None:
    desk = Desk(client=ACME if way == "asked" else NOBODY)
    row = desk.world.tickets[desk.flow.ticket_id]
    (stuck,) = [
        c
        for c in handling.needs_attention(row, "boom", "tick", "ticket/1").changes
        if isinstance(c, SetTicket)
    ]
    desk.world.tickets[row.id] = replace(row, **{k: v for k, v in stuck.values.items() if hasattr(row, k)})
    if way == "asked":
        desk.world.mails.clear()
        desk.passes(minutes=61)
        beneath = ("client_success", "Name who signs off")
    else:
        desk.act("named", DESK, {"email": "cfo@acme.example"}, desk.asked[0].id)
        beneath = ("client_reviewer", "The client accepts or returns")
    now = desk.world.tickets[row.id]
    assert (now.state, now.desk, now.next_action) == ("needs_attention", *handling.MEND.values())
    assert (now.detail["held"]["desk"], now.detail["held"]["next_action"]) == beneath


def test_a_version_offered_to_nobody_before_this_was_known_asks_when_it_would_lapse() -> None:
    desk = Desk(client=ACME)
    desk.world.mails.clear()
    desk.passes(minutes=61)
    assert (desk.approval.state, desk.approval.deemed_at) == ("open", None)
    assert [t.desk for t in desk.asked] == ["client_success"]


async def test_the_workflow_waits_for_the_later_instant(
    temporal_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unreached, "AGAIN", timedelta(seconds=2))
    terms = {**HOURS, "approval": {"deemed_s": 2}}
    request = ticket(int(datetime.now(UTC).timestamp() * 1_000), subject="Reset")
    world = World(
        contracts=[contract(terms, service_line="it_helpdesk")],
        tickets={request.id: request},
        agents=[agent(7, "it_helpdesk")],
        post=False,
    )
    store = MemoryStore(world)
    async with running(temporal_server.grpc, store, Readings({}), helpdesk) as start:
        run = await start(request)
        await run.complete(await run.task("work"), AGENT, {"note": "reset by phone"})
        await run.until(
            lambda: any(e.event == "ticket.silence_postponed" for _, _, e in run.world.events),
            "the first lapse",
        )
        with store.lock:
            (mail,) = [m for m in store.world.mails.values() if m.template == "approval"]
            store.world.times[mail.id, "done"] = datetime.now(UTC)
        assert await run.done() == "closed"
    assert "ticket.deemed_accepted" in [e.event for _, _, e in run.world.events]
