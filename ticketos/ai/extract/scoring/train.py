"""Learning the weights of the scorer from labelled documents.

    python -m ticketos.ai.extract.scoring.train FOLDER… --out FILE

Each folder holds `NAME.pdf` or `NAME.words.json` with `NAME.json` (our own generator's truth), as
`python -m ticketos.dev.sim.documents --form words|text_words` writes them. The same folders, seed and library give the
same weights. A fifth of the documents is kept back: their scores are printed. New weights take a field over where they
read it better than those in use (`python -m benchmarks.extraction`); `--only` names the fields.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy

from ticketos.ai.extract.scoring.examples import Rows, labelled, rows_of
from ticketos.ai.extract.scoring.trees import Matrix, Trees

WEIGHTS = Path(__file__).with_name("weights.json")
_KEPT_BACK = 5
# What a label says can only speak for its own field: the trees may not learn the opposite from a quirk of print.
UNLEARNT = frozenset({"unsure"})
"""Told with a candidate for its confidence, but no reason to choose it."""
ASIDE: dict[str, frozenset[str]] = {
    # The order's number is the number of an order: what counts is whether the label is the kind's own.
    "number": frozenset({"po", "invoice", "credit", "receipt_no", "grn", "list"}),
}
RISING: dict[str, tuple[str, ...]] = {
    "supplier_name": (
        "legal",
        "supplier",
        "named",
        "size",
        "domain",
        "in_domain",
        "repeats",
        "known",
        "address_1",
    ),
    "buyer_name": ("buyer", "legal", "named"),
    "address_line": ("places", "postcode", "lead"),
    "issue_date": ("issue",),
    "due_date": ("due",),
    "number": ("mine", "repeats", "numbered"),
    "po_number": ("po",),
    "total": (
        "total",
        "paid",
        "adds_labelled",
        "after_rounding",
        "rated",
        "share",
        "printed",
        "lines",
        "rounded",
    ),
    "net_total": ("net", "part"),
    "tax_total": ("tax_sum", "part", "rated"),
    "amount_due": ("due",),
}
FALLING: dict[str, tuple[str, ...]] = {
    "supplier_name": (
        *("buyer", "other", "contact", "greeting", "title", "registration"),
        *("money", "day", "legal_only", "digits", "order"),
    ),
    "buyer_name": ("supplier", "other", "contact", "greeting", "title", "legal_only"),
    "address_line": ("contact", "registration", "tax_id", "greeting", "title", "day", "money", "long_number"),
    "issue_date": ("due", "not"),
    "due_date": ("not", "issue"),
    "number": ("other", "foreign"),
    "po_number": ("other",),
    "total": ("change", "cash", "not", "tax_part", "tax_sum"),
    "net_total": ("change", "cash"),
    "tax_total": ("change", "cash"),
    "amount_due": ("change", "cash"),
}  # fmt: skip


def fit(rows: Rows, name: str, documents: set[int], size: int = 90) -> Trees:
    """Boosted trees for one field over the candidates of these documents."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    names = tuple(
        sorted(
            {key for row in rows.features[name][:2000] for key in row}
            - UNLEARNT
            - ASIDE.get(name, frozenset())
        )
    )
    chosen = [index for index, document in enumerate(rows.document[name]) if document in documents]
    table = numpy.array([[float(rows.features[name][index][key]) for key in names] for index in chosen])
    right = numpy.array([rows.right[name][index] for index in chosen])
    signs = [(key in RISING.get(name, ())) - (key in FALLING.get(name, ())) for key in names]
    model = HistGradientBoostingClassifier(
        max_iter=size,
        learning_rate=0.08,
        max_leaf_nodes=10,
        max_depth=4,
        min_samples_leaf=max(10, len(chosen) // 1500),
        l2_regularization=5.0,
        max_features=0.4,
        monotonic_cst=signs,
        early_stopping=False,
        random_state=0,
    )
    model.fit(table, right)
    return _plain(model, names)


def _plain(model: Any, names: tuple[str, ...]) -> Trees:
    """The fitted trees as arrays, evaluated by our own code."""
    predictors = [stage[0].nodes for stage in model._predictors]
    width = max(len(nodes) for nodes in predictors)
    shape = (len(predictors), width)
    feature, left, right = (numpy.zeros(shape, dtype=numpy.int32) for _ in range(3))
    threshold, value = numpy.zeros(shape), numpy.zeros(shape)
    depth = 0
    for tree, nodes in enumerate(predictors):
        for index, node in enumerate(nodes):
            leaf = bool(node["is_leaf"])
            feature[tree, index] = 0 if leaf else node["feature_idx"]
            threshold[tree, index] = 0.0 if leaf else node["num_threshold"]
            left[tree, index] = index if leaf else node["left"]
            right[tree, index] = index if leaf else node["right"]
            value[tree, index] = node["value"] if leaf else 0.0
            depth = max(depth, int(node["depth"]))
    base = float(numpy.ravel(model._baseline_prediction)[0])
    return Trees(names, base, feature, threshold, left, right, value, depth)


def hits(trees: Trees, rows: Rows, name: str, documents: set[int]) -> float:
    """The share of documents with a true candidate whose best-scored candidate is true."""
    table: Matrix = numpy.array(
        [[float(row.get(key, 0.0)) for key in trees.names] for row in rows.features[name]]
    )
    scores = trees.log_odds(table)
    by_document: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for document, score, right in zip(rows.document[name], scores, rows.right[name], strict=True):
        if document in documents:
            by_document[document].append((float(score), right))
    judged = [max(found)[1] for found in by_document.values() if any(right for _, right in found)]
    return sum(judged) / max(len(judged), 1)


def train(rows: Rows, only: Sequence[str] = ()) -> tuple[dict[str, Trees], dict[str, float]]:
    """Weights for every field (or some), and the share found right on documents kept back."""
    weights, kept = {}, {}
    for name in sorted(only or rows.features):
        documents = sorted(set(rows.document[name]))
        back = set(documents[::_KEPT_BACK])
        if not any(rows.right[name]):
            continue
        weights[name] = fit(rows, name, set(documents) - back)
        kept[name] = hits(weights[name], rows, name, back)
    return weights, kept


def store(weights: dict[str, Trees], version: str, file: Path) -> None:
    """Write the weights as compact JSON, one field on a line; fields not learnt now keep what was stored."""
    stored = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    fields = stored.get("fields", {}) | {name: trees.as_json() for name, trees in weights.items()}
    lines = [
        f"{json.dumps(name)}:{json.dumps(fields[name], separators=(',', ':'))}" for name in sorted(fields)
    ]
    parts = [f'"version":{json.dumps(version)}', '"fields":{\n' + ",\n".join(lines) + "\n}"]
    if "calibration" in stored:
        parts.append(f'"calibration":{json.dumps(stored["calibration"], separators=(",", ":"))}')
    file.write_text("{" + ",\n".join(parts) + "}\n", encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    """Train and store; exit code 2 when the folders hold nothing labelled."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument(
        "--version", default="generated-1", help="names these weights in what is read with them"
    )
    parser.add_argument("--roughened", type=int, default=1, metavar="N", help="rough copies of each document")
    parser.add_argument(
        "--only", nargs="+", metavar="FIELD", help="learn these alone, the others stay as stored"
    )
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(argv)
    documents = chain.from_iterable(labelled(folder) for folder in asked.folders)
    rows = rows_of(documents, asked.seed, asked.roughened)
    if not rows.features:
        print("no labelled documents there", file=sys.stderr)
        return 2
    weights, kept = train(rows, asked.only or ())
    for name, share in kept.items():
        print(f"{name:<18} candidates {len(rows.right[name]):>8}  kept back right {share:.4f}")
    store(weights, asked.version, asked.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
