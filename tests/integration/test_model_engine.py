"""One question to a model outside, over the wire: what is sent, what comes back, and every way it can go wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from benchmarks import extraction
from schemas.opinion import Seen
from tests.support.model_server import ModelServer, Reply, model_server, seen
from ticketos.ai.engines.openai import OpenAiModel
from ticketos.dev.sim.documents.composed import compose
from ticketos.domain.engines import REFUSALS, Price

PRICE = Price(Decimal("2.50"), Decimal("10"), "USD")
USER = '{"document": "Invoice 4711"}'


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as made:
        yield made


def engine(server: ModelServer, timeout_s: float = 5.0) -> OpenAiModel:
    return OpenAiModel(server.url, "small-reader", "sk-secret", PRICE, timeout_s)


def test_the_question_asks_for_one_strict_form_and_the_answer_comes_with_its_cost(
    server: ModelServer,
) -> None:
    server.reply = lambda _: Reply(seen(number="4711"), usage=(1_200, 300))
    answer = engine(server).ask("read", USER, Seen, 500)
    assert answer.value is not None and answer.value.values()["number"] == "4711"
    assert (answer.end.outcome, answer.end.tokens_in, answer.end.tokens_out) == ("answered", 1_200, 300)
    assert answer.end.cost == Decimal("0.006")  # 1,200 × 2.50 and 300 × 10 per million
    (asked,) = server.asked
    assert (asked["model"], asked["max_completion_tokens"]) == ("small-reader", 500)
    form = asked["response_format"]["json_schema"]
    assert form["strict"] is True and form["schema"]["additionalProperties"] is False
    assert set(form["schema"]["required"]) == {"type", "fields", "lines"}
    assert server.keys == ["Bearer sk-secret"]


@pytest.mark.parametrize(
    ("reply", "outcome", "cost"),
    [
        (Reply(status=429, headers={"retry-after": "7"}), "busy", Decimal(0)),
        (Reply(status=500), "failed", Decimal(0)),
        (Reply(status=503, headers={"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}), "failed", Decimal(0)),
        (Reply(status=401), "key-refused", Decimal(0)),
        (Reply(status=403), "key-refused", Decimal(0)),
        (Reply(status=400), "request-refused", Decimal(0)),
        (Reply(status=404), "request-refused", Decimal(0)),
        (Reply(seen()[:40], finish="length"), "cut-short", PRICE.of(1_000, 200)),
        (Reply("", refusal="I would rather not."), "filtered", PRICE.of(1_000, 200)),
        (Reply("", finish="content_filter"), "filtered", None),
        (Reply("here you are: total 5"), "unreadable", None),
        (Reply('{"type": "cheque", "fields": {}, "lines": []}'), "unreadable", None),
        (Reply(body="<html>hello</html>"), "unreadable", None),
        (Reply(body='{"choices": []}'), "unreadable", None),
        (Reply(body="{}"), "unreadable", None),
        (Reply(body="[1]"), "unreadable", None),
        (Reply(seen(), wait_s=1.0), "timeout", None),
    ],
)
def test_every_way_to_fail_has_a_name_and_is_asked_once(
    server: ModelServer, reply: Reply, outcome: str, cost: Decimal | None
) -> None:
    server.reply = lambda _: reply
    answer = engine(server, timeout_s=0.4).ask("read", USER, Seen, 500)
    assert answer.value is None
    assert (answer.end.outcome, answer.end.cost) == (outcome, cost)
    assert outcome in REFUSALS
    assert answer.after_s == (7.0 if outcome == "busy" else None)
    assert len(server.asked) == 1, "durable retries are the asker's"


def test_nobody_there_costs_nothing(server: ModelServer) -> None:
    gone = OpenAiModel("http://127.0.0.1:9/v1", "small-reader", price=PRICE, timeout_s=2.0)
    end = gone.ask("read", USER, Seen, 500).end
    assert (end.outcome, end.cost) == ("unreachable", Decimal(0))


def test_an_answer_without_usage_is_counted_as_the_most_it_can_be(server: ModelServer) -> None:
    server.reply = lambda _: Reply(seen(), usage=None)
    assert engine(server).ask("read", USER, Seen, 500).end.cost is None


def test_the_most_a_question_can_cost_is_never_less_than_a_byte_a_token(server: ModelServer) -> None:
    most = engine(server).most("read", "ä" * 1_000, Seen, 100)
    assert most >= PRICE.of(2_000, 100)


def test_the_address_is_told_without_its_password() -> None:
    assert OpenAiModel("https://user:pass@models.example:8443/v1", "m").endpoint == "models.example:8443"


def test_a_models_reliability_is_measured_by_the_extraction_command(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    papers = [compose("invoice", seed, market="DE", maker="m7", buyer="b", lines=2) for seed in (3, 4)]
    truths = [{name: value for name, value in paper.known().items() if value} for paper in papers]
    listed = {f"{n}.pdf": {"type": "invoice", "fields": truth, "lines": []} for n, truth in enumerate(truths)}
    for n, paper in enumerate(papers):
        (tmp_path / f"{n}.pdf").write_bytes(paper.pdf())
    (tmp_path / "truth.json").write_text(json.dumps(listed))
    wrong = {**truths[0], "number": "X-1"}
    answers = iter((wrong, truths[1]))
    server.reply = lambda _: Reply(seen(**next(answers)), usage=(1_000, 100))  # type: ignore[arg-type]
    for name, value in {
        "URL": server.url, "NAME": "small-reader", "PRICE_IN": "1", "PRICE_OUT": "10",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"TICKETOS_MODEL_{name}", value)
    assert extraction.main([str(tmp_path), "--model", "takes over", "--today", "2026-11-20"]) == 0
    outside = json.loads(capsys.readouterr().out)["outside"]
    assert (outside["outcomes"], outside["spent"]) == ({"answered": 2}, "0.004000")
    assert outside["by_field"]["number"] == [2, 0.5]
    spoken = sum(len(truth) for truth in truths)
    assert outside["reliability"] == round((spoken - 1) / spoken, 4)
