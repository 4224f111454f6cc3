"""The goods on a receipt, in the forms tills print them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ticketos.dev.sim.documents.composed.contents import ZERO, Item
from ticketos.dev.sim.documents.composed.drawing import Runs

if TYPE_CHECKING:
    from ticketos.dev.sim.documents.composed.slips import Slip

_FORMS = (
    "name, then figures",
    "figures under name",
    "columns",
    "code row",
    "name left, amount right",
    "quantity first",
    "columns under name",
    "boxed at",
)
# What a till prints behind an amount to tell its tax class.
_CLASSES = ("", "", "", " S", " SR", " Z", " T", "*", " SRS", " A")


def draw_items(slip: Slip) -> None:
    """All lines in the maker's form, with or without a head row."""
    form = slip.hand.pick("lines.form", _FORMS)
    if slip.hand.chance("lines.head", 0.6):
        _head(slip, form)
    for index, item in enumerate(slip.contents.items):
        _DRAW[form](slip, item, f"line.{index}")
        if item.discount and slip.hand.chance("lines.discount", 0.8):
            slip.pair(f"  {slip.voice.label('discount_row')} {slip.voice.short(item.discount)}%", "")
    if slip.hand.chance("lines.count", 0.3):
        pieces = sum((item.quantity for item in slip.contents.items), ZERO)
        shown = (
            slip.voice.short(pieces)
            if slip.hand.chance("lines.pieces", 0.5)
            else str(len(slip.contents.items))
        )
        slip.gap(0.3)
        slip.say(f"{slip.label('item_count')}{shown}")


def _head(slip: Slip, form: str) -> None:
    words = slip.voice.label
    if form in ("columns", "columns under name"):
        columns = _columns(slip)
        slip.pen.text(slip.left, slip.y, words("description"), slip.size, bold=True)
        start = slip.left + slip.pen.measure(words("description"), slip.size, bold=True)
        for key, stop in columns:
            text = words(key)
            if stop - start > slip.size * 2:
                slip.pen.text(
                    stop, slip.y, text, _fitting(slip, text, stop - start - 3), bold=True, align="right"
                )
                start = stop
        slip.y += slip.size * slip.leading
    elif form == "quantity first":
        slip.pair(f"{words('quantity')} {words('description')}", words("net"), bold=True)
    else:
        slip.pair(words("description"), words("net"), bold=True)
    if slip.hand.chance("lines.ruled", 0.6):
        slip.rule()


def _columns(slip: Slip) -> list[tuple[str, float]]:
    width = slip.right - slip.left
    shares = slip.hand.pick("lines.shares", ((0.52, 0.75, 1.0), (0.45, 0.7, 0.94), (0.58, 0.78, 1.0)))
    return [
        (key, slip.left + width * share)
        for key, share in zip(("quantity", "unit_price", "net"), shares, strict=True)
    ]


def _marked(slip: Slip, item: Item, mark: str) -> dict[str, Runs]:
    """Every value of a line as this maker writes it."""
    voice, hand = slip.voice, slip.hand
    name = item.description.upper() if hand.chance("lines.capital", 0.5) else item.description
    behind = hand.pick("lines.class", _CLASSES) if slip.contents.tax != "none" else ""
    places = hand.pick("lines.places", (0, 0, 0, 2, 3))
    quantity = (
        voice.number(item.quantity, places)
        if places and hand.chance("lines.exact", 0.5)
        else voice.short(item.quantity)
    )
    amount = (
        voice.money(item.amount, f"{mark}.net", "lines")
        if hand.chance("lines.sign", 0.2)
        else [(voice.amount(item.amount), f"{mark}.net")]
    )
    return {
        "name": [(name, f"{mark}.description")],
        "quantity": [(quantity, f"{mark}.quantity")],
        "price": [(voice.amount(item.price), f"{mark}.unit_price")],
        "amount": [*amount, (behind, None)],
        "unit": [(item.unit, f"{mark}.unit")],
        "code": [(item.code, None)],
    }


def _times(slip: Slip, cell: dict[str, Runs]) -> Runs:
    sign = slip.hand.pick("lines.times", (" x ", " X ", " @ ", "x", " @", " x "))
    unit: Runs = [(" ", None), *cell["unit"]] if slip.hand.chance("lines.unit", 0.2) else []
    return [*cell["quantity"], *unit, (sign, None), *cell["price"]]


def _figures_under(slip: Slip, item: Item, mark: str) -> None:
    cell = _marked(slip, item, mark)
    slip.say(cell["name"])
    slip.pair(
        _times(slip, cell), cell["amount"], indent=slip.size * slip.hand.pick("lines.indent", (0, 1, 2))
    )


def _name_then_figures(slip: Slip, item: Item, mark: str) -> None:
    cell = _marked(slip, item, mark)
    single = item.quantity == 1 and slip.hand.chance("lines.single", 0.5)
    if single:
        slip.pair(cell["name"], cell["amount"])
        return
    slip.pair(cell["name"], cell["amount"])
    slip.pair(_times(slip, cell), "", indent=slip.size)


def _in_columns(slip: Slip, item: Item, mark: str, *, under: bool = False) -> None:
    cell = _marked(slip, item, mark)
    columns = _columns(slip)
    room = columns[0][1] - slip.left - slip.size * 3
    lines = slip.pen.wrap(cell["name"], slip.right - slip.left if under else room, slip.size)
    for line in lines if under else lines[:1]:
        slip.pen.text(slip.left, slip.y, line, slip.size)
        slip.y += slip.size * slip.leading if under else 0
    if under and slip.hand.chance("lines.code_under", 0.4):
        slip.pen.text(slip.left, slip.y, cell["code"], _fitting(slip, cell["code"], room))
    start = slip.left + (room if not under else 0)
    for key, stop in columns:
        runs = cell[{"quantity": "quantity", "unit_price": "price", "net": "amount"}[key]]
        # Narrow paper has room for figures alone, and prints long ones smaller.
        runs = [run for run in runs if run[1] != "currency" and run[0] != " "]
        slip.pen.text(stop, slip.y, runs, _fitting(slip, runs, stop - start - 3), align="right")
        start = stop
    slip.y += slip.size * slip.leading
    for line in [] if under else lines[1:]:
        slip.say(line)


def _fitting(slip: Slip, runs: Runs | str, room: float) -> float:
    """The size at which the runs fit the room: the maker's own, or less."""
    return min(slip.size, slip.size * room / max(slip.pen.measure(runs, slip.size, bold=True), 1))


def _columns_under(slip: Slip, item: Item, mark: str) -> None:
    _in_columns(slip, item, mark, under=True)


def _code_row(slip: Slip, item: Item, mark: str) -> None:
    cell = _marked(slip, item, mark)
    upper = slip.hand.chance("lines.code_upper", 0.5)
    if upper:
        slip.say([*cell["code"], (" ", None), *cell["name"]])
        slip.pair(_times(slip, cell), cell["amount"], indent=slip.size * 2)
    else:
        slip.say(cell["name"])
        slip.pair([*cell["code"], ("  ", None), *_times(slip, cell)], cell["amount"])


def _plain(slip: Slip, item: Item, mark: str) -> None:
    cell = _marked(slip, item, mark)
    if item.quantity != 1:
        slip.pair([*cell["quantity"], (" ", None), *cell["name"]], cell["amount"])
    else:
        slip.pair(cell["name"], cell["amount"])


def _quantity_first(slip: Slip, item: Item, mark: str) -> None:
    cell = _marked(slip, item, mark)
    behind: Runs = [(" @", None), *cell["price"]] if slip.hand.chance("lines.at", 0.4) else []
    first, *more = slip.pen.wrap(cell["name"], (slip.right - slip.left) * 0.55, slip.size)
    slip.pair(
        [*cell["quantity"], (slip.hand.pick("lines.by", ("  ", " x ", "x ")), None), *first, *behind],
        cell["amount"],
    )
    for line in more:
        slip.say([("    ", None), *line])


def _boxed_at(slip: Slip, item: Item, mark: str) -> None:
    cell = _marked(slip, item, mark)
    slip.say(cell["name"])
    slip.pair(
        [*cell["quantity"], (" ", None), *cell["unit"], (" @ ", None), *cell["price"]],
        cell["amount"],
        indent=slip.size,
    )


_DRAW = {
    "name, then figures": _name_then_figures,
    "figures under name": _figures_under,
    "columns": _in_columns,
    "columns under name": _columns_under,
    "code row": _code_row,
    "name left, amount right": _plain,
    "quantity first": _quantity_first,
    "boxed at": _boxed_at,
}
