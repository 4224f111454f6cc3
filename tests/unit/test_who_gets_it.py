"""Who gets a task: the same person as before while they may have it, judged on the client's own day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from tests.support.memory import START, agent, ticket
from tests.support.one_request import SIGNED, TEAM, Request
from tests.support.running import REVIEWER
from ticketos.domain import stages

LATE = datetime(2026, 11, 2, 20, 0, tzinfo=UTC)
"""An evening in London; at the client in India it is the third of November already."""


@pytest.mark.parametrize(("until", "certified"), [(date(2026, 11, 2), False), (date(2026, 11, 3), True)])
def test_a_certificate_ends_with_its_last_day_where_the_client_is(until: date, certified: bool) -> None:
    people = [agent(n, skill, certifications={skill: until}) for n, skill in ((7, "data_entry"), (8, "qa"))]
    keyed = Request(files=1, at=LATE, agents=people, total="1118.00")
    typed = Request(at=LATE, agents=people, terms={**SIGNED, "qa": {"sample_rate": "1"}})
    given = [keyed.row.owner_id, keyed.task("keying").assigned_to, typed.task("work").assigned_to]
    typed.finish("work", note="called the supplier")
    reviewed = typed.task("qa_review").assigned_to
    assert (*given, reviewed) == ((UUID(int=7),) * 3 + (UUID(int=8),) if certified else (None,) * 4)


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({}, 11),
        ({"available": False}, 12),
        ({"certifications": {"data_entry": date(2026, 11, 1)}}, 12),
        ({"ring_fence": frozenset({"other"})}, 12),
        ({"capacity": 5}, 12),
    ],
)
def test_whoever_did_it_before_gets_it_again_while_they_may_have_it(
    values: dict[str, object], found: int
) -> None:
    people = [agent(11, "data_entry", **{"load": 5, **values}), agent(12, "data_entry")]
    again = stages.same_or_best(people, str(UUID(int=11)), "data_entry", ticket(), START.date())
    assert again == str(UUID(int=found))


def test_a_correction_goes_to_nobody_whose_certificate_has_ended() -> None:
    request = Request(files=1, agents=[*TEAM, agent(12, "data_entry")], total="1118.00")
    first = request.task("keying")
    request.finish("keying", fields={"total": "118.00"})
    assert first.assigned_to == UUID(int=7)
    request.world.agents[0] = agent(7, "data_entry", certifications={"data_entry": date(2026, 11, 1)})
    request.decide("return", reason="the total is wrong")
    assert request.task("rework").assigned_to == UUID(int=12)


def test_after_reopening_the_same_person_is_told_what_they_wrote_and_why_it_comes_back() -> None:
    request = Request()
    first = request.task("work")
    assert first.payload == {"subject": "Invoices", "_key": first.payload["_key"]}
    request.finish("work", note="called the supplier")
    request.decide("accept")
    request.world.agents.append(agent(5, "data_entry"))  # who would be the best match
    request.reopen("they did not answer", days=1)
    assert request.task("work").assigned_to == UUID(int=7)
    told = request.task("work").payload
    assert (told["before"], told["returned"], told["defects"]) == (
        "called the supplier",
        "they did not answer",
        [],
    )
    request.finish("work", note="called them again")
    request.decide("return", reason="still nothing")
    told = request.task("work").payload
    assert (told["before"], told["returned"]) == ("called them again", "still nothing")


def test_who_reworks_hears_of_the_last_time_it_was_delivered_though_rounds_of_papers_lie_between() -> None:
    request = Request(terms={**SIGNED, "qa": {"sample_rate": "1"}})
    request.finish("work", note="called the supplier")
    request.finish(
        "qa_review", REVIEWER, verdict="fail", defects=[{"field": "note", "expected": "who was called"}]
    )
    told = request.task("work").payload
    assert told["defects"][0]["expected"] == "who was called" and told["returned"] is None
