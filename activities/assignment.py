"""MF4: team and owner are named, the upload is acknowledged."""

from __future__ import annotations

from temporalio import activity

from activities import units
from activities.errors import guarded
from activities.record import record
from schemas.ticket import StageCommand, StageVerdict
from ticketos.domain import assignment
from ticketos.domain.changes import Verdict
from ticketos.domain.ports import Step, Store
from ticketos.lines import line_of


class AssignmentActivities:
    """Records the assignment stage."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @activity.defn(name="assignment.enter")
    @guarded
    def enter(self, command: StageCommand) -> StageVerdict:
        """Name the accountable team."""
        return record(self._store, command, "assignment", self._decide)

    def _decide(self, step: Step) -> Verdict:
        ticket = step.ticket()
        line = line_of(ticket.service_line or "")
        verdict = assignment.decide(
            ticket,
            step.client(),
            step.contract(),
            step.agents(),
            line.skill,
            step.clocks(),
            ticket.documents_total if units.reads_documents(ticket) else 0,
            step.now,
            step.new_id,
        )
        fresh = step.counts().get(
            "received", 0
        )  # none: text alone, or a reopened ticket whose files are done
        works = line.workflow if fresh or not line.reads_documents else "ManualWork"
        return Verdict(
            verdict.outcome, verdict.changes, verdict.next_at, {**verdict.facts, "workflow": works}
        )
