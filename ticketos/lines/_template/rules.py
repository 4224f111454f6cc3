"""The rules of the line: pure functions from values to values. No clock, no randomness, no database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ticketos.domain.state import DocumentState

REQUIRED = ("result",)
"""Fields a finished unit must hold."""


def required(doc_type: str) -> tuple[str, ...]:
    """The required fields of a unit of this type."""
    return REQUIRED


def level_one(document: DocumentState) -> tuple[int, int, tuple[Mapping[str, Any], ...]]:
    """Automatic quality: fields inspected, fields correct, defects."""
    missing = [
        name for name in required(document.doc_type) if not (document.fields.get(name) or {}).get("value")
    ]
    defects = tuple({"field": name, "category": "missing_value", "severity": "critical"} for name in missing)
    return len(REQUIRED), len(REQUIRED) - len(missing), defects
