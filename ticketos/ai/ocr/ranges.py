"""Sees within which ranges the line reader's network computes, and ships them: for a new model, once.

    python -m ticketos.ai.ocr.ranges FOLDER [--lines N] [--out FILE]

The folder holds pictures of pages, as ``ticketos.dev.sim`` draws them. Their lines are read as they are, and the least and
the largest number that flowed into each convolution are written down (`whole_numbers`).
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy

from ticketos.ai.extract.limits import Limits
from ticketos.ai.ocr import recognise, whole_numbers
from ticketos.ai.ocr.detect import LineFinder, cut_out
from ticketos.ai.ocr.images import image_pages
from ticketos.ai.ocr.networks import model_file, opened
from ticketos.ai.ocr.turn import Uprighter, turned, turned_quad

_PICTURES = (".jpg", ".jpeg", ".png", ".tif", ".tiff")
_SEED = 1
_MOST_A_PAGE = 12


def strips(folder: Path) -> Iterator[Any]:
    """Some lines of every picture in a folder, as the network is given them."""
    finder, uprighter, chance = LineFinder(), Uprighter(), random.Random(_SEED)
    for file in sorted(path for path in folder.iterdir() if path.suffix.lower() in _PICTURES):
        for image in image_pages(file.read_bytes(), Limits()):
            pixels = numpy.ascontiguousarray(numpy.asarray(image)[:, :, ::-1])
            quads = finder.find(pixels)
            turn = uprighter.turn(pixels, quads)
            upright = turned(pixels, turn)
            if turn:
                quads = [turned_quad(quad, turn, image.size) for quad in quads]
            for quad in chance.sample(quads, min(_MOST_A_PAGE, len(quads))):
                yield recognise.strip(cut_out(upright, quad))


def seen(pictures: Iterator[Any], most: int) -> dict[str, tuple[float, float]]:
    """The range of what flows into each convolution while at most so many lines are read."""
    core, model, _ = opened(model_file("rec"))
    flows = {name: flow for name, flow, _ in whole_numbers.inputs(model)}
    for flow in flows.values():
        model.add_outputs([flow])
    compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    request, ports = compiled.create_infer_request(), compiled.outputs[-len(flows) :]
    found: dict[str, tuple[float, float]] = {}
    for _, picture in zip(range(most), pictures, strict=False):
        request.infer([recognise.batch_of([picture])])
        for name, port in zip(flows, ports, strict=True):
            values = request.get_tensor(port).data
            low, high = found.get(name, (0.0, 0.0))
            found[name] = min(low, float(values.min())), max(high, float(values.max()))
    return found


def store(ranges: dict[str, tuple[float, float]], model: Path, out: Path) -> None:
    """Write them with the digest of their model, one on a line."""
    lines = [f"{json.dumps(name)}: [{low:.4f}, {high:.4f}]" for name, (low, high) in ranges.items()]
    told = f'"model": {json.dumps(whole_numbers.digest(model))}'
    out.write_text("{" + told + ', "inputs": {\n' + ",\n".join(lines) + "\n}}\n", encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    """See and store; exit code 2 for a folder without lines."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--lines", type=int, default=400, metavar="N", help="lines to read (default 400)")
    parser.add_argument("--out", type=Path, default=whole_numbers.RANGES)
    asked = parser.parse_args(argv)
    ranges = seen(strips(asked.folder), asked.lines)
    if not ranges:
        print("no pictures with lines there", file=sys.stderr)
        return 2
    store(ranges, model_file("rec"), asked.out)
    print(f"{len(ranges)} ranges seen")
    return 0


if __name__ == "__main__":
    sys.exit(main())
