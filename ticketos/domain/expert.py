"""MF4 expert work: what only a subject expert (SME) may do, and who gets it.

A document becomes expert work when it comes back for the second time, or when the contract says so: by its type, or by
its amount (``assignment.expert``). The best match among the experts of the skill gets it; where none is there the lead
gets it, with what stood in the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from ticketos.domain.changes import Change, Emit, Notify, OpenTask
from ticketos.domain.matching import Need, match
from ticketos.domain.ports import NewId
from ticketos.domain.skills import Agent
from ticketos.domain.state import TicketState
from ticketos.domain.terms import ExpertTerms

SECOND_ROUND, DOCUMENT_TYPE, AMOUNT = "second_round", "document_type", "amount"
"""Why a task is expert work: the value of ``expert`` in its payload."""
LEAD = "lead"


def why(
    terms: ExpertTerms,
    document_type: str,
    amount: Decimal | None,
    currency: str | None,
    times_back: int = 0,
) -> str | None:
    """Why this document is expert work, None when anybody of the skill may do it. ``times_back`` counts how often it
    came back, this time included.

    An amount in another currency than the contract's is not compared; one whose currency could not be read is."""
    if times_back >= 2:
        return SECOND_ROUND
    if document_type in terms.document_types:
        return DOCUMENT_TYPE
    if terms.amount is None or amount is None or currency not in (None, "", terms.currency):
        return None
    return AMOUNT if abs(amount) > terms.amount else None


def given(
    task: OpenTask,
    ticket: TicketState,
    agents: Iterable[Agent],
    reason: str,
    now: datetime,
    new_id: NewId,
    *,
    today: date,
    before: UUID | None = None,
) -> tuple[Change, ...]:
    """The task as expert work, with who gets it on the client's day ``today``. ``before`` is who worked on the item last:
    an expert's own work that came back twice goes to another one, and its first correction back to themselves while they
    are there. So does the lead's, where there is another lead."""
    people = tuple(agents)
    own = (str(before),) if before is not None and reason == SECOND_ROUND else ()
    need = Need(task.skill or "", str(ticket.client_id), expert=True, exclude=frozenset(own))
    found = match(people, need, today)
    expert = found.agent_id
    if before is not None and str(before) in found.ranked:
        expert = str(before)
    payload = {**task.payload, "expert": reason} | ({"exclude": list(own)} if own else {})
    if expert is not None:
        asked = replace(task, assigned_to=UUID(expert), payload=payload)
        return asked, _said("task.expert", task, reason, expert)
    missing = list(found.reasons)
    leads = match(people, Need(LEAD, str(ticket.client_id)), today).ranked
    lead = next((one for one in leads if one not in own), next(iter(leads), None))
    to = UUID(lead) if lead else None
    payload |= {"no_expert": missing}
    detail = {"task": str(task.id), "kind": task.kind, "expert": reason, "reasons": missing}
    return (
        replace(task, assigned_to=to, desk=LEAD, payload=payload),
        Notify(new_id(), f"expert:{task.key}", "expert_missing", LEAD, now, to, detail),
        _said("task.expert_missing", task, reason, lead, missing),
    )


def _said(event: str, task: OpenTask, reason: str, to: str | None, missing: Sequence[str] = ()) -> Emit:
    after = {"task": str(task.id), "kind": task.kind, "to": to, "expert": reason}
    more = {"reasons": list(missing)} if missing else {}
    return Emit(event, after={**after, **more}, entity="task", entity_id=str(task.id))
