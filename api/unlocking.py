"""The password of a protected document, whichever door it came by: the API, the portal's form, the page behind the link
of a mail. It opens the file here, in the sandbox, and goes no further: what is kept is a readable copy, encrypted like
every file, and what the workflow hears is where that copy lies.
"""

from __future__ import annotations

from sqlalchemy import Connection, RowMapping
from starlette.datastructures import FormData

from api.acts import Target
from api.failures import checked
from api.services import Services
from api.v1.acts import Planned
from schemas.act_bodies import PasswordBody
from schemas.acts import ActorRef, CompleteTask
from ticketos.db.repositories import tasks
from ticketos.domain.errors import DomainError

KIND = "password"
"""Kind of the task that asks."""


def typed(data: FormData, leave_out: bool) -> PasswordBody:
    """What a form says. Raises ``password-missing``, and ``request-invalid`` for one that is too long."""
    password = data.get("password")
    if not leave_out and not (isinstance(password, str) and password):
        raise DomainError("password-missing")
    return checked(PasswordBody, password="" if leave_out else password, leave_out=leave_out)


def asking(connection: Connection, document: RowMapping) -> RowMapping:
    """The open task that asks for a document's password. Raises ``password-not-asked``."""
    task = tasks.asking(connection, document["id"], KIND)
    if task is None:
        raise DomainError("password-not-asked", document=document["filename"])
    return task


def planned(
    connection: Connection,
    services: Services,
    document: RowMapping,
    task: RowMapping,
    body: PasswordBody,
    actor: ActorRef,
    key: str,
    person: str | None = None,
) -> Planned:
    """The act that goes to the line's workflow; it holds no password. ``person`` is the address a link was mailed to.
    Raises ``password-wrong`` and ``page-unavailable``. The copy is kept even if the act is refused afterwards: then
    nothing names it."""
    result: dict[str, object] = {"person": person} if person else {}
    if body.leave_out:
        result["leave_out"] = True
    else:
        copy = services.pictures.unlock(connection, document, body.password.get_secret_value())
        result["readable"] = services.objects.put_in(connection, document["client_id"], copy)
    argument = CompleteTask(actor=actor, key=key, task_id=task["id"], result=result)
    return Planned(Target(task["workflow_id"]), "complete_task", argument)
