"""The faces of full-page documents: eleven layouts that differ in header, parties, table and totals."""

# ruff: noqa: E501  (a layout is a row of the table, and a row stays on one line)

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

from ticketos.dev.sim.documents.canvas import Colour


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand on the page and how the table looks.

    ``columns`` are the column keys of taxed documents in order; other kinds bring their own columns.
    """

    name: str
    header: Literal[
        "logo_left", "logo_right", "band", "boxed", "centered", "letter", "sidebar", "split", "plain"
    ]
    meta: Literal["right", "strip", "inline", "cells", "left"]
    table: Literal["ruled", "zebra", "unruled", "lines", "filled"]
    totals: Literal["right", "left", "boxed", "band"]
    family: str
    columns: tuple[str, ...]
    size: float = 9


# fmt: off
_FULL = ("pos", "description", "quantity", "unit", "unit_price", "tax_rate", "net")
_HSN = ("pos", "description", "hsn", "quantity", "unit", "unit_price", "tax_rate", "net")

LAYOUTS: tuple[Layout, ...] = (
    Layout("logo left", "logo_left", "right", "filled", "right", "sans", _FULL, 8.5),
    Layout("logo right", "logo_right", "left", "lines", "right", "grotesk", ("quantity", "unit", "description", "unit_price", "tax_rate", "net"), 9.5),
    Layout("colour band", "band", "strip", "zebra", "band", "condensed", ("description", "quantity", "unit", "unit_price", "tax_rate", "net")),
    Layout("boxed form", "boxed", "cells", "ruled", "boxed", "grotesk", _HSN, 9),
    Layout("centered letterhead", "centered", "inline", "ruled", "left", "roman", ("pos", "code", "description", "hsn", "tax_rate", "quantity", "unit", "unit_price", "net"), 9.5),
    Layout("business letter", "letter", "right", "lines", "right", "grotesk", _FULL, 9.5),
    Layout("sidebar", "sidebar", "inline", "unruled", "right", "condensed", ("description", "unit_price", "quantity", "unit", "tax_rate", "net"), 8.5),
    Layout("two columns", "split", "strip", "lines", "left", "serif", ("code", "description", "quantity", "unit", "unit_price", "tax_rate", "net"), 8),
    Layout("plain", "plain", "left", "unruled", "right", "mono", ("description", "quantity", "unit", "unit_price", "tax_rate", "net"), 8),
    Layout("modern band", "band", "cells", "unruled", "boxed", "sans", ("pos", "code", "description", "quantity", "unit", "unit_price", "tax_rate", "net"), 8),
    Layout("logo right, zebra", "logo_right", "strip", "zebra", "band", "roman", _HSN, 9.5),
)
# fmt: on

COLUMNS_OF_KIND: dict[str, tuple[str, ...]] = {
    "goods_receipt": ("pos", "code", "description", "ordered", "received", "unit"),
    "inventory": ("code", "description", "location", "quantity", "unit", "unit_cost", "value"),
}
# Share of the table's width; the description takes the rest.
COLUMN_WIDTH = {
    "pos": 0.05,
    "code": 0.1,
    "hsn": 0.09,
    "quantity": 0.09,
    "ordered": 0.13,
    "received": 0.14,
    "unit": 0.08,
    "unit_price": 0.14,
    "unit_cost": 0.14,
    "tax_rate": 0.1,
    "net": 0.16,
    "value": 0.16,
    "location": 0.13,
}
NUMERIC = frozenset(
    {"quantity", "ordered", "received", "unit_price", "unit_cost", "tax_rate", "net", "value"}
)

ACCENTS: tuple[Colour, ...] = (
    (28, 63, 117),
    (140, 33, 38),
    (19, 98, 81),
    (90, 54, 120),
    (176, 92, 20),
    (45, 52, 60),
    (0, 96, 135),
)


def choose(vendor_seed: int, layout: int | None) -> Layout:
    """The layout asked for, counted round the list, or the supplier's own."""
    return LAYOUTS[
        (random.Random(f"layout/{vendor_seed}").randrange(len(LAYOUTS)) if layout is None else layout)
        % len(LAYOUTS)
    ]


def accent(vendor_seed: int) -> Colour:
    """The supplier's house colour."""
    return random.Random(f"accent/{vendor_seed}").choice(ACCENTS)
