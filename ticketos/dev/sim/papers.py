"""The papers of the day and what a person sees on them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from ticketos.dev.sim.api import Upload
from ticketos.dev.sim.documents import (
    BrokenKind,
    Country,
    Form,
    Kind,
    SampleDocument,
    Truth,
    broken,
    duplicate_of,
    generate,
    resend_of,
)
from ticketos.lines.data_entry.rules import AMOUNTS, required_fields

_FIGURES = ("quantity", "unit_price", "tax_rate", "net")


@dataclass(frozen=True)
class Paper:
    """One document to make. ``broken`` makes a file that must not be read; ``again`` names the ticket whose
    first paper comes a second time, as the same file or (``resend``) as a marked copy in other bytes."""

    kind: Kind = "invoice"
    seed: int = 0
    country: Country = "IN"
    form: Form = "text_pdf"
    layout: int | None = None
    pages: int = 1
    damage: float = 0.0
    broken: BrokenKind | None = None
    again: str = ""
    resend: bool = False

    @property
    def readable(self) -> bool:
        """A document that can be keyed and counted."""
        return self.broken is None and not self.again


@dataclass
class Pile:
    """Every paper made, found again by its bytes as a person recognises a sheet."""

    by_ticket: dict[str, list[SampleDocument]] = field(default_factory=dict)
    _by_hash: dict[str, tuple[SampleDocument, Paper]] = field(default_factory=dict)

    def make(self, key: str, papers: Sequence[Paper], made: Callable[[], None]) -> None:
        """Make the papers of one ticket; ``made`` is called after each."""
        documents = []
        for paper in papers:
            document = self._make(paper)
            documents.append(document)
            # A copy of the same bytes keeps the first entry: what is on the sheet is the same.
            self._by_hash.setdefault(
                _hash(document.content) + ("+" if paper.again else ""), (document, paper)
            )
            made()
        self.by_ticket[key] = documents

    def uploads(self, key: str) -> tuple[Upload, ...]:
        """The ticket's files as they are sent."""
        return tuple(Upload(d.filename, d.content, d.content_type) for d in self.by_ticket[key])

    def truth(self, content: bytes) -> Truth | None:
        """What the sheet says; None for one nobody here made."""
        digest = _hash(content)
        found = self._by_hash.get(digest) or self._by_hash.get(digest + "+")
        return None if found is None else found[0].truth

    def marked_copy(self, content: bytes) -> bool:
        """Whether the sheet itself is marked as a copy of one sent before."""
        found = self._by_hash.get(_hash(content) + "+")
        return found is not None and found[1].resend

    def _make(self, paper: Paper) -> SampleDocument:
        if paper.broken is not None:
            return broken(paper.broken, paper.seed)
        if paper.again:
            first = self.by_ticket[paper.again][0]
            return resend_of(first) if paper.resend else duplicate_of(first)
        return generate(
            paper.kind,
            paper.seed,
            country=paper.country,
            form=paper.form,
            layout=paper.layout,
            pages=paper.pages,
            damage=paper.damage,
        )


def same(name: str, shown: str | None, true: str | None) -> bool:
    """Whether a person calls two values the same: figures by value, words without case and punctuation."""
    if not shown or not true:
        return not shown and not true
    if name in AMOUNTS or name in _FIGURES:
        try:
            return Decimal(shown) == Decimal(true)
        except InvalidOperation:
            return False
    return _bare(shown) == _bare(true)


def differences(truth: Truth, fields: Mapping[str, Any], names: Sequence[str]) -> dict[str, str | None]:
    """Of these fields the true value of each that is shown otherwise."""
    return {
        name: truth.fields.get(name)
        for name in names
        if not same(name, (fields.get(name) or {}).get("value"), truth.fields.get(name))
    }


def typed_lines(truth: Truth, shown: Sequence[Mapping[str, Any]]) -> list[dict[str, str | None]] | None:
    """The lines as printed when the ones shown have other figures, else None: nothing to type."""
    if len(shown) == len(truth.lines) and all(
        same(name, line.get(name), getattr(true, name))
        for line, true in zip(shown, truth.lines, strict=True)
        for name in _FIGURES
    ):
        return None
    return [
        {"description": t.description, "unit": t.unit, **{name: getattr(t, name) for name in _FIGURES}}
        for t in truth.lines
    ]


def wrong_required(truth: Truth, doc_type: str, fields: Mapping[str, Any]) -> dict[str, str | None]:
    """What a reviewer objects to: required fields that do not say what the paper says."""
    return differences(truth, fields, required_fields(doc_type))


def slipped(number: str) -> str:
    """A number with two neighbouring characters swapped, as tired fingers type it."""
    for index in range(len(number) - 1, 0, -1):
        if number[index] != number[index - 1] and number[index].isalnum() and number[index - 1].isalnum():
            return number[: index - 1] + number[index] + number[index - 1] + number[index + 1 :]
    return number + "1"


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
