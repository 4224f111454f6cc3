"""From codes to HTTP: status, words and RFC 9457 documents. The domain says what is wrong, here is how it
sounds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse

from api.problems import answer_of
from api.problems.answer import Answer
from schemas.http import FieldError, Problem
from ticketos.domain.errors import DomainError

MEDIA_TYPE = "application/problem+json"

_HIDDEN = frozenset({"internal-error"})


class InvalidRequestError(DomainError):
    """A request whose values are wrong, with each of them named."""

    def __init__(self, errors: Sequence[FieldError], code: str = "request-invalid", **params: object) -> None:
        super().__init__(code, **params)
        self.errors = list(errors)


def status_of(code: str) -> int:
    """The HTTP status of a code. One without an answer of its own is a rule refusing its input."""
    return _answer(code).status


def known(code: str) -> bool:
    """Whether it is a code of ours and not the name of some exception."""
    return answer_of(code) is not None


def words_of(code: str, params: Mapping[str, object]) -> tuple[str, str]:
    """Title and detail of a code in words."""
    answer = _answer(code)
    return answer.title, answer.detail.format_map(_Facts(params))


def retry_after(error: DomainError) -> object | None:
    """Seconds after which to try again: those the error brings, else those of its code; none where it is no use."""
    return error.params.get("retry_after", _answer(error.code).retry_after)


def _answer(code: str) -> Answer:
    return answer_of(code) or Answer(code.replace("-", " ").capitalize(), "")


class _Facts(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "…"

    def __getitem__(self, key: str) -> object:
        value = super().__getitem__(key)
        return (
            ", ".join(str(one) for one in value)
            if isinstance(value, list | tuple | set | frozenset)
            else value
        )


def problem(error: DomainError, path: str, trace_id: str) -> JSONResponse:
    """The answer to a refused request."""
    status = status_of(error.code)
    title, detail = words_of(error.code, error.params)
    params = {} if error.code in _HIDDEN else jsonable_encoder(error.params)
    body = Problem(
        type=f"urn:ticketos:problem:{error.code}",
        title=title,
        status=status,
        detail=detail,
        instance=path,
        code=error.code,
        params=params,
        errors=getattr(error, "errors", []),
        trace_id=trace_id,
    )
    headers: dict[str, str] = {}
    if (wait := retry_after(error)) is not None:
        headers["Retry-After"] = str(wait)
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="ticketos"'
    return JSONResponse(body.model_dump(mode="json"), status, headers, MEDIA_TYPE)


def problem_bytes(error: DomainError, path: str, trace_id: str) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Status, headers and body of the answer, for keeping."""
    answer = problem(error, path, trace_id)
    headers = {"content-type": MEDIA_TYPE}
    if "retry-after" in answer.headers:
        headers["retry-after"] = answer.headers["retry-after"]
    return answer.status_code, headers, json.loads(bytes(answer.body))
