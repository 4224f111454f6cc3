"""Kinds of columns and references that the tables share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    DateTime,
    ForeignKeyConstraint,
    Numeric,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMING


def instant(*, nullable: bool = True, now: bool = False) -> Any:
    """An aware instant; ``now`` lets the database stamp it."""
    default = text("clock_timestamp()") if now else None
    return Field(
        default=None,
        sa_type=DateTime(timezone=True),
        nullable=nullable and not now,
        sa_column_kwargs={"server_default": default} if now else {},
    )


def json(default: str = "{}") -> Any:
    """A JSON document that is never null."""
    return Field(
        default_factory=dict if default == "{}" else list,
        sa_type=JSONB,
        nullable=False,
        sa_column_kwargs={"server_default": text(f"'{default}'::jsonb")},
    )


def money(*, nullable: bool = True) -> Any:
    """An exact amount; the currency stands in its own column."""
    return Field(default=None, sa_type=Numeric(20, 4), nullable=nullable)


def words(default: str | None = None, *, nullable: bool = True) -> Any:
    """Free text of any length."""
    kwargs = {} if default is None else {"server_default": text(f"'{default}'")}
    return Field(
        default=default, sa_type=Text, nullable=nullable and default is None, sa_column_kwargs=kwargs
    )


def of(table: str, column: str) -> ForeignKeyConstraint:
    """A reference that cannot leave its client."""
    return ForeignKeyConstraint(["client_id", column], [f"{table}.client_id", f"{table}.id"])


OWN = "client.id"
