"""What people decided of earlier requests is heard by the next one like them, and no further than it should."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from activities.triage import TriageActivities
from tests.support.memory import ACME, START, MemoryStore, World, contract, ticket
from ticketos.ai.triage.engine import local_triage
from ticketos.domain import changes
from ticketos.domain.ports import StepKey
from ticketos.domain.state import SYSTEM, TriageLabel
from ticketos.domain.triage import Suggestion
from ticketos.domain.triage_labels import pattern, taught
from ticketos.lines import KEYS

SENDER, SUBJECT = "Ravi@Kaveri.example", "Re: Daily list 14.11.2026"


def said(line: str, count: int = 1, first: int = 1, **values: Any) -> list[TriageLabel]:
    """``count`` labels of one kind, of requests ``first`` and on."""
    base = {"sender": "ravi@kaveri.example", "subject": "Daily list 15/11/2026", "priority": "P3", **values}
    return [TriageLabel(UUID(int=first + index), service_line=line, **base) for index in range(count)]


def engine(line: str = "customer_support", decision: str = "auto", **values: Any) -> Suggestion:
    base = {"service_line": line, "ticket_type": "complaint", "priority": "P2", "confidence": "0.95"}
    return Suggestion.from_json({**base, "decision": decision, "engine": "t", **values})


def heard(suggestion: Suggestion, labels: Sequence[TriageLabel]) -> Suggestion:
    return taught(suggestion, SENDER, SUBJECT, labels, KEYS)


def test_a_subjects_numbers_dates_and_answer_marks_make_no_difference() -> None:
    assert pattern("AW: RE: Daily  list 14.11.2026") == pattern("daily list 15/11/2026") == "daily list #"
    assert pattern("Daily list") != pattern("Weekly list")


def test_one_correction_is_suggested_next_time_and_the_second_decides_it() -> None:
    once = heard(engine(), said("data_entry", ticket_type="invoice_entry"))
    assert (once.service_line, once.ticket_type, once.priority) == ("data_entry", "invoice_entry", "P3")
    assert (once.decision, once.confidence) == ("review", Decimal("0.6667"))
    assert once.learnt is not None
    assert (once.learnt.times, once.learnt.likeness, once.learnt.engine_line) == (
        1,
        "both",
        "customer_support",
    )
    twice = heard(engine(), said("data_entry", 2))
    assert (twice.decision, twice.confidence, twice.ticket_type) == ("auto", Decimal("0.7500"), "general")


def test_however_often_people_decided_it_is_never_certain() -> None:
    assert heard(engine(decision="review"), said("data_entry", 200)).confidence < 1


def test_the_newest_word_breaks_a_run() -> None:
    labels = [*said("it_helpdesk", 1, first=90), *said("data_entry", 20)]
    changed = heard(engine(), labels)
    assert (changed.service_line, changed.decision) == ("it_helpdesk", "review")


def test_of_one_request_only_the_last_word_counts() -> None:
    changed_mind = [*said("it_helpdesk"), *said("data_entry"), *said("data_entry")]
    assert heard(engine(), changed_mind) == heard(engine(), said("it_helpdesk"))


def test_a_decision_the_engine_shares_makes_it_no_less_sure() -> None:
    agreed = heard(engine("data_entry"), said("data_entry"))
    assert (agreed.decision, agreed.confidence, agreed.ticket_type) == ("auto", Decimal("0.95"), "complaint")


@pytest.mark.parametrize(
    ("other", "likeness"),
    [({"sender": "b@kaveri.example"}, "subject"), ({"subject": "Something else"}, "sender")],
)
def test_sender_or_subject_alone_speaks_after_three_and_only_to_an_unsure_engine(
    other: dict[str, Any], likeness: str
) -> None:
    unsure = engine(decision="review", confidence="0.4")
    assert heard(unsure, said("data_entry", 2, **other)) == unsure
    assert heard(engine(), said("data_entry", 9, **other)) == engine()
    three = heard(unsure, said("data_entry", 3, **other))
    assert (three.service_line, three.decision, three.priority) == ("data_entry", "auto", "P2")
    assert three.learnt is not None
    assert three.learnt.likeness == likeness


def test_a_subject_that_tells_nothing_makes_strangers_no_less_strange() -> None:
    unsure = engine(decision="review")
    labels = said("data_entry", 5, sender="b@kaveri.example", subject="Invoice 12")
    assert taught(unsure, SENDER, "Invoice 77", labels, KEYS) == unsure
    assert taught(unsure, "", "", said("data_entry", 5, sender="", subject=""), KEYS) == unsure


def test_what_is_most_urgent_stays_so_and_differing_priorities_teach_none() -> None:
    assert heard(engine(priority="P1"), said("data_entry", 5)).priority == "P1"
    mixed = [*said("data_entry"), *said("data_entry", first=5, priority="P4")]
    assert heard(engine(), mixed).priority == "P2"


def test_mail_of_a_program_is_never_routed_alone_and_a_gone_line_says_nothing() -> None:
    labels = said("data_entry", 9, sender="noreply@kaveri.example")
    told = taught(engine(decision="review"), "noreply@kaveri.example", SUBJECT, labels, KEYS)
    assert (told.service_line, told.decision) == ("data_entry", "review")
    assert heard(engine(), said("gardening", 9)) == engine()


@pytest.mark.parametrize(("times", "outcome"), [(1, "ask"), (2, "decided")])
def test_the_triage_step_hears_it_and_says_why(times: int, outcome: str) -> None:
    """The same message is asked about after one correction and routed after two, by the real engine and step."""
    request = ticket(requester_email=SENDER, subject=SUBJECT)
    world = World(
        contracts=[contract()],
        tickets={request.id: request},
        message="My VPN does not connect, the laptop shows an error.",
    )
    alone = _triage(world, request.id)
    assert alone.facts["line"] == "it_helpdesk"
    world.labels = said("data_entry", times)
    verdict = _triage(world, request.id)
    assert verdict.outcome == outcome
    (told,) = [
        one
        for one in verdict.changes
        if isinstance(one, changes.Emit) and one.event.startswith("ticket.triage")
    ]
    assert told.after is not None
    assert told.after["service_line"] == "data_entry"
    assert told.after["learnt"] == {"times": times, "likeness": "both", "engine_line": "it_helpdesk"}


def test_a_line_the_client_named_is_not_argued_with() -> None:
    request = ticket(requester_email=SENDER, subject=SUBJECT, service_line="it_helpdesk")
    world = World(contracts=[contract()], tickets={request.id: request}, labels=said("data_entry", 9))
    assert _triage(world, request.id).facts["line"] == "it_helpdesk"


def _triage(world: World, ticket_id: UUID) -> changes.Verdict:
    store = MemoryStore(world, lambda: START)
    with store.step(StepKey(ticket_id, 1, "triage"), ACME.id, SYSTEM) as step:
        return TriageActivities(store, local_triage)._decide(step)
