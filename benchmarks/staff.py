"""Scripted people at the public API: they do every task they find, as long as they are let."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.figures import say
from benchmarks.office import Office
from ticketos.dev.sim.api import Person, RefusedError
from ticketos.dev.sim.people import MOVED_ON

PAUSE_S = 0.5
AT_ONCE = 4
"""How many tasks one person hands in side by side: each stands for a few people at that desk."""
UNCONFIRMED = "no-final-answer"

Result = Callable[[Person, Mapping[str, Any]], Any]
"""What a person hands in for a task; awaited."""


async def confirm(_: Person, task: Mapping[str, Any]) -> Mapping[str, Any]:
    """Everything as it was read, or judged well: for documents that are read without a mistake."""
    results: dict[str, Mapping[str, Any]] = {
        "keying": {"fields": {}, "override_reason": "So it stands on the paper."},
        "qa_review": {"verdict": "pass"},
        "triage": {"service_line": "data_entry", "priority": "P3"},
        "contract": {"reason": "Looked at again."},
        "escalation": {"decision": "again", "reason": "Once more."},
    }
    if task["payload"].get("duplicate_of"):
        return {"reject": {"reason": "duplicate"}}
    return results[task["kind"]]


class Staff:
    """Runs everybody of an office in one block: ``async with Staff(office, confirm): …``."""

    def __init__(self, office: Office, result: Result) -> None:
        self.done: Counter[str] = Counter()
        self.gave_up: Counter[str] = Counter()
        """Acts whose person went away before they were confirmed: they may have been applied or not."""
        self._office = office
        self._result = result
        self._running: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Staff:
        people = [self._works(person) for person in self._office.staff.values()]
        clients = [self._signs(company.speaker) for company in self._office.companies.values()]
        self._running = [asyncio.create_task(one) for one in (*people, *clients, self._retries())]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _works(self, person: Person) -> None:
        while True:
            for scope in ("mine", "queue"):
                page = await person.get("/v1/tasks", scope=scope, limit=100)
                acts = [self._attempt(self._finish(person, one), str(one["kind"])) for one in page["items"]]
                for first in range(0, len(acts), AT_ONCE):
                    await asyncio.gather(*acts[first : first + AT_ONCE])
            await asyncio.sleep(PAUSE_S)

    async def _finish(self, person: Person, task: Mapping[str, Any]) -> None:
        body = {"result": dict(await self._result(person, task)), "version": task["version"]}
        await person.post(f"/v1/tasks/{task['id']}/complete", body)

    async def _signs(self, speaker: Person) -> None:
        """The client accepts every version that lies before it."""
        while True:
            page = await speaker.get("/v1/tickets", state="open", stage="approval", limit=100)
            for ticket in page["items"]:
                await self._attempt(self._accept(speaker, str(ticket["id"])), "approval")
            await asyncio.sleep(PAUSE_S)

    async def _accept(self, speaker: Person, ticket_id: str) -> None:
        tree = await speaker.get(f"/v1/tickets/{ticket_id}/tree")
        version = next((one["version"] for one in tree["approvals"] if one["state"] == "open"), None)
        if version is not None:
            await speaker.post(
                f"/v1/tickets/{ticket_id}/approval", {"version": version, "decision": "accept"}
            )

    async def _retries(self) -> None:
        """Operations press retry on what needs attention."""
        lead = self._office.staff["lead"]
        while True:
            page = await lead.get("/v1/tickets", state="needs_attention", limit=100)
            for ticket in page["items"]:
                act = lead.post(f"/v1/tickets/{ticket['id']}/retry", {"reason": "The cause is gone."})
                await self._attempt(act, "retry")
            await asyncio.sleep(PAUSE_S * 4)

    async def _attempt(self, act: Any, kind: str) -> None:
        try:
            await act
        except RefusedError as error:
            if error.code == UNCONFIRMED:
                self.gave_up[kind] += 1
            elif error.code not in MOVED_ON:
                say(f"  {kind}: {error}")
            return
        self.done[kind] += 1
