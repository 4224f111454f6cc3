"""MF8: the version goes to the client; decision, or silence."""

from __future__ import annotations

from dataclasses import replace

from temporalio import activity

from activities import units
from activities.errors import guarded
from activities.record import record, record_act
from schemas.ticket import ActCommand, StageCommand, StageVerdict
from ticketos.domain import approval, signer, unreached
from ticketos.domain.changes import Verdict
from ticketos.domain.deadline import timing_of
from ticketos.domain.ports import Step, Store
from ticketos.domain.state import Actor, TaskState


class ApprovalActivities:
    """Records the approval stage of each round."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @activity.defn(name="approval.offer")
    @guarded
    def offer(self, command: StageCommand) -> StageVerdict:
        """Offer this round's version."""
        return record(
            self._store,
            command,
            "approval.offer",
            self._offer,
        )

    @activity.defn(name="approval.decide")
    @guarded
    def decide(self, command: ActCommand) -> StageVerdict:
        """The client's act."""
        return record_act(self._store, command, lambda s: self._decide(s, command))

    @activity.defn(name="approval.lapse")
    @guarded
    def lapse(self, command: StageCommand) -> StageVerdict:
        """The days have passed."""
        return record(
            self._store,
            command,
            "approval.lapse",
            self._lapse,
        )

    def _lapse(self, step: Step) -> Verdict:
        ticket, open_one, contract = step.ticket(), step.approval(), step.contract()
        if open_one is not None and open_one.state == "open":
            key = signer.mail_key(ticket, open_one, step.tasks("done", signer.KIND))
            early = unreached.unheard(
                ticket, open_one, contract, step.mail(key), step.clocks(), step.now, step.new_id
            )
            if early is not None:
                return early
        verdict = approval.lapse(
            ticket, open_one, units.of(step), step.clocks(), timing_of(contract), step.now
        )
        return units.recorded(step, verdict)

    def _offer(self, step: Step) -> Verdict:
        verdict = approval.offer(
            step.ticket(),
            step.client(),
            step.contract(),
            units.of(step),
            step.quality(),
            step.clocks(),
            step.now,
            step.new_id,
            people_of(step),
        )
        return units.recorded(step, verdict)

    def _decide(self, step: Step, command: ActCommand) -> Verdict:
        verdict = approval.decide_by_client(
            step.ticket(),
            step.approval(),
            units.of(step),
            command.payload,
            step.clocks(),
            timing_of(step.contract()),
            step.actor,
            step.now,
        )
        asked = step.tasks(kind=unreached.KIND)
        return units.recorded(
            step, replace(verdict, changes=(*verdict.changes, *unreached.settled(asked, step.now)))
        )


def people_of(step: Step) -> tuple[str, ...]:
    """The client's own logins, asked for only where nobody else can be told."""
    return () if signer.address_of(step.client(), step.ticket(), ()) else step.client_people()


def readdress(step: Step, task: TaskState, command: ActCommand, actor: Actor) -> Verdict:
    """Complete a ``signer`` task."""
    return unreached.readdressed(
        step.ticket(),
        task,
        step.approval(),
        step.contract(),
        units.of(step),
        step.quality(),
        step.clocks(),
        command.payload,
        actor,
        step.now,
        step.new_id,
    )
