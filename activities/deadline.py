"""The ticket's one moving deadline has come."""

from __future__ import annotations

from temporalio import activity

from activities.errors import guarded
from activities.record import record
from schemas.ticket import StageCommand, StageVerdict
from ticketos.domain import deadline
from ticketos.domain.ports import Store


class DeadlineActivities:
    """Fires what is due, each milestone once. ``subject`` is the instant that came."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @activity.defn(name="deadline.tick")
    @guarded
    def tick(self, command: StageCommand) -> StageVerdict:
        """Warn, breach, escalate; say whether silence has become acceptance."""
        return record(
            self._store,
            command,
            "tick",
            lambda s: deadline.tick(
                s.ticket(), s.clocks(), deadline.timing_of(s.contract()), s.approval(), s.now, s.new_id
            ),
            ended_too=True,
        )
