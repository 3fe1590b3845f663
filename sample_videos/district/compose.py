"""Composes what a camera of the district shows at a time, at any scale and for any part of the picture."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_videos.district.canvas import Canvas, Shadows
from sample_videos.district.episodes.building import Built
from sample_videos.district.lens import (
    Pose,
    add_noise,
    develop,
    exposure_gain,
    noise_sigma,
    shake,
    smear,
    warp,
)
from sample_videos.district.parts import LUMA_BGR
from sample_videos.district.sprites import Drawn, cast_shadows, draw, headlights
from sample_videos.district.weather import LAMP_STRENGTH, Light, Weather
from vision.types import Box, Planes

__all__ = ["CameraState", "ComposedPicture", "Composer", "Scene"]

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
HEADLIGHTS = 0.02
"""Radiance of a headlight's pool on white ground."""
WET_DARKENS = 0.38
WET_MIRRORS = 0.22
RAIN_VEIL = 0.10


@dataclass(frozen=True, slots=True)
class CameraState:
    """What is wrong with a camera at a time.

    Args:
        nudge: How far its mount was turned.
        dirt: 0 clean to 1 hardly sees.
    """

    nudge: Pose = field(default_factory=Pose)
    dirt: float = 0.0


CanvasMaker = Callable[[float, int, tuple[Built, ...]], Canvas]


@dataclass(frozen=True, slots=True)
class Scene:
    """What a camera shows, as functions of time.

    Args:
        seed: Of the world.
        camera_seed: Of the camera: its shake, dirt and noise.
        size_wh: Of its picture.
        weather: The light.
        shadows: Of what always stands there.
        drawn: Things, people and vehicles in the picture, in any order.
        state: What is wrong with the camera.
        sway: Trees in the picture as full-size boxes.
        built: What has been built onto the houses.
    """

    seed: int
    camera_seed: int
    size_wh: tuple[int, int]
    weather: Weather
    shadows: Shadows
    drawn: Callable[[float], Sequence[Drawn]]
    state: Callable[[float], CameraState]
    sway: Sequence[tuple[float, float, float, float]] = ()
    built: Callable[[float], tuple[Built, ...]] = lambda _: ()


class Composer:
    """One camera's pictures.

    Args:
        scene: What it shows.
        canvas: Gives the empty street at a scale and number of channels, with what is built there; kept once
            made, until something is built.
    """

    def __init__(self, scene: Scene, canvas: CanvasMaker) -> None:
        self._scene = scene
        self._make = canvas
        self._canvases: dict[tuple[float, int], Canvas] = {}

    @property
    def size_wh(self) -> tuple[int, int]:
        """Size of the camera's picture."""
        return self._scene.size_wh

    def picture(self, t: float) -> "ComposedPicture":
        """The picture at a time; nothing is composed before it is asked for."""
        return ComposedPicture(self, t)

    def frame(self, t: float) -> U8:
        """The whole picture at full size: (h, w, 3) uint8 BGR."""
        levels = self._levels(t, 1.0, 3)
        return np.asarray(np.clip(np.rint(levels), 0, 255), np.uint8)

    def luma(self, t: float, size_wh: tuple[int, int]) -> U8:
        """The luma of the picture at a small size: (h, w) uint8, limited range as decoders give it."""
        scale = size_wh[0] / self._scene.size_wh[0]
        levels = self._levels(t, scale, 1)[..., 0]
        if (levels.shape[1], levels.shape[0]) != size_wh:
            levels = np.asarray(cv2.resize(levels, size_wh, interpolation=cv2.INTER_AREA), np.float32)
        return np.asarray(np.clip(np.rint(16 + levels * (219 / 255)), 16, 235), np.uint8)

    def _levels(self, t: float, scale: float, channels: int) -> F32:
        """Grey levels 0 to 255 of the picture at a scale, noise and all: (h, w, c)."""
        scene, canvas = self._scene, self._canvas(scale, channels, t)
        light, state = scene.weather.light(t), scene.state(t)
        drawn = [thing for thing in scene.drawn(t) if thing.box_touches(scene.size_wh)]
        drawn.sort(key=lambda thing: -thing.depth_m)
        radiance = self._street(canvas, light, drawn, t)
        if light.lamps > 0:
            headlights(radiance, canvas, drawn, HEADLIGHTS * light.lamps / LAMP_STRENGTH)
        lit = self._lit_things(drawn, light, t)
        for thing, share in zip(drawn, lit, strict=True):
            draw(radiance, canvas, thing, light, share)
        radiance = self._air(radiance, canvas, light, t)
        gain = exposure_gain(scene.weather, t)
        levels = develop(radiance, gain)
        pose = shake(scene.seed, scene.camera_seed, t).plus(state.nudge)
        levels = warp(levels, pose, scene.size_wh, scale)
        levels = levels if levels.ndim == 3 else levels[..., None]
        levels = smear(levels, state.dirt, scene.camera_seed)
        levels = levels if levels.ndim == 3 else levels[..., None]
        # Averaging to a smaller size averages the noise too; codecs leave a third of it correlated.
        sigma = noise_sigma(gain) * max(scale, 0.12) ** 0.85
        key = (scene.seed, scene.camera_seed, round(t * 1000))
        return add_noise(levels, sigma, key)

    def _street(self, canvas: Canvas, light: Light, drawn: Sequence[Drawn], t: float) -> F32:
        """The empty street in this light, with the shadows of what stands and passes on it."""
        sun = np.zeros(canvas.depth_m.shape, np.float32)
        if float(light.sun_bgr.max()) > 0:
            facing = canvas.normals @ light.sun.astype(np.float32)
            sun = np.maximum(facing, 0) * self._scene.shadows.lit(canvas, t)
        near_sky = np.ones(canvas.depth_m.shape, np.float32)
        cast_shadows(sun, near_sky, canvas, drawn, light)
        sky_bgr, sun_bgr = (_channels(value, canvas.channels) for value in (light.sky_bgr, light.sun_bgr))
        light_in = near_sky[..., None] * sky_bgr + sun[..., None] * sun_bgr
        radiance = canvas.sky * light_in
        if light.lamps > 0:
            radiance += canvas.lamps * (near_sky[..., None] * np.float32(light.lamps))
        if light.wet > 0:
            radiance *= (1 - WET_DARKENS * light.wet * canvas.ground)[..., None]
            radiance += (WET_MIRRORS * light.wet * canvas.ground * _grazing(canvas))[..., None] * (
                sky_bgr * 0.35 + self._mirrored(canvas, radiance)
            )
        radiance[canvas.is_sky] = sky_bgr * 0.9
        return self._swayed(radiance, canvas, t)

    def _lit_things(self, drawn: Sequence[Drawn], light: Light, t: float) -> Sequence[float]:
        """Share of the sun that reaches each thing's middle."""
        if not drawn or float(light.sun_bgr.max()) <= 0:
            return [0.0] * len(drawn)
        middles = np.array([[*thing.place, 0.5 * thing.height_m] for thing in drawn])
        return [float(share) for share in self._scene.shadows.at_places(middles, t)]

    def _mirrored(self, canvas: Canvas, radiance: F32) -> F32:
        """What wet ground mirrors: the picture above it, blurred downwards."""
        del canvas
        height = radiance.shape[0]
        flipped = np.roll(radiance[::-1], height // 3, axis=0)
        blurred = cv2.blur(flipped, (3, max(3, height // 12 * 2 + 1)))
        return np.asarray(blurred if blurred.ndim == 3 else blurred[..., None], np.float32)

    def _swayed(self, radiance: F32, canvas: Canvas, t: float) -> F32:
        """Trees' crowns moved by the wind, each in its own time."""
        scale = canvas.scale
        for number, (x1, y1, x2, y2) in enumerate(self._scene.sway):
            left, top = max(0, int(x1 * scale)), max(0, int(y1 * scale))
            right, bottom = int(np.ceil(x2 * scale)), int(np.ceil(y2 * scale))
            window = radiance[top:bottom, left:right]
            if window.shape[0] < 3 or window.shape[1] < 3:
                continue
            wind = 1.2 + 1.0 * np.sin(t / 97.0 + number)
            dx = wind * np.sin(2 * np.pi * 0.31 * t + 1.7 * number) * 2.2 * scale
            dy = wind * np.sin(2 * np.pi * 0.23 * t + 2.9 * number) * 1.3 * scale
            size = (window.shape[1], window.shape[0])
            move = np.array([[1.0, 0.0, dx], [0.0, 1.0, dy]])
            moved = cv2.warpAffine(window, move, size, borderMode=cv2.BORDER_REPLICATE)
            moved = moved if moved.ndim == 3 else moved[..., None]
            soft = _oval(size)[..., None]
            window *= 1 - soft
            window += moved * soft
        return radiance

    def _air(self, radiance: F32, canvas: Canvas, light: Light, t: float) -> F32:
        """Haze and rain between the camera and what it sees."""
        veil = 1 - (1 - light.haze) ** (np.minimum(canvas.depth_m, 400.0) / 100.0)
        air = _channels(light.sky_bgr * 0.75, canvas.channels)
        through = radiance * (1 - veil[..., None]) + veil[..., None] * air
        if light.rain > 0.02:
            streaks = _streaks(
                (canvas.depth_m.shape[0], canvas.depth_m.shape[1]), round(t * 25), canvas.scale
            )
            through += (RAIN_VEIL * light.rain * streaks)[..., None] * air
        return np.asarray(through, np.float32)

    def _canvas(self, scale: float, channels: int, t: float) -> Canvas:
        key, built = (scale, channels), self._scene.built(t)
        if key not in self._canvases or self._canvases[key].built != built:
            self._canvases[key] = self._make(scale, channels, built)
        return self._canvases[key]


@dataclass(slots=True)
class ComposedPicture:
    """A look that is composed as far as someone looks at it.

    Args:
        composer: Composes it.
        t: Its time.
    """

    composer: Composer
    t: float
    _planes: Planes | None = None

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.composer.size_wh

    def luma_small(self, size_wh: tuple[int, int]) -> U8:
        """Luma at a small size: (h, w) uint8; the full picture is not composed for it."""
        return self.composer.luma(self.t, size_wh)

    def bgr(self, box: Box | None = None) -> U8:
        """The picture, or the part inside `box`, as (h, w, 3) uint8 BGR at full size."""
        if self._planes is None:
            self._planes = Planes.from_bgr(self.composer.frame(self.t))
        return self._planes.bgr(box)


def _channels(bgr: NDArray[np.float64], channels: int) -> F32:
    """A colour as it is on a canvas."""
    colour = bgr.astype(np.float32)
    return colour if channels == 3 else np.array([float(colour @ LUMA_BGR)], np.float32)


def _grazing(canvas: Canvas) -> F32:
    """(h, w) how flat the ground is seen: far ground mirrors most."""
    flat = np.clip(canvas.depth_m / 45.0, 0.15, 1.0) * (0.55 + 0.45 * canvas.grain)
    return np.asarray(flat, np.float32)


_OVALS: dict[tuple[int, int], F32] = {}


def _oval(size_wh: tuple[int, int]) -> F32:
    """(h, w) 1 in the middle of an oval, 0 at its edge."""
    if size_wh not in _OVALS:
        x = np.linspace(-1, 1, size_wh[0], dtype=np.float32)
        y = np.linspace(-1, 1, size_wh[1], dtype=np.float32)
        distance = np.hypot(x[None, :], y[:, None])
        _OVALS[size_wh] = np.asarray(np.clip((1 - distance) * 3, 0, 1), np.float32)
    return _OVALS[size_wh]


def _streaks(shape_hw: tuple[int, int], number: int, scale: float) -> F32:
    """(h, w) falling drops of one moment, 0..1."""
    rng = np.random.default_rng([number, 5])
    height, width = shape_hw
    drops = (rng.random((height, width), dtype=np.float32) > 0.995).astype(np.float32)
    length = max(1, round(22 * scale))
    fallen = cv2.blur(drops, (1, length)) * length
    return np.asarray(np.clip(fallen, 0, 1), np.float32)
