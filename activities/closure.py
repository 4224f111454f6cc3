"""MF10: ask how it was, close."""

from __future__ import annotations

from temporalio import activity

from activities.errors import guarded
from activities.record import record
from schemas.ticket import StageCommand, StageVerdict
from ticketos.domain import closure
from ticketos.domain.changes import Verdict
from ticketos.domain.ports import Step, Store
from ticketos.lines import KEYS, line_of


class ClosureActivities:
    """Records the closure stage."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @activity.defn(name="closure.close")
    @guarded
    def close(self, command: StageCommand) -> StageVerdict:
        """Survey, end."""
        return record(self._store, command, "closure", self._close)

    def _close(self, step: Step) -> Verdict:
        ticket, client = step.ticket(), step.client()
        contact = ticket.service_line in KEYS and line_of(ticket.service_line).contact
        asked = step.last_survey_at(closure.recipient(ticket, client, contact))
        return closure.close(
            ticket, client, step.contract(), step.sub_tickets(), asked, step.now, step.new_id, contact
        )
