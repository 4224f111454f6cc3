"""MF3: the contract is found and checked."""

from __future__ import annotations

from temporalio import activity

from activities.errors import guarded
from activities.record import record
from schemas.ticket import StageCommand, StageVerdict
from ticketos.domain import contract
from ticketos.domain.changes import Verdict
from ticketos.domain.ports import Step, Store
from ticketos.domain.usage import period_of


class ContractActivities:
    """Records the contract stage. ``round`` counts how often it was looked at again after parking."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @activity.defn(name="contract.enter")
    @guarded
    def enter(self, command: StageCommand) -> StageVerdict:
        """Covered or parked."""
        return record(self._store, command, "contract", self._decide)

    def _decide(self, step: Step) -> Verdict:
        ticket, client = step.ticket(), step.client()
        contracts = step.contracts()
        found = contract.in_force(ticket, client, contracts)
        capped = found is not None and found.terms.scope.monthly_volume is not None
        volume = step.volume(found.id, period_of(ticket.received_at, client.zone)) if found and capped else 0
        return contract.decide(
            ticket, client, contracts, volume, step.clocks(), ticket.documents_total, step.now, step.new_id
        )
