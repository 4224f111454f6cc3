"""What the HTTP API says in general: problems, pages, and the parts every resource shares."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Generic, Self, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

Item = TypeVar("Item")


class Body(BaseModel):
    """Base of request bodies: a misspelt field is an error, not silence."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)


class Edit(Body):
    """Base of edits: what is absent stays as it is; null empties a value, where it may be empty."""

    may_be_empty: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="after")
    def _nothing_required_is_emptied(self) -> Self:
        emptied = sorted(n for n in self.model_fields_set - self.may_be_empty if getattr(self, n) is None)
        if emptied:
            raise PydanticCustomError(
                "cannot_be_empty", "Cannot be empty: {names}", {"names": ", ".join(emptied)}
            )
        return self


class View(BaseModel):
    """Base of answers; they are read from rows and only ever grow."""

    model_config = ConfigDict(extra="ignore", from_attributes=True)


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("the character NUL cannot be stored")
    return text.encode("utf-8", "replace").decode("utf-8")


Text = Annotated[str, AfterValidator(_storable)]
"""Text PostgreSQL can keep: no NUL, no lone surrogates."""

Line = Annotated[Text, Field(max_length=500)]
"""A subject, a name, a reason: at most 500 characters."""

Instant = AwareDatetime
"""An instant with its offset, answered in UTC."""


class FieldError(View):
    """One thing wrong with a request: where (JSON Pointer into the body, or a parameter's name), which rule,
    in words."""

    pointer: str = Field(examples=["/requester/email"])
    code: str = Field(examples=["missing"])
    detail: str = Field(examples=["Field required"])


class Problem(View):
    """RFC 9457 problem details. ``code`` is stable: programs branch on it, never on words."""

    type: str = Field(description="URI of the kind of problem", examples=["urn:ticketos:problem:not-found"])
    title: str = Field(examples=["Not found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is no such ticket, or it is not yours to see."])
    instance: str = Field(description="Path of the request", examples=["/v1/tickets/0198…"])
    code: str = Field(examples=["not-found"])
    params: dict[str, Any] = Field(default_factory=dict, description="Facts behind the words")
    errors: list[FieldError] = Field(default_factory=list)
    trace_id: str = Field(description="Quote this when asking for help; the same as header X-Request-Id")


class Page(View, Generic[Item]):
    """One page of a list. Pass ``next_cursor`` as ``cursor`` for the next; null is the end."""

    items: list[Item]
    has_more: bool = False
    next_cursor: str | None = None


class BeingApplied(View):
    """An act that was handed over but not confirmed in time: it may still be applied. Repeat the request
    with the same ``Idempotency-Key`` to learn what became of it."""

    status: str = Field(default="being_applied", examples=["being_applied"])
    id: str = Field(description="The act's key; the Idempotency-Key to repeat with")


class Applied(View):
    """An act that took effect. ``outcome`` names what it led to."""

    status: str = Field(default="applied", examples=["applied"])
    id: str = Field(description="The act's key")
    outcome: str = Field(default="", examples=["completed"])
    facts: dict[str, Any] = Field(default_factory=dict)


class Health(View):
    """Whether the process works, and each thing it needs."""

    status: str = Field(examples=["ok"])
    parts: dict[str, str] = Field(default_factory=dict, examples=[{"database": "ok", "temporal": "ok"}])
