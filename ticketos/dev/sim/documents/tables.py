"""The table of lines and the sums under it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ticketos.dev.sim.documents.canvas import BLACK, GREY, Align, Colour
from ticketos.dev.sim.documents.facts import TAXED, Line
from ticketos.dev.sim.documents.layouts import COLUMN_WIDTH, COLUMNS_OF_KIND, NUMERIC
from ticketos.dev.sim.documents.sheet import Sheet

WHITE: Colour = (255, 255, 255)
PADDING = 4.0


def _columns(sheet: Sheet) -> list[tuple[str, float, float]]:
    """Key, left end and width of each column; the description takes what the others leave."""
    keys = COLUMNS_OF_KIND.get(sheet.facts.kind, sheet.layout.columns)
    rest = 1 - sum(COLUMN_WIDTH[key] for key in keys if key != "description")
    columns, x = [], sheet.left
    for key in keys:
        width = sheet.width * COLUMN_WIDTH.get(key, rest)
        columns.append((key, x, width))
        x += width
    return columns


def _cell(sheet: Sheet, key: str, line: Line, position: int) -> str:
    words = sheet.words
    match key:
        case "pos":
            return str(position)
        case "description" | "code" | "hsn" | "unit" | "location":
            return str(getattr(line, key))
        case "quantity" | "received":
            return words.number(line.quantity)
        case "ordered":
            return words.number(line.ordered)
        case "unit_price" | "unit_cost":
            return words.amount(line.unit_price)
        case "tax_rate":
            return words.number(line.tax_rate) + (" %" if words.country != "IN" else "%")
        case _:
            return words.amount(line.net)


def draw(sheet: Sheet, y: float, lines: Sequence[Line], first_position: int) -> float:
    """Draws head and rows of one page from ``y`` on; returns the lower end."""
    canvas, style = sheet.canvas, sheet.layout.table
    columns = _columns(sheet)
    top = y
    y = _head(sheet, y, columns)
    bodies = [top, y]
    size = _row_size(sheet, columns, lines, first_position)
    for index, line in enumerate(lines):
        wrapped = _wrapped(sheet, line, columns, size)
        height = size * 1.25 * len(wrapped) + 7
        if style == "zebra" and index % 2 == 0:
            canvas.box(sheet.left, y, sheet.width, height, fill=sheet.pale)
        for key, x, width in columns:
            texts = wrapped if key == "description" else [_cell(sheet, key, line, first_position + index)]
            for row, text in enumerate(texts):
                _in_column(sheet, key, x, width, y + size + 3.5 + row * size * 1.25, text, size)
        y += height
        bodies.append(y)
        if style == "lines":
            canvas.line(sheet.left, y, sheet.right, y, width=0.3, colour=GREY)
    if style == "ruled":
        for edge in bodies:
            canvas.line(sheet.left, edge, sheet.right, edge)
        for x in [*(x for _, x, _ in columns), sheet.right]:
            canvas.line(x, top, x, y)
    elif style in ("unruled", "filled"):
        canvas.line(sheet.left, y, sheet.right, y, width=0.8, colour=sheet.accent)
    return y


def _wrapped(sheet: Sheet, line: Line, columns: list[tuple[str, float, float]], size: float) -> list[str]:
    width = next(width for key, _, width in columns if key == "description")
    return sheet.canvas.wrap(line.description, width - 2 * PADDING, size)


def _row_size(
    sheet: Sheet, columns: list[tuple[str, float, float]], lines: Sequence[Line], first_position: int
) -> float:
    """The type size at which every cell fits its column: large amounts in narrow columns print smaller."""
    size = sheet.layout.size
    for index, line in enumerate(lines):
        for key, _, width in columns:
            if key != "description":
                needed = sheet.canvas.text_width(
                    _cell(sheet, key, line, first_position + index), sheet.layout.size
                )
                if needed > width - PADDING - 1:
                    size = min(size, sheet.layout.size * (width - PADDING - 1) / needed)
    return size


def _head(sheet: Sheet, y: float, columns: list[tuple[str, float, float]]) -> float:
    canvas, style, size = sheet.canvas, sheet.layout.table, sheet.layout.size - 0.5
    labels = {
        key: canvas.wrap(sheet.words.label(key), width - PADDING, size, bold=True)
        for key, _, width in columns
    }
    height = max(map(len, labels.values())) * size * 1.2 + 8
    colour = BLACK
    if style in ("filled", "zebra"):
        canvas.box(sheet.left, y, sheet.width, height, fill=sheet.accent)
        colour = WHITE
    for key, x, width in columns:
        for row, text in enumerate(labels[key]):
            fitting = min(size, size * (width - 3) / max(canvas.text_width(text, size, bold=True), 1))
            _in_column(
                sheet,
                key,
                x,
                width,
                y + size + 3.5 + row * size * 1.2,
                text,
                fitting,
                bold=True,
                colour=colour,
            )
    if style in ("unruled", "lines"):
        canvas.line(sheet.left, y + height, sheet.right, y + height, width=1, colour=sheet.accent)
    return y + height


def _in_column(
    sheet: Sheet,
    key: str,
    x: float,
    width: float,
    y: float,
    text: str,
    size: float,
    *,
    bold: bool = False,
    colour: Colour = BLACK,
) -> None:
    align: Align = "right" if key in NUMERIC else "left"
    place = x + width - PADDING / 2 if align == "right" else x + PADDING / 2
    sheet.canvas.text(place, y, text, size, bold=bold, align=align, colour=colour)


def sums(sheet: Sheet) -> list[tuple[str, Decimal, bool]]:
    """The rows under the table: label, amount, and whether it is the one that counts."""
    facts, words = sheet.facts, sheet.words
    total = words.titled("total", facts.kind)
    if facts.kind not in TAXED:
        return [(total, facts.total, True)]
    rows = [(words.label("net_total"), facts.net_total, False)]
    for part in facts.taxes:
        percent = f"{part.name} {words.number(part.rate)}{'%' if words.country == 'IN' else ' %'}"
        several = len({other.base for other in facts.taxes}) > 1
        rows.append((f"{percent} ({words.amount(part.base)})" if several else percent, part.amount, False))
    if len(facts.taxes) > 1 and facts.issue_date.day % 2:
        rows.append((words.label("tax_total"), facts.tax_total, False))
    rows.append((total, facts.total, True))
    if facts.paid:
        rows.append((words.label("paid"), -facts.paid, False))
        rows.append((words.label("amount_due"), facts.amount_due, True))
    return rows


def draw_totals(sheet: Sheet, y: float) -> float:
    """Draws the sums as the layout asks; returns the lower end."""
    canvas, words, size, manner = sheet.canvas, sheet.words, sheet.layout.size + 0.5, sheet.layout.totals
    rows = sums(sheet)
    width = 250.0
    left = sheet.left if manner == "left" else sheet.right - width
    y += 10
    top = y
    for label, amount, main in rows:
        height = size * 1.75
        colour = BLACK
        if manner == "band" and main:
            canvas.box(left, y, width, height, fill=sheet.accent)
            colour = WHITE
        elif manner in ("right", "left") and main:
            canvas.line(left, y, left + width, y, width=1, colour=sheet.accent)
        elif manner == "boxed":
            canvas.box(left, y, width, height, stroke=GREY)
        canvas.text(left + 5, y + size * 1.2, label, size, bold=main, colour=colour)
        text = words.money(amount) if main else words.amount(amount)
        canvas.text(left + width - 5, y + size * 1.2, text, size, bold=main, align="right", colour=colour)
        y += height
    if words.symbol_place == "none":
        # The paper names its currency once.
        note_x = sheet.right if manner == "left" else sheet.left
        canvas.text(
            note_x,
            top + size,
            words.label("all_amounts", words.currency),
            8,
            align="right" if manner == "left" else "left",
        )
    return y
