"""How one code of a refusal is answered."""

from __future__ import annotations

from typing import NamedTuple


class Answer(NamedTuple):
    """Words, HTTP status and, where trying again helps, the seconds to wait. Facts of the error go into ``detail``
    by name, in braces."""

    title: str
    detail: str
    status: int = 422
    retry_after: int | None = None
