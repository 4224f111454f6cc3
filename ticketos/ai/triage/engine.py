"""The local engine of the triage port."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ticketos.ai.triage.rules import triage


def local_triage(text: str, *, subject: str, attachments: Sequence[str], sender: str) -> Mapping[str, Any]:
    """Rules alone: no key, no network."""
    return triage(text, subject=subject, attachments=attachments, sender=sender).model_dump(mode="json")
