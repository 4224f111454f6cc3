"""The real ticket as a contestant: taken in by the product's intake, acted on by updates as the API does."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import count as counter
from typing import Any
from uuid import UUID

import psycopg
from temporalio.client import Client, WorkflowHandle
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from benchmarks.drive import Size, Visible, drive
from benchmarks.installation import Installation
from benchmarks.office import Office, cheap
from schemas.acts import Act, ActorRef, ActResult, ChangePriority, CompleteTask, DecideApproval
from schemas.ticket import TicketStart
from ticketos.db.ids import new_id
from ticketos.db.repositories.intake import IntakeStore, started
from ticketos.dev.sim.documents import SampleDocument
from ticketos.domain.intake_types import Attachment, Intake
from ticketos.domain.state import Actor
from workers import wiring
from workflows import names

_TASKS = """
select k.id::text, k.workflow_id, k.kind from task k where k.state = 'open'
union all
select a.version || ' ' || a.ticket_id, 'ticket/' || a.ticket_id, 'approval' from approval a
 where a.state = 'open'"""

_RESULTS: Mapping[str, Mapping[str, Any]] = {
    "keying": {"fields": {}, "override_reason": "as printed"},
    "qa_review": {"verdict": "pass"},
    "triage": {"service_line": "data_entry", "priority": "P3"},
}
"""What each person hands in."""
_CLEAR = ("Invoice to enter", "Please enter the attached invoice into our accounts.")
_UNCLEAR = ("Hello", "As discussed.")
_serial = counter()


class Real:
    """Tickets of one client. ``five_acts``: the words are unclear and the priority is changed on the way."""

    name = "real"

    def __init__(
        self, found: Installation, office: Office, client: Client, slug: str, *, five_acts: bool = False
    ) -> None:
        self.dsn = found.dsn
        self._found, self._office, self._client, self._slug = found, office, client, slug
        self._five_acts = five_acts
        self._parts = wiring.parts(found.settings(), app_pool=4)
        self._intake = IntakeStore(
            self._parts.audit, self._parts.objects, self._parts.keyring.derived("mail"), new_id
        )
        self._last: list[TicketStart] = []
        staff, company = office.staff, office.companies[slug]
        self._actors = {
            "keying": ActorRef(kind="user", id=staff["agent"].id, roles=("agent",)),
            "qa_review": ActorRef(kind="user", id=staff["reviewer"].id, roles=("qa",)),
            "triage": ActorRef(kind="user", id=staff["desk"].id, roles=("desk",)),
            "approval": ActorRef(kind="client", id=company.speaker.id, roles=("client_admin",)),
            "priority": ActorRef(kind="user", id=staff["lead"].id, roles=("lead",)),
        }

    def aside(self, slug: str, *, five_acts: bool = False) -> Real:
        """Tickets of another client or with more acts, on the same installation."""
        return Real(self._found, self._office, self._client, slug, five_acts=five_acts)

    def close(self) -> None:
        """Let go of the database."""
        self._parts.database.dispose()

    async def prepare(self, count: int) -> Sequence[TicketStart]:
        """Take the requests in; their workflows are started by the block alone, not by the relay."""
        papers = [cheap(next(_serial)) for _ in range(count)]
        self._last = [await asyncio.to_thread(self._take_in, paper) for paper in papers]
        return self._last

    def _take_in(self, paper: SampleDocument) -> TicketStart:
        client_id, now = UUID(self._office.companies[self._slug].id), datetime.now(UTC)
        subject, text = _UNCLEAR if self._five_acts else _CLEAR
        intake = Intake(
            channel="api",
            external_id=uuid.uuid4().hex,
            recipient="",
            sender="accounts@client.example",
            sender_name="Accounts",
            subject=subject,
            text=text,
            full_text=text,
            received_at=now,
            sent_at=None,
            attachments=(Attachment(paper.filename, paper.content_type, paper.content),),
            thread_tokens=(),
            in_reply_to=None,
            references=(),
            suppress_reply=None,
            headers=(),
        )
        with self._parts.database.transaction([client_id]) as connection:
            accepted = self._intake.accept(connection, intake, client_id=client_id, actor=Actor("client"))
            assert accepted.ticket_id is not None
            started(connection, [(accepted.ticket_id, 1)], now)
        return TicketStart(ticket_id=accepted.ticket_id, client_id=client_id)

    async def start(self, prepared: TicketStart) -> WorkflowHandle[Any, Any]:
        """Start the ticket's workflow as the API does."""
        return await self._client.start_workflow(
            "Ticket",
            prepared,
            id=names.ticket_workflow(prepared.ticket_id),
            task_queue=names.TICKETS,
            search_attributes=TypedSearchAttributes(
                [
                    SearchAttributePair(names.CLIENT, str(prepared.client_id)),
                    SearchAttributePair(names.STAGE, "intake"),
                ]
            ),
        )

    async def visible(self, connection: psycopg.AsyncConnection[Any]) -> Sequence[Visible]:
        """Open tasks and open approvals."""
        return [Visible(*row) for row in await (await connection.execute(_TASKS)).fetchall()]

    async def act(self, task: Visible) -> None:
        """Do the task by the update the API would send; raises when it is refused."""
        if self._five_acts and task.kind == "keying":
            ticket = names.ticket_workflow(task.workflow_id.split("/")[1])
            changed = ChangePriority(
                actor=self._actors["priority"], key=f"{task.id}:p", priority="P2", reason="urgent"
            )
            await self._send(ticket, "change_priority", changed)
        actor = self._actors[task.kind]
        if task.kind == "approval":
            version = task.id.partition(" ")[0]
            decision = DecideApproval(actor=actor, key=task.id, version=version, decision="accept")
            await self._send(task.workflow_id, "decide_approval", decision)
            return
        result = dict(_RESULTS[task.kind])
        done = CompleteTask(actor=actor, key=task.id, task_id=UUID(task.id), result=result)
        await self._send(task.workflow_id, "complete_task", done)

    async def _send(self, workflow_id: str, update: str, act: Act) -> None:
        handle = self._client.get_workflow_handle(workflow_id)
        answer: ActResult = await handle.execute_update(update, act, id=act.key, result_type=ActResult)
        if not answer.applied:
            raise RuntimeError(f"{update} of {workflow_id} was refused: {answer.code} {answer.params}")

    async def sizes(self, count: int) -> list[Size]:
        """Cost of the last tickets driven; drives some when there were none yet."""
        if not self._last:
            await drive(self, count, count)
        found = []
        for start in self._last[:count]:
            ids = (names.ticket_workflow(start.ticket_id), names.line_workflow(start.ticket_id, "data_entry"))
            found.append(Size.of([await self._client.get_workflow_handle(i).describe() for i in ids]))
        return found
