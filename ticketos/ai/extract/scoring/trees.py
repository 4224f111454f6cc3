"""Boosted trees as plain numbers: stored as JSON, evaluated with numpy, the same on every machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from operator import itemgetter
from typing import Any

import numpy
from numpy.typing import NDArray

Matrix = NDArray[numpy.float64]


@dataclass(frozen=True)
class Trees:
    """A sum of regression trees over named features, read as log-odds.

    `feature`, `threshold`, `left`, `right` and `value` are arrays of trees × nodes; a leaf points to itself. A value
    goes left where feature ≤ threshold.
    """

    names: tuple[str, ...]
    base: float
    feature: NDArray[numpy.int32]
    threshold: Matrix
    left: NDArray[numpy.int32]
    right: NDArray[numpy.int32]
    value: Matrix
    depth: int
    curve: tuple[tuple[float, float], ...] = ()
    """Calibration: log-odds as scored → as observed, ascending."""

    def log_odds(self, rows: Matrix) -> Matrix:
        """The score of each row of features."""
        if not len(rows):
            return numpy.zeros(0)
        feature, threshold, left, right, value = self._flat
        width, columns = self.value.shape[1], rows.shape[1]
        node = numpy.broadcast_to(numpy.arange(len(self.value)) * width, (len(rows), len(self.value)))
        first = (numpy.arange(len(rows)) * columns)[:, None]
        for _ in range(self.depth):
            seen = rows.take(first + feature.take(node))
            node = numpy.where(seen <= threshold.take(node), left.take(node), right.take(node))
        total: Matrix = self.base + value.take(node).sum(axis=1)
        return total

    @cached_property
    def in_order(self) -> Callable[[Mapping[str, float]], tuple[float, ...]]:
        """Takes the features the trees know from a row that has all of them; KeyError where one is missing."""
        if len(self.names) > 1:
            return itemgetter(*self.names)
        return lambda row: tuple(row[name] for name in self.names)

    @cached_property
    def _flat(self) -> tuple[NDArray[Any], ...]:
        """All trees one after the other, children by their place in the whole."""
        start = (numpy.arange(len(self.value)) * self.value.shape[1])[:, None]
        return (
            self.feature.astype(numpy.intp).ravel(),
            self.threshold.ravel(),
            (self.left + start).astype(numpy.intp).ravel(),
            (self.right + start).astype(numpy.intp).ravel(),
            self.value.ravel(),
        )

    def as_json(self) -> dict[str, Any]:
        """Plain values, numbers rounded to what the score can notice."""
        return {
            "names": list(self.names),
            "base": round(self.base, 5),
            "depth": self.depth,
            "trees": [
                [
                    [int(f), _short(t), int(left), int(right), round(float(v), 5)]
                    for f, t, left, right, v in zip(*columns, strict=True)
                ]
                for columns in zip(
                    self.feature, self.threshold, self.left, self.right, self.value, strict=True
                )
            ],
            "curve": [[round(x, 4), round(y, 4)] for x, y in self.curve],
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Trees:
        """The trees that `as_json` wrote. Trees of fewer nodes are padded."""
        trees = stored["trees"]
        width = max((len(tree) for tree in trees), default=1)
        pad = [0, 0.0, 0, 0, 0.0]
        array = numpy.array([tree + [pad] * (width - len(tree)) for tree in trees], dtype=numpy.float64)
        array = array.reshape(len(trees), width, 5)
        return cls(
            tuple(stored["names"]),
            float(stored["base"]),
            array[:, :, 0].astype(numpy.int32),
            array[:, :, 1],
            array[:, :, 2].astype(numpy.int32),
            array[:, :, 3].astype(numpy.int32),
            array[:, :, 4],
            int(stored["depth"]),
            tuple((float(x), float(y)) for x, y in stored["curve"]),
        )


def _short(threshold: float) -> float:
    return float(f"{float(threshold):.5g}")


def sigmoid(score: float) -> float:
    """Log-odds as a probability."""
    return float(1 / (1 + numpy.exp(-max(min(score, 40.0), -40.0))))


def matrix(trees: Trees, rows: Sequence[Mapping[str, float]]) -> Matrix:
    """Features by name in the order the trees know; one they do not know is left out, a missing one is 0."""
    try:
        table = [trees.in_order(row) for row in rows]
    except KeyError:
        table = [tuple(row.get(name, 0.0) for name in trees.names) for row in rows]
    return numpy.array(table, dtype=numpy.float64).reshape(len(rows), len(trees.names))


@cache
def champion(field: str) -> Trees | None:
    """The weights that ship with the reader; None for a field that has none."""
    return _stored().get(field)


@cache
def _stored() -> dict[str, Trees]:
    file = resources.files("ticketos.ai.extract.scoring").joinpath("weights.json")
    if not file.is_file():
        return {}
    stored = json.loads(file.read_text(encoding="utf-8"))
    return {field: Trees.from_json(trees) for field, trees in stored["fields"].items()}


@cache
def version() -> str:
    """Names the weights in what was read with them."""
    file = resources.files("ticketos.ai.extract.scoring").joinpath("weights.json")
    return str(json.loads(file.read_text(encoding="utf-8"))["version"]) if file.is_file() else "none"


@cache
def fingerprint() -> str:
    """Names the very weights that ship: the version, and what is in them, since a version may be trained again."""
    file = resources.files("ticketos.ai.extract.scoring").joinpath("weights.json")
    fields = json.loads(file.read_text(encoding="utf-8"))["fields"] if file.is_file() else {}
    held = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
    return f"{version()}:{hashlib.sha256(held).hexdigest()[:12]}"
