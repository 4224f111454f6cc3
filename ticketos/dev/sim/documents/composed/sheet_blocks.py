"""The blocks above the table: who writes, to whom, what it is, and the document's data."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ticketos.dev.sim.documents.canvas import BLACK, GREY, Align, Colour
from ticketos.dev.sim.documents.composed import sheet_meta
from ticketos.dev.sim.documents.composed.contents import BUYERS_PAPERS
from ticketos.dev.sim.documents.composed.drawing import Runs
from ticketos.dev.sim.documents.composed.makers import Maker
from ticketos.dev.sim.documents.composed.phrases import PEOPLE
from ticketos.dev.sim.documents.composed.sheet_logo import logo

if TYPE_CHECKING:
    from ticketos.dev.sim.documents.composed.sheets import Sheet

WHITE: Colour = (255, 255, 255)


def title(sheet: Sheet, x: float, y: float, width: float, side: str = "left") -> float:
    """What the paper calls itself, with its number now and then."""
    sheet.title_drawn = True
    text = sheet.voice.label(f"title.{sheet.contents.name}")
    size = sheet.hand.between("title.size", 12, 24)
    align: Align = sheet.hand.pick("title.align", ("left", "right", "center")) if side == "left" else "right"
    runs: Runs = [(text, "title")]
    if sheet.hand.chance("title.number", 0.1):
        runs += [
            (f" {sheet.hand.pick('title.sign', ('#', 'Nr. ', '', 'No. '))}", None),
            (sheet.contents.number, "number"),
        ]
    size = min(size, size * width / max(sheet.pen.measure(runs, size, bold=True), 1))
    place = {"left": x, "right": x + width, "center": x + width / 2}[align]
    sheet.pen.text(
        place,
        y + size * 0.8,
        runs,
        size,
        bold=sheet.hand.chance("title.bold", 0.7),
        align=align,
        colour=sheet.accent,
    )
    y += size * 1.25
    if sheet.hand.chance("title.copy", 0.15):
        sheet.pen.text(place, y + 6, f"({sheet.voice.label('copy')})", 7.5, align=align, colour=GREY)
        y += 11
    return y


def _party_lines(sheet: Sheet, maker: Maker, *, contact: bool) -> list[Runs]:
    """Address, tax number and ways to reach a party, in the maker's order."""
    mark, hand, voice = sheet.mark_of(maker), sheet.hand, sheet.voice
    lines: list[Runs] = [[(line, f"{mark}_address/{index}")] for index, line in enumerate(maker.address)]
    own = maker is sheet.contents.issuer
    pattern = hand.pick("party.tax_label", sheet.contents.market.tax_labels)
    pattern = pattern.partition("{}")[0].strip(" (:") if "{}" in pattern else pattern
    numbered: Runs = [
        (f"{pattern}{voice.colon or ':'} ", f"label.{mark}_tax_id"),
        (maker.tax_id, f"{mark}_tax_id"),
    ]
    if (own and hand.chance("party.own_tax", 0.8)) or (not own and hand.chance("party.their_tax", 0.55)):
        lines.append(numbered)
    if contact:
        extras: list[Runs] = [
            [(f"{voice.label('phone')}{voice.colon or ':'} {maker.phones[0]}", None)],
            [(f"{voice.label('mail')}{voice.colon or ':'} {maker.mail}", None)],
            [(maker.web, None)],
            [(maker.registration, None)],
            [(f"{voice.label('fax')}{voice.colon or ':'} {maker.phones[1]}", None)],
        ]
        lines += [
            line
            for index, line in enumerate(extras)
            if line[0][0] and hand.chance(f"party.extra{index}", 0.5)
        ]
        if hand.chance("party.tax_last", 0.4) and numbered in lines:
            lines.remove(numbered)
            lines.append(numbered)
    return lines


def _party(
    sheet: Sheet,
    x: float,
    y: float,
    width: float,
    maker: Maker,
    heading: str,
    *,
    side: str = "left",
    contact: bool = False,
    named: bool = True,
) -> float:
    hand, pen, size, mark = sheet.hand, sheet.pen, sheet.size, sheet.mark_of(maker)
    align: Align = "right" if side == "right" and hand.chance("party.flush", 0.5) else "left"
    place = x + width if align == "right" else x
    y += size
    if heading:
        manner = hand.pick("party.heading", ("bold", "bold", "plain", "bar", "underlined", "inline"))
        if manner == "bar":
            pen.box(x, y - size * 0.95, width, size * 1.4, fill=sheet.accent)
            pen.text(x + 3, y + 0.5, heading, size, bold=True, colour=WHITE)
        elif manner != "inline":
            pen.text(
                place,
                y,
                heading,
                size,
                bold=manner == "bold",
                align=align,
                colour=sheet.accent if manner == "bold" else GREY,
            )
            if manner == "underlined":
                pen.line(x, y + 3, x + width, y + 3, 0.5, GREY)
        if manner == "inline":
            pen.text(x, y, f"{heading}{sheet.voice.colon or ':'}", size)
            x = place = x + min(pen.measure(heading, size) + 12, width * 0.4)
            width, align = width * 0.6, "left"
        else:
            y += size * 1.5
    if named:
        capital = hand.chance(f"party.capital.{mark}", 0.3)
        name = maker.name.upper() if capital else maker.name
        for line in pen.wrap([(name, f"{mark}_name")], width, size * 1.05, bold=True):
            pen.text(place, y, line, size * 1.05, bold=hand.chance("party.bold", 0.75), align=align)
            y += size * 1.35
        if hand.chance("party.person", 0.15):
            pen.text(
                place,
                y,
                f"{hand.pick('party.att', ('Attn:', 'z.Hd.', 'c/o', 'Att.'))} {sheet.rng.choice(PEOPLE)}",
                size,
                align=align,
            )
            y += size * 1.3
    for runs in _party_lines(sheet, maker, contact=contact):
        for line in pen.wrap(runs, width, size):
            pen.text(place, y, line, size, align=align)
            y += size * 1.3
    return y


def issuer(sheet: Sheet, x: float, y: float, width: float, side: str = "left") -> float:
    """The letterhead: a name in larger type and everything about the house."""
    sheet.issuer_drawn = True
    maker, pen, hand = sheet.contents.issuer, sheet.pen, sheet.hand
    mark = sheet.mark_of(maker)
    size = sheet.size * hand.between("issuer.size", 1.1, 1.9)
    align: Align = "right" if side == "right" else "left"
    place = x + width if align == "right" else x
    name = maker.name.upper() if hand.chance("issuer.capital", 0.35) else maker.name
    y += size * 0.8
    for line in pen.wrap([(name, f"{mark}_name")], width, size, bold=True):
        pen.text(place, y, line, size, bold=True, align=align, colour=sheet.accent)
        y += size * 1.2
    for runs in _party_lines(sheet, maker, contact=True):
        for line in pen.wrap(runs, width, sheet.size * 0.95):
            pen.text(place, y, line, sheet.size * 0.95, align=align)
            y += sheet.size * 1.25
    return y


def _issuer_from(sheet: Sheet, x: float, y: float, width: float, side: str) -> float:
    sheet.issuer_drawn = True
    return _party(
        sheet, x, y, width, sheet.contents.issuer, sheet.voice.label("from"), side=side, contact=True
    )


def _centred_issuer(sheet: Sheet, x: float, y: float, width: float, side: str) -> float:
    sheet.issuer_drawn = True
    maker, pen = sheet.contents.issuer, sheet.pen
    size = sheet.size * sheet.hand.between("issuer.size", 1.2, 2.0)
    middle = x + width / 2
    y += size * 0.8
    pen.text(
        middle,
        y,
        [(maker.name, f"{sheet.mark_of(maker)}_name")],
        size,
        bold=True,
        align="center",
        colour=sheet.accent,
    )
    y += size * 1.1
    lines = _party_lines(sheet, maker, contact=True)
    if sheet.hand.chance("issuer.joined", 0.5):
        joined: Runs = []
        for runs in lines:
            joined += [(sheet.hand.pick("issuer.sign", (", ", " | ", " · ", ", ")), None)] if joined else []
            joined += runs
        lines = pen.wrap(joined, width * 0.85, sheet.size)
    for runs in lines:
        pen.text(middle, y, runs, sheet.size, align="center")
        y += sheet.size * 1.3
    pen.line(x, y, x + width, y, 0.8, sheet.accent)
    return y + 4


def _logo_issuer(sheet: Sheet, x: float, y: float, width: float, side: str) -> float:
    if sheet.hand.chance("logo.beside", 0.5):
        below = logo(sheet, x, y, width)
        return max(below, issuer(sheet, x + 70, y, width - 70))
    return issuer(sheet, x, logo(sheet, x, y, width, side), width, side)


def _band(sheet: Sheet, x: float, y: float, width: float, side: str) -> float:
    height = sheet.hand.between("band.height", 40, 80)
    sheet.pen.box(0, 0, sheet.pen.drawing.width, height, fill=sheet.accent)
    text = sheet.voice.label(f"title.{sheet.contents.name}")
    sheet.pen.text(
        sheet.right if sheet.hand.chance("band.right", 0.5) else sheet.left,
        height * 0.62,
        [(text, "title")],
        18,
        bold=True,
        align="right" if sheet.hand.chance("band.right", 0.5) else "left",
        colour=WHITE,
    )
    sheet.title_drawn = True
    return height + 10


def _band_issuer(sheet: Sheet, x: float, y: float, width: float, side: str) -> float:
    height, maker = sheet.hand.between("band.height", 56, 90), sheet.contents.issuer
    sheet.pen.box(0, 0, sheet.pen.drawing.width, height, fill=sheet.accent)
    mark = sheet.mark_of(maker)
    sheet.pen.text(sheet.left, height * 0.4, [(maker.name, f"{mark}_name")], 15, bold=True, colour=WHITE)
    row: Runs = []
    for runs in _party_lines(sheet, maker, contact=True):
        row += [("  ", None)] if row else []
        row += runs
    for index, line in enumerate(sheet.pen.wrap(row, sheet.width, 7.5)[:3]):
        sheet.pen.text(sheet.left, height * 0.4 + 14 + index * 9.5, line, 7.5, colour=WHITE)
    sheet.issuer_drawn = True
    return title(sheet, x, height + 14, width)


def _name(sheet: Sheet, x: float, y: float, width: float, side: str) -> float:
    """The name alone: everything else about the house stands in the foot."""
    maker, size = sheet.contents.issuer, sheet.size * 1.6
    lines = sheet.pen.wrap([(maker.name, f"{sheet.mark_of(maker)}_name")], width, size, bold=True)
    for index, line in enumerate(lines):
        sheet.pen.text(
            x + width if side == "right" else x,
            y + size * (0.8 + 1.15 * index),
            line,
            size,
            bold=True,
            align="right" if side == "right" else "left",
            colour=sheet.accent,
        )
    return y + size * 1.2 * len(lines)


def buyer(sheet: Sheet, x: float, y: float, width: float, side: str = "left") -> float:
    """The addressee; stock lists have none."""
    if sheet.contents.kind == "inventory":
        return y
    key = {"purchase_order": "to_supplier", "goods_receipt": "received_from"}.get(
        sheet.contents.name, "bill_to"
    )
    heading = sheet.voice.label(key) if sheet.hand.chance("buyer.heading", 0.85) else ""
    return _party(sheet, x, y, width, sheet.counterpart, heading, side=side)


def _letter_buyer(sheet: Sheet, x: float, y: float, width: float, side: str) -> float:
    """Behind an envelope's window: the sender in one small line, then the addressee without a heading."""
    maker, pen = sheet.contents.issuer, sheet.pen
    mark = sheet.mark_of(maker)
    y = max(y, sheet.top + 50)
    sign = sheet.hand.pick("letter.sign", (" · ", " - ", ", ", " | ", " • "))
    runs: Runs = [(maker.name, f"{mark}_name")]
    for index, line in enumerate(maker.address):
        runs += [(sign, None), (line, f"{mark}_address/{index}")]
    size = min(6.8, 6.8 * width / max(pen.measure(runs, 6.8), 1))
    pen.text(x, y + 6, runs, size, colour=GREY)
    if sheet.hand.chance("letter.ruled", 0.5):
        pen.line(x, y + 8.5, x + width, y + 8.5, 0.4, GREY)
    if sheet.contents.kind == "inventory":
        return y + 12
    return _party(sheet, x, y + 12, width, sheet.counterpart, "")


def _ship(sheet: Sheet, x: float, y: float, width: float, side: str) -> float:
    """Where the goods go: often the buyer again, sometimes a place of its own."""
    if sheet.contents.kind in ("inventory", "goods_receipt"):
        return y
    pen, size, maker = sheet.pen, sheet.size, sheet.contents.buyer
    y += size
    pen.text(x, y, sheet.voice.label("ship_to"), size, bold=True, colour=sheet.accent)
    mark = None if sheet.contents.kind in BUYERS_PAPERS else "buyer_name"
    lines: list[Runs] = [[(maker.name, mark)]]
    lines += [[(line, None)] for line in maker.address]
    for runs in lines:
        y += size * 1.35
        for line in pen.wrap(runs, width, size)[:1]:
            pen.text(x, y, line, size)
    return y + size * 0.5


def _side(sheet: Sheet, x: float, y: float, width: float, side: str) -> float:
    """The letter's right column: the house's ways to reach it, then the data."""
    sheet.issuer_drawn = True
    below = _party(sheet, x, y, width, sheet.contents.issuer, "", contact=True)
    return sheet_meta.meta(sheet, x, below + 6, width)


def _framed(inner: Callable[..., float]) -> Callable[..., float]:
    def draw(sheet: Sheet, x: float, y: float, width: float, side: str) -> float:
        end = inner(sheet, x + 5, y + 5, width - 10, "left")
        sheet.pen.box(x, y, width, end - y + 4, stroke=BLACK)
        return end + 6

    return draw


def _title_meta(sheet: Sheet, x: float, y: float, width: float, side: str) -> float:
    return sheet_meta.meta(sheet, x, title(sheet, x, y, width, side), width, side)


BLOCKS: dict[str, Callable[[Sheet, float, float, float, str], float]] = {
    "issuer": issuer,
    "issuer from": _issuer_from,
    "centred issuer": _centred_issuer,
    "framed issuer": _framed(issuer),
    "logo": logo,
    "logo issuer": _logo_issuer,
    "band": _band,
    "band issuer": _band_issuer,
    "name": _name,
    "title": title,
    "framed title": _framed(title),
    "title meta": _title_meta,
    "buyer": buyer,
    "framed buyer": _framed(buyer),
    "letter buyer": _letter_buyer,
    "ship": _ship,
    "meta": sheet_meta.meta,
    "framed meta": _framed(sheet_meta.meta),
    "meta strip": sheet_meta.strip,
    "meta inline": sheet_meta.inline,
    "meta sentence": sheet_meta.sentence,
    "side": _side,
}


def salutation(sheet: Sheet, y: float) -> float:
    """A line or two of text before the table, as letters have."""
    texts = {
        "en": ("Dear customer, we charge for the following:", "Thank you for your order."),
        "de": (
            "Sehr geehrte Damen und Herren, wir berechnen Ihnen wie folgt:",
            "Für unsere Lieferung stellen wir in Rechnung:",
        ),
        "fr": ("Veuillez trouver ci-dessous le détail :",),
        "es": ("Le detallamos los siguientes conceptos:",),
        "it": ("Vi addebitiamo quanto segue:",),
    }
    if not sheet.hand.chance("page.salutation", 0.18):
        return y
    sheet.pen.text(
        sheet.left,
        y + sheet.size * 1.5,
        sheet.hand.pick("page.salute", texts[sheet.contents.tongue]),
        sheet.size,
    )
    return y + sheet.size * 2.4


def continuation(sheet: Sheet) -> float:
    """The short head of a following page."""
    contents = sheet.contents
    if sheet.hand.chance("page.head", 0.7):
        sheet.pen.text(
            sheet.left, sheet.top, contents.issuer.name, sheet.size, bold=True, colour=sheet.accent
        )
        sheet.pen.text(
            sheet.right,
            sheet.top,
            f"{sheet.voice.label('number')} {contents.number}",
            sheet.size,
            align="right",
        )
        sheet.pen.line(sheet.left, sheet.top + 5, sheet.right, sheet.top + 5, 0.6, sheet.accent)
    return sheet.top + 20
