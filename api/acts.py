"""Acts reach a ticket by updates of its workflow. The port is small, so that tests can stand in for
Temporal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from schemas.acts import Act, ActResult
from schemas.open_text import summary
from schemas.ticket import TicketStart
from ticketos.domain.errors import DomainError
from workflows import names

WAIT_S = 10.0
"""How long an act's caller waits before hearing that it is being applied."""

HEALTH_S = 1.5
_UNANSWERED = "AcceptedUpdateCompletedWorkflow"
"""The server's word for an act that was accepted and whose run ended before the answer."""
_AWAY = (RPCStatusCode.UNAVAILABLE, RPCStatusCode.RESOURCE_EXHAUSTED)


@dataclass(frozen=True)
class Target:
    """The workflow an act goes to. ``start`` begins it when it does not run yet: a late start is no error."""

    workflow_id: str
    start: TicketStart | None = None


class Acts(Protocol):
    """What the API asks of Temporal."""

    async def act(self, target: Target, update: str, argument: Act) -> ActResult | None:
        """Send an update and wait; None when it was not confirmed in time and may still be applied. Raises
        DomainError ``workflows-unavailable`` (nothing was sent) and ``ticket-closed`` (no such workflow
        runs)."""

    async def start(self, start: TicketStart) -> None:
        """Start a ticket's workflow; one that was started before is left alone. Raises
        ``workflows-unavailable``."""

    async def reachable(self) -> bool:
        """Whether Temporal answers."""

    async def close(self) -> None:
        """Let go of the connection."""


class TemporalActs:
    """The real thing. Connects on first use and again after a failure; the SDK keeps the connection alive."""

    def __init__(self, connect: Callable[[], Awaitable[Client]], wait_s: float = WAIT_S) -> None:
        self._connect = connect
        self._wait = timedelta(seconds=wait_s)
        self._client: Client | None = None
        self._lock = asyncio.Lock()

    async def act(self, target: Target, update: str, argument: Act) -> ActResult | None:
        client = await self.ready()
        try:
            return await self._update(client, target, update, argument)
        except (WorkflowUpdateRPCTimeoutOrCancelledError, TimeoutError):
            return None
        except WorkflowUpdateFailedError as error:
            return _refusal(error)
        except WorkflowAlreadyStartedError as error:
            raise DomainError("ticket-closed") from error
        except RPCError as error:
            if error.status in (RPCStatusCode.NOT_FOUND, RPCStatusCode.ALREADY_EXISTS):
                raise DomainError("ticket-closed") from error
            if error.status in (RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED):
                return None
            if error.status in _AWAY:
                raise DomainError("workflows-unavailable") from error
            raise

    async def _update(self, client: Client, target: Target, update: str, argument: Act) -> ActResult:
        handle = client.get_workflow_handle(target.workflow_id)
        try:
            done: ActResult = await handle.execute_update(
                update, argument, id=argument.key, result_type=ActResult, rpc_timeout=self._wait
            )
            return done
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND or target.start is None:
                raise
        operation: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            "Ticket",
            target.start,
            id=target.workflow_id,
            task_queue=names.TICKETS,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            search_attributes=_attributes(target.start),
            static_summary=summary(target.start),
        )
        result: ActResult = await client.execute_update_with_start_workflow(
            update,
            argument,
            start_workflow_operation=operation,
            id=argument.key,
            result_type=ActResult,
            rpc_timeout=self._wait,
        )
        return result

    async def start(self, start: TicketStart) -> None:
        client = self._client or await self.ready()  # the relay has what a server that went away misses
        try:
            await client.start_workflow(
                "Ticket",
                start,
                id=names.ticket_workflow(start.ticket_id),
                task_queue=names.TICKETS,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                search_attributes=_attributes(start),
                static_summary=summary(start),
                rpc_timeout=timedelta(seconds=5),
            )
        except WorkflowAlreadyStartedError:
            return
        except (RPCError, TimeoutError) as error:
            raise DomainError("workflows-unavailable") from error

    async def reachable(self) -> bool:
        try:
            await self.ready()
        except DomainError:
            return False
        return True

    async def close(self) -> None:
        # The SDK ends a connection when its last reference goes; a tick lets its threads see that.
        self._client = None
        await asyncio.sleep(0.05)

    async def ready(self) -> Client:
        """A client whose server answered just now, so that an act is either sent or refused at once."""
        try:
            async with asyncio.timeout(HEALTH_S):
                async with self._lock:
                    if self._client is None:
                        self._client = await self._connect()
                client = self._client
                if not await client.service_client.check_health(timeout=timedelta(seconds=HEALTH_S)):
                    raise DomainError("workflows-unavailable")
                return client
        except (RPCError, RuntimeError, TimeoutError, OSError) as error:
            raise DomainError("workflows-unavailable") from error


def _attributes(start: TicketStart) -> TypedSearchAttributes:
    return TypedSearchAttributes(
        [SearchAttributePair(names.CLIENT, str(start.client_id)), SearchAttributePair(names.STAGE, "intake")]
    )


def _refusal(error: WorkflowUpdateFailedError) -> ActResult:
    """A validator's refusal carries its code as the failure's type and its facts as the first detail. A run that was
    ended from outside (terminated, or gone into a new one) leaves what it had accepted without an answer."""
    cause = error.cause
    if not isinstance(cause, ApplicationError) or not cause.type:
        raise error
    if cause.type == _UNANSWERED:
        raise DomainError("ticket-closed") from error
    params = cause.details[0] if cause.details and isinstance(cause.details[0], dict) else {}
    return ActResult(applied=False, code=cause.type, params=params)
