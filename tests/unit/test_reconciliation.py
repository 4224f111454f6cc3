"""A day's documents against the book: sums that must agree, and each disagreement by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketos.domain.reconciliation import (
    BUCKETS,
    WORDS,
    Announced,
    Entry,
    Received,
    day_bounds,
    due_days,
    reconcile,
)

DAY = date(2026, 11, 21)
TICKET = UUID(int=1)
GOOD = Received(
    UUID(int=10),
    TICKET,
    "ACME-26-000001",
    "a.pdf",
    "posted",
    "invoice",
    "INR",
    "118.00",
    "J-000001",
    (Entry("J-000001", "INR", Decimal("118")),),
)


def codes(*documents: Received, announced: tuple[Announced, ...] = ()) -> list[str]:
    return [one.code for one in reconcile(DAY, documents, announced).differences]


def test_a_posted_document_with_its_entry_agrees() -> None:
    report = reconcile(DAY, [GOOD], [Announced(TICKET, "ACME-26-000001", 1, 1)])
    assert report.differences == ()
    assert report.references == ("J-000001",)
    assert report.values == {
        "INR": {
            "received": Decimal(118),
            "posted": Decimal(118),
            "rejected": 0,
            "quarantined": 0,
            "open": 0,
            "booked": Decimal(118),
        }
    }


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (replace(GOOD, entries=()), "posted-without-entry"),
        (replace(GOOD, entries=(Entry("J-000001", "INR", Decimal("117.99")),)), "entry-total-differs"),
        (replace(GOOD, entries=(Entry("J-000001", "EUR", Decimal("118")),)), "entry-total-differs"),
        (
            replace(GOOD, entries=(*GOOD.entries, Entry("J-000002", "INR", Decimal("118")))),
            "entry-posted-twice",
        ),
        (replace(GOOD, reference=None), "reference-missing"),
        (replace(GOOD, reference="J-000009"), "reference-differs"),
        (replace(GOOD, state="rejected"), "entry-without-posting"),
        (replace(GOOD, withdrawn=True), "entry-without-posting"),
        (replace(GOOD, doc_type="credit_note"), "entry-total-differs"),
    ],
)
def test_each_disagreement_has_a_name(document: Received, code: str) -> None:
    assert codes(document) == [code]
    assert code in WORDS


def test_what_needs_no_entry_has_none() -> None:
    order = replace(GOOD, doc_type="purchase_order", entries=(), reference="REG-ACME-26-000001-1")
    assert codes(order) == []
    assert codes(replace(GOOD, total="0.00", entries=())) == []
    assert (
        codes(replace(GOOD, doc_type="credit_note", entries=(Entry("J-000001", "INR", Decimal("-118")),)))
        == []
    )


def test_a_document_in_rework_keeps_its_entry_until_the_next() -> None:
    assert codes(replace(GOOD, state="keying")) == []


def test_two_documents_with_one_reference_are_both_named() -> None:
    assert codes(GOOD, replace(GOOD, id=UUID(int=11))) == ["reference-shared", "reference-shared"]


def test_a_ticket_that_counts_other_documents_than_are_kept_is_named() -> None:
    assert codes(GOOD, announced=(Announced(TICKET, "ACME-26-000001", 2, 1),)) == ["documents-missing"]


STATES = st.sampled_from(["posted", "rejected", "quarantined", "received", "reading", "keying", "ready"])


@given(
    st.lists(
        st.tuples(STATES, st.booleans(), st.sampled_from(["INR", "EUR"]), st.decimals("0", "9999", places=2)),
        max_size=30,
    )
)
def test_received_is_the_sum_of_what_became_of_it(found: list[tuple[str, bool, str, Decimal]]) -> None:
    documents = [
        replace(GOOD, id=UUID(int=100 + n), state=state, withdrawn=gone, currency=currency, total=str(total))
        for n, (state, gone, currency, total) in enumerate(found)
    ]
    report = reconcile(DAY, documents, ())
    assert report.counts["received"] == len(documents) == sum(report.counts[name] for name in BUCKETS)
    for sums in report.values.values():
        assert sums["received"] == sum((sums[name] for name in BUCKETS), Decimal(0))


def test_a_day_is_the_clients_own_and_may_have_another_length() -> None:
    assert day_bounds(DAY, "Asia/Kolkata") == (
        datetime(2026, 11, 20, 18, 30, tzinfo=UTC),
        datetime(2026, 11, 21, 18, 30, tzinfo=UTC),
    )
    first, following = day_bounds(date(2026, 10, 25), "Europe/Berlin")
    assert following - first == timedelta(hours=25)


def test_a_tick_goes_back_to_the_last_day_done() -> None:
    at = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)  # the 21st, 00:30 in Kolkata
    assert due_days(at, "Asia/Kolkata", None) == (date(2026, 11, 20),)
    assert due_days(at, "Asia/Kolkata", date(2026, 11, 17)) == (
        date(2026, 11, 18),
        date(2026, 11, 19),
        date(2026, 11, 20),
    )
    assert due_days(at, "Asia/Kolkata", date(2026, 11, 20)) == ()
    assert len(due_days(at, "Asia/Kolkata", date(2020, 1, 1))) == 31
