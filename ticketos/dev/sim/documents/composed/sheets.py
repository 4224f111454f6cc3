"""Full pages: invoices, credit notes, orders, goods receipts and stock lists, put together from blocks."""

from __future__ import annotations

import random

from ticketos.dev.sim.documents.canvas import GREY, Colour
from ticketos.dev.sim.documents.composed import sheet_blocks as blocks
from ticketos.dev.sim.documents.composed import sheet_meta
from ticketos.dev.sim.documents.composed.contents import UNPRICED, Contents
from ticketos.dev.sim.documents.composed.drawing import Drawing, Pen
from ticketos.dev.sim.documents.composed.hand import Hand
from ticketos.dev.sim.documents.composed.makers import Maker
from ticketos.dev.sim.documents.composed.sheet_foot import draw_after, draw_page_foot
from ticketos.dev.sim.documents.composed.sheet_sums import draw_sums
from ticketos.dev.sim.documents.composed.sheet_table import Table
from ticketos.dev.sim.documents.composed.voice import Voice
from ticketos.dev.sim.documents.layouts import ACCENTS

FAMILIES = (
    "sans",
    "condensed",
    "serif",
    "grotesk",
    "grotesk",
    "roman",
    "mono",
    "narrow",
    "humanist",
    "bookish",
    "slim",
    "typed",
    "grotesk",
)
_SIZES = ((595.0, 842.0), (595.0, 842.0), (595.0, 842.0), (612.0, 792.0))
_ACCENTS: tuple[Colour, ...] = (*ACCENTS, (20, 20, 20), (20, 20, 20), (70, 110, 40))
# Rows of blocks from the top; a row is one block over the full width or two side by side. The first list
# of a maker's arrangement is its letterhead, the second its parties and data.
_LETTERHEADS: tuple[tuple[tuple[str, ...], ...], ...] = (
    (("issuer", "title"),),
    (("title", "issuer"),),
    (("logo issuer", "title"),),
    (("logo", "issuer"), ("title",)),
    (("issuer", "logo"), ("title",)),
    (("centred issuer",), ("title",)),
    (("title",), ("issuer", "meta")),
    (("band",), ("issuer", "")),
    (("band issuer",),),
    (("logo", "title meta"), ("issuer", "")),
    (("name", "title"),),
    (("", "logo"), ("", "issuer")),
    (("title",), ("logo issuer", "")),
    (("logo issuer", "meta"), ("title",)),
    (("framed issuer", "framed title"),),
    (("", "name"),),
)
_BODIES: tuple[tuple[tuple[str, ...], ...], ...] = (
    (("buyer", "meta"),),
    (("meta", "buyer"),),
    (("buyer", "ship"), ("meta strip",)),
    (("buyer", ""), ("meta strip",)),
    (("issuer from", "buyer"), ("meta strip",)),
    (("issuer from", "buyer"), ("meta", "")),
    (("meta strip",), ("buyer", "ship")),
    (("letter buyer", "meta"),),
    (("letter buyer", "side"), ("title",)),
    (("buyer", "meta"), ("ship", "")),
    (("", "buyer"), ("meta", "")),
    (("framed buyer", "framed meta"),),
    (("meta inline",), ("buyer", "")),
    (("letter buyer", ""), ("meta sentence",)),
    (("buyer",), ("meta inline",)),
)


class Sheet:
    """A page set up for one document: what every block needs."""

    def __init__(self, contents: Contents, hand: Hand, voice: Voice, family: str, seed: object) -> None:
        self.contents, self.hand, self.voice = contents, hand, voice
        self.rng = random.Random(f"sheet/{seed}")
        width, height = (612.0, 792.0) if contents.market.code == "US" else hand.pick("page.size", _SIZES)
        self.pen = Pen(family, width, height)
        self.left = hand.between("page.left", 28, 68)
        self.right = width - hand.between("page.right", 28, 60)
        self.top = hand.between("page.top", 34, 70)
        self.bottom = height - hand.between("page.bottom", 56, 96)
        wide = self.pen.measure("0", 1) > 0.57
        self.size = hand.between("page.type", 7.0, 8.6) if wide else hand.between("page.type", 7.8, 10.6)
        self.accent = hand.pick("page.accent", _ACCENTS)
        self.issuer_drawn = False
        self.title_drawn = False
        self.meta_drawn = False

    @property
    def width(self) -> float:
        """The room between the margins."""
        return self.right - self.left

    @property
    def pale(self) -> Colour:
        """A light tint of the house colour."""
        red, green, blue = (255 - (255 - part) // 7 for part in self.accent)
        return red, green, blue

    @property
    def counterpart(self) -> Maker:
        """Whom the paper is addressed to."""
        contents = self.contents
        return contents.buyer if contents.issuer is contents.supplier else contents.supplier

    def mark_of(self, maker: Maker) -> str:
        """`supplier` or `buyer`."""
        return "supplier" if maker is self.contents.supplier else "buyer"

    def label(self, key: str) -> str:
        """A label with the maker's colon."""
        return f"{self.voice.label(key)}{self.voice.colon}"


def family(hand: Hand) -> str:
    """The maker's typeface."""
    return hand.pick("page.family", FAMILIES)


def draw(contents: Contents, hand: Hand, voice: Voice, seed: object) -> Drawing:
    """The whole document."""
    sheet = Sheet(contents, hand, voice, family(hand), seed)
    y = sheet.top
    letterhead = hand.pick("page.letterhead", _LETTERHEADS)
    body = hand.pick("page.body", _BODIES)
    for row in (*letterhead, *body):
        y = _row(sheet, row, y)
    if not sheet.title_drawn:
        y = blocks.title(sheet, sheet.left, y, sheet.width)
    if not sheet.meta_drawn:
        y = sheet_meta.meta(sheet, sheet.left, y + 4, min(sheet.width, 260))
    y = blocks.salutation(sheet, y)
    table = Table(sheet)
    y = table.draw(y + hand.between("page.gap", 4, 22))
    needed = 150 if contents.kind not in UNPRICED else 60
    if y > sheet.bottom - needed:
        draw_page_foot(sheet)
        sheet.pen.new_page()
        y = blocks.continuation(sheet)
    y = draw_sums(sheet, y + hand.between("page.gap2", 4, 18))
    draw_after(sheet, y)
    draw_page_foot(sheet)
    _number_pages(sheet)
    return sheet.pen.drawing


def _row(sheet: Sheet, row: tuple[str, ...], y: float) -> float:
    """Draws a row of blocks at `y`; returns where the next may begin."""
    if len(row) == 1:
        end = _block(sheet, row[0], sheet.left, y, sheet.width, "left")
    else:
        share = sheet.hand.pick(f"row.{'/'.join(row)}", (0.5, 0.55, 0.6, 0.48))
        gutter = 14.0
        second = sheet.left + sheet.width * share + gutter
        flush = sheet.hand.chance("row.flush", 0.5)
        first_end = _block(sheet, row[0], sheet.left, y, sheet.width * share - gutter, "left")
        second_end = _block(sheet, row[1], second, y, sheet.right - second, "right" if flush else "left")
        end = max(first_end, second_end)
    return end + sheet.hand.between("row.gap", 4, 20) if end > y else y


def _block(sheet: Sheet, name: str, x: float, y: float, width: float, side: str) -> float:
    if not name:
        return y
    key = name.split()
    if "title" in key and sheet.title_drawn:
        return y
    if "meta" in key and sheet.meta_drawn:
        return y
    if "issuer" in key and sheet.issuer_drawn:
        return y
    return blocks.BLOCKS[name](sheet, x, y, width, side)


def _number_pages(sheet: Sheet) -> None:
    """Page numbers, known only at the end."""
    pages = sheet.pen.drawing.pages
    if pages == 1 and not sheet.hand.chance("page.numbered", 0.4):
        return
    place = sheet.hand.pick("page.number", ("right", "center", "right", "top"))
    for page in range(pages):
        sheet.pen.page = page
        text = sheet.voice.label("page", page=page + 1, pages=pages)
        height = sheet.pen.drawing.height
        if place == "top":
            sheet.pen.text(sheet.right, 24, text, 7.5, align="right", colour=GREY)
        else:
            x = sheet.right if place == "right" else sheet.left + sheet.width / 2
            sheet.pen.text(
                x, height - 16, text, 7.5, align="right" if place == "right" else "center", colour=GREY
            )
