"""Puts sprites into a street: scaled, lit, hidden by what stands before them, with their shadows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_videos.district.canvas import Canvas
from sample_videos.district.parts import LUMA_BGR, ScaledSprite
from sample_videos.district.weather import Light

__all__ = ["Drawn", "Projection", "SpriteMaker", "cast_shadows", "draw", "headlights"]

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
SUBPIXEL = 4
"""Bits of a pixel for polygons."""
DEPTH_SLACK_M = 0.5
"""A thing hides behind what is this much nearer; renders and sprites do not agree to the centimetre."""
FARTHEST_PX = 20_000.0
"""Pixels beyond which a place is as good as behind the camera."""
CONTACT = 0.45
"""Share of the sky's light that a thing takes from the ground under it."""
SUN_SHADOW = 0.93


class SpriteMaker(Protocol):
    """Gives a thing's sprite."""

    def __call__(self, scale: float, channels: int) -> ScaledSprite:
        """The sprite at canvas pixels per full-size pixel."""
        ...


class Projection(Protocol):
    """Where places are in the full-size picture."""

    def __call__(self, east_north_up_m: F64, /) -> F64:
        """(N, 3) metres as (N, 2) pixels; NaN behind the camera."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A thing at its place in one camera's picture.

    Args:
        sprite: Gives the sprite for (scale, channels): canvas pixels per full-size pixel.
        anchor_px: Where its footprint's centre stands, full-size pixels.
        box_px: x1, y1, x2, y2 of what is drawn, full-size pixels.
        depth_m: Of its footprint's centre, along the optical axis.
        place: East, north of it.
        height_m: Of the thing.
        toward: (2, 2) unit vectors east, north: the viewer's right, and away from the viewer.
        hull: (N, 2) east, north of its footprint, in order.
        project: East, north, up (N, 3) to full-size pixels (N, 2).
        tint: Factor for blue, green, red.
        beam: (N, 2) east, north of the ground that its headlights reach; None without headlights.
        glare: How much its headlights shine into the camera, 0 to 1.
    """

    sprite: SpriteMaker
    anchor_px: tuple[float, float]
    box_px: tuple[float, float, float, float]
    depth_m: float
    place: tuple[float, float]
    height_m: float
    toward: F64
    hull: F64
    project: Projection
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    beam: F64 | None = None
    glare: float = 0.0
    _kept: dict[str, F64] = field(default_factory=dict, repr=False)

    @property
    def hull_px(self) -> F64:
        """(N, 2) full-size pixels of its footprint; NaN behind the camera."""
        return self._once("hull", self.hull)

    @property
    def contact_px(self) -> F64:
        """(N, 2) full-size pixels of the ground under and close about it."""
        return self._once("contact", self.hull * 1.06 - np.array(self.place) * 0.06)

    def _once(self, name: str, ground: F64) -> F64:
        """Places on the ground as pixels, worked out once."""
        if name not in self._kept:
            self._kept[name] = _on_ground(self, ground)
        return self._kept[name]

    def box_touches(self, size_wh: tuple[int, int]) -> bool:
        """Whether any of it lies in the picture."""
        x1, y1, x2, y2 = self.box_px
        return x2 > 0 and y2 > 0 and x1 < size_wh[0] and y1 < size_wh[1]


def draw(radiance: F32, canvas: Canvas, thing: Drawn, light: Light, lit: float) -> None:
    """Put one thing into the street's radiance, in place; nearer things come after farther ones.

    Args:
        radiance: (h, w, c) of the street so far.
        canvas: The empty street.
        thing: What is drawn.
        light: The light.
        lit: Share of the sun that reaches the thing.
    """
    sprite = thing.sprite(canvas.scale, canvas.channels)
    anchor_x, anchor_y = thing.anchor_px[0] * canvas.scale, thing.anchor_px[1] * canvas.scale
    left, top = round(anchor_x - sprite.anchor[0]), round(anchor_y - sprite.anchor[1])
    window, inside = _overlap((left, top), sprite.alpha.shape, canvas.size_wh)
    if window is None or inside is None:
        return
    # The ground is flat: what stands on it is never hidden by it, however far its front reaches.
    shown = (canvas.depth_m[window] > thing.depth_m - DEPTH_SLACK_M) | (canvas.ground[window] > 0)
    alpha = (sprite.alpha[inside] * shown)[..., None]
    sun = np.array([*(thing.toward @ light.sun[:2]), light.sun[2]], np.float32)
    facing = np.maximum(sprite.normals[inside] @ sun, 0) * np.float32(lit)
    light_in = facing[..., None] * _colour(light.sun_bgr, thing, canvas.channels)
    light_in += _colour(light.sky_bgr, thing, canvas.channels)
    if light.lamps > 0:
        light_in += _lamplight(canvas, (anchor_x, anchor_y)) * light.lamps
    light_in *= sprite.radiance[inside]
    light_in *= shown[..., None]
    part = radiance[window]
    part *= 1 - alpha
    part += light_in


def cast_shadows(sun: F32, near_sky: F32, canvas: Canvas, drawn: Sequence[Drawn], light: Light) -> None:
    """Take from the sun and from the sky what things on the ground take; both (h, w) in place."""
    contact = np.zeros(sun.shape, np.uint8)
    shade = np.zeros(sun.shape, np.uint8)
    level = float(np.hypot(light.sun[0], light.sun[1]))
    has_sun = light.sun[2] > 0.03 and float(light.sun_bgr.max()) > 0.01
    away = -light.sun[:2] / max(level, 1e-6)
    longest = level / max(float(light.sun[2]), 1e-6)
    for thing in drawn:
        _fill(contact, thing.contact_px * canvas.scale)
        if has_sun:
            middle = np.array(thing.place)
            top = middle + (thing.hull - middle) * 0.85 + away * min(14.0, thing.height_m * longest)
            _fill(shade, np.vstack([thing.hull_px, _on_ground(thing, top)]) * canvas.scale)
    side = max(1, round(5 * canvas.scale)) * 2 + 1
    near_sky -= CONTACT / 255 * cv2.blur(contact, (side, side)) * canvas.ground
    if has_sun:
        soft = max(1, round(1.5 * canvas.scale)) * 2 + 1
        sun *= 1 - SUN_SHADOW / 255 * cv2.blur(shade, (soft, soft)) * canvas.ground


def headlights(radiance: F32, canvas: Canvas, drawn: Sequence[Drawn], strength: float) -> None:
    """Pools of headlights on the ground and their glare into the lens, in place.

    Args:
        radiance: (h, w, c) of the street.
        canvas: The street.
        drawn: Things; those without a beam have no headlights.
        strength: Radiance of a pool on white ground.
    """
    pools = np.zeros(radiance.shape[:2], np.uint8)
    for thing in drawn:
        if thing.beam is not None:
            _fill(pools, _on_ground(thing, thing.beam) * canvas.scale)
        if thing.glare > 0:
            _glare(radiance, canvas, thing, 6 * strength * thing.glare)
    if pools.any():
        side = max(1, round(20 * canvas.scale)) * 2 + 1
        share = cv2.blur(pools, (side, side)).astype(np.float32) * (strength / 255)
        radiance += canvas.sky * (share * canvas.ground)[..., None]


def _glare(radiance: F32, canvas: Canvas, thing: Drawn, strength: float) -> None:
    lamp = thing.project(np.array([[*thing.place, 0.7]]))[0] * canvas.scale
    if not np.isfinite(lamp).all():
        return
    reach = max(2, round(26 * canvas.scale))
    window, inside = _overlap(
        (round(float(lamp[0])) - reach, round(float(lamp[1])) - reach), (2 * reach + 1,) * 2, canvas.size_wh
    )
    if window is None or inside is None:
        return
    steps = np.linspace(-1, 1, 2 * reach + 1, dtype=np.float32)
    spot = np.exp(-14 * (steps[None, :] ** 2 + steps[:, None] ** 2)) + 0.12 * np.exp(
        -3 * (steps[None, :] ** 2 + steps[:, None] ** 2)
    )
    radiance[window] += (spot[inside] * np.float32(strength))[..., None]


def _on_ground(thing: Drawn, ground: F64) -> F64:
    """(N, 2) full-size pixels of (N, 2) places on the ground."""
    return thing.project(np.column_stack([ground, np.zeros(len(ground))]))


def _fill(mask: NDArray[np.uint8], pixels: F64) -> None:
    """Fill the convex hull of (N, 2) pixels, from the mask's corner, into a mask."""
    if not float(np.abs(pixels).max()) < FARTHEST_PX:
        return
    points = np.rint((pixels - 0.5) * (1 << SUBPIXEL)).astype(np.int32)
    cv2.fillConvexPoly(mask, cv2.convexHull(points), 255, lineType=cv2.LINE_AA, shift=SUBPIXEL)


def _lamplight(canvas: Canvas, anchor_px: tuple[float, float]) -> F32:
    """(c,) how strongly lamps light the ground around a point, against the sky."""
    width, height = canvas.size_wh
    x, y = min(max(round(anchor_px[0]), 2), width - 3), min(max(round(anchor_px[1]), 2), height - 3)
    window = (slice(y - 2, y + 3), slice(x - 2, x + 3))
    sky = canvas.sky[window].mean(axis=(0, 1)) + 0.02
    return np.asarray(canvas.lamps[window].mean(axis=(0, 1)) / sky, np.float32)


def _colour(bgr: F64, thing: Drawn, channels: int) -> F32:
    colour = (bgr * np.array(thing.tint)).astype(np.float32)
    return colour if channels == 3 else np.array([float(colour @ LUMA_BGR)], np.float32)


def _overlap(
    corner: tuple[int, int], shape_hw: tuple[int, ...], size_wh: tuple[int, int]
) -> tuple[tuple[slice, slice] | None, tuple[slice, slice] | None]:
    """Where a patch lies on the canvas, and which part of the patch that is; None where outside."""
    left, top = corner
    height, width = shape_hw[:2]
    x1, y1 = max(0, left), max(0, top)
    x2, y2 = min(size_wh[0], left + width), min(size_wh[1], top + height)
    if x2 <= x1 or y2 <= y1:
        return None, None
    return (slice(y1, y2), slice(x1, x2)), (slice(y1 - top, y2 - top), slice(x1 - left, x2 - left))
