"""The rules of the stages, one by one: what each accepts, and what it refuses from the same set-up."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

import pytest

from tests.support.memory import CLIENT, PROVIDER, START, agent, contract, document, good_reading, ticket
from ticketos.domain import (
    approval,
    assignment,
    billing,
    changes,
    closure,
    deadline,
    handling,
    quality,
    rework,
    sampling,
    stages,
    tasks,
    triage,
)
from ticketos.domain import contract as contracts
from ticketos.domain.calendar import WorkCalendar
from ticketos.domain.changes import Verdict
from ticketos.domain.clock import Clock, elapsed_s
from ticketos.domain.deadline import FIRST_RESPONSE, TURNAROUND, Timing
from ticketos.domain.erp import Standing
from ticketos.domain.errors import DomainError
from ticketos.domain.quality import Inspection
from ticketos.domain.state import (
    Actor,
    ApprovalState,
    ClientState,
    ClockState,
    CodingFacts,
    DocumentState,
    QaState,
    TaskState,
    TicketState,
)
from ticketos.domain.terms import AiTerms, QaTerms, ReworkTerms, ScopeTerms, SlaTerms, Terms
from ticketos.domain.triage import Suggestion
from ticketos.lines import KEYS
from ticketos.lines.data_entry import checking, coding, flow, keying, passwords

BUYER = ClientState(
    CLIENT, "acme", "ACME", "Acme", "client", "Asia/Kolkata", "INR", "boss@acme.example", PROVIDER
)
WORKER = Actor("user", str(UUID(int=7)), frozenset({"agent"}))
REVIEWER = Actor("user", str(UUID(int=8)), frozenset({"qa"}))
LEAD = Actor("user", str(UUID(int=9)), frozenset({"lead"}))
CUSTOMER = Actor("client", str(UUID(int=20)), frozenset({"client_user"}))
NOW = START + timedelta(hours=3)
OFFICE = WorkCalendar(
    "UTC", tuple(((time(9), time(17)),) if day < 5 else () for day in range(7)), frozenset(), ()
)

Kind = TypeVar("Kind")


@pytest.fixture
def new_id() -> Callable[[], UUID]:
    counter = itertools.count(5_000)
    return lambda: UUID(int=next(counter))


def of(kind: type[Kind], wanted: Sequence[Any]) -> list[Kind]:
    return [change for change in wanted if isinstance(change, kind)]


def values(wanted: Sequence[Any]) -> Mapping[str, Any]:
    merged: dict[str, Any] = {}
    for change in of(changes.SetTicket, wanted):
        merged |= change.values
    return merged


def refused(code: str) -> Any:
    return pytest.raises(DomainError, match=f"^{code}")


def task(kind: str, subject: DocumentState | None = None, **given: Any) -> TaskState:
    base: dict[str, Any] = dict(
        id=UUID(int=900),
        ticket_id=UUID(int=100),
        kind=kind,
        subject_id=subject.id if subject else None,
        workflow_id="ticket/x",
        desk="delivery",
        skill="data_entry",
        state="open",
        priority="P3",
        assigned_to=None,
        round=0,
        life=1,
        payload={},
        created_at=START,
        due_at=None,
        row_version=3,
    )
    return TaskState(**{**base, **given})


def posted(number: int, of_ticket: TicketState, **given: Any) -> DocumentState:
    fields = {
        name: {
            "value": f["value"],
            "shown": f["value"],
            "confidence": "0.99",
            "source": "text",
            "state": "auto",
        }
        for name, f in good_reading(number)["fields"].items()
    }
    return document(
        number, of_ticket, **{"state": "posted", "doc_type": "invoice", "fields": fields, **given}
    )


# --- stages -----------------------------------------------------------------------------------------------------------


def test_progress_goes_from_quality_to_approval_without_a_defect_and_never_falls() -> None:
    request = ticket(progress=40, stage="delivery")
    seen = []
    for stage in ("quality", "approval", "rework", "quality", "approval", "billing", "closure"):
        values_ = stages.enter(request, stage, "").values
        request = replace(request, stage=values_["stage"], progress=values_["progress"])
        seen.append(request.progress)
    assert seen == [55, 75, 75, 75, 75, 90, 100]


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("open", None),
        ("needs_attention", None),
        ("paused", "ticket-paused"),
        ("cancelled", "ticket-cancelled"),
        ("closed", "ticket-closed"),
    ],
)
def test_work_is_taken_on_an_open_ticket_alone(state: str, code: str | None) -> None:
    if code is None:
        stages.require_open(ticket(state=state))
    else:
        with refused(code):
            stages.require_open(ticket(state=state))


# --- triage -----------------------------------------------------------------------------------------------------------


def _suggestion(**given: Any) -> Suggestion:
    return Suggestion.from_json(
        {
            "service_line": "data_entry",
            "ticket_type": "invoice_entry",
            "priority": "P2",
            "confidence": 0.8,
            "decision": "auto",
            "top": [["data_entry", 0.8]],
            "engine": "test",
            **given,
        }
    )


@pytest.mark.parametrize(
    ("given", "threshold", "outcome"),
    [
        ({}, "0.70", "decided"),
        ({}, "0.80", "decided"),
        ({}, "0.81", "ask"),
        ({"decision": "review"}, "0.70", "ask"),
        ({"service_line": "gardening"}, "0.70", "ask"),
        ({"confidence": "many"}, "0.10", "ask"),
    ],
)
def test_triage_decides_at_the_contracts_threshold_and_asks_below(
    given: dict[str, Any], threshold: str, outcome: str, new_id: Callable[[], UUID]
) -> None:
    agreed = contract({"ai": {"triage_threshold": threshold}})
    verdict = triage.decide(
        ticket(), _suggestion(**given), [agreed], KEYS, [agent(10, "triage")], NOW, new_id
    )
    assert verdict.outcome == outcome
    (told,) = [e for e in of(changes.Emit, verdict.changes) if e.event.startswith("ticket.triage")]
    assert {"engine", "input", "cost", "confidence"} <= set(told.after or {}), (
        "what judging the engine needs (AG2)"
    )
    opened = of(changes.OpenTask, verdict.changes)
    assert [t.kind for t in opened] == (["triage"] if outcome == "ask" else [])
    if opened:
        assert opened[0].assigned_to == UUID(int=10)


def test_a_line_named_by_the_client_wins_over_any_engine(new_id: Callable[[], UUID]) -> None:
    request = ticket(service_line="it_helpdesk")
    verdict = triage.decide(request, _suggestion(confidence=0.1), [], KEYS, [], NOW, new_id)
    assert (verdict.outcome, verdict.facts["line"]) == ("decided", "it_helpdesk")


def test_a_priority_that_a_person_gave_is_kept_and_one_nobody_gave_is_the_engines(
    new_id: Callable[[], UUID],
) -> None:
    given = ticket(priority="P1", detail={"priority_given": True})
    assert triage.decide(given, _suggestion(), [], KEYS, [], NOW, new_id).facts["priority"] == "P1"
    assert (
        triage.decide(ticket(priority="P3"), _suggestion(), [], KEYS, [], NOW, new_id).facts["priority"]
        == "P2"
    )


def test_a_persons_triage_keeps_the_suggestion_beside_it_as_a_label() -> None:
    asked = task("triage", payload={"suggestion": {"service_line": "hr_recruitment"}})
    verdict = triage.decided_by_person(ticket(), asked, {"service_line": "data_entry"}, KEYS, LEAD, NOW)
    (closed,) = of(changes.CloseTask, verdict.changes)
    assert (
        closed.result["service_line"] == "data_entry"
        and closed.result["suggestion"]["service_line"] == "hr_recruitment"
    )
    with refused("unknown-service-line"):
        triage.decided_by_person(ticket(), asked, {"service_line": "gardening"}, KEYS, LEAD, NOW)
    with refused("unknown-priority"):
        triage.decided_by_person(
            ticket(), asked, {"service_line": "data_entry", "priority": "P9"}, KEYS, LEAD, NOW
        )


# --- contract ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "terms", "volume", "reason"),
    [
        ({}, {}, 0, None),
        ({"service_line": "hr_recruitment"}, {}, 0, "contract-missing"),
        ({"status": "draft"}, {}, 0, "contract-not-in-force"),
        ({"ends_on": date(2026, 11, 1)}, {}, 0, "contract-not-in-force"),
        ({"ends_on": date(2026, 11, 2)}, {}, 0, None),
        ({}, {"scope": {"monthly_volume": 10}}, 8, None),
        ({}, {"scope": {"monthly_volume": 10}}, 9, "contract-volume-exceeded"),
    ],
)
def test_the_contract_is_there_in_force_and_large_enough_or_the_ticket_is_parked_with_the_reason(
    given: dict[str, Any], terms: dict[str, Any], volume: int, reason: str | None, new_id: Callable[[], UUID]
) -> None:
    request = ticket(service_line="data_entry", documents_total=2)
    verdict = contracts.decide(request, BUYER, [contract(terms, **given)], volume, [], 2, NOW, new_id)
    if reason is None:
        assert verdict.outcome == "covered" and values(verdict.changes)["contract_id"] == UUID(int=50)
        return
    assert (verdict.outcome, values(verdict.changes)["reason"]) == ("parked", reason)
    assert [m.template for m in of(changes.SendMail, verdict.changes)] == ["parked"]
    assert values([contracts.released(request)])["state"] == "open"


def test_a_ticket_paused_on_the_way_is_neither_covered_nor_parked(new_id: Callable[[], UUID]) -> None:
    request = ticket(service_line="data_entry", state="paused")
    verdict = contracts.decide(request, BUYER, [contract()], 0, [], 1, NOW, new_id)
    assert (verdict.outcome, verdict.changes) == ("held", ())


def test_the_contract_retimes_clocks_that_ran_since_receipt() -> None:
    request = ticket(service_line="data_entry", priority="P1")
    running = [ClockState(Clock(FIRST_RESPONSE, 999, START)), ClockState(Clock(TURNAROUND, 999, START))]
    agreed = contract({"sla": {"priority_class_for": ["P1"]}})
    verdict = contracts.decide(request, BUYER, [agreed], 0, running, 1, NOW, lambda: UUID(int=1))
    clocks = {c.clock.kind: c.clock for c in of(changes.SetClock, verdict.changes)}
    assert {kind: (c.target_s, c.started_at) for kind, c in clocks.items()} == {
        FIRST_RESPONSE: (4 * 3600, START),
        TURNAROUND: (4 * 3600, START),
    }


# --- assignment -------------------------------------------------------------------------------------------------------


def test_an_upload_is_acknowledged_and_text_alone_is_not_yet_answered(new_id: Callable[[], UUID]) -> None:
    running = [ClockState(Clock(FIRST_RESPONSE, 3600, START)), ClockState(Clock(TURNAROUND, 7200, START))]
    people = [agent(7, "data_entry")]
    upload = assignment.decide(ticket(), BUYER, contract(), people, "data_entry", running, 1, NOW, new_id)
    text = assignment.decide(ticket(), BUYER, contract(), people, "data_entry", running, 0, NOW, new_id)
    assert [c.clock.stopped_at for c in of(changes.SetClock, upload.changes)] == [NOW]
    assert not of(changes.SetClock, text.changes)
    assert values(upload.changes)["owner_id"] == UUID(int=7)


@pytest.mark.parametrize(
    "person",
    [
        agent(7, "hr"),
        agent(7, "data_entry", available=False),
        agent(7, "data_entry", capacity=1, load=1),
        agent(7, "data_entry", certifications={"data_entry": date(2026, 11, 1)}),
        agent(7, "data_entry", ring_fence=frozenset({"x"})),
    ],
)
def test_nobody_fit_is_no_stop_the_work_waits_in_the_teams_queue(
    person: Any, new_id: Callable[[], UUID]
) -> None:
    verdict = assignment.decide(ticket(), BUYER, contract(), [person], "data_entry", [], 1, NOW, new_id)
    assert verdict.outcome == "assigned"
    assert (values(verdict.changes)["team"], values(verdict.changes)["owner_id"]) == ("data_entry", None)


# --- tasks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "actor", "version", "code"),
    [
        ({}, WORKER, 3, None),
        ({}, WORKER, None, None),
        ({"assigned_to": UUID(int=7)}, WORKER, None, None),
        ({"assigned_to": UUID(int=8)}, WORKER, None, "task-assigned-to-other"),
        ({"assigned_to": UUID(int=8)}, LEAD, None, None),
        ({}, WORKER, 2, "stale-version"),
        ({"state": "done"}, WORKER, 3, "task-not-open"),
        ({}, REVIEWER, None, "not-allowed"),
        ({"payload": {"exclude": [WORKER.id]}}, WORKER, None, "own-work"),
        ({}, Actor("system"), None, None),
        ({}, Actor("customer", origin="signed link"), None, "not-allowed"),
    ],
)
def test_a_task_is_finished_by_whoever_may_and_by_nobody_else(
    given: dict[str, Any], actor: Actor, version: int | None, code: str | None
) -> None:
    open_task = task("keying", **given)
    if code is None:
        assert tasks.may_finish(open_task, actor, version) is open_task
    else:
        with refused(code):
            tasks.may_finish(open_task, actor, version)


def test_a_signed_link_finishes_the_task_that_asks_for_a_password_and_no_other() -> None:
    visitor = Actor("customer", origin="signed link")
    asked = task("password")
    assert tasks.may_finish(asked, visitor, None) is asked
    with refused("task-not-open"):
        tasks.may_finish(task("password", state="done"), visitor, None)
    for kind in sorted({*tasks.ROLES, "it_helpdesk.reset"} - {"password"}):
        with refused("not-allowed"):
            tasks.may_finish(task(kind), visitor, None)


def test_a_task_that_is_not_there_is_unknown() -> None:
    with refused("task-unknown"):
        tasks.may_finish(None, WORKER, None)


# --- quality ----------------------------------------------------------------------------------------------------------


def _inspected(
    documents: Sequence[DocumentState], rate: str, new_id: Callable[[], UUID], **given: Any
) -> Any:
    seed = sampling.month_seed(str(CLIENT), "2026-11", "secret")
    checks: Callable[[DocumentState], Any] = given.get("level_one", checking.level_one)
    return quality.inspect(
        ticket(),
        documents,
        given.get("earlier", []),
        Inspection(seed, QaTerms(sample_rate=Decimal(rate)), NOW.date()),
        checks,
        [agent(8, "qa")],
        NOW,
        new_id,
    )


def test_the_sample_is_drawn_from_what_passed_level_one_and_anyone_can_draw_it_again(
    new_id: Callable[[], UUID],
) -> None:
    request = ticket()
    documents = [posted(n, request, finished_by=UUID(int=7)) for n in range(1, 41)]
    broken = [replace(d, fields={}) if d.position <= 10 else d for d in documents]
    verdict = _inspected(broken, "0.15", new_id)
    drawn = {t.subject_id for t in of(changes.OpenTask, verdict.changes)}
    seed = sampling.month_seed(str(CLIENT), "2026-11", "secret")
    clean = [str(d.id) for d in broken if d.fields]
    assert drawn == {UUID(i) for i in sampling.draw(seed, clean, Decimal("0.15"))}
    assert drawn and not drawn & {d.id for d in broken if not d.fields}
    failed = [c.document_id for c in of(changes.AddQaCheck, verdict.changes) if c.verdict == "fail"]
    assert failed == [d.id for d in broken if not d.fields]


@pytest.mark.parametrize(
    ("count", "rate", "least"), [(40, "0", 0), (3, "0.10", 0), (10, "0.10", 1), (7, "0.15", 1), (4, "1", 4)]
)
def test_a_batch_that_expects_one_drawn_item_has_one_and_no_rate_means_none(
    count: int, rate: str, least: int, new_id: Callable[[], UUID]
) -> None:
    verdict = _inspected([posted(n, ticket()) for n in range(count)], rate, new_id)
    drawn = len(of(changes.OpenTask, verdict.changes))
    assert drawn >= least and (least > 0 or rate != "0" or drawn == 0)


def test_what_was_reworked_is_inspected_in_full_beside_the_sample(new_id: Callable[[], UUID]) -> None:
    again = posted(1, ticket(), round=1)
    (opened,) = of(changes.OpenTask, _inspected([again, posted(2, ticket())], "0", new_id).changes)
    assert (opened.subject_id, opened.payload["basis"]) == (again.id, "rework")


def test_a_second_person_reviews_and_nobody_their_own_work(new_id: Callable[[], UUID]) -> None:
    done = posted(1, ticket(), finished_by=UUID(int=8))
    open_review = task("qa_review", done, payload={"basis": "sample"})
    other = Actor("user", str(UUID(int=12)), frozenset({"qa"}))
    passed = quality.review(ticket(), open_review, done, {"verdict": "pass"}, ("total",), other, NOW, new_id)
    assert of(changes.SetDocument, passed.changes)[0].values == {"quality": "passed"}
    with refused("own-work"):
        quality.review(ticket(), open_review, done, {"verdict": "pass"}, ("total",), REVIEWER, NOW, new_id)


@pytest.mark.parametrize(
    ("result", "code"),
    [
        ({"verdict": "fail", "defects": [{"field": "total"}]}, None),
        ({"verdict": "fail"}, "defect-missing"),
        ({"verdict": "fail", "defects": ["x"]}, "result-malformed"),
        ({"verdict": "fail", "defects": "total"}, "result-malformed"),
        ({"verdict": "fail", "defects": None}, "defect-missing"),
        ({"verdict": "pass", "read": "total"}, "result-malformed"),
        ({"verdict": "pass", "read": ["total", 2]}, "result-malformed"),
        ({"verdict": "pass", "read": ["x" * 61]}, "result-malformed"),
        ({"verdict": "pass", "defects": [{"field": "total"}]}, "defect-on-pass"),
        ({"verdict": "so-so"}, "verdict-unknown"),
        ({"verdict": "fail", "defects": [{"field": "total", "category": "odd"}]}, "defect-category-unknown"),
        ({"verdict": "fail", "defects": [{"field": "total", "severity": "odd"}]}, "defect-severity-unknown"),
        ({"verdict": "fail", "defects": [{}]}, "defect-field-missing"),
    ],
)
def test_a_review_says_what_is_wrong(
    result: dict[str, Any], code: str | None, new_id: Callable[[], UUID]
) -> None:
    done = posted(1, ticket(), finished_by=UUID(int=7))
    arguments = (ticket(), task("qa_review", done), done, result, ("total", "number"), REVIEWER, NOW, new_id)
    if code is not None:
        with refused(code):
            quality.review(*arguments)
        return
    (check,) = of(changes.AddQaCheck, quality.review(*arguments).changes)
    assert (check.fields_inspected, check.fields_correct, check.score) == (2, 1, Decimal("50.00"))


def test_wrong_lines_count_as_one_field_and_so_does_the_coding(new_id: Callable[[], UUID]) -> None:
    done, required = (
        posted(1, ticket(), finished_by=UUID(int=7)),
        ("total", "number", "issue_date", "currency"),
    )
    named = ("lines.count", "lines.2.net", "lines.3.net", "coding.account", "coding.tax_code")
    result = {
        "verdict": "fail",
        "defects": [{"field": name} for name in named],
        "read": ["total", "lines.2.net", "total"],
    }
    verdict = quality.review(ticket(), task("qa_review", done), done, result, required, REVIEWER, NOW, new_id)
    (check,) = of(changes.AddQaCheck, verdict.changes)
    assert (check.fields_inspected, check.fields_correct) == (6, 4), (
        "lines and coding, beside four that are right"
    )
    assert [d["field"] for d in check.defects] == list(named)
    (told,) = of(changes.Emit, verdict.changes)
    assert told.after is not None and told.after["read"] == ["lines.2.net", "total"]


@pytest.mark.parametrize(
    ("required", "wrong", "counts"),
    [
        (("total", "number"), (), (2, 2)),
        (("total", "number"), ("total",), (2, 1)),
        (("total", "number"), ("due_date",), (3, 2)),
        (("total", "number"), ("due_date", "po_number", "buyer_name", "lines", "coding"), (7, 2)),
        (("total", "number"), ("total", "number", "due_date"), (3, 0)),
        ((), (), (1, 1)),
        ((), ("due_date",), (1, 0)),
    ],
)
def test_what_is_wrong_counts_once_and_a_right_optional_field_adds_nothing(
    required: tuple[str, ...], wrong: tuple[str, ...], counts: tuple[int, int]
) -> None:
    assert quality.counted(required, wrong) == counts


def test_wrong_optional_fields_neither_eat_up_the_required_ones_nor_hide(new_id: Callable[[], UUID]) -> None:
    read = {"number": {"value": "7", "shown": "1"}, "total": {"value": "5", "shown": "5"}}
    done = posted(1, ticket(), finished_by=UUID(int=7), fields=read)
    optional = ("due_date", "po_number", "buyer_name", "buyer_tax_id")
    result = {"verdict": "fail", "defects": [{"field": name} for name in optional]}
    verdict = quality.review(
        ticket(), task("qa_review", done), done, result, ("total", "number"), REVIEWER, NOW, new_id
    )
    (check,) = of(changes.AddQaCheck, verdict.changes)
    assert (check.fields_inspected, check.fields_correct, check.ai_correct) == (6, 2, 1)
    assert check.score == Decimal("33.33")


# --- rework -----------------------------------------------------------------------------------------------------------


def test_the_reviews_of_one_inspection_are_shared_among_those_who_may_review(
    new_id: Callable[[], UUID],
) -> None:
    request = ticket()
    stack = [posted(n, request) for n in range(1, 31)]
    people = [agent(n, "qa") for n in (21, 22, 23)]
    all_of_them = Inspection("seed", QaTerms(sample_rate=Decimal(1)), NOW.date())
    found = quality.inspect(request, stack, [], all_of_them, lambda _: (1, 1, ()), people, NOW, new_id)
    given = Counter(t.assigned_to for t in of(changes.OpenTask, found.changes))
    assert given == {UUID(int=n): 10 for n in (21, 22, 23)}


@pytest.mark.parametrize(
    ("round_", "granted", "outcome"),
    [(0, 0, "rework"), (1, 0, "rework"), (2, 0, "escalated"), (2, 3, "rework"), (3, 3, "escalated")],
)
def test_after_the_last_round_the_lead_is_asked_and_may_grant_one_more(
    round_: int, granted: int, outcome: str, new_id: Callable[[], UUID]
) -> None:
    request = ticket(round=round_, progress=75)
    back = posted(1, request, quality="failed", round=round_)
    rows = [rework.defect_key(back.id, 1, n) for n in range(1, round_ + 1)]
    verdict = rework.begin(request, [back], [], ReworkTerms(max_rounds=2), granted, NOW, new_id, rows)
    assert verdict.outcome == outcome and values(verdict.changes)["progress"] == 75
    if outcome == "rework":
        assert of(changes.SetDocument, verdict.changes)[0].values["round"] == round_ + 1
        assert [s.kind for s in of(changes.SubTicket, verdict.changes)] == ["defect"]
    else:
        assert [t.kind for t in of(changes.OpenTask, verdict.changes)] == ["escalation"]


@pytest.mark.parametrize(
    ("result", "code"),
    [
        ({"decision": "again", "reason": "r"}, None),
        ({"decision": "reject", "reason": "r"}, None),
        ({"decision": "reject"}, "reason-missing"),
        ({"decision": "maybe", "reason": "r"}, "decision-unknown"),
    ],
)
def test_the_lead_decides_with_a_reason(result: dict[str, Any], code: str | None) -> None:
    back = posted(1, ticket(), quality="failed")
    if code is not None:
        with refused(code):
            rework.lead_decides(ticket(), task("escalation"), result, [back], LEAD, NOW)
        return
    verdict = rework.lead_decides(ticket(), task("escalation"), result, [back], LEAD, NOW)
    rejected = [c.values["state"] for c in of(changes.SetDocument, verdict.changes)]
    assert rejected == (["rejected"] if result["decision"] == "reject" else [])


def test_rounds_are_an_items_own_and_the_lead_is_asked_about_those_that_have_had_theirs(
    new_id: Callable[[], UUID],
) -> None:
    request = ticket(round=4)
    often, once = posted(1, request, quality="failed", round=4), posted(2, request, quality="failed")
    rows = ["processing", *(rework.defect_key(often.id, 1, n) for n in (3, 4))]

    def begin(*units: DocumentState) -> Verdict:
        return rework.begin(request, units, [], ReworkTerms(max_rounds=2), 0, NOW, new_id, rows)

    assert begin(once).outcome == "rework", "the rounds of others are none of its own"
    (asked,) = of(changes.OpenTask, begin(often, once).changes)
    assert (asked.payload["documents"], asked.payload["rounds"]) == ([str(often.id)], 2)
    lead = replace(task("escalation"), payload=asked.payload)
    said = {"decision": "reject", "reason": "r"}
    out = rework.lead_decides(request, lead, said, [often, once], LEAD, NOW)
    assert [c.document_id for c in of(changes.SetDocument, out.changes)] == [often.id]


def test_one_more_round_is_one_more_also_when_rejected_items_used_rounds_up(
    new_id: Callable[[], UUID],
) -> None:
    request = ticket(round=4)
    back = posted(1, request, quality="failed", round=1)
    again = rework.lead_decides(
        request, task("escalation"), {"decision": "again", "reason": "r"}, [back], LEAD, NOW
    )
    granted = values(again.changes)["detail"]["granted_round"]
    assert (
        rework.begin(request, [back], [], ReworkTerms(max_rounds=0), granted, NOW, new_id).outcome == "rework"
    )


def test_a_defect_closes_with_how_long_it_was_open_when_its_document_has_passed() -> None:
    one, two = posted(1, ticket(), quality="passed"), posted(2, ticket())
    defects = {
        f"defect:{d.id}:1": ticket(700 + d.position, kind="defect", detail={"opened_at": START.isoformat()})
        for d in (one, two)
    }
    (closed,) = of(
        changes.SubTicket, rework.close_defects(ticket(), defects, [one, two], START + timedelta(minutes=90))
    )
    assert (closed.key, closed.detail["open_minutes"], closed.state) == (f"defect:{one.id}:1", "90.0", "done")


# --- approval ---------------------------------------------------------------------------------------------------------

TIMING = Timing()


def _open(documents: Sequence[DocumentState], **given: Any) -> ApprovalState:
    base = ApprovalState(
        UUID(int=60), 0, approval.version_of(documents), "open", NOW + timedelta(days=5), None
    )
    return replace(base, **given)


DELIVERED = [str(posted(n, ticket()).id) for n in (1, 2)]


def test_a_part_speaks_only_of_what_is_still_open() -> None:
    one, two = posted(1, ticket(), approval="accepted"), posted(2, ticket())
    given = {"version": _open([one, two]).version, "decision": "partial", "units": {str(two.id): "accept"}}
    verdict = approval.decide_by_client(
        ticket(), _open([one, two]), [one, two], given, [], TIMING, CUSTOMER, NOW
    )
    assert verdict.outcome == "accepted"
    assert [c.document_id for c in of(changes.SetDocument, verdict.changes)] == [two.id]


@pytest.mark.parametrize(
    ("decision", "code"),
    [
        ({"decision": "accept"}, None),
        ({"decision": "return", "reason": "r"}, None),
        ({"decision": "return"}, "reason-missing"),
        ({"decision": "maybe"}, "decision-unknown"),
        ({"decision": "accept", "version": "old"}, "version-stale"),
        ({"decision": "partial", "reason": "r", "units": {"nobody": "return"}}, "unit-unknown"),
        ({"decision": "partial", "reason": "r", "units": {}}, "units-missing"),
        ({"decision": "partial", "reason": "r", "units": {DELIVERED[0]: "accept"}}, "units-missing"),
        ({"decision": "partial", "reason": "r", "units": {DELIVERED[0]: "return"}}, "units-missing"),
        ({"decision": "partial", "units": dict.fromkeys(DELIVERED, "accept")}, None),
    ],
)
def test_the_client_decides_on_the_version_that_was_offered(
    decision: dict[str, Any], code: str | None
) -> None:
    documents = [posted(1, ticket()), posted(2, ticket())]
    offered = _open(documents)
    given = {"version": offered.version, **decision}
    if code is not None:
        with refused(code):
            approval.decide_by_client(ticket(), offered, documents, given, [], TIMING, CUSTOMER, NOW)
        return
    verdict = approval.decide_by_client(ticket(), offered, documents, given, [], TIMING, CUSTOMER, NOW)
    assert verdict.outcome == {"return": "returned"}.get(decision["decision"], "accepted")
    with refused("approval-not-open"):
        approval.decide_by_client(
            ticket(), _open(documents, state="accepted"), documents, given, [], TIMING, CUSTOMER, NOW
        )


def test_a_part_is_accepted_and_the_rest_returned() -> None:
    one, two = posted(1, ticket()), posted(2, ticket())
    offered = _open([one, two])
    given = {
        "version": offered.version,
        "decision": "partial",
        "reason": "wrong",
        "units": {str(one.id): "accept", str(two.id): "return"},
    }
    verdict = approval.decide_by_client(ticket(), offered, [one, two], given, [], TIMING, CUSTOMER, NOW)
    assert {c.document_id: c.values["approval"] for c in of(changes.SetDocument, verdict.changes)} == {
        one.id: "accepted",
        two.id: "returned",
    }
    (decided,) = of(changes.DecideApproval, verdict.changes)
    assert decided.state == "partially_accepted"


def test_the_version_changes_with_any_value_and_with_nothing_else() -> None:
    one = posted(1, ticket())
    changed = replace(one, fields={**one.fields, "total": {**one.fields["total"], "value": "119.00"}})
    assert approval.version_of([one]) == approval.version_of(
        [replace(one, row_version=9, finished_by=UUID(int=3))]
    )
    assert (
        len(
            {
                approval.version_of([d])
                for d in (one, changed, replace(one, erp_reference="J-2"), replace(one, state="rejected"))
            }
        )
        == 4
    )


INDIA = WorkCalendar("Asia/Kolkata", (((time(9), time(17)),),) * 5 + ((), ()))


@pytest.mark.parametrize(
    ("terms", "deemed"),
    [
        ({}, "2026-11-16T18:30+05:30"),  # five business days, not five times 24 hours of eight-hour days
        ({"approval": {"deemed_days": 1}}, "2026-11-10T18:30+05:30"),
        ({"approval": {"deemed_days": 1, "deemed_s": 7_200}}, "2026-11-10T11:00+05:30"),
    ],
)
def test_silence_is_counted_in_business_days_unless_the_contract_counts_seconds(
    terms: dict[str, Any], deemed: str, new_id: Callable[[], UUID]
) -> None:
    monday = datetime.fromisoformat("2026-11-09T18:30+05:30")
    agreed = contract(terms, calendar=INDIA)
    verdict = approval.offer(ticket(), BUYER, agreed, [posted(1, ticket())], [], [], monday, new_id)
    (offered,) = of(changes.OfferApproval, verdict.changes)
    assert offered.deemed_at == datetime.fromisoformat(deemed)


@pytest.mark.parametrize(
    ("sla", "until"),
    [
        ({}, "2026-11-16T18:30+05:30"),  # from a Thursday evening over the weekend
        ({"password_s": 3_600}, "2026-11-13T10:00+05:30"),
        ({"password_s": 0}, None),
        ({"password_days": 0}, None),
    ],
)
def test_a_password_is_waited_for_in_business_days(sla: dict[str, Any], until: str | None) -> None:
    timing = Timing(INDIA, Terms.from_json({"sla": sla}).sla)
    thursday = datetime.fromisoformat("2026-11-12T18:30+05:30")
    found = passwords.waits_until(document(1, ticket()), {"reason": "encrypted"}, timing, thursday)
    assert found == (until and datetime.fromisoformat(until))


def test_silence_is_acceptance_from_the_contracts_instant_on_and_not_before() -> None:
    documents = [posted(1, ticket()), posted(2, ticket(), approval="accepted")]
    offered = _open(documents)
    assert offered.deemed_at is not None
    early = approval.lapse(
        ticket(), offered, documents, [], TIMING, offered.deemed_at - timedelta(microseconds=1)
    )
    due = approval.lapse(ticket(), offered, documents, [], TIMING, offered.deemed_at)
    assert (early.outcome, early.changes) == ("waiting", ())
    assert due.outcome == "accepted" and [c.document_id for c in of(changes.SetDocument, due.changes)] == [
        documents[0].id
    ]


@pytest.mark.parametrize(
    ("terms", "documents", "outcome"),
    [({}, 1, "offered"), ({"approval": {"required": False}}, 1, "accepted"), ({}, 0, "accepted")],
)
def test_sign_off_is_asked_where_the_contract_wants_it_and_something_was_delivered(
    terms: dict[str, Any], documents: int, outcome: str, new_id: Callable[[], UUID]
) -> None:
    delivered = [posted(n, ticket()) for n in range(documents)]
    verdict = approval.offer(ticket(), BUYER, contract(terms), delivered, [], [], NOW, new_id)
    assert verdict.outcome == outcome
    assert [m.template for m in of(changes.SendMail, verdict.changes)] == (
        ["approval"] if outcome == "offered" else []
    )


def test_what_came_to_nothing_is_told_once_to_whoever_sent_it(new_id: Callable[[], UUID]) -> None:
    bad = document(1, ticket(), state="quarantined", reason="too-heavy", filename="bad.pdf")

    def told(request: TicketState, *documents: DocumentState, **terms: Any) -> list[changes.SendMail]:
        verdict = approval.offer(request, BUYER, contract(terms), documents, [], [], NOW, new_id)
        return of(changes.SendMail, verdict.changes)

    (mail,) = told(ticket(), bad)
    assert (mail.template, mail.to) == ("not_processed", ticket().requester_email)
    assert mail.values["files"] == [{"file": "bad.pdf", "state": "quarantined", "reason": "too-heavy"}]
    (again,) = told(ticket(round=1, life=2), bad)
    assert again.key == mail.key  # kept once
    (machine,) = told(ticket(detail={"suppress_reply": "bulk"}), bad)
    assert machine.to == BUYER.approver_email
    (unasked,) = told(ticket(), bad, posted(2, ticket()), approval={"required": False})
    assert (unasked.template, unasked.values["delivered"]) == ("not_processed", 1)
    (asked,) = told(ticket(), bad, posted(2, ticket()))
    assert (asked.template, len(asked.values["not_delivered"])) == ("approval", 1)
    assert told(ticket(), posted(2, ticket()), approval={"required": False}) == []


# --- billing ----------------------------------------------------------------------------------------------------------


def test_what_passed_and_was_accepted_is_billed_once_per_document_and_nothing_else(
    new_id: Callable[[], UUID],
) -> None:
    request = ticket()
    good = posted(1, request, quality="passed", approval="accepted", finished_by=UUID(int=7))
    others = [
        posted(2, request, quality="failed", approval="accepted"),
        posted(3, request, quality="passed"),
        posted(4, request, quality="passed", approval="accepted", state="rejected"),
    ]
    check = QaState(good.id, 2, 0, "sample", "pass", UUID(int=8), 7, 7)
    verdict = billing.record(request, BUYER, contract(), [good, *others], [check], frozenset(), NOW, new_id)
    (used,) = of(changes.AddUsage, verdict.changes)
    assert (used.key, used.quantity, used.finished_by, used.fate) == (
        f"document:{good.id}",
        Decimal(1),
        UUID(int=7),
        "billable",
    )
    assert used.evidence == {"level": 2, "round": 0, "verdict": "pass"}
    again = billing.record(replace(request, life=2), BUYER, contract(), [good], [], frozenset(), NOW, new_id)
    assert of(changes.AddUsage, again.changes)[0].key == used.key


@pytest.mark.parametrize(
    ("locked", "bill_period", "fate"),
    [
        (frozenset(), "2026-11", "billable"),
        (frozenset({"2026-11"}), "2026-12", "late"),
        (frozenset({"2026-11", "2026-12"}), "2027-01", "late"),
    ],
)
def test_usage_of_a_locked_month_goes_to_the_next_open_one_with_its_own_month_kept(
    locked: frozenset[str], bill_period: str, fate: str, new_id: Callable[[], UUID]
) -> None:
    good = posted(1, ticket(), quality="passed", approval="accepted")
    verdict = billing.record(ticket(), BUYER, contract(), [good], [], locked, NOW, new_id)
    (used,) = of(changes.AddUsage, verdict.changes)
    assert (used.period, used.bill_period, used.fate) == ("2026-11", bill_period, fate)


def test_the_month_is_the_clients_own(new_id: Callable[[], UUID]) -> None:
    good = posted(1, ticket(), quality="passed", approval="accepted")
    late_evening = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)  # in India the first of December
    (used,) = of(
        changes.AddUsage,
        billing.record(ticket(), BUYER, contract(), [good], [], frozenset(), late_evening, new_id).changes,
    )
    assert used.period == "2026-12"


# --- closure ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "done", "held"),
    [
        ("qc", False, True),
        ("defect", False, True),
        ("processing", False, True),
        ("qc", True, False),
        ("billing", False, False),
    ],
)
def test_a_ticket_closes_when_no_child_holds_its_work(
    kind: str, done: bool, held: bool, new_id: Callable[[], UUID]
) -> None:
    child = ticket(701, kind=kind, closed_at=NOW if done else None)
    if held:
        with refused("children-open"):
            closure.close(ticket(), BUYER, contract(), {"x": child}, None, NOW, new_id)
    else:
        assert (
            values(closure.close(ticket(), BUYER, contract(), {"x": child}, None, NOW, new_id).changes)[
                "state"
            ]
            == "closed"
        )


@pytest.mark.parametrize(("asked_days_ago", "asks"), [(None, True), (8, True), (7, True), (6, False)])
def test_a_person_is_asked_at_most_once_in_the_quiet_days(
    asked_days_ago: int | None, asks: bool, new_id: Callable[[], UUID]
) -> None:
    last = None if asked_days_ago is None else NOW - timedelta(days=asked_days_ago)
    verdict = closure.close(ticket(), BUYER, contract(), {}, last, NOW, new_id)
    assert [s.recipient for s in of(changes.AskSurvey, verdict.changes)] == (
        ["boss@acme.example"] if asks else []
    )
    never = closure.close(ticket(), BUYER, contract({"survey": {"ask": False}}), {}, last, NOW, new_id)
    assert not of(changes.AskSurvey, never.changes)


# --- handling and clocks ----------------------------------------------------------------------------------------------

OFFICE_TIMING = Timing(OFFICE, SlaTerms(pause_max_s=3 * 24 * 3600))


def _clocks(at: datetime, target_s: int = 8 * 3600) -> list[ClockState]:
    return [ClockState(Clock(TURNAROUND, target_s, at))]


def _after(wanted: Sequence[Any]) -> list[ClockState]:
    return [ClockState(c.clock, c.fired, c.breached_at) for c in of(changes.SetClock, wanted)]


def test_a_pause_shifts_the_due_time_by_the_business_minutes_paused() -> None:
    monday, request = datetime(2026, 11, 2, 9, 0, tzinfo=UTC), ticket()
    states = _clocks(monday)
    assert deadline.turnaround_due(states, OFFICE_TIMING) == monday.replace(hour=17)
    at = monday.replace(hour=16)
    held = handling.pause(request, states, OFFICE_TIMING, "client must answer", at)
    resumed_at = datetime(
        2026, 11, 3, 10, 30, tzinfo=UTC
    )  # 16:00–17:00 and 9:00–10:30: two and a half working hours
    gone_on = handling.resume(
        replace(request, state="paused"), _after(held.changes), OFFICE_TIMING, None, "", resumed_at
    )
    assert deadline.turnaround_due(_after(gone_on.changes), OFFICE_TIMING) == datetime(
        2026, 11, 3, 11, 30, tzinfo=UTC
    )
    assert held.next_at == at + timedelta(days=3), "a pause ends by itself"


@pytest.mark.parametrize(
    ("state", "reason", "code"),
    [
        ("open", "r", None),
        ("open", " ", "reason-missing"),
        ("paused", "r", "already-paused"),
        ("parked", "r", "not-pausable"),
        ("closed", "r", "ticket-closed"),
        ("cancelled", "r", "ticket-cancelled"),
    ],
)
def test_an_open_ticket_is_paused_with_a_reason(state: str, reason: str, code: str | None) -> None:
    if code is None:
        assert (
            values(handling.pause(ticket(state=state), [], TIMING, reason, NOW).changes)["state"] == "paused"
        )
    else:
        with refused(code):
            handling.pause(ticket(state=state), [], TIMING, reason, NOW)


def test_another_priority_changes_the_target_and_keeps_the_time_elapsed() -> None:
    states = [ClockState(Clock(TURNAROUND, 24 * 3600, START), frozenset({"warning_50"}))]
    timing = Timing(sla=SlaTerms(priority_class_for=("P1",)))
    verdict = handling.change_priority(ticket(), states, timing, None, "P1", "", NOW)
    (changed,) = of(changes.SetClock, verdict.changes)
    assert (changed.clock.target_s, changed.clock.started_at, changed.fired) == (
        4 * 3600,
        START,
        frozenset({"warning_50"}),
    )
    assert (
        elapsed_s(changed.clock, TIMING.calendar, NOW)
        == elapsed_s(states[0].clock, TIMING.calendar, NOW)
        == 3 * 3600
    )
    for priority, code in (("P3", "priority-unchanged"), ("P7", "unknown-priority")):
        with refused(code):
            handling.change_priority(ticket(), states, TIMING, None, priority, "", NOW)


def test_a_stopped_clock_is_not_retimed() -> None:
    stopped = [ClockState(replace(Clock(TURNAROUND, 24 * 3600, START), stopped_at=NOW))]
    assert not of(
        changes.SetClock, handling.change_priority(ticket(), stopped, TIMING, None, "P1", "", NOW).changes
    )


@pytest.mark.parametrize(
    ("stage", "reason", "code"),
    [("delivery", "r", None), ("delivery", "", "reason-missing"), ("billing", "r", "too-late-to-cancel")],
)
def test_a_ticket_is_cancelled_until_it_is_billed(stage: str, reason: str, code: str | None) -> None:
    child = ticket(701, kind="qc")
    if code is not None:
        with refused(code):
            handling.cancel(ticket(stage=stage), [("q", child)], reason, NOW)
        return
    verdict = handling.cancel(ticket(stage=stage), [("q", child)], reason, NOW)
    assert (
        values(verdict.changes)["state"] == "cancelled" and len(of(changes.CancelTasks, verdict.changes)) == 1
    )
    assert [s.state for s in of(changes.SubTicket, verdict.changes)] == ["cancelled"]


@pytest.mark.parametrize("state", ["open", "paused", "parked"])
def test_after_a_retry_a_ticket_is_what_it_was_before_it_needed_attention(state: str) -> None:
    request = ticket(state=state, reason="because", detail={"kept": 1})
    troubled = replace(
        request,
        **{
            k: v
            for k, v in values(
                handling.needs_attention(request, "price list is missing", "billing", "ticket/x").changes
            ).items()
            if k in ("state", "reason", "detail")
        },
    )
    assert (troubled.state, troubled.reason) == ("needs_attention", "price list is missing")
    after = values(handling.retry(troubled, "").changes)
    assert (after["state"], after["reason"], after["detail"]) == (state, "because", {"kept": 1})
    with refused("nothing-to-retry"):
        handling.retry(request, "")


def test_each_milestone_is_announced_once_also_after_a_day_in_which_nobody_looked(
    new_id: Callable[[], UUID],
) -> None:
    timing = Timing(sla=SlaTerms(ladder_s=(0, 3600)))
    states = _clocks(START, 3600)
    late = START + timedelta(days=1)
    verdict = deadline.tick(ticket(), states, timing, None, late, new_id)
    said = [n.key.rsplit(":", 1)[1] for n in of(changes.Notify, verdict.changes)]
    assert said == ["warning_50", "warning_75", "warning_90", "breach", "escalation_1", "escalation_2"]
    again = deadline.tick(
        ticket(sla_state="breached"), _after(verdict.changes), timing, None, late + timedelta(hours=1), new_id
    )
    assert not of(changes.Notify, again.changes) and not of(changes.Emit, again.changes)


@pytest.mark.parametrize(
    ("state", "after", "outcome"),
    [("open", 2, "ticked"), ("paused", 2, "ticked"), ("paused", 3, "resume"), ("closed", 9, "ticked")],
)
def test_a_pause_ends_after_its_maximum(
    state: str, after: int, outcome: str, new_id: Callable[[], UUID]
) -> None:
    request = ticket(state="open")
    held = handling.pause(request, _clocks(START), OFFICE_TIMING, "r", START)
    seen = replace(request, state=state, closed_at=START if state == "closed" else None)
    assert (
        deadline.tick(
            seen, _after(held.changes), OFFICE_TIMING, None, START + timedelta(days=after), new_id
        ).outcome
        == outcome
    )


# --- data entry: reading and keying -----------------------------------------------------------------------------------

STRAIGHT = AiTerms(modes={"reading": "act"})


def _read(
    reading: Mapping[str, Any],
    new_id: Callable[[], UUID],
    *,
    ai: AiTerms = STRAIGHT,
    scope: ScopeTerms | None = None,
    same_file: UUID | None = None,
    same_key: UUID | None = None,
) -> Any:
    request = ticket()
    return flow.on_read(
        request,
        document(1, request),
        reading,
        ai,
        scope or ScopeTerms(),
        same_file,
        same_key,
        [agent(7, "data_entry")],
        NOW,
        new_id,
        today=NOW.date(),
    )


@pytest.mark.parametrize(
    ("given", "outcome", "blocked"),
    [
        ({}, "straight", []),
        ({"ai": AiTerms()}, "keying", []),
        ({"ai": AiTerms(modes={"reading": "act"}, field_threshold=Decimal("0.995"))}, "keying", None),
        ({"scope": ScopeTerms(document_types=("receipt",))}, "keying", ["out-of-scope"]),
        ({"same_file": UUID(int=3)}, "keying", ["duplicate"]),
        ({"same_key": UUID(int=3)}, "keying", ["duplicate"]),
    ],
)
def test_a_document_goes_straight_through_when_nothing_speaks_against_it(
    given: dict[str, Any], outcome: str, blocked: list[str] | None, new_id: Callable[[], UUID]
) -> None:
    verdict = _read(good_reading(), new_id, **given)
    (kept,) = of(changes.SetDocument, verdict.changes)
    assert verdict.outcome == outcome
    assert blocked is None or kept.values["blocked_by"] == blocked


def test_a_contract_says_for_each_field_from_when_it_passes(new_id: Callable[[], UUID]) -> None:
    for stated, weak in (({"total": "0.999"}, {"total"}), ({"number": "0.999"}, {"number"}), ({}, set())):
        terms = Terms.from_json({"ai": {"modes": {"reading": "act"}, "field_thresholds": stated}})
        verdict = _read(good_reading(), new_id, ai=terms.ai)
        (kept,) = of(changes.SetDocument, verdict.changes)
        found = {name: it for name, it in kept.values["fields"].items() if it["state"] == "weak"}
        assert set(found) == weak
        assert all(it["blocked_by"] == ["low-confidence"] for it in found.values())
        assert verdict.outcome == ("keying" if weak else "straight")
    with pytest.raises(DomainError, match="knows no field tootal"):
        Terms.from_json({"ai": {"field_thresholds": {"tootal": "0.9"}}})


def test_a_duplicate_says_by_what_it_was_found(new_id: Callable[[], UUID]) -> None:
    for given, by in (
        ({"same_file": UUID(int=3)}, "file"),
        ({"same_key": UUID(int=3)}, "supplier, number and amount"),
    ):
        verdict = _read(good_reading(), new_id, **given)  # type: ignore[arg-type]
        (said,) = [e for e in of(changes.Emit, verdict.changes) if e.event == "document.duplicate"]
        assert said.after is not None and (said.after["by"], said.after["of"]) == (by, str(UUID(int=3)))


def test_the_same_invoice_in_another_file_has_the_same_key_and_another_amount_has_not() -> None:
    def key(**changed: str) -> str | None:
        fields = good_reading(1)["fields"]
        return checking.business_key(
            "invoice", {k: {"value": changed.get(k, f["value"])} for k, f in fields.items()}
        )

    assert key() == key(supplier_name="SUNRISE Traders 1, Private Limited.", number="inv 1")
    assert key() != key(total="119.00") and key() != key(number="INV-2")
    assert checking.business_key("inventory", good_reading(1)["fields"]) is None


def test_a_file_that_cannot_be_read_is_put_aside_with_the_reason(new_id: Callable[[], UUID]) -> None:
    verdict = _read({"status": "quarantined", "reason": "too-heavy", "reason_text": "Too heavy."}, new_id)
    (kept,) = of(changes.SetDocument, verdict.changes)
    assert (verdict.outcome, kept.values["state"], kept.values["reason"]) == (
        "quarantined",
        "quarantined",
        "too-heavy",
    )


def _keying(**given: Any) -> tuple[TicketState, DocumentState]:
    request = ticket()
    fields = {
        name: {
            "value": f["value"],
            "shown": f["value"],
            "confidence": "0.4",
            "source": "text",
            "state": "weak",
        }
        for name, f in good_reading(1, total="1118.00")["fields"].items()
    }
    return request, document(1, request, state="keying", doc_type="invoice", fields=fields, **given)


@pytest.mark.parametrize(
    ("result", "code"),
    [
        ({"fields": {"total": "118.00"}}, None),
        ({}, "checks-failed"),
        ({"override_reason": "rounded by the supplier"}, None),
        ({"fields": {"total": "eleven"}}, "amount-unreadable"),
        ({"fields": {"total": "118.00001"}}, "amount-too-fine"),
        ({"fields": {"total": "1e30"}}, "amount-too-large"),
        ({"fields": {"total": "118.00", "amount_due": "9" * 16}}, "amount-too-large"),
        ({"fields": {"total": "118.00", "currency": "Rs"}}, "currency-unreadable"),
        ({"fields": {"total": "118.00", "currency": "inr"}}, None),
        ({"fields": {"issue_date": "2026-02-30"}}, "date-unreadable"),
        ({"fields": {"colour": "red"}}, "field-unknown"),
        ({"fields": {"total": None}}, "fields-missing"),
        ({"doc_type": "poem"}, "document-type-unknown"),
        ({"fields": {"number": "9" * 2001}}, "value-too-long"),
        ({"reject": {"reason": "duplicate"}}, None),
        ({"reject": {"reason": "ugly"}}, "rejection-reason-unknown"),
        ({"reject": True}, "rejection-reason-unknown"),
        ({"reject": "duplicate"}, None),
        ({"fields": ["total"]}, "result-malformed"),
        ({"fields": {"total": "118.00"}, "evidence": "page 1"}, "result-malformed"),
        ({"fields": {"total": "118.00"}, "seconds": "abc"}, "result-malformed"),
        ({"fields": {"total": "118.00"}, "seconds": True}, "result-malformed"),
        ({"fields": {"total": "118.00"}, "seconds": -1}, "result-malformed"),
        ({"fields": {"total": "118.00"}, "seconds": "1e12"}, "result-malformed"),
        ({"fields": {"total": "118.00"}, "lines": ["one", 2]}, "result-malformed"),
        ({"fields": {"total": "118.00"}, "lines": {"net": "1"}}, "result-malformed"),
        ({"fields": {"total": "118.00"}, "coding": "6400"}, "result-malformed"),
        ({"fields": {"total": "118.00"}, "coding": {"account": ""}}, "account-missing"),
        ({"fields": {"total": "118.00"}, "lines": [{"net": "much"}]}, "amount-unreadable"),
        (
            {"fields": {"total": "118.00"}, "lines": [{"net": "1e999999", "quantity": "1e99"}]},
            "amount-too-large",
        ),
    ],
)
def test_what_a_person_keys_must_be_right_or_overruled_with_a_reason(
    result: dict[str, Any], code: str | None, new_id: Callable[[], UUID]
) -> None:
    request, weak = _keying()
    arguments = (request, task("keying", weak), weak, result, WORKER, NOW.date(), lambda _: None, NOW, new_id)
    if code is None:
        assert keying.on_keyed(*arguments).outcome == ("rejected" if "reject" in result else "ready")
    else:
        with refused(code):
            keying.on_keyed(*arguments)


def test_a_currency_is_kept_as_the_book_writes_it(new_id: Callable[[], UUID]) -> None:
    request, weak = _keying()
    result = {"fields": {"total": "118.00", "currency": "eur"}}
    verdict = keying.on_keyed(
        request, task("keying", weak), weak, result, WORKER, NOW.date(), lambda _: None, NOW, new_id
    )
    (kept,) = of(changes.SetDocument, verdict.changes)
    assert kept.values["fields"]["currency"]["value"] == "EUR"


@pytest.mark.parametrize(
    ("field", "read", "code"),
    [
        ("currency", "Rs", "currency-unreadable"),
        ("total", "118.00001", "amount-too-fine"),
        ("amount_due", "1e30", "amount-too-large"),
    ],
)
def test_what_no_book_takes_is_not_automatic_however_sure_the_reader_is_and_not_confirmed_unseen(
    field: str, read: str, code: str, new_id: Callable[[], UUID]
) -> None:
    reading = good_reading(1)
    reading["fields"][field] = {**reading["fields"]["total"], "value": read}
    verdict = _read(reading, new_id)
    (kept,) = of(changes.SetDocument, verdict.changes)
    assert verdict.outcome == "keying" and f"field:{field}" in kept.values["blocked_by"]
    assert kept.values["fields"][field]["state"] == "weak"
    assert kept.values["fields"][field]["blocked_by"] == [code]
    request = ticket()
    waiting = document(1, request, state="keying", doc_type="invoice", fields=kept.values["fields"])
    with refused(code):
        keying.on_keyed(
            request,
            task("keying", waiting),
            waiting,
            {"override_reason": "so it stands there"},
            WORKER,
            NOW.date(),
            lambda _: None,
            NOW,
            new_id,
        )


def test_only_a_document_that_waits_for_keying_is_keyed(new_id: Callable[[], UUID]) -> None:
    request, weak = _keying()
    for state, paused, code in (("posted", False, "document-not-keying"), ("keying", True, "ticket-paused")):
        held = replace(request, state="paused") if paused else request
        with refused(code):
            keying.on_keyed(
                held,
                task("keying", weak),
                replace(weak, state=state),
                {"fields": {"total": "118.00"}},
                WORKER,
                NOW.date(),
                lambda _: None,
                NOW,
                new_id,
            )


def test_every_difference_is_kept_whole_and_a_confirmed_value_is_none(new_id: Callable[[], UUID]) -> None:
    request, weak = _keying()
    verdict = keying.on_keyed(
        request,
        task("keying", weak, payload={"fields": ["total", "number"]}),
        weak,
        {"fields": {"total": "118.00", "number": "INV-1"}, "seconds": "12.5"},
        WORKER,
        NOW.date(),
        lambda _: None,
        NOW,
        new_id,
    )
    (kept,) = of(changes.AddCorrection, verdict.changes)
    assert (kept.field, kept.shown, kept.typed, kept.person_id, kept.seconds) == (
        "total",
        "1118.00",
        "118.00",
        UUID(int=7),
        Decimal("12.5"),
    )


# --- data entry: coding -----------------------------------------------------------------------------------------------

MEMORY = (
    {"account": "6100", "cost_centre": "", "tax_code": "", "times": 2},
    {"account": "6150", "cost_centre": "", "tax_code": "", "times": 5},
)
RULES = ({"pattern": "sunrise", "account": "6300", "cost_centre": "HO", "tax_code": "gst"},)
PERSON = {
    "account": "6999",
    "cost_centre": "",
    "tax_code": "",
    "by": "person",
    "reason": "chosen by a person",
}


@pytest.mark.parametrize(
    ("person", "memory", "rules", "by", "account"),
    [
        (PERSON, MEMORY, RULES, "person", "6999"),
        ({}, MEMORY, RULES, "memory", "6150"),
        ({}, (), RULES, "rule", "6300"),
        ({}, (), (), "default", "6000"),
    ],
)
def test_a_person_is_trusted_before_memory_a_rule_and_the_default(
    person: dict[str, str], memory: Any, rules: Any, by: str, account: str
) -> None:
    chosen = coding.code(posted(1, ticket(), coding=person), CodingFacts(rules=rules, memory=memory))
    assert (chosen["by"], chosen["account"]) == (by, account) and chosen["reason"]


def _entry(doc_type: str, new_id: Callable[[], UUID], **amounts: str) -> dict[str, Decimal]:
    one = posted(1, ticket(), doc_type=doc_type)
    fields = {**one.fields, **{k: {"value": v} for k, v in amounts.items()}}
    wanted = coding.post(
        ticket(), BUYER, replace(one, fields=fields), CodingFacts(), (), NOW, new_id, {}, "person"
    )
    journals = of(changes.PostJournal, wanted)
    assert all(sum(p.money.amount for p in j.postings) == 0 for j in journals)
    return {p.account: p.money.amount for j in journals for p in j.postings}


def test_an_invoice_is_owed_and_a_credit_note_owed_back_however_it_is_printed(
    new_id: Callable[[], UUID],
) -> None:
    invoice = {"6000": Decimal("100.00"), "1400": Decimal("18.00"), "2100": Decimal("-118.00")}
    back = {account: -amount for account, amount in invoice.items()}
    minus = {"net_total": "-100.00", "tax_total": "-18.00", "total": "-118.00"}
    assert _entry("invoice", new_id) == invoice
    assert _entry("credit_note", new_id) == back
    assert _entry("credit_note", new_id, **minus) == back
    assert _entry("purchase_order", new_id) == {}, "an order moves no money"


def test_a_difference_that_somebody_overruled_is_booked_as_such(new_id: Callable[[], UUID]) -> None:
    assert _entry("invoice", new_id, total="118.05")["6990"] == Decimal("0.05")


def test_what_was_posted_before_is_reversed_and_never_edited(new_id: Callable[[], UUID]) -> None:
    one = posted(1, ticket())
    (first,) = of(
        changes.PostJournal, coding.post(ticket(), BUYER, one, CodingFacts(), (), NOW, new_id, {}, "person")
    )
    again = replace(one, round=1, coding=PERSON)
    stands = Standing(first.id, one.id, "J-000001", first.booked_on, first.postings)
    journals = of(
        changes.PostJournal,
        coding.post(ticket(), BUYER, again, CodingFacts(), [stands], NOW, new_id, {}, "person"),
    )
    assert [j.reverses for j in journals] == [first.id, None]
    total = sum(
        (p.money.amount for j in (first, *journals) for p in j.postings if p.account == "2100"), Decimal(0)
    )
    assert total == Decimal("-118.00")


def test_a_clock_that_runs_ahead_of_this_machine_stops_no_step(new_id: Callable[[], UUID]) -> None:
    ahead = NOW + timedelta(seconds=3)
    request, agreed = ticket(requester_email="r@acme.example", received_at=ahead), contract()
    clocks = [ClockState(Clock(kind, 3_600, ahead)) for kind in (FIRST_RESPONSE, TURNAROUND)]
    named = assignment.decide(request, BUYER, agreed, [], "data_entry", clocks, 1, NOW, new_id)
    unit = posted(1, request, quality="passed")
    offered = approval.offer(request, BUYER, agreed, [unit], [], clocks, NOW, new_id)
    for verdict, ended in ((named, {FIRST_RESPONSE}), (offered, {FIRST_RESPONSE, TURNAROUND})):
        told = {c.clock.kind: c.clock.stopped_at for c in of(changes.SetClock, verdict.changes)}
        assert told == dict.fromkeys(ended, ahead)
    stopped = [ClockState(replace(one.clock, stopped_at=ahead)) for one in clocks]
    back = approval.decide_by_client(
        request, _open([unit]), [unit], {"version": approval.version_of([unit]), "decision": "return", "reason": "r"},
        stopped, TIMING, LEAD, NOW,
    )  # fmt: skip
    (again,) = of(changes.SetClock, back.changes)
    assert (again.clock.kind, again.clock.stopped_at, again.clock.pauses[-1].ended_at) == (
        TURNAROUND,
        None,
        ahead,
    )
