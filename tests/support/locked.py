"""A client whose documents are protected by a password, and the line's own steps that read them."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus, urlencode
from uuid import UUID

import pypdf

from activities.handling import TaskActivities
from activities.lines.data_entry import DataEntryActivities
from schemas.acts import CompleteTask
from schemas.ticket import ActCommand, DocumentCommand
from tests.support.api import Person, World
from ticketos.ai.extract.reader import Reader
from ticketos.db.ids import new_id
from ticketos.db.repositories.step import SqlStore
from ticketos.dev.sim.documents import generate

SECRET = "Gänseblümchen 7 "
XML = b"<note>attached</note>"


def invoice(number: int = 5) -> bytes:
    return generate("invoice", number).content


def protected(content: bytes, algorithm: str = "AES-256") -> bytes:
    writer = pypdf.PdfWriter(clone_from=pypdf.PdfReader(io.BytesIO(content)))
    writer.add_attachment("note.xml", XML)
    writer.encrypt(user_password=SECRET, algorithm=algorithm)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


class InProcess:
    """The real reader, in this process."""

    def __init__(self) -> None:
        self.reader = Reader()

    def read(
        self,
        data: bytes,
        filename: str,
        timeout_s: float = 60.0,
        memory: Sequence[Any] = (),
        scorer: Any = None,
        vendors: Any = None,
        model: Any = None,
    ) -> list[dict[str, Any]]:
        return [one.model_dump(mode="json") for one in self.reader.read_all(data, filename)]


@dataclass
class Office:
    """A client with one request, whose documents the line's own steps read."""

    world: World
    client: Person
    ticket: UUID

    def __post_init__(self) -> None:
        services = self.world.services
        self.now = datetime.now(UTC)
        self.store = SqlStore(services.database, now=lambda: self.now, new_id=new_id, audit=services.audit)
        self.line = DataEntryActivities(self.store, services.objects, InProcess(), lambda _: None)

    def document(self, content: bytes, **columns: Any) -> UUID:
        sha = hashlib.sha256(content).hexdigest()
        document = self.world.document(self.world.acme, self.ticket, content, sha256=sha, **columns)
        self.world.sql(
            self.world.acme,
            "update ticket set documents_total = documents_total + 1 where id = %s",
            (self.ticket,),
        )
        return document

    def read(self, document: UUID) -> Any:
        return self.line._read(
            DocumentCommand(ticket_id=self.ticket, client_id=self.world.acme, document_id=document)
        )

    def row(self, document: UUID) -> Any:
        return self.world.sql(self.world.acme, "select * from document where id = %s", (document,))[0]

    def count(self) -> tuple[int, int]:
        (row,) = self.world.sql(
            self.world.acme,
            "select documents_done, documents_total from ticket where id = %s",
            (self.ticket,),
        )
        return row.documents_done, row.documents_total

    def carry_out(self, act: CompleteTask) -> Any:
        """What the workflow does with the act it is sent."""
        command = ActCommand(
            ticket_id=self.ticket,
            client_id=self.world.acme,
            kind="complete_task",
            key=act.key,
            actor=act.actor,
            task_id=act.task_id,
            payload=act.result,
        )
        return TaskActivities(self.store, self.line.completions()).complete(command)


def everything(world: World) -> str:
    """Every row that transactions of this client and of the provider can see."""
    told = []
    for client in (world.acme, world.provider):
        tables = world.sql(
            client,
            "select table_name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'",
        )
        for (name,) in tables:
            told += [str(row) for row in world.sql(client, f"select to_jsonb(t)::text from {name} t")]
    return "\n".join(told)


def traces(secret: str) -> tuple[str, ...]:
    """What would betray a password: itself, without its blanks, as JSON and a form would write it, and hashes of it."""
    form = urlencode({"password": secret})
    written = (f'{{"password":"{secret}"}}', form, secret)
    hashed = (hashlib.sha256(one.encode()).hexdigest() for one in written)
    escaped = secret.encode("unicode_escape").decode()
    return secret, secret.strip(), escaped, quote_plus(secret), quote_plus(secret.strip()), *hashed
