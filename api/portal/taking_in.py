"""A client's own list (vendors, accounts) taken in as a file: the form, the trial run, and what the file did."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from starlette.responses import Response

from api.deps import Call
from api.portal.listing import address, client_choices, client_named
from api.portal.parts import Crumb, Notice, Tile
from api.portal.visit import Visit
from schemas.vendors import ListImport
from ticketos.domain.errors import DomainError
from ticketos.lines.data_entry.list_file import MOST_BYTES


class _TakenIn(Protocol):
    def __call__(
        self, call: Call, client_id: UUID, content: bytes, /, *, dry_run: bool
    ) -> Awaitable[Response]: ...


@dataclass(frozen=True)
class ClientFile:
    """One kind of list: its words (``title``, ``import``, ``import_hint``, ``file_help`` of the group ``texts``), its page,
    its columns, the act of the API, and what is said where no file was chosen."""

    texts: str
    path: str
    columns: tuple[str, ...]
    act: _TakenIn
    missing: str

    def form(self, visit: Visit, slug: str, status: int = 200, **more: Any) -> Response:
        """The form that takes a file, after what the file before did."""
        word: Callable[..., str] = visit.portal.texts
        back, title = address(self.path, {"client": slug}), word(f"{self.texts}.import")
        return visit.page(
            "taking_in/form",
            status,
            **{"done": None, "tiles": [], "filename": "", **more},
            clients=client_choices(visit, slug),
            action=f"{self.path}/import",
            title=title,
            hint=word(f"{self.texts}.import_hint"),
            file_help=word(f"{self.texts}.file_help", columns=", ".join(self.columns)),
            back=back,
            crumbs=[Crumb(word(f"{self.texts}.title"), back), Crumb(title)],
        )

    async def taken_in(self, visit: Visit) -> Response:
        """Take in a file, or say what it would do: numbers, and each refused line with its reason."""
        slug, dry_run = visit.form.text("client", 60), visit.form.text("dry_run", 3) == "yes"
        files = visit.form.files("files")
        try:
            client_id = client_named(visit, slug)
        except DomainError as error:
            return await visit.refused(error)
        try:
            if not files:
                raise DomainError(self.missing)
            content = await files[0].read(MOST_BYTES + 1)
            answer = await self.act(visit.call, client_id, content, dry_run=dry_run)
        except DomainError as error:

            async def again(notice: Notice, status: int) -> Response:
                return self.form(visit, slug, status, notice=notice)

            return await visit.refused(error, again)
        done = ListImport.model_validate(json.loads(bytes(answer.body)))
        tiles = [
            Tile(
                visit.portal.texts(f"taking_in.{name}"),
                str(getattr(done, name)),
                tone="bad" if name == "refused" and done.refused else "neutral",
            )
            for name in ("created", "updated", "unchanged", "refused")
        ]
        return self.form(visit, slug, done=done, tiles=tiles, filename=files[0].filename or "")
