"""Composing and delivering mail."""

import email
from dataclasses import replace
from datetime import UTC, datetime
from email import policy
from pathlib import Path
from uuid import UUID

import pytest

from ticketos.channels.email.parse import parse
from ticketos.channels.email.send import (
    Delivered,
    OutMail,
    TemporaryFailure,
    UnsendableMailError,
    compose,
    deliver,
    message_id,
)
from ticketos.domain.intake_types import Attachment

NOW = datetime(2026, 7, 15, 9, tzinfo=UTC)
MAIL = OutMail(
    sender="desk@desk.example",
    sender_name="Desk, Müller & Co",
    to=("meera@acme.example",),
    subject="[ACME-26-000123] Your request",
    text="Dear Meera,\n\nwe received it. 3 < 4\nसादर",
    message_id=message_id(UUID(int=7), "desk.example"),
    sent_at=NOW,
    loop_token="desk.example",
    reply_to="t+abc@desk.example",
    in_reply_to="plain-1@acme.example",
    references=("first@acme.example",),
    attachments=(
        Attachment("बिल.pdf", "application/pdf", b"%PDF"),
        Attachment("a.eml", "message/rfc822", b"\x00\xff"),
    ),
)


def test_a_composed_mail_carries_threading_and_loop_headers_and_both_texts() -> None:
    message = email.message_from_bytes(compose(MAIL), policy=policy.default)
    assert message["From"].addresses[0].display_name == "Desk, Müller & Co"
    assert message["Reply-To"].addresses[0].addr_spec == "t+abc@desk.example"
    assert message["Message-ID"] == "<00000000000000000000000000000007.out@desk.example>"
    assert message["In-Reply-To"] == "<plain-1@acme.example>"
    assert message["References"] == "<first@acme.example> <plain-1@acme.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-TicketOS-Loop"] == "desk.example"
    plain, rich = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert "3 < 4\r\nसादर" in plain.get_content()
    assert rich is not None
    assert "3 &lt; 4<br>सादर" in rich.get_content()
    assert [(a.get_filename(), a.get_payload(decode=True)) for a in message.iter_attachments()] == [
        ("बिल.pdf", b"%PDF"),
        ("a.eml", b"\x00\xff"),
    ]


def test_our_own_mail_coming_back_is_recognised_and_nothing_is_lost_on_the_way() -> None:
    got = parse(compose(MAIL), "desk@desk.example", (), NOW, "desk.example")
    assert got.suppress_reply == "loop"
    assert got.external_id == MAIL.message_id
    assert got.subject == MAIL.subject
    assert got.full_text == MAIL.text
    assert [a.content for a in got.attachments] == [b"%PDF", b"\x00\xff"]


def test_the_same_mail_is_the_same_bytes() -> None:
    assert compose(MAIL) == compose(MAIL)


def test_given_html_is_sanitised() -> None:
    raw = compose(replace(MAIL, html="<p onclick=x()>Hi<script>alert(1)</script></p>"))
    assert b"<p>Hi</p>" in raw
    assert b"alert" not in raw
    assert b"onclick" not in raw


def test_line_breaks_cannot_smuggle_headers() -> None:
    raw = compose(replace(MAIL, subject="Hi\r\nBcc: evil@evil.example", sender_name="A\nB"))
    message = email.message_from_bytes(raw, policy=policy.default)
    assert message["Bcc"] is None
    assert message["Subject"] == "Hi Bcc: evil@evil.example"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"to": ()}, "mail.no_recipient"),
        ({"to": ("no address",)}, "mail.bad_address"),
        ({"to": ("a@b.example\nBcc: c@d.example",)}, "mail.bad_address"),
        ({"message_id": "a>\nX: y"}, "mail.bad_message_id"),
    ],
)
def test_what_no_server_could_accept_is_refused_before_sending(change: dict[str, object], code: str) -> None:
    assert compose(MAIL)
    with pytest.raises(UnsendableMailError) as refused:
        compose(replace(MAIL, **change))  # type: ignore[arg-type]
    assert refused.value.code == code


async def test_without_a_server_the_mail_is_a_file_and_twice_the_same_is_one_file(tmp_path: Path) -> None:
    raw = compose(MAIL)
    for _ in range(2):
        assert await deliver(raw, MAIL.sender, MAIL.to, None, tmp_path / "out") == Delivered(MAIL.to)
    (only,) = (tmp_path / "out").iterdir()
    assert only.suffix == ".eml"
    assert only.read_bytes() == raw


async def test_a_folder_that_cannot_be_written_is_a_temporary_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    result = await deliver(compose(MAIL), MAIL.sender, MAIL.to, None, tmp_path / "file")
    assert isinstance(result, TemporaryFailure)


async def test_a_wrong_configuration_is_told() -> None:
    with pytest.raises(ValueError, match="server or a folder"):
        await deliver(b"", "a@b", ("c@d",), None, None)
    with pytest.raises(ValueError, match="starts with smtp"):
        await deliver(b"", "a@b", ("c@d",), "http://x", None)
