"""Sun, dusk, lamps and the light of a cloudy or rainy sky in the sample district, as pure functions of time.

Light is measured in units in which a white, level, unshaded surface under a uniform sky of strength 1
has radiance 1. Colours are BGR.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["LAMP_STRENGTH", "LAT", "LON", "Light", "Sky", "Weather", "sun_direction"]

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
LAMP_STRENGTH = 0.25
"""Of the renders' lamps, against which pictures of the lit district were looked at."""
LAMPS_BELOW = 0.035
"""Level light under which the lamps are on."""

HEAVY_RAIN_MM_H = 8.0
SOFT_S = 40.0
"""Showers set in and end over about so long."""
DRIES_S = 5400.0


class Sky(Protocol):
    """Clouds and rain by time."""

    def cover_at(self, t: float) -> float:
        """How much of the sun clouds take, 0..1."""
        ...

    def rain_at(self, t: float) -> float:
        """Rain, mm per hour."""
        ...


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
        return _level(self.sky_bgr, self.sun_bgr, self.sun)


@dataclass(frozen=True, slots=True)
class Weather:
    """The light under a sky.

    Args:
        sky: Gives the sky of a time; pure.
    """

    sky: Callable[[float], Sky]

    def light(self, t: float) -> Light:
        """The light at a time: pure, and without jumps in `t`."""
        cover, rain = self._overcast(t), self._rain(t)
        sky, direct, sun = self._from_above(t, cover, rain)
        lamps = _lamps(_level(sky, direct, sun))
        return Light(sky, direct, sun, lamps, rain, self._wet(t), 0.02 + 0.10 * rain + 0.03 * cover)

    def levels(self, t: float) -> tuple[float, float]:
        """`level` and `lamps` of the light at a time, without the rest of it, which costs more."""
        sky, direct, sun = self._from_above(t, self._overcast(t), self._rain(t))
        level = _level(sky, direct, sun)
        return level, _lamps(level)

    def _from_above(self, t: float, cover: float, rain: float) -> tuple[F64, F64, F64]:
        """Strength of the sky and of the sun, and where the sun stands; each (3,)."""
        sun = sun_direction(t)
        elevation = float(np.degrees(np.arcsin(np.clip(sun[2], -1.0, 1.0))))
        direct = SUN_STRENGTH * np.exp(-EXTINCTION_BGR * _air_mass(elevation)) * _risen(elevation)
        direct *= (1 - self._cover(t)) * (1 - rain)
        clear = 0.24 * _sky_level(elevation) * CLEAR_SKY_BGR
        overcast = 0.42 * _sky_level(elevation) * (1 - 0.45 * rain) * OVERCAST_BGR
        return (1 - cover) * clear + cover * overcast + CITY_GLOW, direct, sun

    def _cover(self, t: float) -> float:
        """Share of the sun that clouds take."""
        return self.sky(t).cover_at(t)

    def _overcast(self, t: float) -> float:
        """Share of the sky that is cloud, as the minutes around tell."""
        times = [t + offset for offset in (-900.0, -450.0, 0.0, 450.0, 900.0)]
        return float(np.mean([self.sky(time).cover_at(time) for time in times]))

    def _rain(self, t: float) -> float:
        """Strength of the rain, 0..1; showers set in and end softly."""
        times = [t + offset for offset in (-SOFT_S, -SOFT_S / 2, 0.0, SOFT_S / 2, SOFT_S)]
        falling = float(np.mean([self.sky(time).rain_at(time) for time in times]))
        return min(1.0, falling / HEAVY_RAIN_MM_H)

    def _wet(self, t: float) -> float:
        """Wetness of the ground: soon after rain sets in, and long after it."""
        lags = (0.0, 120.0, 300.0, 900.0, 1800.0, 3600.0)
        return min(1.0, 2.0 * max(self._rain(t - lag) * (1 - lag / DRIES_S) for lag in lags))


def _level(sky_bgr: F64, sun_bgr: F64, sun: F64) -> float:
    return float(sky_bgr.mean() + sun_bgr.mean() * max(0.0, float(sun[2])))


def _lamps(level: float) -> float:
    """Strength of the lamps in light of a level: on in the dark, off by day, softly between."""
    return LAMP_STRENGTH * float(np.clip(2.0 - level / LAMPS_BELOW, 0.0, 1.0))


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
