"""What is answered to each code of a refusal, a file a subject. A new code is one line in the file of its subject."""

from __future__ import annotations

from collections.abc import Mapping

from api.problems import books, calls, clients, documents, invoices, own_lists, people, tasks, tickets
from api.problems.answer import Answer

SUBJECTS = (calls, people, tickets, tasks, documents, clients, own_lists, books, invoices)

_ANSWERS: Mapping[str, Answer] = {
    code: answer for subject in SUBJECTS for code, answer in subject.ANSWERS.items()
}


def answer_of(code: str) -> Answer | None:
    """How a code is answered; none for one that speaks for itself, or that is no code of ours."""
    return _ANSWERS.get(code)
