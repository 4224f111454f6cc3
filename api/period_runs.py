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
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from api.errors import known
from schemas.periods import PeriodResult, PeriodStart
from ticketos.domain.errors import DomainError
from workflows import names

WAIT_S = 20.0
"""How long the caller waits before hearing that it is under way."""


class PeriodRuns(Protocol):
    """What the API and the command line ask."""

    async def month_end(self, start: PeriodStart) -> PeriodResult | None:
        """Run a month's end, or wait for the run under way; None when it is not done in time. Raises
        ``workflows-unavailable`` and what a rule refused."""


@dataclass
class TemporalPeriodRuns:
    """The real thing."""

    ready: Callable[[], Awaitable[Client]]
    wait_s: float = WAIT_S

    async def month_end(self, start: PeriodStart) -> PeriodResult | None:
        client = await self.ready()
        try:
            handle: WorkflowHandle[object, PeriodResult] = await client.start_workflow(
                "MonthEnd",
                start,
                id=names.period_workflow(names.MONTH_END, start.client_id, str(start.period)),
                task_queue=names.TICKETS,
                result_type=PeriodResult,
                # Whether the month is shut knows the database: a blocked one may be run again.
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                rpc_timeout=timedelta(seconds=5),
            )
            async with asyncio.timeout(self.wait_s):
                return await handle.result()
        except WorkflowFailureError as error:
            raise refused(error) from error
        except TimeoutError:
            return None
        except RPCError as error:
            raise DomainError("workflows-unavailable") from error


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
