"""A mail that could not be sent, or that came back: where it asked for a sign-off, silence accepts nothing any more."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from activities.record import record
from schemas.ticket import StageCommand
from ticketos.db.ids import new_id
from ticketos.db.repositories.step import SqlStore
from ticketos.db.session import driver
from ticketos.domain import unreached
from ticketos.domain.approval import MAIL
from workers.outbox import Item
from workers.wiring import Parts, utc_now

_LIFE = "select life from ticket where id = %s"
_MAILS = "select payload from outbox where id = any(%s) and ticket_id = %s and kind = 'mail'"


class Unreached:
    """Stops the lapse of a version that its signer may never have seen."""

    def __init__(self, found: Parts) -> None:
        self._found = found
        self._store = SqlStore(found.database, now=utc_now, new_id=new_id, audit=found.audit)

    def dead(self, item: Item) -> None:
        """A mail was given up."""
        if item.kind == "mail" and item.payload.get("template") == MAIL:
            self._stop(item, str(item.payload["values"]["version"]), "the mail could not be sent")

    def bounced(self, item: Item) -> None:
        """A mail came back for good. Which one, the notice says by its Message-ID; one that says nothing of it may be
        about the sign-off, and silence is not taken for acceptance in doubt."""
        mails = self._mails(item)
        versions = [str(one["values"]["version"]) for one in mails if one.get("template") == MAIL]
        if versions or not mails:
            self._stop(item, versions[0] if versions else None, "the mail came back as undeliverable")

    def _mails(self, item: Item) -> list[dict[str, Any]]:
        ids = [found for one in item.payload.get("references", ()) if (found := _outbox_id(one)) is not None]
        with self._found.database.transaction((item.client_id,)) as connection:
            return [row[0] for row in driver(connection).execute(_MAILS, (ids, item.ticket_id)).fetchall()]

    def _stop(self, item: Item, version: str | None, why: str) -> None:
        if item.ticket_id is None:
            return
        with self._found.database.transaction((item.client_id,)) as connection:
            row = driver(connection).execute(_LIFE, (item.ticket_id,)).fetchone()
        if row is None:
            return
        command = StageCommand(
            ticket_id=item.ticket_id, client_id=item.client_id, life=row[0], subject=str(item.id)
        )
        record(
            self._store,
            command,
            "approval.unreached",
            lambda step: unreached.stop(
                step.ticket(),
                step.approval(),
                step.tasks(kind=unreached.KIND),
                version,
                str(item.id),
                why,
                step.now,
                step.new_id,
            ),
            ended_too=True,
        )


def _outbox_id(reference: object) -> UUID | None:
    """The row a Message-ID of ours was made of (``channels.email.send.message_id``)."""
    name, _, rest = str(reference).strip("<>").partition(".")
    if not rest.startswith("out@") or len(name) != 32:
        return None
    try:
        return UUID(hex=name)
    except ValueError:
        return None
