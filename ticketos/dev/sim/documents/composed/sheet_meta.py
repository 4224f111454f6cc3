"""The document's data: number, dates, orders and references, in the forms papers give them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ticketos.dev.sim.documents.canvas import BLACK, GREY, Align, Colour
from ticketos.dev.sim.documents.composed.drawing import Runs
from ticketos.dev.sim.documents.composed.phrases import PEOPLE, PHRASES

if TYPE_CHECKING:
    from ticketos.dev.sim.documents.composed.sheets import Sheet

WHITE: Colour = (255, 255, 255)
# How often the order's number is told.
_ORDERED: dict[str, float] = {
    "invoice": 0.5,
    "credit_note": 0.3,
    "goods_receipt": 1.0,
    "order_confirmation": 0.7,
    "proforma": 0.3,
    "delivery_note": 0.6,
}


def meta_rows(sheet: Sheet) -> list[tuple[str, Runs]]:
    """The document's data as label and value, in the maker's order."""
    contents, voice, hand, kind = sheet.contents, sheet.voice, sheet.hand, sheet.contents.kind
    rows: list[tuple[str, Runs]] = [
        (voice.label("number"), [(contents.number, "number")]),
        (voice.label("issue_date"), [(voice.date(contents.issued.date()), "issue_date")]),
    ]
    if contents.due and not hand.chance("meta.due_below", 0.2):
        rows.append((voice.label("due_date"), [(voice.date(contents.due), "due_date")]))
    ordered = _ORDERED.get(contents.name, 0.0)
    if hand.chance("meta.po", ordered):
        rows.append((voice.label("po_number"), [(contents.po_number, "po_number")]))
    extras: list[tuple[str, float, str]] = [
        ("customer_number", 0.3, contents.other_number),
        ("delivery_date", 0.2 if kind != "purchase_order" else 0.8, voice.date(contents.delivery)),
        (
            "delivery_note",
            0.7 if kind == "goods_receipt" and contents.called is None else 0.2,
            contents.other_number[::-1].strip("-/") or "7",
        ),
        ("terms", 0.25, hand.pick("meta.terms_value", PHRASES[contents.tongue]["terms_value"])),
        ("sales_person", 0.15, sheet.rng.choice(PEOPLE)),
    ]
    if kind == "credit_note":
        extras.append(("corrects", 0.8, f"{contents.other_number}"))
    rows += [
        (voice.label(key), [(value, None)])
        for key, chance, value in extras
        if hand.chance(f"meta.{key}", chance)
    ]
    if kind == "inventory":
        rows = [row for row in rows if row[0] not in (voice.label("terms"), voice.label("customer_number"))]
    if hand.chance("meta.shuffled", 0.45):
        order = hand.shuffled("meta.order", range(9))
        rows = [row for _, row in sorted(zip(order, rows, strict=False), key=lambda pair: pair[0])]
    return rows


def meta(sheet: Sheet, x: float, y: float, width: float, side: str = "left") -> float:
    """The data in two columns, in a ruled box, or right-aligned."""
    sheet.meta_drawn = True
    rows, size, pen, hand = meta_rows(sheet), sheet.size, sheet.pen, sheet.hand
    manner = hand.pick("meta.manner", ("columns", "columns", "ends", "box", "above", "close", "joined"))
    y += size
    if manner == "above":
        for label, value in rows:
            pen.text(x, y, label, size * 0.85, colour=GREY)
            pen.text(x, y + size * 1.2, value, size, bold=hand.chance("meta.bold", 0.4))
            y += size * 2.7
        return y
    stop = x + max(pen.measure(f"{label}{sheet.voice.colon}", size, bold=True) for label, _ in rows) + 8
    for label, value in rows:
        text = f"{label}{sheet.voice.colon}"
        mark = f"label.{value[-1][1]}" if value[-1][1] else None
        if manner == "box":
            pen.box(x, y - size * 1.1, width, size * 1.7, stroke=GREY)
        if manner == "ends":
            pen.text(x, y, [(text, mark)], size)
            pen.text(x + width, y, value, size, bold=hand.chance("meta.bold", 0.4), align="right")
        elif manner in ("close", "joined"):
            align: Align = "right" if side == "right" and manner == "joined" else "left"
            pen.text(x + width if align == "right" else x, y, [(f"{text} ", mark), *value], size, align=align)
        else:
            pen.text(x + 3, y, [(text, mark)], size, bold=hand.chance("meta.label_bold", 0.5))
            pen.text(min(stop, x + width * 0.62), y, value, size)
        y += size * (1.7 if manner == "box" else 1.45)
    return y


def strip(sheet: Sheet, x: float, y: float, width: float, side: str) -> float:
    """Cells side by side: the label above, the value below."""
    sheet.meta_drawn = True
    rows, pen, size = meta_rows(sheet), sheet.pen, sheet.size
    per_row = min(len(rows), sheet.hand.pick("strip.cells", (3, 4, 5)))
    framed = sheet.hand.pick("strip.manner", ("framed", "filled", "bare", "headed"))
    cell, height = width / per_row, size * 2.9
    for index, (label, value) in enumerate(rows):
        left, top = x + index % per_row * cell, y + index // per_row * height
        if framed == "framed":
            pen.box(left, top, cell, height, stroke=GREY)
        elif framed == "filled":
            pen.box(left, top, cell, height, fill=sheet.pale)
        elif framed == "headed":
            pen.box(left, top, cell, height * 0.48, fill=sheet.accent)
        fitted = size * 0.88 * min(1.0, (cell - 6) / max(pen.measure(label, size * 0.88), 1))
        pen.text(left + 3, top + size * 1.05, label, fitted, colour=WHITE if framed == "headed" else GREY)
        fitted = size * min(1.0, (cell - 6) / max(pen.measure(value, size), 1))
        pen.text(left + 3, top + size * 2.35, value, fitted)
    return y + height * math.ceil(len(rows) / per_row)


def inline(sheet: Sheet, x: float, y: float, width: float, side: str) -> float:
    """Label and value pairs running on, several a row."""
    sheet.meta_drawn = True
    pen, size, place = sheet.pen, sheet.size, x
    y += size
    for label, value in meta_rows(sheet):
        runs: Runs = [(f"{label}{sheet.voice.colon or ':'} ", None), *value]
        needed = pen.measure(runs, size)
        if place > x and place + needed > x + width:
            place, y = x, y + size * 1.5
        pen.text(place, y, runs, size)
        place += needed + size * 2.5
    return y + size * 0.8


def sentence(sheet: Sheet, x: float, y: float, width: float, side: str) -> float:
    """One bold line: title, number and date; the rest below."""
    sheet.meta_drawn = sheet.title_drawn = True
    contents, voice, size = sheet.contents, sheet.voice, sheet.size
    between = {"de": " vom ", "fr": " du ", "es": " de fecha ", "it": " del ", "en": " dated "}[
        contents.tongue
    ]
    named: Runs = [
        (voice.label(f"title.{contents.name}"), "title"),
        (f" {sheet.hand.pick('sentence.no', ('Nr. ', 'No. ', '', 'n° ', '# '))}", None),
        (contents.number, "number"),
        (between, None),
        (voice.date(contents.issued.date()), "issue_date"),
    ]
    y += size * 1.4
    for line in sheet.pen.wrap(named, width, size * 1.3, bold=True):
        sheet.pen.text(x, y, line, size * 1.3, bold=True, colour=BLACK)
        y += size * 1.7
    for label, value in meta_rows(sheet):
        if value[0][1] not in ("number", "issue_date"):
            sheet.pen.text(x, y, [(f"{label}{sheet.voice.colon or ':'} ", None), *value], size)
            y += size * 1.4
    return y
