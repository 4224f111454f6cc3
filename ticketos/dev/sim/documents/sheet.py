"""What every drawing step of a full page shares: the canvas, the facts, the words, the margins."""

from __future__ import annotations

from dataclasses import dataclass

from ticketos.dev.sim.documents.canvas import Canvas, Colour
from ticketos.dev.sim.documents.facts import Facts
from ticketos.dev.sim.documents.layouts import Layout
from ticketos.dev.sim.documents.parties import Company
from ticketos.dev.sim.documents.wording import Wording


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page set up for one document; ``left`` and ``right`` bound the text, in points."""

    canvas: Canvas
    facts: Facts
    layout: Layout
    words: Wording
    accent: Colour
    left: float
    right: float

    @property
    def width(self) -> float:
        """The room between the margins."""
        return self.right - self.left

    @property
    def title(self) -> str:
        """What the document calls itself."""
        return self.words.label(f"title.{self.facts.kind}")

    @property
    def pale(self) -> Colour:
        """A light tint of the house colour, for stripes and boxes."""
        red, green, blue = (255 - (255 - part) // 8 for part in self.accent)
        return red, green, blue

    @property
    def counterpart(self) -> Company:
        """Whom the document is addressed to."""
        return self.facts.buyer if self.facts.issuer is self.facts.supplier else self.facts.supplier

    @property
    def counterpart_label(self) -> str:
        """The heading of the addressee's block."""
        keys = {"purchase_order": "to_supplier", "goods_receipt": "received_from"}
        return self.words.label(keys.get(self.facts.kind, "bill_to"))

    def tax_number(self, company: Company) -> str:
        """The company's tax number with its label, or nothing where the document does not show it."""
        hidden = company is self.facts.buyer and not self.facts.show_buyer_tax_id
        return "" if hidden else f"{self.words.label('tax_id')}: {company.tax_id}"

    def meta(self) -> list[tuple[str, str]]:
        """The document's data as label and value, in the order it is printed."""
        facts, words = self.facts, self.words
        rows = [
            (words.label(f"number.{facts.kind}"), facts.number),
            (words.titled("issue_date", facts.kind), words.date(facts.issue_date)),
        ]
        if facts.due_date:
            rows.append((words.label("due_date"), words.date(facts.due_date)))
        if facts.po_number:
            rows.append((words.label("po_number"), facts.po_number))
        if facts.kind == "purchase_order":
            rows.append((words.label("delivery_date"), words.date(facts.delivery_date)))
        elif facts.kind == "goods_receipt":
            rows.append((words.label("received_on"), facts.reference))
        elif facts.kind == "credit_note":
            rows.append((words.label("corrects"), facts.reference))
        elif facts.kind == "invoice" and int(facts.customer_number) % 3:
            rows.append((words.label("customer_number"), facts.customer_number))
        if int(facts.customer_number) % 2:  # some put the date first
            rows[0], rows[1] = rows[1], rows[0]
        return rows
