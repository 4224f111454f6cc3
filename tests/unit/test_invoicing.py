"""From accepted units to an invoice and back again by credit notes: sums that must hold for every month."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketos.domain import invoicing, platform_fee, tax
from ticketos.domain.crediting import Billed, BilledLine, CreditDraft, credit, remaining
from ticketos.domain.errors import DomainError
from ticketos.domain.invoicing import InvoiceDraft, InvoiceHead, Party, Unit, draft
from ticketos.domain.money import Money, money_sum
from ticketos.domain.state import Actor, ContractState
from ticketos.domain.terms import PricingTerms, Terms

PERIOD = "2026-11"
SELLER = Party(UUID(int=2), "Provider", tax_id="29AABCP1234Q1Z5", state_code="29")
HERE = Party(UUID(int=1), "Acme", tax_id="29AABCA9999C1Z3", state_code="29")
ELSEWHERE = replace(HERE, tax_id="27AABCA9999C1Z7", state_code="27")
ABROAD = replace(HERE, country="DE", tax_id="DE123456789", state_code=None)
ALICE, BOB = UUID(int=11), UUID(int=12)
FLAT: dict[str, Any] = {"unit_price": "3.50"}
HYBRID: dict[str, Any] = {"base": "30000", "included": 2000, "overage": "2"}
TIERS: dict[str, Any] = {
    "unit_price": "2",
    "tiers": [{"up_to": "5", "unit_price": "4"}, {"up_to": "9", "unit_price": "3.33"}],
}
FIRST = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def contract(kind: str, data: dict[str, Any], **terms: Any) -> ContractState:
    pricing = PricingTerms(kind=kind, data=data, **terms)
    return ContractState(
        UUID(int=3),
        HERE.id,
        "SOW-1",
        "Invoices",
        "data_entry",
        "transaction",
        "active",
        date(2026, 4, 1),
        None,
        Terms(pricing=pricing),
    )


def units(count: int, *people: UUID | None, period: str = PERIOD) -> list[Unit]:
    who = people or (ALICE,)
    return [
        Unit(
            UUID(int=1000 + n),
            f"document:{n}",
            Decimal(1),
            FIRST + timedelta(minutes=n),
            period,
            UUID(int=500 + n // 4),
            who[n % len(who)],
        )
        for n in range(count)
    ]


def drawn(
    kind: str, data: dict[str, Any], events: Sequence[Unit], buyer: Party = HERE, **terms: Any
) -> InvoiceDraft:
    found = draft(contract(kind, data, **terms), SELLER, buyer, PERIOD, events)
    assert found is not None
    return found


def billed(
    invoice: InvoiceDraft,
    kind: str,
    data: dict[str, Any],
    events: Sequence[Unit],
    buyer: Party,
    notes: Sequence[CreditDraft] = (),
) -> Billed:
    """The invoice as issued, with what these notes took back."""
    lines = []
    for number, line in enumerate(invoice.lines):
        taken = [item for note in notes for line_id, item in note.lines if line_id == UUID(int=number)]
        lines.append(
            BilledLine(
                UUID(int=number),
                line,
                -sum((t.quantity for t in taken), Decimal(0)),
                -money_sum((t.amount for t in taken), invoice.currency),
            )
        )
    credited = frozenset(unit.id for note in notes for unit in note.units)
    paid = [*invoice.payees, *(payee for note in notes for payee in note.payees)]
    return Billed(
        PricingTerms(kind=kind, data=data),
        SELLER,
        buyer,
        tuple(lines),
        tuple(events),
        credited,
        remaining(paid, invoice.currency),
    )


def amounts(invoice: InvoiceDraft | CreditDraft) -> tuple[str, dict[str, str], str]:
    return str(invoice.net), {t.name: str(t.amount) for t in invoice.taxes}, str(invoice.total)


def test_a_hundred_and_twenty_documents_at_three_fifty_within_the_state() -> None:
    invoice = drawn("flat", FLAT, units(120))
    assert amounts(invoice) == ("420.00 INR", {"CGST": "37.80 INR", "SGST": "37.80 INR"}, "495.60 INR")
    assert [t.rate for t in invoice.taxes] == [Decimal(9), Decimal(9)]
    assert [(str(p.fee), str(p.payout), p.units, p.user_id) for p in invoice.payees] == [
        ("84.00 INR", "336.00 INR", 120, ALICE)
    ]


def test_another_state_bears_igst_and_an_export_none() -> None:
    assert amounts(drawn("flat", FLAT, units(120), ELSEWHERE)) == (
        "420.00 INR",
        {"IGST": "75.60 INR"},
        "495.60 INR",
    )
    assert amounts(drawn("flat", FLAT, units(120), ABROAD)) == (
        "420.00 INR",
        {"IGST": "0.00 INR"},
        "420.00 INR",
    )


def test_a_hybrid_bills_its_base_and_what_lies_beyond_the_included_volume() -> None:
    invoice = drawn("hybrid", HYBRID, units(2120, ALICE, BOB))
    assert [(x.code, str(x.quantity), str(x.amount)) for x in invoice.lines] == [
        ("base", "1", "30000.00 INR"),
        ("overage", "120", "240.00 INR"),
    ]
    assert amounts(invoice) == (
        "30240.00 INR",
        {"CGST": "2721.60 INR", "SGST": "2721.60 INR"},
        "35683.20 INR",
    )
    assert sum(len(x.usage) for x in invoice.lines) == 2120


def test_a_month_without_usage_bills_the_base_and_else_nothing() -> None:
    assert amounts(drawn("hybrid", HYBRID, []))[0] == "30000.00 INR"
    assert drawn("hybrid", HYBRID, []).payees[0].user_id is None
    assert draft(contract("flat", FLAT), SELLER, HERE, PERIOD, []) is None
    ended = replace(contract("hybrid", HYBRID), ends_on=date(2026, 10, 31))
    assert draft(ended, SELLER, HERE, PERIOD, []) is None
    assert draft(replace(ended, ends_on=date(2026, 11, 1)), SELLER, HERE, PERIOD, []) is not None
    assert draft(ended, SELLER, HERE, PERIOD, units(1)) is not None, (
        "what was accepted is billed, also after the end"
    )


def test_late_units_are_named_by_their_own_month() -> None:
    late = [replace(u, id=UUID(int=9000 + n), period="2026-10") for n, u in enumerate(units(3))]
    invoice = drawn("flat", FLAT, [*units(5), *late])
    assert invoice.lines[0].late == {"2026-10": 3}
    assert invoice.lines[0].description == "Documents accepted (with 3 of 2026-10)"
    assert str(invoice.net) == "28.00 INR"


def test_a_reversal_cancels_its_unit_and_one_of_an_earlier_invoice_asks_for_a_credit_note() -> None:
    events = units(3)
    back = Unit(
        UUID(int=7001), "reversal:0", Decimal(-1), FIRST + timedelta(days=1), PERIOD, reverses=events[0].id
    )
    stray = Unit(
        UUID(int=7002), "reversal:x", Decimal(-1), FIRST + timedelta(days=1), PERIOD, reverses=UUID(int=1)
    )
    invoice = drawn("flat", FLAT, [*events, back, stray])
    assert str(invoice.net) == "7.00 INR"
    assert set(invoice.settled) == {events[0].id, back.id}
    assert invoice.credit_due == (stray.id,)


def test_work_nobody_finished_is_the_houses() -> None:
    invoice = drawn("flat", FLAT, units(4, ALICE, None))
    assert {p.user_id: str(p.payout) for p in invoice.payees} == {ALICE: "5.60 INR", None: "5.60 INR"}
    postings = invoicing.payout_postings(invoice.payees, HERE.id, "INV/26-27/0001")
    assert {p.account: str(p.money) for p in postings} == {
        "5100": "11.20 INR",
        "2300": "-5.60 INR",
        "2310": "-5.60 INR",
    }


def test_a_party_without_a_state_is_refused_by_name() -> None:
    with pytest.raises(DomainError, match="gst-state-missing") as refused:
        drawn("flat", FLAT, units(1), replace(HERE, tax_id=None, state_code=None))
    assert refused.value.params == {"party": "Acme"}


def test_reverse_charge_shows_the_tax_and_charges_none() -> None:
    invoice = drawn("flat", FLAT, units(120), replace(HERE, reverse_charge=True))
    assert amounts(invoice) == ("420.00 INR", {"CGST": "37.80 INR", "SGST": "37.80 INR"}, "420.00 INR")
    postings = invoicing.sales_postings(invoice.net, invoice.taxes, HERE.id, "INV/26-27/0001")
    assert {p.account: str(p.money) for p in postings} == {"1200": "420.00 INR", "4000": "-420.00 INR"}


PRICES = st.sampled_from(
    [
        ("flat", FLAT),
        ("hybrid", {"base": "100.01", "included": 7, "overage": "2.37"}),
        ("flat", TIERS),
        ("flat", {**TIERS, "tiering": "volume"}),
    ]
)
PEOPLE = st.lists(st.sampled_from([ALICE, BOB, None]), min_size=1, max_size=5)
BUYERS = st.sampled_from([HERE, ELSEWHERE, ABROAD])


@given(price=PRICES, count=st.integers(1, 25), people=PEOPLE, buyer=BUYERS)
def test_lines_sum_to_the_total_and_every_rupee_is_fee_or_payout(
    price: tuple[str, dict[str, Any]], count: int, people: list[UUID | None], buyer: Party
) -> None:
    invoice = drawn(*price, units(count, *people), buyer)
    assert money_sum((line.amount for line in invoice.lines), "INR") == invoice.net
    assert money_sum((payee.value for payee in invoice.payees), "INR") == invoice.net
    assert invoice.total == invoice.net + tax.tax_charged(invoice.taxes, "INR")
    assert not any(payee.fee.is_negative or payee.payout.is_negative for payee in invoice.payees)
    for line in invoice.lines:
        assert (
            platform_fee.split(line.amount).fee.amount * 100 / max(line.amount.amount, Decimal(1)) <= 20 + 1
        )
    balanced(invoicing.sales_postings(invoice.net, invoice.taxes, buyer.id, "X"))
    balanced(invoicing.payout_postings(invoice.payees, buyer.id, "X"))


@given(
    price=PRICES,
    count=st.integers(1, 25),
    people=PEOPLE,
    buyer=BUYERS,
    parts=st.lists(st.integers(0, 24), max_size=6),
)
def test_credit_notes_over_everything_leave_nothing(
    price: tuple[str, dict[str, Any]], count: int, people: list[UUID | None], buyer: Party, parts: list[int]
) -> None:
    events = units(count, *people)
    invoice = drawn(*price, events, buyer)
    notes: list[CreditDraft] = []
    for part in parts:
        chosen = [
            u.id
            for u in events
            if u.id.int % 6 == part % 6 and u.id not in {x.id for n in notes for x in n.units}
        ]
        state = billed(invoice, *price, events, buyer, notes)
        if not chosen:
            continue
        with suppress_code("credit-nothing-charged"):
            notes.append(credit(state, chosen))
    with suppress_code("invoice-fully-credited"):
        notes.append(credit(billed(invoice, *price, events, buyer, notes), None))
    assert money_sum((note.total for note in notes), "INR") == -invoice.total
    assert {u.id for note in notes for u in note.units} == {u.id for u in events}
    left = remaining([*invoice.payees, *(p for note in notes for p in note.payees)], "INR")
    assert all(p.fee.is_zero and p.payout.is_zero and p.units == 0 for p in left)
    books: dict[str, Money] = {}
    drafts: list[InvoiceDraft | CreditDraft] = [invoice, *notes]
    for one in drafts:
        postings = (
            *invoicing.sales_postings(one.net, one.taxes, buyer.id, "X"),
            *invoicing.payout_postings(one.payees, buyer.id, "X"),
        )
        balanced(postings)
        for side in postings:
            books[side.account] = books.get(side.account, Money.zero("INR")) + side.money
    assert all(balance.is_zero for balance in books.values())
    for note in notes:
        assert {t.amount for t in note.taxes if t.name in ("CGST", "SGST")}.__len__() <= 1, (
            "halves stay equal"
        )


@contextmanager
def suppress_code(code: str) -> Iterator[None]:
    """Let one refusal pass, and no other."""
    try:
        yield
    except DomainError as error:
        if error.code != code:
            raise


def balanced(postings: Sequence[Any]) -> None:
    assert money_sum((side.money for side in postings), "INR").is_zero


def test_a_part_is_credited_at_the_price_it_was_sold_and_clawed_back_from_who_finished_it() -> None:
    events = units(120, ALICE, BOB)
    invoice = drawn("flat", FLAT, events)
    note = credit(billed(invoice, "flat", FLAT, events, HERE), [events[0].id, events[2].id])
    assert amounts(note) == ("-7.00 INR", {"CGST": "-0.63 INR", "SGST": "-0.63 INR"}, "-8.26 INR")
    assert [(p.user_id, str(p.fee), str(p.payout), p.units) for p in note.payees] == [
        (ALICE, "-1.40 INR", "-5.60 INR", -2)
    ]
    assert not note.whole


def test_units_within_the_included_volume_cost_nothing_and_so_earn_no_credit() -> None:
    events = units(5)
    state = billed(drawn("hybrid", HYBRID, events), "hybrid", HYBRID, events, HERE)
    with pytest.raises(DomainError, match="credit-nothing-charged"):
        credit(state, [events[0].id])
    assert str(credit(state, None).net) == "-30000.00 INR"


def test_a_unit_is_credited_once_and_only_on_its_own_invoice() -> None:
    events = units(4)
    invoice = drawn("flat", FLAT, events)
    first = credit(billed(invoice, "flat", FLAT, events, HERE), [events[0].id])
    again = billed(invoice, "flat", FLAT, events, HERE, [first])
    with pytest.raises(DomainError, match="usage-already-credited"):
        credit(again, [events[0].id])
    with pytest.raises(DomainError, match="usage-not-on-invoice"):
        credit(again, [UUID(int=1)])
    rest = credit(again, None)
    with pytest.raises(DomainError, match="invoice-fully-credited"):
        credit(billed(invoice, "flat", FLAT, events, HERE, [first, rest]), None)


MAKER, CHECKER = Actor("user", str(ALICE)), Actor("user", str(BOB))


def head(state: str, kind: str = "invoice") -> InvoiceHead:
    return InvoiceHead(UUID(int=5), kind, state, MAKER.id, "INV/26-27/0001" if state == "issued" else None)


def test_one_who_drafted_does_not_approve() -> None:
    invoicing.check_approve(head("draft"), CHECKER)
    with pytest.raises(DomainError, match="invoice-own-draft"):
        invoicing.check_approve(head("draft"), MAKER)


@pytest.mark.parametrize(
    ("state", "code"),
    [("draft", "invoice-not-approved"), ("issued", "invoice-issued"), ("cancelled", "invoice-cancelled")],
)
def test_only_what_was_approved_is_issued(state: str, code: str) -> None:
    invoicing.check_issue(head("approved"))
    with pytest.raises(DomainError, match=code):
        invoicing.check_issue(head(state))


@pytest.mark.parametrize(("state", "code"), [("approved", "invoice-approved"), ("issued", "invoice-issued")])
def test_lines_change_in_a_draft_alone(state: str, code: str) -> None:
    invoicing.check_editable(head("draft"))
    with pytest.raises(DomainError, match=code):
        invoicing.check_editable(head(state))


def test_what_was_issued_is_credited_and_never_withdrawn() -> None:
    invoicing.check_creditable(head("issued"))
    invoicing.check_cancel(head("approved"), "wrong price")
    refused: list[tuple[Callable[[], None], str]] = [
        (lambda: invoicing.check_cancel(head("issued"), "x"), "invoice-issued"),
        (lambda: invoicing.check_cancel(head("draft"), " "), "reason-missing"),
        (lambda: invoicing.check_creditable(head("draft")), "invoice-not-issued"),
        (lambda: invoicing.check_creditable(head("issued", "credit_note")), "invoice-is-credit-note"),
    ]
    for check, code in refused:
        with pytest.raises(DomainError, match=code):
            check()


def test_a_month_is_locked_from_its_first_day_on() -> None:
    invoicing.check_lock("2026-11", "2026-11")
    with pytest.raises(DomainError, match="period-not-begun"):
        invoicing.check_lock("2026-12", "2026-11")
    with pytest.raises(DomainError, match="period-invalid"):
        invoicing.check_lock("2026-13", "2027-11")
