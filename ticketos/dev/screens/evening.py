"""Work that is still under way when the demo day is over, so that every page has something true to show.

All of it comes by the public API, as on any day: papers that wait for a person, a question nobody can place, a
request on hold, a version before the client, a unit whose contract ended before it was accepted.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from ticketos.dev.machine import Say
from ticketos.dev.processes import StackError
from ticketos.dev.screens.places import COMING, ROLES, WORK, Accounts
from ticketos.dev.sim.api import Person, RefusedError, Upload
from ticketos.dev.sim.documents import Kind, SampleDocument, broken, generate
from ticketos.dev.sim.papers import typed_lines

_LONGEST_S = 120
_TRIES = 4
"""Deliveries sent until one passes without being drawn for a second look."""


_VENDORS = (
    ("V-1001", "Bright Paper Private Limited", "29AAGCB7383J1Z4", "6815"),
    ("V-1002", "Godavari Packaging LLP", "27AAPFU0939F1ZV", "6300"),
    ("V-1003", "Nilgiri Office Supplies", "33AAACN1234B1Z5", "6815"),
)
"""Code, name, tax number and usual account."""


class Evening:
    """The people who are still there, and what they do."""

    def __init__(self, people: Mapping[str, Person], say: Say) -> None:
        self._people, self._say = people, say
        self._papers: dict[str, SampleDocument] = {}

    async def play(self) -> None:
        """Leave work behind, each kind as soon as the one it needs is there."""
        scans = await self._raise(
            "client_admin", "kaveri", "Scanned bills, second delivery", self._scans(901, 3)
        )
        await self._raise("desk", "rheinwerk", "Rechnungen KW 47", self._bills(910, 4))
        await self._raise("desk", "bluegate", "Freight bills of this afternoon", self._bills(920, 3, "GB"))
        looked = await self._raise("desk", "rheinwerk", "Eilige Rechnung", self._bills(930, 1))
        held = await self._raise("client_admin", "kaveri", "Bills with a missing page", self._scans(940, 1))
        await self._people["desk"].post(
            "/v1/tickets",
            {
                "client": "rheinwerk",
                "subject": "Eine kurze Frage",
                "text": "Guten Tag, ich weiß nicht, an wen ich mich damit wende. Können Sie mir helfen?",
                "requester": {"name": "Buchhaltung", "email": "buchhaltung@rheinwerk.example"},
            },
        )
        await self._task(scans, "keying")
        await self._task(held, "keying")
        await self._people["lead"].post(
            f"/v1/tickets/{held}/pause", {"reason": "The second page is missing, we asked for it."}
        )
        await self._key(looked)
        await self._task(looked, "qa_review")
        for part in (
            self._whom_it_buys_from,
            self._before_the_client,
            self._after_its_contract,
            self._working_hours,
            self._behind_a_password,
            self._in_dispute,
            self._other_terms_of_ai,
        ):
            try:
                await part()
            except (
                StackError,
                RefusedError,
            ) as error:  # its pages show less; the others are pictured all the same
                self._say(f"The evening goes on without a part of it: {error}")

    async def _before_the_client(self) -> None:
        """E-invoices pass by themselves; one delivery in five is drawn for a second look, so send until one is not."""
        for index in range(_TRIES):
            ticket = await self._raise(
                "client_admin",
                "kaveri",
                f"E-invoices of supplier portal {index + 1}",
                [generate("invoice", 950 + index, country="DE", form="einvoice_xml_ubl")],
            )
            row = await self._until(
                partial(self._ticket, ticket, {"approval", "quality", "delivery"}),
                "an e-invoice is done",
            )
            if row["stage"] != "delivery":
                row = await self._until(partial(self._ticket, ticket, {"approval", "quality"}), "a delivery")
            if row["stage"] == "approval":
                return

    async def _in_dispute(self) -> None:
        """The client disputes two documents of its invoice; finance has refused one."""
        buyer = self._people["client_admin"]
        found = (await buyer.get("/v1/invoices", client="kaveri"))["items"]
        invoice = await buyer.get(f"/v1/invoices/{found[-1]['id']}")
        line = invoice["lines"][0]["id"]
        units = (await buyer.get(f"/v1/invoice-lines/{line}/evidence"))["units"]
        raised = [
            await buyer.post(
                f"/v1/invoices/{invoice['id']}/disputes",
                {"line_id": line, "usage_id": unit["id"], "reason": reason},
            )
            for unit, reason in zip(
                units[:2], ("This bill was sent twice.", "We never sent this one."), strict=True
            )
        ]
        await self._people["finance"].post(
            f"/v1/disputes/{raised[1]['id']}/refuse",
            {
                "answer": "It came by mail on the day before, from your own address; the mail is on the request."
            },
        )

    async def _other_terms_of_ai(self) -> None:
        """The client's contract asks a person from another amount on, and names who answers for it."""
        admin = self._people["admin"]
        clients = (await admin.get("/v1/clients"))["items"]
        client = next(one["id"] for one in clients if one["slug"] == "kaveri")
        found = (await admin.get("/v1/contracts", client_id=client))["items"][0]
        ai = {**found["terms"].get("ai", {}), "accountable": "Anita Rao"}
        ai["escalate"] = {**ai.get("escalate", {}), "amount_over": {"INR": "250000.00"}, "new_supplier": True}
        await admin.patch(f"/v1/contracts/{found['id']}", {"terms": {**found["terms"], "ai": ai}})

    async def _after_its_contract(self) -> None:
        """A unit accepted when its contract had ended: it waits for finance (held)."""
        admin = self._people["admin"]
        clients = (await admin.get("/v1/clients"))["items"]
        client = next(one for one in clients if one["slug"] == "kaveri")
        contract = await admin.post(
            "/v1/contracts",
            {
                "client_id": client["id"],
                "number": "KAV-2026-02",
                "name": "Help desk, trial month",
                "service_line": "it_helpdesk",
                "starts_on": (datetime.now(UTC).date() - timedelta(days=30)).isoformat(),
                "terms": {
                    "pricing": {"kind": "flat", "data": {"unit_price": "450.00"}, "currency": "INR"},
                    "approval": {"required": True},
                    "qa": {"sample_rate": "0"},
                },
            },
        )
        made = await self._people["client_admin"].post(
            "/v1/tickets",
            {
                "client": "kaveri",
                "subject": "Laptop of the night shift does not start",
                "text": "The laptop of our night shift does not start any more, please help with the login and VPN.",
            },
        )
        ticket = str(made["id"])
        task = await self._until(lambda: self._any_task(ticket, ("triage", "work")), "the help desk's task")
        if task["kind"] == "triage":
            await self._people["desk"].post(
                f"/v1/tasks/{task['id']}/complete",
                {"result": {"service_line": "it_helpdesk", "priority": "P3"}},
            )
            task = await self._task(ticket, "work")
        yesterday = (datetime.now(UTC).date() - timedelta(days=1)).isoformat()
        await admin.patch(f"/v1/contracts/{contract['id']}", {"ends_on": yesterday})
        await self._people["lead"].post(
            f"/v1/tasks/{task['id']}/complete", {"result": {"note": "Battery replaced; it starts again."}}
        )
        row = await self._until(
            partial(self._ticket, ticket, {"approval", "billing", "closure"}), "the help desk's delivery"
        )
        if row["stage"] == "approval":
            client_admin = self._people["client_admin"]
            offered = (await client_admin.get(f"/v1/tickets/{ticket}/tree"))["approvals"][-1]["version"]
            await client_admin.post(
                f"/v1/tickets/{ticket}/approval", {"version": offered, "decision": "accept"}
            )

    async def _working_hours(self) -> None:
        """A working calendar of a client; the clocks of the demo day run around the clock."""
        clients = (await self._people["admin"].get("/v1/clients"))["items"]
        hours = [["09:00", "18:00"]]
        await self._people["admin"].post(
            "/v1/calendars",
            {
                "client_id": next(one["id"] for one in clients if one["slug"] == "kaveri"),
                "name": "Kaveri office hours",
                "definition": {
                    "zone": "Asia/Kolkata",
                    "weekly": [*[hours] * 5, [["09:00", "13:00"]], []],
                    "holidays": [f"{datetime.now(UTC).year + 1}-01-26"],
                },
            },
        )

    async def _behind_a_password(self) -> None:
        """A protected file of the client whose contract leaves time to answer: its requester got a link."""
        paper = replace(broken("encrypted", 960), filename="Auction statement.pdf")
        ticket = await self._raise("desk", "himadri", "Statement of the tea auction", [paper])
        await self._task(ticket, "password")

    async def _whom_it_buys_from(self) -> None:
        """A client's own vendor list and a rule for the rest of its papers."""
        admin = self._people["admin"]
        clients = (await admin.get("/v1/clients"))["items"]
        kaveri = next(one["id"] for one in clients if one["slug"] == "kaveri")
        for code, name, number, account in _VENDORS:
            about = {"client_id": kaveri, "code": code, "name": name, "tax_ids": [number]}
            await admin.post("/v1/vendors", {**about, "account": account})
        await admin.post("/v1/coding-rules", {"client_id": kaveri, "pattern": "freight", "account": "6200"})

    async def _raise(self, who: str, client: str, subject: str, papers: list[SampleDocument]) -> str:
        for paper in papers:
            self._papers[paper.filename] = paper
        values = {"subject": subject, "client": client, "text": "Please enter the attached documents."}
        values |= {"requester_name": "Accounts", "requester_email": f"accounts@{client}.example"}
        files = [Upload(one.filename, one.content, one.content_type) for one in papers]
        row = await self._people[who].upload(values, files, f"evening-{client}-{subject}")
        return str(row["id"])

    async def _key(self, ticket: str) -> None:
        task = await self._task(ticket, "keying")
        document = await self._people["lead"].get(f"/v1/documents/{task['subject_id']}")
        truth = self._papers[document["filename"]].truth
        result: dict[str, Any] = {"doc_type": truth.type, "fields": dict(truth.fields), "seconds": "31"}
        if (lines := typed_lines(truth, document["lines"])) is not None:
            result["lines"] = lines
        path = f"/v1/tasks/{task['id']}/complete"
        try:
            await self._people["lead"].post(path, {"result": result})
        except RefusedError as error:
            if error.code != "checks-failed":
                raise
            reason = {"override_reason": "So it stands on the paper."}
            await self._people["lead"].post(path, {"result": {**result, **reason}})

    async def _task(self, ticket: str, kind: str) -> dict[str, Any]:
        return await self._until(lambda: self._any_task(ticket, (kind,)), f"a {kind} task")

    async def _any_task(self, ticket: str, kinds: tuple[str, ...]) -> dict[str, Any] | None:
        found = (await self._people["lead"].get("/v1/tasks", ticket_id=ticket))["items"]
        return next((one for one in found if one["kind"] in kinds), None)

    async def _ticket(self, ticket: str, stages: set[str]) -> dict[str, Any] | None:
        row: dict[str, Any] = await self._people["lead"].get(f"/v1/tickets/{ticket}")
        return row if row["stage"] in stages else None

    async def _until(self, look: Callable[[], Awaitable[dict[str, Any] | None]], what: str) -> dict[str, Any]:
        for _ in range(_LONGEST_S * 4):
            if (found := await look()) is not None:
                return found
            await asyncio.sleep(0.25)
        raise StackError(f"The pictures need {what}, and after {_LONGEST_S} s it was not there.")

    def _bills(self, seed: int, count: int, country: Any = "DE") -> list[SampleDocument]:
        return [generate("invoice", seed + index, country=country) for index in range(count)]

    def _scans(self, seed: int, count: int, kind: Kind = "invoice") -> list[SampleDocument]:
        return [generate(kind, seed + index, form="scan_pdf", damage=0.4) for index in range(count)]


async def leave_work_behind(base: str, accounts: Accounts, say: Say) -> Accounts:
    """Let those come who only the pictures need, then play the evening; returns everybody's accounts."""
    known = dict(accounts)
    async with AsyncExitStack() as stack:
        people: dict[str, Person] = {}

        async def enter(role: str) -> None:
            people[role] = await stack.enter_async_context(Person(base, role, *known[role]))

        await enter("admin")
        admin = people["admin"]
        clients = {one["slug"]: one["id"] for one in (await admin.get("/v1/clients"))["items"]}
        provider = (await admin.get("/v1/me"))["client_id"]
        for role, name in COMING.items():
            client = clients["kaveri"] if role.startswith("client_") else None
            known[role] = ROLES[role], secrets.token_urlsafe(15)
            body = {"client_id": client or provider, "name": name, "email": known[role][0]}
            grants = [{"role": role, "client_id": client}]
            await admin.post(
                "/v1/users", {**body, **WORK.get(role, {}), "password": known[role][1], "grants": grants}
            )
        for role in ("lead", "desk", "client_admin", "finance"):
            await enter(role)
        await Evening(people, say).play()
    return known
