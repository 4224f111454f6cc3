"""Till receipts: narrow paper, four manners, as long as their lines."""

from __future__ import annotations

from ticketos.dev.sim.documents.canvas import Align, Canvas
from ticketos.dev.sim.documents.facts import Facts, Line
from ticketos.dev.sim.documents.wording import Wording

WIDTH = 226.0
MARGIN = 12.0
FAMILIES = ("mono", "mono", "condensed", "grotesk")


def draw(facts: Facts, manner: int, words: Wording, *, copy: int) -> bytes:
    """The receipt as a text PDF on 80 mm paper."""
    manner %= len(FAMILIES)
    # Printed twice: the paper is cut where the first print ended.
    draft = _Receipt(facts, manner, words, Canvas(FAMILIES[manner], (WIDTH, 2000.0)))
    draft.print(copy)
    draft.canvas.finish(facts.issue_date)
    receipt = _Receipt(facts, manner, words, Canvas(FAMILIES[manner], (WIDTH, draft.y + 14)))
    receipt.print(copy)
    return receipt.canvas.finish(facts.issue_date)


class _Receipt:
    """A receipt being printed from top to bottom."""

    def __init__(self, facts: Facts, manner: int, words: Wording, canvas: Canvas) -> None:
        self.facts, self.manner, self.words, self.canvas = facts, manner, words, canvas
        self.size = 7.5 if canvas.faces[0].width("0", 1) > 0.58 else 8.0
        self.y = 24.0

    def _say(self, text: str, *, bold: bool = False, size: float | None = None) -> None:
        """One line or more, centred or flush left as the manner is."""
        size = size or self.size
        align: Align = "left" if self.manner == 2 else "center"
        for line in self.canvas.wrap(text, WIDTH - 2 * MARGIN, size, bold=bold):
            self.canvas.text(
                MARGIN if align == "left" else WIDTH / 2, self.y, line, size, bold=bold, align=align
            )
            self.y += size * 1.35

    def _pair(self, left: str, right: str, *, bold: bool = False, size: float | None = None) -> None:
        size = size or self.size
        self.canvas.text(MARGIN, self.y, left, size, bold=bold)
        self.canvas.text(WIDTH - MARGIN, self.y, right, size, bold=bold, align="right")
        self.y += size * 1.45

    def _rule(self) -> None:
        if self.manner in (0, 1):
            dashes = int((WIDTH - 2 * MARGIN) / self.canvas.text_width("-", self.size))
            self.canvas.text(MARGIN, self.y, ("-" if self.manner == 0 else "=") * dashes, self.size)
        else:
            self.canvas.line(MARGIN, self.y - 4, WIDTH - MARGIN, self.y - 4)
        self.y += self.size * 1.4

    def print(self, copy: int) -> None:
        """The whole receipt; ``y`` then stands at its end."""
        self.head()
        self.items()
        self.foot(copy)

    def head(self) -> None:
        """Shop, title, number and date."""
        facts, words, shop = self.facts, self.words, self.facts.supplier
        self._say(shop.name, bold=True, size=self.size + 2.5)
        for line in shop.address_lines:
            self._say(line)
        self._say(shop.phone)
        self._say(f"{words.label('tax_id')}: {shop.tax_id}")
        self.y += 4
        self._say(words.label("title.receipt"), bold=True)
        self._rule()
        number = f"{words.label('number.receipt')}: {facts.number}"
        date = f"{words.titled('issue_date', 'receipt')}: {words.date(facts.issue_date)}"
        together = self.canvas.text_width(number + date, self.size) < WIDTH - 2 * MARGIN - 10
        if together and self.manner != 3:
            self._pair(number, date)
        else:
            self._pair(number, "")
            self._pair(date, "")
        if facts.show_buyer:
            for text in self.canvas.wrap(
                f"{words.label('bill_to')}: {facts.buyer.name}", WIDTH - 2 * MARGIN, self.size
            ):
                self._pair(text, "")
            if facts.show_buyer_tax_id:
                self._pair(f"{words.label('tax_id')}: {facts.buyer.tax_id}", "")
        self._rule()

    def items(self) -> None:
        """Two rows for each line: what, and how many at which price and rate."""
        if self.manner in (1, 3):
            self._pair(self.words.label("description"), self.words.label("net"), bold=True)
        for line in self.facts.lines:
            self._item(line)
        self._rule()

    def _item(self, line: Line) -> None:
        words = self.words
        how_many = f"{words.number(line.quantity)} {line.unit} x {words.amount(line.unit_price)}"
        rate = f"{words.number(line.tax_rate)}%"
        if self.manner in (0, 2):
            for text in self.canvas.wrap(line.description, WIDTH - 2 * MARGIN, self.size):
                self._pair(text, "")
            self._pair(f"  {how_many}  {rate}", words.amount(line.net))
        else:
            room = WIDTH - 2 * MARGIN - self.canvas.text_width(words.amount(line.net), self.size) - 6
            first, *more = self.canvas.wrap(line.description, room, self.size)
            self._pair(first, words.amount(line.net))
            for text in more:
                self._pair(text, "")
            self._pair(f"  {how_many}  {rate}", "")

    def foot(self, copy: int) -> None:
        """Sums, payment, thanks."""
        facts, words = self.facts, self.words
        self._pair(words.label("net_total"), words.amount(facts.net_total))
        for part in facts.taxes:
            self._pair(f"{part.name} {words.number(part.rate)}%", words.amount(part.amount))
        self._rule()
        self._pair(
            words.titled("total", "receipt").upper(), words.money(facts.total), bold=True, size=self.size + 2
        )
        if words.symbol_place == "none":
            self._say(words.label("all_amounts", words.currency))
        self._pair(words.label("cash"), words.amount(facts.total))
        self.y += 8
        self._say(words.label("thanks"))
        if copy:
            self._say(f"* {words.label('copy')} {copy} *", bold=True)
