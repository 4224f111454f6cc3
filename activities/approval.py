"""MF8: the version goes to the client; decision, or silence."""

from __future__ import annotations

from temporalio import activity

from activities import units
from activities.errors import guarded
from activities.record import record, record_act
from schemas.ticket import ActCommand, StageCommand, StageVerdict
from ticketos.domain import approval
from ticketos.domain.changes import Verdict
from ticketos.domain.deadline import timing_of
from ticketos.domain.ports import Step, Store


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
            lambda s: approval.offer(
                s.ticket(),
                s.client(),
                s.contract(),
                units.documents(s),
                s.quality(),
                s.clocks(),
                s.now,
                s.new_id,
            ),
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
            lambda s: approval.lapse(
                s.ticket(), s.approval(), units.documents(s), s.clocks(), timing_of(s.contract()), s.now
            ),
        )

    def _decide(self, step: Step, command: ActCommand) -> Verdict:
        return approval.decide_by_client(
            step.ticket(),
            step.approval(),
            units.documents(step),
            command.payload,
            step.clocks(),
            timing_of(step.contract()),
            step.actor,
            step.now,
        )
