"""Who ranks the candidates of a field: the trees that ship with the reader, and beside them those a client's
corrections taught.

A client's trees are added to the shipped ones in log-odds, and their sum is bounded: what one client taught can turn a
close choice and most clear ones, but never make the reader blind to everything else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy

from ticketos.ai.extract.scoring.trees import Matrix, Trees, champion, fingerprint, matrix

KIND = "scorer"
"""The kind of model, as versions and commands name it."""
BOUND = 4.0
"""The most log-odds a client's trees may add to a candidate or take from it."""


@dataclass(frozen=True)
class Scorer:
    """The trees in use. Without `own` it is what ships with the reader, and `version` is empty."""

    version: str = ""
    own: Mapping[str, Trees] = field(default_factory=dict)

    def scores(self, name: str, rows: Sequence[Mapping[str, float]]) -> tuple[Matrix, Matrix] | None:
        """Log-odds of each row of features for a field, and what of them the client's trees added; None for a field
        without weights."""
        shipped = champion(name)
        if shipped is None:
            return None
        table, own = matrix(shipped, rows), self.own.get(name)
        taught = numpy.zeros(len(table)) if own is None else added(own, table)
        return shipped.log_odds(table) + taught, taught

    @classmethod
    def from_model(cls, model: Mapping[str, Any] | None) -> Scorer:
        """The scorer of a stored model (``version`` and ``payload``); what ships, where the model does not fit it."""
        if model is None or not fits(model["payload"]):
            return SHIPPED
        fields = {name: Trees.from_json(trees) for name, trees in model["payload"]["fields"].items()}
        return cls(str(model["version"]), fields)


SHIPPED = Scorer()


def fits(payload: Mapping[str, Any]) -> bool:
    """Whether a model was learnt beside the very trees that ship now: beside others it would add up to nonsense."""
    return bool(payload.get("base") == fingerprint())


def added(own: Trees, table: Matrix) -> Matrix:
    """What a client's trees add to each row, within the bound. The columns are those of the shipped trees."""
    return numpy.clip(own.log_odds(table), -BOUND, BOUND)
