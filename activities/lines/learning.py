"""Learning inside data entry's steps: keep what was read, and let each finished correction teach at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ticketos.ai.extract.memory import Corrected, SupplierMemory, learn, pages_of
from ticketos.domain.changes import Change, KeepReading, LearnReading, SetDocument, Verdict
from ticketos.domain.ports import Step
from ticketos.domain.state import DocumentState, TaskState
from ticketos.lines.data_entry import vendors
from ticketos.lines.data_entry.typed import FIELD_NAMES


def kept(document: DocumentState, reading: Mapping[str, Any], verdict: Verdict) -> tuple[Change, ...]:
    """Keep the reading of a document that goes to a person; what passes by itself teaches nothing."""
    if verdict.outcome != "keying" or not reading.get("words"):
        return ()
    shown = {
        name: [it["value"], it["confidence"], it["source"]] for name, it in reading.get("fields", {}).items()
    }
    return (
        KeepReading(
            document.id,
            tuple(reading["words"]),
            reading.get("unaided", {}),
            shown,
            reading.get("versions", {}),
        ),
    )


def learnt(
    step: Step, task: TaskState, document: DocumentState, typed: Mapping[str, Any], verdict: Verdict
) -> tuple[Change, ...]:
    """The supplier's memory after a person's work on a document, for the transaction of that work."""
    if verdict.outcome != "ready":
        return ()
    sample = step.kept_reading(document.id)
    fields = next(change.values["fields"] for change in verdict.changes if isinstance(change, SetDocument))
    final = {str(name): it.get("value") for name, it in fields.items()}
    if sample is None or not final.get("supplier_name"):
        return ()
    asked = set(task.payload.get("fields", ()))
    # A field asked for and left empty is one the paper does not carry.
    final |= dict.fromkeys(asked - final.keys())
    vendor = vendors.vendor_key(final["supplier_name"])
    before = step.supplier_memory(vendor)
    known = SupplierMemory.from_json(before) if before else SupplierMemory(vendor)
    seen = frozenset((asked | typed.keys()) & FIELD_NAMES)
    paper = Corrected(pages_of(sample["words"]), final, sample["unaided"], seen)
    after = learn(known, paper).as_json()
    return (LearnReading(document.id, vendor, final, tuple(sorted(seen)), after, step.now),)
