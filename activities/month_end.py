"""OP3 the month-end of a client's book."""

from __future__ import annotations

from temporalio import activity

from activities.errors import guarded
from activities.record import actor_of
from schemas.periods import DuePeriods, DueQuestion, PeriodCommand, PeriodResult
from ticketos.domain.month_end import MonthEnds


class MonthEndActivities:
    """Runs months of clients' books."""

    def __init__(self, runs: MonthEnds) -> None:
        self._runs = runs

    @activity.defn(name="month_end.due")
    @guarded
    def due(self, question: DueQuestion) -> DuePeriods:
        """Months that ended and are not shut yet."""
        return DuePeriods(periods=self._runs.due(question.client_id, question.at))

    @activity.defn(name="month_end.run")
    @guarded
    def run(self, command: PeriodCommand) -> PeriodResult:
        """Check a month and soft-close it when it is clean; one that is shut is left alone."""
        actor = actor_of(command.actor)
        facts = dict(self._runs.run(command.client_id, command.period, actor, command.reason))
        return PeriodResult(outcome=str(facts.pop("outcome")), facts=facts)
