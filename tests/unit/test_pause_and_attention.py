"""A pause ends when it was promised to, whatever else happens to the ticket; attention is asked for once per workflow."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.support.memory import START, ticket
from ticketos.domain import changes, deadline, handling
from ticketos.domain.clock import Clock
from ticketos.domain.deadline import TURNAROUND, Timing
from ticketos.domain.errors import DomainError
from ticketos.domain.state import ApprovalState, ClockState, TicketState
from ticketos.domain.terms import SlaTerms

DAY = timedelta(days=1)
TIMING = Timing(sla=SlaTerms(pause_max_s=3 * 86_400))
STOPPED = [ClockState(replace(Clock(TURNAROUND, 8 * 3600, START), stopped_at=START))]
OFFERED = ApprovalState(UUID(int=5), 0, "v", "open", START + 2 * DAY, None)


def after(request: TicketState, verdict: Any) -> TicketState:
    """The ticket as the verdict leaves it."""
    values: dict[str, Any] = {}
    for change in verdict.changes:
        if isinstance(change, changes.SetTicket):
            values |= {k: v for k, v in change.values.items() if k in request.__dataclass_fields__}
    return replace(request, **values)


def tick(request: TicketState, states: Any, at: datetime, approval: ApprovalState | None = None) -> Any:
    ids = itertools.count(1)
    return deadline.tick(request, states, TIMING, approval, at, lambda: UUID(int=next(ids)))


def test_after_a_retry_whoever_had_the_ticket_has_it_again() -> None:
    request = ticket(stage="delivery", desk="delivery", next_action="Do the work")
    stuck = after(request, handling.needs_attention(request, "boom", "read", "ticket/1/data_entry"))
    assert (stuck.desk, stuck.next_action) == ("ops", "Find the cause, then retry")
    both = after(stuck, handling.needs_attention(stuck, "bang", "tick", "ticket/1"))
    still = after(both, handling.retry(both, ""))
    assert (still.state, still.desk, still.next_action) == ("needs_attention", "ops", stuck.next_action)
    again = after(still, handling.retry(still, ""))
    assert (again.state, again.desk, again.next_action) == ("open", "delivery", "Do the work")


def test_a_stage_that_began_while_attention_was_needed_keeps_what_it_said() -> None:
    request = ticket(stage="delivery", desk="delivery", next_action="Do the work")
    stuck = after(request, handling.needs_attention(request, "boom", "tick", "ticket/1"))
    moved = replace(stuck, stage="quality", desk="qa", next_action="Review the sample")
    again = after(moved, handling.retry(moved, ""))
    assert (again.desk, again.next_action) == ("qa", "Review the sample")


def test_a_ticket_held_before_that_was_kept_is_its_stages_again() -> None:
    request = ticket(stage="delivery", desk="delivery", next_action="Do the work")
    stuck = after(request, handling.needs_attention(request, "boom", "read", "ticket/1/data_entry"))
    old = {name: stuck.detail["held"][name] for name in ("state", "reason", "workflow")}
    again = after(stuck, handling.retry(replace(stuck, detail={"held": old}), ""))
    assert again.desk == "delivery" and again.next_action


def test_a_pause_while_every_clock_is_stopped_ends_by_itself() -> None:
    request = ticket(stage="approval")
    held = handling.pause(request, STOPPED, TIMING, "the buyer is away", START)
    assert held.next_at == START + 3 * DAY
    paused = after(request, held)
    early = tick(paused, STOPPED, START + DAY, OFFERED)
    assert (early.outcome, early.next_at) == ("ticked", START + 3 * DAY)
    assert tick(paused, STOPPED, START + 3 * DAY, OFFERED).outcome == "resume"


def test_a_pause_ends_at_the_day_that_was_named() -> None:
    request = ticket()
    held = handling.pause(request, STOPPED, TIMING, "r", START, START + DAY)
    assert held.next_at == START + DAY
    assert tick(after(request, held), STOPPED, START + DAY).outcome == "resume"


@pytest.mark.parametrize("until", [START, START - DAY, START + 3 * DAY + timedelta(seconds=1)])
def test_an_end_that_has_passed_or_is_too_far_is_refused(until: datetime) -> None:
    with pytest.raises(DomainError, match=r"^pause-until-invalid"):
        handling.pause(ticket(), STOPPED, TIMING, "r", START, until)


def test_silence_does_not_count_while_the_ticket_is_paused() -> None:
    request = ticket(stage="approval")
    paused = after(request, handling.pause(request, STOPPED, TIMING, "r", START + DAY))
    verdict = handling.resume(paused, STOPPED, TIMING, OFFERED, "", START + 3 * DAY)
    (moved,) = [c for c in verdict.changes if isinstance(c, changes.MoveDeemed)]
    assert (moved.approval_id, moved.deemed_at) == (OFFERED.id, START + 4 * DAY)
    assert verdict.next_at == START + 4 * DAY
    gone_on = after(paused, verdict)
    assert (gone_on.state, gone_on.detail) == ("open", {})


def test_a_pause_also_ends_on_a_ticket_that_needs_attention_meanwhile() -> None:
    request = ticket()
    paused = after(request, handling.pause(request, STOPPED, TIMING, "r", START))
    troubled = after(paused, handling.needs_attention(paused, "disk full", "read", "ticket/x/line"))
    assert tick(troubled, STOPPED, START + DAY).next_at == START + 3 * DAY
    assert tick(troubled, STOPPED, START + 3 * DAY).outcome == "resume"
    gone_on = after(troubled, handling.resume(troubled, STOPPED, TIMING, None, "", START + 3 * DAY))
    assert (gone_on.state, gone_on.reason) == ("needs_attention", "disk full")
    retried = after(gone_on, handling.retry(gone_on, ""))
    assert (retried.state, retried.reason, retried.detail) == ("open", None, {})


def test_a_pause_from_before_the_promise_was_kept_ends_by_its_clocks() -> None:
    running = [ClockState(Clock(TURNAROUND, 8 * 3600, START))]
    held = handling.pause(ticket(), running, TIMING, "r", START)
    states = [ClockState(c.clock) for c in held.changes if isinstance(c, changes.SetClock)]
    assert tick(ticket(state="paused"), states, START + 3 * DAY).outcome == "resume"


def test_two_workflows_that_fail_are_retried_one_after_the_other() -> None:
    request = ticket(detail={"kept": 1})
    one = after(request, handling.needs_attention(request, "no price list", "billing", "ticket/x"))
    again = handling.needs_attention(one, "no price list", "tick", "ticket/x")
    assert again.changes == (), "one retry lets all steps of a workflow go on"
    both = after(one, handling.needs_attention(one, "disk full", "read", "ticket/x/line"))
    assert both.reason == "no price list"
    verdict = handling.retry(both, "")
    values = next(c.values for c in verdict.changes if isinstance(c, changes.SetTicket))
    assert (values["attention_workflow"], values["reason"]) == ("ticket/x/line", "disk full")
    second = after(both, verdict)
    assert second.state == "needs_attention"
    done = after(second, handling.retry(second, ""))
    assert (done.state, done.detail) == ("open", {"kept": 1})


def test_attention_from_before_workflows_were_told_apart_stays_as_it_is() -> None:
    old = ticket(state="needs_attention", detail={"held": {"state": "open", "reason": None}})
    assert handling.needs_attention(old, "x", "read", "ticket/x/line").changes == ()
    assert after(old, handling.retry(old, "")).state == "open"


def test_the_stored_end_is_read_back_with_its_zone() -> None:
    request = ticket()
    zoned = datetime(2026, 11, 3, 9, tzinfo=UTC)
    paused = after(request, handling.pause(request, STOPPED, TIMING, "r", START, zoned))
    assert deadline.pause_ends(paused, STOPPED, TIMING) == zoned
