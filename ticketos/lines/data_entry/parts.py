"""Several documents in one file: each becomes a document of its own, read, checked, keyed, judged and billed by
itself. The file stays as what they came in: ``split``, and no unit of anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import PurePath
from typing import Any

from ticketos.domain.changes import AddDocument, Change, Emit, SetDocument
from ticketos.domain.ports import NewId
from ticketos.domain.state import DocumentState

Part = tuple[DocumentState, Mapping[str, Any]]
"""A document found in a file, and what was read of it."""


def parts(
    document: DocumentState, readings: Sequence[Mapping[str, Any]], now: datetime, new_id: NewId
) -> tuple[tuple[Change, ...], tuple[Part, ...]]:
    """The rows of a file's documents, with the file marked as split, and each with its reading."""
    found: list[Part] = []
    for reading in readings:
        first = int(reading.get("first_page") or 1)
        last = first + max(int(reading.get("pages") or 1), 1) - 1
        part = replace(
            document,
            id=new_id(),
            filename=name_of(document.filename, first, last),
            sha256=hashlib.sha256(f"{document.sha256}:{first}-{last}".encode()).hexdigest(),
            parent_id=document.id,
            first_page=first,
            last_page=last,
            row_version=1,
        )
        found.append((part, reading))
    added = tuple(
        AddDocument(
            part.id, document.id, part.filename, part.sha256, part.first_page or 1, part.last_page or 1
        )
        for part, _ in found
    )
    split = SetDocument(
        document.id,
        {"state": "split", "engine": readings[0].get("engine"), "read_at": now, "done_at": now},
    )
    told = [{"document": str(part.id), "pages": [part.first_page, part.last_page]} for part, _ in found]
    said = Emit(
        "document.split",
        after={"document": str(document.id), "parts": told},
        entity="document",
        entity_id=str(document.id),
    )
    return (*added, split, said), tuple(found)


def name_of(filename: str, first: int, last: int) -> str:
    """What a person calls these pages of a file: ``scan.pdf`` becomes ``scan (pages 3-4).pdf``."""
    path = PurePath(filename)
    pages = f"page {first}" if first == last else f"pages {first}-{last}"
    return f"{path.stem} ({pages}){path.suffix}"
