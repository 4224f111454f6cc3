"""Periods on demand: the same workflow, under the same id, as the schedule runs. A small port, so that tests can stand
in for Temporal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError

from api.errors import known
from schemas.periods import PeriodResult, PeriodStart
from ticketos.domain.errors import DomainError
from workflows import names

WAIT_S = 20.0
"""How long the caller waits before hearing that it is under way."""

_REASON = "reason"
"""Memo: for what reason a month-end closes with open documents."""


class PeriodRuns(Protocol):
    """What the API and the command line ask."""

    async def month_end(self, start: PeriodStart) -> PeriodResult | None:
        """Run a month's end, or wait for the run under way; None when it is not done in time. Raises
        ``workflows-unavailable``, ``month-end-under-way`` (it closes with open documents for another reason, or does
        not) and what a rule refused."""


@dataclass
class TemporalPeriodRuns:
    """The real thing."""

    ready: Callable[[], Awaitable[Client]]
    wait_s: float = WAIT_S

    async def month_end(self, start: PeriodStart) -> PeriodResult | None:
        client = await self.ready()
        try:
            handle = await _begun(client, start)
            async with asyncio.timeout(self.wait_s):
                return await handle.result()
        except WorkflowFailureError as error:
            raise refused(error) from error
        except TimeoutError:
            return None
        except RPCError as error:
            raise DomainError("workflows-unavailable") from error


async def _begun(client: Client, start: PeriodStart) -> WorkflowHandle[object, PeriodResult]:
    """The run begun now, or the one under way when it does what is asked."""
    name = names.period_workflow(names.MONTH_END, start.client_id, str(start.period))
    try:
        return await client.start_workflow(
            "MonthEnd",
            start,
            id=name,
            task_queue=names.TICKETS,
            result_type=PeriodResult,
            # Whether the month is shut knows the database: a blocked one may be run again.
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            memo={_REASON: start.reason},
            rpc_timeout=timedelta(seconds=5),
        )
    except WorkflowAlreadyStartedError as error:
        running: WorkflowHandle[object, PeriodResult] = client.get_workflow_handle(
            name, run_id=error.run_id, result_type=PeriodResult
        )
        described = await running.describe(rpc_timeout=timedelta(seconds=5))
        # A run of the schedule has no reason, and no memo of it.
        if await described.memo_value(_REASON, "") != start.reason:
            raise DomainError("month-end-under-way", period=start.period) from error
        return running


def refused(error: WorkflowFailureError) -> DomainError:
    """A rule's refusal carries its code as the failure's type and its facts as the first detail. Any other failure is
    ours, whatever it is called: no word of it is for the caller."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ApplicationError) and cause.type and known(cause.type):
            facts = cause.details[0] if cause.details and isinstance(cause.details[0], dict) else {}
            return DomainError(cause.type, **facts)
        cause = cause.__cause__
    return DomainError("workflows-unavailable")
