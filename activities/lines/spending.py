"""A contract's money for questions to models outside: set aside in a step of its own before each, settled after it."""

from __future__ import annotations

from uuid import UUID

from schemas.ticket import DocumentCommand
from ticketos.domain import engines
from ticketos.domain.book_months import month_of
from ticketos.domain.changes import ReserveCall, SettleCall
from ticketos.domain.engines import Call, End, ModelUse, Reserved
from ticketos.domain.ports import Step, StepKey, Store
from ticketos.domain.state import SYSTEM

ATTEMPTS = 3
"""How often a paper is read before it goes on without a model that is away."""


class ContractPurse:
    """The purse of the contract that a document's ticket is under, for one attempt to read it."""

    def __init__(self, store: Store, command: DocumentCommand, attempt: int) -> None:
        self._store = store
        self._command = command
        self._attempt = attempt
        self._asked = 0

    def reserve(self, call: Call) -> Reserved:
        """Set the most the call can cost aside, if the contract's cap of the client's month leaves so much."""
        self._asked += 1
        with self._store.step(self._key("ask", self._asked), self._command.client_id, SYSTEM) as step:
            contract = step.contract()
            if contract is None:
                return Reserved(None, "no-cap")
            month = month_of(step.client().day_of(step.now))
            terms = contract.terms.ai.engines
            spent = step.model_spend(contract.id, month, call.currency)
            if refused := engines.may_spend(terms, call, spent):
                return Reserved(None, refused)
            wanted = ReserveCall(step.new_id(), contract.id, self._command.document_id, month, call)
            step.apply((wanted,))
            step.finish({"call": str(wanted.id)})
            return Reserved(wanted.id)

    def settle(self, reserved: UUID, end: End) -> None:
        """Keep how the call ended."""
        with self._store.step(self._key("answer", self._asked), self._command.client_id, SYSTEM) as step:
            step.apply((SettleCall(reserved, end),))
            step.finish({"call": str(reserved), "outcome": end.outcome})

    def _key(self, what: str, number: int) -> StepKey:
        command = self._command
        subject = f"{command.document_id}:{self._attempt}:{number}"
        return StepKey(command.ticket_id, command.life, f"model.{what}", subject, command.round)


def model_use(step: Step, store: Store, command: DocumentCommand, attempt: int) -> ModelUse | None:
    """What the contract lets a model do about this document; None where the local engine reads alone."""
    contract = step.contract()
    use = contract.terms.ai.engines.use("reading") if contract else engines.LOCAL
    if use == engines.LOCAL:
        return None
    return ModelUse(use, ContractPurse(store, command, attempt), patient=attempt < ATTEMPTS)
