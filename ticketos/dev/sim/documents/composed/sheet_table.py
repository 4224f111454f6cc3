"""The table of lines: column sets, order, ruling, heads, and the carry from page to page."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from ticketos.dev.sim.documents.canvas import BLACK, GREY, Align, Colour
from ticketos.dev.sim.documents.composed import sheet_blocks, sheet_foot
from ticketos.dev.sim.documents.composed.contents import UNPRICED, ZERO, Item, cents
from ticketos.dev.sim.documents.composed.drawing import Runs

if TYPE_CHECKING:
    from ticketos.dev.sim.documents.composed.sheets import Sheet

WHITE: Colour = (255, 255, 255)
# Share of the table's width for each column at least; the description takes the rest.
_SHARES = {
    "pos": 0.05,
    "code": 0.12,
    "hsn": 0.1,
    "quantity": 0.09,
    "ordered": 0.1,
    "received": 0.11,
    "unit": 0.08,
    "unit_price": 0.14,
    "discount": 0.08,
    "tax_rate": 0.1,
    "tax_amount": 0.12,
    "net": 0.15,
    "value": 0.16,
    "location": 0.13,
}
_NUMERIC = frozenset(
    {"quantity", "ordered", "received", "unit_price", "discount", "tax_rate", "tax_amount", "net", "value"}
)
_SETS: tuple[tuple[str, ...], ...] = (
    ("pos", "description", "quantity", "unit", "unit_price", "tax_rate", "net"),
    ("description", "quantity", "unit_price", "net"),
    ("quantity", "description", "unit_price", "net"),
    ("pos", "code", "description", "quantity", "unit_price", "net"),
    ("code", "description", "quantity", "unit", "unit_price", "tax_rate", "net"),
    ("description", "unit_price", "quantity", "tax_rate", "net"),
    ("pos", "description", "hsn", "quantity", "unit", "unit_price", "net"),
    ("quantity", "unit", "code", "description", "unit_price", "discount", "net"),
    ("pos", "quantity", "unit", "description", "unit_price", "net"),
    ("description", "quantity", "unit_price", "tax_rate", "tax_amount", "net"),
    ("description", "net"),
    ("pos", "description", "quantity", "unit_price", "discount", "tax_rate", "net"),
)


class Table:
    """The table of one document."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet, self.hand, self.voice, self.pen = sheet, sheet.hand, sheet.voice, sheet.pen
        self.ruling = self.hand.pick(
            "table.ruling", ("grid", "rows", "none", "none", "zebra", "columns", "head only", "outer")
        )
        self.size = sheet.size * self.hand.pick("table.size", (0.85, 0.92, 1.0))
        self.columns = self._columns()

    def _columns(self) -> list[tuple[str, float, float]]:
        """Key, left end and width of each column, wide enough for what it holds."""
        sheet, contents = self.sheet, self.sheet.contents
        keys: Sequence[str]
        if contents.kind == "goods_receipt":
            keys = self.hand.pick(
                "table.goods",
                (
                    ("pos", "code", "description", "ordered", "received", "unit"),
                    ("description", "ordered", "received"),
                    ("pos", "description", "received", "unit"),
                    ("code", "description", "unit", "ordered", "received"),
                ),
            )
        elif contents.kind == "inventory":
            keys = self.hand.pick(
                "table.stock",
                (
                    ("code", "description", "location", "quantity", "unit", "unit_price", "value"),
                    ("pos", "code", "description", "quantity", "unit_price", "value"),
                    ("description", "quantity", "unit", "unit_price", "value"),
                ),
            )
        else:
            keys = self.hand.pick("table.set", _SETS)
            if (
                contents.market.code == "IN"
                and "hsn" not in keys
                and self.hand.chance("table.hsn", 0.5)
                and "description" in keys
            ):
                keys = [part for key in keys for part in ((key, "hsn") if key == "description" else (key,))]
            if contents.tax == "none":
                keys = [key for key in keys if not key.startswith("tax")]
            if len(keys) > 4 and any(item.discount for item in contents.items) and "discount" not in keys:
                keys = [part for key in keys for part in (("discount", key) if key == "net" else (key,))]
        widths = {
            key: max(_SHARES[key] * sheet.width, self._needed(key)) for key in keys if key != "description"
        }
        rest = sheet.width - sum(widths.values())
        while rest < sheet.width * 0.2:  # narrow type makes room where many columns are wide
            self.size *= 0.93
            widths = {key: max(_SHARES[key] * sheet.width * 0.7, self._needed(key)) for key in widths}
            rest = sheet.width - sum(widths.values())
            if self.size < 4.5:
                break
        columns, x = [], sheet.left
        for key in keys:
            width = widths.get(key, rest)
            columns.append((key, x, width))
            x += width
        return columns

    def _needed(self, key: str) -> float:
        cells = [self._cell(key, item, index, 0) for index, item in enumerate(self.sheet.contents.items)]
        return max(self.pen.measure(cell, self.size) for cell in cells) + 8

    def _cell(self, key: str, item: Item, index: int, position: int) -> Runs:
        voice, mark = self.voice, f"line.{index}"
        percent = self.hand.pick("table.percent", (" %", "%", "", "%"))
        places = self.hand.pick("table.places", (0, 0, 0, 2, 3))
        match key:
            case "pos":
                return [(str(position or index + 1) + self.hand.pick("table.dot", ("", "", ".")), None)]
            case "code" | "hsn" | "location":
                return [(str(getattr(item, key)), None)]
            case "unit":
                return [(item.unit, f"{mark}.unit")]
            case "quantity" | "received":
                text = (
                    voice.number(item.quantity, places)
                    if places and self.hand.chance("table.exact", 0.6)
                    else voice.short(item.quantity)
                )
                joined: Runs = (
                    [(" ", None), (item.unit, f"{mark}.unit")]
                    if self.hand.chance("table.joined", 0.12)
                    else []
                )
                return [(text, f"{mark}.quantity"), *joined]
            case "ordered":
                return [(voice.short(item.ordered), None)]
            case "unit_price":
                return self._money(item.price, f"{mark}.unit_price")
            case "discount":
                return [(voice.short(item.discount) + percent if item.discount else "", None)]
            case "tax_rate":
                return [(voice.short(item.rate), f"{mark}.tax_rate"), (percent, None)]
            case "tax_amount":
                return [(voice.amount(cents(item.amount * item.rate / 100)), None)]
            case "description":
                return [(item.description, f"{mark}.description")]
            case _:
                return self._money(item.amount, f"{mark}.net")

    def _money(self, value: Decimal, mark: str) -> Runs:
        if self.hand.chance("table.signs", 0.15):
            return self.voice.money(value, mark, "table")
        return [(self.voice.amount(value), mark)]

    def draw(self, y: float) -> float:
        """Draws head and rows from `y`, over as many pages as they need; returns the lower end."""
        sheet, contents = self.sheet, self.sheet.contents
        top = y
        y = self._head(y)
        carried = ZERO
        edges = [top, y]
        for index, item in enumerate(contents.items):
            lines = self.pen.wrap(
                self._cell("description", item, index, 0), self._width("description") - 6, self.size
            )
            extra = self._extra(item)
            height = self.size * 1.28 * (len(lines) + len(extra)) + self.hand.between("table.pad", 3, 9)
            if y + height > sheet.bottom - 40:
                self._close(edges)
                if contents.kind not in UNPRICED and self.hand.chance("table.carry", 0.5):
                    self._carry("carried", carried, y)
                sheet_foot.draw_page_foot(sheet)
                self.pen.new_page()
                top = sheet_blocks.continuation(sheet)
                y = self._head(top) if self.hand.chance("table.rehead", 0.8) else top + 6
                if contents.kind not in UNPRICED and self.hand.chance("table.carry", 0.5):
                    y = self._carry("brought", carried, y)
                edges = [top, y]
            if self.ruling == "zebra" and index % 2 == 0:
                self.pen.box(sheet.left, y, sheet.width, height, fill=sheet.pale)
            self._row(item, index, y, lines, extra)
            y += height
            carried += item.amount
            edges.append(y)
        self._close(edges)
        return y

    def _width(self, key: str) -> float:
        return next((width for name, _, width in self.columns if name == key), 120.0)

    def _extra(self, item: Item) -> list[str]:
        """A second row under the description that some print: an article number or a note."""
        if not self.hand.chance("table.notes", 0.12):
            return []
        return [self.hand.pick("table.note", ("Art. ", "Ref: ", "S/N ", "Batch ")) + item.code]

    def _row(self, item: Item, index: int, y: float, lines: list[Runs], extra: list[str]) -> None:
        base = y + self.size * 1.1 + self.hand.between("table.pad", 3, 9) * 0.35
        for key, x, width in self.columns:
            if key == "description":
                for row, runs in enumerate(lines):
                    self.pen.text(x + 3, base + row * self.size * 1.28, runs, self.size)
                for row, text in enumerate(extra):
                    self.pen.text(
                        x + 3,
                        base + (len(lines) + row) * self.size * 1.28,
                        text,
                        self.size * 0.9,
                        colour=GREY,
                    )
                continue
            self._place(key, x, width, base, self._cell(key, item, index, 0), self.size)

    def _place(
        self,
        key: str,
        x: float,
        width: float,
        y: float,
        runs: Runs | str,
        size: float,
        *,
        bold: bool = False,
        colour: Colour = BLACK,
    ) -> None:
        align = self._align(key)
        place = {"left": x + 3, "right": x + width - 3, "center": x + width / 2}[align]
        self.pen.text(place, y, runs, size, bold=bold, align=align, colour=colour)

    def _align(self, key: str) -> Align:
        if key in _NUMERIC:
            return (
                "center"
                if key in ("quantity", "tax_rate") and self.hand.chance("table.centre", 0.2)
                else "right"
            )
        return "left"

    def _head(self, y: float) -> float:
        labels = {
            key: self.pen.wrap(
                self.voice.label({"received": "received", "value": "value"}.get(key, key)),
                max(width - 5, 24),
                self.size * 0.95,
                bold=True,
            )
            for key, _, width in self.columns
        }
        height = max(map(len, labels.values())) * self.size * 1.15 + 7
        manner = self.hand.pick("table.head", ("filled", "filled", "pale", "ruled", "plain", "plain"))
        colour = WHITE if manner == "filled" else BLACK
        if manner in ("filled", "pale"):
            self.pen.box(
                self.sheet.left,
                y,
                self.sheet.width,
                height,
                fill=self.sheet.accent if manner == "filled" else self.sheet.pale,
            )
        elif manner == "ruled" or self.ruling == "head only":
            self.pen.line(self.sheet.left, y, self.sheet.right, y, 0.8, self.sheet.accent)
            self.pen.line(self.sheet.left, y + height, self.sheet.right, y + height, 0.8, self.sheet.accent)
        bold = self.hand.chance("table.bold", 0.75)
        for key, x, width in self.columns:
            for row, runs in enumerate(labels[key]):
                size = self.size * 0.95
                size = min(size, size * (width - 2) / max(self.pen.measure(runs, size, bold=True), 1))
                self._place(
                    key,
                    x,
                    width,
                    y + self.size + 3 + row * self.size * 1.15,
                    runs,
                    size,
                    bold=bold,
                    colour=colour,
                )
        return y + height

    def _close(self, edges: list[float]) -> None:
        """The rules round and between the rows of one page."""
        sheet, pen = self.sheet, self.pen
        top, end = edges[0], edges[-1]
        if self.ruling == "grid":
            for edge in edges:
                pen.line(sheet.left, edge, sheet.right, edge, 0.5)
        if self.ruling == "rows":
            for edge in edges[1:]:
                pen.line(sheet.left, edge, sheet.right, edge, 0.3, GREY)
        if self.ruling in ("grid", "columns"):
            for x in [*(x for _, x, _ in self.columns), sheet.right]:
                pen.line(x, top, x, end, 0.5)
        if self.ruling in ("outer", "columns"):
            pen.box(sheet.left, top, sheet.width, end - top, stroke=BLACK)
        if self.ruling == "head only":
            pen.line(sheet.left, end, sheet.right, end, 0.8, sheet.accent)

    def _carry(self, key: str, value: Decimal, y: float) -> float:
        self.pen.text(
            self.sheet.right - 110, y + self.size * 1.4, self.voice.label(key), self.size, align="right"
        )
        self.pen.text(
            self.sheet.right - 3, y + self.size * 1.4, self.voice.amount(value), self.size, align="right"
        )
        return y + self.size * 2
