"""Documents that came back: a task for each, with what was found wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from ticketos.domain import rework
from ticketos.domain.changes import Change, SetTicket, Verdict
from ticketos.domain.ports import NewId
from ticketos.domain.skills import Agent
from ticketos.domain.state import DocumentState, TicketState
from ticketos.domain.terms import ExpertTerms
from ticketos.lines.data_entry import checking, experts, flow


def opened(
    ticket: TicketState,
    documents: Sequence[DocumentState],
    children: Mapping[str, TicketState],
    terms: ExpertTerms,
    agents: Sequence[Agent],
    now: datetime,
    today: date,
    new_id: NewId,
) -> Verdict:
    """A task for each of these ``documents``: whoever did the work corrects it, and an expert what is an expert's by the
    contract (``terms``) or came back before. ``children`` are the rows of the request's tree, its defects among them."""
    changes: list[Change] = []
    for document in documents:
        defect = children.get(rework.defect_key(document.id, ticket.life, document.round))
        task = flow.keying_task(
            ticket,
            document,
            "rework",
            checking.to_key(document.doc_type, document.fields),
            document.blocked_by,
            agents,
            today,
            new_id,
            document.duplicate_of,
            defect.detail.get("defects", []) if defect else [],
        )
        back = experts.times_back(document.id, ticket.life, document.round, children.keys())
        why = experts.why(document.doc_type, document.fields, terms, back)
        asked = experts.asked(
            task, why, ticket, agents, now, new_id, today=today, before=document.finished_by
        )
        agents = flow.busier(agents, asked)
        changes += asked
    changes.append(SetTicket({"next_action": "Correct the defects"}))
    return Verdict("opened", tuple(changes), facts={"people": len(documents), "seq": ticket.seq + 1})
