"""Usage without a contract has a fate: a person gives it one, or waives it."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tests.support.memory import ACME, CLIENT, START, contract, document, ticket
from ticketos.domain import billing, handwork, held
from ticketos.domain.changes import AddUsage, SubTicket
from ticketos.domain.errors import DomainError
from ticketos.domain.held import HeldUsage
from ticketos.domain.state import QaState

NOW = START + timedelta(hours=3)
UNIT = HeldUsage(
    UUID(int=70), CLIENT, "ticket:1", "held", "ticket", UUID(int=1), UUID(int=1), Decimal(1),
    datetime(2026, 11, 5, 9, tzinfo=UTC), "it_helpdesk",
)  # fmt: skip
DESK = contract(service_line="it_helpdesk", number="C-7")


def of(kind: type[Any], changes: Any) -> list[Any]:
    return [c for c in changes if isinstance(c, kind)]


def test_held_usage_is_billed_under_the_contract_a_person_names() -> None:
    settled = held.give_contract(UNIT, DESK, frozenset(), "Asia/Kolkata", "")
    assert (settled.state, settled.contract_id, settled.bill_period, settled.fate) == (
        "billable",
        DESK.id,
        "2026-11",
        "billable",
    )
    assert (settled.emit.event, (settled.emit.after or {})["contract"]) == ("usage.contract_given", "C-7")


def test_a_locked_month_passes_it_to_the_next_open_one_as_late() -> None:
    settled = held.give_contract(UNIT, DESK, {"2026-11", "2026-12"}, "Asia/Kolkata", "found later")
    assert (settled.bill_period, settled.fate, settled.emit.why) == ("2027-01", "late", "found later")


def test_the_month_of_acceptance_is_the_clients_own() -> None:
    late = replace(UNIT, accepted_at=datetime(2026, 11, 30, 20, tzinfo=UTC))
    assert held.give_contract(late, DESK, (), "Asia/Kolkata", "").bill_period == "2026-12"
    begins = replace(DESK, starts_on=date(2026, 12, 1))
    assert held.give_contract(late, begins, (), "Asia/Kolkata", "").bill_period == "2026-12"
    with pytest.raises(DomainError, match=r"^contract-not-in-force"):
        held.give_contract(late, begins, (), "UTC", "")


@pytest.mark.parametrize(
    ("change", "terms", "code"),
    [
        ({"state": "billable"}, DESK, "usage-not-held"),
        ({"state": "waived"}, DESK, "usage-not-held"),
        ({}, contract(), "contract-other-line"),
        ({}, replace(DESK, status="draft"), "contract-not-in-force"),
        ({}, replace(DESK, ends_on=date(2026, 11, 4)), "contract-not-in-force"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, Any], terms: Any, code: str) -> None:
    with pytest.raises(DomainError, match=f"^{code}"):
        held.give_contract(replace(UNIT, **change), terms, frozenset(), "UTC", "")


def test_waiving_needs_a_reason_and_something_held() -> None:
    assert held.waive(UNIT, " goodwill ").emit.why == "goodwill"
    with pytest.raises(DomainError, match=r"^reason-missing"):
        held.waive(UNIT, "  ")
    with pytest.raises(DomainError, match=r"^usage-not-held"):
        held.waive(replace(UNIT, state="invoiced"), "goodwill")


# --- which units there are -------------------------------------------------------------------------------------------


def _record(request: Any, terms: Any = DESK, documents: Any = (), checks: Any = ()) -> Any:
    ids = itertools.count(9_000)
    return billing.record(
        request, ACME, terms, documents, checks, frozenset(), NOW, lambda: UUID(int=next(ids))
    )


def _worked(**judged: str) -> Any:
    """A request with work handed in, and how it was judged."""
    work = {"by": str(UUID(int=11)), "at": NOW.isoformat(), "note": "reset by phone", "files": [], "round": 0}
    return ticket(detail={"work": {**work, **judged}}, ticket_type="password")


DONE = {"state": "posted", "quality": "passed", "approval": "accepted"}


def test_work_without_documents_is_one_unit_once_it_passed_and_was_accepted() -> None:
    done = _worked(**DONE)
    verdict = _record(done, documents=(handwork.unit(done),))
    (unit,) = of(AddUsage, verdict.changes)
    assert (unit.key, unit.unit_type, unit.document_id) == (f"ticket:{done.id}", "ticket", None)
    assert (unit.finished_by, unit.fate, unit.evidence["ticket_type"]) == (
        UUID(int=11),
        "billable",
        "password",
    )
    assert of(SubTicket, verdict.changes)[0].detail["unit"] == "ticket"
    again = _record(replace(done, life=2), documents=(handwork.unit(done),))
    assert [u.key for u in of(AddUsage, again.changes)] == [unit.key], "a second life is the same unit"


@pytest.mark.parametrize(
    "missing",
    [
        {"quality": "pending"},
        {"quality": "failed"},
        {"approval": "returned"},
        {"approval": "pending"},
        {"state": "rejected"},
    ],
)
def test_work_that_did_not_pass_or_was_not_accepted_is_not_billed(missing: dict[str, str]) -> None:
    done = _worked(**{**DONE, **missing})
    assert not of(AddUsage, _record(done, documents=(handwork.unit(done),)).changes)


def test_work_delivered_before_such_work_was_judged_is_billed_as_it_was_then() -> None:
    done = ticket(detail={"work": {"by": str(UUID(int=11)), "at": NOW.isoformat()}})
    assert len(of(AddUsage, _record(done, documents=(handwork.unit(done),)).changes)) == 1


def test_work_nobody_has_done_and_documents_nobody_accepted_are_no_units() -> None:
    assert not of(AddUsage, _record(ticket()).changes)
    request = ticket(documents_total=1, detail={"work": {"by": None, "at": ""}})
    rejected = document(1, request, state="rejected", approval="rejected")
    assert not of(AddUsage, _record(request, documents=(rejected,)).changes)


def test_without_a_contract_the_unit_is_held_and_its_billing_ticket_says_so() -> None:
    done = _worked(**DONE)
    verdict = _record(done, terms=None, documents=(handwork.unit(done),))
    assert [u.fate for u in of(AddUsage, verdict.changes)] == ["no_contract"]
    assert of(SubTicket, verdict.changes)[0].detail["payment_status"] == "held"


@pytest.mark.parametrize(
    ("starts", "ends", "status"),
    [
        (0, 0, "active"),
        (0, 0, "ended"),
        (0, 0, "draft"),
        (-9, -1, "active"),
        (1, 9, "active"),
        (1, 9, "ended"),
    ],
)
def test_what_holds_a_unit_is_what_releases_it(starts: int, ends: int, status: str) -> None:
    """The day the request came in, for billing and for whoever settles it, however much later it was accepted."""
    done = replace(_worked(**DONE), received_at=NOW - timedelta(days=5), service_line="it_helpdesk")
    day = ACME.day_of(done.received_at)
    terms = replace(
        DESK, status=status, starts_on=day + timedelta(days=starts), ends_on=day + timedelta(days=ends)
    )
    (unit,) = of(AddUsage, _record(done, terms=terms, documents=(handwork.unit(done),)).changes)
    waits = replace(UNIT, accepted_at=NOW, received_at=done.received_at)
    assert held.fits(terms, waits, ACME.zone) is (unit.fate == "billable")
    no_request = replace(waits, received_at=None)
    assert held.fits(replace(terms, starts_on=ACME.day_of(NOW), ends_on=None), no_request, ACME.zone) is (
        status != "draft"
    )


@pytest.mark.parametrize(
    ("days", "status", "fate"),
    [(-1, "active", "no_contract"), (0, "active", "billable"), (0, "ended", "billable")],
    ids=["ended before the work came", "on the day it came", "ended as a whole since"],
)
def test_a_contract_whose_end_is_moved_before_the_receipt_covers_it_no_more(
    days: int, status: str, fate: str
) -> None:
    done = _worked(**DONE)
    ends = ACME.day_of(done.received_at) + timedelta(days=days)
    terms = replace(DESK, ends_on=ends, status=status)
    verdict = _record(done, terms=terms, documents=(handwork.unit(done),))
    (unit,) = of(AddUsage, verdict.changes)
    assert (unit.fate, unit.contract_id is None) == (fate, fate == "no_contract")


def test_a_cancel_bills_what_was_accepted_and_nothing_twice() -> None:
    request, ids = ticket(documents_total=2), itertools.count(9_000)
    kept = document(1, request, state="posted", quality="passed", approval="accepted")
    back = document(2, request, state="posted", quality="passed", approval="returned")
    check = QaState(kept.id, 1, 0, "all", "pass", None, 8, 8)

    def owed(billed: int) -> list[Any]:
        changes = billing.on_cancel(
            request, ACME, contract(), (kept, back), (check,), billed, frozenset(), NOW,
            lambda: UUID(int=next(ids)),
        )  # fmt: skip
        return of(AddUsage, changes)

    assert [u.document_id for u in owed(0)] == [kept.id]
    assert owed(1) == [], "an earlier life has billed it"
