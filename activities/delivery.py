"""MF5: what the master flow records around the line's own work."""

from __future__ import annotations

from temporalio import activity

from activities.errors import guarded
from activities.record import record
from schemas.ticket import StageCommand, StageVerdict
from ticketos.domain import delivery, rework
from ticketos.domain.changes import Verdict
from ticketos.domain.ports import Step, Store


class DeliveryActivities:
    """Records the delivery stage of each round."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @activity.defn(name="delivery.begin")
    @guarded
    def begin(self, command: StageCommand) -> StageVerdict:
        """Open the processing ticket."""
        return record(self._store, command, "delivery.begin", lambda s: delivery.begin(s.ticket(), s.now))

    @activity.defn(name="delivery.finish")
    @guarded
    def finish(self, command: StageCommand) -> StageVerdict:
        """Close it, with agents, steps and counts; settle defects whose document has left."""
        return record(self._store, command, "delivery.finish", self._finish)

    def _finish(self, step: Step) -> Verdict:
        ticket, documents, children = step.ticket(), step.documents(), step.sub_tickets()
        processing = children.get(delivery.KEY)
        steps = processing.detail.get("steps", []) if processing else []
        verdict = delivery.finished(ticket, step.counts(), documents, steps, step.now)
        settled = rework.close_defects(ticket, children, documents, step.now)
        return Verdict(verdict.outcome, (*verdict.changes, *settled), verdict.next_at, verdict.facts)
