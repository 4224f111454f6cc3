"""Expert work (MF4): what only a subject expert may do, who gets it, and what the contract says of it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tests.support.memory import CLIENT, START, agent, document, good_reading, ticket
from ticketos.domain import agreement, expert, offers, rework, tasks
from ticketos.domain.changes import CloseTask, Emit, Notify, OpenTask, SetDocument, Verdict
from ticketos.domain.errors import DomainError
from ticketos.domain.skills import Agent
from ticketos.domain.state import Actor, TaskState
from ticketos.domain.terms import AiTerms, ExpertTerms, ScopeTerms, Terms
from ticketos.lines.data_entry import again, checking, experts, flow, keying

ASHA, VIVEK, MEERA, BOSS = 7, 21, 22, 9
LARGE = ExpertTerms(("inventory",), Decimal("100000"), "INR")
OPENED = OpenTask(UUID(int=900), "key", "rework", "data_entry", "delivery", "data_entry")
PLAIN, LEAD = agent(ASHA, "data_entry"), agent(BOSS, "lead")


def sme(number: int, **given: Any) -> Agent:
    return agent(number, "data_entry", **{"level": "sme", **given})


def new_id() -> Any:
    ids = itertools.count(5_000)
    return lambda: UUID(int=next(ids))


def given(
    people: Sequence[Agent], reason: str = expert.SECOND_ROUND, before: int | None = ASHA
) -> tuple[OpenTask, list[Any]]:
    by = UUID(int=before) if before else None
    task, *said = expert.given(
        OPENED, ticket(), people, reason, START, new_id(), today=START.date(), before=by
    )
    assert isinstance(task, OpenTask)
    return task, said


def keyed(
    actor: Actor, total: str, payload: dict[str, Any] | None = None, people: Sequence[Agent] = ()
) -> Verdict:
    """An agent keys a document that was read with a total of 118."""
    request = ticket()
    fields = {
        name: {**f, "shown": f["value"], "confidence": "0.4", "state": "weak"}
        for name, f in good_reading()["fields"].items()
    }
    waiting = document(1, request, state="keying", doc_type="invoice", fields=fields)
    task = TaskState(
        UUID(int=900), request.id, "keying", waiting.id, "data_entry/x", "delivery", "data_entry", "open", "P3",
        UUID(int=ASHA), 0, 1, payload or {"fields": ["total"]}, START, None, 1,
    )  # fmt: skip
    return keying.on_keyed(
        request,
        task,
        waiting,
        {"fields": {"total": total}, "override_reason": "so it stands there"},
        actor,
        START.date(),
        lambda _: None,
        START,
        new_id(),
        expert=LARGE,
        agents=people,
    )


def test_what_an_agent_keys_above_the_limit_waits_as_keyed_for_an_expert() -> None:
    asha = Actor("user", str(UUID(int=ASHA)), frozenset({"agent"}))
    assert keyed(asha, "100000").outcome == "ready"
    verdict = keyed(asha, "1000000", people=[PLAIN, sme(MEERA), LEAD])
    assert verdict.outcome == "expert"
    kept = next(one.values for one in verdict.changes if isinstance(one, SetDocument))
    assert (kept["state"], kept["blocked_by"]) == ("keying", ["expert"])
    assert kept["fields"]["total"]["value"] == "1000000" and kept["fields"]["total"]["state"] == "keyed"
    (task,) = [one for one in verdict.changes if isinstance(one, OpenTask)]
    assert (task.kind, task.assigned_to, task.payload["expert"]) == ("keying", UUID(int=MEERA), expert.AMOUNT)
    assert task.payload["override_reason"] == "so it stands there" and "total" in task.payload["fields"]
    assert [one.task_id for one in verdict.changes if isinstance(one, CloseTask)] == [UUID(int=900)]


def test_an_expert_or_a_lead_decides_at_once() -> None:
    for role in ("sme", "lead"):
        boss = Actor("user", str(UUID(int=30)), frozenset({role}))
        assert keyed(boss, "1000000").outcome == "ready"
    meera = Actor("user", str(UUID(int=MEERA)), frozenset({"agent"}))
    assert keyed(meera, "1000000", people=[sme(MEERA)]).outcome == "ready", "an expert by level"
    given_as_such = {"fields": ["total"], "expert": expert.AMOUNT}
    asha = Actor("user", str(UUID(int=ASHA)), frozenset({"agent"}))
    assert keyed(asha, "1000000", given_as_such).outcome == "ready", "a lead gave it to them"


@pytest.mark.parametrize(
    ("kind", "amount", "currency", "back", "found"),
    [
        ("invoice", "10", "INR", 0, None),
        ("invoice", "10", "INR", 1, None),
        ("invoice", "10", "INR", 2, expert.SECOND_ROUND),
        ("inventory", None, None, 0, expert.DOCUMENT_TYPE),
        ("invoice", "100000", "INR", 0, None),
        ("invoice", "100000.01", "INR", 0, expert.AMOUNT),
        ("credit_note", "-100000.01", "INR", 0, expert.AMOUNT),
        ("invoice", "100000.01", None, 0, expert.AMOUNT),
        ("invoice", "100000.01", "EUR", 0, None),
        ("invoice", None, "INR", 1, None),
    ],
)
def test_what_makes_a_document_expert_work(
    kind: str, amount: str | None, currency: str | None, back: int, found: str | None
) -> None:
    assert expert.why(LARGE, kind, Decimal(amount) if amount else None, currency, back) == found


def test_the_least_loaded_expert_of_the_skill_gets_it_and_nobody_else() -> None:
    task, said = given([PLAIN, sme(VIVEK, load=5), sme(MEERA, load=1), LEAD])
    assert (task.assigned_to, task.desk, task.payload["expert"]) == (
        UUID(int=MEERA),
        "delivery",
        "second_round",
    )
    assert [one.event for one in said if isinstance(one, Emit)] == ["task.expert"]


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        (sme(VIVEK, ring_fence=frozenset({"another"})), "ring-fenced"),
        (sme(VIVEK, available=False), "unavailable"),
        (sme(VIVEK, load=100), "no-capacity"),
        (sme(VIVEK, certifications={"data_entry": date(2026, 10, 31)}), "certification-expired"),
        (agent(VIVEK, "qa", level="sme"), "skill-missing"),
        (agent(VIVEK, "data_entry"), "expert-required"),
    ],
)
def test_where_no_expert_can_take_it_the_lead_gets_it_with_what_stood_in_the_way(
    person: Agent, reason: str
) -> None:
    task, said = given([person, LEAD], before=None)
    assert (task.assigned_to, task.desk, task.skill) == (UUID(int=BOSS), "lead", "data_entry")
    assert reason in {one.partition(":")[0] for one in task.payload["no_expert"]}
    (notice,) = [one for one in said if isinstance(one, Notify)]
    assert (notice.kind, notice.desk, notice.recipient_id) == ("expert_missing", "lead", UUID(int=BOSS))
    able, _ = given([person, sme(MEERA, ring_fence=frozenset({str(CLIENT)})), LEAD], before=None)
    assert able.assigned_to == UUID(int=MEERA), "the same people and one expert who can"


def test_what_came_back_twice_goes_to_other_eyes_than_those_that_corrected_it() -> None:
    alone, _ = given([sme(VIVEK), LEAD], before=VIVEK)
    assert (alone.assigned_to, alone.payload["exclude"]) == (UUID(int=BOSS), [str(UUID(int=VIVEK))])
    two, _ = given([sme(VIVEK), sme(MEERA, load=9), LEAD], before=VIVEK)
    assert two.assigned_to == UUID(int=MEERA)


def test_an_experts_first_correction_is_their_own() -> None:
    task, _ = given([sme(VIVEK, load=9), sme(MEERA)], expert.AMOUNT, before=VIVEK)
    assert (task.assigned_to, "exclude" in task.payload) == (UUID(int=VIVEK), False)


def test_a_lead_who_is_alone_corrects_their_own_work_again_but_never_judges_it() -> None:
    alone, _ = given([PLAIN, LEAD], before=BOSS)
    assert alone.assigned_to == UUID(int=BOSS) and alone.payload["exclude"] == [str(UUID(int=BOSS))]
    other, _ = given([PLAIN, LEAD, agent(MEERA, "lead", load=9)], before=BOSS)
    assert other.assigned_to == UUID(int=MEERA)
    again = TaskState(
        UUID(int=900), UUID(int=100), "rework", None, "ticket/x", "delivery", "data_entry", "open", "P3",
        alone.assigned_to, 2, 1, alone.payload, START, None, 1,
    )  # fmt: skip
    boss = Actor("user", str(UUID(int=BOSS)), frozenset({"lead"}))
    assert tasks.may_finish(again, boss, None) == again
    with pytest.raises(DomainError, match=r"^own-work"):
        tasks.may_finish(replace(again, kind="qa_review"), boss, None)


def test_only_experts_and_leads_finish_expert_work_that_nobody_has() -> None:
    waiting = TaskState(
        UUID(int=900), UUID(int=100), "rework", None, "ticket/x", "delivery", "data_entry", "open", "P3", None,
        2, 1, {"expert": "second_round"}, START, None, 1,
    )  # fmt: skip

    def may(task: TaskState, *roles: str) -> Any:
        return tasks.may_finish(task, Actor("user", str(UUID(int=30)), frozenset(roles)), None)

    with pytest.raises(DomainError, match=r"^expert-required"):
        may(waiting, "agent")
    assert may(waiting, "sme") and may(waiting, "lead")
    assert may(replace(waiting, payload={}), "agent")
    assert may(replace(waiting, assigned_to=UUID(int=30)), "agent"), "a lead gave it to them"


def test_what_the_lead_has_for_want_of_an_expert_is_not_offered_around() -> None:
    task, said = given([PLAIN, LEAD])
    verdict = offers.opened(Verdict("opened", (task, *said)), {"data_entry": START - START}, START)
    assert verdict.changes[0] == task
    taken, _ = given([sme(VIVEK), LEAD])
    offered = offers.opened(Verdict("opened", (taken,)), {"data_entry": START - START}, START)
    assert offered.changes[0].offered_to == UUID(int=VIVEK)  # type: ignore[union-attr]


def _read(terms: ExpertTerms) -> tuple[str, OpenTask | None, list[str]]:
    request = ticket()
    verdict = flow.on_read(
        request, document(1, request), good_reading(), AiTerms(modes={"reading": "act"}), ScopeTerms(), None, None,
        [PLAIN, sme(VIVEK, load=50)], START, new_id(), expert=terms, today=START.date(),
    )  # fmt: skip
    task = next((one for one in verdict.changes if isinstance(one, OpenTask)), None)
    (kept,) = [one for one in verdict.changes if isinstance(one, SetDocument)]
    return verdict.outcome, task, kept.values["blocked_by"]


def test_what_the_contract_wants_an_expert_for_never_goes_through_unseen() -> None:
    assert _read(ExpertTerms(amount=Decimal("118"), currency="INR")) == ("straight", None, [])
    outcome, task, blocked = _read(ExpertTerms(amount=Decimal("117.99"), currency="INR"))
    assert task is not None
    assert (outcome, blocked, task.assigned_to) == ("keying", ["expert"], UUID(int=VIVEK))


def test_rounds_are_counted_for_the_document_alone() -> None:
    mine, other = UUID(int=1), UUID(int=2)
    keys = [f"defect:{other}:1", f"defect:{mine}:2", "processing", f"defect:{mine}:3"]
    assert [experts.times_back(mine, 1, round_, keys) for round_ in (1, 2, 3)] == [0, 1, 2]
    assert experts.times_back(other, 1, 3, keys) == 1


def test_a_life_after_reopening_counts_its_rounds_anew_and_forgets_none_of_those_before() -> None:
    mine = UUID(int=1)
    keys = [rework.defect_key(mine, life, round_) for life, round_ in ((1, 1), (1, 2), (2, 1))]
    assert len(set(keys)) == 3 and rework.came_back(mine, keys) == [(1, 1), (1, 2), (2, 1)]
    assert [experts.times_back(mine, *when, keys) for when in ((1, 2), (2, 1))] == [2, 3]


def _checked(stated: dict[str, Any]) -> None:
    terms = Terms.from_json({"assignment": {"expert": stated}})
    agreement.check(terms, priced=False, document_types=checking.KNOWN_TYPES)


@pytest.mark.parametrize(
    "stated",
    [
        {"document_types": ["invoce"]},
        {"document_types": "invoice"},
        {"amount": "5"},
        {"amount": "5", "currency": "rupees"},
        {"amount": "-1", "currency": "INR"},
        {"amount": 1.5, "currency": "INR"},
        {"amount": "much", "currency": "INR"},
    ],
)
def test_terms_that_cannot_be_worked_by_are_refused_when_written(stated: dict[str, Any]) -> None:
    with pytest.raises(DomainError, match=r"^terms-invalid section=assignment"):
        _checked(stated)
    _checked({"document_types": ["invoice"], "amount": "0.5", "currency": "INR"})


def test_documents_that_came_back_are_shared_out_and_the_contracts_own_go_to_an_expert() -> None:
    request = ticket()
    back = [
        document(n, request, state="rework", round=1, doc_type="invoice", finished_by=None,
                 fields={"total": {"value": total, "state": "keyed"}, "currency": {"value": "INR", "state": "auto"}})
        for n, total in ((1, "10"), (2, "20"), (3, "1000000"))
    ]  # fmt: skip
    people = [agent(ASHA, "data_entry"), agent(8, "data_entry"), sme(MEERA, load=5)]
    verdict = again.opened(request, back, {}, LARGE, people, START, START.date(), new_id())
    tasks_ = [one for one in verdict.changes if isinstance(one, OpenTask)]
    assert {one.assigned_to for one in tasks_[:2]} == {UUID(int=ASHA), UUID(int=8)}
    assert (tasks_[2].assigned_to, tasks_[2].payload["expert"]) == (UUID(int=MEERA), expert.AMOUNT)
    assert (verdict.outcome, verdict.facts["people"]) == ("opened", 3)
