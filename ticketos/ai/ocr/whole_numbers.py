"""Networks computed mostly in whole numbers of eight bits: much less time on a processor made for it.

A rounded convolution's weights have 255 steps a channel and what flows into it 256 steps of the range it keeps to on
pages. Ranges were seen on samples of our own making, where rounding one convolution alone was also tried: those that
changed what the network says are not listed and stay exact (``python -m ticketos.dev.ranges``). The list is shipped
beside this file with the digest of the model it belongs to; another model is computed as it is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

RANGES = Path(__file__).parent / "ranges.json"
_STEPS, _WEIGHT_STEPS = 256, 255
_LEAST = 1e-8

Ranges = Mapping[str, tuple[float, float]]
"""From the name of what flows into a convolution to the least and the largest number of it."""


@cache
def quicker_here() -> bool:
    """Whether this processor multiplies bytes and adds them up in one instruction. Without it the sums of pairs can
    overflow and little is gained; macOS does not tell."""
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    flags = next((line for line in told.splitlines() if line.startswith("flags")), "").split()
    return "avx512_vnni" in flags or "avx_vnni" in flags


def ranges_of(part: str, model_file: Path, ranges: Path = RANGES) -> Ranges:
    """What may be rounded in the model of `part` in a file; nothing where the shipped list is of another model."""
    shipped = json.loads(ranges.read_text(encoding="utf-8")).get(part)
    return shipped["inputs"] if shipped and shipped["model"] == digest(model_file) else {}


def digest(model_file: Path) -> str:
    """Tells one model's file from another."""
    with model_file.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()[:32]


def inputs(model: Any) -> Iterator[tuple[str, Any, Any]]:
    """Each convolution of an OpenVINO model that could be rounded: the name of what flows in, that output, the node.
    Weights that are no constants are left out."""
    for node in model.get_ordered_ops():
        if node.get_type_name() != "Convolution":
            continue
        flow = node.input_value(0)
        if node.input_value(1).get_node().get_type_name() == "Constant":
            yield f"{flow.get_node().get_friendly_name()}:{flow.get_index()}", flow, node


def rounded(model: Any, ranges: Ranges) -> int:
    """Have the model's convolutions computed in whole numbers, in place, where a range is listed; how many are."""
    import numpy
    from openvino import opset13

    def number(value: Any) -> Any:
        return opset13.constant(numpy.asarray(value, dtype=numpy.float32)).output(0)

    flows: dict[str, Any] = {}
    done = 0
    for name, flow, node in list(inputs(model)):
        if name not in ranges:
            continue
        if name not in flows:
            low, high = (number(edge) for edge in steady(*ranges[name]))
            flows[name] = opset13.fake_quantize(flow, low, high, low, high, _STEPS).output(0)
        weights = node.input_value(1)
        values = numpy.abs(weights.get_node().get_data())
        most = numpy.maximum(values.max(axis=tuple(range(1, values.ndim)), keepdims=True), _LEAST)
        low, high = number(-most), number(most)
        stepped = opset13.fake_quantize(weights, low, high, low, high, _WEIGHT_STEPS)
        node.input(0).replace_source_output(flows[name])
        node.input(1).replace_source_output(stepped.output(0))
        done += 1
    if done:
        model.validate_nodes_and_infer_types()
    return done


def steady(low: float, high: float) -> tuple[float, float]:
    """The range moved by less than a step so that nought is a step itself: what is padded with nought stays exact."""
    low, high = min(low, 0.0), max(high, 0.0, low + _LEAST)
    step = (high - low) / (_STEPS - 1)
    below = round(-low / step)
    return -below * step, (_STEPS - 1 - below) * step
