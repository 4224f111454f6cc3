"""One service for all processes of a test run: the first that needs it starts it, the last out ends it."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from ticketos.dev.machine import locked

Facts = dict[str, str]
Started = tuple[Facts, Callable[[], None]]

START_SECONDS = 900  # the very first run on a machine may have to build a server


@contextmanager
def shared(folder: Path, start: Callable[[], Started]) -> Iterator[Facts]:
    """The facts (URLs and such) of a service that exists once per `folder`.

    A lock held by the starting process says the service lives: when that process dies, the lock is free
    and the next one starts anew. The starter waits at its end until nobody else uses the service.
    """
    folder.mkdir(parents=True, exist_ok=True)
    gate, facts_file = folder / "gate", folder / "facts.json"
    alive = os.open(folder / "alive", os.O_RDWR | os.O_CREAT)
    users = os.open(folder / "users", os.O_RDWR | os.O_CREAT)
    stop: Callable[[], None] | None = None
    try:
        with _gate(gate):
            fcntl.flock(users, fcntl.LOCK_SH)
            if _try_lock(alive):
                facts, stop = start()
                facts_file.write_text(json.dumps(facts))
            else:
                facts = json.loads(facts_file.read_text())
        yield facts
    finally:
        fcntl.flock(users, fcntl.LOCK_UN)
        if stop is not None:
            _stop_when_unused(gate, users, stop)
        os.close(users)
        os.close(alive)


def _gate(path: Path) -> AbstractContextManager[None]:
    return locked(path, START_SECONDS, "Another test process starts this service for too long.")


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _stop_when_unused(gate: Path, users: int, stop: Callable[[], None]) -> None:
    while True:
        with _gate(gate):
            if _try_lock(users):
                stop()
                return
        time.sleep(0.2)
