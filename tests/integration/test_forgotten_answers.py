"""Answers to repeatable requests are deleted in time, of every client, by a role that cannot read them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from psycopg import errors
from sqlalchemy.exc import ProgrammingError

from tests.support.api import World, world_on
from ticketos.db.repositories import idempotency
from ticketos.db.repositories.idempotency import KEPT, Answer, Keyed
from ticketos.dev.database import PostgresUrls


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("api")
    with world_on(database, folder) as made:
        yield made


def test_old_answers_of_all_clients_go_and_young_ones_stay(world: World) -> None:
    now = datetime.now(UTC)
    for client in (world.acme, world.beta):
        for key, at in (
            ("old", now - KEPT - timedelta(minutes=1)),
            ("young", now - KEPT + timedelta(hours=1)),
        ):
            with world.services.database.transaction([client]) as connection:
                keyed = Keyed(client, f"user:{client}", key, b"asked")
                idempotency.keep(connection, keyed, Answer(201, {"secret": "words"}, {}), at)
    with world.services.database.system() as connection:
        assert idempotency.forget_old(connection, now) == 2
    for client in (world.acme, world.beta):
        left = world.sql(
            client, "select key from idempotency_record where principal = %s", (f"user:{client}",)
        )
        assert [row.key for row in left] == ["young"]


def test_who_deletes_them_cannot_read_them(world: World) -> None:
    with pytest.raises(ProgrammingError) as refused, world.services.database.system() as connection:
        connection.exec_driver_sql("select body from idempotency_record")
    assert isinstance(refused.value.orig, errors.InsufficientPrivilege)
