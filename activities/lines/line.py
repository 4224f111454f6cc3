"""What a service line is given, and what it hands to the workers for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from activities.handling import Completion
from ticketos.domain.ports import Documents, Reader, Store


@dataclass(frozen=True)
class LinePorts:
    """The outside, as far as a line may touch it."""

    store: Store
    documents: Documents
    reader: Reader
    tax_id_valid: Callable[[str], bool | None]


@dataclass(frozen=True)
class LineWork:
    """A line's part of the workers. ``local`` activities run beside the ticket's workflow, ``documents`` on
    the reading queue; ``completions`` say what finishing a task of that kind means. A line's own kinds are
    named ``line.verb``."""

    local: Sequence[Callable[..., Any]]
    documents: Sequence[Callable[..., Any]] = ()
    completions: Mapping[str, Completion] = field(default_factory=dict)
