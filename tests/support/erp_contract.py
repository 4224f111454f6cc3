"""What every ERP behind the port must keep. A test module subclasses ``ErpContract`` and offers the fixtures ``erp`` (a fresh
adapter) and ``books`` (two books it may post in)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from ticketos.db.ids import new_id
from ticketos.domain.changes import PostJournal
from ticketos.domain.erp import Erp, Posted, Refused
from ticketos.domain.ledger import Posting
from ticketos.domain.money import Money


def entry(source: UUID | None = None, amount: str = "118.00", currency: str = "INR") -> PostJournal:
    """An invoice: expense against payable."""
    source = source or new_id()
    sides = (
        Posting("6000", Money.of(amount, currency), {"document": str(source)}),
        Posting("2100", Money.of(f"-{amount}", currency), {"document": str(source)}),
    )
    return PostJournal(
        new_id(), f"document:{new_id()}", date(2026, 11, 20), "Invoice 7", sides, "document", source
    )


def reversal(of: PostJournal, key: str | None = None) -> PostJournal:
    """The entry that undoes another."""
    back = tuple(Posting(side.account, -side.money, side.dimensions) for side in of.postings)
    return PostJournal(
        new_id(),
        key or f"reversal:{of.id}",
        date(2026, 11, 21),
        "Reversal",
        back,
        "reversal",
        of.source_id,
        of.id,
    )


def codes(answers: object) -> list[str]:
    """posted, repeated, or why it was refused."""
    assert isinstance(answers, (list, tuple))
    return [one.code if isinstance(one, Refused) else "posted" if one.new else "repeated" for one in answers]


class ErpContract:
    """The contract."""

    @pytest.fixture
    def erp(self) -> Erp:
        raise NotImplementedError

    @pytest.fixture
    def books(self) -> tuple[UUID, UUID]:
        raise NotImplementedError

    def test_an_entry_is_posted_under_a_reference_and_stands(
        self, erp: Erp, books: tuple[UUID, UUID]
    ) -> None:
        one, other = entry(), entry(amount="0.0001", currency="EUR")
        answers = erp.post(books[0], [one, other])
        assert codes(answers) == ["posted", "posted"]
        assert [answer.key for answer in answers] == [one.key, other.key]
        references = [answer.reference for answer in answers if isinstance(answer, Posted)]
        assert len(set(references)) == 2 and all(references)
        assert one.source_id and other.source_id
        standing = erp.standing(books[0], [one.source_id, other.source_id, new_id()])
        assert [(s.source_id, s.reference, s.booked_on, s.postings) for s in standing] == [
            (one.source_id, references[0], one.booked_on, one.postings),
            (other.source_id, references[1], other.booked_on, other.postings),
        ]

    def test_the_largest_amount_is_kept_exactly(self, erp: Erp, books: tuple[UUID, UUID]) -> None:
        most = entry(amount="9999999999999999.9999")
        assert codes(erp.post(books[0], [most])) == ["posted"]
        assert most.source_id
        (standing,) = erp.standing(books[0], [most.source_id])
        assert standing.postings == most.postings

    def test_the_same_key_again_is_the_same_entry(self, erp: Erp, books: tuple[UUID, UUID]) -> None:
        one = entry()
        (first,) = erp.post(books[0], [one])
        again = erp.post(books[0], [replace(one, id=new_id()), one])
        assert codes(again) == ["repeated", "repeated"]
        assert {a.reference for a in again if isinstance(a, Posted)} == {getattr(first, "reference", None)}
        assert one.source_id and len(erp.standing(books[0], [one.source_id])) == 1

    def test_what_is_refused_leaves_nothing_and_holds_up_nothing(
        self, erp: Erp, books: tuple[UUID, UUID]
    ) -> None:
        source, good = new_id(), entry()
        lopsided = replace(entry(source), postings=entry(source).postings[:1])
        fine = entry(source, "0.00001")
        huge = entry(source, "10000000000000000.00")
        beyond = entry(source, "1" + "0" * 30)
        empty = replace(entry(source), postings=())
        mixed = entry(source)
        mixed = replace(mixed, postings=(mixed.postings[0], entry(source, currency="EUR").postings[1]))
        nothing = replace(reversal(good), reverses=new_id(), source_id=source)
        answers = erp.post(books[0], [lopsided, fine, huge, beyond, empty, mixed, nothing, good])
        assert codes(answers) == [
            "journal-unbalanced",
            "amount-too-fine",
            "amount-too-large",
            "amount-too-large",
            "journal-empty",
            "journal-unbalanced",
            "entry-unknown",
            "posted",
        ]
        assert erp.standing(books[0], [source]) in ([], ())

    def test_a_refused_key_may_be_posted_when_it_is_right(self, erp: Erp, books: tuple[UUID, UUID]) -> None:
        right = entry()
        assert codes(erp.post(books[0], [replace(right, postings=right.postings[:1])])) == [
            "journal-unbalanced"
        ]
        assert codes(erp.post(books[0], [right])) == ["posted"]

    def test_an_entry_is_reversed_once_and_stands_no_more(self, erp: Erp, books: tuple[UUID, UUID]) -> None:
        one = entry()
        assert one.source_id
        erp.post(books[0], [one])
        back = reversal(one)
        assert codes(erp.post(books[0], [back])) == ["posted"]
        assert codes(erp.post(books[0], [replace(back, id=new_id())])) == ["repeated"]
        assert codes(erp.post(books[0], [reversal(one, "another key")])) == ["entry-reversed"]
        assert list(erp.standing(books[0], [one.source_id])) == []
        again = entry(one.source_id, "120.00")
        assert codes(erp.post(books[0], [again])) == ["posted"]
        (standing,) = erp.standing(books[0], [one.source_id])
        assert standing.postings == again.postings

    def test_posted_and_reversed_in_one_call(self, erp: Erp, books: tuple[UUID, UUID]) -> None:
        one = entry()
        assert codes(erp.post(books[0], [one, reversal(one)])) == ["posted", "posted"]
        assert one.source_id and list(erp.standing(books[0], [one.source_id])) == []

    def test_a_book_knows_nothing_of_anothers(self, erp: Erp, books: tuple[UUID, UUID]) -> None:
        one = entry()
        assert one.source_id
        erp.post(books[0], [one])
        assert list(erp.standing(books[1], [one.source_id])) == []
        assert codes(erp.post(books[1], [reversal(one)])) == ["entry-unknown"]
