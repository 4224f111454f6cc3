"""How well triage does on the golden set, a collection of messages written for this project."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.triage import TriageResult
from ticketos.ai.triage.rules import triage

GOLDEN = Path(__file__).with_name("golden.jsonl")
REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Score:
    """`accuracy`: the right line on top, or review where a person must decide. `precision`: of those routed.

    `routed` is the share of the clear messages that needed no person.
    """

    messages: int
    accuracy: float
    routed: float
    precision: float
    review_recall: float
    mistakes: tuple[tuple[str, str, str], ...]
    """(text, expected, what came out) of everything routed wrongly."""


def messages(path: Path = GOLDEN) -> Iterator[dict[str, Any]]:
    """The golden messages: text, attachments, expect, and where stated priority, language, sentiment."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def judge(message: dict[str, Any]) -> TriageResult:
    """Triage of one golden message."""
    return triage(
        message["text"], subject=message.get("subject", ""), attachments=message.get("attachments", ())
    )


def score(path: Path = GOLDEN) -> Score:
    """Judge the whole set."""
    total = right = routed = routed_right = unclear = unclear_kept = clear = 0
    mistakes: list[tuple[str, str, str]] = []
    for message in messages(path):
        expected, got = message["expect"], judge(message)
        auto = got.decision == "auto"
        total += 1
        if expected == REVIEW:
            unclear += 1
            unclear_kept += not auto
            right += not auto
        else:
            clear += 1
            right += got.service_line == expected
        routed += auto
        routed_right += auto and got.service_line == expected
        if auto and got.service_line != expected:
            mistakes.append((message["text"], expected, got.service_line))
    return Score(
        messages=total,
        accuracy=right / total,
        routed=routed / max(clear, 1),
        precision=routed_right / max(routed, 1),
        review_recall=unclear_kept / max(unclear, 1),
        mistakes=tuple(mistakes),
    )
