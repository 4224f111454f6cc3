"""The memory of one supplier at one client: who it is, what recurs, and where on its papers values stand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from ticketos.ai.extract.values import fold

MOST_PLACES = 12
"""Names of places kept for a field: the surest."""
MOST_VALUES = 6
MOST_SHAPES = 6
MOST_ANCHORS = 40


@dataclass
class FieldMemory:
    """What is known of one field. Counts are of corrected or confirmed papers.

    `places` lead from a place's name and pick ("first" or "last" value there) to how often it held the value
    and how often another; `values` count values that recur, `shapes` their build; `absent` the papers without
    one; `right` and `wrong` the reader's own answers as people judged them.
    """

    places: dict[str, list[int]] = field(default_factory=dict)
    values: dict[str, int] = field(default_factory=dict)
    shapes: dict[str, int] = field(default_factory=dict)
    papers: int = 0
    absent: int = 0
    right: int = 0
    wrong: int = 0


@dataclass
class SupplierMemory:
    """All that corrections taught about a supplier. `key` names it among the client's suppliers."""

    key: str
    papers: int = 0
    fields: dict[str, FieldMemory] = field(default_factory=dict)
    anchors: dict[str, int] = field(default_factory=dict)
    """Words that stand on its papers and tell them from others', with how many papers had them."""
    misread: dict[str, int] = field(default_factory=dict)
    """Names the reader gave where people typed this supplier's."""
    month_first: int = 0
    day_first: int = 0
    rounded: dict[str, int] = field(default_factory=dict)
    """Papers whose total was net and tax rounded, by step; under "" those whose total was something else."""

    @cached_property
    def signs(self) -> dict[str, list[str]]:
        """What the supplier is known by, as letters and digits: names, tax numbers, addresses. Learning forgets it."""
        return {
            name: [
                squeezed
                for squeezed in (re.sub(r"[\W_]+", "", fold(value)) for value in self.fields[name].values)
                if len(squeezed) >= least
            ]
            for name, least in (("supplier_name", 5), ("supplier_tax_id", 7), ("supplier_address", 12))
            if name in self.fields
        }

    @property
    def rounding(self) -> Decimal | None:
        """The step this supplier rounds totals to, when at least two papers showed it and none spoke against."""
        if self.rounded.get(""):
            return None
        # Some papers fit several steps by chance; the supplier's own fits them all.
        counted = [(count, Decimal(step)) for step, count in self.rounded.items() if count >= 2]
        return max(counted)[1] if counted else None

    def of(self, name: str) -> FieldMemory:
        """The memory of a field, begun when it is new."""
        return self.fields.setdefault(name, FieldMemory())

    def usual(self, name: str) -> str | None:
        """The value most papers had, if any."""
        known = self.fields.get(name)
        return max(known.values, key=lambda value: known.values[value]) if known and known.values else None

    def as_json(self) -> dict[str, Any]:
        """Plain values, bounded: the surest places, the commonest values."""
        return {
            "key": self.key,
            "papers": self.papers,
            "anchors": _top(self.anchors, MOST_ANCHORS),
            "misread": _top(self.misread, MOST_VALUES),
            "month_first": self.month_first,
            "day_first": self.day_first,
            "rounded": self.rounded,
            "fields": {
                name: {
                    "places": dict(
                        sorted(it.places.items(), key=lambda place: (place[1][1] - place[1][0], place[0]))[
                            :MOST_PLACES
                        ]
                    ),
                    "values": _top(it.values, MOST_VALUES),
                    "shapes": _top(it.shapes, MOST_SHAPES),
                    "counts": [it.papers, it.absent, it.right, it.wrong],
                }
                for name, it in self.fields.items()
            },
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> SupplierMemory:
        """The memory that `as_json` wrote."""
        return cls(
            key=str(stored["key"]),
            papers=int(stored["papers"]),
            anchors={str(text): int(count) for text, count in stored["anchors"].items()},
            misread={str(text): int(count) for text, count in stored["misread"].items()},
            month_first=int(stored["month_first"]),
            day_first=int(stored["day_first"]),
            rounded={str(step): int(count) for step, count in stored.get("rounded", {}).items()},
            fields={
                str(name): FieldMemory(
                    {str(place): [int(n) for n in counts] for place, counts in it["places"].items()},
                    {str(value): int(count) for value, count in it["values"].items()},
                    {str(shape): int(count) for shape, count in it["shapes"].items()},
                    *(int(count) for count in it["counts"]),
                )
                for name, it in stored["fields"].items()
            },
        )


def _top(counts: Mapping[str, int], most: int) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:most])
