"""Work of a person on a real database and in the portal: judged without a document, signed off, silence of nobody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from activities.approval import ApprovalActivities
from activities.billing import BillingActivities
from activities.deadline import DeadlineActivities
from activities.handling import TaskActivities
from activities.lines import manual
from activities.quality import QualityActivities, review
from schemas.acts import ActorRef, ActResult, CompleteTask, DecideApproval
from schemas.ticket import ActCommand, StageCommand, StageVerdict
from tests.support.api import Person, World, world_on
from tests.support.books import FLAT, contract
from tests.support.dying_worker import store_on
from tests.support.portal import browsing
from ticketos.db.ids import new_id
from ticketos.dev.database import PostgresUrls

NOTE = "Reset the password and told Ravi by phone."


@pytest.fixture
def world(postgres_cluster: Any, tmp_path: Any) -> Iterator[World]:
    urls: PostgresUrls = postgres_cluster.migrated_database()
    with world_on(urls, tmp_path) as made:
        made.urls = urls  # type: ignore[attr-defined]
        made.opened = []  # type: ignore[attr-defined]
        yield made
        for one in made.opened:  # type: ignore[attr-defined]
            one.dispose()
    postgres_cluster.drop(urls)


class Line:
    """The steps of one request, as its workflow would ask for them."""

    def __init__(self, world: World, **terms: Any) -> None:
        self.world = world
        urls = world.urls  # type: ignore[attr-defined]
        self.store = store_on(urls.app, urls.system, world.services.keyring)
        world.opened.append(self.store.database)  # type: ignore[attr-defined]
        agreed = contract(
            world,
            world.acme,
            service_line="it_helpdesk",
            terms={"pricing": FLAT, "qa": {"sample_rate": "1"}, **terms},
        )
        self.id = world.ticket(
            world.acme, service_line="it_helpdesk", contract_id=agreed, subject="Password", stage="delivery"
        )
        skilled: dict[str, Any] = {
            "skills": ["it_helpdesk", "qa"],
            "certifications": {"it_helpdesk": None, "qa": None},
        }
        self.helper = world.person(world.provider, ("agent", None), **skilled)
        self.judge = world.person(world.provider, ("qa", None), skills=["qa"], certifications={"qa": None})
        self.tasks = TaskActivities(self.store, {"work": manual.done, "qa_review": review})

    def step(self, method: Any, subject: str = "", round_: int = 0) -> StageVerdict:
        command = StageCommand(
            ticket_id=self.id, client_id=self.world.acme, life=1, round=round_, subject=subject
        )
        verdict: StageVerdict = method(command)
        return verdict

    def finish(self, kind: str, person: Person, role: str, result: dict[str, Any]) -> StageVerdict:
        command = ActCommand(
            ticket_id=self.id,
            client_id=self.world.acme,
            life=1,
            round=0,
            kind="complete_task",
            key=new_id().hex,
            actor=ActorRef(kind="user", id=str(person.id), roles=(role,)),
            task_id=self.task(kind).id,
            payload=result,
        )
        return self.tasks.complete(command)

    def task(self, kind: str) -> Any:
        (found,) = self.world.sql(
            self.world.acme,
            "select * from task where ticket_id = %s and kind = %s and state = 'open'",
            (self.id, kind),
        )
        return found


def test_it_is_judged_offered_and_billed_without_a_document(world: World) -> None:
    world.sql(
        world.acme, "update client set approver_email = 'boss@acme.example' where id = %s", (world.acme,)
    )
    line = Line(world)
    quality, approvals = QualityActivities(line.store, "s"), ApprovalActivities(line.store)
    line.step(manual.ManualActivities(line.store).open)
    assert line.finish("work", line.helper, "agent", {"note": NOTE}).outcome == "done"
    assert line.step(quality.inspect).outcome == "inspect"
    task = line.task("qa_review")
    assert (task.subject_id, task.assigned_to) == (None, line.judge.id)
    assert line.finish("qa_review", line.helper, "qa", {"verdict": "pass"}).code == "task-assigned-to-other"
    assert line.finish("qa_review", line.judge, "qa", {"verdict": "pass"}).outcome == "pass"
    assert line.step(quality.conclude).outcome == "passed"
    offered = line.step(approvals.offer)
    assert offered.outcome == "offered"
    (kept,) = world.sql(world.acme, "select * from approval where ticket_id = %s", (line.id,))
    assert kept.deliverable["work"]["note"] == NOTE and kept.deemed_at is not None
    checks = world.sql(
        world.acme,
        "select document_id, level, verdict from qa_check where ticket_id = %s order by level",
        (line.id,),
    )
    assert [tuple(one) for one in checks] == [(None, 1, "pass"), (None, 2, "pass")]
    accept = ActCommand(
        ticket_id=line.id,
        client_id=world.acme,
        life=1,
        round=0,
        kind="decide_approval",
        key="yes",
        actor=ActorRef(kind="client", id=str(new_id()), roles=("client_user",)),
        payload={"version": kept.version, "decision": "accept"},
    )
    assert approvals.decide(accept).outcome == "accepted"
    assert line.step(BillingActivities(line.store).record).facts["units"] == 1
    (used,) = world.sql(world.acme, "select * from usage_event where ticket_id = %s", (line.id,))
    assert (used.unit_type, used.document_id, used.evidence["level"]) == ("ticket", None, 2)


def test_with_nobody_to_tell_a_signer_is_asked_for_and_a_login_is_somebody(world: World) -> None:
    line = Line(world, qa={"sample_rate": "0"})
    line.step(manual.ManualActivities(line.store).open)
    line.finish("work", line.helper, "agent", {"note": NOTE})
    quality, approvals = QualityActivities(line.store, "s"), ApprovalActivities(line.store)
    line.step(quality.inspect)
    line.step(quality.conclude)
    line.step(approvals.offer)
    task = line.task("signer")
    assert (task.desk, task.payload["cause"]) == ("client_success", "nobody")
    (kept,) = world.sql(world.acme, "select deemed_at from approval where ticket_id = %s", (line.id,))
    assert kept.deemed_at is None
    told = world.sql(world.acme, "select desk from notice where ticket_id = %s", (line.id,))
    assert [one.desk for one in told] == ["client_success"]

    user = world.person(world.acme, ("client_user", world.acme))
    boss = world.person(world.acme, ("client_admin", world.acme))
    verdict = line.step(DeadlineActivities(line.store).tick, "later")
    assert verdict.next_at is not None and verdict.next_at > datetime.now(UTC)
    mails = world.sql(
        world.acme,
        "select payload from outbox where ticket_id = %s and payload->>'template' = 'approval'",
        (line.id,),
    )
    assert [one.payload["to"] for one in mails] == [boss.email] != [user.email]


@pytest.fixture
def judged(world: World) -> tuple[UUID, UUID]:
    """A request whose work waits for a second person, and its review."""
    work: dict[str, Any] = {
        "by": None,
        "at": "2026-11-20T09:00:00+00:00",
        "note": NOTE,
        "files": [],
        "round": 0,
    }
    ticket = world.ticket(world.acme, stage="quality", subject="Password", detail={"work": work})
    return ticket, world.task(world.acme, ticket, kind="qa_review", desk="qa", workflow_id=f"ticket/{ticket}")


async def test_a_second_person_judges_it_on_the_tasks_page(world: World, judged: tuple[UUID, UUID]) -> None:
    _, task = judged
    here = f"/tasks/{task}"
    async with browsing(world, world.person(world.provider, ("qa", None))) as browser:
        assert (await browser.get(f"/review/{task}")).to == here
        page = await browser.get(here)
        assert NOTE in page.text
        done = await browser.post(
            here,
            {
                **page.form(here),
                "verdict": "fail",
                "defect": "result",
                "category_result": "not_done",
                "expected_result": "Ravi's",
            },
        )
        assert done.to == "/work", done.text
    ((target, _, act),) = world.acts.sent
    assert target.workflow_id.startswith("ticket/") and isinstance(act, CompleteTask)
    assert act.result["verdict"] == "fail"
    (defect,) = act.result["defects"]
    assert (defect["field"], defect["category"], defect["expected"]) == ("result", "not_done", "Ravi's")


async def test_a_refused_judgement_comes_back_as_it_was_typed(
    world: World, judged: tuple[UUID, UUID]
) -> None:
    here = f"/tasks/{judged[1]}"
    async with browsing(world, world.person(world.provider, ("qa", None))) as browser:
        page = await browser.get(here)
        world.acts.answer = ActResult(applied=False, code="defect-on-pass")
        typed = {"category_files": "wrong_document", "expected_files": "the steps", "comment": "Look again"}
        refused = await browser.post(here, {**page.form(here), **typed, "verdict": "pass"})
        assert refused.status == 422, refused.text
        again = refused.form(here)
        assert (again["defect"], again["comment"]) == ("files", "Look again")
        assert (again["category_files"], again["expected_files"]) == ("wrong_document", "the steps")
        assert again["expected_result"] == ""
    ((_, _, act),) = world.acts.sent
    assert isinstance(act, CompleteTask)
    assert [(one["field"], one["expected"]) for one in act.result["defects"]] == [("files", "the steps")]


async def test_the_client_reads_what_was_done_and_signs_it_off(world: World) -> None:
    ticket = world.ticket(world.acme, stage="approval", subject="Password")
    files = [{"id": str(new_id()), "filename": "steps.txt", "sha256": "0" * 64}]
    world.approval(
        world.acme,
        ticket,
        "9" * 64,
        deliverable={"documents": 0, "units": 1, "work": {"note": NOTE, "files": files}},
    )
    here = f"/approvals/{ticket}"
    async with browsing(world, world.person(world.acme, ("client_user", world.acme))) as browser:
        page = await browser.get(here)
        assert NOTE in page.text and "steps.txt" in page.text
        assert "There are no documents" not in page.text
        refused = await browser.submit(here, here, decision="return", reason="")
        assert refused.status == 422
        assert (await browser.submit(here, here, decision="accept")).to == "/approvals"
    ((_, _, act),) = world.acts.sent
    assert isinstance(act, DecideApproval)
    assert (act.version, act.decision) == ("9" * 64, "accept")


async def test_what_came_back_stands_on_the_task_of_the_next_round(world: World) -> None:
    ticket = world.ticket(world.acme, stage="rework", subject="Password")
    shot = world.document(world.acme, ticket, filename="screen.png")
    payload = {
        "returned": "still locked",
        "before": NOTE,
        "defects": [{"field": "result", "category": "not_done"}],
    }
    task = world.task(world.acme, ticket, kind="work", payload=payload)
    here = f"/tasks/{task}"
    async with browsing(world, world.person(world.provider, ("agent", None))) as browser:
        page = await browser.get(here)
        for said in ("still locked", "Not done", NOTE, "screen.png"):
            assert said in page.text, said
        done = await browser.submit(here, here, note="Unlocked it too.", files=str(shot))
        assert done.to == "/work"
    ((_, _, act),) = world.acts.sent
    assert isinstance(act, CompleteTask)
    assert act.result == {"note": "Unlocked it too.", "files": [str(shot)]}
