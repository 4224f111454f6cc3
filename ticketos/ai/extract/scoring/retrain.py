"""The scorer learnt on from a client's corrections: labelled candidates out of stored papers, trees beside the shipped
ones, and the contest on papers kept back and on generated ones.

A paper that cannot be read again is counted and left out; time is bounded, the latest papers come first.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from ticketos.ai.extract import tables
from ticketos.ai.extract.analysis import Findings, choose, offered_by
from ticketos.ai.extract.confidence import weigh_evidence
from ticketos.ai.extract.find import Paper
from ticketos.ai.extract.memory.paper import pages_of
from ticketos.ai.extract.memory.places import same_value
from ticketos.ai.extract.scoring import guard
from ticketos.ai.extract.scoring.boost import Alive, Pile, grow, plain, scored
from ticketos.ai.extract.scoring.calibration import curve
from ticketos.ai.extract.scoring.examples import AMOUNTS, Rows, add
from ticketos.ai.extract.scoring.names import turned
from ticketos.ai.extract.scoring.offered import Offered
from ticketos.ai.extract.scoring.scorer import SHIPPED, Scorer
from ticketos.ai.extract.scoring.trees import fingerprint, sigmoid
from ticketos.ai.ocr.page import Page
from ticketos.domain import learning
from ticketos.domain.learning import Duel, Outcome
from ticketos.domain.learning import Rows as Stored
from ticketos.lines.data_entry import rules

FIELDS = (
    *("supplier_name", "buyer_name", "supplier_address", "issue_date", "due_date", "number", "po_number"),
    *AMOUNTS,
)
"""What the scorer chooses; the rest are read by rule."""
_SIZES = (8, 24)
_FOLDS = 3
_FEWEST, _FEWEST_WRONG, _SHARE_WRONG = 12, 4, 0.01
_MANY_SUPPLIERS = 6
_SCREEN = 0.25
_LEAST, _LEAST_OF = 0.12, {"po_number": 0.3, "due_date": 0.35}
T = TypeVar("T")
_AS_OF = date(2035, 1, 1)
LONGEST_S = 100.0
"""Seconds that making examples may take, then growing trees, then judging: papers and fields beyond are left out."""


@dataclass
class _Learnt:
    """What was made of stored papers."""

    piles: dict[str, Pile]
    suppliers: list[str]
    skipped: int = 0
    late: bool = False


def fit(rows: Stored, alive: Alive, longest_s: float = LONGEST_S) -> dict[str, Any]:
    """A challenger: for each field where it pays on papers of the client it was not grown from, a few small trees."""
    made = _examples(rows, alive, longest_s)
    fields, started = {}, time.monotonic()
    # The fields read wrong most often first: should time run out, those are done.
    for name, pile in sorted(made.piles.items(), key=lambda it: (-_mistakes(*it), it[0])):
        if time.monotonic() - started > longest_s:
            made.late = True
            break
        size = _size(name, pile, made.suppliers, alive)
        if size:
            grown = list(grow(name, pile, pile.own, size, alive))
            fields[name] = plain(name, grown).as_json()
    return {
        "base": fingerprint(),
        "fields": fields,
        "papers": len(made.suppliers),
        "skipped": made.skipped,
        "late": made.late,
    }


def _examples(rows: Stored, alive: Alive, longest_s: float) -> _Learnt:
    made = _Learnt({name: pile.copy() for name, pile in _anchors(alive).items()}, [])
    started = time.monotonic()
    # Only what a person looked at: a value that passed by itself would confirm itself.
    for row, found in _each(
        rows, alive, lambda row, offered: _labelled(offered, row["final"], frozenset(row["seen"]))
    ):
        if found is None:
            made.skipped += 1
        else:
            _pile(made.piles, found, len(made.suppliers))
            made.suppliers.append(str(row.get("vendor") or row["document"]))
        if time.monotonic() - started > longest_s:
            made.late = True
            break
    return made


_ANCHORS: dict[str, Pile] = {}


def _anchors(alive: Alive) -> dict[str, Pile]:
    """The generated papers' candidates, made once a process: they are the same for every client."""
    if not _ANCHORS:
        piles: dict[str, Pile] = {}
        for number, it in enumerate(guard.anchors(), start=1):
            alive()
            _pile(piles, _labelled(offer(it.pages), it.truth, None), -number)
        _ANCHORS.update(piles)
    return _ANCHORS


def _labelled(
    offered: Offered, truth: Mapping[str, Any], seen: frozenset[str] | None
) -> list[tuple[str, Rows]]:
    """The candidates of each field that a paper says something of: of all fields, or of those seen."""
    rows = Rows()
    add(rows, offered, truth, 0, seen)
    told = []
    for name in rows.features:
        true = truth.get("supplier_address" if name == "address_line" else turned(offered.kind, name))
        # A value that stands nowhere as it was typed says nothing of the candidates; what is due is told only where
        # it differs from the total.
        if any(rows.right[name]) or (true is None and name != "amount_due"):
            told.append((name, rows))
    return told


def _pile(piles: dict[str, Pile], found: list[tuple[str, Rows]], paper: int) -> None:
    """A paper's labelled candidates onto the piles of their fields."""
    for name, rows in found:
        piles.setdefault(name, Pile()).add(name, rows, paper)


def _size(name: str, pile: Pile, suppliers: list[str], alive: Alive) -> int:
    """How many trees pay on papers they were not grown from; 0 where the shipped ones should speak alone."""
    own = pile.own
    before = {at: _right(name, pile.starts[at], pile, at) for at in own}
    if len(own) < _FEWEST or _mistakes(name, pile) < max(_FEWEST_WRONG, _SHARE_WRONG * len(own)):
        return 0
    many = len({suppliers[pile.papers[at]] for at in own}) >= _MANY_SUPPLIERS
    fold = {at: _part(suppliers[pile.papers[at]] if many else str(pile.papers[at])) for at in own}
    duels = dict.fromkeys(_SIZES, (0, 0))
    for part in range(_FOLDS):
        known, asked = [at for at in own if fold[at] != part], [at for at in own if fold[at] == part]
        if not known or not asked:
            continue
        grown = list(grow(name, pile, known, max(_SIZES), alive))
        for size in _SIZES:
            wins, losses = duels[size]
            for at in asked:
                after = _right(name, scored(pile, at, grown[:size]), pile, at)
                wins, losses = wins + (after > before[at]), losses + (after < before[at])
            duels[size] = wins, losses
    best = max(_SIZES, key=lambda size: (duels[size][0] - duels[size][1], -size))
    return best if learning.chance(*duels[best]) <= _SCREEN else 0


def _mistakes(name: str, pile: Pile) -> int:
    """On how many of the client's papers the shipped trees choose wrong."""
    return sum(not _right(name, pile.starts[at], pile, at) for at in pile.own)


def _part(group: str) -> int:
    return hashlib.sha256(f"fold:{group}".encode()).digest()[0] % _FOLDS


def _right(name: str, scores: Any, pile: Pile, at: int) -> bool:
    """Whether the field would be read right by these scores: a true candidate first and told, or none told."""
    best = int(scores.argmax())
    told = sigmoid(float(scores[best])) >= _LEAST_OF.get(name, _LEAST)
    right = pile.rights[at]
    if name == "address_line":  # a run of lines: all of them on their side
        return bool(((scores > 0) == right).all())
    return bool(right[best]) and told if right.any() else not told


def offer(pages: list[Page]) -> Offered:
    """The candidates of a paper's words; the client's suppliers are not told, as when the shipped trees were learnt."""
    paper = Paper(pages)
    return offered_by(paper, tables.read_lines(paper))


def _each(
    rows: Stored, alive: Alive, work: Callable[[Mapping[str, Any], Offered], T]
) -> Iterator[tuple[Mapping[str, Any], T | None]]:
    """Stored papers with what `work` made of their candidates; None for one that cannot be read again, or whose
    correction makes no sense, whatever is wrong with it."""
    for row in rows:
        alive()
        made: T | None = None
        try:
            pages = pages_of(row["words"])
            if any(page.words for page in pages):
                made = work(row, offer(pages))
        except Exception:  # noqa: BLE001 - one paper out of thousands must not end the night's learning
            made = None
        yield row, made


def judge(
    challenger: Mapping[str, Any],
    present: Mapping[str, Any] | None,
    rows: Stored,
    alive: Alive,
    longest_s: float = LONGEST_S,
) -> Outcome:
    """The contest: both read the papers kept back, and both the generated ones; ``domain.learning`` decides."""
    new = Scorer.from_model({"version": "challenger", "payload": challenger})
    old = Scorer.from_model({"version": "present", "payload": present} if present else None)
    kept, unmet, started = _Tally(), _Tally(), time.monotonic()
    if not new.own:
        kept.papers = len(rows)
    else:
        for row, both in _each(
            rows,
            alive,
            lambda row, offered: (_answers(offered, row["final"], old), _answers(offered, row["final"], new)),
        ):
            if both is not None:
                for tally in (kept, unmet) if row.get("unmet") else (kept,):
                    tally.add(*both)
            if time.monotonic() - started > longest_s:
                break
    guarded = _Tally()
    for it in guard.judges() if kept.duel().better_by_more_than_chance else ():
        alive()
        offered = offer(it.pages)
        # Against what ships, not against the version in use: small losses must not add up night by night.
        guarded.add(_answers(offered, it.truth, SHIPPED), _answers(offered, it.truth, new))
    ruling = learning.Ruling(len(new.own), kept.duel(), unmet.duel(), guarded.duel())
    promoted, why = ruling.verdict()
    if challenger["late"]:
        why += f"; time was up, not all of the latest {challenger['papers']} papers and their fields were learnt from"
    if challenger["skipped"]:
        why += f"; {challenger['skipped']} papers could not be read again"
    return Outcome(
        {
            "papers": challenger["papers"],
            "judges": kept.papers,
            **kept.told(new=True),
            "fields": sorted(new.own),
            **ruling.figures(),
        },
        {"judges": kept.papers, **kept.told(new=False)},
        promoted,
        why,
    )


@dataclass(frozen=True)
class _Answers:
    """Of a paper's known fields: how many were read right, how many wrong though sure."""

    known: int
    right: int
    bold: int


def _answers(offered: Offered, final: Mapping[str, Any], scorer: Scorer) -> _Answers:
    offered.score_by(scorer)
    found = choose(offered)
    known = [name for name in FIELDS if name in final and (final[name] is not None or name in found.fields)]
    right = {
        name
        for name in known
        if same_value(name, getattr(found.fields.get(name), "value", None), final[name])
    }
    return _Answers(len(known), len(right), len(_sure(found) & set(known) - right))


def _sure(found: Findings) -> set[str]:
    """The fields that would pass without a person by the shipped curves and usual thresholds."""
    sure = set()
    for name, evidence in weigh_evidence(found, _AS_OF).items():
        fitted, field = curve(name), found.fields.get(name)
        if fitted is None or field is None:
            continue
        least = rules.DEFAULT_THRESHOLDS.get(name, rules.DEFAULT_THRESHOLDS["*"])
        if fitted.probability(evidence, field.source) >= least:
            sure.add(name)
    return sure


@dataclass
class _Tally:
    papers: int = 0
    wins: int = 0
    losses: int = 0
    answers: int = 0
    old: tuple[int, int] = (0, 0)
    new: tuple[int, int] = (0, 0)

    def add(self, old: _Answers, new: _Answers) -> None:
        self.papers += 1
        self.wins += new.right > old.right
        self.losses += new.right < old.right
        self.answers += max(old.known, new.known)
        self.old = self.old[0] + old.right, self.old[1] + old.bold
        self.new = self.new[0] + new.right, self.new[1] + new.bold

    def duel(self) -> Duel:
        return Duel(self.papers, self.wins, self.losses, self.answers, self.old, self.new)

    def told(self, *, new: bool) -> dict[str, int]:
        right, bold = self.new if new else self.old
        return {"answers": self.answers, "right": right, "wrong_though_sure": bold}
