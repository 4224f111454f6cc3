"""What scheduled workflows share: a tick finds the periods due, and each runs once under an id of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from temporalio import workflow
from temporalio.common import SearchAttributeKey, WorkflowIDReusePolicy
from temporalio.exceptions import ChildWorkflowError, WorkflowAlreadyStartedError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from schemas.periods import DuePeriods, DueQuestion, PeriodResult, PeriodStart
    from workflows import names

SCHEDULED_FOR = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")
"""Set by the server on runs of a schedule: the instant meant, also when the run was caught up later."""


async def tick(
    start: PeriodStart,
    kind: str,
    due: Callable[[DueQuestion], Awaitable[DuePeriods]],
    again: WorkflowIDReusePolicy = WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
) -> PeriodResult:
    """Run every period due at the tick, one after the other. A period that ran before is left alone; one whose run
    failed is tried again by the next tick and holds up no other: the tick fails at its end. ``again`` is
    for periods of which the database knows whether they are done."""
    at = start.as_of or _scheduled_for() or workflow.now()
    found = await due(DueQuestion(client_id=start.client_id, at=at))
    outcomes: dict[str, str] = {}
    failed: ChildWorkflowError | None = None
    for period in found.periods:
        try:
            result: PeriodResult = await workflow.execute_child_workflow(
                workflow.info().workflow_type,
                start.model_copy(update={"period": period, "as_of": None}),
                id=names.period_workflow(kind, start.client_id, period),
                id_reuse_policy=again,
                result_type=PeriodResult,
            )
            outcomes[period] = result.outcome
        except WorkflowAlreadyStartedError:
            outcomes[period] = "ran_before"
        except ChildWorkflowError as error:
            if is_cancelled_exception(error):
                raise
            failed = failed or error
    if failed is not None:
        raise failed
    return PeriodResult(outcome="ticked", facts={"periods": outcomes})


def _scheduled_for() -> datetime | None:
    return workflow.info().typed_search_attributes.get(SCHEDULED_FOR)
