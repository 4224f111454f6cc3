"""Full-page documents: header, parties, meta data, table and totals drawn as a layout asks."""

from __future__ import annotations

from ticketos.dev.sim.documents import heads, tables
from ticketos.dev.sim.documents.canvas import GREY, Canvas
from ticketos.dev.sim.documents.facts import PRICED, Facts
from ticketos.dev.sim.documents.layouts import Layout, accent
from ticketos.dev.sim.documents.sheet import Sheet
from ticketos.dev.sim.documents.wording import Wording


def draw(facts: Facts, layout: Layout, words: Wording, vendor_seed: int, *, copy: int) -> bytes:
    """The document as a text PDF; ``copy`` > 0 marks it as a repeat of one sent before."""
    canvas = Canvas(layout.family)
    left, right = (178.0, 560.0) if layout.header == "sidebar" else (42.0, 553.0)
    sheet = Sheet(canvas, facts, layout, words, accent(vendor_seed), left, right)
    y = heads.draw(sheet)
    if copy:
        colour = (255, 255, 255) if layout.header == "band" else (170, 40, 40)
        canvas.text(right, 26, f"{words.label('copy')} {copy}", 9, bold=True, align="right", colour=colour)
    last = len(facts.chunks)
    position = 1
    for number, chunk in enumerate(facts.chunks, start=1):
        if number > 1:
            canvas.new_page()
            y = heads.draw_continuation(sheet)
        y = tables.draw(sheet, y, chunk, position)
        position += len(chunk)
        if number == last:
            y = tables.draw_totals(sheet, y) if facts.kind in PRICED else _signatures(sheet, y + 50)
            _closing(sheet, y)
        _footer(sheet, number, last)
    return canvas.finish(facts.issue_date)


def _signatures(sheet: Sheet, y: float) -> float:
    canvas, words = sheet.canvas, sheet.words
    for x in (sheet.left, sheet.left + 260):
        canvas.line(x, y, x + 150, y)
    canvas.text(sheet.left, y + 12, words.label("received_by"), 8, colour=GREY)
    canvas.text(sheet.left + 260, y + 12, words.label("signed", sheet.facts.issuer.name), 8, colour=GREY)
    return y + 30


def _closing(sheet: Sheet, y: float) -> None:
    """What stands under the totals: bank account, thanks, signature."""
    canvas, facts, words = sheet.canvas, sheet.facts, sheet.words
    # Some print this at the foot of the sheet, some right under the sums.
    y = max(y + 24, 640) if sheet.layout.totals in ("right", "boxed") else y + 30
    if y + 44 > 785:
        return
    company = facts.supplier
    if facts.kind == "invoice":
        canvas.text(sheet.left, y, words.label("bank"), 8.5, bold=True)
        canvas.text(sheet.left, y + 12, company.bank, 8.5)
        canvas.text(
            sheet.left, y + 23, ("A/C " if company.country == "IN" else "IBAN ") + company.account, 8.5
        )
    if facts.kind in ("invoice", "credit_note", "purchase_order"):
        canvas.text(sheet.right, y + 44, words.label("signed", facts.issuer.name), 8.5, align="right")
    if facts.kind in ("invoice", "credit_note"):
        canvas.text(sheet.left, y + 44, words.label("thanks"), 8.5, colour=GREY)


def _footer(sheet: Sheet, number: int, last: int) -> None:
    canvas, words, company = sheet.canvas, sheet.words, sheet.facts.issuer
    if sheet.layout.header == "sidebar":
        canvas.text(sheet.right, 818, words.label("page", number, last), 7.5, align="right", colour=GREY)
        return
    canvas.line(sheet.left, 796, sheet.right, 796, width=0.4, colour=GREY)
    if sheet.layout.header == "letter":  # the letter names its sender here, in full
        columns = (
            (company.name, *company.address_lines),
            (company.phone, company.email),
            (sheet.tax_number(company),),
        )
        for index, texts in enumerate(columns):
            for row, text in enumerate(texts):
                canvas.text(sheet.left + index * 190, 806 + row * 8, text, 6.5, colour=GREY)
        canvas.text(sheet.right, 790, words.label("page", number, last), 7.5, align="right", colour=GREY)
        return
    canvas.text(sheet.left, 808, f"{company.name} · {company.phone} · {company.email}", 7.5, colour=GREY)
    canvas.text(sheet.right, 808, words.label("page", number, last), 7.5, align="right", colour=GREY)
