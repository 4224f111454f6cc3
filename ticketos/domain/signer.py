"""Nobody at the client can be told of a delivery: a person finds who signs off, and silence means nothing until then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from ticketos.domain.changes import Change, Emit, Notify, OpenTask
from ticketos.domain.ports import NewId
from ticketos.domain.state import ApprovalState, ClientState, TaskState, TicketState

KIND = "signer"
"""Kind of the task that asks for an address."""
NOBODY = "nobody"
"""Why of a task that was opened because no address was known; any other is of a mail that was lost."""
SUCCESS = "client_success"
"""Desk that names a signer: it knows the people of the client."""


def address_of(client: ClientState, ticket: TicketState, people: Sequence[str]) -> str | None:
    """Whom a delivery is put before: the client's approver, else whoever wrote, else the client's own people with
    a login (``people``, administrators first)."""
    return client.approver_email or ticket.requester_email or next(iter(people), None)


def ask(
    ticket: TicketState,
    key: str,
    desk: str,
    round_: int,
    version: str,
    payload: Mapping[str, Any],
    told: Mapping[str, Any],
    why: str,
    now: datetime,
    new_id: NewId,
) -> tuple[OpenTask, Notify, Emit]:
    """The task for a desk, with what the desk is told and what the trail says."""
    task = OpenTask(
        id=new_id(),
        key=key,
        kind="signer",
        workflow="ticket",
        desk=desk,
        priority=ticket.priority,
        round=round_,
        payload={"version": version, **payload},
    )
    notice = Notify(new_id(), f"{key}:lost", "approval_unreached", desk, now, ticket.owner_id, told)
    return task, notice, Emit("ticket.approval_unreached", after={**told, **payload}, why=why)


def nobody(
    ticket: TicketState, round_: int, version: str, now: datetime, new_id: NewId
) -> tuple[Change, ...]:
    """A version that nobody at the client can be told of."""
    return ask(
        ticket,
        f"{ticket.id}:{ticket.life}:{KIND}:{NOBODY}:{round_}",
        SUCCESS,
        round_,
        version,
        {"cause": NOBODY},
        {"version": version, "deemed_at": None},
        "nobody at the client has an address or a login",
        now,
        new_id,
    )


def mail_key(ticket: TicketState, approval: ApprovalState, answered: Sequence[TaskState]) -> str:
    """Key of the mail that put this version before somebody last: the first one, or that to the address which a
    finished ``signer`` task (``answered``) named."""
    base = f"{ticket.id}:{ticket.life}:approval:{approval.round}"
    mine = [t for t in answered if t.life == ticket.life and t.payload.get("version") == approval.version]
    last: UUID | None = max((t.id for t in mine), default=None)
    return base if last is None else f"{base}:{last}"
