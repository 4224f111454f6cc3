"""The people of the day. Each signs in as itself, polls its own task list and does what its job is.

An agent types what stands on the paper, a reviewer compares with the paper, the desk classifies, the lead
decides, the client accepts or returns. None of them knows more than a person at that desk would.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from ticketos.dev.sim.api import Person, RefusedError
from ticketos.dev.sim.documents import FIELD_NAMES, Truth
from ticketos.dev.sim.live import Day, Live
from ticketos.dev.sim.papers import differences, slipped, typed_lines, wrong_required

POLL_S = 0.6
MOVED_ON = frozenset(
    {
        "task-not-open",
        "stale-version",
        "ticket-paused",
        "ticket-cancelled",
        "ticket-closed",
        "approval-not-open",
        "version-stale",
        "document-not-keying",
        "task-assigned-to-other",
        "not-found",
    }
)
"""Refusals that only say somebody or something was quicker."""
RETURN_REASON = "The cost centre on these invoices is not ours, please check the supplier again."


class Worker:
    """Somebody who works through the tasks of some kinds."""

    kinds: frozenset[str] = frozenset()

    def __init__(self, day: Day, person: Person) -> None:
        self.day = day
        self.person = person
        self._given_up: set[str] = set()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            worked = 0
            for task in await self._tasks():
                worked += await self._one(task)
            await asyncio.sleep(0.1 if worked else POLL_S)

    async def do(self, task: Mapping[str, Any]) -> bool:
        """Do one task; False when it is left for later."""
        raise NotImplementedError

    async def finish(self, task: Mapping[str, Any], result: Mapping[str, Any]) -> None:
        """Hand in the result."""
        body = {"result": dict(result), "version": task["version"]}
        await self.person.post(f"/v1/tasks/{task['id']}/complete", body)

    def live(self, task: Mapping[str, Any]) -> Live | None:
        """The planned ticket a task belongs to."""
        return self.day.tickets.of(str(task["ticket_id"]))

    async def _tasks(self) -> list[dict[str, Any]]:
        mine = (await self.person.get("/v1/tasks", scope="mine", limit=100))["items"]
        queue = (await self.person.get("/v1/tasks", scope="queue", limit=100))["items"]
        return [t for t in [*mine, *queue] if t["kind"] in self.kinds and t["id"] not in self._given_up]

    async def _one(self, task: Mapping[str, Any]) -> bool:
        try:
            return await self.do(task)
        except RefusedError as error:
            if error.code not in MOVED_ON:
                self._given_up.add(str(task["id"]))
                self.day.problem(f"{self.person.name}, {task['kind']} of {task['ticket_number']}: {error}")
            return False


class AgentBot(Worker):
    """Keys and corrects documents, and does the work of lines that nothing automates."""

    kinds = frozenset({"keying", "rework", "work"})

    async def do(self, task: Mapping[str, Any]) -> bool:
        live = self.live(task)
        if live is None or not live.may_work:
            return False
        if task["kind"] == "work":
            await self.finish(
                task, {"note": "Called back, settled, and told the customer what happens next."}
            )
            self.day.done["worked"] += 1
            return True
        began = time.monotonic()
        document = await self.person.get(f"/v1/documents/{task['subject_id']}")
        content = await self.person.read(f"/v1/documents/{task['subject_id']}/content")
        truth = self.day.pile.truth(content)
        if truth is None:
            raise RefusedError(0, "paper-unknown", f"{document['filename']} is not what was sent", {})
        reason = self._not_to_key(task, truth, content)
        if reason:
            await self.finish(task, {"reject": {"reason": reason, "note": "seen on the paper"}})
            self.day.done["rejected"] += 1
            return True
        await self._key(task, live, document, truth, began)
        return True

    def _not_to_key(self, task: Mapping[str, Any], truth: Truth, content: bytes) -> str:
        if truth.type == "broken":
            return "not_a_document"
        if task["payload"].get("duplicate_of") or self.day.pile.marked_copy(content):
            return "duplicate"
        return ""

    async def _key(
        self, task: Mapping[str, Any], live: Live, document: Mapping[str, Any], truth: Truth, began: float
    ) -> None:
        fields = differences(truth, document["fields"], FIELD_NAMES)
        if live.plan.twist == "mistake" and task["kind"] == "keying" and not live.mistaken:
            live.mistaken = True
            fields["number"] = slipped(str(truth.fields["number"]))
        result: dict[str, Any] = {"doc_type": truth.type, "fields": fields}
        if (lines := typed_lines(truth, document["lines"])) is not None:
            result["lines"] = lines
        result["seconds"] = str(round(time.monotonic() - began, 2))
        try:
            await self.finish(task, result)
        except RefusedError as error:
            if error.code != "checks-failed":
                raise
            await self.finish(task, {**result, "override_reason": "So it stands on the paper."})
        self.day.done["keyed" if fields else "confirmed"] += 1


class ReviewerBot(Worker):
    """Looks at the paper and at what was keyed; a difference is a defect."""

    kinds = frozenset({"qa_review"})

    async def do(self, task: Mapping[str, Any]) -> bool:
        if task["subject_id"] is None:
            return await self._work(task)
        document = await self.person.get(f"/v1/documents/{task['subject_id']}")
        content = await self.person.read(f"/v1/documents/{task['subject_id']}/content")
        truth = self.day.pile.truth(content)
        wrong = {} if truth is None else wrong_required(truth, document["doc_type"], document["fields"])
        defects = [
            {
                "field": name,
                "category": "wrong_value" if true else "missing_value",
                "severity": "critical",
                "found": (document["fields"].get(name) or {}).get("value"),
                "expected": true,
            }
            for name, true in wrong.items()
        ]
        await self.finish(
            task,
            {
                "verdict": "fail" if defects else "pass",
                "defects": defects,
                "comment": "Compared with the paper.",
            },
        )
        self.day.done["failed" if defects else "passed"] += 1
        if defects:
            self.day.told(f"{task['ticket_number']}: quality control found a defect in {', '.join(wrong)}")
        return True

    async def _work(self, task: Mapping[str, Any]) -> bool:
        """Work without a document: is what was asked for done, and does the note say so?"""
        tree = await self.person.get(f"/v1/tickets/{task['ticket_id']}/tree")
        notes = [str(one["result"].get("note") or "") for one in tree["tasks"] if one["kind"] == "work"]
        good = any("settled" in note for note in notes)
        defect = {"field": "result", "category": "not_done", "severity": "critical"}
        verdict = {"verdict": "pass"} if good else {"verdict": "fail", "defects": [defect]}
        await self.finish(task, {**verdict, "comment": "Read beside what was asked."})
        self.day.done["passed" if good else "failed"] += 1
        return True


class LeadBot(Worker):
    """Decides what failed too often."""

    kinds = frozenset({"escalation"})

    async def do(self, task: Mapping[str, Any]) -> bool:
        await self.finish(task, {"decision": "again", "reason": "One more round, by the book."})
        self.day.done["escalations"] += 1
        return True


class DeskBot(Worker):
    """Classifies what no engine is sure of, and releases what waited for a contract."""

    kinds = frozenset({"triage", "contract"})

    async def do(self, task: Mapping[str, Any]) -> bool:
        live = self.live(task)
        if live is None or not live.may_classify:
            return False
        if task["kind"] == "contract":
            if live.plan.client not in self.day.signed:
                return False
            await self.finish(task, {"reason": "The contract is signed now."})
            self.day.done["released"] += 1
            return True
        await self.finish(task, {"service_line": live.plan.line, "priority": "P3"})
        self.day.done["classified"] += 1
        return True


class ClientBot:
    """The client's person: accepts or returns what is delivered, by API. Some tickets are left to the mail
    or to silence."""

    def __init__(self, day: Day, slug: str, person: Person) -> None:
        self.day = day
        self.slug = slug
        self.person = person

    async def run(self) -> None:
        """Look at deliveries until cancelled."""
        while True:
            await self._round()
            await asyncio.sleep(POLL_S)

    async def _round(self) -> None:
        rows = [row async for row in self.person.pages("/v1/tickets", stage="approval", state="open")]
        plain: list[dict[str, Any]] = []
        for row in rows:
            live = self.day.tickets.of(str(row["id"]))
            if live is None or live.plan.twist in ("link", "silence"):
                continue
            offered = await self.offered(str(row["id"]))
            if offered is None:
                continue
            if live.plan.twist in ("return", "partial") and not live.returned:
                await self._return(live, offered)
            else:
                plain.append({"ticket_id": live.id, "version": offered["version"], "decision": "accept"})
        if plain:
            await self._accept(plain)

    async def offered(self, ticket_id: str) -> dict[str, Any] | None:
        """The version that waits for a decision, if there is one."""
        tree = await self.person.get(f"/v1/tickets/{ticket_id}/tree")
        found: dict[str, Any] | None = next((a for a in tree["approvals"] if a["state"] == "open"), None)
        return found

    async def _accept(self, decisions: list[dict[str, Any]]) -> None:
        answer = await self.person.post("/v1/approvals", {"approvals": decisions})
        for one in answer["results"]:
            if one["status"] == "applied":
                self.day.done["accepted"] += 1
            elif one["status"] == "refused" and one["code"] not in MOVED_ON:
                self.day.problem(f"{self.person.name} could not accept {one['ticket_id']}: {one['code']}")

    async def _return(self, live: Live, offered: Mapping[str, Any]) -> None:
        body: dict[str, Any] = {"version": offered["version"], "decision": "return", "reason": RETURN_REASON}
        if live.plan.twist == "partial":
            found = [d async for d in self.person.pages(f"/v1/tickets/{live.id}/documents")]
            units = [d["id"] for d in found if d["state"] == "posted" and d["approval"] != "accepted"]
            body |= {
                "decision": "partial",
                "units": {units[0]: "accept", **dict.fromkeys(units[1:], "return")},
            }
        try:
            await self.person.post(f"/v1/tickets/{live.id}/approval", body)
        except RefusedError as error:
            if error.code not in MOVED_ON:
                raise
            return
        live.returned = True
        self.day.done["returned"] += 1
        self.day.told(f"{live.number}: the client returned it")
