"""What waits in an inbox is counted once in a while, and at once where something may have changed it."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from api.portal import inbox
from api.portal.inbox import LIFE_S, Inboxes

ANNA, BEN = uuid4(), uuid4()


def test_a_count_is_believed_for_a_moment_and_shown_for_longer() -> None:
    at = [0.0]
    known = Inboxes(lambda: at[0])
    assert not known.fresh(ANNA) and known.last(ANNA) == 0
    known.keep(ANNA, 3)
    assert known.fresh(ANNA) and not known.fresh(BEN)
    at[0] = LIFE_S
    assert not known.fresh(ANNA) and known.last(ANNA) == 3


def test_what_was_read_is_counted_again() -> None:
    known = Inboxes(lambda: 0.0)
    known.keep(ANNA, 3)
    known.keep(BEN, 1)
    known.doubt((ANNA, uuid4()))
    assert not known.fresh(ANNA) and known.last(ANNA) == 3
    assert known.fresh(BEN)


def test_no_more_people_are_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "MOST", 10)
    known = Inboxes(lambda: 0.0)
    people = [UUID(int=n) for n in range(25)]
    for person in people:
        known.keep(person, 1)
        assert known.fresh(person)
        assert sum(known.fresh(one) for one in people) <= 10
