"""The sums under the table: which rows, where, in what dress, and the breakdown of taxes."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from ticketos.dev.sim.documents.canvas import BLACK, GREY, Colour
from ticketos.dev.sim.documents.composed.contents import UNTAXED, ZERO
from ticketos.dev.sim.documents.composed.drawing import Runs
from ticketos.reports.in_words import SMALL, TENS

if TYPE_CHECKING:
    from ticketos.dev.sim.documents.composed.sheets import Sheet

WHITE: Colour = (255, 255, 255)
Row = tuple[str, Decimal, str | None]


def rows_of(sheet: Sheet) -> list[Row]:
    """Label, amount and mark of each row."""
    contents, voice, hand = sheet.contents, sheet.voice, sheet.hand
    if contents.kind == "goods_receipt":
        return []
    if contents.kind in UNTAXED:
        return [(voice.label("total"), contents.total, "total")]
    rows: list[Row] = []
    plain = not (contents.discount or contents.freight)
    if not plain:
        rows.append((voice.label("gross_total", rate=""), contents.goods, None))
        if contents.discount:
            rows.append((voice.label("discount_row"), -contents.discount, None))
        if contents.freight:
            rows.append((voice.label("freight"), contents.freight, None))
    shows_net = bool(contents.taxes) or hand.chance("sums.net_untaxed", 0.3)
    if shows_net and not hand.chance("sums.no_net", 0.06):
        rows.append((voice.label("net_total"), contents.net, "net_total"))
    several_bases = len({part.base for part in contents.taxes}) > 1
    for part in contents.taxes:
        label = voice.label("tax_row", tax=part.name or voice.tax, rate=voice.short(part.rate))
        if several_bases and hand.chance("sums.base", 0.6):
            label = f"{label} ({voice.amount(part.base)})"
        rows.append((label, part.amount, "tax_total" if len(contents.taxes) == 1 else "tax_part"))
    if len(contents.taxes) > 1 and hand.chance("sums.tax_total", 0.5):
        rows.append((voice.label("tax_total"), contents.tax_total, "tax_total"))
    if contents.rounding:
        rows.append((voice.label("round_off"), contents.rounding, None))
    rows.append((voice.label("total"), contents.total, "total"))
    if contents.paid:
        earlier = voice.label("paid" if contents.paid > 0 else "previous_balance")
        rows += [
            (earlier, -contents.paid, None),
            (voice.label("amount_due"), contents.total - contents.paid, "amount_due"),
        ]
    elif contents.kind == "invoice" and hand.chance("sums.due_zero", 0.1):
        rows += [(voice.label("paid"), ZERO, None), (voice.label("amount_due"), contents.total, "total")]
    return rows


def draw_sums(sheet: Sheet, y: float) -> float:
    """Draws the sums as the maker does; returns the lower end."""
    rows = rows_of(sheet)
    if not rows:
        return y
    manner = sheet.hand.pick(
        "sums.manner", ("right", "right", "right", "boxed", "band", "left", "strip", "ruled")
    )
    if manner == "strip":
        return _after(sheet, _strip(sheet, rows, y))
    return _after(sheet, _column(sheet, rows, y, manner))


def _column(sheet: Sheet, rows: list[Row], y: float, manner: str) -> float:
    pen, size, hand, voice = (
        sheet.pen,
        sheet.size * sheet.hand.pick("sums.size", (0.95, 1.0, 1.1)),
        sheet.hand,
        sheet.voice,
    )
    needed = (
        max(
            pen.measure(label, size, bold=True) + pen.measure(voice.amount(value), size, bold=True)
            for label, value, _ in rows
        )
        + 60
    )
    width = min(max(hand.between("sums.width", 150, 270), needed), sheet.width)
    left = sheet.left if manner == "left" else sheet.right - width
    colon = voice.colon if hand.chance("sums.colon", 0.5) else ""
    flush = hand.chance("sums.flush", 0.25)
    for label, value, mark in rows:
        main = mark == "total"
        height = size * hand.pick("sums.leading", (1.4, 1.7, 2.0))
        colour = BLACK
        if manner == "band" and main:
            pen.box(left, y, width, height, fill=sheet.accent)
            colour = WHITE
        elif manner == "boxed":
            pen.box(left, y, width, height, stroke=GREY)
        elif manner == "ruled" or (main and hand.chance("sums.rule", 0.6)):
            pen.line(left, y, left + width, y, 0.8 if main else 0.3, sheet.accent)
        base = y + height * 0.72
        bold = main and hand.chance("sums.bold", 0.85)
        signed = main or hand.chance("sums.signs", 0.3)
        amount: Runs = voice.money(value, mark, "total") if signed else [(voice.amount(value), mark)]
        label_runs: Runs = [(f"{label}{colon}", f"label.{mark}" if mark else None)]
        if flush:
            pen.text(left + width - 80, base, label_runs, size, bold=bold, align="right", colour=colour)
        else:
            pen.text(left + 3, base, label_runs, size, bold=bold, colour=colour)
        pen.text(left + width - 3, base, amount, size, bold=bold, align="right", colour=colour)
        y += height
    if hand.chance("sums.double", 0.15):
        pen.line(left, y + 1, left + width, y + 1, 0.5)
        pen.line(left, y + 3, left + width, y + 3, 0.5)
    return y + 4


def _strip(sheet: Sheet, rows: list[Row], y: float) -> float:
    """The sums side by side: labels above, amounts below."""
    pen, size = sheet.pen, sheet.size
    cell = sheet.width / len(rows)
    pen.box(sheet.left, y, sheet.width, size * 1.6, fill=sheet.pale)
    for index, (label, value, mark) in enumerate(rows):
        stop = sheet.left + (index + 1) * cell - 4
        fitted = size * 0.9 * min(1.0, (cell - 8) / max(pen.measure(label, size * 0.9), 1))
        pen.text(stop, y + size * 1.1, [(label, f"label.{mark}" if mark else None)], fitted, align="right")
        amount = (
            sheet.voice.money(value, mark, "total")
            if mark == "total"
            else [(sheet.voice.amount(value), mark)]
        )
        fitted = size * min(1.0, (cell - 6) / max(pen.measure(amount, size, bold=True), 1))
        pen.text(stop, y + size * 2.8, amount, fitted, bold=mark == "total", align="right")
    return y + size * 3.6


def _after(sheet: Sheet, y: float) -> float:
    """What follows the sums: the currency in words, the tax table, the amount in words."""
    hand, pen, size, voice, contents = sheet.hand, sheet.pen, sheet.size, sheet.voice, sheet.contents
    if hand.chance("sums.currency", 0.2):
        text = voice.label("all_amounts", code="\0")
        before, _, after = text.partition("\0")
        pen.text(
            sheet.left,
            y + size * 1.4,
            [(before, None), (contents.market.currency, "currency"), (after, None)],
            size * 0.9,
        )
        y += size * 1.8
    if contents.taxes and hand.chance("sums.table", 0.25):
        y = _tax_table(sheet, y + size)
    if contents.market.code in ("IN", "MY", "GB", "US", "SG") and hand.chance("sums.words", 0.3):
        pen.text(
            sheet.left,
            y + size * 1.4,
            f"{voice.label('words')}: {in_words(int(contents.total))} only",
            size * 0.9,
        )
        y += size * 2
    return y


def _tax_table(sheet: Sheet, y: float) -> float:
    pen, size, voice = sheet.pen, sheet.size * 0.92, sheet.voice
    heads = voice.label("summary_heads").split("|")[:3]
    stops = [sheet.left + 60 + 75 * index for index in range(3)]
    for head, stop in zip(heads, stops, strict=True):
        pen.text(stop, y + size, head, size, bold=True, align="right")
    y += size * 1.5
    single = len(sheet.contents.taxes) == 1
    for part in sheet.contents.taxes:
        cells: list[Runs] = [
            [(f"{part.name} {voice.short(part.rate)}%".strip(), None)],
            [(voice.amount(part.base), "net_total" if single else None)],
            [(voice.amount(part.amount), "tax_total" if single else "tax_part")],
        ]
        for stop, runs in zip(stops, cells, strict=True):
            pen.text(stop, y + size, runs, size, align="right")
        y += size * 1.4
    return y


def in_words(number: int) -> str:
    """A whole number in English words, the Western way."""
    if number < 20:
        return SMALL[number]
    if number < 100:
        return TENS[number // 10 - 2] + (f"-{SMALL[number % 10]}" if number % 10 else "")
    for size, name in (
        (1_000_000_000, "billion"),
        (1_000_000, "million"),
        (1000, "thousand"),
        (100, "hundred"),
    ):
        if number >= size:
            rest = number % size
            return f"{in_words(number // size)} {name}" + (f" {in_words(rest)}" if rest else "")
    return ""
