"""Errors of libraries, told as codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import psycopg
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from api.errors import InvalidRequestError
from schemas.http import FieldError
from ticketos.domain.errors import DomainError

Model = TypeVar("Model", bound=BaseModel)
TAKEN: Mapping[str, tuple[str, str]] = {
    "uq_app_user_email": ("email-taken", "email"),
    "uq_client_slug": ("already-exists", "slug"),
    "uq_client_prefix": ("already-exists", "prefix"),
    "uq_contract_client_id_number": ("already-exists", "number"),
    "uq_calendar_client_id_name": ("already-exists", "name"),
    "uq_vendor_client_id_code": ("already-exists", "code"),
    "uq_ledger_account_client_id_code": ("already-exists", "code"),
}
"""Unique constraints a person can run into, and what to tell them."""


def constraint_of(error: IntegrityError) -> str | None:
    """The name of the constraint that refused."""
    return error.orig.diag.constraint_name if isinstance(error.orig, psycopg.Error) else None


def as_domain_error(error: BaseException) -> DomainError | None:
    """The refusal this error stands for, or None when it is a failure of ours."""
    match error:
        case DomainError():
            return error
        case RequestValidationError():
            return _invalid(error)
        case HTTPException():
            return _http(error)
        case IntegrityError():
            code, what = TAKEN.get(constraint_of(error) or "", ("", ""))
            return DomainError(code, what=what) if code else None
        case DataError() | psycopg.DataError() if _unstorable(error):
            return DomainError("request-malformed", reason="a character that cannot be stored")
        case PoolTimeout():
            return DomainError("overloaded")
        case OperationalError() if isinstance(error.orig, psycopg.errors.LockNotAvailable):
            return DomainError("overloaded")
        case OperationalError():
            return DomainError("database-unavailable")
        case DBAPIError() if error.connection_invalidated:
            return DomainError("database-unavailable")
        case _:
            return None


def _unstorable(error: BaseException) -> bool:
    """PostgreSQL keeps every character but NUL, as such or escaped in JSON. Schemas refuse it in texts; free-form
    objects may still hold one."""
    cause = error.orig if isinstance(error, DataError) else error
    return isinstance(cause, psycopg.errors.UntranslatableCharacter) or "NUL (0x00)" in str(cause)


def _http(error: HTTPException) -> DomainError:
    match error.status_code:
        case 404:
            return DomainError("not-found", what="address")
        case 405:
            return DomainError("method-not-allowed")
        case 413:
            return DomainError(
                "body-too-large", limit_mb=int(error.detail) if str(error.detail).isdigit() else 0
            )
        case 415:
            return DomainError("media-type-unsupported", accepted="application/json")
        case _:
            return DomainError("request-malformed", reason=str(error.detail))


def _invalid(error: RequestValidationError) -> DomainError:
    found = error.errors()
    if any(one["type"] == "json_invalid" for one in found):
        return DomainError("request-malformed", reason=str(found[0].get("ctx", {}).get("error", "not JSON")))
    return InvalidRequestError([field_error(one["loc"], one["type"], one["msg"]) for one in found[:100]])


def checked(kind: type[Model], /, **values: Any) -> Model:
    """Values as a body of the API, so that one schema judges what is sent and what is typed. Raises
    ``request-invalid``; what was typed stands in no part of it."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise InvalidRequestError(
            [field_error(one["loc"], one["type"], one["msg"]) for one in found]
        ) from error


def field_error(location: tuple[object, ...] | list[object], code: str, detail: str) -> FieldError:
    """One wrong value. A body's place is a JSON Pointer, a parameter's its name."""
    parts = [str(part) for part in location]
    if parts and parts[0] in ("query", "path", "header", "cookie"):
        return FieldError(pointer=".".join(parts[1:]), code=code, detail=detail)
    inner = parts[1:] if parts and parts[0] == "body" else parts
    pointer = "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in inner)
    return FieldError(pointer=pointer, code=code, detail=detail)
