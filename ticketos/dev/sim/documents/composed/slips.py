"""Receipts of shops, eating houses and filling stations: narrow paper, printed from top to bottom."""

from __future__ import annotations

import random

from ticketos.dev.sim.documents.canvas import Align
from ticketos.dev.sim.documents.composed.contents import Contents
from ticketos.dev.sim.documents.composed.drawing import Drawing, Pen, Runs
from ticketos.dev.sim.documents.composed.hand import Hand
from ticketos.dev.sim.documents.composed.makers import filled
from ticketos.dev.sim.documents.composed.phrases import PEOPLE
from ticketos.dev.sim.documents.composed.slip_lines import draw_items
from ticketos.dev.sim.documents.composed.slip_sums import draw_sums
from ticketos.dev.sim.documents.composed.voice import Voice

FAMILIES = ("mono", "mono", "typed", "condensed", "grotesk", "narrow", "sans", "humanist", "roman", "grotesk")
_WIDTHS = (164.0, 204.0, 226.0, 226.0, 226.0, 260.0, 300.0)


class Slip:
    """A receipt being printed: the pen, and how far down the paper it is."""

    def __init__(self, contents: Contents, hand: Hand, voice: Voice, family: str, seed: object) -> None:
        self.contents, self.hand, self.voice = contents, hand, voice
        self.rng = random.Random(f"slip/{seed}")
        self.width = hand.pick("slip.width", _WIDTHS)
        self.left = hand.between("slip.margin", 7, 20)
        self.right = self.width - self.left
        self.pen = Pen(family, self.width, 4000.0)
        wide = self.pen.measure("0", 1) > 0.57
        self.size = hand.between("slip.size", 6.6, 7.6) if wide else hand.between("slip.size", 7.2, 9.2)
        self.leading = hand.pick("slip.leading", (1.15, 1.25, 1.35, 1.5))
        self.head_align: Align = hand.pick("slip.align", ("center", "center", "center", "left"))
        self.y = self.rng.uniform(14, 40)
        # Tall letters as ticket printers make them: narrow and double height.
        self.tall = hand.pick("slip.tall", (1.0, 1.0, 0.6, 0.75))

    def gap(self, rows: float = 0.5) -> None:
        """Leaves some rows blank."""
        self.y += rows * self.size * self.leading

    def say(
        self,
        runs: Runs | str,
        *,
        align: Align = "left",
        bold: bool = False,
        size: float | None = None,
        tall: bool = False,
    ) -> None:
        """One row, or as many as the runs need."""
        size = size or self.size
        self.y += max(size - self.size, 0) * 0.8
        stretch = self.tall if tall else 1.0
        for line in self.pen.wrap(runs, (self.right - self.left) / stretch, size, bold=bold):
            x = {"left": self.left, "right": self.right, "center": self.width / 2}[align]
            self.pen.text(x, self.y, line, size, bold=bold, align=align, stretch=stretch)
            self.y += size * self.leading

    def pair(
        self,
        left: Runs | str,
        right: Runs | str,
        *,
        bold: bool = False,
        size: float | None = None,
        indent: float = 0.0,
        stop: float | None = None,
    ) -> None:
        """Left and right ends of a row; two rows where they would meet."""
        size = size or self.size
        self.y += max(size - self.size, 0)
        stop = stop or self.right
        room = stop - self.left - indent - 4
        needed = self.pen.measure(left, size, bold=bold) + self.pen.measure(right, size, bold=bold)
        if needed > room:
            self.pen.text(
                self.left + indent,
                self.y,
                left,
                min(size, size * room / max(self.pen.measure(left, size, bold=bold), 1)),
                bold=bold,
            )
            self.y += size * self.leading
        else:
            self.pen.text(self.left + indent, self.y, left, size, bold=bold)
        self.pen.text(stop, self.y, right, size, bold=bold, align="right")
        self.y += size * self.leading

    def rule(self) -> None:
        """The maker's parting line."""
        manner = self.hand.pick("slip.rule", ("-", "-", "=", "*", "line", "line", "blank", "."))
        if manner == "blank":
            self.gap(0.6)
            return
        if manner == "line":
            self.pen.line(self.left, self.y - self.size * 0.4, self.right, self.y - self.size * 0.4, 0.5)
            self.gap(0.7)
            return
        signs = int((self.right - self.left) / self.pen.measure(manner, self.size))
        self.pen.text(self.left, self.y, manner * signs, self.size)
        self.y += self.size * self.leading

    def label(self, key: str) -> str:
        """A label with the maker's colon, ready to stand before a value."""
        text = self.voice.label(key)
        return f"{text}{self.voice.colon} " if text else ""


def draw(contents: Contents, hand: Hand, voice: Voice, seed: object) -> Drawing:
    """The whole receipt."""
    slip = Slip(contents, hand, voice, family(hand), seed)
    if hand.chance("slip.date_first", 0.05):
        slip.say(_date_runs(slip))
    _head(slip)
    title_at = hand.pick("slip.title", ("after head", "after head", "after meta", "none"))
    if title_at == "after head":
        _title(slip)
    if hand.chance("slip.rule1", 0.6):
        slip.rule()
    meta_first = hand.chance("slip.meta_first", 0.8)
    if meta_first:
        _meta(slip)
    if title_at == "after meta":
        _title(slip)
    slip.rule()
    draw_items(slip)
    slip.rule()
    draw_sums(slip)
    if not meta_first:
        slip.rule()
        _meta(slip)
    _foot(slip)
    drawing = slip.pen.drawing
    drawing.height = slip.y + slip.rng.uniform(6, 60)
    return drawing


def family(hand: Hand) -> str:
    """The typeface of the maker's printer."""
    return hand.pick("slip.family", FAMILIES)


def _head(slip: Slip) -> None:
    hand, shop, voice, align = slip.hand, slip.contents.supplier, slip.voice, slip.head_align
    capital = hand.chance("slip.capital", 0.6)
    name = shop.name.upper() if capital else shop.name
    big = slip.size * hand.pick("slip.big", (1.0, 1.15, 1.3, 1.6))
    bold = hand.chance("slip.bold", 0.5)
    if slip.rng.random() < 0.05:  # a number stamped or written on top by whoever filed it
        slip.say(filled(slip.rng, "9999999"))
    if shop.brand and hand.chance("slip.brand_first", 0.7):
        slip.say(shop.brand.upper(), align=align, bold=True, size=big * 1.25, tall=True)
    named: Runs = [(name, "supplier_name")]
    registration = shop.registration
    if registration.startswith("(") and hand.chance("slip.registered", 0.15):
        named += [(" ", None), (registration, "registration")]
        registration = ""
    slip.say(named, align=align, bold=bold, size=big, tall=True)
    rows: list[tuple[str, list[Runs]]] = []
    if registration:
        rows.append(("registration", [[(registration, "registration")]]))
    address = [
        line.upper() if capital and hand.chance("slip.capital2", 0.8) else line for line in shop.address
    ]
    if hand.chance("slip.address_joined", 0.2):
        address = [", ".join(line.rstrip(",") for line in address)]
    placed: list[Runs] = [[(line, f"supplier_address/{index}")] for index, line in enumerate(address)]
    rows.append(("address", placed))
    if shop.branch and hand.chance("slip.branch", 0.8):
        rows.append(("branch", [[(f"({shop.branch.upper()})" if capital else shop.branch, None)]]))
    phones = hand.pick("slip.phones", ("one", "one", "both", "both joined", "none"))
    phone, fax = f"{slip.label('phone')}{shop.phones[0]}", f"{slip.label('fax')}{shop.phones[1]}"
    reached: dict[str, list[Runs]] = {
        "one": [[(phone, None)]],
        "both": [[(phone, None)], [(fax, None)]],
        "both joined": [[(f"{phone}  {fax}", None)]],
        "none": [],
    }
    rows.append(("phone", reached[phones]))
    if slip.contents.tax != "none" or slip.contents.market.code in ("US", "ES", "IT"):
        pattern = hand.pick("slip.tax_label", slip.contents.market.tax_labels)
        tax_id = hand.pick("slip.tax_id", ("plain", "plain", "brackets"))
        colon = voice.colon or ":"
        if "{}" in pattern:
            before, _, after = pattern.partition("{}")
            runs: Runs = [(before, None), (shop.tax_id, "supplier_tax_id"), (after, None)]
        else:
            runs = [(f"{pattern}{colon} ", None), (shop.tax_id, "supplier_tax_id")]
            if tax_id == "brackets":
                runs = [("(", None), *runs, (")", None)]
        rows.append(("tax", [runs]))
    if hand.chance("slip.web", 0.15):
        found_at: list[Runs] = [[(shop.web, None)], [(shop.mail, None)]]
        rows.append(("web", found_at[: 1 + hand.chance("slip.mail", 0.4)]))
    # The usual order, with one thing moved by some.
    if hand.chance("slip.moved", 0.4) and len(rows) > 2:
        moved = rows.pop(int(hand.between("slip.which", 0, len(rows) - 0.01)))
        rows.insert(int(hand.between("slip.where", 0, len(rows) + 0.99)), moved)
    for key, lines in rows:
        if key == "tax" and hand.chance("slip.tax_low", 0.15):
            continue
        for line in lines:
            slip.say(line, align=align)
    if any(key == "tax" for key, _ in rows) and hand.chance("slip.tax_low", 0.15):
        for line in next(lines for key, lines in rows if key == "tax"):
            slip.say(line, align=align)
    slip.gap()


def _title(slip: Slip) -> None:
    title = slip.voice.label("title.receipt")
    if title:
        slip.gap(0.3)
        slip.say(
            [(title, "title")],
            align=slip.hand.pick("slip.title_align", ("center", "center", "left")),
            bold=True,
            size=slip.size * slip.hand.pick("slip.title_size", (1.0, 1.2, 1.4)),
        )


def _date_runs(slip: Slip) -> Runs:
    """The date and, joined to it or not, the time."""
    contents, voice, hand = slip.contents, slip.voice, slip.hand
    runs: Runs = []
    if hand.chance("slip.date_label", 0.72):
        runs.append((slip.label("issue_date"), "label.issue_date"))
    runs.append((voice.date(contents.issued.date()), "issue_date"))
    joint = hand.pick("slip.time", ("  ", " ", " ", "none", "apart", " - ", " (day) "))
    if joint == " (day) ":
        joint = f" ({contents.issued:%a}) "
    if joint not in ("none", "apart"):
        runs.append((f"{joint}{voice.time(contents.issued.time())}", None))
    return runs


def _meta(slip: Slip) -> None:
    """Number, date and who served, alone or in pairs, in the maker's order."""
    contents, hand, voice, rng = slip.contents, slip.hand, slip.voice, slip.rng
    cells: list[Runs] = []
    if hand.chance("slip.number", 0.92):
        cells.append([(slip.label("number"), "label.number"), (contents.number, "number")])
    if not hand.chance("slip.date_first", 0.05) and not hand.chance("slip.date_last", 0.12):
        cells.append(_date_runs(slip))
        if hand.pick("slip.time", ("  ", " ", " ", "none", "apart", " - ", " (day) ")) == "apart":
            cells.append([(f"{slip.label('time')}{voice.time(contents.issued.time())}", None)])
    others = {
        "cashier": rng.choice(PEOPLE),
        "till": f"{rng.randint(1, 12):02d}",
        "member": filled(rng, "9999999"),
    }
    if contents.supplier.trade == "food":
        others |= {
            "table": rng.choice(("T1", "12", "A03", "Take Away", "21", "07")),
            "covers": str(rng.randint(1, 9)),
        }
    for key, value in others.items():
        if hand.chance(
            f"slip.{key}", {"cashier": 0.6, "till": 0.35, "member": 0.1, "table": 0.6, "covers": 0.3}[key]
        ):
            cells.append([(f"{slip.label(key)}{value}", None)])
    if hand.chance("slip.shuffled", 0.5):
        cells = [cells[index] for index in hand.shuffled("slip.order", range(len(cells)))]
    manner = hand.pick("slip.meta", ("alone", "alone", "pairs", "columns"))
    if manner == "pairs":
        for first in range(0, len(cells), 2):
            slip.pair(cells[first], cells[first + 1] if first + 1 < len(cells) else "")
    elif manner == "columns":
        stop = (
            slip.left
            + max(
                (slip.pen.measure(cell[:1], slip.size) for cell in cells if len(cell) > 1),
                default=0,
            )
            + 4
        )
        for cell in cells:
            if len(cell) > 1:
                slip.pen.text(slip.left, slip.y, cell[:1], slip.size)
                slip.pen.text(stop, slip.y, cell[1:], slip.size)
                slip.y += slip.size * slip.leading
            else:
                slip.say(cell)
    else:
        for cell in cells:
            slip.say(cell, align=hand.pick("slip.meta_align", ("left", "left", "left", "center")))
    if hand.chance("slip.customer", 0.12):
        slip.say(f"{slip.label('bill_to')}{rng.choice(('CASH', 'Walk-in customer', 'C.O.D', 'CASH SALES'))}")


def _foot(slip: Slip) -> None:
    hand, voice, contents, rng = slip.hand, slip.voice, slip.contents, slip.rng
    slip.gap()
    if hand.chance("slip.date_last", 0.12) and not hand.chance("slip.date_first", 0.05):
        slip.say(_date_runs(slip))
    if contents.by_card and rng.random() < 0.4:
        slip.say(f"APPROVAL {filled(rng, '999999')}  REF {filled(rng, '999999999999')}")
        slip.say(f"XXXX XXXX XXXX {filled(rng, '9999')}")
    small = [f"foot.{index}" for index in range(int(hand.between("slip.small", 0, 4)))]
    if hand.chance("slip.thanks", 0.8):
        small.insert(int(hand.between("slip.thanks_at", 0, len(small) + 0.99)), "thanks")
    said: set[str] = set()
    for key in small:
        text = voice.label("thanks") if key == "thanks" else voice.label("small_print", key)
        if text in said:
            continue
        said.add(text)
        slip.say(
            text,
            align=hand.pick("slip.foot_align", ("center", "center", "left")),
            size=slip.size * (0.9 if key != "thanks" else 1.0),
        )
    if hand.chance("slip.barcode", 0.15):
        _barcode(slip)


def _barcode(slip: Slip) -> None:
    x, end = slip.width * 0.2, slip.width * 0.8
    slip.gap(0.5)
    while x < end:
        width = slip.rng.choice((0.6, 1.2, 1.8))
        slip.pen.box(x, slip.y, width, 22, fill=(20, 20, 20))
        x += width + slip.rng.choice((0.6, 1.2, 1.8))
    slip.y += 30
    slip.say(f"*{filled(slip.rng, '99999999999')}*", align="center")
