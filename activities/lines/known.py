"""What stands ready for a paper before it is read: what the client's corrections taught, its vendor list, and what its
contract lets a model outside do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ticketos.ai.extract.scoring import scorer
from ticketos.domain.engines import ModelUse
from ticketos.domain.ports import NO_VENDORS, Step, VendorList
from ticketos.lines.data_entry import calibration, coding_model


@dataclass(frozen=True)
class Known:
    """What a client's corrections taught: of its suppliers, of all its papers, and of the reader's word; the vendor list it
    gave, and what its contract lets a model outside do."""

    suppliers: tuple[Mapping[str, Any], ...] = ()
    scorer: Mapping[str, Any] | None = None
    calibration: Mapping[str, Any] | None = None
    coder: str = ""
    """Version of the GL coder in use, empty where none was learnt."""
    vendors: VendorList = NO_VENDORS
    model: ModelUse | None = None

    def marked(self, reading: Mapping[str, Any]) -> Mapping[str, Any]:
        """The reading with the version of the coder that stood ready for it, beside those of what read it."""
        if not self.coder or reading.get("status") != "read":
            return reading
        return {**reading, "versions": {**(reading.get("versions") or {}), "coder": self.coder}}


class VendorLists:
    """The vendor lists read last, so that a stack of papers does not fetch thousands of rows for each. Used by several
    threads: at worst one fetches again what another has."""

    MOST = 16

    def __init__(self) -> None:
        self._kept: dict[str, VendorList] = {}

    def get(self, mark: str) -> VendorList | None:
        """The list with that mark, if it was read lately."""
        return self._kept.get(mark)

    def keep(self, listed: VendorList) -> VendorList:
        """Remember a list; the one kept longest makes room."""
        while len(self._kept) >= self.MOST:
            self._kept.pop(next(iter(self._kept), ""), None)
        self._kept[listed.mark] = listed
        return listed


NOTHING = Known()


def of(step: Step, lists: VendorLists, model: ModelUse | None) -> Known:
    """All of it for the client of a step."""
    mark = step.vendor_mark()
    listed = lists.get(mark) or lists.keep(step.vendor_list()) if mark else NO_VENDORS
    return Known(
        step.supplier_memories(),
        step.learned(scorer.KIND),
        step.learned(calibration.KIND),
        str((step.learned(coding_model.KIND) or {}).get("version", "")),
        listed,
        model,
    )
