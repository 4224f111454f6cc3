"""Why OpenVINO: the line finder's network on one page under both runtimes, turn about in one process.

The page is noise of a page's size: what a convolution costs does not depend on what is printed. Beside it stands
what OpenVINO takes on the disk.
"""

from __future__ import annotations

import importlib.metadata
import statistics
import sys
import time
from pathlib import Path

import numpy

from benchmarks.figures import Asked, Figure, arguments, finish
from ticketos.ai.ocr.networks import Network, load

PAGE = (1, 3, 960, 704)
"""One picture, three colours, height and width as the line finder gets an A4 page."""


def measure(rounds: int) -> tuple[dict[str, Figure], list[Asked]]:
    """Median milliseconds a page under each, and the one as a part of the other."""
    page = numpy.random.default_rng(7).standard_normal(PAGE).astype(numpy.float32)
    networks = {name: load("det", runtime=name)[0] for name in ("openvino", "onnxruntime")}
    took: dict[str, list[float]] = {name: [] for name in networks}
    for number in range(rounds + 1):
        for name, network in networks.items():
            spent = _seconds(network, page)
            if number:  # the first one of each prepares itself
                took[name].append(spent * 1000)
    middle = {name: statistics.median(values) for name, values in took.items()}
    figures: dict[str, Figure] = {
        "ratio": round(middle["openvino"] / middle["onnxruntime"], 3),
        "openvino_ms": round(middle["openvino"], 1),
        "onnxruntime_ms": round(middle["onnxruntime"], 1),
        "openvino_mb": round(_bytes("openvino") / 1e6),
    }
    return figures, [Asked("openvino / onnxruntime", float(str(figures["ratio"])), 1.0)]


def _seconds(network: Network, page: object) -> float:
    began = time.process_time()
    network(page)
    return time.process_time() - began


def _bytes(package: str) -> int:
    found = (Path(str(file.locate())) for file in importlib.metadata.files(package) or ())
    return sum(path.stat().st_size for path in found if path.is_file())


def main() -> int:
    """Command line; returns the exit code."""
    parser = arguments(__doc__)
    parser.add_argument("--rounds", type=int, default=10, help="pages for each (default 10)")
    options = parser.parse_args()
    figures, asked = measure(options.rounds)
    return finish("networks", figures, asked, keep=options.record)


if __name__ == "__main__":
    sys.exit(main())
