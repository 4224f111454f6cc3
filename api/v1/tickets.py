"""Requests: list, read, edit, link, and everything around one of them (MF1, TA6)."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from pydantic import AwareDatetime, TypeAdapter, ValidationError
from sqlalchemy import Connection, RowMapping

from api import views
from api.access import require_role
from api.deps import Call, CallDep, IfMatch, ReadDep, Reply, etag, require_match
from api.services import in_thread
from api.v1.parameters import Cursor, Limit, Many, page, problems
from schemas.act_bodies import LinkBody
from schemas.acts import Priority
from schemas.documents import DocumentView
from schemas.http import Page
from schemas.requests import (
    ClockView,
    EditTicket,
    EventView,
    LinkView,
    TicketView,
    TreeView,
    UsageView,
)
from ticketos.db.repositories import clients, documents, tasks, tickets
from ticketos.domain.deadline import STAGE
from ticketos.domain.errors import DomainError

router = APIRouter(prefix="/v1/tickets", tags=["tickets"])


def client_asked(connection: Connection, call: Call, named: str | None) -> UUID:
    """The client a request is for: named by id or short name, else the caller's own company."""
    if named is None:
        client_id = call.principal.home
    else:
        client_id = _named(connection, call, named)
    if client_id not in call.principal.clients:
        raise DomainError("client-unknown" if named else "forbidden")
    require_role(call.principal, call.rule, client_id)
    return client_id


def _named(connection: Connection, call: Call, named: str) -> UUID:
    try:
        return UUID(named)
    except ValueError:
        known = call.services.slugs.get(named)
    if known is None:
        row = clients.by_slug(connection, named)
        if row is None:
            raise DomainError("client-unknown")
        known = call.services.slugs[named] = UUID(str(row["id"]))
    return known


@router.get("", response_model=Page[TicketView], responses=problems(400, 404))
async def list_tickets(
    call: ReadDep,
    client: Annotated[str | None, Query(max_length=64, description="Id or short name of a client")] = None,
    state: Many = [],  # noqa: B006 (FastAPI copies it)
    stage: Many = [],  # noqa: B006
    service_line: Annotated[str | None, Query(max_length=40)] = None,
    line: Annotated[str | None, Query(max_length=40, description="Short for service_line")] = None,
    priority: Annotated[Priority | None, Query()] = None,
    q: Annotated[
        str | None, Query(max_length=200, description="Words of number, subject or requester")
    ] = None,
    sla_state: Many = [],  # noqa: B006
    desk: Annotated[str | None, Query(max_length=40)] = None,
    since: Annotated[AwareDatetime | None, Query(description="Received from here on")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Received before")] = None,
    sort: Annotated[
        str, Query(pattern="^-?received_at$", description="-received_at: the newest first")
    ] = "-received_at",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> JSONResponse:
    """Requests the caller may see, the newest first."""

    def read(connection: Connection) -> JSONResponse:
        chosen = call.principal.clients_with(call.rule.roles)
        if client is not None:
            chosen = (client_asked(connection, call, client),)
        found: tuple[UUID, ...] | None = None
        if q is not None:
            found = tickets.searched(connection, chosen, q)
        wanted = tickets.Filter(
            client_ids=chosen,
            states=tuple(state),
            stages=tuple(stage),
            service_line=service_line or line,
            priority=priority,
            found=found,
            newest_first=sort.startswith("-"),
            sla_states=tuple(sla_state),
            desk=desk,
            since=since,
            until=until,
        )
        rows, following = tickets.listed(connection, wanted, limit, cursor)
        shown = [views.ticket(row, call.principal, call.services) for row in rows]
        return page(shown, following, call.request.url, Page[TicketView])

    return await call.read(read)


def one(connection: Connection, call: Call, ticket_id: UUID, *, lock: bool = False) -> RowMapping:
    """The ticket, if the caller may work on it."""
    return call.found(tickets.get(connection, ticket_id, lock=lock), "ticket")


@router.get(
    "/{ticket_id}", response_model=TicketView, responses=problems(404) | {304: {"description": "Unchanged"}}
)
async def read_ticket(call: ReadDep, ticket_id: UUID) -> Response:
    """One ticket; the ETag is its version."""
    row = await call.read(lambda connection: one(connection, call, ticket_id))
    tag = etag(row["row_version"])
    if call.request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    return Reply(views.ticket(row, call.principal, call.services), headers={"ETag": tag}).response()


@router.patch("/{ticket_id}", response_model=TicketView, responses=problems(404, 409, 412))
async def edit_ticket(call: CallDep, ticket_id: UUID, body: EditTicket, if_match: IfMatch = None) -> Response:
    """Another subject. With If-Match a ticket changed meanwhile is refused."""

    def edit(connection: Connection) -> Reply:
        row = one(connection, call, ticket_id, lock=True)
        require_match(if_match, row["row_version"])
        actor = call.principal.actor(row["client_id"])
        changed = call.services.tickets.set_subject(connection, row, body.subject, actor=actor, at=call.now)
        return Reply(
            views.ticket(changed, call.principal, call.services),
            headers={"ETag": etag(changed["row_version"])},
        )

    return await call.write(edit)


@router.get("/{ticket_id}/tree", response_model=TreeView, responses=problems(404))
async def read_tree(call: ReadDep, ticket_id: UUID) -> JSONResponse:
    """Everything of a request with every event in order; asked for a part of the tree, it gives the whole
    one."""

    def read(connection: Connection) -> TreeView:
        row = one(connection, call, ticket_id)
        root_id = row["root_id"]
        root = row if root_id == row["id"] else one(connection, call, root_id)
        staff = call.principal.staff_over(root["client_id"])
        around = tickets.tree(connection, root_id)
        events = call.services.audit.timeline(connection, root_id)
        rework, rework_total = views.rework(around.children)
        checks, todo = documents.quality_of(connection, root_id), tasks.of_ticket(connection, root_id)
        return TreeView(
            ticket=views.ticket(root, call.principal, call.services),
            children=[views.ticket(child, call.principal, call.services) for child in around.children],
            documents=[
                views.document(one_, call.principal) for one_ in documents.of_ticket(connection, root_id)
            ],
            tasks=[views.task(task, call.principal) for task in todo],
            clocks=[
                ClockView.model_validate(dict(clock))
                for clock in around.clocks
                if staff or not clock["kind"].startswith(STAGE)  # targets of our own desks are our business
            ],
            messages=views.messages(around.messages, staff),
            quality=[views.qa_check(check, call.principal) for check in checks],
            rework=rework,
            rework_total=rework_total,
            approvals=[views.approval(approval) for approval in around.approvals],
            rounds=views.rounds(checks, around.approvals, todo, staff),
            usage=[UsageView.model_validate(dict(usage)) for usage in around.usage],
            links=[LinkView.model_validate(dict(link)) for link in around.links],
            events=views.events(events, staff),
            workflow_url=views.workflow_url(root_id, root["client_id"], call.principal, call.services),
        )

    tree = await call.read(read)
    return await in_thread(lambda: JSONResponse(tree.model_dump(mode="json")))


@router.get("/{ticket_id}/events", response_model=Page[EventView], responses=problems(400, 404))
async def read_events(
    call: ReadDep, ticket_id: UUID, limit: Limit = 100, cursor: Cursor = None
) -> JSONResponse:
    """The events of a request's tree in the order of recording; the cursor is the last ``seq`` seen."""
    if cursor is not None and not cursor.isdigit():
        raise DomainError("cursor-invalid")
    after = int(cursor or 0)

    def read(connection: Connection) -> JSONResponse:
        row = one(connection, call, ticket_id)
        found = call.services.audit.timeline(connection, row["root_id"], after=after, limit=limit + 1)
        staff = call.principal.staff_over(row["client_id"])
        shown = views.events(found[:limit], staff)
        following = str(found[limit - 1].seq) if len(found) > limit else None
        return page(shown, following, call.request.url, Page[EventView])

    return await call.read(read)


@router.get("/{ticket_id}/documents", response_model=Page[DocumentView], responses=problems(400, 404))
async def list_documents(
    call: ReadDep,
    ticket_id: UUID,
    state: Many = [],  # noqa: B006
    limit: Limit = 100,
    cursor: Cursor = None,
) -> JSONResponse:
    """The documents of a request in the order they came; the cursor is the last position seen."""
    if cursor is not None and not cursor.isdigit():
        raise DomainError("cursor-invalid")
    after = int(cursor) if cursor is not None else -1

    def read(connection: Connection) -> JSONResponse:
        row = one(connection, call, ticket_id)
        found = documents.of_ticket(
            connection, row["root_id"], states=tuple(state), after=after, limit=limit + 1
        )
        shown = [views.document(document, call.principal) for document in found[:limit]]
        following = str(shown[-1].position) if len(found) > limit else None
        return page(shown, following, call.request.url, Page[DocumentView])

    return await call.read(read)


@router.post("/{ticket_id}/links", status_code=201, response_model=LinkView, responses=problems(404, 409))
async def link_ticket(call: CallDep, ticket_id: UUID, body: LinkBody) -> Response:
    """Tie this ticket to another of the same client."""

    def link(connection: Connection) -> Reply:
        made = linked(connection, call, one(connection, call, ticket_id), body.other, body.kind)
        return Reply(LinkView.model_validate(dict(made)), 201)

    return await call.write(link)


def linked(connection: Connection, call: Call, row: RowMapping, named: str, kind: str) -> RowMapping:
    """Tie ``row`` to the ticket of that id or number."""
    try:
        other = tickets.get(connection, TypeAdapter(UUID).validate_python(named))
    except ValidationError:
        other = tickets.by_number(connection, row["client_id"], named)
    if other is None or other["client_id"] not in call.principal.clients:
        raise DomainError("not-found", what="other ticket")
    actor = call.principal.actor(row["client_id"])
    return call.services.tickets.link(connection, row, other, kind, actor=actor, at=call.now)
