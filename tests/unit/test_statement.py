"""A statement of account adds up, whatever was issued, credited and disputed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketos.domain.errors import DomainError
from ticketos.domain.statement import AGES, Paper, statement

TODAY = date(2026, 11, 23)


def bill(n: int, on: date, amount: str, due: int = 30, disputed: str = "0", currency: str = "INR") -> Paper:
    due_on = on + timedelta(days=due)
    return Paper(
        UUID(int=n), "invoice", f"INV/{n:04}", on, due_on, Decimal(amount), currency, None, Decimal(disputed)
    )


def note(n: int, on: date, amount: str, of: int, currency: str = "INR") -> Paper:
    return Paper(UUID(int=n), "credit_note", f"CN/{n:04}", on, None, -Decimal(amount), currency, UUID(int=of))


def test_balances_run_from_what_was_open_before_to_what_is_open_now() -> None:
    papers = [
        bill(1, date(2026, 8, 1), "100"),
        bill(2, date(2026, 10, 5), "50", disputed="20"),
        note(3, date(2026, 10, 20), "10", of=1),
        bill(4, date(2026, 12, 1), "999"),
    ]
    (account,) = statement(papers, date(2026, 10, 1), TODAY)
    assert (account.opening, account.invoiced, account.credited) == (
        Decimal(100), Decimal(50), Decimal(-10),
    )  # fmt: skip
    assert [entry.balance for entry in account.entries] == [Decimal(150), Decimal(140)]
    assert (account.closing, account.payable) == (Decimal(140), Decimal(120))
    assert account.ageing["days_90"] == 90  # 31 August to 23 November: 84 days
    assert account.ageing["days_30"] == 30  # less what is in dispute
    assert account.ageing["disputed"] == 20


@pytest.mark.parametrize(
    ("late", "age"),
    [(-5, "not_due"), (0, "not_due"), (1, "days_30"), (30, "days_30"), (31, "days_60"), (60, "days_60"),
     (61, "days_90"), (90, "days_90"), (91, "over_90")],
)  # fmt: skip
def test_the_day_after_it_was_due_an_invoice_is_one_day_late(late: int, age: str) -> None:
    (account,) = statement(
        [bill(1, TODAY - timedelta(days=late + 30), "7")], TODAY, TODAY + timedelta(days=0)
    )
    assert {name for name, amount in account.ageing.items() if amount} == {age}


def test_currencies_are_accounts_of_their_own_and_days_must_not_cross() -> None:
    found = statement([bill(1, TODAY, "1"), bill(2, TODAY, "2", currency="EUR")], TODAY, TODAY)
    assert [(one.currency, one.closing) for one in found] == [("EUR", Decimal(2)), ("INR", Decimal(1))]
    with pytest.raises(DomainError, match="days-crossed"):
        statement([], TODAY, TODAY - timedelta(days=1))
    with pytest.raises(DomainError, match="span-too-long"):
        statement([], TODAY - timedelta(days=4000), TODAY)


@given(
    st.lists(
        st.tuples(st.integers(-400, 0), st.integers(1, 9999), st.integers(0, 9999), st.integers(0, 9999)),
        max_size=12,
    ),
    st.integers(0, 400),
)
def test_the_ages_add_up_to_the_balance(rows: list[tuple[int, int, int, int]], back: int) -> None:
    papers: list[Paper] = []
    for n, (days, amount, credited, disputed) in enumerate(rows, start=1):
        on = TODAY + timedelta(days=days)
        papers.append(bill(n, on, str(amount), disputed=str(disputed)))
        if credited:
            papers.append(note(1000 + n, on, str(min(credited, amount)), of=n))
    for account in statement(papers, TODAY - timedelta(days=back), TODAY):
        assert sum(account.ageing[name] for name in AGES) == account.closing
        assert account.opening + account.invoiced + account.credited == account.closing
        assert account.payable <= account.closing
