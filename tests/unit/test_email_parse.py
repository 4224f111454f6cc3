"""Reading mail: our own samples, malformed input, threading, loop guards."""

import base64
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ticketos.channels import CHANNELS, Delivery, UnreadableDeliveryError, channel
from ticketos.channels.email import headers, reply_address, ticket_of
from ticketos.channels.email.parse import parse
from ticketos.channels.email.reply import new_text
from ticketos.domain.intake_types import Intake

NOW = datetime(2026, 7, 15, 9, tzinfo=UTC)
SAMPLES = channel("email").samples
KEY = b"0123456789abcdef0123456789abcdef"
TICKET = UUID("0198a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b")


def read(name: str, sender: str | None = "someone@acme.example", to: tuple[str, ...] = ()) -> Intake:
    return parse((SAMPLES / name).read_bytes(), sender, to, NOW, "desk.example")


def mail(headers_: str = "", body: str = "Hello", sender: str | None = "a@acme.example") -> Intake:
    raw = f"From: a@acme.example\nTo: acme@desk.example\n{headers_}\n\n{body}\n".replace("\n\n\n", "\n\n")
    return parse(raw.encode(), sender, (), NOW, "desk.example")


def test_text_names_and_attachments_of_an_ordinary_mail_are_read() -> None:
    got = read("plain.eml", to=("acme@desk.example",))
    assert (got.sender, got.sender_name) == ("meera@acme.example", "Meera Nair")
    assert got.recipient == "acme@desk.example"
    assert got.external_id == "plain-1@acme.example"
    assert got.text == "Two invoices for July, please enter them today."
    assert "Accounts, Acme" in got.full_text
    assert [a.filename for a in got.attachments] == ["Rechnung Müller.pdf", "बिल.pdf"]
    assert got.attachments[0].content == b"%PDF-1.4\n% sample\n"
    assert got.sent_at == datetime(2026, 7, 14, 4, tzinfo=UTC)
    assert got.suppress_reply is None


def test_a_reply_loses_its_quotes_and_names_its_ticket() -> None:
    got = read("reply.eml")
    assert got.sender_name == "Jürgen Straß"
    assert got.text == "Die zweite Rechnung ist doppelt, bitte nur die erste buchen."
    assert "We received your request" in got.full_text
    assert got.thread_tokens == (
        "t+aeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibae@desk.example",
        "ACME-26-000123",
    )
    assert got.in_reply_to == "out-1@desk.example"
    assert got.references == ("plain-1@acme.example", "out-1@desk.example")


def test_html_is_read_without_scripts_hidden_parts_and_the_marked_quote() -> None:
    got = read("html_reply.eml")
    assert got.text == "Still locked out, please call me."
    assert "> Did the reset work?" in got.full_text
    assert "alert" not in got.full_text
    assert "ignore me" not in got.full_text


def test_a_forward_keeps_its_content_and_every_attachment() -> None:
    got = read("forward.eml")
    assert "Invoice 77 is overdue." in got.text
    assert [a.filename for a in got.attachments] == ["Payment reminder.eml", "winmail.dat"]
    assert b"Subject: Payment reminder" in got.attachments[0].content
    assert got.attachments[1].content == bytes.fromhex("789f3e220000")


def test_answers_between_quotes_are_kept_and_the_phone_line_is_not() -> None:
    got = read("inline_answers.eml")
    assert "The one on floor two." in got.text
    assert "Since Monday." in got.text
    assert "iPhone" not in got.text


def test_a_broken_mail_is_read_as_far_as_it_goes() -> None:
    got = read("broken.eml")
    assert got.subject == "AB été"
    assert got.text == "Café bill"
    assert [(a.filename, a.content) for a in got.attachments] == [("bill.pdf", b"%PDF-1.4\n")]
    assert got.sent_at is None
    assert got.external_id.startswith("sha256:")


def test_japanese_is_decoded_in_headers_and_body() -> None:
    got = read("japanese.eml")
    assert (got.sender_name, got.subject, got.text) == ("山田", "請求書", "請求書です。")


@pytest.mark.parametrize(
    ("sample", "reason"),
    [
        ("bounce_permanent.eml", "bounce-permanent"),
        ("bounce_temporary.eml", "bounce-temporary"),
        ("out_of_office.eml", "out-of-office"),
        ("newsletter.eml", "list"),
        ("plain.eml", None),
    ],
)
def test_samples_that_must_not_be_answered_say_why(sample: str, reason: str | None) -> None:
    assert read(sample).suppress_reply == reason


def test_a_bounce_names_the_mail_that_bounced() -> None:
    got = read("bounce_permanent.eml", sender="")
    assert "out-9@desk.example" in got.references
    assert got.thread_tokens == ("t+aeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibae@desk.example",)


@pytest.mark.parametrize(
    ("extra", "sender", "reason"),
    [
        ("", "a@acme.example", None),
        ("Auto-Submitted: no", "a@acme.example", None),
        ("Auto-Submitted: auto-generated", "a@acme.example", "auto-submitted"),
        ("Auto-Submitted: auto-replied (vacation)", "a@acme.example", "out-of-office"),
        ("X-Autoreply: yes", "a@acme.example", "out-of-office"),
        ("Precedence: bulk", "a@acme.example", "bulk"),
        ("Precedence: junk", "a@acme.example", "bulk"),
        ("Precedence: list", "a@acme.example", "list"),
        ("List-Id: <x.acme.example>", "a@acme.example", "list"),
        ("X-Loop: a@acme.example", "a@acme.example", "loop"),
        ("X-TicketOS-Loop: here", "a@acme.example", "loop"),
        ("", "acme@desk.example", "loop"),
        ("", "", "null-sender"),
        ("Return-Path: <>", None, "null-sender"),
        ("Return-Path: <a@acme.example>", None, None),
    ],
)
def test_each_loop_guard_holds_back_the_answer(extra: str, sender: str | None, reason: str | None) -> None:
    assert mail(extra, sender=sender).suppress_reply == reason


def test_the_same_mail_twice_has_the_same_id_whatever_relays_add() -> None:
    body = b"From: a@x.example\nSubject: s\nDate: Wed, 15 Jul 2026 09:00:00 +0000\n\nHello\n"
    first = parse(b"Received: from one\n" + body, None, (), NOW, "desk.example")
    again = parse(b"Received: from two\n" + body.replace(b"\n", b"\r\n"), None, (), NOW, "desk.example")
    other = parse(body + b"more\n", None, (), NOW, "desk.example")
    assert first.external_id == again.external_id != other.external_id


def test_a_reply_address_names_its_ticket_for_its_key_alone() -> None:
    address = reply_address(TICKET, "desk.example", KEY)
    assert ticket_of(address, KEY) == TICKET
    assert ticket_of(address.upper(), KEY) == TICKET
    assert len(address.partition("@")[0]) <= 64
    assert ticket_of(address, KEY[::-1]) is None
    forged = ("b" if address[10] != "b" else "c").join((address[:10], address[11:]))
    assert ticket_of(forged, KEY) is None
    assert ticket_of("acme@desk.example", KEY) is None
    assert ticket_of("t+nonsense!@desk.example", KEY) is None
    with pytest.raises(ValueError, match="16 bytes"):
        reply_address(TICKET, "desk.example", b"short")


def test_a_signed_address_in_the_quoted_history_is_found_but_not_one_of_another_domain() -> None:
    address = reply_address(TICKET, "desk.example", KEY)
    assert mail(body=f"Yes.\n\nFrom: Desk <{address}>\nSent: today\n\nOk?").thread_tokens == (address,)
    foreign = reply_address(TICKET, "other.example", KEY)
    assert mail(body=f"Yes.\n\nFrom: Desk <{foreign}>\nSent: today\n\nOk?").thread_tokens == ()


def test_nul_and_lone_surrogates_never_leave_the_parser() -> None:
    got = mail("Subject: a\0b =?utf-8?B?7aCA?=", body="x\0y")
    assert "\0" not in got.subject + got.text
    got.subject.encode("utf-8")


def test_hostile_text_is_read_in_linear_time() -> None:
    for text in (
        "On " * 60_000,
        "> " * 50_000,
        "From: x\n" * 20_000,
        "-" * 100_000 + "\n" * 50_000,
        "On\n" * 30_000,
    ):
        start = time.process_time()  # of this process alone: what else the machine does is not the parser's
        new_text(text)
        assert time.process_time() - start < 2


def test_deep_nesting_is_no_error() -> None:
    deep = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(1500))
    got = parse(b"Subject: deep\n" + deep, None, (), NOW, "desk.example")
    assert got.subject == "deep"


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=600))
def test_no_bytes_make_the_parser_raise(noise: bytes) -> None:
    parse(noise, None, (), NOW, "desk.example")
    parse(
        b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\n" + noise + b"\n--x--",
        "",
        (),
        NOW,
        "",
    )


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_no_header_value_makes_the_readers_raise(value: str) -> None:
    headers.addresses(value)
    headers.moment(value)
    headers.message_ids(value)
    headers.parameters(value)
    headers.header_text(value).encode("utf-8")


PIXEL = b"\x89PNG\r\n\x1a\n"


def _with_picture(shown: str, disposition: str, content: bytes = PIXEL, kind: str = "image/png") -> Intake:
    head = f"Content-Disposition: {disposition}\n" if disposition else ""
    raw = (
        "From: a@acme.example\nTo: acme@desk.example\nMIME-Version: 1.0\n"
        'Content-Type: multipart/mixed; boundary="m"\n\n--m\n'
        'Content-Type: multipart/related; boundary="r"\n\n--r\n'
        'Content-Type: multipart/alternative; boundary="a"\n\n--a\nContent-Type: text/plain\n\nMy screen is black.\n'
        "--a\nContent-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n"
        f'<p>My screen is black.<img src=3D"cid:{shown}"></p>\n--a--\n'
        f'--r\nContent-Type: {kind}; name="image001.png"\nContent-ID: <image001.png@01DB>\n{head}'
        f"Content-Transfer-Encoding: base64\n\n{base64.b64encode(content).decode()}\n--r--\n"
        '--m\nContent-Type: application/pdf; name="inv.pdf"\nContent-Disposition: attachment\n\n%PDF-1.4\n--m--\n'
    )
    return parse(raw.encode(), "a@acme.example", (), NOW, "desk.example")


@pytest.mark.parametrize("disposition", ["", "inline", 'inline; filename="image001.png"'])
def test_a_logo_that_the_text_shows_is_no_file_of_the_request(disposition: str) -> None:
    got = _with_picture("image001.png@01DB", disposition)
    assert [a.filename for a in got.attachments] == ["inv.pdf"]
    assert got.text == "My screen is black."


@pytest.mark.parametrize(
    ("shown", "disposition", "content", "kind"),
    [
        ("another@01DB", "inline", PIXEL, "image/png"),  # nothing shows it: it was sent as a file
        ("image001.png@01DB", "attachment", PIXEL, "image/png"),  # shown, and meant as a file
        (
            "image001.png@01DB",
            "inline",
            PIXEL * 10_000,
            "image/png",
        ),  # a photograph of a paper within the text
        ("image001.png@01DB", "inline", PIXEL, "application/pdf"),
    ],
)
def test_a_picture_that_may_be_a_document_is_kept(
    shown: str, disposition: str, content: bytes, kind: str
) -> None:
    got = _with_picture(shown, disposition, content, kind)
    assert [a.filename for a in got.attachments] == ["image001.png", "inv.pdf"]
    assert got.attachments[0].content == content


@pytest.mark.parametrize("entry", CHANNELS, ids=lambda entry: entry.key)
def test_every_channel_has_readable_samples_and_a_readme(entry) -> None:  # type: ignore[no-untyped-def]
    samples = sorted(Path(entry.samples).iterdir())
    assert samples
    assert (entry.samples.parent / "README.md").read_text(encoding="utf-8").startswith("# ")
    for sample in samples:
        got = entry.parse(Delivery(sample.read_bytes(), NOW, "desk.example"))
        assert got.channel == entry.key
        assert got.external_id


def test_an_api_message_is_read_and_a_wrong_field_is_named() -> None:
    api = channel("api")
    good = (api.samples / "invoice.json").read_bytes()
    got = api.parse(Delivery(good, NOW, envelope_recipients=("acme",)))
    assert (got.external_id, got.recipient) == ("erp-2026-000417", "acme")
    assert got.sent_at == datetime(2026, 7, 14, 4, tzinfo=UTC)
    assert got.attachments[0].content == b"Invoice 417\nTotal 1200.00\n"
    for change, code in (
        (good.replace(b"SW52", b"!!!!"), "api.not_base64"),
        (good.replace(b"+05:30", b""), "api.no_time_zone"),
        (good[:-4], "api.not_json"),
        (b"[]", "api.not_an_object"),
        (b"{}", "api.empty"),
        (b'{"text": 3}', "api.not_text"),
    ):
        with pytest.raises(UnreadableDeliveryError) as refused:
            api.parse(Delivery(change, NOW))
        assert refused.value.code == code


def test_an_intake_refuses_naive_times() -> None:
    with pytest.raises(ValueError, match="aware UTC"):
        parse(b"Subject: x\n\nx", None, (), NOW.replace(tzinfo=None), "desk.example")
