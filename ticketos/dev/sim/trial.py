"""What whoever is new tries in `up --demo`: a client, an agent and a bill of their own, which the people of the day
leave alone, and the three sign-ins that lead the bill through to an invoice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from ticketos.dev.sim.api import Person, Upload
from ticketos.dev.sim.clients import STAFF, Company, Contract, Staff
from ticketos.dev.sim.documents import SampleDocument, generate
from ticketos.dev.sim.live import Day
from ticketos.dev.sim.money import DRAFTER
from ticketos.dev.sim.setting import make_company, make_person

HIMADRI = Company(
    "himadri",
    "HIMA",
    "Himadri Tea Estates Pvt Ltd",
    "Asia/Kolkata",
    "INR",
    "IN",
    "29",
    "29AAHCH7312Q1Z5",
    "3 Planters Lane, Madikeri 571201, Karnataka",
    ("Tara Bose", "tara.bose@himadri.example"),
    ("Purchase", "purchase@himadri.example"),
    (
        Contract(
            "HIM-2026-01",
            "Entry of purchase documents",
            "data_entry",
            {
                "pricing": {
                    "kind": "flat",
                    "currency": "INR",
                    "tax_rate": "18",
                    "data": {"unit_price": "12.00"},
                },
                # What reads well needs nobody, and nothing is drawn for a second look: a way of three people.
                "ai": {"straight_through": True},
                "qa": {"sample_rate": "0"},
                "survey": {"ask": False},
            },
        ),
    ),
)
AGENT = Staff("kiran.das", "Kiran Das", "agent", ("data_entry",))
SUBJECT = "A bill that does not read well"
READ_S = 90.0
"""How long a page is waited for; the reader's networks load with the first."""
COPIES = 3
"""How often it is sent again."""


@dataclass(frozen=True)
class SignIn:
    """Who does a part of the way, in the words of the command's output."""

    does: str
    name: str
    email: str


@dataclass(frozen=True)
class Trial:
    """What is ready to be tried, and how one signs in; everybody of the day has the same password."""

    portal: str
    password: str
    people: Sequence[SignIn]

    def lines(self) -> list[str]:
        """As the command prints it."""
        width = max(len(one.email) for one in self.people)
        return [
            "",
            f"Try it yourself: a bill of {HIMADRI.name} waits for you at {self.portal}",
            f"  Everybody's password: {self.password}   Sign in, one after another, as",
            *(f"  {one.email:<{width}}   who {one.does} ({one.name})" for one in self.people),
            "",
        ]


def paper(copy: int = 0) -> SampleDocument:
    """A worn scan whose number, TI/…, any reader takes for T1/…; a person sees it at once. Each ``copy`` is the same
    sheet, scanned anew."""
    return generate("invoice", 745, country="IN", form="scan_pdf", damage=0.8 - 0.02 * copy)


class Newcomer:
    """Lays the trial out while the stage of the day is set, so that its bill is read meanwhile."""

    def __init__(self) -> None:
        self._agent: Person | None = None
        self._client: Person | None = None
        self._ticket = ""

    async def hand_in(self, day: Day, stack: AsyncExitStack) -> None:
        """Make client and people, and hand the bill in, as soon as an administrator is signed in."""
        sheet = asyncio.create_task(asyncio.to_thread(paper))  # drawing takes a moment
        own = await make_company(day, HIMADRI)
        skills = {"skills": list(AGENT.skills), "certifications": dict.fromkeys(AGENT.skills)}
        self._agent = await make_person(
            day,
            stack,
            AGENT,
            str((await day.people["admin"].get("/v1/me"))["client_id"]),
            [{"role": AGENT.role, "client_id": own}],
            {**skills, "ring_fence": [own]},
        )
        speaker = Staff("client:himadri", HIMADRI.speaker[0], "client_admin")
        self._client = await make_person(
            day, stack, speaker, own, [{"role": speaker.role, "client_id": own}], {}, email=HIMADRI.speaker[1]
        )
        await self._send(await sheet, 0)

    async def _send(self, bill: SampleDocument, copy: int) -> None:
        assert self._client is not None
        name, email = HIMADRI.writer
        values = {"subject": SUBJECT, "text": "Please enter the attached bill."}
        row = await self._client.upload(
            {**values, "requester_name": name, "requester_email": email},
            [Upload("Bill of 15 January.pdf", bill.content, bill.content_type)],
            f"trial-{copy}",
        )
        self._ticket = str(row["id"])

    async def ready(self, day: Day) -> Trial:
        """The stage is set: keep the others off it, and return when the bill waits for its agent, or after ``READ_S``."""
        assert self._agent is not None
        assert self._client is not None
        theirs = list(day.client_ids.values())
        for staff in STAFF:
            if AGENT.skills[0] in staff.skills:
                await day.people["admin"].patch(
                    f"/v1/users/{day.people[staff.key].id}", {"ring_fence": theirs}
                )
        await self._waits()
        drafter = day.people[DRAFTER]
        return Trial(
            day.base,
            day.password,
            (
                SignIn("keys it", self._agent.name, self._agent.email),
                SignIn("accepts it for the client", self._client.name, self._client.email),
                SignIn("bills it", drafter.name, drafter.email),
            ),
        )

    async def _waits(self) -> None:
        """Until the agent has the bill. A machine that is busy with other things may take it for too heavy to read: then
        it is scanned and sent again."""
        assert self._agent is not None
        copy, until = 0, time.monotonic() + READ_S
        while time.monotonic() < until:
            if (await self._agent.get("/v1/tasks", scope="mine", limit=1))["items"]:
                return
            if copy < COPIES and (await self._agent.get(f"/v1/tickets/{self._ticket}"))["state"] == "closed":
                copy += 1
                await self._send(await asyncio.to_thread(paper, copy), copy)
                until = time.monotonic() + READ_S
            await asyncio.sleep(0.25)
