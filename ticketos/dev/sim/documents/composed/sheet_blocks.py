"""The blocks above the table: who writes, to whom, what it is, and the document's data."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from ticketos.dev.sim.documents.canvas import BLACK, GREY, Align, Colour
from ticketos.dev.sim.documents.composed.contents import BUYERS_PAPERS
from ticketos.dev.sim.documents.composed.drawing import Runs
from ticketos.dev.sim.documents.composed.makers import Maker
from ticketos.dev.sim.documents.composed.phrases import PEOPLE

if TYPE_CHECKING:
    from ticketos.dev.sim.documents.composed.sheets import Sheet

WHITE: Colour = (255, 255, 255)


def title(sheet: Sheet, x: float, y: float, width: float, side: str = "left") -> float:
    """What the paper calls itself, with its number now and then."""
    sheet.title_drawn = True
    text = sheet.voice.label(f"title.{sheet.contents.kind}")
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


def _logo(sheet: Sheet, x: float, y: float, width: float, side: str = "left") -> float:
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


def _logo_issuer(sheet: Sheet, x: float, y: float, width: float, side: str) -> float:
    if sheet.hand.chance("logo.beside", 0.5):
        below = _logo(sheet, x, y, width)
        return max(below, issuer(sheet, x + 70, y, width - 70))
    return issuer(sheet, x, _logo(sheet, x, y, width, side), width, side)


def _band(sheet: Sheet, x: float, y: float, width: float, side: str) -> float:
    height = sheet.hand.between("band.height", 40, 80)
    sheet.pen.box(0, 0, sheet.pen.drawing.width, height, fill=sheet.accent)
    text = sheet.voice.label(f"title.{sheet.contents.kind}")
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
        sheet.contents.kind, "bill_to"
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
    lines: list[Runs] = [[(maker.name, mark)], *([(line, None)] for line in maker.address)]
    for runs in lines:
        y += size * 1.35
        for line in pen.wrap(runs, width, size)[:1]:
            pen.text(x, y, line, size)
    return y + size * 0.5


def meta_rows(sheet: Sheet) -> list[tuple[str, Runs]]:
    """The document's data as label and value, in the maker's order."""
    contents, voice, hand, kind = sheet.contents, sheet.voice, sheet.hand, sheet.contents.kind
    rows: list[tuple[str, Runs]] = [
        (voice.label("number"), [(contents.number, "number")]),
        (voice.label("issue_date"), [(voice.date(contents.issued.date()), "issue_date")]),
    ]
    if contents.due and not hand.chance("meta.due_below", 0.2):
        rows.append((voice.label("due_date"), [(voice.date(contents.due), "due_date")]))
    ordered = {"invoice": 0.5, "credit_note": 0.3, "goods_receipt": 1.0}.get(kind, 0.0)
    if hand.chance("meta.po", ordered):
        rows.append((voice.label("po_number"), [(contents.po_number, "po_number")]))
    extras: list[tuple[str, float, str]] = [
        ("customer_number", 0.3, contents.other_number),
        ("delivery_date", 0.2 if kind != "purchase_order" else 0.8, voice.date(contents.delivery)),
        (
            "delivery_note",
            0.2 if kind != "goods_receipt" else 0.7,
            contents.other_number[::-1].strip("-/") or "7",
        ),
        ("terms", 0.25, hand.pick("meta.terms_value", PHRASE_TERMS(sheet))),
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


def PHRASE_TERMS(sheet: Sheet) -> tuple[str, ...]:  # noqa: N802
    """Terms of payment in the paper's language."""
    from ticketos.dev.sim.documents.composed.phrases import PHRASES

    return PHRASES[sheet.contents.tongue]["terms_value"]


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


def _meta_strip(sheet: Sheet, x: float, y: float, width: float, side: str) -> float:
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


def _meta_inline(sheet: Sheet, x: float, y: float, width: float, side: str) -> float:
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


def _meta_sentence(sheet: Sheet, x: float, y: float, width: float, side: str) -> float:
    """One bold line: title, number and date; the rest below."""
    sheet.meta_drawn = sheet.title_drawn = True
    contents, voice, size = sheet.contents, sheet.voice, sheet.size
    between = {"de": " vom ", "fr": " du ", "es": " de fecha ", "it": " del ", "en": " dated "}[
        contents.tongue
    ]
    named: Runs = [
        (voice.label(f"title.{contents.kind}"), "title"),
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


def _side(sheet: Sheet, x: float, y: float, width: float, side: str) -> float:
    """The letter's right column: the house's ways to reach it, then the data."""
    sheet.issuer_drawn = True
    below = _party(sheet, x, y, width, sheet.contents.issuer, "", contact=True)
    return meta(sheet, x, below + 6, width)


def _framed(inner: Callable[..., float]) -> Callable[..., float]:
    def draw(sheet: Sheet, x: float, y: float, width: float, side: str) -> float:
        end = inner(sheet, x + 5, y + 5, width - 10, "left")
        sheet.pen.box(x, y, width, end - y + 4, stroke=BLACK)
        return end + 6

    return draw


def _title_meta(sheet: Sheet, x: float, y: float, width: float, side: str) -> float:
    return meta(sheet, x, title(sheet, x, y, width, side), width, side)


BLOCKS: dict[str, Callable[[Sheet, float, float, float, str], float]] = {
    "issuer": issuer,
    "issuer from": _issuer_from,
    "centred issuer": _centred_issuer,
    "framed issuer": _framed(issuer),
    "logo": _logo,
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
    "meta": meta,
    "framed meta": _framed(meta),
    "meta strip": _meta_strip,
    "meta inline": _meta_inline,
    "meta sentence": _meta_sentence,
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
