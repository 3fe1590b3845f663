"""From radiance to the picture that a camera gives: shake, exposure, tone, dirt, rain drops and noise."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_videos.district.weather import Weather

__all__ = ["Pose", "add_noise", "develop", "exposure_gain", "noise_sigma", "shake", "smear", "warp"]

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]

MIDDLE = 0.24
"""Radiance after exposure that a street's mean is brought to; a grey card."""
ADAPTATION = 0.9
"""Share of a change of light (in logarithms) that the exposure follows."""
MOST_GAIN = 110.0
"""Beyond this a camera of this class gives up, and the night stays dark."""
LAG_S = 3.0
STREET_ALBEDO = 0.27
LAMPLIT = 0.022
"""Light of the lamps on the mean of what a camera sees, at strength 1: from the eight plates."""
GAMMA = 2.2
SHOULDER = 0.72
"""Signal from which highlights are compressed."""
READ_NOISE = 1.1
SHOT_NOISE = 0.75
"""Noise in grey levels at gain 1; it grows with the root of the gain. Typical of 1/2.8-inch sensors."""
SHAKE_HZ = (0.7, 1.9, 4.3)


@dataclass(frozen=True, slots=True)
class Pose:
    """How far a picture lies from where it was calibrated, full-size pixels.

    Args:
        dx_px: To the right.
        dy_px: Downwards.
        roll_deg: Clockwise about the picture's middle.
    """

    dx_px: float = 0.0
    dy_px: float = 0.0
    roll_deg: float = 0.0

    def plus(self, other: "Pose") -> "Pose":
        """Both displacements together."""
        return Pose(self.dx_px + other.dx_px, self.dy_px + other.dy_px, self.roll_deg + other.roll_deg)

    def matrix(self, size_wh: tuple[int, int]) -> F64:
        """(2, 3) affine matrix over full-size pixels, from calibrated to displaced positions."""
        middle = (size_wh[0] / 2, size_wh[1] / 2)
        move = np.asarray(cv2.getRotationMatrix2D(middle, -self.roll_deg, 1.0), np.float64)
        move[:, 2] += (self.dx_px, self.dy_px)
        return move


def shake(seed: int, camera_seed: int, t: float) -> Pose:
    """The mast's swing: 0.5 to 2 px at most, by wind, smooth at frame rate."""
    phases = _shake_phases(seed, camera_seed)
    wind = 0.5 + 1.5 * (0.5 + 0.5 * np.sin(2 * np.pi * t / 2711.0 + phases[6])) ** 2
    dx = sum(np.sin(2 * np.pi * hz * t + phases[i]) for i, hz in enumerate(SHAKE_HZ)) / 2.2
    dy = sum(np.sin(2 * np.pi * hz * 1.13 * t + phases[i + 3]) for i, hz in enumerate(SHAKE_HZ)) / 2.2
    return Pose(float(wind * dx), float(0.6 * wind * dy))


def exposure_gain(weather: Weather, t: float) -> float:
    """Gain of the auto exposure: it follows the light with a lag and hunts a little."""
    means = []
    for ago in (0.0, LAG_S, 2 * LAG_S):
        level, lamps = weather.levels(t - ago)
        means.append(STREET_ALBEDO * (0.55 * level + LAMPLIT * lamps) + 1e-6)
    mean = float(np.exp(np.mean(np.log(means))))
    hunting = 1.0 + 0.015 * np.sin(t / 7.3) + 0.01 * np.sin(t / 61.0)
    daylight = STREET_ALBEDO * 0.55
    gain = MIDDLE / daylight * (daylight / mean) ** ADAPTATION
    return float(min(MOST_GAIN, gain) * hunting)


def develop(radiance: F32, gain: float) -> F32:
    """Grey levels 0 to 255 of (h, w) or (h, w, 3) radiance: exposure, soft shoulder, gamma."""
    signal = radiance * np.float32(gain)
    np.maximum(signal, 0.0, out=signal)
    bright = signal > SHOULDER
    if bright.any():
        over = signal[bright] - SHOULDER
        rest = 1.0 - SHOULDER
        signal[bright] = SHOULDER + rest * (over / (over + rest))
    np.power(signal, np.float32(1 / GAMMA), out=signal)
    signal *= 255.0
    return signal


def noise_sigma(gain: float) -> float:
    """Standard deviation of the sensor's noise at full size, grey levels."""
    return float(READ_NOISE + SHOT_NOISE * np.sqrt(max(gain, 0.2) / 3.0))


def add_noise(levels: F32, sigma: float, key: tuple[int, ...]) -> F32:
    """Add noise of `sigma` grey levels, the same for the same key; works in place."""
    bank = _noise_bank()
    rng = np.random.default_rng(list(key))
    height, width = levels.shape[:2]
    top, left = rng.integers(0, bank.shape[0] // 2), rng.integers(0, bank.shape[1] // 2)
    if top + height <= bank.shape[0] and left + width <= bank.shape[1]:
        grain = bank[top : top + height, left : left + width] * np.float32(sigma)
    else:
        rows = np.arange(top, top + height) % bank.shape[0]
        columns = np.arange(left, left + width) % bank.shape[1]
        grain = bank[rows[:, None], columns[None, :]] * np.float32(sigma)
    levels += grain if levels.ndim == 2 else grain[..., None]
    return levels


def warp(levels: F32, pose: Pose, size_wh: tuple[int, int], scale: float) -> F32:
    """The picture as the displaced camera sees it; `scale` is picture pixels per full-size pixel."""
    move = pose.matrix(size_wh)
    # In coordinates that count from the corner, not from the first pixel's middle, scaling is a product.
    corner = move[:, 2] + move[:, :2] @ np.full(2, -0.5) + 0.5
    move[:, 2] = corner * scale - move[:, :2] @ np.full(2, -0.5) - 0.5
    size = (levels.shape[1], levels.shape[0])
    out = cv2.warpAffine(levels, move, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(out, np.float32)


def smear(levels: F32, dirt: float, camera_seed: int) -> F32:
    """A dirty lens: blurred and greyed blotches, and a veil over everything."""
    if dirt <= 0:
        return levels
    size = (levels.shape[1], levels.shape[0])
    blotches = cv2.resize(_blotches(camera_seed), size, interpolation=cv2.INTER_LINEAR)
    share = np.clip(dirt * blotches, 0, 0.92).astype(np.float32)
    if levels.ndim == 3:
        share = share[..., None]
    # OpenCV drops a channel axis of length one.
    blurred = cv2.GaussianBlur(levels, (0, 0), max(1.0, size[0] / 60)).reshape(levels.shape)
    veil = blurred * 0.75 + 30.0
    return np.asarray(levels * (1 - share) + veil * share, np.float32)


@lru_cache(maxsize=64)
def _shake_phases(seed: int, camera_seed: int) -> tuple[float, ...]:
    return tuple(np.random.default_rng([seed, camera_seed, 77]).uniform(0, 2 * np.pi, 7))


@lru_cache(maxsize=1)
def _noise_bank() -> F32:
    return np.random.default_rng(20260406).normal(0, 1, (1200, 2000)).astype(np.float32)


@lru_cache(maxsize=16)
def _blotches(camera_seed: int) -> F32:
    """(90, 160) share of the lens that dirt covers, 0..1."""
    rng = np.random.default_rng([camera_seed, 78])
    spots = cv2.GaussianBlur(rng.normal(0, 1, (90, 160)).astype(np.float32), (0, 0), 9)
    spots = (spots - spots.mean()) / max(1e-6, float(spots.std()))
    return np.asarray(np.clip(0.25 + 0.45 * spots, 0, 1), np.float32)
