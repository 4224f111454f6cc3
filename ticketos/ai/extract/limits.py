"""How much a document may cost to read, and the refusal when it costs more or cannot be read at all."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

REASONS: dict[str, str] = {
    "empty": "The file holds nothing to read.",
    "encrypted": "The file is protected by a password. Please send it without one, or tell us the password.",
    "wrong-password": "The password does not open the file.",
    "truncated": "The file is cut off: its end is missing. Please send it again.",
    "wrong-type": "The content of the file is not what its name says.",
    "unsupported": "This kind of file cannot be read. Please send PDF, PNG, JPEG, TIFF or e-invoice XML.",
    "too-many-pages": "The file has more pages than one document may have. Please split it.",
    "too-large": "The file is larger than a document may be.",
    "too-heavy": "Reading the file took more time, memory or pixels than a document may take.",
    "hostile": "The file contains constructs that documents do not need and attackers use.",
    "unreadable": "The file is damaged and could not be read.",
    "no-page": "There is no such page to show.",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for one document. Sizes in bytes, `pixels` per image after decoding."""

    bytes: int = 50 * 1024 * 1024
    pages: int = 200
    pixels: int = 40_000_000
    attachment_bytes: int = 10 * 1024 * 1024
    words_per_page: int = 20_000
    render_dpi: int = 200


class Guard:
    """What a reading process does around the reader's work; this one, for a trusted process, does nothing."""

    def parsing(self) -> AbstractContextManager[None]:
        """Around every parser of foreign bytes: a bound on the memory that it may add."""
        return nullcontext()

    def page_done(self, number: int) -> None:
        """Page `number` has been read: the reading is alive."""


class Quarantined(Exception):  # noqa: N818 - a verdict about the file, not a fault of ours
    """The document is not read. `code` is a key of REASONS and stable."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail

    @property
    def text(self) -> str:
        """Words for the client who sent the file."""
        return REASONS[self.code]
