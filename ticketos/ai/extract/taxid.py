"""Tax identifiers: their shapes, and the checksums of the schemes that have one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

_GSTIN = r"\d{2}[A-Z]{5}\d{4}[A-Z][A-Z0-9]Z[A-Z0-9]"
_EU = (
    r"(?:ATU\d{8}|BE[01]\d{9}|BG\d{9,10}|CY\d{8}[A-Z]|CZ\d{8,10}|DE\d{9}|DK\d{8}|EE\d{9}|EL\d{9}|ES[A-Z0-9]\d{7}[A-Z0-9]"
    r"|FI\d{8}|FR[A-Z0-9]{2}\d{9}|HR\d{11}|HU\d{8}|IE\d[A-Z0-9]\d{5}[A-Z]{1,2}|IT\d{11}|LT(?:\d{9}|\d{12})|LU\d{8}"
    r"|LV\d{11}|MT\d{8}|NL\d{9}B\d{2}|PL\d{10}|PT\d{9}|RO\d{2,10}|SE\d{12}|SI\d{8}|SK\d{10}|GB\d{9}(?:\d{3})?|CHE\d{9})"
)
_SHAPES = re.compile(rf"(?<![A-Z0-9])({_GSTIN}|{_EU})(?![A-Z0-9])")


@dataclass(frozen=True, slots=True)
class TaxId:
    """An identifier at characters start to end of a text, without its spaces and points."""

    start: int
    end: int
    value: str


@lru_cache(maxsize=4096)
def tax_ids(text: str) -> tuple[TaxId, ...]:
    """Identifiers whose shape alone tells what they are."""
    return tuple(_shaped(text)) if any(map(str.isdigit, text)) else ()


def _shaped(text: str) -> Iterator[TaxId]:
    kept = [(index, character) for index, character in enumerate(text.upper()) if character not in " .-"]
    # Words must not run together into an identifier: only gaps inside a digit run are closed.
    for match in _SHAPES.finditer(text.upper()):
        yield TaxId(match.start(), match.end(), match[0])
    squeezed = "".join(character for _, character in kept)
    for match in _SHAPES.finditer(squeezed):
        start, end = kept[match.start()][0], kept[match.end() - 1][0] + 1
        spaced = text[start:end]
        if spaced.upper() != match[0] and re.fullmatch(
            r"[A-Z]{2,3}[ \-]?[A-Z0-9]{1,4}(?:[ .\-][A-Z0-9]{1,9})*", spaced.upper()
        ):
            yield TaxId(start, end, match[0])


def checksum_right(value: str) -> bool | None:
    """Whether an identifier's checksum is right; None for a scheme without one we know."""
    text = re.sub(r"[\s.\-/]", "", value).upper()
    if re.fullmatch(_GSTIN, text):
        from stdnum.in_ import gstin

        return bool(gstin.is_valid(text))
    if text.startswith("CHE") and re.fullmatch(r"CHE\d{9}(?:MWST|TVA|IVA)?", text):
        from stdnum.ch import uid

        return bool(uid.is_valid(text[:12]))
    if text.startswith("GB") and re.fullmatch(_EU, text):
        from stdnum.gb import vat as british

        return bool(british.is_valid(text))
    if re.fullmatch(_EU, text):
        from stdnum.eu import vat

        return bool(vat.is_valid(text))
    return None
