"""What a message becomes: new request, answer, double or noise; and the number a request gets."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from ticketos.domain.errors import DomainError
from ticketos.domain.intake import Known, Route, ThreadTicket, fiscal_year, route, same_subject, ticket_number
from ticketos.domain.intake_types import SUPPRESS_REASONS, Intake, SuppressReason

ONE, TWO = UUID(int=1), UUID(int=2)


def message(subject: str = "Re: Invoices", suppress: SuppressReason | None = None) -> Intake:
    return Intake(
        channel="email",
        external_id="<m@x>",
        recipient="acme@tickets.example",
        sender="a@x.example",
        sender_name="A",
        subject=subject,
        text="text",
        full_text="text",
        attachments=(),
        received_at=datetime(2026, 11, 21, tzinfo=UTC),
        sent_at=None,
        thread_tokens=(),
        in_reply_to=None,
        references=(),
        suppress_reply=suppress,
        headers=(),
    )


def ticket(state: str = "open", ticket_id: UUID = ONE) -> ThreadTicket:
    return ThreadTicket(ticket_id, state, "Invoices")


def test_the_same_message_is_the_same_ticket_whatever_else_is_known() -> None:
    assert route(message(), Known(same_message=ONE, signed=ticket(ticket_id=TWO))) == Route("duplicate", ONE)


def test_a_message_of_no_thread_is_a_new_request() -> None:
    assert route(message(), Known()) == Route("new")


@pytest.mark.parametrize("state", ["open", "paused", "parked", "needs_attention"])
def test_an_answer_to_an_open_ticket_joins_it_and_wakes_it(state: str) -> None:
    assert route(message(), Known(signed=ticket(state))) == Route("reply", ONE, wakes=True)


@pytest.mark.parametrize("state", ["closed", "cancelled"])
def test_an_answer_to_a_finished_ticket_is_a_new_request_linked_to_it(state: str) -> None:
    assert route(message(), Known(signed=ticket(state))) == Route("new", follow_up_of=ONE)


def test_a_signed_address_wins_over_a_reference() -> None:
    assert route(message(), Known(signed=ticket(), referenced=ticket(ticket_id=TWO))).ticket_id == ONE


def test_a_reference_counts_only_with_the_same_subject() -> None:
    known = Known(referenced=ticket())
    assert route(message("AW: Re: [ACME-26-000001] invoices"), known) == Route("reply", ONE, wakes=True)
    assert route(message("Something new"), known) == Route("new")


@pytest.mark.parametrize("reason", ["out-of-office", "bounce-permanent", "bounce-temporary", "loop"])
def test_an_echo_of_our_mail_wakes_nobody_and_never_becomes_a_request(reason: SuppressReason) -> None:
    lost = reason == "bounce-permanent"
    assert route(message(suppress=reason), Known(signed=ticket("paused"))) == Route("reply", ONE, lost=lost)
    assert route(message(suppress=reason), Known(signed=ticket("closed"))) == Route("reply", ONE, wakes=False)
    assert route(message(suppress=reason), Known()) == Route("refused", code=f"intake-{reason}")


@pytest.mark.parametrize(
    "reason", sorted({*SUPPRESS_REASONS} - {"out-of-office", "bounce-permanent", "bounce-temporary", "loop"})
)
def test_other_automatic_mail_is_work_like_any_other(reason: SuppressReason) -> None:
    assert route(message(suppress=reason), Known()) == Route("new")
    assert route(message(suppress=reason), Known(signed=ticket())) == Route("reply", ONE, wakes=True)


def test_subjects_agree_without_their_answer_marks() -> None:
    assert same_subject("Re[2]: Fwd:  Invoices  of\tMay", "invoices of may")
    assert not same_subject("Re: Invoices of May", "Invoices of June")


@pytest.mark.parametrize(
    ("day", "year"),
    [(date(2026, 3, 31), "25"), (date(2026, 4, 1), "26"), (date(2027, 1, 1), "26"), (date(2100, 4, 1), "00")],
)
def test_the_fiscal_year_begins_in_april(day: date, year: str) -> None:
    assert fiscal_year(day) == year


def test_numbers_are_six_digits_and_grow_beyond() -> None:
    assert ticket_number("ACME", "26", 123) == "ACME-26-000123"
    assert ticket_number("ACME", "26", 1_234_567) == "ACME-26-1234567"
    with pytest.raises(DomainError, match="ticket-number-invalid"):
        ticket_number("ACME", "26", 0)
