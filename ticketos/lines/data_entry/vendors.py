"""Which vendor of the client's own list a document is from, and whether its tax number is one of that vendor's.

Pure: the vendors that could be meant come in as values (``Step.vendors_like``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ticketos.domain.changes import Change, SetDocument
from ticketos.domain.state import DocumentState, VendorState
from ticketos.lines.data_entry.rules import CheckResult

CHECK = "vendor_tax_id"
"""Name of the check that compares a paper's tax number with the list."""
UNKNOWN = "unknown"
"""What ``vendor_key`` makes of a name without a letter."""
MOST = 5_000
"""Vendors of a client that the reader compares a paper with, and rows of one file."""

NOTHING: Mapping[str, Any] = {}

_FORMS = frozenset(
    "ltd limited pvt private gmbh ag kg co inc llp llc sa sarl bv plc ug ohg".split()  # noqa: SIM905 (readable)
)
# A VAT number is written with or without its country; the letters count as country only before a long number.
_COUNTRY = re.compile(
    r"(?:AT|BE|BG|CH|CHE|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|HR|HU|IE|IT|LT|LU|LV|MT|NL|NO|PL|PT|RO|SE|SI|SK|XI)"
    r"(?=[A-Z0-9]{0,2}\d{6})"
)


@dataclass(frozen=True, slots=True)
class Match:
    """The vendor a document is from, if one is, and those that its name and its tax number point to."""

    vendor: VendorState | None = None
    by_number: tuple[VendorState, ...] = ()
    by_name: tuple[VendorState, ...] = ()


class Listed(Protocol):
    """Whoever can look into a client's vendor list."""

    def vendors_like(self, signs: Sequence[str]) -> tuple[VendorState, ...]:
        """Active vendors with one of these signs."""
        ...


def like(
    listed: Listed, fields: Mapping[str, Any], typed: Mapping[str, Any] = NOTHING
) -> tuple[VendorState, ...]:
    """The vendors that a document with these fields could be from, given what a person typed instead."""
    name, number = who(fields, typed)
    wanted = signs((name,), (number,))
    return listed.vendors_like(wanted) if wanted else ()


def signs(names: Iterable[str | None], numbers: Iterable[str | None]) -> list[str]:
    """What a vendor, or a paper, is met by: each name and each tax number, told from each other."""
    keys = [f"name:{key}" for key in map(vendor_key, names) if key != UNKNOWN]
    keys += [f"number:{key}" for key in map(tax_key, numbers) if key]
    return list(dict.fromkeys(keys))


def who(fields: Mapping[str, Any], typed: Mapping[str, Any] = NOTHING) -> tuple[str | None, str | None]:
    """Name and tax number of the supplier: as typed, where somebody did, else as the document's fields have them."""
    name, number = (
        typed[n] if n in typed else (fields.get(n) or {}).get("value")
        for n in ("supplier_name", "supplier_tax_id")
    )
    return (str(name) if name else None), (str(number) if number else None)


def vendor_key(name: str | None) -> str:
    """A supplier's name without case, punctuation and legal form, so that it is met again."""
    words = re.sub(r"[^\w\s]", " ", (name or "").casefold()).split()
    return " ".join(w for w in words if w not in _FORMS)[:120] or UNKNOWN


def tax_key(number: str | None) -> str:
    """A tax number as letters and digits alone, without the country before it; empty for none."""
    plain = re.sub(r"[\W_]+", "", (number or "").upper())
    return _COUNTRY.sub("", plain, count=1) if _COUNTRY.match(plain) else plain


def matched(vendors: Sequence[VendorState], name: str | None, tax_id: str | None) -> Match:
    """The vendor by tax number, then by name: alike but for case, points and legal form, its other names too.

    Where the number is several vendors' (branches), the name decides; where nothing does, there is none.
    """
    number, key = tax_key(tax_id), vendor_key(name)
    by_number = tuple(v for v in vendors if number and number in map(tax_key, v.tax_ids))
    by_name = tuple(v for v in vendors if key != UNKNOWN and key in (v.vendor_key, *v.alias_keys))
    both = tuple(v for v in by_number if v in by_name)
    for group in (both, by_number, by_name):
        if group:
            return Match(group[0] if len(group) == 1 else None, by_number, by_name)
    return Match()


def check(match: Match, tax_id: str | None) -> CheckResult | None:
    """Whether the paper's tax number is one the list has for the vendor it names. None where the paper has no
    number, or the list none for that vendor."""
    if not tax_key(tax_id):
        return None
    fits = [v for v in match.by_number if v in match.by_name or not match.by_name]
    if fits:
        return _said(True, f"{tax_id} is the number the vendor list has for {_named(fits)}")
    if match.by_number:
        others = _named(match.by_number)
        return _said(
            False, f"{tax_id} is the number the vendor list has for {others}, not for {_named(match.by_name)}"
        )
    if not match.by_name or not all(v.tax_ids for v in match.by_name):
        return None
    return _said(False, f"{tax_id} is not the number the vendor list has for {_named(match.by_name)}")


def checked(reading: Mapping[str, Any], vendors: Sequence[VendorState]) -> Mapping[str, Any]:
    """A reading with that check among its others; where it fails, a person is asked about the number."""
    found = (reading.get("fields") or {}).get("supplier_tax_id")
    verdict = check(matched(vendors, *who(reading.get("fields") or {})), found["value"] if found else None)
    if verdict is None or found is None:
        return reading
    checks = [*reading.get("checks", ()), as_json(verdict)]
    if verdict.ok:
        return {**reading, "checks": checks}
    doubted = {**found, "auto": False, "blocked_by": [*found.get("blocked_by", ()), f"check:{CHECK}"]}
    return {**reading, "checks": checks, "fields": {**reading["fields"], "supplier_tax_id": doubted}}


def as_json(verdict: CheckResult) -> dict[str, Any]:
    """A check as a document keeps it."""
    return {"name": verdict.name, "ok": verdict.ok, "detail": verdict.detail}


def named(vendor: VendorState | None) -> dict[str, str]:
    """The vendor as a document keeps it: code and name; empty for none."""
    return {} if vendor is None else {"code": vendor.code, "name": vendor.name}


def news(
    document: DocumentState,
    like: Sequence[VendorState],
    fields: Mapping[str, Any],
    typed: Mapping[str, Any] = NOTHING,
) -> tuple[Change, ...]:
    """The vendor of the client's list kept with the document, where that is news."""
    found = named(matched(like, *who(fields, typed)).vendor)
    return () if found == document.vendor else (SetDocument(document.id, {"vendor": found}),)


def _said(ok: bool, detail: str) -> CheckResult:
    return CheckResult(CHECK, ok, detail, ("supplier_tax_id",))


def _named(vendors: Sequence[VendorState]) -> str:
    return " or ".join(f"{v.code} {v.name}" for v in vendors[:3])
