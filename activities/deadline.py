"""The ticket's one moving deadline has come."""

from __future__ import annotations

from dataclasses import replace

from temporalio import activity

from activities import units
from activities.approval import people_of
from activities.errors import guarded
from activities.record import record
from schemas.ticket import StageCommand, StageVerdict
from ticketos.domain import deadline, offers, signer, unreached
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
        verdict = _told_by_now(step, verdict)
        asked = offers.queues(contract, step.client)
        lapsed = offers.due(step.tasks(), step.now) if asked else []
        if not lapsed:
            return verdict
        today = step.client().day_of(step.now)
        passed = offers.lapse(ticket, lapsed, step.agents(), asked, step.now, step.new_id, today)
        return replace(verdict, changes=(*verdict.changes, *passed))


def _told_by_now(step: Step, verdict: Verdict) -> Verdict:
    """A version that nobody could be told of is put before the client as soon as there is somebody."""
    approval = step.approval()
    if approval is None or approval.state != "open" or approval.deemed_at is not None:
        return verdict
    ticket, client = step.ticket(), step.client()
    found = unreached.signer_found(
        ticket,
        step.tasks(kind=signer.KIND),
        approval,
        step.contract(),
        units.of(step),
        step.quality(),
        step.clocks(),
        signer.address_of(client, ticket, people_of(step)),
        step.now,
        step.new_id,
    )
    if found is None:
        return verdict
    return replace(verdict, changes=(*verdict.changes, *found.changes), next_at=found.next_at)
