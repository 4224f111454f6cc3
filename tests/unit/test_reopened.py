"""A request that was opened again: a life of its own, with promises of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.support.memory import START
from tests.support.one_request import SIGNED, Request
from tests.support.running import REVIEWER
from ticketos.domain import effort
from ticketos.domain.deadline import FIRST_RESPONSE, TURNAROUND


def test_a_ticket_opened_again_is_promised_from_then_and_nobody_is_warned_of_the_days_before() -> None:
    request = Request(terms={**SIGNED, "sla": {"turnaround_s": {"standard": 8 * 3_600}}})
    request.finish("work", note="called the supplier")
    request.decide("accept")
    request.reopen("they did not answer", days=4)
    clocks = {kind: s.clock for (_, life, kind), s in request.world.clocks.items() if life == 2}
    assert {clocks[kind].started_at for kind in (FIRST_RESPONSE, TURNAROUND)} == {START + timedelta(days=4)}
    request.now += timedelta(minutes=5)
    request.flow.tick()
    assert (request.row.sla_state, request.world.notices) == ("on_track", {})


def test_a_round_that_a_lead_granted_is_not_granted_again_in_the_next_life() -> None:
    request = Request()
    request.finish("work", note="called the supplier")
    request.decide("accept")
    request.world.tickets[request.row.id] = replace(
        request.row, detail={**request.row.detail, "granted_round": 9}
    )
    request.reopen("they did not answer", days=1)
    assert "granted_round" not in request.row.detail


def test_a_defect_of_the_new_life_leaves_those_of_the_old_one_as_they_were() -> None:
    request = Request()
    request.finish("work", note="called the supplier")
    request.decide("return", reason="which supplier?")
    request.finish("work", note="called Sunrise Traders")
    request.finish("qa_review", REVIEWER, verdict="pass")
    request.decide("accept")
    (before,) = request.defects()
    request.reopen("they did not answer", days=1)
    request.finish("work", note="called them again")
    request.decide("return", reason="still nothing")
    first, second = request.defects()
    assert first == before and first.closed_at is not None
    assert (second.number, second.closed_at) == (f"{request.row.number}-D2", None)
    rounds = effort.history(effort.defects([second, first]))
    assert [(one["life"], one["round"]) for one in rounds] == [(1, 1), (2, 1)]
    assert effort.totals(rounds)["rounds"] == 2
