"""Ties one camera, the parts and a world together: where each thing falls in the camera's picture."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sample_videos.district.built import with_built
from sample_videos.district.cameras import CAMERAS, DistrictCamera
from sample_videos.district.canvas import Canvas, Shadows, make_canvas
from sample_videos.district.catalogue import CATALOGUE
from sample_videos.district.compose import CameraState, Composer, Scene
from sample_videos.district.episodes.building import Built
from sample_videos.district.heights import district_heights
from sample_videos.district.layout import DISTRICT
from sample_videos.district.parts import Parts
from sample_videos.district.sprites import Drawn
from sample_videos.district.things import Placed, footprint_en
from sample_videos.district.weather import Sky, Weather

__all__ = ["Stage", "drawn_of", "make_composer"]

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
BEAM_M = np.array([[-0.8, 2.6], [0.8, 2.6], [2.2, 14.0], [-2.2, 14.0]])
"""Ground that headlights reach: to the right and ahead of a vehicle."""
GLARE_WITHIN_DEG = 40.0
KEPT = 2000
"""Placed things whose drawing is kept; passers fill it up within the hour."""


class Stage(Protocol):
    """What happens before a camera."""

    @property
    def seed(self) -> int:
        """Seed of the world."""
        ...

    def placed(self, camera_id: str, t: float) -> Sequence[Placed]:
        """Everything that is drawn over the empty street."""
        ...

    def state(self, camera_id: str, t: float) -> CameraState:
        """What is wrong with the camera."""
        ...

    def sky(self, t: float) -> Sky:
        """Clouds and rain."""
        ...

    def built(self, camera_id: str, t: float) -> tuple[Built, ...]:
        """What has been built onto the houses before the camera."""
        ...


def make_composer(camera: DistrictCamera, stage: Stage, parts: Parts) -> Composer:
    """The composer of one camera's pictures.

    Args:
        camera: The camera.
        stage: What happens before it.
        parts: The renders.
    """
    heights = district_heights()
    scene = Scene(
        seed=stage.seed,
        camera_seed=CAMERAS.index(camera),
        size_wh=camera.size_wh,
        weather=Weather(stage.sky),
        shadows=Shadows(heights),
        drawn=_drawer(camera, stage, parts),
        state=partial(stage.state, camera.id),
        sway=_crowns(camera),
        built=partial(stage.built, camera.id),
    )
    return Composer(scene, _Canvases(camera, parts).make)


def drawn_of(placed: Placed, camera: DistrictCamera, parts: Parts) -> Drawn | None:
    """A placed thing as it is drawn in a camera's picture, or None where it is behind the camera."""
    east, north = placed.east_m, placed.north_m
    foot = np.array([[east, north, 0.0]])
    depth = float(camera.depth(foot)[0])
    if depth < 2.0:
        return None
    asset = CATALOGUE[placed.asset]
    eye = camera.place_enu
    level = np.array([east, north]) - eye[:2]
    distance = max(float(np.hypot(*level)), 1e-3)
    away = level / distance
    toward = np.array([[away[1], -away[0]], away])
    depression = float(np.degrees(np.arctan2(eye[2], distance)))
    bearing = camera.bearing_deg(east, north)
    view = parts.view(
        f"{placed.asset}-{placed.variant}",
        placed.pose,
        placed.phase,
        (placed.yaw_deg - bearing) % 360,
        depression,
    )
    # One metre to the right, away and up, as the lens shows them at this place.
    steps = np.array([[0.0, 0.0, 0.0], [*toward[0], 0.0], [*toward[1], 0.0], [0.0, 0.0, 1.0]])
    pixels = camera.project(foot + steps)
    if not np.isfinite(pixels).all():
        return None
    across, deep, tall = (float(np.hypot(*(pixels[row] - pixels[0]))) for row in (1, 2, 3))
    dip = np.radians(view.depression_deg)
    scale = across / view.px_per_m * placed.scale
    above = tall / across / float(np.cos(dip))
    below = deep / across / float(np.sin(dip))
    reach = np.array(view.rect[2:]) * scale
    x, y = pixels[0]
    left, top = x - view.anchor[0] * scale, y - view.anchor[1] * scale * above
    turn = np.radians(placed.yaw_deg)
    axes = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    facing = abs((placed.yaw_deg - bearing + 180) % 360 - 180)
    return Drawn(
        sprite=lambda at, channels: parts.scaled(view, scale * at, above, below, channels),
        anchor_px=(float(x), float(y)),
        box_px=(float(left), float(top), float(left + reach[0]), float(top + reach[1] * max(above, below))),
        depth_m=depth,
        place=(east, north),
        height_m=asset.size_m[2] * placed.scale,
        toward=toward,
        hull=footprint_en(placed),
        project=camera.project,
        tint=placed.tint_bgr,
        beam=np.array([east, north]) + BEAM_M @ axes if placed.has_lights else None,
        glare=max(0.0, 1 - facing / GLARE_WITHIN_DEG) if placed.has_lights else 0.0,
    )


def _drawer(camera: DistrictCamera, stage: Stage, parts: Parts) -> Callable[[float], Sequence[Drawn]]:
    """Drawn things by time; what stands still is worked out once in a while."""
    kept: dict[Placed, Drawn | None] = {}

    def drawn(t: float) -> Sequence[Drawn]:
        things = []
        for placed in stage.placed(camera.id, t):
            if placed not in kept:
                if len(kept) > KEPT:
                    kept.clear()
                kept[placed] = drawn_of(placed, camera, parts)
            thing = kept[placed]
            if thing is not None:
                things.append(thing)
        return things

    return drawn


class _Canvases:
    """Makes the canvases of one camera; what the lens does to every pixel is worked out once for all.

    Args:
        camera: The camera.
        parts: The renders.
    """

    def __init__(self, camera: DistrictCamera, parts: Parts) -> None:
        self._camera = camera
        self._parts = parts
        self._lens: tuple[tuple[F32, F32], F32] | None = None

    def make(self, scale: float, channels: int, built: tuple[Built, ...]) -> Canvas:
        """The canvas at a scale, with what is built."""
        if self._lens is None:
            self._lens = _lens(self._camera)
        maps, rays = self._lens
        plate = with_built(self._parts.plate(self._camera.id), self._camera, built, self._parts)
        canvas = make_canvas(plate, maps, rays, self._camera.place_enu, scale, channels)
        return replace(canvas, built=built)


def _lens(camera: DistrictCamera) -> tuple[tuple[F32, F32], F32]:
    """Columns and rows of the plate, each (h, w), and rays of depth 1 (h, w, 3), of each pixel."""
    width, height = camera.size_wh
    columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    straight = camera.straightened(np.column_stack([columns.ravel(), rows.ravel()]))
    middle = np.array(camera.size_wh) / 2
    on_plate = (straight - middle + np.array(camera.plate_wh) / 2 - 0.5).astype(np.float32)
    # A ray's third part before turning is 1: so it reaches depth 1.
    across = (straight - middle) / camera.focal_px
    rays = np.column_stack([across, np.ones(len(across))]) @ camera.rotation
    return (
        (on_plate[:, 0].reshape(height, width), on_plate[:, 1].reshape(height, width)),
        rays.reshape(height, width, 3).astype(np.float32),
    )


def _crowns(camera: DistrictCamera) -> list[tuple[float, float, float, float]]:
    """Boxes of the trees' crowns in the picture."""
    boxes = []
    for tree in DISTRICT.trees:
        middle = np.array([[tree.east_m, tree.north_m, (tree.height_m + tree.clear_m) / 2]])
        depth = float(camera.depth(middle)[0])
        if depth < 3.0:
            continue
        x, y = camera.project(middle)[0]
        reach_x = camera.focal_px * tree.crown_radius_m / depth
        reach_y = camera.focal_px * (tree.height_m - tree.clear_m) / 2 / depth
        box = (float(x - reach_x), float(y - reach_y), float(x + reach_x), float(y + reach_y))
        inside = box[0] < camera.size_wh[0] and box[1] < camera.size_wh[1] and box[2] > 0 and box[3] > 0
        if np.isfinite(box).all() and inside:
            boxes.append(box)
    return boxes
