"""The committed renders: sprites of things in atlases, and plates of each camera.

Radiance pictures hold 255 times the root of the radiance under a uniform white sky of strength 1.
Source: docs/methods/sample-district.md.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["PARTS", "Cut", "Parts", "Plate", "ScaledSprite", "SpriteView"]

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
PARTS = Path(__file__).parent / "parts"
LUMA_BGR = np.array([0.114, 0.587, 0.299], np.float32)
SKY_CM = 65535
SCALE_STEP = 1.03
"""Sprites are scaled in steps of three per cent, so that a scaled one can be used again."""
SCALED_KEPT = 20_000
USUAL_LAMPS_FACTOR = 0.05
"""Of a folder of parts without a manifest."""
SPARE = 0.7
"""A sprite is scaled from halved renders that are at least 1 / 0.7 as large."""
MOST_HALVINGS = 4


@dataclass(frozen=True, slots=True)
class SpriteView:
    """One rendered view of a thing.

    Args:
        atlas: Name of its atlas, `kind-variant`.
        pose: `still`, or a person's `walk`, `stand`, `sit`, `lie`.
        phase: Of a walk, 0 to 5.
        yaw_deg: Direction of the thing's front against the direction from the thing to the camera.
        depression_deg: Below the horizontal, of the line from the camera to the thing.
        rect: x, y, width, height in the atlas.
        anchor: Where the footprint's centre lies, pixels inside `rect`.
        px_per_m: Scale at the anchor.
    """

    atlas: str
    pose: str
    phase: int
    yaw_deg: float
    depression_deg: float
    rect: tuple[int, int, int, int]
    anchor: tuple[float, float]
    px_per_m: float


@dataclass(frozen=True, slots=True, eq=False)
class ScaledSprite:
    """A view at the size at which it is drawn.

    Args:
        radiance: (h, w, c) float32 under the unit sky, multiplied by alpha.
        alpha: (h, w) float32.
        normals: (h, w, 3) float32: right of the viewer, away from the viewer, up.
        anchor: Pixels from its upper left corner.
    """

    radiance: F32
    alpha: F32
    normals: F32
    anchor: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Plate:
    """A camera's empty street, pinhole, with a margin around the picture.

    Args:
        sky: (h, w, 3) uint8, root of the radiance under the unit sky.
        lamps: (h, w, 3) uint8, likewise under the district's lamps.
        normals: (h, w, 3) uint8, 127.5 + 127.5 n, east, north, up.
        depth_m: (h, w) float32 along the optical axis; infinite where the sky is.
        lamps_factor: By which the radiance in `lamps` was divided before it was kept.
    """

    sky: U8
    lamps: U8
    normals: U8
    depth_m: F32
    lamps_factor: float


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """A building change in its place: a piece of a camera's plate.

    Args:
        rect: x, y, width, height in the plate.
        alpha: (h, w) uint8, 0 where the plate stays as it is.
        sky: See `Plate`; likewise what follows.
        lamps: Of the same.
        normals: Of the same.
        depth_m: Of the same.
    """

    rect: tuple[int, int, int, int]
    alpha: U8
    sky: U8
    lamps: U8
    normals: U8
    depth_m: F32


class Parts:
    """All committed parts of one folder; pictures are read when they are first asked for.

    Raises:
        FileNotFoundError: The folder holds no parts; the message says how they are made.
    """

    def __init__(self, folder: Path = PARTS) -> None:
        self.folder = folder
        listing = folder / "objects.json"
        if not listing.is_file():
            raise FileNotFoundError(
                f"{listing} is missing: the renders come with the repository; "
                "`streetkeeper district parts objects` makes them anew"
            )
        rows = json.loads(listing.read_text(encoding="utf-8"))
        self._views: dict[tuple[str, str], list[SpriteView]] = {}
        for row in rows:
            view = _view(row)
            self._views.setdefault((view.atlas, view.pose), []).append(view)
        self._angles: dict[tuple[str, str], NDArray[np.float64]] = {}
        self._nearest: dict[tuple[str, str, int, int, int], SpriteView] = {}
        self._atlases: dict[str, tuple[U8, U8]] = {}
        self._scaled: dict[tuple[SpriteView, int, int, int, int], ScaledSprite] = {}
        self._halved: dict[tuple[SpriteView, int, int], tuple[F32, F32]] = {}

    @property
    def atlases(self) -> list[str]:
        """Names of all atlases."""
        return sorted({atlas for atlas, _ in self._views})

    def view(self, atlas: str, pose: str, phase: int, yaw_deg: float, depression_deg: float) -> SpriteView:
        """The rendered view that comes nearest.

        Raises:
            KeyError: The atlas has no such pose.
        """
        key = (atlas, pose, phase, round(yaw_deg / 3), round(depression_deg * 4))
        found = self._nearest.get(key)
        if found is None:
            views = self._views.get((atlas, pose))
            if views is None:
                raise KeyError(f"no renders of {atlas!r} as {pose!r}; there are {self.atlases}")
            strangeness = self._strangeness(atlas, pose, phase, yaw_deg, depression_deg)
            found = self._nearest[key] = views[int(strangeness.argmin())]
        return found

    def scaled(
        self, view: SpriteView, scale: float, above: float, below: float, channels: int
    ) -> ScaledSprite:
        """A view made smaller or larger, the rows above and below its anchor stretched apart.

        Args:
            view: The view.
            scale: Drawn pixels per atlas pixel.
            above: Further stretch of the rows above the anchor.
            below: Likewise below it.
            channels: 3 for colour, 1 for luma alone.
        """
        across, up, down = (
            SCALE_STEP ** round(math.log(value, SCALE_STEP)) for value in (scale, above, below)
        )
        split = _split(view)
        sizes = (
            max(1, round(view.rect[2] * across)),
            max(1, round(split * across * up)),
            max(1, round((view.rect[3] - split) * across * down)),
        )
        key = (view, *sizes, channels)
        found = self._scaled.get(key)
        if found is None:
            if len(self._scaled) > SCALED_KEPT:
                self._scaled.clear()
            found = self._scaled[key] = self._make(view, sizes, channels)
        return found

    def plate(self, camera_id: str) -> Plate:
        """A camera's plate.

        Raises:
            FileNotFoundError: It was not rendered.
        """
        folder = self.folder / "plates"
        return Plate(
            _read(folder / f"{camera_id}.sky.webp")[..., :3],
            _read(folder / f"{camera_id}.lamps.webp")[..., :3],
            _read(folder / f"{camera_id}.n.webp")[..., :3],
            _metres(folder / f"{camera_id}.depth.png"),
            self._lamps_factor(camera_id),
        )

    def cut(self, name: str) -> Cut:
        """A building change, by place and variant.

        Raises:
            FileNotFoundError: It was not rendered.
        """
        listing = json.loads((self.folder / "changes.json").read_text(encoding="utf-8"))
        rect = next((row["rect"] for row in listing if row["name"] == name), None)
        if rect is None:
            raise FileNotFoundError(f"{self.folder / 'changes.json'} names no cut {name!r}")
        folder = self.folder / "changes"
        sky = _read(folder / f"{name}.sky.webp")
        return Cut(
            (int(rect[0]), int(rect[1]), int(rect[2]), int(rect[3])),
            sky[..., 3],
            sky[..., :3],
            _read(folder / f"{name}.lamps.webp")[..., :3],
            _read(folder / f"{name}.n.webp")[..., :3],
            _metres(folder / f"{name}.depth.png"),
        )

    def _lamps_factor(self, camera_id: str) -> float:
        """What the manifest says of a camera's lamps."""
        path = self.folder / "manifest.json"
        if not path.is_file():
            return USUAL_LAMPS_FACTOR
        files = json.loads(path.read_text(encoding="utf-8"))["files"]
        told = (entry["lamps_factor"] for entry in files if entry["file"] == f"plates/{camera_id}.lamps.webp")
        return float(next(told, USUAL_LAMPS_FACTOR))

    def _strangeness(
        self, atlas: str, pose: str, phase: int, yaw_deg: float, depression_deg: float
    ) -> NDArray[np.float64]:
        """How far each render is from how a thing is seen: degrees of turn, dip weighed by its ratio."""
        if (atlas, pose) not in self._angles:
            self._angles[atlas, pose] = np.array(
                [
                    (view.yaw_deg, math.log(max(view.depression_deg, 2.0)), view.phase)
                    for view in self._views[atlas, pose]
                ]
            ).T
        yaws, dips, phases = self._angles[atlas, pose]
        turn = np.abs((yaws - yaw_deg + 180) % 360 - 180)
        dip = np.abs(dips - math.log(max(depression_deg, 2.0)))
        return np.asarray(turn + 40 * dip + np.where(phases != phase, 1000.0, 0.0), np.float64)

    def _make(self, view: SpriteView, sizes: tuple[int, int, int], channels: int) -> ScaledSprite:
        """A view at a width, and at heights above and below its anchor."""
        width, up, down = sizes
        split = _split(view)
        factor = max(width / view.rect[2], up / split, down / (view.rect[3] - split))
        upper, lower = self._halves(
            view, min(MOST_HALVINGS, int(math.log2(SPARE / min(factor, SPARE)))), channels
        )
        whole = np.concatenate([_resized(upper, (width, up)), _resized(lower, (width, down))], axis=0)
        drawn_alpha = whole[..., channels]
        length = np.maximum(np.linalg.norm(whole[..., channels + 1 :], axis=2), 1e-3)
        # The anchor lies a little off the row at which the two halves meet.
        off = view.anchor[1] - split
        off *= down / (view.rect[3] - split) if off > 0 else up / split
        return ScaledSprite(
            np.ascontiguousarray(whole[..., :channels]),
            np.ascontiguousarray(drawn_alpha),
            whole[..., channels + 1 :] / length[..., None],
            (view.anchor[0] * width / view.rect[2], up + off),
        )

    def _halves(self, view: SpriteView, halvings: int, channels: int) -> tuple[F32, F32]:
        """A view's rows above and below its anchor, halved so often: radiance, alpha, normals times alpha.

        Small sprites are scaled from these: the same thing passes at a hundred sizes.
        """
        key = (view, halvings, channels)
        found = self._halved.get(key)
        if found is not None:
            return found
        if halvings:
            upper, lower = (_halved(half) for half in self._halves(view, halvings - 1, channels))
            self._halved[key] = (upper, lower)
            return upper, lower
        colour, normals = self._atlas(view.atlas)
        x, y, width, height = view.rect
        cut = colour[y : y + height, x : x + width]
        alpha = cut[..., 3:].astype(np.float32) / 255.0
        radiance = (cut[..., :3].astype(np.float32) / 255.0) ** 2 * alpha
        if channels == 1:
            radiance = (radiance @ LUMA_BGR)[..., None]
        turned = (normals[y : y + height, x : x + width, ::-1].astype(np.float32) - 127.5) / 127.5 * alpha
        stack = np.concatenate([radiance, alpha, turned], axis=2)
        return stack[: _split(view)], stack[_split(view) :]

    def _atlas(self, name: str) -> tuple[U8, U8]:
        if name not in self._atlases:
            folder = self.folder / "objects"
            self._atlases[name] = _read(folder / f"{name}.webp"), _read(folder / f"{name}.n.webp")[..., :3]
        return self._atlases[name]


def _split(view: SpriteView) -> int:
    """The row of a view at which what is above its anchor ends."""
    return int(np.clip(round(view.anchor[1]), 1, view.rect[3] - 1))


def _halved(stack: F32) -> F32:
    return _resized(stack, (max(1, round(stack.shape[1] / 2)), max(1, round(stack.shape[0] / 2))))


def _resized(stack: F32, size_wh: tuple[int, int]) -> F32:
    """A (h, w, c) stack at another size."""
    is_smaller = size_wh[0] < stack.shape[1] and size_wh[1] < stack.shape[0]
    method = cv2.INTER_AREA if is_smaller else cv2.INTER_LINEAR
    # OpenCV resizes at most four channels at once.
    bands = [
        cv2.resize(np.ascontiguousarray(stack[..., first : first + 4]), size_wh, interpolation=method)
        for first in range(0, stack.shape[2], 4)
    ]
    bands = [band[..., None] if band.ndim == 2 else band for band in bands]
    return np.concatenate(bands, axis=2).astype(np.float32)


def _view(row: Mapping[str, object]) -> SpriteView:
    rect = row["rect"]
    anchor = row["anchor"]
    if not isinstance(rect, list) or not isinstance(anchor, list):
        raise TypeError(f"rect and anchor must be lists: {row}")
    return SpriteView(
        atlas=f"{row['kind']}-{row['variant']}",
        pose=str(row["pose"]),
        phase=int(str(row["phase"])),
        yaw_deg=float(str(row["yaw_deg"])),
        depression_deg=float(str(row["depression_deg"])),
        rect=(int(rect[0]), int(rect[1]), int(rect[2]), int(rect[3])),
        anchor=(float(anchor[0]), float(anchor[1])),
        px_per_m=float(str(row["px_per_m"])),
    )


def _metres(path: Path) -> F32:
    """(h, w) float32 depth of a picture of centimetres; infinite where the sky is."""
    depth = _read(path)
    metres = depth.astype(np.float32) / 100.0
    metres[depth == SKY_CM] = np.inf
    return metres


@lru_cache(maxsize=32)
def _read(path: Path) -> U8:
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise FileNotFoundError(f"{path} is missing or broken; `streetkeeper district parts` makes it anew")
    return np.asarray(picture)
