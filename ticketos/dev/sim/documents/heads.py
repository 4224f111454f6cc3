"""The top of a full page: letterhead, addressee and document data, in the layout's manner."""

from __future__ import annotations

import math

from ticketos.dev.sim.documents.canvas import BLACK, GREY, Align, Colour
from ticketos.dev.sim.documents.parties import Company
from ticketos.dev.sim.documents.sheet import Sheet

WHITE: Colour = (255, 255, 255)


def draw(sheet: Sheet) -> float:
    """Draws everything above the table; returns where the table may begin."""
    y = {
        "logo_left": _logo_left,
        "logo_right": _logo_right,
        "band": _band,
        "boxed": _boxed,
        "centered": _centered,
        "letter": _letter,
        "sidebar": _sidebar,
        "split": _split,
        "plain": _plain,
    }[sheet.layout.header](sheet)
    return y + 16


def draw_continuation(sheet: Sheet) -> float:
    """The short head of a following page: whose document, which number."""
    canvas, facts = sheet.canvas, sheet.facts
    canvas.text(sheet.left, 50, facts.issuer.name, 10, bold=True, colour=sheet.accent)
    canvas.text(sheet.right, 50, f"{sheet.title} {facts.number}", 9, align="right")
    canvas.line(sheet.left, 57, sheet.right, 57, colour=sheet.accent)
    return 74


def _logo(sheet: Sheet, x: float, y: float, size: float) -> None:
    """A simple mark that follows from the company's name: polygon, ring of bars or initials in a box."""
    canvas, name = sheet.canvas, sheet.facts.issuer.name
    style = sum(map(ord, name)) % 3
    if style == 0:
        corners = 3 + len(name) % 4
        points = [
            (
                x + size / 2 * (1 + math.sin(2 * math.pi * i / corners)),
                y + size / 2 * (1 - math.cos(2 * math.pi * i / corners)),
            )
            for i in range(corners)
        ]
        canvas.blob(points, sheet.accent)
    elif style == 1:
        for index in range(3):
            height = size * (0.45 + 0.27 * index)
            canvas.box(x + index * size * 0.35, y + size - height, size * 0.26, height, fill=sheet.accent)
    else:
        canvas.box(x, y, size, size, fill=sheet.accent)
        canvas.text(
            x + size / 2,
            y + size * 0.68,
            name[0] + name.split()[1][0],
            size * 0.5,
            bold=True,
            align="center",
            colour=WHITE,
        )


def _issuer_lines(sheet: Sheet) -> list[str]:
    company = sheet.facts.issuer
    return [*company.address_lines, company.phone, sheet.tax_number(company)]


def _lines(
    sheet: Sheet,
    x: float,
    y: float,
    texts: list[str],
    size: float,
    align: Align = "left",
    colour: Colour = BLACK,
) -> float:
    """Writes the lines one under the other and returns the baseline after the last."""
    for text in filter(None, texts):
        sheet.canvas.text(x, y, text, size, align=align, colour=colour)
        y += size * 1.32
    return y


def _addressee(sheet: Sheet, x: float, y: float, *, heading: bool = True, width: float = 230) -> float:
    """The addressee's block; returns its lower end. Stock lists are addressed to nobody."""
    if sheet.facts.kind == "inventory":
        return y
    return _party(sheet, x, y, sheet.counterpart, sheet.counterpart_label if heading else "", width)


def _party(sheet: Sheet, x: float, y: float, company: Company, heading: str, width: float) -> float:
    canvas, size = sheet.canvas, sheet.layout.size
    if heading:
        canvas.text(x, y, heading, size, bold=True, colour=sheet.accent)
        y += size * 1.45
    for line in canvas.wrap(company.name, width, size + 0.5, bold=True):
        canvas.text(x, y, line, size + 0.5, bold=True)
        y += size * 1.35
    return _lines(sheet, x, y, [*company.address_lines, sheet.tax_number(company)], size)


def _meta(sheet: Sheet, x: float, y: float, width: float) -> float:
    """The document's data in the layout's manner, within ``width``; returns its lower end."""
    rows, size, canvas = sheet.meta(), sheet.layout.size, sheet.canvas
    manner = sheet.layout.meta
    if manner in ("strip", "cells"):
        per_row = min(len(rows), 2 if width < 300 else 3 if width < 400 else 5)
        cell = width / per_row
        for index, (label, value) in enumerate(rows):
            left, top = x + index % per_row * cell, y + index // per_row * 30
            if manner == "cells":
                canvas.box(left, top, cell, 30, stroke=GREY)
            else:
                canvas.box(left, top, cell, 30, fill=sheet.pale)
            canvas.text(left + 4, top + 11, label, size - 1.5, colour=GREY)
            canvas.text(left + 4, top + 24, value, size, bold=True)
        return y + 30 * math.ceil(len(rows) / per_row)
    if manner == "inline":
        for first in range(0, len(rows), 2):
            for (label, value), place, align in zip(
                rows[first : first + 2], (x, x + width), ("left", "right"), strict=False
            ):
                canvas.text(place, y, f"{label}: {value}", size, align="left" if align == "left" else "right")
            y += size * 1.5
        return y
    for label, value in rows:
        if manner == "right":
            canvas.text(x, y, label, size, colour=GREY)
            canvas.text(x + width, y, value, size, bold=True, align="right")
        else:
            canvas.text(x, y, f"{label}:", size, bold=True)
            canvas.text(x + width * 0.5, y, value, size)
        y += size * 1.5
    return y


def _logo_left(sheet: Sheet) -> float:
    canvas, company = sheet.canvas, sheet.facts.issuer
    _logo(sheet, sheet.left, 40, 42)
    canvas.text(sheet.left + 54, 56, company.name, 13, bold=True)
    below = _lines(sheet, sheet.left + 54, 70, _issuer_lines(sheet), 8, colour=GREY)
    canvas.text(sheet.right, 118, sheet.title, 20, bold=True, align="right", colour=sheet.accent)
    top = max(below, 140) + 12
    return max(_addressee(sheet, sheet.left, top), _meta(sheet, sheet.right - 190, top, 190))


def _logo_right(sheet: Sheet) -> float:
    canvas, company = sheet.canvas, sheet.facts.issuer
    _logo(sheet, sheet.right - 40, 34, 40)
    canvas.text(sheet.left, 62, sheet.title, 19, bold=True, colour=sheet.accent)
    canvas.text(sheet.right, 92, company.name, 11, bold=True, align="right")
    below = _lines(sheet, sheet.right, 105, _issuer_lines(sheet), 8.5, "right")
    if sheet.layout.meta == "strip":
        bottom = _addressee(sheet, sheet.left, 100)
        return _meta(sheet, sheet.left, max(bottom, below) + 8, sheet.width)
    _meta_end = _meta(sheet, sheet.left, 92, 220)
    return _addressee(sheet, sheet.left, max(below, _meta_end) + 14)


def _band(sheet: Sheet) -> float:
    canvas, company = sheet.canvas, sheet.facts.issuer
    canvas.box(0, 0, canvas.width, 78, fill=sheet.accent)
    title = canvas.text_width(sheet.title, 18, bold=True)
    for index, line in enumerate(canvas.wrap(company.name, sheet.width - title - 20, 16, bold=True)):
        canvas.text(sheet.left, 40 + index * 18, line, 16, bold=True, colour=WHITE)
    canvas.text(sheet.right, 50, sheet.title, 18, bold=True, align="right", colour=WHITE)
    below = _lines(sheet, sheet.right, 100, _issuer_lines(sheet), 8, "right", GREY)
    bottom = _addressee(sheet, sheet.left, 100, width=260)
    return _meta(sheet, sheet.left, max(below, bottom) + 6, sheet.width)


def _boxed(sheet: Sheet) -> float:
    """The ruled form of Indian accounting packages: parties in boxes on the left, data cells on the right."""
    canvas, middle = sheet.canvas, sheet.left + sheet.width * 0.52
    canvas.text(sheet.left + sheet.width / 2, 44, sheet.title, 13, bold=True, align="center")
    top = 54.0
    first = _party(sheet, sheet.left + 6, top + 14, sheet.facts.issuer, "", middle - sheet.left - 12)
    second = first
    if sheet.facts.kind != "inventory":
        second = _addressee(sheet, sheet.left + 6, first + 12, width=middle - sheet.left - 12)
    cells = _meta(sheet, middle, top, sheet.right - middle)
    bottom = max(second, cells)
    canvas.box(sheet.left, top, sheet.width, bottom - top, stroke=BLACK)
    canvas.line(middle, top, middle, bottom)
    if second > first:
        canvas.line(sheet.left, first - 2, middle, first - 2)
    return bottom - 10


def _centered(sheet: Sheet) -> float:
    canvas, company = sheet.canvas, sheet.facts.issuer
    middle = sheet.left + sheet.width / 2
    canvas.text(middle, 52, company.name, 17, bold=True, align="center", colour=sheet.accent)
    texts = [company.address, f"{company.phone} · {company.email}", sheet.tax_number(company)]
    y = _lines(sheet, middle, 66, texts, 9, "center")
    canvas.line(sheet.left, y, sheet.right, y, width=1.4, colour=sheet.accent)
    canvas.text(middle, y + 20, sheet.title, 13, bold=True, align="center")
    y = _meta(sheet, sheet.left, y + 40, sheet.width)
    return _addressee(sheet, sheet.left, y + 8, width=sheet.width)


def _letter(sheet: Sheet) -> float:
    """The German business letter: sender line over the address window, data block, subject line."""
    canvas, company = sheet.canvas, sheet.facts.issuer
    canvas.text(sheet.right, 56, company.name, 15, bold=True, align="right", colour=sheet.accent)
    sender = f"{company.name} · {company.address.replace(', ', ' · ')}"
    canvas.text(sheet.left, 118, sender, 6.5, colour=GREY)
    canvas.line(sheet.left, 121, sheet.left + canvas.text_width(sender, 6.5), 121, width=0.3, colour=GREY)
    bottom = _addressee(sheet, sheet.left, 136, heading=False)
    below = _meta(sheet, sheet.right - 200, 136, 200)
    y = max(bottom, below, 215) + 22
    canvas.text(sheet.left, y, sheet.title, 13, bold=True)
    return y


def _sidebar(sheet: Sheet) -> float:
    canvas, company = sheet.canvas, sheet.facts.issuer
    canvas.box(0, 0, 156, canvas.height, fill=sheet.pale)
    canvas.box(0, 0, 8, canvas.height, fill=sheet.accent)
    _logo(sheet, 26, 40, 48)
    y = 112.0
    for line in canvas.wrap(company.name, 118, 11, bold=True):
        canvas.text(26, y, line, 11, bold=True)
        y += 14
    wrapped = [part for text in _issuer_lines(sheet) for part in canvas.wrap(text, 122, 7.5)]
    _lines(sheet, 26, y + 6, wrapped, 7.5)
    canvas.text(sheet.left, 62, sheet.title, 20, colour=sheet.accent)
    y = _meta(sheet, sheet.left, 90, sheet.width)
    return _addressee(sheet, sheet.left, y + 10, width=sheet.width)


def _split(sheet: Sheet) -> float:
    canvas, company = sheet.canvas, sheet.facts.issuer
    canvas.text(sheet.left, 58, sheet.title, 17, bold=True)
    canvas.line(sheet.left, 68, sheet.right, 68, width=2, colour=sheet.accent)
    heading = sheet.words.label("from") if company is sheet.facts.supplier else ""
    half = sheet.width / 2 - 8
    first = _party(sheet, sheet.left + 8, 90, company, heading, half - 16)
    second = _addressee(sheet, sheet.left + half + 24, 90, width=half - 16)
    bottom = max(first, second)
    canvas.box(sheet.left, 76, half, bottom - 76, stroke=GREY)
    if sheet.facts.kind != "inventory":
        canvas.box(sheet.left + half + 16, 76, half, bottom - 76, stroke=GREY)
    return _meta(sheet, sheet.left, bottom + 10, sheet.width)


def _plain(sheet: Sheet) -> float:
    canvas, company = sheet.canvas, sheet.facts.issuer
    canvas.text(sheet.left, 54, company.name, 12, bold=True)
    y = _lines(sheet, sheet.left, 68, _issuer_lines(sheet), 8)
    y += 16
    canvas.text(sheet.left, y, sheet.title, 14, bold=True)
    y = _meta(sheet, sheet.left, y + 20, 300)
    return _addressee(sheet, sheet.left, y + 10)
