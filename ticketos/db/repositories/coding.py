"""How a document would be coded as things stand, for a person to see before it is posted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping

from ticketos.db.repositories.facts import Facts
from ticketos.db.repositories.tickets import state_of
from ticketos.db.session import driver
from ticketos.domain.state import VendorState
from ticketos.domain.terms import AiTerms
from ticketos.lines.data_entry import asking, coding, vendors


def proposal(
    connection: Connection, ticket: RowMapping, document_id: UUID, provider_id: UUID
) -> dict[str, str]:
    """Account, cost centre and tax code with ``by`` and ``reason``: the very rule that posting will ask."""
    facts = Facts(driver(connection), state_of(ticket), provider_id)
    document = facts.document(document_id)
    read = {name: {"value": asking.read_value(one)} for name, one in document.fields.items()}
    shown = replace(document, fields=read)
    return coding.code(shown, coding.facts_for(facts, shown), terms_of(facts).coding_threshold)


def vendors_like(
    connection: Connection, ticket: RowMapping, fields: Mapping[str, Any], provider_id: UUID
) -> tuple[VendorState, ...]:
    """Vendors of the client's list that a document with these fields could be from."""
    return vendors.like(Facts(driver(connection), state_of(ticket), provider_id), fields)


def terms_of(facts: Facts) -> AiTerms:
    """What AI may do with the ticket's documents."""
    contract = facts.contract()
    return contract.terms.ai if contract else AiTerms()


def policy(connection: Connection, ticket: RowMapping, provider_id: UUID) -> AiTerms:
    """The same for a page."""
    return terms_of(Facts(driver(connection), state_of(ticket), provider_id))
