"""Encrypted files: every object has its own data key, wrapped by its client's key, in `stored_object`.

The address is an HMAC of the bytes under the client's key: the same file of one client is kept once, and
two clients with the same file cannot find that out. The file's name also carries a fingerprint of its data
key, so a writer that was cut off and comes back late can only ever write its own file, never another's.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import UUID

import obstore
from obstore.store import LocalStore, from_url
from sqlalchemy import Connection

from ticketos.crypto import OVERHEAD, Keyring, UnreadableError, key_id, new_key
from ticketos.db.keys import ClientKeys
from ticketos.db.session import Database
from ticketos.domain.errors import DomainError

_SELECT = "select wrapped_key from stored_object where client_id = %s and address = %s"
_INSERT = (
    "insert into stored_object (client_id, address, wrapped_key, size) values (%s, %s, %s, %s)"
    " on conflict (client_id, address) do nothing returning 1"
)


class ObjectStore:
    """`ticketos.domain.ports.Documents` on a local folder (default) or an S3-like store named by URL.

    Files are encrypted before they leave the process and, on a local folder, forced to disk before the
    transaction that names them can commit. A transaction that fails leaves a file nobody can find or open.
    """

    def __init__(self, keyring: Keyring, database: Database, root: str | Path) -> None:
        """`root` is a folder (made with mode 0700 when absent), or a URL: `file://…`, `s3://bucket/path` …"""
        self._keyring = keyring
        self._database = database
        self._keys = ClientKeys(keyring)
        self._files = _open(root)

    def put(self, client_id: UUID, content: bytes) -> str:
        """Keep `content` in a transaction of its own and return its address."""
        with self._database.transaction([client_id]) as connection:
            return self.put_in(connection, client_id, content)

    def put_in(self, connection: Connection, client_id: UUID, content: bytes) -> str:
        """Keep `content` within the caller's transaction and return its address."""
        return self.put_all_in(connection, client_id, (content,))[0]

    def put_all_in(self, connection: Connection, client_id: UUID, contents: Sequence[bytes]) -> list[str]:
        """As `put_in` for many; rows are taken in order of address, so that two intakes never deadlock."""
        client_key = self._keys.of(connection, client_id)
        addresses = [self._keyring.address(client_key, content) for content in contents]
        for address, content in sorted(dict(zip(addresses, contents, strict=True)).items()):
            self._keep(connection, client_id, client_key, address, content)
        return addresses

    def get(self, client_id: UUID, address: str) -> bytes:
        """The bytes at `address`. Raises DomainError("object-missing") or DomainError("object-damaged")."""
        with self._database.transaction([client_id]) as connection:
            data_key = self._data_key(connection, client_id, address)
        return self._read(client_id, address, data_key)

    def get_in(self, connection: Connection, client_id: UUID, address: str) -> bytes:
        """As `get`, within the caller's transaction."""
        return self._read(client_id, address, self._data_key(connection, client_id, address))

    def _keep(
        self, connection: Connection, client_id: UUID, client_key: bytes, address: str, content: bytes
    ) -> None:
        wrapped = self._row(connection, client_id, address)
        while wrapped is None:
            data_key = new_key()
            mine = self._keyring.encrypt(client_key, data_key, _about("object-key", client_id, address))
            made = connection.exec_driver_sql(_INSERT, (client_id, address, mine, len(content))).first()
            # Not made: another transaction committed the same object while we waited for its row.
            wrapped = mine if made else self._row(connection, client_id, address)
        data_key = self._unwrap(client_key, wrapped, client_id, address)
        place = _place(client_id, address, data_key)
        if self._files.size(place) == len(content) + OVERHEAD:
            return
        self._files.write(
            place, self._keyring.encrypt(data_key, content, _about("object", client_id, address))
        )

    def _row(self, connection: Connection, client_id: UUID, address: str) -> bytes | None:
        row = connection.exec_driver_sql(_SELECT, (client_id, address)).first()
        return None if row is None else bytes(row[0])

    def _data_key(self, connection: Connection, client_id: UUID, address: str) -> bytes:
        wrapped = self._row(connection, client_id, address)
        if wrapped is None:
            raise DomainError("object-missing", address=address, what="row")
        return self._unwrap(self._keys.of(connection, client_id), wrapped, client_id, address)

    def _unwrap(self, client_key: bytes, wrapped: bytes, client_id: UUID, address: str) -> bytes:
        try:
            return self._keyring.decrypt(client_key, wrapped, _about("object-key", client_id, address))
        except UnreadableError:
            raise DomainError("object-damaged", address=address, what="key") from None

    def _read(self, client_id: UUID, address: str, data_key: bytes) -> bytes:
        sealed = self._files.read(_place(client_id, address, data_key))
        if sealed is None:
            raise DomainError("object-missing", address=address, what="file")
        try:
            return self._keyring.decrypt(data_key, sealed, _about("object", client_id, address))
        except UnreadableError:
            raise DomainError("object-damaged", address=address, what="file") from None


def _about(what: str, client_id: UUID, address: str) -> bytes:
    return f"ticketos/{what}/{client_id}/{address}".encode()


def _place(client_id: UUID, address: str, data_key: bytes) -> str:
    return f"{client_id}/{address[:2]}/{address}-{key_id(data_key)}"


def _open(root: str | Path) -> _Files:
    text = str(root)
    if "://" in text and not text.startswith("file://"):
        return _Files(from_url(text))
    folder = Path(unquote(urlsplit(text).path)) if text.startswith("file://") else Path(text)
    folder = folder.expanduser().absolute()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return _Folder(folder)


class _Files:
    """Whole files by name, on whatever obstore reaches."""

    def __init__(self, store: obstore.store.ObjectStore) -> None:
        self._store = store

    def write(self, place: str, data: bytes) -> None:
        obstore.put(self._store, place, data)

    def read(self, place: str) -> bytes | None:
        try:
            return bytes(obstore.get(self._store, place).bytes())
        except FileNotFoundError:
            return None

    def size(self, place: str) -> int | None:
        try:
            return int(obstore.head(self._store, place)["size"])
        except FileNotFoundError:
            return None


class _Folder(_Files):
    """A local folder. obstore renames a finished draft into place; forcing it to disk is ours to do."""

    def __init__(self, root: Path) -> None:
        super().__init__(LocalStore(root))
        self._root = root
        self._known: set[Path] = set()

    def write(self, place: str, data: bytes) -> None:
        super().write(place, data)
        path = self._root / place
        _flush(path)
        _flush(path.parent)
        if path.parent not in self._known:  # the folder's own name lives in the folder above
            for folder in path.parent.parents:
                _flush(folder)
                if folder == self._root:
                    break
            self._known.add(path.parent)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
