"""The ONNX Runtime back-end for detectors of the YOLO family."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from vision.detectors.boxes import nms
from vision.detectors.calibration import AS_IT_IS, ScoreMap, calibrated
from vision.detectors.letterbox import input_tensor, letterbox
from vision.errors import BadInput, ModelRejected
from vision.types import Detections

__all__ = ["OnnxDetector", "OnnxOptions"]

MOST_ROWS = 1000
"""Rows that go into non-maximum suppression at most; a street picture has far fewer."""


@dataclass(frozen=True, slots=True)
class OnnxOptions:
    """How a model is run.

    Args:
        input_px: Side of its square input.
        thresholds: Least probability by class name; a class that is not named takes `threshold`.
        threshold: Least probability of all other classes.
        maps: From the model's scores to probabilities, by class name; a class without one keeps its scores.
        iou: Boxes of one class that overlap more are one.
        threads: Threads of one run; 1 shares the machine best among cameras.
    """

    input_px: int
    thresholds: Mapping[str, float] = field(default_factory=dict)
    threshold: float = 0.05
    iou: float = 0.6
    threads: int = 1
    maps: Mapping[str, ScoreMap] = field(default_factory=dict)


class OnnxDetector:
    """A detector: BGR pictures in, boxes in their own pixels out, with probabilities where there are maps.

    Understands outputs (1, 4 + classes, anchors) with centre, width and height, and end-to-end
    outputs (1, rows, 6) with corners, score and class. May be shared by threads.

    Args:
        model: The ONNX file's bytes.
        names: Class names in order.
        options: How to run it.

    Raises:
        ModelRejected: The bytes are no model that ONNX Runtime can run, its input is of another size, or its
            output is of neither form.
    """

    def __init__(self, model: bytes, names: Sequence[str], options: OnnxOptions) -> None:
        session_options = ort.SessionOptions()
        session_options.intra_op_num_threads = options.threads
        session_options.inter_op_num_threads = 1
        session_options.log_severity_level = 3
        # Spinning threads would burn a core between two looks.
        session_options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = ort.InferenceSession(model, session_options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise ModelRejected(f"ONNX Runtime cannot run this model: {str(error)[:300]}") from error
        self._names = tuple(names)
        self._options = options
        self._input = self._session.get_inputs()[0].name
        # Cut before the map, where most of a thousand rows fall away.
        self._floor = np.array(
            [
                options.maps.get(name, AS_IT_IS).score_of(options.thresholds.get(name, options.threshold))
                for name in names
            ],
            np.float32,
        )
        self._check_input()
        self._check_output()

    @property
    def names(self) -> tuple[str, ...]:
        """Class names in the order of the class indices."""
        return self._names

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> Sequence[Detections]:
        """Detections for each (h, w, 3) uint8 BGR picture, in that picture's own pixels.

        Raises:
            BadInput: A picture is not (h, w, 3) uint8, or is empty.
            ModelRejected: An end-to-end model finds a class that its list of names does not have.
        """
        return [self._detect_one(image) for image in images]

    def _detect_one(self, image: NDArray[np.uint8]) -> Detections:
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
            raise BadInput(f"a detector needs (h, w, 3) uint8, got {image.shape} {image.dtype}")
        fitted, box = letterbox(image, self._options.input_px)
        (output,) = self._session.run(None, {self._input: input_tensor(fitted)})
        rows = self._rows(np.asarray(output[0], np.float32))
        scores = calibrated(rows.scores, rows.classes, self._names, self._options.maps)
        return Detections(box.to_picture(rows.xyxy), scores, rows.classes, self._names)

    def _rows(self, output: NDArray[np.float32]) -> Detections:
        """Rows above their class's threshold, in input pixels."""
        if output.shape[0] == 4 + len(self._names):
            return self._from_anchors(output)
        classes = output[:, 5].astype(np.int64)
        found = Detections(output[:, :4].copy(), output[:, 4].copy(), classes, self._names)
        found = found.select(found.scores >= self._floor[np.clip(classes, 0, len(self._floor) - 1)])
        if len(found) and not 0 <= found.classes.min() <= found.classes.max() < len(self._names):
            raise ModelRejected(
                f"the model finds class {found.classes.max()}, its list has {len(self._names)} names; "
                "is the class list of its manifest entry right?"
            )
        return found

    def _from_anchors(self, output: NDArray[np.float32]) -> Detections:
        class_scores = output[4:]
        classes = class_scores.argmax(axis=0)
        scores = class_scores[classes, np.arange(class_scores.shape[1])]
        keep = np.flatnonzero(scores >= self._floor[classes])
        if len(keep) > MOST_ROWS:
            keep = keep[np.argsort(-scores[keep], kind="stable")[:MOST_ROWS]]
        x, y, width, height = output[:4, keep]
        xyxy = np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], axis=1)
        found = Detections(
            xyxy.astype(np.float32),
            scores[keep].astype(np.float32),
            classes[keep].astype(np.int64),
            self._names,
        )
        return found.select(nms(found.xyxy, found.scores, found.classes, self._options.iou))

    def _check_input(self) -> None:
        side = self._options.input_px
        shape = self._session.get_inputs()[0].shape
        fixed = [(have, need) for have, need in zip(shape, (1, 3, side, side), strict=False) if have != need]
        # A dimension that is no number is one that the model leaves open.
        if len(shape) != 4 or any(isinstance(have, int) for have, _ in fixed):
            raise ModelRejected(
                f"the model's input {shape} is not (1, 3, {side}, {side}); "
                "is input_px of its manifest entry right?"
            )

    def _check_output(self) -> None:
        shape = self._session.get_outputs()[0].shape
        if len(shape) == 3 and (shape[1] == 4 + len(self._names) or shape[2] == 6):
            return
        raise ModelRejected(
            f"the model's output {shape} is neither (1, {4 + len(self._names)}, anchors) nor (1, rows, 6); "
            "is the class list of its manifest entry right?"
        )
