"""People, their roles, sessions and keys, as the HTTP API takes and gives them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, SecretStr

from schemas.http import Body, Instant, Line, View

Role = Literal[
    "agent",
    "sme",
    "lead",
    "qa",
    "desk",
    "finance",
    "wfm",
    "hr",
    "success",
    "ops",
    "admin",
    "auditor",
    "client_user",
    "client_admin",
]

Scope = Literal[
    "tickets:read",
    "tickets:write",
    "tasks:read",
    "tasks:write",
    "documents:read",
    "approvals:write",
    "billing:read",
    "billing:write",
    "admin:read",
    "admin:write",
]

Email = Annotated[
    str, Field(max_length=254, pattern=r"^[^@\s<>\"]+@[^@\s<>\"]+$", examples=["asha@acme.example"])
]
Password = Annotated[SecretStr, Field(min_length=12, max_length=200)]


class SignIn(Body):
    """E-mail and password, and the second factor's code where the login has one (``code-needed`` says so).
    ``cookie`` asks for the session as a cookie too, for a browser."""

    email: Line
    password: SecretStr = Field(max_length=200)
    code: Line | None = Field(default=None, max_length=40, examples=["123456"])
    cookie: bool = True


class SessionView(View):
    """A session that has begun; the token is shown this once."""

    token: str = Field(examples=["tos_s_…"])
    expires_at: datetime
    user: MeView


class OpenSessionView(View):
    """A session that has not ended. ``current`` is the one that asks."""

    id: UUID
    created_at: datetime
    expires_at: datetime
    last_seen_at: datetime | None = None
    address: str | None = None
    agent: str | None = None
    current: bool = False


class GrantView(View):
    """A role over one client, or over all of them (null)."""

    role: Role
    client_id: UUID | None = None


class MeView(View):
    """Who the caller is and what they may do."""

    id: UUID
    client_id: UUID
    email: str
    name: str
    grants: list[GrantView]
    clients: list[UUID] = Field(description="Clients whose data the caller sees")
    scopes: list[str] | None = Field(
        default=None, description="Null: a person's session, limited by roles alone"
    )


class NewApiKey(Body):
    """A key for a program; it can do at most what its owner may do."""

    name: Line = Field(min_length=1, examples=["ERP connector"])
    scopes: list[Scope] = Field(min_length=1)
    expires_at: Instant | None = None


class ApiKeyView(View):
    """A key without its secret."""

    id: UUID
    name: str
    prefix: str = Field(examples=["tos_k_Ab12Cd34"])
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


class CreatedApiKey(ApiKeyView):
    """A new key with its secret, which is shown this once."""

    key: str = Field(examples=["tos_k_…"])


class Grant(Body):
    """A role over one client, or over all (null; for people of the provider alone)."""

    role: Role
    client_id: UUID | None = None


class NewUser(Body):
    """A person with a login."""

    client_id: UUID | None = Field(default=None, description="Their company; without it, the caller's own")
    email: Email
    name: Line = Field(min_length=1)
    password: Password | None = Field(default=None, description="Without it the person cannot sign in yet")
    grants: list[Grant] = Field(default_factory=list, max_length=200)
    level: Literal["agent", "sme"] = "agent"
    capacity: int = Field(default=50, ge=0, le=1_000)
    skills: list[Line] = Field(default_factory=list, max_length=200)
    certifications: dict[str, date | None] = Field(
        default_factory=dict, description="Skill → last valid day, or null"
    )
    ring_fence: list[UUID] = Field(default_factory=list, description="Clients served exclusively; empty: any")


class EditUser(Body):
    """New values; what is absent stays as it is. ``grants`` replaces all grants."""

    name: Line | None = Field(default=None, min_length=1)
    password: Password | None = None
    active: bool | None = None
    available: bool | None = None
    level: Literal["agent", "sme"] | None = None
    capacity: int | None = Field(default=None, ge=0, le=1_000)
    skills: list[Line] | None = Field(default=None, max_length=200)
    certifications: dict[str, date | None] | None = None
    ring_fence: list[UUID] | None = None
    grants: list[Grant] | None = Field(default=None, max_length=200)


class UserView(View):
    """A person with a login."""

    id: UUID
    client_id: UUID
    email: str
    name: str
    active: bool
    available: bool
    level: str
    capacity: int
    skills: list[str]
    certifications: dict[str, str | None]
    ring_fence: list[str]
    grants: list[GrantView] = Field(default_factory=list)
    created_at: datetime
    version: int


SessionView.model_rebuild()
