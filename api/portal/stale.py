"""A form that came back too late: what it says, against what is there now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.portal.catalogue import Texts


@dataclass(frozen=True)
class Difference:
    """One value: its name, what is kept now, what was typed."""

    name: str
    now: str
    typed: str


def differences(t: Texts, prefix: str, now: Mapping[str, Any], typed: Mapping[str, Any]) -> list[Difference]:
    """What differs, in the order of the form; names are texts ``prefix.name``."""
    return [
        Difference(t(f"{prefix}.{name}"), _shown(now.get(name)), _shown(value))
        for name, value in typed.items()
        if t.has(f"{prefix}.{name}") and _shown(now.get(name)) != _shown(value)
    ]


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(sorted(map(str, value)))
    return str(value)
