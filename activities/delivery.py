"""MF5: what the master flow records around the line's own work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from temporalio import activity

from activities import units
from activities.errors import guarded
from activities.record import record
from schemas.ticket import StageCommand, StageVerdict
from ticketos.domain import delivery, rework
from ticketos.domain.changes import Verdict
from ticketos.domain.ports import Step, Store
from ticketos.domain.state import TicketState


class DeliveryActivities:
    """Records the delivery stage of each round."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @activity.defn(name="delivery.begin")
    @guarded
    def begin(self, command: StageCommand) -> StageVerdict:
        """Open the processing ticket."""
        return record(self._store, command, "delivery.begin", self._begin)

    @activity.defn(name="delivery.finish")
    @guarded
    def finish(self, command: StageCommand) -> StageVerdict:
        """Close it, with agents, steps and counts; settle defects whose document has left."""
        return record(self._store, command, "delivery.finish", self._finish)

    def _begin(self, step: Step) -> Verdict:
        ticket = step.ticket()
        again = ticket.round or ticket.life > 1  # else there is no log yet, and nothing is asked
        return delivery.begin(ticket, _log(step.sub_tickets()) if again else (), step.now)

    def _finish(self, step: Step) -> Verdict:
        ticket, documents, children = step.ticket(), step.documents(), step.sub_tickets()
        verdict = delivery.finished(
            ticket, step.counts(), documents, _log(children), step.document_events(), step.now
        )
        settled = rework.close_defects(ticket, children, units.of(step), step.now)
        return Verdict(verdict.outcome, (*verdict.changes, *settled), verdict.next_at, verdict.facts)


def _log(children: Mapping[str, TicketState]) -> Sequence[Mapping[str, Any]]:
    """The steps that the processing ticket has kept so far."""
    processing = children.get(delivery.KEY)
    return processing.detail.get("steps", ()) if processing else ()
