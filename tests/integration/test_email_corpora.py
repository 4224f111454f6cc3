"""Mail made by others: nothing raises, headers match the published truth, replies are stripped."""

import json
import re
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ticketos.channels.email import html, reply
from ticketos.channels.email.parse import parse

DATA = Path(__file__).parents[3] / "shared" / "data"
NOW = datetime(2026, 7, 15, 9, tzinfo=UTC)
CORPORA = ("email_stalwart", "email_mikel_mail", "email_reply")
pytestmark = pytest.mark.skipif(
    not all((DATA / name).is_dir() for name in CORPORA),
    reason="the shared mail corpora are not on this machine",
)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def replies() -> list[tuple[str, str, str]]:
    """(case, reply we read, reply the corpus expects), for the cases that state a whole reply."""
    root = DATA / "email_reply"
    cases = []
    for name, expected in json.loads((root / "reply/expected.json").read_text(encoding="utf-8")).items():
        if "reply" in expected:
            got = reply.new_text((root / "reply" / f"{name}.txt").read_text(encoding="utf-8"))
            cases.append((name, got, expected["reply"]))
    cases.extend(
        (path.stem, parse(path.read_bytes(), None, (), NOW, "desk.example").text, "Hello")
        for path in sorted((root / "talon/standard_replies").glob("*.eml"))
    )
    for path in sorted((root / "talon/html_replies").glob("*.html")):
        read = html.to_text(path.read_text(encoding="utf-8", errors="replace"))
        cases.append((path.stem, reply.new_text(read.new or read.full), "Hi. I am fine. Thanks, Alex"))
    return cases


@pytest.mark.parametrize("corpus", CORPORA)
def test_every_mail_of_the_corpora_is_read_without_an_exception(corpus: str) -> None:
    paths = sorted((DATA / corpus).rglob("*.eml"))
    assert paths
    for path in paths:
        assert parse(path.read_bytes(), None, (), NOW, "desk.example").external_id


def test_bounces_of_the_corpus_are_recognised() -> None:
    found = [
        parse(path.read_bytes(), None, (), NOW, "desk.example").suppress_reply
        for path in sorted((DATA / "email_mikel_mail/multipart_report_emails").glob("*.eml"))
    ]
    assert found
    assert all(reason and reason.startswith("bounce") for reason in found)


def test_replies_are_stripped_as_the_corpus_expects() -> None:
    cases = replies()
    wrong = [name for name, got, expected in cases if squeezed(got) != squeezed(expected)]
    assert cases
    assert not wrong


def test_pathological_text_takes_less_than_a_second() -> None:
    text = (DATA / "email_reply/reply/pathological.txt").read_text(encoding="utf-8")
    start = time.process_time()
    reply.new_text(text)
    assert time.process_time() - start < 1
