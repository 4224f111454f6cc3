"""One signed-in person at the public API. Scripted people have nothing else: no database, no Temporal."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import httpx2

_TRIES = 40
_AGAIN = frozenset(
    {
        "idempotency-in-flight",
        "overloaded",
        "rate-limited",
        "database-unavailable",
        "workflows-unavailable",
        "not-started-yet",
    }
)
"""Codes that mean: not now. The same request with the same key is sent again."""


class RefusedError(Exception):
    """The API said no: ``code`` is the stable one of problem+json."""

    def __init__(self, status: int, code: str, detail: str, params: Mapping[str, Any]) -> None:
        super().__init__(f"{status} {code}: {detail} {dict(params) or ''}".strip())
        self.status = status
        self.code = code
        self.params = params


@dataclass(frozen=True)
class Upload:
    """A file on its way in."""

    filename: str
    content: bytes
    content_type: str


@dataclass
class Person:
    """Somebody with a login. Signs in on first use; every POST carries its own ``Idempotency-Key``."""

    base: str
    name: str
    email: str
    password: str
    id: str = ""
    clients: tuple[str, ...] = ()
    _http: httpx2.AsyncClient | None = field(default=None, repr=False)

    async def __aenter__(self) -> Self:
        self._http = httpx2.AsyncClient(base_url=self.base, timeout=60, trust_env=False)
        answer = await self.send(
            "POST", "/v1/sessions", json={"email": self.email, "password": self.password, "cookie": False}
        )
        self._http.headers["Authorization"] = f"Bearer {answer['token']}"
        self.id = str(answer["user"]["id"])
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def get(self, path: str, **params: Any) -> Any:
        """The JSON at ``path``."""
        return await self.send("GET", path, params={k: v for k, v in params.items() if v is not None})

    async def read(self, path: str) -> bytes:
        """The bytes at ``path``."""
        return (await self._answer("GET", path, {})).content

    async def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """POST a JSON body; returns the answer once it is final (a 202 is asked again with the same key)."""
        return await self.send(
            "POST", path, json=dict(body or {}), headers={"Idempotency-Key": str(uuid.uuid4())}
        )

    async def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        """PATCH a JSON body."""
        return await self.send("PATCH", path, json=dict(body), headers={"Idempotency-Key": str(uuid.uuid4())})

    async def upload(self, values: Mapping[str, str], files: Sequence[Upload], external_id: str) -> Any:
        """Raise a ticket with files; the same ``external_id`` is one ticket however often it is sent."""
        if not files:
            requester = {name: values[f"requester_{name}"] for name in ("name", "email")}
            plain = {name: value for name, value in values.items() if not name.startswith("requester_")}
            return await self.post(
                "/v1/tickets", {**plain, "requester": requester, "external_id": external_id}
            )
        parts = [("files", (one.filename, one.content, one.content_type)) for one in files]
        return await self.send(
            "POST", "/v1/tickets", data={**values, "external_id": external_id}, files=parts
        )

    async def pages(self, path: str, **params: Any) -> AsyncIterator[dict[str, Any]]:
        """Every item of a list, page after page."""
        cursor: str | None = None
        while True:
            page = await self.get(path, limit=100, cursor=cursor, **params)
            for item in page["items"]:
                yield item
            cursor = page.get("next_cursor")
            if not cursor:
                return

    async def send(self, method: str, path: str, **request: Any) -> Any:
        """One request to its final answer. Raises ``RefusedError``."""
        answer = await self._answer(method, path, request)
        return answer.json() if answer.content else None

    async def _answer(self, method: str, path: str, request: Mapping[str, Any]) -> httpx2.Response:
        if self._http is None:
            raise RuntimeError(f"{self.name} is not signed in")
        last = ""
        for attempt in range(_TRIES):
            try:
                answer = await self._http.request(method, path, **request)
            except httpx2.TransportError as error:
                last = f"{type(error).__name__}: {error}"
                await asyncio.sleep(min(0.25 * (attempt + 1), 3))
                continue
            if answer.status_code < 300 and answer.status_code != 202:
                return answer
            refused = None if answer.status_code == 202 else _refused(answer)
            if refused is not None and refused.code not in _AGAIN:
                raise refused
            last = str(refused or "202 being applied")
            await asyncio.sleep(float(answer.headers.get("Retry-After", "0.5")))
        raise RefusedError(503, "no-final-answer", f"{method} {path}: {last}", {})


def _refused(answer: httpx2.Response) -> RefusedError:
    try:
        told = answer.json()
    except ValueError:
        told = {}
    if not isinstance(told, dict):
        told = {}
    detail = str(told.get("detail") or answer.text[:200])
    if told.get("errors"):
        detail += f" {told['errors']}"
    return RefusedError(
        answer.status_code, str(told.get("code") or "unknown"), detail, told.get("params") or {}
    )
