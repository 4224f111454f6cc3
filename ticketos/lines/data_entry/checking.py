"""SL1: what the rules of the line say of a document's values as they stand."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from ticketos.domain import quality
from ticketos.domain.state import DocumentState, VendorState
from ticketos.lines.data_entry import rules, vendors

KNOWN_TYPES = tuple(t for t in rules.REQUIRED if t != "unknown")
TaxIdValid = Callable[[str], bool | None]


def run_checks(
    kind: str,
    fields: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]],
    today: date,
    tax_id_valid: TaxIdValid,
    like: Sequence[VendorState] = (),
) -> list[dict[str, Any]]:
    """The line's arithmetic and checksum rules over values as they stand, and the number against the vendor list."""
    values = {name: rules.FieldValue(f.get("value"), 1.0) for name, f in fields.items()}
    rows = [
        rules.LineValue(x.get("quantity"), x.get("unit_price"), x.get("tax_rate"), x.get("net"))
        for x in lines
    ]
    found = list(rules.checks(kind, values, rows, today, tax_id_valid))
    name, number = (values[n].value if n in values else None for n in ("supplier_name", "supplier_tax_id"))
    listed = vendors.check(vendors.matched(like, name, number), number)
    return [vendors.as_json(c) for c in (*found, *((listed,) if listed else ()))]


def level_one(document: DocumentState) -> tuple[int, int, tuple[Mapping[str, Any], ...]]:
    """Automatic quality: every required field present, every check right or overridden with a reason."""
    required = rules.required_fields(document.doc_type)
    defects: list[Mapping[str, Any]] = [
        {
            "field": n,
            "category": "missing_value",
            "severity": "critical",
            "found": None,
            "expected": None,
            "comment": "required",
        }
        for n in required
        if not (document.fields.get(n) or {}).get("value")
    ]
    defects += [
        {
            "field": c["name"],
            "category": "wrong_value",
            "severity": "critical",
            "found": c["detail"],
            "expected": None,
            "comment": "check failed",
        }
        for c in document.checks
        if not c["ok"] and not c.get("override")
    ]
    return *quality.counted(required, {str(d["field"]) for d in defects}), tuple(defects)


def business_key(kind: str, fields: Mapping[str, Any]) -> str | None:
    """Supplier + number + amount: the same document sent again in another file has the same key."""
    parts = [(fields.get(name) or {}).get("value") for name in ("supplier_name", "number", "total")]
    if kind in ("unknown", "inventory") or not all(parts):
        return None
    return "|".join(
        (vendors.vendor_key(parts[0]), re.sub(r"[^0-9a-z]", "", str(parts[1]).lower()), str(parts[2]))
    )


def to_key(kind: str, fields: Mapping[str, Any]) -> list[str]:
    """Fields a person must look at: required ones that are missing, weak or failed, then weak others."""
    required = rules.required_fields(kind)
    first = [n for n in required if n not in fields or fields[n]["state"] != "auto"]
    return first + [n for n, f in fields.items() if f["state"] != "auto" and n not in required]
