"""Lists what of the networks may be computed in whole numbers, and within which ranges: for new models, once.

    python -m ticketos.dev.ranges [FOLDER] [--pages N] [--out FILE]

The folder holds pictures of pages; without it, samples are drawn (``ticketos.dev.sim``). Half of them shows within
which range numbers flow into each convolution: the one of the ranges tried that loses least by rounding is kept. On the other
half each convolution is rounded alone: those after which the network says something else stay off the list
(`whole_numbers`). What counts as something else is written with the limits below. Takes some ten minutes.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy

from ticketos.ai.extract.limits import Limits
from ticketos.ai.ocr import recognise, whole_numbers
from ticketos.ai.ocr.detect import LineFinder, cut_out
from ticketos.ai.ocr.images import image_pages
from ticketos.ai.ocr.networks import model_file, narrowed, opened
from ticketos.dev.sim.documents.composed.training import write_folder
from ticketos.dev.sim.documents.truth import KINDS

_PICTURES = (".jpg", ".jpeg", ".png", ".tif", ".tiff")
_SEED = 5
_LINES_A_PAGE, _TRIED_LINES, _TRIED_PAGES = 12, 60, 2
_KEPT = 4000
"""Numbers of each flow kept of each line or page, to try ranges on."""
_SHARES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2)
"""Parts of the whole range that are tried: outliers cut off make finer steps for all the rest."""
LIMITS = {"rec": 0.0035, "det": 0.006}
"""How much one rounded convolution may change: for the line reader the Kullback-Leibler divergence of a step's characters in
nats, mean over steps and lines; for the line finder the mean difference of the heat (0 to 1) where there is text.
Most change a hundredth of that, and a few thousand times as much."""

Flows = dict[str, tuple[float, float]]
Network = Callable[[Any], Any]


def material(folder: Path, pages: int) -> dict[str, list[Any]]:
    """What the networks are given for the pictures of a folder, under ``det`` and ``rec``."""
    finder, chance = LineFinder(whole=False), random.Random(_SEED)
    found: dict[str, list[Any]] = {"det": [], "rec": []}
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in _PICTURES)
    images = (image for file in files for image in image_pages(file.read_bytes(), Limits()))
    for image in islice(images, pages):
        pixels = numpy.ascontiguousarray(numpy.asarray(image)[:, :, ::-1])
        found["det"].append(finder.batch(pixels).batch)
        quads = finder.find(pixels)
        for quad in chance.sample(quads, min(_LINES_A_PAGE, len(quads))):
            found["rec"].append(recognise.batch_of([recognise.strip(cut_out(pixels, quad))]))
    return found


def compiled(part: str, ranges: Flows) -> Network:
    """The network of `part`, rounded where a range is given."""
    core, model, about = opened(model_file(part))
    if part == "rec":
        narrowed(model, recognise.LineReader.classes(about))
    whole_numbers.rounded(model, ranges)
    request = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()

    def run(batch: Any) -> Any:
        request.infer([batch])
        return request.get_output_tensor().data.copy()

    return run


def seen(part: str, batches: Sequence[Any]) -> Flows:
    """The best range of what flows into each convolution."""
    core, model, _ = opened(model_file(part))
    flows = {name: flow for name, flow, _ in whole_numbers.inputs(model)}
    for flow in flows.values():
        model.add_outputs([flow])
    network = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    request, ports = network.create_infer_request(), network.outputs[-len(flows) :]
    chance = numpy.random.default_rng(_SEED)
    edges: Flows = dict.fromkeys(flows, (0.0, 0.0))
    kept: dict[str, list[Any]] = {name: [] for name in flows}
    for batch in batches:
        request.infer([batch])
        for name, port in zip(flows, ports, strict=True):
            values = request.get_tensor(port).data.ravel()
            low, high = edges[name]
            edges[name] = min(low, float(values.min())), max(high, float(values.max()))
            kept[name].append(chance.choice(values, _KEPT))
    return {name: best(*edges[name], numpy.concatenate(kept[name])) for name in flows}


def best(low: float, high: float, values: Any) -> tuple[float, float]:
    """The part of a range whose 256 steps tell these values with the least squared error."""

    def lost(share: float) -> float:
        first, last = whole_numbers.steady(low * share, high * share)
        step = (last - first) / 255
        told = numpy.round((numpy.clip(values, first, last) - first) / step) * step + first
        return float(((told - values) ** 2).mean())

    share = min(_SHARES, key=lost)
    return low * share, high * share


def changed(part: str, exact: Sequence[Any], other: Sequence[Any]) -> float:
    """How much else the network says, in the measure of `LIMITS`."""
    return float(numpy.mean([_MEASURES[part](a, b) for a, b in zip(exact, other, strict=True)]))


def _divergence(exact: Any, other: Any) -> float:
    return float((exact * (numpy.log(exact + 1e-9) - numpy.log(other + 1e-9))).sum(axis=-1).mean())


def _heat(exact: Any, other: Any) -> float:
    text = (exact > 0.1) | (other > 0.1)
    return float(numpy.abs(exact - other)[text].mean()) if text.any() else 0.0


_MEASURES = {"rec": _divergence, "det": _heat}


def listed(part: str, batches: Sequence[Any]) -> tuple[Flows, dict[str, float]]:
    """The ranges of what may be rounded, and for each convolution how much rounding it alone changes."""
    ranges = seen(part, batches[::2])
    tried = batches[1::2][: _TRIED_LINES if part == "rec" else _TRIED_PAGES]
    exact = [network(batch) for network in [compiled(part, {})] for batch in tried]
    told = {}
    for name, edges in ranges.items():
        network = compiled(part, {name: edges})
        told[name] = changed(part, exact, [network(batch) for batch in tried])
    return {name: edges for name, edges in ranges.items() if told[name] < LIMITS[part]}, told


def store(lists: dict[str, Flows], out: Path) -> None:
    """Write them with the digest of their model, one on a line."""
    parts = []
    for part, flows in lists.items():
        rows = [f"  {json.dumps(name)}: [{low:.4f}, {high:.4f}]" for name, (low, high) in flows.items()]
        told = json.dumps(whole_numbers.digest(model_file(part)))
        parts.append(f'{json.dumps(part)}: {{"model": {told}, "inputs": {{\n' + ",\n".join(rows) + "\n}}")
    out.write_text("{" + ",\n".join(parts) + "}\n", encoding="utf-8")


def drawn(folder: Path, pages: int) -> Path:
    """A folder with samples of our own making in it."""
    write_folder(folder, pages, _SEED, KINDS, "image_jpeg")
    return folder


def main(argv: Sequence[str] | None = None) -> int:
    """See, try and store; exit code 2 for a folder without lines."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", nargs="?")
    parser.add_argument("--pages", type=int, default=24, metavar="N", help="pages to read (default 24)")
    parser.add_argument("--out", type=Path, default=whole_numbers.RANGES)
    asked = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="ticketos-ranges-") as scratch:
        found = material(asked.folder or drawn(Path(scratch), asked.pages), asked.pages)
    if len(found["rec"]) < 2 or len(found["det"]) < 2:
        print("no pictures with lines there", file=sys.stderr)
        return 2
    lists: dict[str, Flows] = {}
    for part, batches in found.items():
        lists[part], told = listed(part, batches)
        exact = sorted((much, name) for name, much in told.items() if name not in lists[part])
        print(f"{part}: {len(lists[part])} of {len(told)} inputs may be rounded")
        for much, name in exact:
            print(f"  {name} stays exact: {much:.4f}")
    store(lists, asked.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
