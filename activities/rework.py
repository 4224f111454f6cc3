"""MF7: what failed goes back; after the last round a lead decides."""

from __future__ import annotations

from temporalio import activity

from activities import units
from activities.errors import guarded
from activities.record import record
from schemas.ticket import ActCommand, StageCommand, StageVerdict
from ticketos.domain import handwork, rework
from ticketos.domain.changes import Verdict
from ticketos.domain.ports import Step, Store
from ticketos.domain.state import Actor, TaskState
from ticketos.domain.terms import ReworkTerms
from ticketos.lines import line_of
from ticketos.lines.line import BY_HAND


class ReworkActivities:
    """Records the rework stage."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @activity.defn(name="rework.begin")
    @guarded
    def begin(self, command: StageCommand) -> StageVerdict:
        """Open defects and the next round, or ask the lead."""
        return record(self._store, command, "rework.begin", self._begin)

    def _begin(self, step: Step) -> Verdict:
        ticket, contract = step.ticket(), step.contract()
        terms = contract.terms.rework if contract else ReworkTerms()
        granted = int(ticket.detail.get("granted_round", 0))
        rows = step.sub_tickets().keys()
        begun = rework.begin(
            ticket, units.of(step), step.quality(), terms, granted, step.now, step.new_id, rows
        )
        verdict = units.recorded(step, begun)
        if verdict.outcome != "rework":
            return verdict
        # A round of documents is the line's, also where the ticket began without one and a person worked on its text.
        works = BY_HAND if begun.facts["by_hand"] else line_of(ticket.service_line or "").workflow
        return Verdict(
            verdict.outcome, verdict.changes, verdict.next_at, {**verdict.facts, "workflow": works}
        )


def lead_decides(step: Step, task: TaskState, command: ActCommand, actor: Actor) -> Verdict:
    """Complete an ``escalation`` task."""
    ticket, found = step.ticket(), units.of(step)
    verdict = units.recorded(step, rework.lead_decides(ticket, task, command.payload, found, actor, step.now))
    withdraw = line_of(ticket.service_line or "").withdraw
    if verdict.outcome != "reject" or withdraw is None:
        return verdict
    gone = [d for d in rework.asked_about(task, found) if not handwork.is_work(ticket.id, d.id)]
    today, months = step.client().day_of(step.now), step.book_months()
    back = [c for d in gone for c in withdraw(ticket, d, step.postings_of(d.id), today, step.new_id, months)]
    return Verdict(verdict.outcome, (*verdict.changes, *back), verdict.next_at, verdict.facts)
