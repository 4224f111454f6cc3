"""MF6: level 1 for all, level 2 for the sample, the conclusion."""

from __future__ import annotations

from collections.abc import Sequence

from temporalio import activity

from activities import units
from activities.errors import guarded
from activities.record import record
from schemas.ticket import ActCommand, StageCommand, StageVerdict
from ticketos.domain import effort, handwork, quality, rework, sampling
from ticketos.domain.changes import SetTicket, Verdict
from ticketos.domain.ports import Step, Store
from ticketos.domain.quality import Inspection
from ticketos.domain.state import Actor, DocumentState, TaskState
from ticketos.domain.terms import QaTerms
from ticketos.domain.usage import period_of
from ticketos.lines import line_of


class QualityActivities:
    """Records the quality stage of each round.

    ``secret`` goes into the month's seed where the contract names none, so that nobody who knows a document's id can
    tell before keying it whether a second person will look."""

    def __init__(self, store: Store, secret: str) -> None:
        self._store = store
        self._secret = secret

    @activity.defn(name="quality.inspect")
    @guarded
    def inspect(self, command: StageCommand) -> StageVerdict:
        """Level 1, then the draw."""
        return record(self._store, command, "quality.inspect", self._inspect)

    @activity.defn(name="quality.open")
    @guarded
    def remaining(self, command: StageCommand) -> StageVerdict:
        """How many reviews are still open (for a run that continued)."""
        return record(
            self._store,
            command,
            "quality.open",
            lambda s: Verdict("counted", facts={"remaining": open_reviews(s), "seq": s.ticket().seq}),
        )

    @activity.defn(name="quality.conclude")
    @guarded
    def conclude(self, command: StageCommand) -> StageVerdict:
        """Passed, or what goes back."""
        return record(self._store, command, "quality.conclude", self._conclude)

    def _inspect(self, step: Step) -> Verdict:
        ticket, client, contract = step.ticket(), step.client(), step.contract()
        terms = contract.terms.qa if contract else QaTerms()
        line = line_of(ticket.service_line or "")
        seed = sampling.month_seed(
            str(client.id), period_of(step.now, client.zone), terms.seed or self._secret
        )
        verdict = quality.inspect(
            ticket,
            units.of(step),
            step.quality(),
            Inspection(seed, terms, client.day_of(step.now)),
            units.level_one(step, line.level_one),
            step.agents(),
            step.now,
            step.new_id,
        )
        return units.recorded(step, verdict)

    def _conclude(self, step: Step) -> Verdict:
        ticket, found = step.ticket(), units.of(step)
        children = step.sub_tickets()
        settled = rework.close_defects(ticket, children, found, step.now)
        history = effort.history(effort.defects(rework.settled(children, settled).values()))
        verdict = quality.conclude(ticket, found, step.quality(), step.now, history)
        return Verdict(verdict.outcome, (*verdict.changes, *settled), verdict.next_at, verdict.facts)


def review(step: Step, task: TaskState, command: ActCommand, actor: Actor) -> Verdict:
    """Complete a ``qa_review`` task."""
    ticket = step.ticket()
    document, required = _reviewed(step, task)
    verdict = quality.review(ticket, task, document, command.payload, required, actor, step.now, step.new_id)
    facts = {"remaining": open_reviews(step) - 1, "seq": ticket.seq + 1}
    told = Verdict(verdict.outcome, (*verdict.changes, SetTicket({})), verdict.next_at, facts)
    return units.recorded(step, told)


def _reviewed(step: Step, task: TaskState) -> tuple[DocumentState, Sequence[str]]:
    """The unit a review is of, with what is judged of it; a review of no document is of the ticket's own work."""
    ticket = step.ticket()
    if task.subject_id is None:
        work = handwork.unit(ticket, step.documents() if ticket.documents_total else ())
        if work is None:
            raise LookupError("review task without work")
        return work, handwork.CHECKLIST
    document = step.document(task.subject_id)
    return document, line_of(ticket.service_line or "").required(document.doc_type)


def open_reviews(step: Step) -> int:
    """Reviews that still wait for a person."""
    return sum(1 for t in step.tasks() if t.kind == "qa_review")
