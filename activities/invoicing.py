"""OP3 the monthly invoice run: lock the month, draft its invoices. People approve and issue."""

from __future__ import annotations

from temporalio import activity

from activities.errors import guarded
from activities.record import actor_of
from schemas.periods import DuePeriods, DueQuestion, PeriodCommand, PeriodResult
from ticketos.domain.invoicing import InvoiceRuns


class InvoicingActivities:
    """Runs months of clients."""

    def __init__(self, runs: InvoiceRuns) -> None:
        self._runs = runs

    @activity.defn(name="invoicing.due")
    @guarded
    def due(self, question: DueQuestion) -> DuePeriods:
        """The month that has ended."""
        return DuePeriods(periods=self._runs.due(question.client_id, question.at))

    @activity.defn(name="invoicing.run")
    @guarded
    def run(self, command: PeriodCommand) -> PeriodResult:
        """Lock and draft, once per client and month."""
        return PeriodResult(
            facts=dict(self._runs.run(command.client_id, command.period, actor_of(command.actor)))
        )
