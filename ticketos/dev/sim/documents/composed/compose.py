"""One composed paper on request: as a drawing with its truth, and from that as words or as a file."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cached_property

from ticketos.ai.ocr.page import Page
from ticketos.dev.sim.documents.canvas import faces
from ticketos.dev.sim.documents.composed import contents as contents_of
from ticketos.dev.sim.documents.composed import sheets, slips
from ticketos.dev.sim.documents.composed.contents import UNPRICED, Contents
from ticketos.dev.sim.documents.composed.drawing import Drawing, Marks, field_of
from ticketos.dev.sim.documents.composed.hand import Hand
from ticketos.dev.sim.documents.composed.markets import MARKET_CODES
from ticketos.dev.sim.documents.composed.misread import misread
from ticketos.dev.sim.documents.composed.unbooked import BASE, renamed
from ticketos.dev.sim.documents.composed.voice import Voice
from ticketos.dev.sim.documents.facts import plain
from ticketos.dev.sim.documents.truth import FIELD_NAMES, KINDS, UNBOOKED, Kind, Truth, TruthLine, Unbooked

# How often each market is met: receipts like those of the shops people send, papers like those of trade.
_RECEIPT_MARKETS = ("MY", "MY", "MY", "MY", "SG", "IN", "IN", "GB", "US", "DE", "FR", "ES", "IT", "AT")
_SHEET_MARKETS = ("IN", "IN", "DE", "DE", "DE", "FR", "FR", "GB", "US", "MY", "SG", "ES", "IT", "AT")


@dataclass(frozen=True)
class Labelled:
    """Words with what they stand for. `marks` lead from a field's name to its words: page (from 0), index."""

    pages: list[Page]
    marks: Marks
    truth: Truth


@dataclass(frozen=True)
class Paper:
    """A composed paper."""

    contents: Contents
    drawing: Drawing
    name: str

    @cached_property
    def truth(self) -> Truth:
        """What the paper truly says; a value that is not on it is None."""
        return _truth(self.contents, self.drawing)

    def known(self) -> dict[str, str | None]:
        """The fields as a person who knows the trade would key them: the truth, and what follows from it."""
        found = self.contents
        fields = dict(self.truth.fields)
        if found.kind not in UNPRICED:
            fields["currency"] = found.market.currency
            fields["net_total"] = fields["net_total"] or (
                f"{found.net:.2f}" if found.kind != "inventory" else None
            )
            fields["tax_total"] = fields["tax_total"] or (
                f"{found.tax_total:.2f}" if found.kind != "inventory" else None
            )
        return fields

    def pdf(self) -> bytes:
        """The paper as a PDF with a text layer."""
        return self.drawing.pdf(self.contents.issued.date())

    def text_words(self) -> Labelled:
        """The words as read from the PDF's text layer, without making the PDF."""
        pages, marks = self.drawing.words()
        return Labelled(pages, marks, self.truth)

    def ocr_words(self, seed: object, damage: float) -> Labelled:
        """The words as an optical reader might give them from a scan of that damage (0 to 1)."""
        pages, marks = self.drawing.words()
        return Labelled(
            *misread(pages, marks, random.Random(f"misread/{self.name}/{seed}"), damage), self.truth
        )


def compose(
    kind: Kind | Unbooked,
    seed: int,
    *,
    market: str | None = None,
    maker: object = None,
    buyer: object = None,
    lines: int | None = None,
) -> Paper:
    """The paper of a kind and seed: the same arguments give the same truth everywhere.

    `maker` fixes who wrote it, with everything that recurs with him: name, address, place and wording of
    each value, formats. It defaults to one of its own for each seed; `buyer` likewise. `lines` sets how many
    lines the table has. A paper that nobody books is of the type `unknown`.
    Raises `ValueError` for a market that is not one of `MARKET_CODES`.
    """
    rng = random.Random(f"compose/{kind}/{seed}/{maker}")
    if market is None:
        options = _RECEIPT_MARKETS if kind == "receipt" else _SHEET_MARKETS
        market = (
            random.Random(f"market/{maker}").choice(options) if maker is not None else rng.choice(options)
        )
    if market not in MARKET_CODES:
        raise ValueError(f"there is no market {market!r}")
    writer = f"{seed}" if maker is None else maker
    receiver = rng.randrange(400) if buyer is None else buyer
    called = next((it for it in UNBOOKED if it == kind), None)
    made: Kind = BASE[called] if called else next(it for it in KINDS if it == kind)
    found = contents_of.draw(made, market, writer, receiver, seed, lines)
    if called is not None:
        found = renamed(found, called, seed)
    owner = receiver if found.issuer is found.buyer else writer
    hand = Hand(f"hand/{made}/{market}/{owner}")
    draw, family = (
        (slips.draw, slips.family(hand)) if made == "receipt" else (sheets.draw, sheets.family(hand))
    )
    voice = Voice(hand, found.market, found.tongue, found.tax, found.name, faces(family)[0].characters)
    drawing = draw(found, hand, voice, seed)
    return Paper(found, drawing, f"{found.name}/{market}/{writer}/{seed}")


def _values(found: Contents) -> dict[str, str | None]:
    """Every value of a paper but names as printed, shown or not."""
    return {
        "number": found.number,
        "issue_date": found.issued.date().isoformat(),
        "due_date": found.due.isoformat() if found.due else None,
        "currency": found.market.currency,
        "net_total": f"{found.net:.2f}",
        "tax_total": f"{found.tax_total:.2f}",
        "total": f"{found.total:.2f}",
        "po_number": found.po_number,
        "amount_due": f"{found.total - found.paid:.2f}",
        "supplier_tax_id": found.supplier.tax_id,
        "buyer_tax_id": found.buyer.tax_id,
    }


def _truth(found: Contents, drawing: Drawing) -> Truth:
    shown = drawing.marks
    values = _values(found)
    fields: dict[str, str | None] = dict.fromkeys(FIELD_NAMES)
    fields |= {name: value for name, value in values.items() if name in shown}
    # The sum of printed parts counts as shown: CGST and SGST are the tax.
    if "tax_part" in shown:
        fields["tax_total"] = values["tax_total"]
    for name in ("supplier_name", "buyer_name", "supplier_address"):
        if name in shown:
            fields[name] = _as_printed(drawing, name)
    priced = found.kind not in UNPRICED
    lines = []
    for index, item in enumerate(found.items):
        mark = f"line.{index}"
        lines.append(
            TruthLine(
                description=_as_printed(drawing, f"{mark}.description"),
                quantity=plain(item.quantity),
                unit=item.unit if f"{mark}.unit" in shown else "",
                unit_price=f"{item.price:.2f}" if priced and f"{mark}.unit_price" in shown else None,
                tax_rate=plain(item.rate) if f"{mark}.tax_rate" in shown else None,
                net=f"{item.amount:.2f}" if priced and f"{mark}.net" in shown else None,
            )
        )
    return Truth("unknown" if found.called else found.kind, fields, lines)


def _as_printed(drawing: Drawing, name: str) -> str:
    """The text of a field where it first stands on the paper, its rows in reading order."""
    rows: list[tuple[str, str]] = []
    last = -1
    for position, text in drawing.showing(name):
        if rows and position - last > 1 and not name.startswith("line."):
            break  # printed again elsewhere
        last = position
        for mark, piece in _pieces(text.runs, name):
            if rows and rows[-1][0] == mark:  # one row, broken for want of room
                rows[-1] = (mark, f"{rows[-1][1]} {piece}")
            else:
                rows.append((mark, piece))
    said = _sentence([piece for _, piece in rows])
    return _once(said) if name.endswith("_name") else said


def _once(name: str) -> str:
    """A name that is printed two or three times on end, as one."""
    words = name.split()
    for times in (3, 2):
        if words[: len(words) // times] * times == words:
            return " ".join(words[: len(words) // times])
    return name


def _pieces(runs: tuple[tuple[str, str | None], ...], name: str) -> list[tuple[str, str]]:
    """The marked stretches of a row; blanks between words of one mark belong to their stretch."""
    pieces: list[tuple[str, str]] = []
    between = ""
    for text, mark in runs:
        if mark is None or field_of(mark) != name:
            between += text
        elif pieces and pieces[-1][0] == mark and not between.strip():
            pieces[-1] = (mark, pieces[-1][1] + between + text)
            between = ""
        else:
            pieces.append((mark, text))
            between = ""
    return [(mark, " ".join(piece.split())) for mark, piece in pieces]


def _sentence(parts: list[str]) -> str:
    """Lines of an address as one line: a comma where a line did not end with a mark."""
    text = ""
    for part in parts:
        text += part if not text else (" " if text.endswith((",", ".", "-")) else ", ") + part
    return text
