"""What stands below: bank, terms, small print, stamps and watermarks, and the foot of every page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ticketos.dev.sim.documents.canvas import GREY, Colour
from ticketos.dev.sim.documents.composed.drawing import Runs
from ticketos.dev.sim.documents.composed.makers import Maker
from ticketos.dev.sim.documents.composed.phrases import PHRASES

if TYPE_CHECKING:
    from ticketos.dev.sim.documents.composed.sheets import Sheet

_STAMP_COLOURS: tuple[Colour, ...] = ((180, 40, 40), (40, 60, 160), (60, 130, 70))


def draw_after(sheet: Sheet, y: float) -> None:
    """Below the sums, as far as the page has room."""
    contents, hand, voice, pen, size = sheet.contents, sheet.hand, sheet.voice, sheet.pen, sheet.size * 0.92
    rows: list[Runs] = []
    if contents.due and hand.chance("meta.due_below", 0.2):
        before, _, after = voice.label("due_sentence", date="\0").partition("\0")
        rows.append([(before, None), (voice.date(contents.due), "due_date"), (after, None)])
    if contents.kind == "invoice" and hand.chance("foot.bank", 0.5):
        maker = contents.supplier
        rows.append([(f"{voice.label('bank')}{voice.colon or ':'} {maker.bank}", None)])
        rows.append([(f"{voice.label('account')}{voice.colon or ':'} {maker.account}", None)])
        if hand.chance("foot.bic", 0.6):
            rows.append([(f"BIC/SWIFT: {maker.bic}", None)])
    small = PHRASES[contents.tongue]["small_print"]
    for index in range(int(hand.between("foot.small", 0, 4.5))):
        text = hand.pick(f"foot.print{index}", small).format(tax=voice.tax)
        if [(text, None)] not in rows:
            rows.append([(text, None)])
    if hand.chance("foot.thanks", 0.35):
        rows.append([(voice.label("thanks"), None)])
    y += size * 2
    for runs in rows:
        for line in pen.wrap(runs, sheet.width * hand.pick("foot.width", (0.55, 0.8, 1.0)), size):
            if y < sheet.bottom:
                pen.text(sheet.left, y, line, size)
                y += size * 1.35
    if hand.chance("foot.signature", 0.35) and y < sheet.bottom - 40:
        text = voice.label("signature", maker=contents.issuer.name)
        pen.line(sheet.right - 130, y + 32, sheet.right, y + 32, 0.5)
        pen.text(sheet.right, y + 42, text, size, align="right")
    if sheet.rng.random() < 0.12:
        _stamp(sheet, y)
    if hand.chance("page.watermark", 0.05):
        grey = (225, 225, 225)
        pen.text(
            sheet.left + sheet.width * 0.15,
            sheet.bottom * 0.72,
            voice.label("copy"),
            64,
            bold=True,
            colour=grey,
            angle=40,
        )


def _stamp(sheet: Sheet, y: float) -> None:
    colour = sheet.rng.choice(_STAMP_COLOURS)
    angle = sheet.rng.uniform(-18, 24)
    x, y = sheet.left + sheet.rng.uniform(0.1, 0.6) * sheet.width, min(y + 30, sheet.bottom)
    text = sheet.rng.choice(PHRASES[sheet.contents.tongue]["stamp"])
    sheet.pen.text(x, y, text, 20, bold=True, colour=colour, angle=angle)
    if sheet.rng.random() < 0.6:
        day = sheet.contents.delivery
        sheet.pen.text(x + 8, y + 14, f"{day:%d.%m.%Y}", 9, colour=colour, angle=angle)


def draw_page_foot(sheet: Sheet) -> None:
    """The house's data at the foot of a page: one line, or columns where the head left them out."""
    contents, hand, pen, voice = sheet.contents, sheet.hand, sheet.pen, sheet.voice
    maker, mark = contents.issuer, sheet.mark_of(contents.issuer)
    y = pen.drawing.height - 42
    pattern = hand.pick("party.tax_label", contents.market.tax_labels).partition("{}")[0].strip(" (:")
    numbered: Runs = [(f"{pattern}: ", None), (maker.tax_id, f"{mark}_tax_id")]
    if sheet.issuer_drawn and not hand.chance("foot.always", 0.25):
        return
    pen.line(sheet.left, y - 9, sheet.right, y - 9, 0.4, GREY)
    columns: list[list[Runs]] = [
        [
            [(maker.name, f"{mark}_name")],
            *_address(maker, mark),
        ],
        [[(f"{voice.label('phone')} {maker.phones[0]}", None)], [(maker.mail, None)], [(maker.web, None)]],
        [[(maker.bank, None)], [(f"IBAN {maker.account}", None)], [(f"BIC {maker.bic}", None)]],
        [numbered, [(maker.registration, None)]],
    ]
    count = hand.pick("foot.columns", (3, 4, 4))
    if count == 3:
        columns = [columns[0], columns[1], [*columns[3], *columns[2]]]
    width = sheet.width / len(columns)
    size = 6.4
    for index, column in enumerate(columns):
        for row, runs in enumerate(column[:4]):
            needed = max(pen.measure(runs, size), 1)
            pen.text(
                sheet.left + index * width,
                y + row * 7.6,
                runs,
                min(size, size * (width - 6) / needed),
                colour=GREY,
            )


def _address(maker: Maker, mark: str) -> list[Runs]:
    return [[(line, f"{mark}_address/{index}")] for index, line in enumerate(maker.address)]
