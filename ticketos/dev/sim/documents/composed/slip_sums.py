"""The sums of a receipt, how it was paid, and the summary of its tax."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from ticketos.dev.sim.documents.composed.contents import ZERO
from ticketos.dev.sim.documents.composed.drawing import Run, Runs

if TYPE_CHECKING:
    from ticketos.dev.sim.documents.composed.slips import Slip


def draw_sums(slip: Slip) -> None:
    """From the subtotal to the change, then the tax summary where the maker prints one."""
    contents, hand, voice = slip.contents, slip.hand, slip.voice
    stop = slip.left + (slip.right - slip.left) * hand.pick("sums.stop", (1.0, 1.0, 1.0, 0.92))
    size = slip.size

    def row(
        label: str,
        value: Decimal,
        mark: str | None,
        where: str = "sums",
        *,
        bold: bool = False,
        big: float = 1.0,
    ) -> None:
        colon = voice.colon if hand.chance("sums.colon", 0.5) else ""
        left: list[Run] = [(f"{label}{colon}", f"label.{mark}" if mark else None)]
        if hand.chance("sums.indent", 0.25):
            slip.pair(
                left,
                voice.money(value, mark, where),
                bold=bold,
                size=size * big,
                indent=(slip.right - slip.left) * 0.25,
                stop=stop,
            )
        else:
            slip.pair(left, voice.money(value, mark, where), bold=bold, size=size * big, stop=stop)

    rate = voice.short(contents.taxes[0].rate if contents.taxes else ZERO)
    gross = contents.goods - contents.discount
    if contents.inclusive:
        if hand.chance("sums.net", 0.35):
            row(voice.label("net_total"), contents.net, "net_total")
            row(
                voice.label("tax_included" if hand.chance("sums.incl", 0.3) else "tax_total", rate=rate),
                contents.tax_total,
                "tax_total",
            )
        elif hand.chance("sums.gross", 0.7):
            row(voice.label("gross_total", rate=rate), contents.goods, None)
    elif contents.taxes or hand.chance("sums.gross", 0.6):
        row(
            voice.label("net_total"),
            contents.goods,
            "net_total" if contents.taxes and not (contents.discount or contents.service) else None,
        )
    if contents.discount:
        row(
            voice.label("discount_row"),
            -contents.discount if hand.chance("sums.minus", 0.7) else contents.discount,
            None,
        )
    elif hand.chance("sums.zero_discount", 0.25):
        row(voice.label("discount_row"), ZERO, None)
    if contents.service:
        row(voice.label("service_charge", rate=voice.short(contents.service_rate)), contents.service, None)
    if not contents.inclusive:
        for part in contents.taxes:
            name = part.name or voice.tax
            shown = "tax_total" if len(contents.taxes) == 1 else "tax_part"
            row(voice.label("tax_row", tax=name, rate=voice.short(part.rate)), part.amount, shown)
    adjusts = contents.rounding != 0 or hand.chance("sums.zero_rounding", 0.4)
    if adjusts and contents.market.code in ("MY", "SG", "IN"):
        if hand.chance("sums.before_rounding", 0.4) and (
            contents.discount or contents.service or contents.rounding
        ):
            row(voice.label("gross_total", rate=rate), contents.total - contents.rounding, None)
        row(voice.label("rounding"), contents.rounding, None)
    if hand.chance("sums.rule", 0.3):
        slip.rule()
    big = hand.pick("sums.big", (1.0, 1.0, 1.15, 1.35, 1.6))
    label = voice.label("total", rate=rate)
    row(label, contents.total, "total", "total", bold=hand.chance("sums.bold", 0.6), big=big)
    if hand.chance("sums.rule2", 0.3):
        slip.rule()
    _payment(slip, row)
    if contents.inclusive and not hand.chance("sums.net", 0.35) and hand.chance("sums.included", 0.4):
        row(voice.label("tax_included", rate=rate), contents.tax_total, "tax_total")
    if contents.taxes and hand.chance("sums.summary", 0.55):
        _summary(slip)
    if gross and hand.chance("sums.points", 0.08):
        slip.say(f"{slip.label('points')}{int(gross)}")


def _payment(slip: Slip, row: object) -> None:
    contents, voice, hand = slip.contents, slip.voice, slip.hand
    assert callable(row)
    if contents.by_card:
        if hand.chance("pay.card", 0.85):
            row(voice.label("card"), contents.total, None)
        if hand.chance("pay.zero_change", 0.4):
            row(voice.label("change"), ZERO, None)
    elif hand.chance("pay.cash", 0.9):
        row(
            voice.label("cash"),
            -contents.tendered if hand.chance("pay.minus", 0.06) else contents.tendered,
            None,
        )
        if contents.tendered != contents.total or hand.chance("pay.zero_change", 0.6):
            row(voice.label("change"), contents.tendered - contents.total, None)


def _summary(slip: Slip) -> None:
    """Base and tax by rate, in columns or as sentences."""
    contents, voice, hand = slip.contents, slip.voice, slip.hand
    slip.gap(0.4)
    if hand.chance("summary.rule", 0.4):
        slip.rule()
    heads = voice.label("summary_heads").split("|")
    stops = [slip.left + (slip.right - slip.left) * (index + 1) / len(heads) for index in range(len(heads))]
    if hand.chance("summary.title", 0.7):
        slip.say(voice.label("summary"), bold=True)
    for head, stop in zip(heads[1:], stops[1:], strict=True):
        slip.pen.text(stop, slip.y, head, slip.size * 0.92, align="right")
    slip.pen.text(slip.left, slip.y, heads[0], slip.size * 0.92)
    slip.y += slip.size * slip.leading
    code = hand.pick("summary.code", ("SR", "S", "T", "A", "SR", "GST"))
    several = len(contents.taxes) > 1
    whole_base = all(part.base == contents.net for part in contents.taxes)
    for index, part in enumerate(contents.taxes):
        rate = voice.short(part.rate)
        first = hand.pick(
            "summary.first",
            (
                f"{code} {rate}%",
                f"{code} @ {rate}%",
                f"{code}={rate}%",
                f"{rate}%",
                code,
                f"{part.name or code}({rate}%)",
            ),
        )
        cells: list[Runs] = [
            [(voice.amount(part.base), "net_total" if whole_base else None)],
            [(voice.amount(part.amount), "tax_part" if several else "tax_total")],
        ]
        if len(heads) == 4:
            last: Runs = [(voice.amount(part.base + part.amount), None)]
            cells = (
                [*cells, last] if heads[1:2] != ["%"] and "ate" not in heads[1] else [[(rate, None)], *cells]
            )
        slip.pen.text(slip.left, slip.y, first, slip.size)
        for stop, runs in zip(stops[1:], cells, strict=False):
            slip.pen.text(stop, slip.y, runs, slip.size, align="right")
        slip.y += slip.size * slip.leading
        if index == len(contents.taxes) - 1 and hand.chance("summary.total", 0.35):
            whole = sum(
                (it.base for it in contents.taxes if not it.name or it.name in ("CGST", "IGST")), ZERO
            )
            slip.pen.text(slip.left, slip.y, voice.label("total.other"), slip.size)
            slip.pen.text(stops[-2], slip.y, voice.amount(whole), slip.size, align="right")
            slip.pen.text(
                stops[-1], slip.y, [(voice.amount(contents.tax_total), "tax_total")], slip.size, align="right"
            )
            slip.y += slip.size * slip.leading
