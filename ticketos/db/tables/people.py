"""People with a login: roles, sessions, keys, what they saved."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    LargeBinary,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from ticketos.db.tables.columns import OWN, instant, json, of, words


class AppUser(SQLModel, table=True):
    """A person with a login. ``client_id`` is the company they belong to; grants say what they may see."""

    __tablename__ = "app_user"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        Index("uq_app_user_email", text("lower(email)"), unique=True),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN, index=True)
    email: str
    name: str
    password_hash: str | None = None
    active: bool = True
    available: bool = True
    level: str = "agent"
    capacity: int = 50
    skills: list[str] = json("[]")
    certifications: dict[str, Any] = json()
    ring_fence: list[str] = json("[]")
    last_assigned_at: datetime | None = instant()
    failed_logins: int = 0
    locked_until: datetime | None = instant()
    row_version: int = 1
    created_at: datetime = instant(now=True)
    totp_secret: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    totp_since: datetime | None = instant()
    totp_step: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    recovery_hashes: list[str] = json("[]")


class UserGrant(SQLModel, table=True):
    """A role over one client (``scope_client_id``) or, for provider staff, over all (null)."""

    __tablename__ = "user_grant"
    __table_args__ = (
        of("app_user", "user_id"),
        Index(
            "uq_user_grant",
            "user_id",
            "role",
            text("coalesce(scope_client_id, '00000000-0000-0000-0000-000000000000')"),
            unique=True,
        ),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    user_id: UUID
    role: str
    scope_client_id: UUID | None = Field(default=None, foreign_key=OWN)


class UserSession(SQLModel, table=True):
    """A signed-in browser or tool; only the hash of its token is kept."""

    __tablename__ = "user_session"
    __table_args__ = (of("app_user", "user_id"),)
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    user_id: UUID = Field(index=True)
    token_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    created_at: datetime = instant(now=True)
    expires_at: datetime = instant(nullable=False)
    last_seen_at: datetime | None = instant()
    ended_at: datetime | None = instant()
    address: str | None = None
    agent: str | None = None


class ApiKey(SQLModel, table=True):
    """A key for machines: prefixed, scoped, hashed, shown once."""

    __tablename__ = "api_key"
    __table_args__ = (of("app_user", "user_id"),)
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    user_id: UUID
    name: str
    prefix: str
    secret_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    scopes: list[str] = json("[]")
    created_at: datetime = instant(now=True)
    expires_at: datetime | None = instant()
    last_used_at: datetime | None = instant()
    revoked_at: datetime | None = instant()


class SavedView(SQLModel, table=True):
    """A name somebody gave to a list with its filters; ``shared`` ones are their whole company's."""

    __tablename__ = "saved_view"
    __table_args__ = (
        of("app_user", "user_id"),
        UniqueConstraint("user_id", "page", "name"),
        Index("ix_saved_view_client", "client_id", "page"),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    user_id: UUID
    page: str
    name: str
    query: str = words("")
    shared: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    created_at: datetime = instant(now=True)
