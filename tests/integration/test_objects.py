"""Encrypted files: one copy per client and content, nothing readable on disk, and damage is noticed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import insert

from ticketos.crypto import OVERHEAD, Keyring, UnknownKeyError
from ticketos.db.ids import new_id
from ticketos.db.objects import ObjectStore
from ticketos.db.session import Database
from ticketos.db.tables.clients import Client
from ticketos.dev.database import PostgresUrls
from ticketos.domain.errors import DomainError
from ticketos.links import open_link, survey_link
from ticketos.settings import Settings, master_keys

KEYS_MASTER = os.urandom(32)
KEYS = Keyring(KEYS_MASTER)
CONTENT = b"%PDF-1.7 invoice 4711 of Asha Rao" * 50


@pytest.fixture(scope="module")
def app(database: PostgresUrls) -> Iterator[Database]:
    opened = Database(database.app, database.system)
    yield opened
    opened.dispose()


@pytest.fixture
def store(app: Database, tmp_path: Path) -> ObjectStore:
    return ObjectStore(KEYS, app, tmp_path / "objects")


def new_client(app: Database) -> UUID:
    client_id = new_id()
    short = client_id.hex[-8:]
    with app.transaction([client_id]) as connection:
        values = {
            "id": client_id,
            "slug": f"o{short}",
            "prefix": short,
            "name": "Acme",
            "data_key": KEYS.new_client_key(),
        }
        connection.execute(insert(Client).values(**values))
    return client_id


@pytest.fixture
def client(app: Database) -> UUID:
    return new_client(app)


def files(tmp_path: Path) -> list[Path]:
    return sorted(path for path in (tmp_path / "objects").rglob("*") if path.is_file())


def test_content_comes_back_and_is_kept_once(store: ObjectStore, client: UUID, tmp_path: Path) -> None:
    address = store.put(client, CONTENT)
    assert store.put(client, CONTENT) == address
    assert store.get(client, address) == CONTENT
    (path,) = files(tmp_path)
    assert path.stat().st_size == len(CONTENT) + OVERHEAD
    assert b"Asha" not in path.read_bytes()
    assert (tmp_path / "objects").stat().st_mode & 0o077 == 0
    assert store.get(client, store.put(client, b"")) == b""


def test_two_clients_with_the_same_file_share_nothing(
    store: ObjectStore, app: Database, client: UUID
) -> None:
    other = new_client(app)
    mine, theirs = store.put(client, CONTENT), store.put(other, CONTENT)
    assert mine != theirs
    with pytest.raises(DomainError, match="object-missing"):
        store.get(other, mine)
    with app.transaction([other]) as connection, pytest.raises(DomainError, match="object-missing"):
        store.get_in(connection, client, mine)
    assert store.get(client, mine) == CONTENT


def test_a_changed_cut_or_swapped_file_is_damaged_and_a_lost_one_missing(
    store: ObjectStore, client: UUID, tmp_path: Path
) -> None:
    address = store.put(client, CONTENT)
    (path,) = files(tmp_path)
    whole = path.read_bytes()
    for damaged in (whole[:-1] + bytes([whole[-1] ^ 1]), whole[:100], b"", os.urandom(len(whole))):
        path.write_bytes(damaged)
        with pytest.raises(DomainError, match="object-damaged"):
            store.get(client, address)
    other = store.put(client, b"x" * len(CONTENT))
    (swapped,) = (one for one in files(tmp_path) if one != path)
    path.write_bytes(swapped.read_bytes())
    with pytest.raises(DomainError, match="object-damaged"):
        store.get(client, address)
    assert store.get(client, other) == b"x" * len(CONTENT)
    path.unlink()
    with pytest.raises(DomainError, match="object-missing"):
        store.get(client, address)
    with pytest.raises(DomainError, match="object-missing"):
        store.get(client, "0" * 64)


def test_keeping_it_again_heals_a_lost_file(store: ObjectStore, client: UUID, tmp_path: Path) -> None:
    address = store.put(client, CONTENT)
    (path,) = files(tmp_path)
    path.unlink()
    assert store.put(client, CONTENT) == address
    assert store.get(client, address) == CONTENT
    assert files(tmp_path) == [path]


def test_dropping_the_wrapped_key_shreds_the_object(
    store: ObjectStore, app: Database, client: UUID, tmp_path: Path
) -> None:
    address = store.put(client, CONTENT)
    with app.transaction([client]) as connection:
        connection.exec_driver_sql("delete from stored_object where address = %s", (address,))
    assert files(tmp_path)
    with pytest.raises(DomainError, match="object-missing"):
        store.get(client, address)


def test_a_transaction_that_fails_leaves_no_object(store: ObjectStore, app: Database, client: UUID) -> None:
    def keep_and_fail() -> None:
        with app.transaction([client]) as connection:
            address = store.put_in(connection, client, CONTENT)
            assert store.get_in(connection, client, address) == CONTENT
            raise RuntimeError(address)

    with pytest.raises(RuntimeError) as failed:
        keep_and_fail()
    address = str(failed.value)
    with pytest.raises(DomainError, match="object-missing"):
        store.get(client, address)
    assert store.put(client, CONTENT) == address
    assert store.get(client, address) == CONTENT


def test_parallel_intakes_of_the_same_files_agree_and_never_deadlock(
    store: ObjectStore, app: Database, client: UUID
) -> None:
    contents = [bytes([number]) * 1000 for number in range(6)]

    def intake(number: int) -> list[str]:
        mine = contents if number % 2 else list(reversed(contents))
        with app.transaction([client]) as connection:
            return store.put_all_in(connection, client, mine)

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(intake, range(12)))
    assert len({tuple(sorted(one)) for one in found}) == 1
    assert [store.get(client, address) for address in found[1]] == contents


def test_a_new_master_key_leaves_old_objects_readable(
    app: Database, client: UUID, tmp_path: Path, store: ObjectStore
) -> None:
    address = store.put(client, CONTENT)
    renewed = Keyring(os.urandom(32), retired=[KEYS_MASTER])
    assert ObjectStore(renewed, app, (tmp_path / "objects").as_uri()).get(client, address) == CONTENT


def test_an_unknown_client_is_refused(store: ObjectStore) -> None:
    with pytest.raises(DomainError, match="client-unknown"):
        store.put(new_id(), CONTENT)


def test_after_a_rotation_old_files_stay_readable_and_new_ones_are_kept(
    app: Database, store: ObjectStore, client: UUID, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    old = home / "old.key"
    old.write_bytes(KEYS_MASTER)
    old.chmod(0o600)
    address = store.put(client, CONTENT)
    rotated = Keyring(*master_keys(Settings(home=home, retired_master_keys="old.key")))
    assert rotated.key_id != KEYS.key_id
    later = ObjectStore(rotated, app, tmp_path / "objects")
    assert later.get(client, address) == CONTENT
    assert later.put(client, CONTENT) == address, "the same bytes still have one address"
    assert later.get(client, later.put(client, b"new")) == b"new"
    forgotten = Keyring(*master_keys(Settings(home=home)))
    with pytest.raises(UnknownKeyError):
        ObjectStore(forgotten, app, tmp_path / "objects").get(client, address)


def test_links_and_mail_tokens_of_a_retired_key_still_open() -> None:
    rotated = Keyring(os.urandom(32), [KEYS_MASTER])
    ticket = new_id()
    token = survey_link("", KEYS, ticket, ticket, ticket, "ravi@acme.example").removeprefix("/s/")
    assert open_link(token, rotated, "survey").ticket_id == ticket
    assert KEYS.derive("mail") in rotated.derived("mail")
    with pytest.raises(DomainError, match="link-invalid"):
        open_link(token, Keyring(os.urandom(32)), "survey")
