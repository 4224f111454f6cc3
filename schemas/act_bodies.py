"""What people say when they act on a request, its tasks and its documents, as the HTTP API takes it."""

from __future__ import annotations

from typing import Any, Literal, Self, get_args
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field, SecretStr, model_validator

from schemas.acts import ClassChoice, Priority
from schemas.http import Body, Line, Text


class MessageBody(Body):
    """What is said, in plain text."""

    text: Text = Field(
        min_length=1, max_length=20_000, examples=["The second page is missing; please send it."]
    )


class ReasonBody(Body):
    """A reason in words."""

    reason: Line = Field(min_length=1, examples=["Waiting for the purchase order"])


class PauseBody(ReasonBody):
    """Why the ticket waits, and until when: without an end, as long as the contract allows."""

    until: AwareDatetime | None = Field(default=None, examples=["2026-12-01T09:00:00+05:30"])


class OptionalReason(Body):
    """A reason in words, if there is one."""

    reason: Line = ""


class PriorityBody(Body):
    """A new priority; elapsed and paused time is kept."""

    priority: Priority
    document_class: ClassChoice | None = Field(
        default=None,
        description="Of its documents (CP2); `by_contract` drops what was asked for before, so that the contract's rules"
        " decide; without it what was asked for stays",
    )
    reason: Line = ""


LinkKind = Literal["related", "duplicate", "repeat_contact", "follow_up"]


LINK_KINDS: tuple[LinkKind, ...] = get_args(LinkKind)
"""How two tickets belong together."""


class LinkBody(Body):
    """Link to another ticket of the same client, by id or number."""

    other: str = Field(min_length=1, max_length=64, examples=["ACME-26-000124"])
    kind: LinkKind = "related"


class CompleteBody(Body):
    """Finish a task; ``result`` depends on its kind. ``version`` refuses a stale edit."""

    result: dict[str, Any] = Field(default_factory=dict)
    version: int | None = Field(default=None, ge=1)


class PasswordBody(Body):
    """The password of a protected document, or that there is none (``leave_out``). It appears in no answer and no
    log."""

    model_config = ConfigDict(str_strip_whitespace=False)  # a blank at the end may belong to it

    password: SecretStr = Field(default=SecretStr(""), max_length=500)
    leave_out: bool = False

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Self:
        if not self.leave_out and not self.password.get_secret_value():
            raise ValueError("enter the password, or leave the document out")
        return self


class AssignBody(Body):
    """Give a task to a person; null puts it back into its queue."""

    user_id: UUID | None


class ApprovalBody(Body):
    """The client's decision on the version it names by hash. A return needs a reason; ``partial`` needs
    ``units``: accept or return for every document that is open."""

    version: str = Field(min_length=1, max_length=64)
    decision: Literal["accept", "return", "partial"]
    units: dict[UUID, Literal["accept", "return"]] = Field(default_factory=dict, max_length=5_000)
    reason: Line = ""


class AiReview(Body):
    """What a person makes of an act of AI: ``event`` is its ``seq`` in the timeline. A correction says what is right,
    or why it is wrong."""

    event: int = Field(ge=1)
    verdict: Literal["approved", "corrected"]
    service_line: Line | None = Field(default=None, max_length=40, examples=["customer_support"])
    ticket_type: Line | None = Field(default=None, max_length=60)
    priority: Priority | None = None
    reason: Line = ""


class Classification(Body):
    """What a request should have been classified as. ``event`` is the ``seq`` of the AI's act in the timeline; what is
    left out stays as the request has it."""

    event: int = Field(ge=1)
    service_line: Line | None = Field(default=None, max_length=40, examples=["customer_support"])
    ticket_type: Line | None = Field(default=None, max_length=60)
    priority: Priority | None = None
    reason: Line = ""
