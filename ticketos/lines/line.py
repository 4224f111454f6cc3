"""What a service line declares about itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ticketos.domain.book_months import Months
from ticketos.domain.changes import Change
from ticketos.domain.erp import Standing
from ticketos.domain.ports import NewId
from ticketos.domain.state import DocumentState, TicketState

LevelOne = Callable[[DocumentState], tuple[int, int, tuple[Mapping[str, Any], ...]]]

"""Automatic quality of one document: fields inspected, fields correct, defects."""

Withdraw = Callable[[TicketState, DocumentState, Sequence[Standing], date, NewId, Months], tuple[Change, ...]]
"""What undoes a document's effects outside the ticket (the entries that stand in the ERP) when its work is withdrawn, on
that day in the client's zone unless the month of an entry is open."""


BY_HAND = "ManualWork"
"""The workflow of lines that are not built yet."""


@dataclass(frozen=True)
class ServiceLine:
    """A service line: its key in tickets and contracts, the workflow that delivers it, what its people must know.

    ``workflow`` is the Temporal name of its child workflow. A line that is not built yet names ``ManualWork``:
    a person does it in one task. ``reads_documents`` says whether attachments are units of its work, and
    ``document_types`` which kinds of them it knows. ``contact`` is work for the very person who wrote: they are asked how
    it was, and may come back by a link. ``words`` teach the local triage engine to recognise it: ticket type → (weight,
    regular expression in lower case); empty, a person or
    the client names it."""

    key: str
    title: str
    skill: str
    workflow: str = BY_HAND
    unit: str = "ticket"
    contact: bool = False
    reads_documents: bool = False
    document_types: tuple[str, ...] = ()
    level_one: LevelOne | None = None
    required: Callable[[str], tuple[str, ...]] = lambda _: ()
    withdraw: Withdraw | None = None
    words: Mapping[str, tuple[tuple[float, str], ...]] = field(default_factory=dict)
