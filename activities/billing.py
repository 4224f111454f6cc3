"""MF9: accepted units become usage events."""

from __future__ import annotations

from temporalio import activity

from activities import units
from activities.errors import guarded
from activities.record import record
from schemas.ticket import StageCommand, StageVerdict
from ticketos.domain import billing
from ticketos.domain.ports import Store


class BillingActivities:
    """Records the billing stage."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @activity.defn(name="billing.record")
    @guarded
    def record(self, command: StageCommand) -> StageVerdict:
        """One usage event per accepted unit."""
        return record(
            self._store,
            command,
            "billing",
            lambda s: billing.record(
                s.ticket(),
                s.client(),
                s.contract(),
                units.of(s),
                s.quality(),
                s.locked_periods(),
                s.now,
                s.new_id,
            ),
        )
