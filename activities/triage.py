"""MF2: the message is classified by an engine, or a person is asked."""

from __future__ import annotations

from dataclasses import replace

from temporalio import activity

from activities.errors import guarded
from activities.record import record
from schemas.ticket import StageCommand, StageVerdict
from ticketos.domain import triage, triage_labels
from ticketos.domain.changes import Verdict
from ticketos.domain.ports import Step, Store, Triage
from ticketos.domain.triage import Suggestion
from ticketos.lines import KEYS


class TriageActivities:
    """Records the triage stage; the local engine is quick enough to run inside the step."""

    def __init__(self, store: Store, engine: Triage) -> None:
        self._store = store
        self._engine = engine

    @activity.defn(name="triage.enter")
    @guarded
    def enter(self, command: StageCommand) -> StageVerdict:
        """Classify, or open a task for the desk."""
        return record(self._store, command, "triage", self._decide)

    def _decide(self, step: Step) -> Verdict:
        ticket = step.ticket()
        names = [d.filename for d in step.documents(limit=20)]
        message_id, text = step.first_message()
        answer = self._engine(text, subject=ticket.subject, attachments=names, sender=ticket.requester_email)
        read = replace(Suggestion.from_json(answer), message_id=message_id)
        if ticket.service_line not in KEYS:  # a line the client named needs nobody's memory
            labels = step.triage_labels()
            read = triage_labels.taught(read, ticket.requester_email, ticket.subject, labels, KEYS)
        contracts = step.contracts()
        sought = any(one.terms.ai.escalate.words for one in contracts)
        return triage.decide(
            ticket,
            read,
            contracts,
            KEYS,
            step.agents(),
            step.now,
            step.new_id,
            text=text,
            later=step.later_messages() if sought else (),
            zone=step.client().zone,
        )
