"""The ticket's one moving deadline has come."""

from __future__ import annotations

from dataclasses import replace

from temporalio import activity

from activities.errors import guarded
from activities.record import record
from schemas.ticket import StageCommand, StageVerdict
from ticketos.domain import deadline, offers
from ticketos.domain.changes import Verdict
from ticketos.domain.ports import Step, Store


class DeadlineActivities:
    """Fires what is due, each milestone once. ``subject`` is the instant that came."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @activity.defn(name="deadline.tick")
    @guarded
    def tick(self, command: StageCommand) -> StageVerdict:
        """Warn, breach, escalate, pass unanswered offers on; say whether silence has become acceptance."""
        return record(
            self._store,
            command,
            "tick",
            self._tick,
            ended_too=True,
        )

    def _tick(self, step: Step) -> Verdict:
        ticket, contract = step.ticket(), step.contract()
        verdict = deadline.tick(
            ticket, step.clocks(), deadline.timing_of(contract), step.approval(), step.now, step.new_id
        )
        if ticket.closed_at is not None or deadline.is_paused(ticket):
            return verdict
        asked = offers.queues(contract, step.client)
        lapsed = offers.due(step.tasks(), step.now) if asked else []
        if not lapsed:
            return verdict
        passed = offers.lapse(ticket, lapsed, step.agents(), asked, step.now, step.new_id)
        return replace(verdict, changes=(*verdict.changes, *passed))
