"""The networks that find and read text: the onnx files inside the rapidocr wheel, on one thread.

OpenVINO runs them where it is installed, since it finds the lines of a page much sooner
(`python -m benchmarks.networks`), else onnxruntime. Neither opens an address: the files are on the disk, and
OpenVINO's telemetry is kept out.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from ticketos.ai.ocr import whole_numbers

_FOLDER = "models"
_KERNELS = 600
"""Those of some ten widths: in whole numbers, making them anew for each page takes a sixth of the reading."""


class Network(Protocol):
    """Maps one float32 array to another; not for several threads at once."""

    def __call__(self, batch: Any) -> Any: ...


def model_file(part: str) -> Path:
    """The wheel's own file for `part`: `det` finds lines, `rec` reads one, `cls` tells its direction.

    Raises FileNotFoundError, in words for whoever installs the product, when the wheel is not there.
    """
    found = importlib.util.find_spec("rapidocr")
    folder = Path(found.origin).parent / _FOLDER if found and found.origin else Path(_FOLDER)
    files = sorted(path for path in folder.glob("*.onnx") if f"_{part}_" in path.name)
    if not files:
        raise FileNotFoundError(f"no {part!r} model: install the project with its extra `ocr`")
    return files[-1]


Choice = Callable[[Mapping[str, str]], Sequence[int]]
"""From what a model's file says about itself to the classes wanted of its last layer."""


def load(
    part: str, choose: Choice | None = None, runtime: str | None = None, whole: bool | None = None
) -> tuple[Network, dict[str, str]]:
    """The network for `part` and what its file says about itself (its characters, for `rec`).

    With `choose`, the last layer computes the chosen classes alone, in that order. `runtime` is ``openvino`` or
    ``onnxruntime``; None takes the quicker one that is installed. `whole` has most of it computed in whole numbers
    (`whole_numbers`; OpenVINO alone); None leaves it to the processor.
    """
    path = model_file(part)
    if runtime is None:
        runtime = "onnxruntime" if importlib.util.find_spec("openvino") is None else "openvino"
    if runtime == "onnxruntime":
        return _with_onnxruntime(path, choose)
    return _with_openvino(path, part, choose, whole_numbers.quicker_here() if whole is None else whole)


def opened(path: Path) -> tuple[Any, Any, dict[str, str]]:
    """OpenVINO, the model of a file in it, not compiled yet, and what the file says about itself."""
    # Its import would report itself to the maker's server where a user once agreed to that; a document
    # reader does not. Without the module its own stub is used.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    core = openvino.Core()
    model = core.read_model(path)
    return core, model, _said(model)


def _with_openvino(
    path: Path, part: str, choose: Choice | None, whole: bool
) -> tuple[Network, dict[str, str]]:
    core, model, about = opened(path)
    if choose is not None:
        narrowed(model, choose(about))
    if whole:
        whole_numbers.rounded(model, whole_numbers.ranges_of(part, path))
    odds = part == "det"
    if odds:
        model = _before_sigmoid(model)
    compiled = core.compile_model(
        model,
        "CPU",
        {
            "INFERENCE_NUM_THREADS": 1,
            "NUM_STREAMS": 1,
            "ENABLE_CPU_PINNING": False,
            "INFERENCE_PRECISION_HINT": "f32",
            # Kernels are kept per picture size: those of pages would hold a third more memory and save no time.
            "CPU_RUNTIME_CACHE_CAPACITY": 0 if part == "det" else _KERNELS,
        },
    )
    request = compiled.create_infer_request()

    def run(batch: Any) -> Any:
        request.infer([batch])
        told = request.get_output_tensor().data
        return _sigmoid(told) if odds else told

    return run, about


def _before_sigmoid(model: Any) -> Any:
    """The model without its last step, which numpy takes in a tenth of OpenVINO's time."""
    import openvino
    from openvino import opset13

    last = [node for node in model.get_ordered_ops() if node.get_type_name() == "Sigmoid"][-1]
    return openvino.Model([opset13.result(last.input_value(0))], model.get_parameters(), "finder")


def _sigmoid(values: Any) -> Any:
    import numpy

    found = numpy.clip(numpy.negative(values), -80.0, 80.0)  # beyond, floats overflow
    numpy.exp(found, out=found)
    found += 1.0
    return numpy.reciprocal(found, out=found)


def narrowed(model: Any, chosen: Sequence[int]) -> None:
    """Keep the chosen columns of the last layer (weights, then bias): a sixth of the time and half the
    memory of a network that knows 18,000 characters.
    """
    import numpy
    from openvino import opset13

    product = [node for node in model.get_ordered_ops() if node.get_type_name() == "MatMul"][-1]
    if product.get_attributes()["transpose_b"]:
        raise ValueError("the model's last layer is not laid out as expected")
    total = next(iter(product.output(0).get_target_inputs())).get_node()
    for node in (product, total):
        weights = node.input_value(1).get_node().get_data()
        kept = numpy.ascontiguousarray(weights[..., list(chosen)])
        node.input(1).replace_source_output(opset13.constant(kept).output(0))
    model.validate_nodes_and_infer_types()


def _said(model: Any) -> dict[str, str]:
    about = model.get_rt_info()
    if "framework" not in about:
        return {}
    return {key: str(entry.value) for key, entry in about["framework"].items()}


def _with_onnxruntime(path: Path, choose: Choice | None) -> tuple[Network, dict[str, str]]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    about = dict(session.get_modelmeta().custom_metadata_map)
    chosen = list(choose(about)) if choose is not None else None

    def run(batch: Any) -> Any:
        scores = session.run(None, {name: batch})[0]
        return scores if chosen is None else scores[..., chosen]

    return run, about
