"""Who is asked how it was, and who gets a way back: the requester for contact work, the client's user else."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from activities.closure import ClosureActivities
from schemas.ticket import StageCommand
from tests.support.memory import ACME, START, MemoryStore, World, contract, ticket
from ticketos.ai.extract.limits import REASONS
from ticketos.channels.email.mails import LINKED, NOT_PROCESSED, About, render
from ticketos.domain import closure
from ticketos.domain.changes import AskSurvey, SendMail
from ticketos.lines.data_entry.keying import REJECTIONS

BOSS, RAVI = "boss@acme.example", "ravi@acme.example"


def close(
    contact: bool, last: datetime | None = None, terms: Any = None, client: Any = ACME, **values: Any
) -> tuple[list[SendMail], list[AskSurvey]]:
    ids = itertools.count(1)
    verdict = closure.close(
        ticket(**values), client, contract(terms), {}, last, START, lambda: UUID(int=next(ids)), contact
    )
    return (
        [c for c in verdict.changes if isinstance(c, SendMail)],
        [c for c in verdict.changes if isinstance(c, AskSurvey)],
    )


def test_contact_work_asks_the_requester_and_offers_the_way_back() -> None:
    (mail,), (asked,) = close(True)
    assert (mail.template, mail.to, mail.values.get("contact"), asked.recipient) == (
        "survey",
        RAVI,
        True,
        RAVI,
    )


def test_back_office_work_asks_the_clients_user_as_before() -> None:
    (mail,), (asked,) = close(False)
    assert (mail.template, mail.to, "contact" in mail.values, asked.recipient) == (
        "survey",
        BOSS,
        False,
        BOSS,
    )
    (mail,), _ = close(False, client=replace(ACME, approver_email=None))
    assert mail.to == RAVI


@pytest.mark.parametrize(
    ("last", "terms"),
    [(START - timedelta(days=6), None), (None, {"survey": {"ask": False}})],
    ids=["asked lately", "not to be asked"],
)
def test_who_is_not_asked_still_gets_the_closing_mail_of_contact_work(last: Any, terms: Any) -> None:
    (mail,), asked = close(True, last, terms)
    assert (mail.template, mail.to, asked) == ("closed", RAVI, [])
    assert close(False, last, terms) == ([], [])
    assert close(True, START - timedelta(days=8))[0][0].template == "survey"


@pytest.mark.parametrize(("units", "asked"), [(0, False), (1, True)])
def test_nobody_is_asked_how_it_was_where_nothing_was_delivered(units: int, asked: bool) -> None:
    children = {"billing": ticket(kind="billing", detail={"units": units})}
    ids = itertools.count(1)
    verdict = closure.close(
        ticket(), ACME, contract(), children, None, START, lambda: UUID(int=next(ids)), False
    )
    assert any(isinstance(c, AskSurvey) for c in verdict.changes) is asked


def test_every_reason_for_leaving_a_document_out_has_words() -> None:
    assert {*REASONS, *REJECTIONS, "rework-limit"} == set(NOT_PROCESSED)
    about = About("ACME-26-000001", "Invoices", "Acme", "UTC", "https://x/a/1")
    gone = [{"file": "a.pdf", "state": "quarantined", "reason": "too-heavy"}]
    alone = render("not_processed", {"files": gone, "delivered": 0}, about).text
    assert "any file of request ACME-26-000001" in alone
    assert "- a.pdf: reading it took more time or memory than a document may take." in alone
    asked = render("approval", {"units": 1, "documents": 2, "not_delivered": gone}, about).text
    assert "a.pdf (reading it took" in asked
    assert "too-heavy" not in alone + asked


def test_a_machine_that_wrote_gets_no_mail() -> None:
    (mail,), _ = close(True, detail={"suppress_reply": "auto-submitted"})
    assert (mail.to, "contact" in mail.values) == (BOSS, False)
    assert close(True, requester_email="", client=replace(ACME, approver_email=None)) == ([], [])


@pytest.mark.parametrize(
    ("line", "to"), [("it_helpdesk", RAVI), ("customer_support", RAVI), ("hr_recruitment", BOSS)]
)
def test_the_line_says_whether_it_is_contact_work(line: str, to: str) -> None:
    agreed = contract(service_line=line)
    request = ticket(service_line=line, contract_id=agreed.id)
    store = MemoryStore(World(contracts=[agreed], tickets={request.id: request}))
    command = StageCommand(ticket_id=request.id, client_id=request.client_id)
    assert ClosureActivities(store).close(command).outcome == "closed"
    assert {mail.to for mail in store.world.mails.values()} == {to}


def test_the_mails_carry_the_links_they_are_sent_for() -> None:
    about = About("ACME-26-000001", "Locked out", "Acme", "UTC", "https://x/s/1", "https://x/r/2")
    both = render("survey", {"contact": True}, about).text
    assert "https://x/s/1" in both
    assert "https://x/r/2" in both
    closed = render("closed", {"contact": True}, replace(about, link=""))
    assert "https://x/r/2" in closed.text
    assert "ACME-26-000001" in closed.subject
    assert "https://x/r/" not in render("survey", {}, replace(about, repeat="")).text
    assert "closed" not in LINKED
