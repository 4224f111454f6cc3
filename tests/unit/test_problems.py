"""The catalogue of refusals: each code is answered once, in words, and the facts of an error find their place."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

from api import problems
from api.errors import known, retry_after, status_of, words_of
from api.problems import SUBJECTS, answer_of
from ticketos.domain.errors import DomainError

CODES = sorted(code for subject in SUBJECTS for code in subject.ANSWERS)


def test_no_code_is_worded_twice() -> None:
    assert [code for code, n in Counter(CODES).items() if n > 1] == []


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.__name__.rpartition(".")[2])
def test_no_code_stands_twice_in_the_file_of_its_subject(subject: ModuleType) -> None:
    """A later line would win in silence."""
    tree = ast.parse(Path(str(subject.__file__)).read_text(encoding="utf-8"))
    written = Counter(
        key.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Dict)
        for key in node.keys
        if isinstance(key, ast.Constant)
    )
    assert [code for code, n in written.items() if n > 1] == []


def test_every_file_of_answers_is_among_the_subjects() -> None:
    folder = Path(problems.__path__[0])
    there = {path.stem for path in folder.glob("*.py")} - {"__init__", "answer"}
    assert there == {subject.__name__.rpartition(".")[2] for subject in SUBJECTS}


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_words_and_a_status_of_a_refusal(code: str) -> None:
    answer = answer_of(code)
    assert answer is not None and answer.title and answer.detail
    assert 400 <= answer.status < 600
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code) and known(code)
    title, detail = words_of(code, {})
    assert "{" not in title + detail


def test_a_code_without_an_answer_speaks_for_itself_as_a_rule_that_refused() -> None:
    assert not known("moon-not-full")
    assert words_of("moon-not-full", {}) == ("Moon not full", "")
    assert status_of("moon-not-full") == 422


def test_the_facts_of_an_error_stand_in_its_words_and_one_that_is_missing_is_left_open() -> None:
    assert words_of("not-found", {"what": "ticket"})[1].startswith("There is no such ticket,")
    assert "V-1, V-2" in words_of("file-unknown", {"files": ["V-1", "V-2"]})[1]
    assert words_of("not-found", {})[1].startswith("There is no such …,")


def test_one_is_told_when_to_try_again_by_the_error_or_else_by_its_code() -> None:
    assert retry_after(DomainError("rate-limited", retry_after=7)) == 7
    assert retry_after(DomainError("overloaded")) == 1
    assert retry_after(DomainError("not-found")) is None
