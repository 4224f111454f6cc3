"""How a command in another terminal finds the stack that `ticketos up` runs on the same home.

The note holds passwords, so it is readable by its owner alone and goes when the stack ends.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from pydantic import SecretStr

from ticketos.dev.database import PostgresUrls
from ticketos.dev.postgres import EmbeddedPostgres
from ticketos.settings import Settings

NOTE = "running.json"


def leave(home: Path, database: PostgresUrls, temporal: str) -> None:
    """Say where the running stack of this home can be reached."""
    draft = home / f".{NOTE}.new"
    draft.touch(mode=0o600)
    draft.write_text(
        json.dumps({"app": database.app, "system": database.system, "temporal": temporal, "pid": os.getpid()})
    )
    draft.replace(home / NOTE)


def forget(home: Path) -> None:
    """The stack has ended."""
    (home / NOTE).unlink(missing_ok=True)


def temporal_of(home: Path) -> str | None:
    """Address of the Temporal that a stack running on this home uses; None when none runs."""
    note = _note(home)
    return note["temporal"] if note is not None else None


@contextmanager
def attached(settings: Settings) -> Iterator[Settings]:
    """Settings that reach a database: the environment's, else the running stack's, else the home's own, started here."""
    if settings.app_database_url is not None:
        yield settings
        return
    note = _note(settings.home)
    if note is not None:
        yield _with(settings, note["app"], note["system"], note["temporal"])
        return
    with EmbeddedPostgres(settings.home) as urls:
        yield _with(settings, urls.app, urls.system, settings.temporal_address)


def _note(home: Path) -> dict[str, str] | None:
    try:
        note: dict[str, str] = json.loads((home / NOTE).read_text())
        with psycopg.connect(note["app"].replace("+psycopg", ""), connect_timeout=3):
            return note
    except (OSError, ValueError, KeyError, psycopg.Error):
        return None  # no stack runs here, or the note is of one that was killed


def _with(settings: Settings, app: str, system: str, temporal: str) -> Settings:
    return settings.model_copy(
        update={
            "app_database_url": SecretStr(app),
            "system_database_url": SecretStr(system),
            "temporal_address": temporal,
        }
    )
