"""Forms that send one act of the API: its body from the form's fields of the same names, its function as it stands.

A page that offers several such acts names them in a table and gets a route for each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from api.access import Rule, as_page
from api.deps import Call
from api.portal.parts import Notice
from api.portal.visit import PostDep, Visit
from ticketos.domain.errors import DomainError

_LONGEST = 200_000

Send = Callable[[Call, UUID, Any], Awaitable[Response]]
Again = Callable[..., Awaitable[Response]]


@dataclass(frozen=True)
class FormAct:
    """``send`` is the API's function, ``body`` what it takes, ``said`` what is said when it is done (a key of the
    catalogue), ``like`` the access line of the API's route. A field nobody filled in is not sent."""

    send: Send
    body: type[BaseModel]
    said: str
    like: Rule


def rules_of(path: str, acts: Mapping[str, FormAct]) -> dict[tuple[str, str], Rule]:
    """The lines of the access table."""
    return {("POST", f"{path}/{name}"): as_page(act.like) for name, act in acts.items()}


def offer(router: APIRouter, path: str, acts: Mapping[str, FormAct], again: Again) -> None:
    """A route for each act under ``path``, which ends in ``/{ticket_id}``. ``again(visit, id, status, notice=…,
    typed=…)`` shows the page when the act is refused, with what was typed by name."""
    for name, act in acts.items():
        router.add_api_route(f"{path}/{name}", _route(path, act, again), methods=["POST"])


def _route(path: str, act: FormAct, again: Again) -> Callable[..., Awaitable[Response]]:
    async def post(visit: PostDep, ticket_id: UUID) -> Response:
        typed = typed_in(visit, act.body)

        async def work() -> Response:
            if (why := act.body.model_fields.get("reason")) and why.is_required() and "reason" not in typed:
                raise DomainError("reason-missing")
            return await act.send(visit.call, ticket_id, visit.body(act.body, **typed))

        async def refused(notice: Notice, status: int) -> Response:
            return await again(visit, ticket_id, status, notice=notice, typed=typed)

        return await visit.act(work, to=path.format(ticket_id=ticket_id), said=act.said, again=refused)

    return post


def typed_in(visit: Visit, body: type[BaseModel]) -> dict[str, str]:
    """The fields of ``body`` that were filled in."""
    given = {name: visit.form.text(name, _LONGEST) for name in body.model_fields}
    return {name: value for name, value in given.items() if value}
