"""Boosting on from the shipped trees: a few small trees that explain what those got wrong on a client's papers.

Gradient boosting (Friedman, "Greedy function approximation: a gradient boosting machine", Annals of Statistics 29,
2001) with the shipped score as its start and a constant step: each tree is fitted to the residual of the probability.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy
from numpy.typing import NDArray

from ticketos.ai.extract.scoring.examples import Rows
from ticketos.ai.extract.scoring.scorer import BOUND
from ticketos.ai.extract.scoring.train import FALLING, RISING
from ticketos.ai.extract.scoring.trees import Trees, champion, matrix

STEP = 0.8
"""What of a residual a tree corrects: a leaf whose answers are all wrong moves by this many log-odds."""
DEPTH, LEAF = 3, 8
"""Splits down a tree, and the fewest candidates a leaf stands on."""
MOST_ROWS = 24_000
"""Candidates of a field, of the latest papers; those beyond are left out, since a tree is fitted a hundred times."""

Alive = Callable[[], None]


@dataclass
class Pile:
    """Labelled candidates of one field: as the trees see them, as the shipped trees score them, of which paper, and
    how much they weigh. Own papers count from 0; anchors have numbers below."""

    tables: list[NDArray[numpy.float32]] = field(default_factory=list)
    starts: list[NDArray[numpy.float64]] = field(default_factory=list)
    rights: list[NDArray[numpy.bool_]] = field(default_factory=list)
    papers: list[int] = field(default_factory=list)
    rows: int = 0

    def add(self, name: str, rows: Rows, paper: int) -> None:
        """A paper's candidates."""
        shipped = champion(name)
        if shipped is None or self.rows >= MOST_ROWS:
            return
        table = matrix(shipped, rows.features[name])
        self.tables.append(table.astype(numpy.float32))
        self.starts.append(shipped.log_odds(table))
        self.rights.append(numpy.array(rows.right[name], dtype=numpy.bool_))
        self.papers.append(paper)
        self.rows += len(table)

    def copy(self) -> Pile:
        """Another pile of the same papers, to go on with."""
        return Pile([*self.tables], [*self.starts], [*self.rights], [*self.papers], self.rows)

    @property
    def own(self) -> list[int]:
        """The places in the pile of a client's own papers."""
        return [place for place, paper in enumerate(self.papers) if paper >= 0]

    @property
    def anchors(self) -> list[int]:
        """The places of the anchors."""
        return [place for place, paper in enumerate(self.papers) if paper < 0]


def grow(name: str, pile: Pile, places: Sequence[int], size: int, alive: Alive) -> Iterator[Any]:
    """`size` trees for a field from the papers at these places of the pile, with the anchors beside them.

    However few the corrections are, the anchors weigh half as much together as they do, or half a paper each: where
    both share a leaf, what is right everywhere else holds the score where it was.
    """
    from sklearn.tree import DecisionTreeRegressor

    shipped = champion(name)
    assert shipped is not None
    anchors = pile.anchors
    weight = max(0.5, 0.5 * len(places) / max(len(anchors), 1))
    chosen = [*places, *anchors]
    table = numpy.concatenate([pile.tables[at] for at in chosen])
    score = numpy.concatenate([pile.starts[at] for at in chosen])
    right = numpy.concatenate([pile.rights[at] for at in chosen]).astype(numpy.float64)
    weights = numpy.repeat(
        [1.0] * len(places) + [weight] * len(anchors), [len(pile.tables[at]) for at in chosen]
    )
    # As at home: what a label says can only speak for its own field.
    signs = [(key in RISING.get(name, ())) - (key in FALLING.get(name, ())) for key in shipped.names]
    for turn in range(size):
        alive()
        residual = right - 1 / (1 + numpy.exp(-numpy.clip(score, -30, 30)))
        tree = DecisionTreeRegressor(
            max_depth=DEPTH,
            min_samples_leaf=LEAF,
            monotonic_cst=signs,
            max_features=0.5,
            random_state=turn,
        )
        tree.fit(table, residual, sample_weight=weights)
        score = score + STEP * tree.predict(table)
        yield tree


def plain(name: str, grown: Sequence[Any]) -> Trees:
    """The grown trees in the form the reader evaluates, over the features of the shipped ones."""
    shipped = champion(name)
    assert shipped is not None
    width = max((tree.tree_.node_count for tree in grown), default=1)
    shape = (len(grown), width)
    feature, left, right = (numpy.zeros(shape, dtype=numpy.int32) for _ in range(3))
    threshold, value = numpy.zeros(shape), numpy.zeros(shape)
    for index, tree in enumerate(grown):
        nodes, count = tree.tree_, tree.tree_.node_count
        leaf = nodes.children_left < 0
        itself = numpy.arange(count)
        feature[index, :count] = numpy.where(leaf, 0, nodes.feature)
        threshold[index, :count] = numpy.where(leaf, 0.0, nodes.threshold)
        left[index, :count] = numpy.where(leaf, itself, nodes.children_left)
        right[index, :count] = numpy.where(leaf, itself, nodes.children_right)
        value[index, :count] = numpy.where(leaf, STEP * nodes.value[:, 0, 0], 0.0)
    return Trees(shipped.names, 0.0, feature, threshold, left, right, value, DEPTH)


def scored(pile: Pile, place: int, grown: Sequence[Any]) -> NDArray[numpy.float64]:
    """The scores of a paper's candidates with these trees beside the shipped ones."""
    total = numpy.zeros(len(pile.tables[place]))
    for tree in grown:
        total += STEP * tree.predict(pile.tables[place])
    result: NDArray[numpy.float64] = pile.starts[place] + numpy.clip(total, -BOUND, BOUND)
    return result
