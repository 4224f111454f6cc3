"""First light: a mail with one PDF is read, keyed, reviewed, signed off by a mailed link, billed and proven.

Nothing but public doors: SMTP, the HTTP API, the pages behind signed links, the command line.
"""

from __future__ import annotations

import json
import re
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import pytest

from tests.support import site
from tests.support.model_server import ModelServer, model_server
from ticketos.dev.first_run import first_account
from ticketos.dev.sim.documents import generate
from ticketos.dev.stack import Stack, StackUrls

T = TypeVar("T")
PASSWORD = "correct horse battery staple"
WAIT_S = 60.0


class Person:
    """Somebody signed in."""

    def __init__(self, base: str, email: str, password: str) -> None:
        self.http = httpx2.Client(base_url=base, timeout=30)
        answer = self.http.post("/v1/sessions", json={"email": email, "password": password, "cookie": False})
        assert answer.status_code == 201, answer.text
        self.http.headers["Authorization"] = f"Bearer {answer.json()['token']}"

    def get(self, path: str, **params: Any) -> Any:
        answer = self.http.get(path, params=params)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json()

    def post(self, path: str, body: Any, expect: int = 200) -> Any:
        answer = self.http.post(path, json=body)
        assert answer.status_code == expect, (path, answer.status_code, answer.text)
        return answer.json() if answer.content else None


def eventually(look: Callable[[], T | None], what: str) -> T:
    """Look again until there is something to see."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"never came: {what}")


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    """The model outside that the installation names: it sees nothing on any paper."""
    with model_server() as server, pytest.MonkeyPatch.context() as set_up:
        set_up.setenv("TICKETOS_MODEL_URL", server.url)
        set_up.setenv("TICKETOS_MODEL_NAME", "small-reader")
        set_up.setenv("TICKETOS_MODEL_PRICE_IN", "2.50")
        yield server


@pytest.fixture(scope="module")
def stack(model: ModelServer) -> Iterator[tuple[StackUrls, Person]]:
    with Stack(temporary=True, web_ui=False) as urls:
        account = first_account(urls.database, urls.home)
        assert account is not None
        yield urls, Person(urls.portal, account.email, account.password)


def furnish(admin: Person) -> str:
    """A client with a contract that reviews everything, and three people; returns the client's id."""
    home = admin.get("/v1/me")["client_id"]
    answer = admin.http.patch(f"/v1/clients/{home}", json={"state_code": "29", "name": "Provider Services"})
    assert answer.status_code == 200, answer.text
    client = admin.post(
        "/v1/clients",
        {
            "slug": "acme",
            "prefix": "ACME",
            "name": "Acme Foods",
            "state_code": "27",
            "approver_email": "boss@acme.example",
        },
        201,
    )
    admin.post(
        "/v1/contracts",
        {
            "client_id": client["id"],
            "number": "SOW-1",
            "name": "Invoices",
            "service_line": "data_entry",
            "starts_on": "2024-01-01",
            "terms": {
                "ai": {"engines": {"reading": "second opinion"}, "spend_cap": {"USD": "1.00"}},
                "qa": {"sample_rate": "1"},
                "pricing": {"kind": "flat", "data": {"unit_price": "3.50"}, "currency": "INR"},
            },
        },
        201,
    )
    for name, role, skill in (
        ("asha", "agent", "data_entry"),
        ("vikram", "qa", "qa"),
        ("meera", "finance", None),
        ("farid", "finance", None),
    ):
        admin.post(
            "/v1/users",
            {
                "email": f"{name}@provider.example",
                "name": name.title(),
                "password": PASSWORD,
                "grants": [{"role": role, "client_id": None}],
                **({"skills": [skill], "certifications": {skill: None}} if skill else {}),
            },
            201,
        )
    return str(client["id"])


def mail_with(document: Any, urls: StackUrls) -> None:
    message = EmailMessage()
    message["From"], message["To"] = "ravi@acme.example", "acme@tickets.localhost"
    message["Subject"], message["Message-ID"] = "Invoice to enter", "<one@acme.example>"
    message.set_content("Please enter the attached invoice.")
    kind, _, sub = document.content_type.partition("/")
    message.add_attachment(document.content, maintype=kind, subtype=sub, filename=document.filename)
    with smtplib.SMTP("127.0.0.1", urls.mail_port, timeout=20) as server:
        server.send_message(message)


def mailed_link(home: Path, page: str) -> str:
    def look() -> str | None:
        for file in sorted((home / "mail").glob("**/*.eml")):
            text = BytesParser(policy=default).parsebytes(file.read_bytes()).get_body(("plain",))
            found = re.search(rf"http\S+/{page}/\S+", text.get_content() if text else "")
            if found:
                return found[0]
        return None

    return eventually(look, f"a mail with a /{page}/ link")


def faults_of(link: str) -> list[str]:
    """What axe finds on a page, and what the browser complains of, at both widths and in both themes."""
    faults: list[str] = []
    with site.chromium() as browser:
        page = browser.new_page(**site.STILL)
        page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
        page.on(
            "request",
            lambda r: faults.append(r.url) if not r.url.startswith("http://localhost") else None,
        )
        page.goto(link)
        faults += site.faults_in_shapes(page, link)
    return faults


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_mailed_invoice_is_read_keyed_reviewed_signed_off_billed_and_proven(
    stack: tuple[StackUrls, Person], model: ModelServer
) -> None:
    urls, admin = stack
    client_id = furnish(admin)
    paper = generate("invoice", 7)
    mail_with(paper, urls)
    agent, reviewer = (Person(urls.portal, f"{n}@provider.example", PASSWORD) for n in ("asha", "vikram"))

    task = eventually(
        lambda: next((t for t in agent.get("/v1/tasks")["items"] if t["kind"] == "keying"), None),
        "keying task",
    )
    (contract,) = admin.get("/v1/contracts", client_id=client_id)["items"]
    (spend,) = admin.get(f"/v1/contracts/{contract['id']}/model-spend")
    assert (spend["model"], spend["answered"], spend["spent"]) == ("small-reader", 1, "0.002500")
    assert len(model.asked) == 1 and "@" not in model.sent()[0]
    typed = {name: value for name, value in paper.truth.fields.items() if value is not None}
    refused = agent.http.post(
        f"/v1/tasks/{task['id']}/complete", json={"result": {"fields": {"total": "twelve"}}}
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "amount-unreadable")
    agent.post(
        f"/v1/tasks/{task['id']}/complete",
        {"result": {"doc_type": "invoice", "fields": typed, "override_reason": "as printed"}},
    )

    review = eventually(
        lambda: next((t for t in reviewer.get("/v1/tasks")["items"] if t["kind"] == "qa_review"), None),
        "review",
    )
    reviewer.post(f"/v1/tasks/{review['id']}/complete", {"result": {"verdict": "pass"}})

    link = mailed_link(urls.home, "a")
    page = httpx2.get(link)
    assert page.status_code == 200 and re.search(r"ACME-\d\d-000001", page.text)
    ticket = admin.get("/v1/tickets", state="open")["items"][0]
    assert ticket["stage"] == "approval", "opening the link must not act"
    assert faults_of(link) == []
    form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    signed = httpx2.post(link, data={**form, "decision": "accept"}, headers={"Origin": urls.portal})
    assert signed.status_code in (200, 303), signed.text

    survey = mailed_link(urls.home, "s")
    assert faults_of(survey) == []
    answer = httpx2.post(
        survey,
        data={"csat": "5", "ces": "6", "nps": "9", "comment": "quick"},
        headers={"Origin": urls.portal},
    )
    assert answer.status_code in (200, 303), answer.text

    closed = eventually(
        lambda: next(iter(admin.get("/v1/tickets", state="closed")["items"]), None), "closure"
    )
    assert closed["progress"] == 100
    tree = admin.get(f"/v1/tickets/{closed['id']}/tree")
    numbers = {child["number"].removeprefix(closed["number"]) for child in tree["children"]}
    assert {"-P1", "-Q1", "-B1"} <= numbers
    assert len(tree["usage"]) == 1
    maker, checker = (Person(urls.portal, f"{n}@provider.example", PASSWORD) for n in ("meera", "farid"))
    period = tree["usage"][0]["bill_period"]
    maker.post(f"/v1/billing-periods/{client_id}/{period}/lock", None)
    (draft,) = maker.post("/v1/invoices/draft", {"client": "acme", "period": period})["invoices"]
    assert draft["net"] == "3.5000" and draft["state"] == "draft", draft
    own = maker.http.post(f"/v1/invoices/{draft['id']}/approve")
    assert own.status_code == 403, "whoever drafts may not approve"
    checker.post(f"/v1/invoices/{draft['id']}/approve", None)
    issued = checker.post(f"/v1/invoices/{draft['id']}/issue", None)
    assert issued["number"]
    evidence = maker.get(f"/v1/invoice-lines/{issued['lines'][0]['id']}/evidence")
    (unit,) = evidence["units"]
    assert unit["ticket_number"] == closed["number"], unit
    assert {check["level"] for check in unit["checks"]} == {1, 2}, unit
    eventually(lambda: verified(urls), "a sealed trail")


def verified(urls: StackUrls) -> bool:
    ran = subprocess.run(
        [sys.executable, "-m", "ticketos.cli", "audit", "verify", "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        env={**urls.env},
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return bool(json.loads(ran.stdout)["ok"])


@pytest.mark.slow
def test_the_web_ui_can_decode_a_history_and_each_decode_is_on_record(
    stack: tuple[StackUrls, Person],
) -> None:
    urls, admin = stack
    ticket = admin.get("/v1/tickets")["items"][0]
    decode = f"http://127.0.0.1:{urls.codec_port}/{urls.codec_path}/decode"
    import asyncio

    from temporalio.client import Client

    async def encrypted() -> Any:
        client = await Client.connect(urls.temporal)
        history = await client.get_workflow_handle(f"ticket/{ticket['id']}").fetch_history()
        return history.events[0].workflow_execution_started_event_attributes.input

    from google.protobuf.json_format import MessageToDict

    payloads = asyncio.run(encrypted())
    assert ticket["client_id"].encode() not in payloads.SerializeToString(), (
        "the history must not hold plain values"
    )
    answer = httpx2.post(decode, json=MessageToDict(payloads), headers={"Origin": "http://localhost:1"})
    assert answer.status_code == 200, answer.text
    assert (
        httpx2.post(decode.replace(urls.codec_path, "guess"), json=MessageToDict(payloads)).status_code == 404
    )
    events = [e["event"] for e in admin.get(f"/v1/tickets/{ticket['id']}/tree")["events"]]
    assert "access.decoded" in events
