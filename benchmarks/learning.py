"""What thirty corrected papers of a new supplier are worth: fields that still need a person, before and after.

    python -m benchmarks.learning [--suppliers 12] [--papers 30] [--fresh 10] [--seed 1] [--retrain 40]

Suppliers and papers are the generator's; none was learnt from by anybody. Each paper is read as a text PDF by the
real reader, and again as a scan whose optical reading is simulated (letters confused, words glued, doubtful
confidences). A person is played by the truth: they correct every field asked about. Then fresh papers of the same
supplier are read twice, without memory and with it. With `--retrain` a client's scorer is retrained besides, and what
that adds over memory alone is told (`benchmarks/retraining.py`). The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import io
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from PIL import Image, ImageDraw

from benchmarks import retraining
from ticketos.ai.extract.memory import Corrected, SupplierMemory, learn, pages_of
from ticketos.ai.extract.memory.places import same_value
from ticketos.ai.extract.reader import Reader
from ticketos.ai.extract.scoring.scorer import SHIPPED, Scorer
from ticketos.ai.ocr.page import Page
from ticketos.dev.sim.documents import Kind
from ticketos.dev.sim.documents.composed import Paper, compose
from ticketos.domain.terms import AiTerms
from ticketos.lines.data_entry import checking, flow, vendors

TODAY = date(2027, 6, 1)
GOAL, ASKED = 0.8, 0.6


class SimulatedOcr:
    """Answers with the words prepared for the picture in hand."""

    name = "simulated"

    def __init__(self) -> None:
        self.prepared: Page | None = None

    def page(self, image: Image.Image, number: int, turn: int | None = None) -> Page:
        """The prepared words, whatever is on the picture."""
        assert self.prepared is not None
        return self.prepared


@dataclass
class Tally:
    """Fields needing a person, and automatic answers with the wrong ones among them, before and after."""

    papers: int = 0
    recognised: int = 0
    needed: dict[str, Counter[str]] = field(default_factory=lambda: {"before": Counter(), "after": Counter()})
    auto: dict[str, int] = field(default_factory=lambda: {"before": 0, "after": 0})
    wrong: dict[str, Counter[str]] = field(default_factory=lambda: {"before": Counter(), "after": Counter()})

    def fall(self) -> float:
        """By what share the fields needing a person fell."""
        before = self.needed["before"].total()
        return 1 - self.needed["after"].total() / before if before else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Plain figures."""
        return {
            "papers": self.papers,
            "recognised": self.recognised,
            "needed_before": self.needed["before"].total(),
            "needed_after": self.needed["after"].total(),
            "fall": round(self.fall(), 3),
            "auto_before": self.auto["before"],
            "auto_after": self.auto["after"],
            "auto_wrong_before": self.wrong["before"].total(),
            "auto_wrong_after": self.wrong["after"].total(),
        }


class Desk:
    """A reader and a person who corrects; `damage` None reads text PDFs, else scans of that damage."""

    def __init__(self, damage: float | None) -> None:
        self._damage = damage
        self._ocr = SimulatedOcr()
        self._reader = Reader(ocr=self._ocr)

    @property
    def single(self) -> bool:
        """Whether it takes papers of one page alone."""
        return self._damage is not None

    def read(
        self, paper: Paper, memory: Sequence[SupplierMemory], scorer: Scorer = SHIPPED
    ) -> dict[str, Any]:
        """The reader's answer as the line gets it."""
        if self._damage is None:
            found = self._reader.read(paper.pdf(), "paper.pdf", TODAY, memory=memory, scorer=scorer)
        else:
            # A scan has one page here: the picture stands for it, the words are prepared.
            self._ocr.prepared = paper.ocr_words("learning", self._damage).pages[0]
            picture = _picture(self._ocr.prepared)
            found = self._reader.read(picture, "paper.png", TODAY, memory=memory, scorer=scorer)
        return found.model_dump(mode="json")

    def correct(
        self, paper: Paper, reading: dict[str, Any], memory: list[SupplierMemory], kind: Kind
    ) -> list[SupplierMemory]:
        """The memory after a person keyed what the reading asks for."""
        fields, known = reading["fields"], paper.known()
        asked = asked_for(kind, reading)
        final = {
            name: known.get(name) if name in asked or name not in fields else fields[name]["value"]
            for name in set(known) | set(fields)
        }
        key = vendors.vendor_key(final.get("supplier_name"))
        before = next((one for one in memory if one.key == key), SupplierMemory(key))
        after = learn(
            before, Corrected(pages_of(reading["words"]), final, reading["unaided"], frozenset(asked))
        )
        return [after, *(one for one in memory if one.key != key)]


def _picture(page: Page) -> bytes:
    """A picture of a page with a smudge where each word stands: one without ink would be put aside as blank."""
    drawn, picture = Image.new("L", (round(page.width), round(page.height)), 255), io.BytesIO()
    ink = ImageDraw.Draw(drawn)
    for word in page.words:
        ink.rectangle((word.x0, word.y0, max(word.x1, word.x0), max(word.y1, word.y0)), fill=0)
    drawn.save(picture, "PNG")
    return picture.getvalue()


def pile(kind: Kind, maker: str, buyer: str, first: int, count: int, single: bool) -> Iterator[Paper]:
    """`count` papers of a supplier; of one page where a single picture stands for them."""
    seed = first
    while count:
        paper = compose(kind, seed, maker=maker, buyer=buyer)
        seed += 1
        if single and paper.drawing.pages > 1:
            continue
        count -= 1
        yield paper


def asked_for(kind: Kind, reading: dict[str, Any]) -> set[str]:
    """The fields a person is asked about."""
    return set(checking.to_key(kind, flow._read_fields(reading, AiTerms())))


def measure(
    kind: Kind, suppliers: int, papers: int, fresh: int, seed: int, damage: float | None, others: int = 1
) -> Tally:
    """Correct `papers` of each new supplier, then read `fresh` more with and without what was learnt.

    `others` papers of each are in between from a supplier corrected once, so that memory must tell them apart.
    """
    tally, desk, strangers = Tally(), Desk(damage), list[SupplierMemory]()
    for supplier in range(suppliers):
        maker, memory = f"learning/{seed}/{supplier}", list(strangers)
        buyer, single = f"client/{seed}", damage is not None
        for paper in pile(kind, maker, buyer, 10_000, papers, single):
            memory = desk.correct(paper, desk.read(paper, memory), memory, kind)
        for paper in pile(kind, maker, buyer, 20_000, fresh, single):
            _count(tally, kind, paper, "before", desk.read(paper, strangers))
            _count(tally, kind, paper, "after", desk.read(paper, memory))
        strangers = [*strangers, *memory[:1]][-50:] if others else []
    return tally


def _count(tally: Tally, kind: Kind, paper: Paper, when: str, reading: dict[str, Any]) -> None:
    known = paper.known()
    tally.needed[when].update(asked_for(kind, reading))
    if when == "after":
        tally.papers += 1
        tally.recognised += reading["memory"] is not None
    for name, it in reading["fields"].items():
        if it["auto"]:
            tally.auto[when] += 1
            if not same_value(name, it["value"], known.get(name)):
                tally.wrong[when][name] += 1


def _retrained(suppliers: int, seed: int, damage: float) -> int:
    """Print what retraining adds over memory alone; nothing is asked of it but that it does no harm."""
    figures: dict[str, Any] = {}
    harmed = False
    for regime, desk in (("text", Desk(None)), ("scan", Desk(damage))):
        found = retraining.measure(desk, "invoice", seed, suppliers, 5, 2).as_dict()
        figures[f"invoice_{regime}"] = found
        print(f"invoice as {regime}: {found}", flush=True)
        if found["contest"]["promoted"]:
            harmed |= any(
                found[whose]["and_challenger"]["right"] < found[whose]["memory"]["right"]
                for whose in ("met", "never_met")
            )
    print(json.dumps({"bench": "retraining", **figures}))
    return 1 if harmed else 0


def main() -> int:
    """Measure and print; 1 when less than asked is gained."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.learning", description=__doc__)
    parser.add_argument("--suppliers", type=int, default=12)
    parser.add_argument("--papers", type=int, default=30)
    parser.add_argument("--fresh", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--damage", type=float, default=0.3)
    parser.add_argument("--retrain", type=int, metavar="SUPPLIERS", help="retrain from five papers of each")
    asked = parser.parse_args()
    if asked.retrain:
        return _retrained(asked.retrain, asked.seed, asked.damage)
    figures: dict[str, Any] = {}
    kinds: tuple[Kind, ...] = ("invoice", "receipt")
    for kind in kinds:
        for regime, damage in (("text", None), ("scan", asked.damage)):
            tally = measure(kind, asked.suppliers, asked.papers, asked.fresh, asked.seed, damage)
            figures[f"{kind}_{regime}"] = tally.as_dict()
            print(f"{kind} as {regime}: {tally.as_dict()}")
            for when in ("before", "after"):
                print(f"  needed {when}: {dict(tally.needed[when].most_common())}")
                print(f"  wrong although automatic {when}: {dict(tally.wrong[when])}")
    before = sum(it["needed_before"] for it in figures.values())
    after = sum(it["needed_after"] for it in figures.values())
    fall = round(1 - after / max(before, 1), 3)
    print(json.dumps({"bench": "learning", "fall": fall, "asked": ASKED, "goal": GOAL, **figures}))
    return 0 if fall >= ASKED else 1


if __name__ == "__main__":
    raise SystemExit(main())
