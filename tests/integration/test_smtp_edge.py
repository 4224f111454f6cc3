"""The SMTP listener and the sender against each other, over real sockets on loopback."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest

from api.smtp import RefusedMailError, SmtpEdge, SmtpLimits
from ticketos.channels.email.send import (
    Delivered,
    OutMail,
    PermanentFailure,
    TemporaryFailure,
    compose,
    deliver,
    message_id,
)
from ticketos.domain.intake_types import Attachment, Intake

NOW = datetime(2026, 7, 15, 9, tzinfo=UTC)
ADDRESSES = {"acme@desk.example": "ACME", "acme-2@desk.example": "ACME", "beta@desk.example": "BETA"}


class Store:
    """Keeps what was accepted, once per client and external id; `broken` plays a database that is down."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], Intake] = {}
        self.threads: set[str] = set()
        self.broken = False
        self.refusing = ""
        self.entered = threading.Semaphore(0)
        self.hold = threading.Event()
        self.hold.set()

    def accept(self, client: str, intake: Intake, raw: bytes) -> None:
        self.entered.release()
        self.hold.wait(10)
        if self.broken:
            raise ConnectionError("database is down")
        if self.refusing:
            raise RefusedMailError(self.refusing)
        assert raw
        self.threads.add(threading.current_thread().name)
        self.rows.setdefault((client, intake.external_id), intake)

    def resolve(self, address: str) -> str | None:
        return ADDRESSES.get(address.lower())


@pytest.fixture
def store() -> Store:
    return Store()


def edge_for(store: Store, **limits: object) -> SmtpEdge[str]:
    return SmtpEdge(
        "127.0.0.1",
        0,
        domain="desk.example",
        accept=store.accept,
        resolve=store.resolve,
        clock=lambda: NOW,
        limits=SmtpLimits(message_bytes=200_000, **limits),  # type: ignore[arg-type]
    )


@pytest.fixture
def edge(store: Store) -> Iterator[SmtpEdge[str]]:
    running = edge_for(store)
    running.start()
    yield running
    running.stop()


def mail(number: int = 1, to: tuple[str, ...] = ("acme@desk.example",), size: int = 10) -> OutMail:
    return OutMail(
        sender="meera@acme.example",
        sender_name="Meera",
        to=to,
        subject="Please enter",
        text="Please enter the invoice.",
        message_id=message_id(UUID(int=number), "acme.example"),
        sent_at=NOW,
        loop_token="acme",
        attachments=(Attachment("bill.pdf", "application/pdf", b"x" * size),),
    )


async def send(edge: SmtpEdge[str], out: OutMail, to: tuple[str, ...] | None = None) -> object:
    return await deliver(compose(out), out.sender, to or out.to, f"smtp://127.0.0.1:{edge.port}", None)


async def test_a_mail_arrives_once_per_client_and_only_after_the_commit(
    store: Store, edge: SmtpEdge[str]
) -> None:
    to = ("acme@desk.example", "acme-2@desk.example", "beta@desk.example")
    assert await send(edge, mail(to=to)) == Delivered(to)
    assert sorted(client for client, _ in store.rows) == ["ACME", "BETA"]
    got = next(iter(store.rows.values()))
    assert got.received_at == NOW
    assert got.attachments[0].filename == "bill.pdf"
    assert got.recipient == "acme@desk.example"
    assert all(name.startswith("smtp-intake") for name in store.threads)


async def test_a_mail_refused_for_good_says_why_and_does_not_come_again(
    store: Store, edge: SmtpEdge[str]
) -> None:
    store.refusing = "A ticket carries at most 20 files."
    answer = await send(edge, mail())
    assert isinstance(answer, PermanentFailure)
    assert answer.code == 554
    assert "at most 20 files" in answer.detail
    assert store.rows == {}


async def test_the_same_mail_twice_is_one_row(store: Store, edge: SmtpEdge[str]) -> None:
    for _ in range(2):
        assert isinstance(await send(edge, mail()), Delivered)
    assert len(store.rows) == 1


async def test_an_unknown_recipient_is_refused_for_good_and_the_known_one_still_served(
    store: Store, edge: SmtpEdge[str]
) -> None:
    refused = await send(edge, mail(to=("nobody@desk.example",)))
    assert isinstance(refused, PermanentFailure)
    assert refused.code == 550
    foreign = await send(edge, mail(to=("acme@elsewhere.example",)))
    assert isinstance(foreign, PermanentFailure)
    assert "relaying" in foreign.detail
    both = await send(edge, mail(to=("acme@desk.example", "nobody@desk.example")))
    assert isinstance(both, Delivered)
    assert both.accepted == ("acme@desk.example",)
    assert [(r.recipient, r.permanent) for r in both.refused] == [("nobody@desk.example", True)]
    assert len(store.rows) == 1


async def test_a_mail_too_large_is_refused_with_552(store: Store, edge: SmtpEdge[str]) -> None:
    assert isinstance(await send(edge, mail(size=100_000)), Delivered)
    refused = await send(edge, mail(number=2, size=300_000))
    assert isinstance(refused, PermanentFailure)
    assert refused.code == 552
    assert len(store.rows) == 1


async def test_a_database_that_is_down_means_come_again_and_nothing_is_lost(
    store: Store, edge: SmtpEdge[str]
) -> None:
    store.broken = True
    later = await send(edge, mail())
    assert isinstance(later, TemporaryFailure)
    assert later.code == 451
    assert not store.rows
    store.broken = False
    assert isinstance(await send(edge, mail()), Delivered)
    assert len(store.rows) == 1


async def test_too_many_waiting_messages_are_told_to_come_again(store: Store) -> None:
    edge = edge_for(store, workers=2, waiting=0)
    edge.start()
    try:
        store.hold.clear()
        first = [asyncio.create_task(send(edge, mail(number=n))) for n in (1, 2)]
        for _ in first:
            assert await asyncio.to_thread(store.entered.acquire, timeout=10)
        third = await send(edge, mail(number=3))
        assert isinstance(third, TemporaryFailure)
        assert third.code == 451
        store.hold.set()
        assert all(isinstance(r, Delivered) for r in await asyncio.gather(*first))
    finally:
        store.hold.set()
        edge.stop()
    assert len(store.rows) == 2


async def test_one_connection_too_many_gets_421(store: Store) -> None:
    edge = edge_for(store, sessions=1)
    edge.start()
    try:
        with socket.create_connection(("127.0.0.1", edge.port), 5) as held:
            assert held.recv(100).startswith(b"220")
            turned_away = await send(edge, mail())
            assert isinstance(turned_away, TemporaryFailure)
            assert turned_away.code == 421
    finally:
        edge.stop()


async def test_stopping_finishes_what_was_being_stored_and_frees_the_port(store: Store) -> None:
    edge = edge_for(store)
    edge.start()
    idle = socket.create_connection(("127.0.0.1", edge.port), 5)
    store.hold.clear()
    sending = asyncio.create_task(send(edge, mail()))
    assert await asyncio.to_thread(store.entered.acquire, timeout=10)
    stopping = asyncio.create_task(asyncio.to_thread(edge.stop))
    await asyncio.sleep(0.05)
    assert not stopping.done()
    store.hold.set()
    await stopping
    assert isinstance(await sending, Delivered)
    assert len(store.rows) == 1
    idle.close()
    gone = await send(edge, mail(number=2))
    assert isinstance(gone, TemporaryFailure)
    assert gone.code == 0


def test_a_port_in_use_is_an_error_at_start(store: Store) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        edge = SmtpEdge(
            "127.0.0.1",
            taken.getsockname()[1],
            domain="desk.example",
            accept=store.accept,
            resolve=store.resolve,
            clock=lambda: NOW,
        )
        with pytest.raises(OSError, match="in use"):
            edge.start()
