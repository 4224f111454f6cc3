"""Journals balance, are reversed instead of edited, and add up to a trial balance of zero."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketos.domain.errors import DomainError
from ticketos.domain.ledger import Journal, Posting, is_zero, reverse, trial_balance, validate
from ticketos.domain.money import Money

DAY = date(2026, 11, 21)


def inr(value: str | int | Decimal) -> Money:
    return Money.of(value, "INR")


SALE = Journal(
    "j1", "provider", DAY, "invoice 1",
    (
        Posting("receivables", inr("118.00"), {"client": "acme"}),
        Posting("revenue", inr("-100.00")),
        Posting("gst-payable", inr("-18.00")),
    ),
)  # fmt: skip


def codes(journal: Journal) -> list[str]:
    return [error.code for error in validate(journal)]


def test_a_balanced_journal_is_valid_and_one_paisa_more_is_not() -> None:
    assert validate(SALE) == ()
    crooked = replace(SALE, postings=(replace(SALE.postings[0], money=inr("118.01")), *SALE.postings[1:]))
    (error,) = validate(crooked)
    assert (error.code, error.journal_id) == ("journal-unbalanced", "j1")
    assert error.params == {"currency": "INR", "difference": "0.01"}


def test_each_currency_balances_on_its_own() -> None:
    mixed = (Posting("bank", inr(100)), Posting("bank-usd", Money.of(-100, "USD")))
    assert codes(replace(SALE, postings=mixed)) == ["journal-unbalanced", "journal-unbalanced"]
    exchange = (*mixed, Posting("fx", inr(-100)), Posting("fx", Money.of(100, "USD")))
    assert codes(replace(SALE, postings=exchange)) == []


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("journal-empty", {"postings": ()}),
        ("posting-zero", {"postings": (*SALE.postings, Posting("cash", inr(0)))}),
        ("account-missing", {"postings": (Posting(" ", inr(1)), Posting("cash", inr(-1)))}),
        ("posting-below-minor-unit", {"postings": (Posting("a", inr("0.005")), Posting("b", inr("-0.005")))}),
        ("book-missing", {"book": ""}),
        ("reverses-itself", {"reverses": "j1"}),
    ],
)  # fmt: skip
def test_every_fault_is_a_value_that_names_it(code: str, change: dict[str, object]) -> None:
    assert codes(SALE) == []
    assert code in codes(replace(SALE, **change))  # type: ignore[arg-type]


def test_a_reversal_undoes_the_journal_and_says_which() -> None:
    undone = reverse(SALE, "j2", date(2026, 12, 1))
    assert (undone.reverses, undone.date, undone.book) == ("j1", date(2026, 12, 1), "provider")
    assert undone.postings[0] == Posting("receivables", inr("-118.00"), {"client": "acme"})
    assert validate(undone) == ()
    assert all(balance.is_zero for balance in trial_balance([SALE, undone]).values())
    with pytest.raises(DomainError) as error:
        reverse(SALE, "j1", DAY)
    assert error.value.code == "journal-id-taken"


JOURNALS = st.lists(
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.decimals(-999, 999, places=2), st.sampled_from(["INR", "USD"])),
        min_size=1,
        max_size=5,
    ),
    max_size=6,
)


@given(JOURNALS)
def test_the_trial_balance_of_valid_journals_is_zero(drafts: list[list[tuple[str, Decimal, str]]]) -> None:
    journals = []
    for number, draft in enumerate(drafts):
        postings = [Posting(account, Money.of(amount, currency)) for account, amount, currency in draft]
        # Close every posting against one account, so that the journal balances per currency.
        postings += [Posting("contra", -posting.money) for posting in postings]
        journals.append(Journal(str(number), "b", DAY, "", tuple(postings)))
        assert all(error.code == "posting-zero" for error in validate(journals[-1]))
    trial = trial_balance(journals)
    assert is_zero(trial)
    assert list(trial) == sorted(trial)
    assert trial_balance(reversed(journals)) == trial


def test_a_crooked_trial_balance_is_not_zero() -> None:
    assert is_zero(trial_balance([SALE]))
    assert not is_zero(trial_balance([replace(SALE, postings=SALE.postings[:2])]))
