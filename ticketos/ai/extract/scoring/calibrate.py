"""Fitting the confidence of each field on labelled documents that the weights were not learnt from.

python -m ticketos.ai.extract.scoring.calibrate FOLDER… [--weights FILE]
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from itertools import chain
from pathlib import Path

import numpy

from ticketos.ai.extract.analysis import analyse
from ticketos.ai.extract.confidence import weigh_evidence
from ticketos.ai.extract.scoring.calibration import EVIDENCE, Curve
from ticketos.ai.extract.scoring.examples import AMOUNTS, labelled, same_amount
from ticketos.ai.extract.scoring.roughen import rough
from ticketos.ai.extract.scoring.train import WEIGHTS
from ticketos.ai.extract.suppliers import normal, squeezed

_FEWEST = 150
# A checksum says more about a tax identifier than generated ones, which need not have a right one, can teach.
_BY_RULE = ("supplier_tax_id", "buyer_tax_id", "currency")
_AS_OF = date(2035, 1, 1)


def right(name: str, value: str | None, true: str | None) -> bool:
    """Whether a value is exactly the true one, but for case, spaces and punctuation."""
    if value is None or true is None:
        return value == true
    if name in AMOUNTS:
        return same_amount(value, true)
    if name.endswith("_tax_id") or name in ("number", "po_number"):
        return squeezed(value) == squeezed(true)
    return normal(value) == normal(true)


def fit(samples: Sequence[tuple[dict[str, float], bool]]) -> Curve:
    """A logistic regression whose evidence may only speak the way it is meant to."""
    from sklearn.linear_model import LogisticRegression

    table = numpy.array([[float(evidence.get(name, 0.0)) for name in EVIDENCE] for evidence, _ in samples])
    model = LogisticRegression(C=0.5, max_iter=500)
    model.fit(table, numpy.array([verdict for _, verdict in samples]))
    slopes = {}
    for name, slope in zip(EVIDENCE, model.coef_[0], strict=True):
        against = name in ("disagrees", "failed", "guessed_day", "derived")
        slopes[name] = round(float(min(slope, 0.0) if against else max(slope, 0.0)), 4)
    return Curve(round(float(model.intercept_[0]), 4), slopes)


def main(argv: Sequence[str] | None = None) -> int:
    """Fit and store beside the weights; exit code 2 when the folders hold nothing labelled."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    asked = parser.parse_args(argv)
    rng = random.Random(2)
    samples: dict[str, list[tuple[dict[str, float], bool]]] = defaultdict(list)
    for pages, truth in chain.from_iterable(labelled(folder) for folder in asked.folders):
        papers = [(pages, truth)]
        if pages[0].source == "text":
            papers.append(rough(pages, truth, rng))
        for words, known in papers:
            found = analyse(words)
            for name, evidence in weigh_evidence(found, _AS_OF).items():
                samples[name].append((evidence, right(name, found.fields[name].value, known.get(name))))
    if not samples:
        print("no labelled documents there", file=sys.stderr)
        return 2
    stored = json.loads(asked.weights.read_text(encoding="utf-8"))
    curves = {
        name: fit(pairs)
        for name, pairs in sorted(samples.items())
        if name not in _BY_RULE
        and len(pairs) >= _FEWEST
        and 0 < sum(verdict for _, verdict in pairs) < len(pairs)
    }
    stored["calibration"] = {name: {"base": it.base, "slopes": it.slopes} for name, it in curves.items()}
    for name, given in sorted(samples.items()):
        share = sum(verdict for _, verdict in given) / len(given)
        print(f"{name:<18} {len(given):>6} values, right {share:.4f}  {curves.get(name)}")
    lines = [f"{json.dumps(key)}:{json.dumps(value, separators=(',', ':'))}" for key, value in stored.items()]
    asked.weights.write_text("{" + ",\n".join(lines) + "}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
