"""Resolved, contained and first-contact are three flags of a request, each by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.portal.catalogue import Texts
from ticketos.domain.contacts import WINDOW, Contact, contained, first_contact, known, matter, resolved
from ticketos.domain.measures import BY_KEY
from ticketos.lines import LINES

CAME = datetime(2026, 11, 2, 9, tzinfo=UTC)
CLOSED = CAME + timedelta(hours=5)
NOW = CLOSED + WINDOW
DONE = Contact("closed", CAME, CLOSED)


def test_the_three_flags_do_not_follow_from_each_other() -> None:
    by_hand = replace(DONE, touched=True)
    assert (resolved(by_hand), contained(by_hand), first_contact(by_hand, NOW)) == (True, False, True)
    twice = replace(DONE, wrote=(CAME + timedelta(hours=1),))
    assert (resolved(twice), contained(twice), first_contact(twice, NOW)) == (True, True, False)
    both = replace(by_hand, wrote=twice.wrote)
    assert (resolved(both), contained(both), first_contact(both, NOW)) == (True, False, False)


@pytest.mark.parametrize("state", ["open", "cancelled"])
def test_what_was_not_resolved_is_none_of_them(state: str) -> None:
    other = replace(DONE, state=state)
    assert not resolved(other)
    assert not contained(other)
    assert not first_contact(other, NOW)


@pytest.mark.parametrize(
    "how",
    [
        {"wrote": (CAME + timedelta(minutes=1),)},
        {"asked": True},
        {"passed_on": True},
        {"escalated": True},
        {"returned": True},
        {"life": 2},
        {"came_again": CLOSED + WINDOW},
    ],
)
def test_anything_more_than_the_first_message_is_no_first_contact(how: dict[str, Any]) -> None:
    assert first_contact(DONE, NOW)
    assert not first_contact(replace(DONE, **how), NOW + timedelta(days=30))


def test_what_comes_after_the_close_or_after_the_window_is_another_matter() -> None:
    thanks = replace(DONE, wrote=(CLOSED + timedelta(minutes=1),))
    assert first_contact(thanks, NOW)
    later = replace(DONE, came_again=CLOSED + WINDOW + timedelta(seconds=1))
    assert first_contact(later, NOW + timedelta(days=2))


def test_first_contact_is_known_only_when_the_window_is_over() -> None:
    assert not known(DONE, NOW - timedelta(seconds=1))
    assert not first_contact(DONE, NOW - timedelta(seconds=1))
    assert known(DONE, NOW)


def test_the_matter_is_the_kind_of_request_or_else_its_subject() -> None:
    assert matter("it_helpdesk", "password", "Help") == matter("it_helpdesk", "password", "Locked out")
    assert matter("it_helpdesk", "general", "Re: [ACME-26-000001] Printer  jams") == matter(
        "it_helpdesk", None, "printer jams"
    )
    assert matter("it_helpdesk", None, "Printer jams") != matter("customer_support", None, "Printer jams")
    assert matter("it_helpdesk", "general", "Printer") != matter("it_helpdesk", "general", "Screen")


def test_the_definition_names_the_window_and_the_lines() -> None:
    means = Texts()("measures.first_contact.means")
    assert f"within {WINDOW.days} days" in means
    assert f"{WINDOW.days} days" in BY_KEY["first_contact"].leaves_out
    for line in (one for one in LINES if one.contact):
        assert line.key.replace("_", " ") in means.lower(), line.key
