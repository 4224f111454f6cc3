"""The scorer as something a client's corrections teach. What fits and judges it is loaded when it is first called: a
worker that never learns must not hold the reader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ticketos.ai.extract.scoring.scorer import KIND, fits
from ticketos.domain.learning import Alive, Learnable, Outcome, Rows


def _fit(rows: Rows, alive: Alive) -> Mapping[str, Any]:
    from ticketos.ai.extract.scoring import retrain

    return retrain.fit(rows, alive)


def _judge(
    challenger: Mapping[str, Any], present: Mapping[str, Any] | None, rows: Rows, alive: Alive
) -> Outcome:
    from ticketos.ai.extract.scoring import retrain

    return retrain.judge(challenger, present, rows, alive)


LEARNABLE = Learnable(KIND, "papers", _fit, _judge, fits)
