"""The turns of the day: what happens to the special tickets while the others just run."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ticketos.dev.sim.api import RefusedError, Upload
from ticketos.dev.sim.clients import contract_body
from ticketos.dev.sim.live import Day, Live, NotAsPlannedError
from ticketos.dev.sim.mailer import Postbox, compose
from ticketos.dev.sim.setting import since

_WORKED_ON = frozenset({"quality", "rework", "approval", "billing", "closure"})
_LADDER_LOOKS = 240
PAUSE_REASON = "The purchase order number cannot be read, we asked for it."


class Turns:
    """Sends every ticket and plays its twist. ``objects`` is the folder of the stack's encrypted files."""

    def __init__(self, day: Day, postbox: Postbox, mail_domain: str, objects: Path) -> None:
        self._day = day
        self._postbox = postbox
        self._domain = mail_domain
        self._objects = objects
        self._twists: Mapping[str, Callable[[Live], Awaitable[None]]] = {
            "cancel": self._cancel,
            "pause": self._pause,
            "breach": self._breach,
            "parked": self._parked,
            "missing_file": self._missing_file,
        }

    async def send_all(self) -> None:
        """Send the tickets in their order; returns when all are sent and all twists are played."""
        async with asyncio.TaskGroup() as group:
            for live in self._day.tickets:
                if live.plan.after:
                    group.create_task(self._later(live))
                    continue
                await self._send(live, group)

    async def _later(self, live: Live) -> None:
        first = self._day.tickets[live.plan.after]
        try:
            await self._day.until(lambda: first.stage in _WORKED_ON, f"{first.number} is worked on")
        except NotAsPlannedError as error:
            self._day.problem(str(error))
            return
        async with asyncio.TaskGroup() as group:
            await self._send(live, group)

    async def _send(self, live: Live, group: asyncio.TaskGroup) -> None:
        twist = self._twists.get(live.plan.twist)
        if twist is not None:
            live.may_work = live.may_classify = False
        if live.plan.twist == "missing_file":
            await self._without_its_file(live)  # nothing else may be stored meanwhile
        else:
            await self._hand_in(live)
        self._day.done["sent"] += 1
        if twist is not None:
            group.create_task(self._play(live, twist))

    async def _play(self, live: Live, twist: Callable[[Live], Awaitable[None]]) -> None:
        try:
            await self._day.until(lambda: bool(live.id), f"{live.plan.subject} is known")
            await twist(live)
        except (
            NotAsPlannedError,
            RefusedError,
        ) as error:  # the other tickets go on; the run fails with these words
            self._day.problem(f"{live.number}: {error}")
        live.may_work = live.may_classify = True

    async def _hand_in(self, live: Live) -> None:
        plan, day = live.plan, self._day
        files = day.pile.uploads(plan.key)
        if plan.channel == "mail":
            await self._mail(
                live, f"{plan.client}@{self._domain}", f"{plan.key}.{plan.client}", plan.text, files
            )
            return
        writer = day.companies[plan.client].writer
        values = {
            "subject": plan.subject,
            "text": plan.text,
            "requester_name": writer[0],
            "requester_email": writer[1],
        }
        row = await day.people[f"client:{plan.client}"].upload(values, files, f"day-{plan.key}")
        day.tickets.known_as(live, row)

    async def _mail(
        self,
        live: Live,
        to: str,
        message_id: str,
        text: str,
        files: tuple[Upload, ...] = (),
        in_reply_to: str = "",
    ) -> None:
        writer = self._day.companies[live.plan.client].writer
        subject = f"Re: {live.plan.subject}" if in_reply_to else live.plan.subject
        await self._postbox.send(
            compose(
                sender=writer,
                to=to,
                subject=subject,
                text=text,
                files=files,
                in_reply_to=in_reply_to,
                message_id=f"{message_id}.{int(datetime.now(UTC).timestamp())}@{writer[1].rpartition('@')[2]}",
                at=datetime.now(UTC),
            )
        )

    # --- the twists -------------------------------------------------------------------------

    async def _cancel(self, live: Live) -> None:
        await self._task_waits(live)
        client = self._day.people[f"client:{live.plan.client}"]
        await client.post(f"/v1/tickets/{live.id}/cancel", {"reason": "We entered these ourselves."})
        self._day.told(f"{live.number}: cancelled by the client while people worked on it")

    async def _pause(self, live: Live) -> None:
        await self._task_waits(live)
        lead = self._day.people["anita.rao"]
        await lead.post(f"/v1/tickets/{live.id}/pause", {"reason": PAUSE_REASON})
        await self._day.until(lambda: live.state == "paused", f"{live.number} is paused")
        letters = self._postbox.letters
        await self._day.until(
            lambda: any(one.number == live.number and one.reply_to for one in letters),
            f"a mail of {live.number} to answer to",
        )
        letter = next(one for one in letters if one.number == live.number and one.reply_to)
        self._day.told(f"{live.number}: paused with a question; the customer answers by mail")
        await self._mail(
            live,
            letter.reply_to,
            f"{live.plan.key}.answer",
            "The order number is PO-4711.",
            in_reply_to=letter.message_id,
        )
        await self._day.until(
            lambda: live.state == "open", f"{live.number} goes on after the customer's mail"
        )

    async def _breach(self, live: Live) -> None:
        await self._task_waits(live)
        client = self._day.people[f"client:{live.plan.client}"]
        body = {"priority": "P1", "reason": "The ferry leaves tonight."}
        await client.post(f"/v1/tickets/{live.id}/priority", body)
        for _ in range(_LADDER_LOOKS):
            if "escalation_3" in await self._fired(live):
                break
            await asyncio.sleep(0.5)
        else:
            raise NotAsPlannedError("the ladder was not climbed to its top")
        self._day.told(
            f"{live.number}: the promised time has passed, escalated to lead, operations and client success"
        )

    async def _fired(self, live: Live) -> list[str]:
        tree = await self._day.people["anita.rao"].get(f"/v1/tickets/{live.id}/tree")
        return [name for clock in tree["clocks"] if clock["kind"] == "turnaround" for name in clock["fired"]]

    async def _parked(self, live: Live) -> None:
        await self._day.until(lambda: live.state == "parked", f"{live.number} is parked")
        company = self._day.companies[live.plan.client]
        for contract in company.later:
            body = contract_body(contract, self._day.client_ids[company.slug], since())
            await self._day.people["admin"].post("/v1/contracts", body)
        self._day.signed.add(company.slug)
        self._day.told(f"{live.number}: parked without a contract; the contract is signed now")

    async def _without_its_file(self, live: Live) -> None:
        """Hand the ticket in and take its stored file away before anybody reads it: the text is so unclear
        that the desk must classify first, and the desk waits."""
        folder = self._objects / self._day.client_ids[live.plan.client]
        before = _files(folder)
        await self._hand_in(live)
        fresh = _files(folder) - before
        if len(fresh) != len(live.plan.papers):
            self._day.problem(
                f"{live.number}: {len(fresh)} files appeared for {len(live.plan.papers)} documents"
            )
        for path in fresh:
            shutil.move(path, _aside(path))

    async def _missing_file(self, live: Live) -> None:
        live.may_classify = True
        await self._day.until(lambda: live.state == "needs_attention", f"{live.number} needs attention")
        owner, cause = live.row.get("desk"), live.row.get("reason")
        if owner != "ops" or not cause:
            self._day.problem(f"{live.number} needs attention without owner or cause ({owner}, {cause})")
        self._day.told(f"{live.number}: needs attention ({cause}); the file is restored and retry pressed")
        for path in (self._objects / self._day.client_ids[live.plan.client]).rglob("*.aside"):
            shutil.move(path, path.with_suffix(""))
        lead = self._day.people["anita.rao"]
        await lead.post(f"/v1/tickets/{live.id}/retry", {"reason": "The file was restored from the backup."})

    async def _task_waits(self, live: Live) -> None:
        """Until a person has work on the ticket."""
        lead = self._day.people["anita.rao"]
        for _ in range(600):
            page = await lead.get("/v1/tasks", ticket_id=live.id, kind="keying", limit=1)
            if page["items"]:
                return
            await asyncio.sleep(0.4)
        self._day.problem(f"{live.number}: no person was asked to key anything")


def _files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file() and path.suffix != ".aside"}


def _aside(path: Path) -> Path:
    return path.with_name(f"{path.name}.aside")


async def read_mail(day: Day, postbox: Postbox, pause_s: float = 0.5) -> None:
    """The clients' mail until cancelled: deliveries that are signed off by link, and surveys."""
    import httpx2

    async with httpx2.AsyncClient(timeout=30, trust_env=False) as browser:
        while True:
            for letter in await asyncio.to_thread(postbox.collect):
                if letter.page == "a":
                    await _sign_off(day, browser, letter.number, letter.link)
                elif letter.page == "s":
                    await _answer(day, browser, letter.number, letter.link)
            await asyncio.sleep(pause_s)


async def _sign_off(day: Day, browser: Any, number: str, link: str) -> None:
    live = day.tickets.numbered(number)
    if live is None:
        await day.look()
        live = day.tickets.numbered(number)
    if live is None or live.plan.twist != "link":
        return
    shown = await browser.get(link)
    tree = await day.people[f"client:{live.plan.client}"].get(f"/v1/tickets/{live.id}/tree")
    if shown.status_code != 200 or not any(one["state"] == "open" for one in tree["approvals"]):
        day.problem(f"{number}: opening the sign-off link answered {shown.status_code} or already acted")
    done = await browser.post(link, data={"decision": "accept", "reason": ""})
    if done.status_code not in (200, 202):
        day.problem(f"{number}: signing off by link answered {done.status_code}")
        return
    day.done["accepted"] += 1
    day.done["by_link"] += 1
    day.told(f"{number}: signed off by the link in the mail")


async def _answer(day: Day, browser: Any, number: str, link: str) -> None:
    shown = await browser.get(link)
    done = await browser.post(link, data={"csat": "5", "ces": "6", "nps": "9", "comment": "Quick and right."})
    if shown.status_code != 200 or done.status_code != 200:
        day.problem(f"{number}: the survey answered {shown.status_code} and {done.status_code}")
        return
    day.done["surveys"] += 1
