"""The values that travel through vision: packets, boxes, detections, places.

Boxes are `xyxy` in pixels of the displayed frame (after rotation), x right, y down, the
right and lower edges exclusive. Arrays are never modified after a value holds them.
"""

from dataclasses import dataclass
from datetime import datetime

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.errors import BadInput

__all__ = ["Box", "Detections", "FramePacket", "GroundPoints", "Planes"]

Box = tuple[float, float, float, float]
"""One box: x1, y1, x2, y2 in pixels of the displayed frame."""

U8 = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Planes:
    """A picture as its three 4:2:0 planes, limited range, as decoders give it.

    Args:
        y: (H, W) uint8 luma.
        u: (ceil(H/2), ceil(W/2)) uint8 chroma.
        v: Same shape as `u`.

    Raises:
        BadInput: A plane has a wrong type or shape.
    """

    y: U8
    u: U8
    v: U8

    def __post_init__(self) -> None:
        height, width = self.y.shape
        chroma = ((height + 1) // 2, (width + 1) // 2)
        if self.u.shape != chroma or self.v.shape != chroma:
            raise BadInput(f"chroma planes {self.u.shape}, {self.v.shape} do not fit luma {self.y.shape}")
        if not self.y.dtype == self.u.dtype == self.v.dtype == np.uint8:
            raise BadInput("planes must be uint8")

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.y.shape[1], self.y.shape[0]

    def luma_small(self, size_wh: tuple[int, int]) -> U8:
        """Luma averaged down to `size_wh`: (h, w) uint8.

        Area averaging, because aliasing looks like change.
        """
        return np.asarray(cv2.resize(self.y, size_wh, interpolation=cv2.INTER_AREA), dtype=np.uint8)

    def bgr(self, box: Box | None = None) -> U8:
        """The picture, or the part inside `box`, as (h, w, 3) uint8 BGR.

        The box is widened to even coordinates and clipped to the picture.

        Raises:
            BadInput: The box does not touch the picture.
        """
        width, height = self.size_wh
        x1, y1, x2, y2 = box if box is not None else (0, 0, width, height)
        left, top = max(0, int(x1)) // 2 * 2, max(0, int(y1)) // 2 * 2
        right, bottom = (
            min(width, -(-int(np.ceil(x2)) // 2) * 2),
            min(height, -(-int(np.ceil(y2)) // 2) * 2),
        )
        if right <= left or bottom <= top:
            raise BadInput(f"box {box} lies outside a picture of {width}x{height}")
        luma = self.y[top:bottom, left:right]
        crop_h, crop_w = luma.shape
        # OpenCV wants even sizes; an odd last row or column is doubled and cut off again.
        even_h, even_w = crop_h + crop_h % 2, crop_w + crop_w % 2
        if (even_h, even_w) != (crop_h, crop_w):
            luma = np.pad(luma, ((0, even_h - crop_h), (0, even_w - crop_w)), mode="edge")
        rows = slice(top // 2, top // 2 + even_h // 2)
        cols = slice(left // 2, left // 2 + even_w // 2)
        packed = np.concatenate(
            [luma.reshape(-1), self.u[rows, cols].reshape(-1), self.v[rows, cols].reshape(-1)]
        ).reshape(even_h * 3 // 2, even_w)
        return np.asarray(cv2.cvtColor(packed, cv2.COLOR_YUV2BGR_I420)[:crop_h, :crop_w], dtype=np.uint8)

    @classmethod
    def from_bgr(cls, image: U8) -> "Planes":
        """Planes of a (H, W, 3) uint8 BGR picture; used by drawn films and JPEG looks."""
        height, width = image.shape[:2]
        even = np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        packed = cv2.cvtColor(even, cv2.COLOR_BGR2YUV_I420)
        full_h, full_w = even.shape[:2]
        quarter = full_h // 2 * (full_w // 2)
        flat = np.asarray(packed, dtype=np.uint8).reshape(-1)
        luma = flat[: full_h * full_w].reshape(full_h, full_w)[:height, :width]
        u = flat[full_h * full_w : full_h * full_w + quarter].reshape(full_h // 2, full_w // 2)
        v = flat[full_h * full_w + quarter :].reshape(full_h // 2, full_w // 2)
        return cls(luma, u, v)


@dataclass(frozen=True, slots=True, eq=False)
class FramePacket:
    """One decoded look of one view.

    Args:
        view_id: The view that it shows.
        look: Number of the look in this run, from 0, without gaps for admitted looks.
        media_time_s: Seconds since the stream's or the recording's first frame.
        captured_at: Capture time, aware UTC.
        planes: The picture, already rotated to how it is displayed.
    """

    view_id: str
    look: int
    media_time_s: float
    captured_at: datetime
    planes: Planes

    def __post_init__(self) -> None:
        if self.captured_at.utcoffset() is None:
            raise BadInput("captured_at must be an aware time")

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.planes.size_wh


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """One model's output on one picture, a row per box.

    Args:
        xyxy: (N, 4) float32, pixels of the displayed frame.
        scores: (N,) float32, 0..1: of a calibrated model the probability that the box is right.
        classes: (N,) int64, indices into `names`.
        names: Class names, as the model's manifest gives them.
    """

    xyxy: NDArray[np.float32]
    scores: NDArray[np.float32]
    classes: NDArray[np.int64]
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        count = len(self.scores)
        if self.xyxy.shape != (count, 4) or self.classes.shape != (count,):
            raise BadInput(
                f"rows differ: boxes {self.xyxy.shape}, scores {count}, classes {self.classes.shape}"
            )

    def __len__(self) -> int:
        return len(self.scores)

    def select(self, keep: NDArray[np.bool_] | NDArray[np.intp]) -> "Detections":
        """The rows that `keep` (a mask or indices) names, in its order."""
        return Detections(self.xyxy[keep], self.scores[keep], self.classes[keep], self.names)

    def of(self, *names: str) -> "Detections":
        """The rows whose class is one of `names`."""
        wanted = [index for index, name in enumerate(self.names) if name in names]
        return self.select(np.isin(self.classes, wanted))

    def name(self, row: int) -> str:
        """Class name of one row."""
        return self.names[int(self.classes[row])]

    @classmethod
    def empty(cls, names: tuple[str, ...]) -> "Detections":
        """No box at all."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64), names)


@dataclass(frozen=True, slots=True, eq=False)
class GroundPoints:
    """Places on the ground, a row per image point.

    Args:
        lonlat: (N, 2) float64 degrees, EPSG:4326; NaN where the point is beyond the horizon or range.
        east_north_m: (N, 2) float64 metres in the calibration's local frame; NaN likewise.
        covariance_m2: (N, 2, 2) float64, of `east_north_m`, calibration and pixel error together.
    """

    lonlat: NDArray[np.float64]
    east_north_m: NDArray[np.float64]
    covariance_m2: NDArray[np.float64]
