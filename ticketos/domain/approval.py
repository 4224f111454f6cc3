"""MF8: deliverable and quality result go to the client, who accepts or returns that version, named by its hash.
Silence for the contract's days is acceptance."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from ticketos.domain import deadline, handwork, proof, signer, stages
from ticketos.domain.changes import (
    Change,
    DecideApproval,
    Emit,
    OfferApproval,
    SendMail,
    SetDocument,
    SetTicket,
    Verdict,
)
from ticketos.domain.deadline import FIRST_RESPONSE, TURNAROUND, Timing, timing_of
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import NewId
from ticketos.domain.state import (
    Actor,
    ApprovalState,
    ClientState,
    ClockState,
    ContractState,
    DocumentState,
    QaState,
    TicketState,
)

LEFT_OUT = ("quarantined", "rejected")
"""States of documents that are not part of the delivery."""
CHOICES = ("accept", "return")
"""What a client may say of one unit when a part is accepted."""
MAIL = "approval"
"""Template of the mail that asks for the decision."""


def version_of(documents: Sequence[DocumentState]) -> str:
    """The hash that names a version: what was keyed, how it was judged, where it was posted."""
    content = [
        {
            "id": str(d.id),
            "state": d.state,
            "sha256": d.sha256,
            "round": d.round,
            "reference": d.erp_reference,
            "fields": {name: f.get("value") for name, f in d.fields.items()},
        }
        for d in documents
    ]
    return proof.event_hash({"documents": content}).hex()


def deliverable_of(documents: Sequence[DocumentState], checks: Sequence[QaState]) -> dict[str, Any]:
    """What is delivered and what is not, and how it was judged. Work of a person is shown where it is decided on: once
    it is accepted, a version of documents that came later is of these alone."""
    undecided = [d for d in documents if d.state == "posted" and d.approval != "accepted"]
    work = [handwork.deliverable(d) for d in undecided if d.doc_type == handwork.KIND]
    return {
        "documents": sum(d.doc_type != handwork.KIND for d in documents),
        "units": len(undecided),
        "not_delivered": [
            {"file": d.filename, "state": d.state, "reason": d.reason}
            for d in documents
            if d.state in LEFT_OUT
        ],
        "inspected": sum(1 for q in checks if q.level == 2),
        "level_1": sum(1 for q in checks if q.level == 1),
        "defects": sum(len(q.defects) for q in checks),
        **({"work": work[0]} if work else {}),
    }


def units_of(
    state: str,
    choices: Collection[str],
    before: Collection[str],
    documents: Sequence[tuple[UUID, str, str]],
) -> frozenset[UUID]:
    """Ids of the documents that a version puts before the client: while it is open those still to be decided on,
    afterwards those it was decided on (``choices``). What lapsed in silence names none: it is of what is accepted and
    was not in a decision ``before`` it. ``documents`` are (id, state, approval) of all of the ticket."""
    if state == "open":
        return frozenset(one for one, stands, said in documents if stands == "posted" and said != "accepted")
    if choices:
        return frozenset(one for one, _, _ in documents if str(one) in choices)
    return frozenset(one for one, _, said in documents if said == "accepted" and str(one) not in before)


def mail(
    mail_id: UUID,
    key: str,
    ticket: TicketState,
    version: str,
    to: str,
    deemed_at: datetime | None,
    deliverable: Mapping[str, Any],
) -> SendMail:
    """The mail with the link by which that version is signed off."""
    values = {
        "version": version,
        "ticket": str(ticket.id),
        "deemed_at": deemed_at.isoformat() if deemed_at else None,
        **deliverable,
    }
    return SendMail(mail_id, key, MAIL, to, values)


def offer(
    ticket: TicketState,
    client: ClientState,
    contract: ContractState | None,
    documents: Sequence[DocumentState],
    checks: Sequence[QaState],
    clock_states: Sequence[ClockState],
    now: datetime,
    new_id: NewId,
    people: Sequence[str] = (),
) -> Verdict:
    """Put the version before the client (``offered``), or accept at once where nothing needs sign-off (``accepted``).
    What could not be delivered is told either way: in the mail that asks, or in one of its own. ``people`` are the
    addresses of the client's own logins; where there is nobody to tell, silence accepts nothing."""
    units = [d for d in documents if d.state == "posted" and d.approval != "accepted"]
    timing = timing_of(contract)
    version = version_of(documents)
    deliverable = deliverable_of(documents, checks)
    required = bool(contract and contract.terms.approval.required) and bool(units)
    fresh = _fresh(documents)
    goes_on = bool(fresh) and not required  # accepted at once, and the files that came later are worked on
    changes, states = _delivered(clock_states, timing, now, (FIRST_RESPONSE,) if goes_on else _ENDED)
    to = signer.address_of(client, ticket, people)
    counts = contract is not None and required and to is not None
    deemed_at = contract.terms.approval.deemed_at(timing.calendar, now) if contract and counts else None
    approval = OfferApproval(new_id(), ticket.round, version, now, deemed_at, deliverable)
    told = {
        name: value for name, value in deliverable.items() if name != "work"
    }  # words of people stay off the trail
    changes += [approval, Emit("ticket.approval_requested", after={"version": version, **told})]
    if not required:
        changes += [
            stages.enter(ticket, "approval", "Record for billing"),
            DecideApproval(approval.id, "accepted", now, None, "no sign-off needed"),
            *_accept(units),
            Emit(
                "ticket.approved", after={"version": version, "units": len(units)}, why="no sign-off needed"
            ),
            *_not_processed(ticket, client, documents, deliverable["not_delivered"], new_id),
        ]
        return Verdict(
            "accepted",
            tuple(changes),
            deadline.next_deadline(states, timing, None, None, now),
            {"version": version, "fresh": fresh},
        )
    key = f"{ticket.id}:{ticket.life}:approval:{ticket.round}"
    if to:
        changes.append(mail(new_id(), key, ticket, version, to, deemed_at, deliverable))
    else:
        changes += signer.nobody(ticket, ticket.round, version, now, new_id)
    open_one = ApprovalState(approval.id, ticket.round, version, "open", deemed_at, None)
    next_at = deadline.next_deadline(states, timing, None, open_one, now)
    if to:
        changes.append(stages.enter(ticket, "approval", "The client accepts or returns", next_at))
    else:
        changes.append(stages.enter(ticket, "approval", "Name who signs off", next_at, desk=signer.SUCCESS))
    return Verdict("offered", tuple(changes), next_at, {"version": version})


def _not_processed(
    ticket: TicketState,
    client: ClientState,
    documents: Sequence[DocumentState],
    left_out: Sequence[Mapping[str, Any]],
    new_id: NewId,
) -> list[Change]:
    """Whoever sent the files hears which of them came to nothing, and why: once, whatever rounds and lives follow."""
    machine = bool(ticket.detail.get("suppress_reply"))
    to = (not machine and ticket.requester_email) or client.approver_email
    if not left_out or not to:
        return []
    gone = sorted(str(d.id) for d in documents if d.state in LEFT_OUT)
    key = f"{ticket.id}:not_processed:{proof.event_hash({'documents': gone}).hex()[:16]}"
    values = {"files": list(left_out), "delivered": sum(d.state == "posted" for d in documents)}
    return [SendMail(new_id(), key, "not_processed", to, values)]


def decide_by_client(
    ticket: TicketState,
    approval: ApprovalState | None,
    documents: Sequence[DocumentState],
    decision: Mapping[str, Any],
    clock_states: Sequence[ClockState],
    timing: Timing,
    actor: Actor,
    now: datetime,
) -> Verdict:
    """Accept, return with a reason, or both in parts. Refused: another version than the one offered, a decided one, a
    part that does not say for every open unit what becomes of it (``units-missing``)."""
    stages.require_open(ticket)
    if approval is None or approval.state != "open":
        raise DomainError("approval-not-open", number=ticket.number)
    if decision.get("version") != approval.version:
        raise DomainError("version-stale", offered=approval.version, given=str(decision.get("version")))
    units = {str(d.id): d for d in documents if d.state == "posted" and d.approval != "accepted"}
    returned = _returned(decision, units)
    reason = str(decision.get("reason") or "").strip()
    if returned and not reason:
        raise DomainError("reason-missing")
    accepted = [d for key, d in units.items() if key not in returned]
    by = actor.id or actor.kind
    state = "accepted" if not returned else "partially_accepted" if accepted else "returned"
    choices = {key: "return" if key in returned else "accept" for key in units}
    changes: list[Change] = [
        DecideApproval(approval.id, state, now, by, reason or None, choices),
        *_accept(accepted),
    ]
    record = {"version": approval.version, "accepted": len(accepted), "returned": len(returned)}
    # Who has no login is known by address; it is a person's own value and can be erased.
    person = decision.get("person") or None
    signed = {"signed_by": person} if person else None
    if not returned:
        changes += [
            SetTicket({"next_action": "Record for billing"}),
            Emit("ticket.approved", after=record, why=reason or None, personal=signed, subject=person),
        ]
        return _accepted(changes, documents, clock_states, timing, now)
    changes += [SetDocument(units[key].id, {"approval": "returned"}) for key in sorted(returned)]
    event = "ticket.partially_approved" if accepted else "ticket.returned"
    restarted, states = _restart_turnaround(clock_states, timing, now)
    changes += [
        *restarted,
        SetTicket({"next_action": "Correct what was returned"}),
        Emit(event, after=record, why=reason, personal=signed, subject=person),
    ]
    return Verdict("returned", tuple(changes), deadline.next_deadline(states, timing, None, None, now))


def lapse(
    ticket: TicketState,
    approval: ApprovalState | None,
    documents: Sequence[DocumentState],
    clock_states: Sequence[ClockState],
    timing: Timing,
    now: datetime,
) -> Verdict:
    """The contract's days passed in silence (CP13)."""
    if approval is None or approval.state != "open" or approval.deemed_at is None or approval.deemed_at > now:
        return Verdict("waiting")
    units = [d for d in documents if d.state == "posted" and d.approval != "accepted"]
    changes: list[Change] = [
        DecideApproval(approval.id, "deemed_accepted", now, None, "silence"),
        *_accept(units),
        SetTicket({"next_action": "Record for billing"}),
        Emit(
            "ticket.deemed_accepted",
            after={
                "version": approval.version,
                "units": len(units),
                "deadline": approval.deemed_at.isoformat(),
            },
        ),
    ]
    return _accepted(changes, documents, clock_states, timing, now)


def _accepted(
    changes: Sequence[Change],
    documents: Sequence[DocumentState],
    clock_states: Sequence[ClockState],
    timing: Timing,
    now: datetime,
) -> Verdict:
    """What was offered is accepted; the work goes on, and its time runs again, where files came meanwhile."""
    fresh = _fresh(documents)
    restarted, states = _restart_turnaround(clock_states, timing, now) if fresh else ([], clock_states)
    next_at = deadline.next_deadline(states, timing, None, None, now)
    return Verdict("accepted", (*changes, *restarted), next_at, {"fresh": fresh})


def _fresh(documents: Sequence[DocumentState]) -> int:
    """Files that came with a reply after the work was done: they need a round of their own before the ticket ends."""
    return sum(1 for d in documents if d.state == "received")


def _returned(decision: Mapping[str, Any], units: Mapping[str, DocumentState]) -> frozenset[str]:
    kind = decision.get("decision")
    if kind == "accept":
        return frozenset()
    if kind == "return":
        return frozenset(units)
    if kind != "partial":
        raise DomainError("decision-unknown", given=str(kind), allowed=["accept", "return", "partial"])
    choices = decision.get("units") or {}
    unknown = sorted(set(choices) - set(units))
    if unknown:
        raise DomainError("unit-unknown", units=unknown[:10])
    missing = [key for key in units if choices.get(key) not in CHOICES]
    if missing:  # what nobody spoke of is not accepted by silence, and not billed
        raise DomainError("units-missing", missing=len(missing), of=len(units), units=missing[:10])
    return frozenset(key for key, choice in choices.items() if choice == "return")


def _accept(units: Sequence[DocumentState]) -> list[Change]:
    return [SetDocument(d.id, {"approval": "accepted"}) for d in units]


_ENDED = (TURNAROUND, FIRST_RESPONSE)


def _delivered(
    states: Sequence[ClockState], timing: Timing, now: datetime, ended: Collection[str]
) -> tuple[list[Change], list[ClockState]]:
    """Turnaround stops at submission for approval, and a result delivered is a first response at the latest (CP7)."""
    changes: list[Change] = []
    after: list[ClockState] = []
    for state in states:
        if state.clock.kind not in ended or state.clock.stopped_at is not None:
            after.append(state)
            continue
        change = deadline.stopped(state, now, timing)
        changes.append(change)
        after.append(ClockState(change.clock, change.fired, change.breached_at))
    return changes, after


def _restart_turnaround(
    states: Sequence[ClockState], timing: Timing, now: datetime
) -> tuple[list[Change], list[ClockState]]:
    state = deadline.find(states, TURNAROUND)
    if state is None:
        return [], list(states)
    change = deadline.restarted(state, now, timing)
    after = ClockState(change.clock, change.fired, change.breached_at)
    return [change], [after if s is state else s for s in states]
