"""SL1: reading, keying, posting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from temporalio import activity

from activities.errors import guarded
from activities.lines import known, learning, spending
from activities.lines.line import LinePorts, LineWork
from activities.record import record
from schemas.ticket import ActCommand, DocumentCommand, StageCommand, StageVerdict
from ticketos.domain import deadline, document_class, effort
from ticketos.domain.changes import Change, OpenTask, SetTicket, Verdict
from ticketos.domain.engines import ModelUse
from ticketos.domain.ports import Documents, Reader, Step, StepKey, Store
from ticketos.domain.skills import Agent
from ticketos.domain.state import SYSTEM, Actor, DocumentState, TaskState
from ticketos.domain.terms import Terms
from ticketos.lines.data_entry import (
    again,
    asking,
    calibration,
    checking,
    closed_months,
    coding,
    flow,
    keying,
    passwords,
    typed,
    vendors,
)
from ticketos.lines.data_entry.parts import parts

WAITING = ("keying", "rework")
PLAN = 200
CHUNK = 100
HEARTBEAT_S = 5.0


class DataEntryActivities:
    """The data-entry line's steps. ``read`` is an ordinary activity on the documents queue; the rest are local."""

    def __init__(
        self, store: Store, documents: Documents, reader: Reader, tax_id_valid: checking.TaxIdValid
    ) -> None:
        self._store = store
        self._documents = documents
        self._reader = reader
        self._tax_id_valid = tax_id_valid
        self._vendors = known.VendorLists()

    @activity.defn(name="data_entry.plan")
    @guarded
    def plan(self, command: StageCommand) -> StageVerdict:
        """Documents still to read, at most ``PLAN`` at a time, and how many wait for people."""
        return record(self._store, command, "data_entry.plan", self._plan)

    @activity.defn(name="data_entry.read")
    async def read(self, command: DocumentCommand) -> StageVerdict:
        """Read one document and decide what it needs. The bytes never enter a history."""
        beating = asyncio.create_task(_beat())
        try:
            return await asyncio.to_thread(guarded(self._read), command)
        finally:
            beating.cancel()

    @activity.defn(name="data_entry.rework")
    @guarded
    def rework(self, command: StageCommand) -> StageVerdict:
        """Open a task for each document that came back."""
        return record(self._store, command, "data_entry.rework", self._rework)

    @activity.defn(name="data_entry.lapse")
    @guarded
    def lapse(self, command: StageCommand) -> StageVerdict:
        """Go on without the documents whose password did not come in time."""
        return record(self._store, command, "data_entry.lapse", self._lapse)

    @activity.defn(name="data_entry.post")
    @guarded
    def post(self, command: StageCommand) -> StageVerdict:
        """Code and post ready documents, ``CHUNK`` at a time; ``facts.remaining`` says whether there are more."""
        return record(self._store, command, "data_entry.post", self._post)

    def completions(self) -> Mapping[str, Callable[[Step, TaskState, ActCommand, Actor], Verdict]]:
        """What finishing this line's tasks means."""
        return {
            "keying": self._keyed,
            "rework": self._keyed,
            passwords.KIND: self._unlocked,
            closed_months.KIND: self._dated,
        }

    def _plan(self, step: Step) -> Verdict:
        waiting = step.documents(states=("received",), limit=PLAN)
        return Verdict(
            "planned",
            facts={"read": [str(d.id) for d in waiting], **waiting_for_people(step, step.ticket().seq)},
        )

    def _read(self, command: DocumentCommand) -> StageVerdict:
        key = StepKey(command.ticket_id, command.life, "read", str(command.document_id), command.round)
        document, beside, prior = self._peek(key, command)
        if document.readable is not None and document.parent_id is None:
            # Put aside before, and opened since: that is another reading than the one which found it locked.
            key = replace(key, subject=f"{command.document_id}:unlocked")
            document, beside, prior = self._peek(key, command)
        if prior is not None:
            return prior
        content = self._documents.get(command.client_id, document.readable or document.address)
        found = self._reader.read(
            content,
            document.filename,
            memory=beside.suppliers,
            scorer=beside.scorer,
            vendors=beside.vendors,
            model=beside.model,
        )
        readings = [beside.marked(calibration.applied(one, beside.calibration)) for one in found]
        fake = StageCommand(
            ticket_id=command.ticket_id,
            client_id=command.client_id,
            life=command.life,
            round=command.round,
            subject=key.subject,
        )
        return record(
            self._store, fake, "read", lambda s: self._decide(s, document, readings), ended_too=True
        )

    def _peek(
        self, key: StepKey, command: DocumentCommand
    ) -> tuple[DocumentState, known.Known, StageVerdict | None]:
        """The document, what the client's corrections taught, and the answer if given."""
        with self._store.step(key, command.client_id, SYSTEM) as step:
            done = StageVerdict.model_validate(step.prior) if step.prior is not None else None
            beside = known.NOTHING if done else known.of(step, self._vendors, self._model_use(step, command))
            return step.document(command.document_id), beside, done

    def _model_use(self, step: Step, command: DocumentCommand) -> ModelUse | None:
        """What the contract lets a model outside do about this document, at this attempt of the activity."""
        attempt = activity.info().attempt if activity.in_activity() else 1
        return spending.model_use(step, self._store, command, attempt)

    def _decide(self, step: Step, document: DocumentState, readings: Sequence[Mapping[str, Any]]) -> Verdict:
        ticket, (reading, *more) = step.ticket(), readings
        if ticket.closed_at is not None:
            return Verdict("ended")
        if more:
            return self._split(step, document, readings)
        locked = self._locked(step, document, reading)
        if locked is not None:
            return locked
        verdict = self._judged(step, document, reading, step.agents(), {})
        facts = self._none_left(step, int(verdict.outcome == "keying"))
        changes = (*verdict.changes, SetTicket({"documents_done": ticket.documents_done + 1}))
        return _classed(
            step,
            Verdict(verdict.outcome, changes, verdict.next_at, facts),
            asking.types_read(_terms(step).ai, readings),
        )

    def _judged(
        self,
        step: Step,
        document: DocumentState,
        reading: Mapping[str, Any],
        agents: Sequence[Agent],
        beside: dict[str, UUID],
    ) -> Verdict:
        """What one document needs. ``beside`` are the business keys of others decided in this very step."""
        terms = _terms(step)
        like = vendors.like(step, reading.get("fields") or {})
        reading = vendors.checked(reading, like)
        fields = reading.get("fields") or {}
        key = checking.business_key(str(reading.get("type")), fields)
        twin = (beside.get(key) or step.same_business_key(key, document.id)) if key else None
        if key:
            beside.setdefault(key, document.id)
        verdict = flow.on_read(
            step.ticket(),
            document,
            reading,
            terms.ai,
            terms.scope,
            step.same_file(document.sha256, document.id),
            twin,
            agents,
            step.now,
            step.new_id,
            asking.around(
                fields,
                terms.ai,
                like,
                lambda vendor: step.supplier_seen(vendor, document.id),
                step.client().currency,
                step.later_messages,
            ),
            terms.assignment.expert,
            today=step.client().day_of(step.now),
        )
        from_list = vendors.news(document, like, fields)
        kept = learning.kept(document, reading, verdict)
        return replace(verdict, changes=(*verdict.changes, *from_list, *kept))

    def _split(self, step: Step, document: DocumentState, readings: Sequence[Mapping[str, Any]]) -> Verdict:
        """Several documents in one file: a row and a verdict for each. The file itself counts no more."""
        ticket = step.ticket()
        changes, found = parts(document, readings, step.now, step.new_id)
        beside: dict[str, UUID] = {}
        verdicts: list[Verdict] = []
        agents: Sequence[Agent] = step.agents()
        for part, reading in found:
            verdicts.append(self._judged(step, part, reading, agents, beside))
            agents = flow.busier(agents, verdicts[-1].changes)
        facts = self._none_left(step, sum(one.outcome == "keying" for one in verdicts))
        counted = SetTicket(
            {
                "documents_total": ticket.documents_total + len(found) - 1,
                "documents_done": ticket.documents_done + len(found),
            }
        )
        done = Verdict(
            "split", (*changes, *(c for one in verdicts for c in one.changes), counted), facts=facts
        )
        return _classed(step, done, asking.types_read(_terms(step).ai, readings))

    def _locked(self, step: Step, document: DocumentState, reading: Mapping[str, Any]) -> Verdict | None:
        """The client asked for the password of a protected document, where the contract has us wait for it."""
        timing = deadline.timing_of(step.contract())
        until = passwords.waits_until(document, reading, timing, step.now)
        if until is None:
            return None
        return passwords.asked(step.ticket(), step.client(), document, reading, until, step.now, step.new_id)

    def _none_left(self, step: Step, keying: int) -> Mapping[str, Any]:
        """With the last document the plan is known: nothing left to read, so many wait for people. Saves a step."""
        ticket = step.ticket()
        if ticket.documents_done + 1 < ticket.documents_total or step.counts().get("received", 0) > 1:
            return {}
        return {"read": [], **waiting_for_people(step, ticket.seq + 1, keying)}

    def _lapse(self, step: Step) -> Verdict:
        ticket = step.ticket()
        due = [t for t in step.tasks(kind=passwords.KIND) if t.due_at is not None and t.due_at <= step.now]
        documents = [step.document(t.subject_id) for t in due if t.subject_id is not None]
        verdict = passwords.lapsed(ticket, due, documents, step.now)
        return replace(verdict, facts=waiting_for_people(step, ticket.seq + 1, gone=due))

    def _unlocked(self, step: Step, task: TaskState, command: ActCommand, actor: Actor) -> Verdict:
        if task.subject_id is None:
            raise LookupError("password task without a document")
        ticket, document = step.ticket(), step.document(task.subject_id)
        verdict = passwords.given(ticket, task, document, command.payload, actor, step.now)
        waiting = waiting_for_people(step, ticket.seq + 1, gone=(task,))
        return replace(verdict, facts={**verdict.facts, **waiting})

    def _rework(self, step: Step) -> Verdict:
        return again.opened(
            step.ticket(),
            step.documents(states=("rework",)),
            step.sub_tickets(),
            _terms(step).assignment.expert,
            step.agents(),
            step.now,
            step.client().day_of(step.now),
            step.new_id,
        )

    def _post(self, step: Step) -> Verdict:
        ticket, client, terms, months = step.ticket(), step.client(), _terms(step), step.book_months()
        ready = step.documents(states=("ready",), limit=CHUNK + 1)
        changes: list[Change] = []
        for document in ready[:CHUNK]:
            changes += coding.post(
                ticket,
                client,
                document,
                coding.facts_for(step, document),
                step.postings_of(document.id),
                step.now,
                step.new_id,
                months,
                terms.posting.closed_period,
                terms.ai.coding_threshold,
            )
        held = sum(isinstance(c, OpenTask) for c in changes)
        facts = {"posted": len(ready[:CHUNK]) - held, "remaining": len(ready) > CHUNK}
        if not months:
            return Verdict("posted", tuple(changes), facts=facts)
        if held:
            changes.append(SetTicket(closed_months.WAITS))
        return Verdict(
            "posted",
            tuple(changes),
            facts={**facts, **waiting_for_people(step, ticket.seq + bool(held), held)},
        )

    def _dated(self, step: Step, task: TaskState, command: ActCommand, actor: Actor) -> Verdict:
        """Finance decided on a document dated into a shut month."""
        if task.subject_id is None:
            raise LookupError("posting-period task without a document")
        ticket, document, today = (
            step.ticket(),
            step.document(task.subject_id),
            step.client().day_of(step.now),
        )
        verdict = closed_months.decided(
            ticket, task, document, command.payload, actor, step.book_months(), today, step.now
        )
        gone = step.postings_of(document.id) if verdict.outcome == "rejected" else ()
        back = coding.withdraw(ticket, document, gone, today, step.new_id, step.book_months() if gone else {})
        facts = waiting_for_people(step, ticket.seq + 1, -1)
        others = any(one.id != task.id for one in step.tasks(kind=closed_months.KIND))
        then = SetTicket({} if others else closed_months.GOES_ON)
        return Verdict(verdict.outcome, (*verdict.changes, *back, then), verdict.next_at, facts)

    def _keyed(self, step: Step, task: TaskState, command: ActCommand, actor: Actor) -> Verdict:
        if task.subject_id is None:
            raise LookupError("keying task without a document")
        document, today = step.document(task.subject_id), step.client().day_of(step.now)
        ticket, given, terms = step.ticket(), typed.part(command.payload, "fields"), _terms(step)
        like = vendors.like(step, document.fields, given)
        verdict = keying.on_keyed(
            ticket,
            task,
            document,
            command.payload,
            actor,
            today,
            self._tax_id_valid,
            step.now,
            step.new_id,
            terms.ai,
            like,
            terms.assignment.expert,
            step.agents() if terms.assignment.expert != flow.NOBODY_ELSE else (),
            step.chart(),
        )
        # What is rejected in a later round was posted in an earlier one.
        gone = step.postings_of(document.id) if verdict.outcome == "rejected" else ()
        back = coding.withdraw(ticket, document, gone, today, step.new_id, step.book_months() if gone else {})
        learnt = learning.learnt(step, task, document, given, verdict)
        rejected = verdict.outcome == "rejected"
        known = () if rejected else vendors.news(document, like, document.fields, given)
        coded = coding.decided(step, document, verdict, terms.ai)
        spent = _spent(step, task, actor, command.payload.get("seconds"))
        done = Verdict(
            verdict.outcome,
            (*verdict.changes, *known, *coded, *learnt, *back, *spent, SetTicket({})),
            verdict.next_at,
            {
                **verdict.facts,
                **waiting_for_people(step, ticket.seq + 1, 0 if verdict.outcome == "expert" else -1),
            },
        )
        return (
            done
            if rejected
            else _classed(
                step, done, [str(command.payload["doc_type"])] if command.payload.get("doc_type") else []
            )
        )


def work(ports: LinePorts) -> LineWork:
    """Data entry's part of the workers."""
    steps = DataEntryActivities(ports.store, ports.documents, ports.reader, ports.tax_id_valid)
    local = (steps.plan, steps.rework, steps.lapse, steps.post)
    return LineWork(local, (steps.read,), steps.completions())


def _terms(step: Step) -> Terms:
    contract = step.contract()
    return contract.terms if contract else Terms()


def _classed(step: Step, verdict: Verdict, types: Sequence[str]) -> Verdict:
    """The verdict with what these types of documents change of the ticket's promise; nothing is looked up where the
    contract names no types."""
    timing = deadline.timing_of(step.contract())
    if not timing.sla.priority_types:
        return verdict
    return document_class.classed(
        verdict, step.ticket(), step.clocks(), timing, step.approval(), types, step.now
    )


def _spent(step: Step, task: TaskState, actor: Actor, seconds: object) -> tuple[Change, ...]:
    """What a round of rework took, on its defect ticket."""
    children = step.sub_tickets() if task.round else {}
    if not children or actor.user_id is None:
        return ()
    earlier, timing = step.busy_until(actor.user_id), deadline.timing_of(step.contract())
    return effort.of_round(
        task.subject_id,
        task,
        actor,
        children,
        step.now,
        earlier,
        seconds,
        _terms(step),
        timing,
        step.clocks(),
    )


def waiting_for_people(
    step: Step, seq: int, more: int = 0, gone: Sequence[TaskState] = ()
) -> Mapping[str, Any]:
    """What the workflow waits for: ``people`` documents that somebody must still finish, passwords of the client's
    included, and ``until`` when the first of those lapses. ``more`` and ``gone`` are what the step itself changes."""
    counts, left = step.counts(), {task.id for task in gone}
    asked = step.tasks(kind=passwords.KIND) if counts.get("quarantined") else ()
    still = [task for task in asked if task.id not in left]
    people = sum(counts.get(state, 0) for state in WAITING) + len(still) + more
    first = min((task.due_at for task in still if task.due_at is not None), default=None)
    return {"people": people, "seq": seq} | ({"until": first.isoformat()} if first else {})


async def _beat() -> None:
    while True:
        activity.heartbeat()
        await asyncio.sleep(HEARTBEAT_S)
