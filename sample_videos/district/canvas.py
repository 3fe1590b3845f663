"""A camera's plate at one size, ready to be lit: radiance, normals, places and depth per pixel."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_videos.district.episodes.building import Built
from sample_videos.district.heights import CELL_M, HeightField
from sample_videos.district.parts import LUMA_BGR, Plate
from sample_videos.district.shade import shadow_ceiling
from sample_videos.district.weather import sun_direction

__all__ = ["Canvas", "Shadows", "make_canvas"]

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
FAR_M = 1000.0
WALL_OFFSET_M = 0.35
"""A wall is asked for shadow this far before itself, or it would shade itself."""
MAP_EVERY_S = 300.0
STEP_S = 2.0
"""A film's frames share the sun's place for so long: it moves by half a minute of arc."""
PENUMBRA_M = 0.35
LEAF_SHADE = 0.78
"""Share of the sun that a crown takes."""


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """The empty street of one camera at one scale.

    Args:
        scale: Canvas pixels per full-size pixel.
        sky: (h, w, c) float32 radiance under the unit sky.
        lamps: (h, w, c) float32 radiance under the district's lamps at strength 1.
        normals: (h, w, 3) float32, east, north, up.
        places: (h, w, 3) float32 metres, east, north, up.
        depth_m: (h, w) float32 along the optical axis; `FAR_M` where the sky is.
        is_sky: (h, w) bool.
        ground: (h, w) float32, 1 on level ground.
        grain: (h, w) float32 in -1..1, lies on the ground; dapples crowns' shadows and puddles.
        built: What has been built onto the empty street.
    """

    scale: float
    sky: F32
    lamps: F32
    normals: F32
    places: F32
    depth_m: F32
    is_sky: NDArray[np.bool_]
    ground: F32
    grain: F32
    built: tuple[Built, ...] = ()

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height."""
        return self.depth_m.shape[1], self.depth_m.shape[0]

    @property
    def channels(self) -> int:
        """3 for colour, 1 for luma alone."""
        return int(self.sky.shape[2])


class Shadows:
    """Where the sun reaches, on any canvas.

    Shadow maps are made every few minutes and blended between, so that shadows creep and never jump.
    One of these serves the canvases of one camera.

    Args:
        heights: What always stands there.
    """

    def __init__(self, heights: HeightField) -> None:
        self._heights = heights
        self._maps: dict[int, tuple[F32, F32]] = {}
        self._lit_by: dict[tuple[float, tuple[Built, ...], int], F32] = {}
        self._lit_of: dict[float, tuple[tuple[Built, ...], int, F32]] = {}

    def lit(self, canvas: Canvas, t: float) -> F32:
        """(h, w) share of the sun that reaches each pixel; without meaning while the sun is down."""
        step = int(t // STEP_S)
        built, known, lit = self._lit_of.get(canvas.scale, (None, None, None))
        if known != step or built != canvas.built or lit is None:
            before, after, share = _between(step * STEP_S)
            lit = cv2.addWeighted(
                self._canvas_lit(canvas, before), 1 - share, self._canvas_lit(canvas, after), share, 0.0
            ).astype(np.float32)
            self._lit_of[canvas.scale] = (canvas.built, step, lit)
        return lit

    def at_places(self, places: F64, t: float) -> F32:
        """(N,) share of the sun that reaches (N, 3) places."""
        east, north, up = (places[None, :, axis].astype(np.float32) for axis in range(3))
        before, after, share = _between(t)
        level = np.zeros_like(up)
        first = self._lit(east, north, up, level, before)
        return np.asarray((first * (1 - share) + self._lit(east, north, up, level, after) * share)[0])

    def _canvas_lit(self, canvas: Canvas, number: int) -> F32:
        """(h, w) by one of the shadow maps; kept, since a canvas asks for it for minutes."""
        key = (canvas.scale, canvas.built, number)
        if key not in self._lit_by:
            east = canvas.places[..., 0] + WALL_OFFSET_M * canvas.normals[..., 0]
            north = canvas.places[..., 1] + WALL_OFFSET_M * canvas.normals[..., 1]
            stale = [
                known
                for known in self._lit_by
                if known[0] == key[0] and (known[1] != key[1] or abs(known[2] - number) > 1)
            ]
            for known in stale:
                del self._lit_by[known]
            self._lit_by[key] = self._lit(east, north, canvas.places[..., 2], canvas.grain, number)
        return self._lit_by[key]

    def _lit(self, east: F32, north: F32, up: F32, grain: F32, number: int) -> F32:
        columns = ((east - self._heights.west_m) / CELL_M - 0.5).astype(np.float32)
        rows = ((north - self._heights.south_m) / CELL_M - 0.5).astype(np.float32)
        solid, crowns = self._map(number)
        by_solid = _above(solid, columns, rows, up, PENUMBRA_M)
        by_crowns = _above(crowns, columns, rows, up + 0.6 * grain, 2.5 * PENUMBRA_M)
        return np.asarray(by_solid * (1 - LEAF_SHADE * (1 - by_crowns)), np.float32)

    def _map(self, step: int) -> tuple[F32, F32]:
        if step not in self._maps:
            sun = sun_direction(step * MAP_EVERY_S)
            self._maps = {number: kept for number, kept in self._maps.items() if abs(number - step) <= 1}
            self._maps[step] = (
                shadow_ceiling(self._heights.solid_m, CELL_M, sun),
                shadow_ceiling(self._heights.crown_top_m, CELL_M, sun),
            )
        return self._maps[step]


def _between(t: float) -> tuple[int, int, float]:
    """The shadow maps before and after a moment, and how far it is from the one to the other, 0..1."""
    number = int(t // MAP_EVERY_S)
    return number, number + 1, float(t / MAP_EVERY_S - number)


def _above(ceiling: F32, columns: F32, rows: F32, up: F32, soft_m: float) -> F32:
    """Share of the sun at heights over a shadow map, with a soft edge."""
    over = up - cv2.remap(ceiling, columns, rows, cv2.INTER_LINEAR, borderValue=-2.0)
    return np.asarray(np.clip(over / soft_m + 0.5, 0, 1), np.float32)


def make_canvas(
    plate: Plate, maps: tuple[F32, F32], rays: F32, position: F64, scale: float, channels: int
) -> Canvas:
    """A plate as the lens shows it, at a scale.

    Args:
        plate: The pinhole plate.
        maps: (h, w) columns and rows of the plate for each full-size pixel of the lens' picture.
        rays: (h, w, 3) float32 per full-size pixel: the ray in the world, scaled to depth 1.
        position: (3,) of the camera.
        scale: Canvas pixels per full-size pixel.
        channels: 3 for colour, 1 for luma alone.
    """
    size = (round(maps[0].shape[1] * scale), round(maps[0].shape[0] * scale))
    columns, rows = maps
    depth = np.asarray(cv2.remap(plate.depth_m, columns, rows, cv2.INTER_NEAREST), np.float32)
    far = ~np.isfinite(depth) | (depth > FAR_M)
    depth = np.where(far, FAR_M, depth).astype(np.float32)
    # Means over an edge would be places in the air, so depth and places take one of the pixels.
    small_depth = np.asarray(cv2.resize(depth, size, interpolation=cv2.INTER_NEAREST), np.float32)
    small_rays = cv2.resize(rays, size, interpolation=cv2.INTER_AREA)
    places = (position + small_rays * small_depth[..., None]).astype(np.float32)
    seen = cv2.remap(plate.normals[..., ::-1], columns, rows, cv2.INTER_LINEAR).astype(np.float32)
    normals = np.asarray(cv2.resize(seen / 127.5 - 1.0, size, interpolation=cv2.INTER_AREA), np.float32)
    length = np.linalg.norm(normals, axis=2, keepdims=True)
    normals = np.where(length > 0.2, normals / np.maximum(length, 1e-6), 0).astype(np.float32)
    ground = ((normals[..., 2] > 0.8) & (places[..., 2] < 0.6)).astype(np.float32)
    return Canvas(
        scale=scale,
        sky=_radiance(plate.sky, maps, size, channels),
        lamps=_radiance(plate.lamps, maps, size, channels) * np.float32(plate.lamps_factor),
        normals=normals,
        places=places,
        depth_m=small_depth,
        is_sky=cv2.resize(far.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0,
        ground=ground,
        grain=_grain(places),
    )


def _radiance(picture: NDArray[np.uint8], maps: tuple[F32, F32], size: tuple[int, int], channels: int) -> F32:
    seen = cv2.remap(picture, maps[0], maps[1], cv2.INTER_LINEAR)
    linear = (seen.astype(np.float32) / 255.0) ** 2
    if channels == 1:
        linear = linear @ LUMA_BGR
    small = cv2.resize(linear, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small if small.ndim == 3 else small[..., None], np.float32)


def _grain(places: F32) -> F32:
    """A pattern that lies in the world, so that it does not swim with the picture."""
    rough = np.random.default_rng(11).normal(0, 1, (512, 512)).astype(np.float32)
    table = np.asarray(cv2.GaussianBlur(rough, (0, 0), 2.0), np.float32)
    table /= float(np.abs(table).max())
    columns = np.mod(places[..., 0] * 6.0 + places[..., 2] * 2.0, 511).astype(np.float32)
    rows = np.mod(places[..., 1] * 6.0, 511).astype(np.float32)
    return np.asarray(cv2.remap(table, columns, rows, cv2.INTER_LINEAR), np.float32)
