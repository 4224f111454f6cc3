"""Which contract a request is counted against, and terms nobody could work by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from activities.contract import ContractActivities
from schemas.ticket import StageCommand
from tests.support.memory import MemoryStore, World, contract, ticket
from ticketos.domain import agreement
from ticketos.domain.errors import DomainError
from ticketos.domain.terms import Terms

CAPPED = {"scope": {"monthly_volume": 10}}


@pytest.mark.parametrize(("used", "outcome"), [(5, "covered"), (10, "parked")])
def test_after_a_renewal_the_contract_in_force_is_counted(used: int, outcome: str) -> None:
    request = ticket(service_line="data_entry", documents_total=1)
    ended = request.received_at.date() - timedelta(days=20)
    old = replace(contract(CAPPED, starts_on=date(2020, 1, 1), ends_on=ended), id=UUID(int=51), number="C-1")
    new = replace(contract(CAPPED, starts_on=ended + timedelta(days=1)), id=UUID(int=52), number="C-2")
    world = World(contracts=[old, new], tickets={request.id: request}, volumes={old.id: 0, new.id: used})
    command = StageCommand(ticket_id=request.id, client_id=request.client_id)
    assert ContractActivities(MemoryStore(world)).enter(command).outcome == outcome


PRICE = {"kind": "flat", "data": {"unit_price": "3.50"}}


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ({"sla": {"turnaround_s": {"standard": 0}}}, "turnaround_s of standard must be more than 0"),
        ({"sla": {"first_response_s": {"P9": 60}}}, "first_response_s knows P1, P2, P3, P4, not P9"),
        ({"sla": {"warn_percent": [90, 50]}}, "warnings must rise"),
        ({"sla": {"ladder_s": [60, 0]}}, "the ladder must not fall"),
        ({"pricing": {**PRICE, "kind": "fte"}}, "pricing-kind-unknown"),
        ({"pricing": {**PRICE, "currency": "rupees"}}, "currency-unknown"),
        ({"pricing": {"kind": "flat", "data": {}}}, "pricing-json-invalid"),
    ],
)
def test_terms_nobody_could_work_by_are_refused_when_they_are_written(
    stated: Mapping[str, Any], words: str
) -> None:
    with pytest.raises(DomainError) as refused:
        agreement.check(Terms.from_json(stated), priced="pricing" in stated)
    assert refused.value.code == "terms-invalid"
    assert words in str(refused.value.params["cause"])


def test_ordinary_terms_and_terms_without_a_price_are_taken() -> None:
    agreement.check(Terms(), priced=False)
    agreement.check(
        Terms.from_json({"pricing": PRICE, "sla": {"turnaround_s": {"priority": 60}}}), priced=True
    )
