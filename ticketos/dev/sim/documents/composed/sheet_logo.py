"""The mark of a house, drawn from its name."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ticketos.dev.sim.documents.canvas import Colour

if TYPE_CHECKING:
    from ticketos.dev.sim.documents.composed.sheets import Sheet

WHITE: Colour = (255, 255, 255)


def logo(sheet: Sheet, x: float, y: float, width: float, side: str = "left") -> float:
    """A mark drawn from the name: polygon, bars, ring, or the name as lettering."""
    pen, name = sheet.pen, sheet.contents.issuer.name
    size = sheet.hand.between("logo.size", 28, 62)
    x = x + width - size if side == "right" else x
    style = sheet.hand.pick("logo.style", ("polygon", "bars", "initials", "lettering", "ring"))
    if style == "polygon":
        corners = sheet.hand.pick("logo.corners", (3, 4, 5, 6, 8))
        pen.blob(
            [
                (
                    x + size / 2 * (1 + math.sin(2 * math.pi * i / corners)),
                    y + size / 2 * (1 - math.cos(2 * math.pi * i / corners)),
                )
                for i in range(corners)
            ],
            sheet.accent,
        )
    elif style == "bars":
        for index in range(3):
            height = size * (0.45 + 0.27 * index)
            pen.box(x + index * size * 0.35, y + size - height, size * 0.26, height, fill=sheet.accent)
    elif style == "ring":
        pen.blob(
            [(x + size / 2 * (1 + math.sin(i / 6)), y + size / 2 * (1 - math.cos(i / 6))) for i in range(38)],
            sheet.accent,
        )
        pen.blob(
            [
                (x + size / 2 + size / 3.2 * math.sin(i / 6), y + size / 2 - size / 3.2 * math.cos(i / 6))
                for i in range(38)
            ],
            WHITE,
        )
    elif style == "initials":
        pen.box(x, y, size, size, fill=sheet.accent)
        pen.text(
            x + size / 2,
            y + size * 0.66,
            name[:2].upper(),
            size * 0.45,
            bold=True,
            align="center",
            colour=WHITE,
        )
    else:
        word = name.split()[0]
        place = x + size if side == "right" else x
        pen.text(
            place,
            y + size * 0.5,
            word.lower() if len(word) % 2 else word.upper(),
            size * 0.55,
            bold=True,
            align="right" if side == "right" else "left",
            colour=sheet.accent,
        )
        return y + size * 0.75
    return y + size + 6
