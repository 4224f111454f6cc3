"""The class of documents (CP2): who says it, what follows for the clock, and what stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.memory import ACME, START, contract, ticket
from ticketos.domain import agreement, clock, document_class, handling
from ticketos.domain import contract as contracts
from ticketos.domain.changes import Emit, SetClock, SetTicket, Verdict
from ticketos.domain.clock import Clock
from ticketos.domain.deadline import TURNAROUND, Timing
from ticketos.domain.errors import DomainError
from ticketos.domain.state import ClockState, TicketState
from ticketos.domain.terms import HOUR, SlaTerms, Terms
from ticketos.lines.data_entry.checking import KNOWN_TYPES

RULES = SlaTerms(
    priority_class_for=("P1",),
    priority_types=("receipt",),
    priority_senders=("cfo@acme.example", "@urgent.example"),
)
TIMING = Timing(sla=RULES)
RUNNING = (ClockState(Clock(TURNAROUND, 24 * HOUR, START)),)


def request(**given: Any) -> TicketState:
    return ticket(**{"requester_email": "asha@acme.example", **given})


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, ("standard", "default")),
        ({"priority": "P1"}, ("priority", "ticket_priority")),
        ({"priority": "P1", "detail": {"document_class": "standard"}}, ("standard", "asked")),
        ({"detail": {"document_class": "priority"}}, ("priority", "asked")),
        ({"requester_email": "CFO@acme.example"}, ("priority", "sender")),
        ({"requester_email": "x@urgent.example"}, ("priority", "sender")),
        ({"requester_email": "x@not-urgent.example"}, ("standard", "default")),
        ({"requester_email": ""}, ("standard", "default")),
        ({"detail": {"class_type": "receipt"}}, ("priority", "document_type")),
        ({"detail": {"class_type": "invoice"}}, ("standard", "default")),
    ],
)
def test_a_persons_word_comes_first_then_the_contracts_rules(
    given: dict[str, Any], found: tuple[str, str]
) -> None:
    assert document_class.of(request(**given), RULES) == found


def test_the_priority_of_a_ticket_is_no_class_unless_the_contract_says_so() -> None:
    assert document_class.of(request(priority="P1"), SlaTerms()) == ("standard", "default")


@pytest.mark.parametrize(
    ("value", "found"), [("priority", "priority"), (" Standard ", "standard"), ("at once", None), ("", None)]
)
def test_a_mail_asks_by_a_header(value: str, found: str | None) -> None:
    headers = (("Subject", "priority"), ("X-Document-Class", value))
    assert document_class.wished(headers) == found


def _targets(changes: Any) -> dict[str, int]:
    return {c.clock.kind: c.clock.target_s for c in changes if isinstance(c, SetClock)}


@pytest.mark.parametrize(("wish", "hours"), [("priority", 4), ("standard", 24), (None, 24)])
def test_the_contract_stage_times_the_class_and_says_why(wish: str | None, hours: int) -> None:
    asked = request(service_line="data_entry", detail={"document_class": wish} if wish else {})
    verdict = contracts.decide(asked, ACME, [contract()], 0, RUNNING, 1, START, lambda: asked.id)
    assert _targets(verdict.changes)[TURNAROUND] == hours * HOUR
    said = next(c for c in verdict.changes if isinstance(c, Emit) and c.event == "ticket.contract_checked")
    assert said.after is not None and said.after["document_class"] == (wish or "standard")


def test_a_type_found_on_reading_retargets_the_clock_and_keeps_elapsed_and_paused_time() -> None:
    paused = clock.resume(
        clock.pause(RUNNING[0].clock, START + timedelta(hours=1), "asked"), START + timedelta(hours=3)
    )
    states = (ClockState(paused, frozenset({"warning_50"})),)
    now = START + timedelta(hours=4)
    verdict = document_class.read(request(), states, TIMING, None, ["invoice", "receipt"], now)
    (changed,) = [c for c in verdict.changes if isinstance(c, SetClock)]
    assert (changed.clock.target_s, changed.clock.pauses, changed.fired) == (
        4 * HOUR,
        paused.pauses,
        states[0].fired,
    )
    assert changed.due_at == START + timedelta(hours=6), "four hours and the two paused"
    (row,) = [c.values for c in verdict.changes if isinstance(c, SetTicket)]
    assert (row["document_class"], row["due_at"]) == ("priority", changed.due_at)
    assert verdict.next_at is not None and verdict.next_at <= changed.due_at


@pytest.mark.parametrize(
    ("given", "types"),
    [
        ({}, ["invoice"]),
        ({}, []),
        ({"detail": {"class_type": "receipt"}, "document_class": "priority"}, ["receipt"]),
    ],
    ids=["another type", "none read", "known already"],
)
def test_a_type_changes_nothing_where_it_says_nothing_new(given: dict[str, Any], types: list[str]) -> None:
    verdict = document_class.read(request(**given), RUNNING, TIMING, None, types, START)
    assert (verdict.outcome, verdict.changes) == ("same", ())


@pytest.mark.parametrize(
    ("given", "until"),
    [
        ({"priority": "P1", "document_class": "priority"}, ("P3", None)),
        ({"detail": {"document_class": "standard"}}, ("P3", "by_contract")),
    ],
    ids=["until it is no P1 any more", "until what a person said is dropped"],
)
def test_a_type_is_remembered_while_something_else_decides(
    given: dict[str, Any], until: tuple[str, Any]
) -> None:
    before = request(**given)
    verdict = document_class.read(before, RUNNING, TIMING, None, ["receipt"], START)
    (kept,) = [c.values for c in verdict.changes if isinstance(c, SetTicket)]
    assert verdict.outcome == "same" and kept == {"detail": {**before.detail, "class_type": "receipt"}}
    after = replace(before, detail=kept["detail"])
    changed = handling.change_priority(after, RUNNING, TIMING, None, until[0], "", START, until[1])
    (row,) = [c.values for c in changed.changes if isinstance(c, SetTicket)]
    assert row["document_class"] == "priority"


def test_what_was_asked_for_can_be_dropped_and_stays_where_nothing_is_said() -> None:
    wished = request(detail={"document_class": "priority"}, document_class="priority")

    def change(priority: str, wanted: str | None) -> dict[str, Any]:
        verdict = handling.change_priority(wished, RUNNING, TIMING, None, priority, "", START, wanted)
        (row,) = [c.values for c in verdict.changes if isinstance(c, SetTicket)]
        return dict(row)

    kept, dropped = change("P4", None), change("P3", "by_contract")
    assert (kept["document_class"], kept["detail"]["document_class"]) == ("priority", "priority")
    assert (dropped["document_class"], dropped["detail"]) == ("standard", {})


def test_who_changes_the_class_alone_has_not_said_the_priority() -> None:
    verdict = handling.change_priority(request(), RUNNING, TIMING, None, "P3", "", START, "priority")
    (row,) = [c.values for c in verdict.changes if isinstance(c, SetTicket)]
    assert row["detail"] == {"document_class": "priority"}
    both = handling.change_priority(request(), RUNNING, TIMING, None, "P2", "", START, "priority")
    (row,) = [c.values for c in both.changes if isinstance(c, SetTicket)]
    assert row["detail"]["priority_given"] is True


def test_a_stopped_clock_keeps_its_target() -> None:
    done = (ClockState(clock.stop(RUNNING[0].clock, START + timedelta(hours=5))),)
    assert document_class.retargeted(done, TIMING, "priority") == ((), [*done])


def test_a_person_changes_the_class_alone_and_back() -> None:
    now = START + timedelta(hours=1)
    verdict = handling.change_priority(request(), RUNNING, TIMING, None, "P3", "", now, "priority")
    assert _targets(verdict.changes) == {TURNAROUND: 4 * HOUR}
    (row,) = [c.values for c in verdict.changes if isinstance(c, SetTicket)]
    after = replace(request(), document_class="priority", detail=row["detail"])
    with pytest.raises(DomainError, match=r"^priority-unchanged"):
        handling.change_priority(after, RUNNING, TIMING, None, "P3", "", now, "priority")
    back = handling.change_priority(after, RUNNING, TIMING, None, "P3", "", now, "standard")
    assert row["document_class"] == "priority" and back.outcome == "priority_changed"
    with pytest.raises(DomainError, match=r"^unknown-class"):
        handling.change_priority(request(), RUNNING, TIMING, None, "P3", "", now, "express")


def test_leaving_p1_leaves_the_class_it_brought() -> None:
    critical = request(priority="P1", document_class="priority")
    fast = (ClockState(Clock(TURNAROUND, 4 * HOUR, START)),)
    verdict = handling.change_priority(critical, fast, TIMING, None, "P3", "", START)
    assert _targets(verdict.changes) == {TURNAROUND: 24 * HOUR}


@pytest.mark.parametrize(
    "stated",
    [
        {"priority_class_for": ["P9"]},
        {"priority_types": ["bill"]},
        {"priority_senders": [" "]},
        {"priority_types": "receipt"},
    ],
)
def test_rules_that_cannot_be_worked_by_are_refused_when_written(stated: dict[str, Any]) -> None:
    with pytest.raises(DomainError, match=r"^terms-invalid section=sla"):
        agreement.check(Terms.from_json({"sla": stated}), priced=False, document_types=KNOWN_TYPES)


def test_a_verdict_keeps_its_own_deadline_where_that_is_sooner_than_the_new_class() -> None:
    soon, late = START + timedelta(minutes=5), START + timedelta(days=9)
    for own, sooner in ((soon, True), (late, False), (None, False)):
        said = Emit("document.read")
        verdict = document_class.classed(
            Verdict("keying", (said,), own), request(), RUNNING, TIMING, None, ["invoice", "receipt"], START
        )
        assert verdict.outcome == "keying" and verdict.changes[0] is said
        assert any(isinstance(one, SetClock) for one in verdict.changes)
        assert verdict.next_at is not None and (verdict.next_at == own) is sooner
    plain = Verdict("keying", (), late)
    assert document_class.classed(plain, request(), RUNNING, TIMING, None, ["invoice"], START) == plain
