"""What the database counts as contained and first-contact is what the rule says, request by request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any
from uuid import UUID

import pytest

from tests.support.api import World, world_on
from tests.support.portal import browsing
from ticketos.dev.database import PostgresUrls
from ticketos.domain.changes import Emit
from ticketos.domain.contacts import WINDOW, Contact, contained, first_contact, known, matter
from ticketos.domain.state import SYSTEM

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
CAME = datetime(2026, 11, 3, 8, tzinfo=UTC)
CLOSED = CAME + timedelta(hours=6)
HOUR = timedelta(hours=1)


@dataclass
class Plant:
    """Requests in the database, each with what the rule is told of it."""

    world: World
    told: dict[UUID, Contact]
    lines: dict[UUID, str | None]

    def request(self, who: str, told: Contact, line: str | None = "it_helpdesk", **columns: Any) -> UUID:
        world = self.world
        made = world.ticket(
            world.acme, state=told.state, received_at=told.received_at, closed_at=told.closed_at, life=told.life,
            service_line=line, requester_email=who, **{"ticket_type": "password", "channel": "email", **columns},
        )  # fmt: skip
        self.told[made], self.lines[made] = told, line
        return made

    def message(self, ticket: UUID, direction: str, at: datetime, **headers: Any) -> None:
        world, key = self.world, self.world.services.new_id()
        world._insert(
            "message",
            world.acme,
            {
                "id": key, "client_id": world.acme, "ticket_id": ticket, "direction": direction, "channel": "email",
                "external_id": str(key), "received_at": at, "headers": headers,
            },
        )  # fmt: skip

    def said(self, ticket: UUID, emit: Emit, kind: str = "work") -> None:
        """In the trail, of a task of that kind where it is of a task."""
        world = self.world
        if emit.event.startswith("task."):
            task = world.task(world.acme, ticket, kind=kind, state="cancelled")
            emit = replace(emit, entity="task", entity_id=str(task))
        with world.services.database.transaction([world.acme]) as connection:
            world.services.audit.record(
                connection, client_id=world.acme, ticket_id=ticket, root_id=ticket, at=CAME + HOUR, actor=SYSTEM,
                emit=emit,
            )  # fmt: skip

    def link(self, later: UUID, first: UUID, kind: str) -> None:
        world = self.world
        world._insert(
            "ticket_link",
            world.acme,
            {
                "id": world.services.new_id(), "client_id": world.acme, "ticket_id": later, "other_id": first,
                "kind": kind,
            },
        )  # fmt: skip


DONE = Contact("closed", CAME, CLOSED)
MOVED = Emit("task.assigned", before={"assigned_to": "a"}, after={"assigned_to": "b"})
TAKEN = Emit("task.assigned", before={"assigned_to": None}, after={"assigned_to": "b"})
EXPERT = Emit("task.expert", after={"to": "c"})
ASKED = Emit("ticket.paused", why="which account?")


def _wrote(plant: Plant, one: UUID) -> None:
    plant.message(one, "in", CAME + HOUR)


def _asked(plant: Plant, one: UUID) -> None:
    plant.said(one, ASKED)


def _moved(plant: Plant, one: UUID) -> None:
    plant.said(one, MOVED)


def _expert(plant: Plant, one: UUID) -> None:
    plant.said(one, EXPERT)


def _climbed(plant: Plant, one: UUID) -> None:
    world = plant.world
    world._insert(
        "ticket_clock",
        world.acme,
        {
            "id": world.services.new_id(), "client_id": world.acme, "ticket_id": one, "kind": "turnaround",
            "target_s": 60, "started_at": CAME, "fired": ["breach", "escalation_1"],
        },
    )  # fmt: skip


def _returned(plant: Plant, one: UUID) -> None:
    plant.world.approval(plant.world.acme, one, state="returned", decided_at=CLOSED)


def _worked(plant: Plant, one: UUID) -> None:
    plant.world.task(
        plant.world.acme, one, kind="work", state="done", completed_by=plant.world.services.new_id()
    )


def _replied(plant: Plant, one: UUID) -> None:
    plant.message(one, "out", CAME + HOUR)
    plant.said(one, Emit("ticket.replied"))


def _told(plant: Plant, one: UUID) -> None:
    plant.message(one, "out", CAME + HOUR)


def _keyed(plant: Plant, one: UUID) -> None:
    plant.world.document(plant.world.acme, one, finished_by=plant.world.services.new_id())


HOW: dict[str, tuple[dict[str, Any], Any]] = {
    "wrote": ({"wrote": (CAME + HOUR,)}, _wrote),
    "asked": ({"asked": True}, _asked),
    "moved": ({"passed_on": True}, _moved),
    "expert": ({"escalated": True}, _expert),
    "climbed": ({"escalated": True}, _climbed),
    "returned": ({"returned": True}, _returned),
    "worked": ({"touched": True}, _worked),
    "replied": ({"touched": True}, _replied),
    "told by itself": ({}, _told),
    "keyed": ({"touched": True}, _keyed),
    "again": ({"life": 2}, lambda *_: None),
}


def _same(plant: Plant) -> None:
    """Pairs of requests of one person: the earlier one's next contact is the later one where the rule says so."""
    subjects = (
        ("general", "Printer jams", "general", "RE: [ACME-26-000001] printer   JAMS"),
        ("general", "Printer jams", "general", "Screen flickers"),
        (None, " Printer jams", "general", "Fwd: printer jams "),
        ("password", "One", "password", "Another"),
        ("password", "One", "access", "One"),
        ("access", "One", "general", "One"),
    )
    gaps = (HOUR, timedelta(hours=6) + WINDOW, timedelta(hours=6, seconds=1) + WINDOW)
    for n, (one_type, one_subject, type_, subject) in enumerate(subjects):
        for gap in gaps:
            who, later = f"pair{n}.{gap.total_seconds():.0f}@people.example", CAME + gap
            same = matter("it_helpdesk", one_type, one_subject) == matter("it_helpdesk", type_, subject)
            told = replace(DONE, came_again=later if same else None)
            plant.request(who, told, ticket_type=one_type, subject=one_subject)
            plant.request(
                who.upper(), Contact("open", later, None), ticket_type=type_, subject=subject, channel="api"
            )


@pytest.fixture(scope="module")
def plant(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    with world_on(database, tmp_path_factory.mktemp("portal")) as world:
        world.services.now = lambda: NOW
        made = Plant(world, {}, {})
        for count in (0, 1, 2):
            for names in combinations(HOW, count):
                told = DONE
                for name in names:
                    told = replace(told, **HOW[name][0])
                one = made.request(f"{'.'.join(names)}@people.example", told)
                for name in names:
                    HOW[name][1](made, one)
        _same(made)
        # What is no contact, no hand-over and no touch.
        quiet = made.request("quiet@people.example", DONE, "customer_support", channel="api")
        made.message(quiet, "in", CAME)
        made.message(quiet, "in", CAME + HOUR, suppress_reply="out-of-office")
        made.message(quiet, "in", CLOSED + HOUR)
        made.message(quiet, "note", CAME + HOUR)
        made.said(quiet, TAKEN)
        made.said(quiet, MOVED, "qa_review")
        reviewer = world.services.new_id()
        world.task(world.acme, quiet, kind="qa_review", state="done", completed_by=reviewer)
        world.task(world.acme, quiet, kind="work", state="cancelled")
        world.document(world.acme, quiet, state="posted", straight_through=True)
        # Linked by hand or by the link of the closing mail, of another person; too late; and of none.
        for n, (after, kind) in enumerate(
            ((HOUR, "repeat_contact"), (2 * WINDOW, "follow_up"), (HOUR, "related"))
        ):
            back = CLOSED + after
            counts = kind != "related"
            first = made.request(
                f"linked{n}@people.example", replace(DONE, came_again=back if counts else None)
            )
            made.link(made.request(f"other{n}@people.example", Contact("open", back, None)), first, kind)
        for n, told in enumerate((replace(DONE, state="cancelled"), Contact("open", CAME, None))):
            made.request(f"not{n}@people.example", told)
        for n, at in enumerate((NOW - WINDOW, NOW - WINDOW + timedelta(seconds=1))):
            made.request(f"new{n}@people.example", replace(DONE, closed_at=at))
        for n, line in enumerate(("data_entry", None)):
            made.request(f"line{n}@people.example", DONE, line)
        for n in range(2):  # nobody's address: not one person
            made.request("", replace(DONE, received_at=CAME + n * HOUR))
        yield made


async def counted(plant: Plant, measure: str) -> dict[UUID, bool]:
    """Every request the measure is of, and whether it counts above the line, as the API lists them."""
    found: dict[UUID, bool] = {}
    lead = plant.world.person(plant.world.provider, ("lead", None))
    async with plant.world.http(lead) as http:
        cursor = ""
        while True:
            asked: dict[str, Any] = {
                "since": "2026-11-01",
                "limit": 100,
                **({"cursor": cursor} if cursor else {}),
            }
            answer = await http.get(f"/v1/measures/{measure}/rows", params=asked)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found |= {UUID(row["ticket_id"]): row["part"] == 1 for row in page["items"]}
            if not (cursor := page["next_cursor"]):
                return found


async def test_first_contact_is_counted_as_the_rule_says(plant: Plant) -> None:
    ruled = {
        one: first_contact(told, NOW)
        for one, told in plant.told.items()
        if plant.lines[one] in ("it_helpdesk", "customer_support") and known(told, NOW)
    }
    assert await counted(plant, "first_contact") == ruled
    assert 10 < sum(ruled.values()) < len(ruled) - 10


async def test_contained_is_counted_as_the_rule_says(plant: Plant) -> None:
    ruled = {one: contained(told) for one, told in plant.told.items() if told.state == "closed"}
    assert await counted(plant, "contained") == ruled
    assert 10 < sum(ruled.values()) < len(ruled) - 10


async def test_both_are_told_by_channel_to_clients_too(plant: Plant) -> None:
    person = plant.world.person(plant.world.acme, ("client_user", plant.world.acme))
    asked: dict[str, Any] = {"periods": 1, "by": "channel", "measure": ["first_contact", "contained"]}
    async with plant.world.http(person) as http:
        answer = (await http.get("/v1/measures", params=asked)).json()
    rows = {(row["measure"], row["name"]): (row["part"], row["whole"]) for row in answer["rows"]}
    assert rows["first_contact", "api"] == (1, 1)
    assert rows["first_contact", "email"][1] == len(await counted(plant, "first_contact")) - 1
    assert {tuple(one["by"]) for one in answer["definitions"]} == {("client", "line", "channel", "team")}
    async with browsing(plant.world, person) as browser:
        page = await browser.get("/insights?by=channel")
        (row,) = page.tree.xpath("//section[@id='parted']//tr[th='Portal or API']")
        (cell,) = row.xpath("td[@data-name='Resolved at first contact']/a")
        listed = await browser.get(cell.get("href"))
        assert "Portal or API" in listed.tree.xpath("//h1")[0].text_content()
        assert len(listed.tree.xpath("//table[@data-rows]/tbody/tr")) == 1
