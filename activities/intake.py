"""MF1: the ticket is there; its clocks start at receipt."""

from __future__ import annotations

from temporalio import activity

from activities.errors import guarded
from activities.record import record
from schemas.ticket import StageCommand, StageVerdict
from ticketos.domain import contract
from ticketos.domain.ports import Store


class IntakeActivities:
    """Records the intake stage."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @activity.defn(name="intake.enter")
    @guarded
    def enter(self, command: StageCommand) -> StageVerdict:
        """Start the clocks."""
        return record(
            self._store, command, "intake", lambda s: contract.provisional(s.ticket(), s.contracts(), s.now)
        )
