"""Writes the tiny ONNX models beside it; needs the training environment. Their answers can be told by hand.

`end_to_end.onnx` finds class i (red, green, blue) with the mean of channel i as score. `anchors.onnx`
always answers the same four boxes of two classes, as centre, width and height.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).parent
SIDE = 32
BOXES = [[0, 8, 16, 24], [16, 8, 32, 24], [8, 12, 24, 20]]
ANCHORS = [
    # x, y, width, height, score of the first class, of the second
    [16, 16, 8, 4, 0.9, 0.1],
    [16, 16, 8, 5, 0.6, 0.2],
    [16, 16, 8, 4, 0.1, 0.5],
    [4, 16, 4, 4, 0.3, 0.2],
]


def main() -> None:
    """Write both."""
    boxes = np.array([BOXES], np.float32)
    kinds = np.arange(3, dtype=np.float32).reshape(1, 3, 1)
    end_to_end = [
        helper.make_node("ReduceMean", ["images", "axes"], ["means"], keepdims=0),
        helper.make_node("Reshape", ["means", "column"], ["scores"]),
        helper.make_node("Concat", ["boxes", "scores", "kinds"], ["output0"], axis=2),
    ]
    column = np.array([1, 3, 1])
    constants = {"axes": np.array([2, 3]), "column": column, "boxes": boxes, "kinds": kinds}
    _write("end_to_end", end_to_end, constants, [1, 3, 6])

    anchors = [
        helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "nothing"], ["zero"]),
        helper.make_node("Add", ["answers", "zero"], ["output0"]),
    ]
    answers = np.array(ANCHORS, np.float32).T[None]
    _write("anchors", anchors, {"nothing": np.array(0, np.float32), "answers": answers}, [1, 6, 4])


def _write(name: str, nodes: list[onnx.NodeProto], constants: Mapping[str, object], shape: list[int]) -> None:
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(np.asarray(value), key) for key, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    (HERE / f"{name}.onnx").write_bytes(model.SerializeToString())


if __name__ == "__main__":
    main()
