"""A client's statement of account, and which AI is used for it, over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from schemas.http import View
from schemas.invoices import Exact


class StatementEntry(View):
    """An invoice or credit note of these days. ``balance`` is what was open after it."""

    id: UUID
    kind: str
    number: str
    on: date
    due_on: date | None = None
    amount: Exact
    balance: Exact
    disputed: Exact


class StatementAccount(View):
    """The account in one currency. The parts of ``ageing`` add up to ``closing``; ``payable`` leaves out what is in
    dispute."""

    currency: str
    opening: Exact
    invoiced: Exact
    credited: Exact
    closing: Exact
    payable: Exact
    ageing: dict[str, Exact]
    entries: list[StatementEntry]


class StatementView(View):
    """What a client owed before, what was invoiced and credited in these days, what is open on the last of them."""

    client_id: UUID
    since: date
    until: date
    accounts: list[StatementAccount]


class AiChange(View):
    """What a change of a contract changed of its AI; empty ``before`` or ``after``: nothing was or is said."""

    at: datetime
    what: str = Field(examples=["mode.reading", "bar.triage", "asks.new_supplier", "accountable"])
    before: str
    after: str


class AiContract(View):
    """AI under one contract: the mode of each action, how sure it must be, what asks a person, who answers for it."""

    contract_id: UUID
    number: str
    name: str
    service_line: str
    in_force: bool
    values: dict[str, str]
    changes: list[AiChange]


class AiEngine(View):
    """An engine that acted for the client in the last 90 days."""

    action: str
    engine: str
    acts: int
    last_at: datetime


class AiUseView(View):
    """Which AI is used for a client."""

    client_id: UUID
    contracts: list[AiContract]
    engines: list[AiEngine]
