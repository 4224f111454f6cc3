"""Answers that need no reading: a document refused, and one of several taken for all.

Kept apart from the reader, which loads what reads: a process that only asks a sandboxed one starts sooner without it.
"""

from __future__ import annotations

from collections.abc import Sequence

from schemas.extraction import Check, Extraction
from ticketos.ai.extract.limits import REASONS


def quarantine(filename: str, code: str) -> Extraction:
    """The answer for a document that was not read; `code` is a key of REASONS."""
    return Extraction(
        file=filename, status="quarantined", reason=code, reason_text=REASONS[code], engine="none"
    )


def alone(found: Sequence[Extraction]) -> Extraction:
    """The one document of a file. Where there are several, the first with the failed check `one_document`:
    whoever takes one document per file must have a person look, or the others would be lost unseen.
    """
    first = found[0]
    if len(found) == 1:
        return first
    starts = ", ".join(str(part.first_page) for part in found)
    check = Check(
        name="one_document", ok=False, detail=f"the file holds {len(found)} documents, from pages {starts}"
    )
    return first.model_copy(update={"checks": (*first.checks, check)})
