"""Sun, clouds, rain, dusk and lamps of the sample district, as pure functions of seed and time.

Light is measured in units in which a white, level, unshaded surface under a uniform sky of strength 1
has radiance 1. Colours are BGR.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["LAMP_STRENGTH", "LAT", "LON", "Light", "Weather", "sun_direction"]

F64 = NDArray[np.float64]
LON, LAT = 118.9170, 31.9380
FIRST_DAY_OF_YEAR = 96
"""6 April, a Monday in 2026: day 0 of every simulation."""
ZONE_MERIDIAN = 120.0
DAY_S = 86400.0

SUN_STRENGTH = 1.7
EXTINCTION_BGR = np.array([0.36, 0.22, 0.14])
"""Optical depth of a clear city sky over one air mass; blue is scattered most."""
CLEAR_SKY_BGR = np.array([1.30, 1.02, 0.80])
OVERCAST_BGR = np.array([1.04, 1.00, 0.96])
CITY_GLOW = 6e-4
"""What the night sky of a city still gives."""
LAMP_STRENGTH = 0.035
LAMPS_BELOW = 0.035
"""Level light under which the lamps are on."""

BLOCK_S = 5400.0
"""Cloudiness changes from one block of this length to the next."""
CLOUD_PERIODS_S = (37.0, 83.0, 190.0, 430.0, 1100.0)
_CLOUDS, _RAIN, _PHASES = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Light:
    """The light at one moment.

    Args:
        sky_bgr: (3,) strength of the sky.
        sun_bgr: (3,) strength of the sun on a surface that faces it; zero at night and behind clouds.
        sun: (3,) unit vector to the sun, east, north, up.
        lamps: Strength of street lamps and windows.
        rain: 0 dry to 1 heavy.
        wet: 0 dry ground to 1 puddles; stays for a while after rain.
        haze: Share of light that is scattered over 100 m.
    """

    sky_bgr: F64
    sun_bgr: F64
    sun: F64
    lamps: float
    rain: float
    wet: float
    haze: float

    @property
    def level(self) -> float:
        """Strength of the light of sky and sun on level ground in the open."""
        return float(self.sky_bgr.mean() + self.sun_bgr.mean() * max(0.0, float(self.sun[2])))


@dataclass(frozen=True, slots=True)
class Weather:
    """The weather of one world.

    Args:
        seed: Of the world.
    """

    seed: int

    def light(self, t: float) -> Light:
        """The light at a time: pure, and continuous in `t`."""
        sun = sun_direction(t)
        elevation = float(np.degrees(np.arcsin(np.clip(sun[2], -1.0, 1.0))))
        cover, rain = self._cover(t), self._rain(t)
        direct = SUN_STRENGTH * np.exp(-EXTINCTION_BGR * _air_mass(elevation)) * _risen(elevation)
        direct *= self._through_clouds(t, cover)
        clear = 0.24 * _sky_level(elevation) * CLEAR_SKY_BGR
        overcast = 0.42 * _sky_level(elevation) * (1 - 0.45 * rain) * OVERCAST_BGR
        sky = (1 - cover) * clear + cover * overcast + CITY_GLOW
        level = float(sky.mean() + direct.mean() * max(0.0, float(sun[2])))
        lamps = LAMP_STRENGTH * float(np.clip(2.0 - level / LAMPS_BELOW, 0.0, 1.0))
        wet = max(self._rain(t - lag) * (1 - lag / 5400.0) for lag in (0.0, 900.0, 1800.0, 3600.0))
        return Light(sky, direct, sun, lamps, rain, min(1.0, 1.4 * wet), 0.02 + 0.10 * rain + 0.03 * cover)

    def _cover(self, t: float) -> float:
        """Share of the sky that clouds cover, 0..1."""
        position = t / BLOCK_S
        block = int(np.floor(position))
        share = position - block
        ease = share * share * (3 - 2 * share)
        return (1 - ease) * _block_cover(self.seed, block) + ease * _block_cover(self.seed, block + 1)

    def _rain(self, t: float) -> float:
        """Rain falls in the middle of some blocks that are overcast."""
        position = t / BLOCK_S
        block = int(np.floor(position))
        if min(_block_cover(self.seed, block), _block_cover(self.seed, block + 1)) < 0.8:
            return 0.0
        strength = _block_rain(self.seed, block)
        return strength * float(np.sin(np.pi * (position - block)) ** 2)

    def _through_clouds(self, t: float, cover: float) -> float:
        """Share of the sun that reaches the ground: clouds of many sizes drift by."""
        phases = _phases(self.seed)
        waves = sum(
            amplitude * np.sin(2 * np.pi * t / period + phase)
            for amplitude, period, phase in zip(
                (0.06, 0.14, 0.4, 0.7, 0.9), CLOUD_PERIODS_S, phases, strict=True
            )
        )
        # A normal quantile would be exact; this line is near enough between 5 and 95 % cover.
        threshold = 1.9 * (0.5 - cover) * 1.3
        open_share = 1 / (1 + np.exp(-9.0 * (threshold - 0.62 * waves)))
        return float(open_share * np.clip(1.6 * (1.08 - cover), 0.0, 1.0))


def sun_direction(t: float) -> F64:
    """(3,) unit vector to the sun, east, north, up, at the district's place.

    Source: declination by Cooper (1969); the equation of time (16 minutes at most) is left out.
    """
    day = FIRST_DAY_OF_YEAR + t / DAY_S
    declination = np.radians(23.44) * np.sin(2 * np.pi * (284 + day) / 365)
    hours = (t / 3600.0 + (LON - ZONE_MERIDIAN) / 15.0) % 24.0
    hour_angle, latitude = np.radians(15.0 * (hours - 12.0)), np.radians(LAT)
    up = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(hour_angle)
    east = -np.cos(declination) * np.sin(hour_angle)
    north = np.cos(latitude) * np.sin(declination) - np.sin(latitude) * np.cos(declination) * np.cos(
        hour_angle
    )
    return np.array([east, north, up])


def _air_mass(elevation_deg: float) -> float:
    """Relative air mass. Source: Kasten and Young (1989)."""
    low = max(elevation_deg, -1.0)
    return float(1 / (np.sin(np.radians(max(low, 0.1))) + 0.50572 * (low + 6.07995) ** -1.6364))


def _risen(elevation_deg: float) -> float:
    """1 with the whole sun above the horizon, 0 below it."""
    return float(np.clip((elevation_deg + 0.3) / 0.8, 0.0, 1.0))


def _sky_level(elevation_deg: float) -> float:
    """Strength of the sky against noon: by day the sine's root, in twilight a decade in four degrees."""
    if elevation_deg >= 0:
        return float(0.16 + 0.84 * np.sqrt(np.sin(np.radians(elevation_deg))))
    return float(0.16 * 10 ** (elevation_deg / 4.0))


@lru_cache(maxsize=4096)
def _block_cover(seed: int, block: int) -> float:
    """Cloudiness at a block's beginning: often clear or overcast, sometimes broken; neighbours are alike."""
    days = np.random.default_rng([seed, _CLOUDS, 2**20 + block // 8]).beta(0.7, 0.8)
    own = np.random.default_rng([seed, _CLOUDS, 2**21 + block]).beta(0.8, 0.8)
    return float(np.clip(0.65 * days + 0.35 * own, 0.0, 1.0))


@lru_cache(maxsize=4096)
def _block_rain(seed: int, block: int) -> float:
    rng = np.random.default_rng([seed, _RAIN, 2**20 + block])
    return float(rng.uniform(0.3, 1.0)) if rng.random() < 0.6 else 0.0


@lru_cache(maxsize=512)
def _phases(seed: int) -> tuple[float, ...]:
    # The same on every day: light stays continuous over midnight, and cover makes the days differ.
    return tuple(np.random.default_rng([seed, _PHASES]).uniform(0, 2 * np.pi, len(CLOUD_PERIODS_S)))
