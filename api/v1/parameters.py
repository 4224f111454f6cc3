"""Parameters that lists share, and parts of the API's documentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.datastructures import URL

from api.errors import MEDIA_TYPE, words_of
from schemas.http import Page, Problem
from ticketos.domain.errors import DomainError

Limit = Annotated[int, Query(ge=1, le=100, description="Most items of a page")]
Cursor = Annotated[str | None, Query(max_length=300, description="next_cursor of the page before")]
Many = Annotated[list[str], Query(max_length=20)]
Viewed = TypeVar("Viewed", bound=BaseModel)

_MEANING: Mapping[int, tuple[str, str]] = {
    400: ("The request cannot be read", "request-malformed"),
    401: ("Not signed in", "unauthenticated"),
    403: ("The role or the key's scopes do not allow it", "forbidden"),
    404: ("Unknown, or another client's", "not-found"),
    409: ("The state of things does not allow it", "idempotency-in-flight"),
    412: ("Changed since it was read", "version-mismatch"),
    413: ("Too large", "body-too-large"),
    415: ("Content type not supported", "media-type-unsupported"),
    422: ("Values are missing or wrong, or a rule refused them", "request-invalid"),
    429: ("Too many requests", "rate-limited"),
    500: ("A failure of ours", "internal-error"),
    503: ("Temporarily unavailable; see Retry-After", "overloaded"),
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The documented error answers of a route; those every route can give are always among them."""
    documented: dict[int | str, dict[str, Any]] = {}
    for status in sorted({*statuses, 400, 401, 403, 422, 429, 500, 503}):
        meaning, code = _MEANING[status]
        title, detail = words_of(code, {})
        example = {
            "type": f"urn:ticketos:problem:{code}",
            "title": title,
            "status": status,
            "detail": detail,
            "instance": "/v1/…",
            "code": code,
            "params": {},
            "errors": [],
            "trace_id": "5f2c…",
        }
        documented[status] = {
            "model": Problem,
            "description": meaning,
            "content": {MEDIA_TYPE: {"example": example}},
        }
    return documented


def page(
    items: Sequence[Viewed], next_cursor: str | None, url: URL, kind: type[Page[Viewed]]
) -> JSONResponse:
    """One page, with the address of the next in ``Link`` too."""
    body = kind(items=list(items), has_more=next_cursor is not None, next_cursor=next_cursor)
    headers: dict[str, str] = {}
    if next_cursor is not None:
        following = url.include_query_params(cursor=next_cursor)
        headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
    return JSONResponse(body.model_dump(mode="json"), headers=headers)


def id_cursor(cursor: str | None) -> UUID | None:
    """A cursor that is the last id of the page before."""
    if cursor is None:
        return None
    try:
        return UUID(cursor)
    except ValueError as error:
        raise DomainError("cursor-invalid") from error
