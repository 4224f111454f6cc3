"""What may be disputed, until when, and what an acceptance takes back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tests.unit.test_invoicing import FLAT, HERE, HYBRID, billed, drawn, units
from ticketos.domain.ai_use import differences
from ticketos.domain.calendar import ALWAYS
from ticketos.domain.crediting import Billed
from ticketos.domain.disputing import Raised, Standing, check_invoice, open_until, raise_, to_credit
from ticketos.domain.errors import DomainError
from ticketos.domain.invoicing import InvoiceHead
from ticketos.domain.terms import DisputeTerms

ISSUED = date(2026, 12, 1)
NOW = datetime(2026, 12, 3, 9, tzinfo=UTC)
HEAD = InvoiceHead(UUID(int=1), "invoice", "issued", "maker", "INV/1")
TERMS = DisputeTerms()


def sold(kind: str, data: dict[str, Any], count: int) -> Billed:
    events = units(count)
    return billed(drawn(kind, data, events), kind, data, events, HERE)


def asked(invoice: Billed, about: Standing, *standing: Standing, **more: Any) -> Raised:
    values = {
        "reason": "Counted twice",
        "now": NOW,
        "today": NOW.date(),
        "terms": TERMS,
        "head": HEAD,
        **more,
    }
    check_invoice(values["head"], ISSUED, values["terms"], values["reason"], values["today"])
    return raise_(invoice, about, standing, values["terms"], ALWAYS, values["now"])


def test_a_line_and_a_unit_are_worth_what_a_credit_note_would_take_back() -> None:
    invoice = sold("flat", FLAT, 4)
    line = invoice.lines[0]
    whole = asked(invoice, Standing(line.id))
    assert (whole.net.amount, whole.total.amount) == (Decimal(14), Decimal("16.52"))
    unit = asked(invoice, Standing(line.id, line.line.usage[0]))
    assert str(unit.net.amount) == "3.50"
    assert whole.due_at > NOW + timedelta(days=4)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"reason": "  "}, "reason-missing"),
        ({"today": ISSUED + timedelta(days=31)}, "dispute-too-late"),
        ({"terms": DisputeTerms(within_days=0)}, "dispute-not-agreed"),
        ({"head": InvoiceHead(UUID(int=1), "invoice", "draft", "maker")}, "invoice-not-issued"),
        (
            {"head": InvoiceHead(UUID(int=1), "credit_note", "issued", "maker", "CN/1")},
            "invoice-is-credit-note",
        ),
    ],
)
def test_only_an_issued_invoice_within_the_agreed_days_is_disputed(change: dict[str, Any], code: str) -> None:
    invoice = sold("flat", FLAT, 4)
    about = Standing(invoice.lines[0].id)
    assert asked(invoice, about, today=ISSUED + timedelta(days=30)).net.amount == 14
    with pytest.raises(DomainError, match=f"^{code}"):
        asked(invoice, about, **change)


def test_a_line_holds_its_units_and_two_units_stand_side_by_side() -> None:
    invoice = sold("flat", FLAT, 4)
    line, (one, two, *_) = invoice.lines[0].id, invoice.lines[0].line.usage
    assert str(asked(invoice, Standing(line, two), Standing(line, one)).net.amount) == "3.50"
    for about, standing in (
        (Standing(line), Standing(line, one)),
        (Standing(line, one), Standing(line)),
        (Standing(line, one), Standing(line, one)),
    ):
        with pytest.raises(DomainError, match=r"^dispute-standing"):
            asked(invoice, about, standing)


def test_a_unit_within_the_included_volume_has_nothing_to_dispute() -> None:
    invoice = sold("hybrid", HYBRID, 4)
    base = invoice.lines[0]
    with pytest.raises(DomainError, match=r"^(dispute-nothing-charged|usage-not-on-invoice)"):
        asked(invoice, Standing(base.id, units(4)[0].id))
    assert to_credit(invoice, Standing(base.id), None) == (True, None)  # it is all there is


def test_what_finance_grants_lies_within_what_is_disputed() -> None:
    invoice = sold("flat", FLAT, 4)
    line, (one, two, *_) = invoice.lines[0].id, invoice.lines[0].line.usage
    assert to_credit(invoice, Standing(line, one), None) == (True, (one,))
    assert to_credit(invoice, Standing(line), (one, two)) == (True, (one, two))
    assert to_credit(invoice, Standing(line), None) == (True, None)
    with pytest.raises(DomainError, match=r"^dispute-units-others"):
        to_credit(invoice, Standing(line, one), (two,))


def test_the_page_offers_a_dispute_while_the_rule_takes_one() -> None:
    assert open_until(HEAD, ISSUED, TERMS, ISSUED + timedelta(days=30)) == ISSUED + timedelta(days=30)
    assert open_until(HEAD, ISSUED, TERMS, ISSUED + timedelta(days=31)) is None
    assert open_until(HEAD, ISSUED, DisputeTerms(within_days=0), ISSUED) is None


def test_a_change_of_ai_is_told_as_the_values_that_differ() -> None:
    before = {"ai": {"modes": {"reading": "act"}, "field_thresholds": {"total": "0.99"}}}
    after = {"ai": {"escalate": {"amount_over": {"INR": "100"}}}, "sla": {"ladder_s": [0]}}
    found = {one.what: (one.before, one.after) for one in differences(before, after)}
    assert found == {
        "mode.reading": ("act", "act with approval"),
        "field.total": ("99 %", ""),
        "asks.amount_over": ("", "INR 100"),
    }
    assert differences(before, {**before, "sla": {"ladder_s": [0]}}) == ()
    assert differences(None, after) == ()
