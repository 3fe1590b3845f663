"""The district's light: where the sun is, what clouds leave of it, and where it does not reach."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sample_videos.district.canvas import Shadows
from sample_videos.district.films import SteadySky
from sample_videos.district.heights import district_heights
from sample_videos.district.lens import Pose, add_noise, develop, exposure_gain, shake, warp
from sample_videos.district.shade import shadow_ceiling
from sample_videos.district.timeline import World
from sample_videos.district.weather import Light, Weather, sun_direction

pytestmark = pytest.mark.slow

HOUR = 3600.0
times = st.floats(0, 3 * 86400, allow_nan=False)
WORLDS = {seed: World(seed, days=3) for seed in (0, 1)}


def light_of(seed: int, t: float) -> Light:
    return Weather(WORLDS[seed].sky).light(t)


def test_the_sun_stands_in_the_south_at_noon_and_sets_in_the_west() -> None:
    noon, evening = sun_direction(12.07 * HOUR), sun_direction(18.0 * HOUR)
    assert abs(noon[0]) < 0.02
    assert noon[1] < 0
    # 90 - latitude + declination of 6 April.
    assert np.degrees(np.arcsin(noon[2])) == pytest.approx(64.4, abs=0.6)
    assert evening[0] < -0.9
    assert np.degrees(np.arcsin(evening[2])) < 8


@settings(deadline=None)
@given(st.sampled_from([0, 1]), times)
def test_light_is_the_same_for_the_same_seed_and_never_negative(seed: int, t: float) -> None:
    light, again = light_of(seed, t), light_of(seed, t)
    assert np.array_equal(light.sun_bgr, again.sun_bgr)
    assert light.rain == again.rain
    assert light.sky_bgr.min() > 0
    assert light.sun_bgr.min() >= 0
    assert np.linalg.norm(light.sun) == pytest.approx(1)
    assert 0 <= light.rain <= 1
    assert 0 <= light.wet <= 1


@settings(deadline=None)
@given(st.sampled_from([0, 1]), times)
def test_light_does_not_jump_from_one_film_frame_to_the_next(seed: int, t: float) -> None:
    one, next_ = light_of(seed, t), light_of(seed, t + 0.04)
    assert abs(next_.level - one.level) < 0.02


def test_lamps_are_on_at_night_and_off_by_day() -> None:
    weather = Weather(lambda t: SteadySky(0.2))
    assert weather.light(23 * HOUR).lamps > 0
    assert weather.light(12 * HOUR).lamps == 0
    assert weather.light(23 * HOUR).sun_bgr.max() == 0


def test_clouds_take_the_sun_and_brighten_the_sky_and_rain_wets_the_ground_for_a_while() -> None:
    clear = Weather(lambda t: SteadySky(0.0)).light(12 * HOUR)
    overcast = Weather(lambda t: SteadySky(1.0)).light(12 * HOUR)
    assert overcast.sun_bgr.max() == 0
    assert overcast.sky_bgr.mean() > 1.5 * clear.sky_bgr.mean()
    assert clear.level > 2.5 * overcast.level
    shower = Weather(lambda t: SteadySky(1.0, 6.0 if t < 12 * HOUR else 0.0))
    wet = [shower.light(12 * HOUR + lag).wet for lag in (-600, 600, 3000, 7200)]
    assert wet[0] == 1.0
    assert wet[0] >= wet[1] > wet[2] > wet[3] == 0.0
    assert shower.light(12 * HOUR + 600).rain == 0.0


def test_a_wall_shades_as_far_as_its_height_over_the_tangent_of_the_sun() -> None:
    heights = np.zeros((80, 200), np.float32)
    heights[:, 100] = 4.0
    sun = np.array([1.0, 0.0, 1.0]) / np.sqrt(2)
    ceiling = shadow_ceiling(heights, 0.25, sun)
    # 45 degrees, 4 m high, cells of 0.25 m: at half a metre the shadow ends 14 cells to the west.
    shaded = np.flatnonzero(ceiling[40] > 0.5)
    assert shaded.min() == pytest.approx(86, abs=1)
    assert shaded.max() == pytest.approx(99, abs=1)
    assert ceiling[40, 92] == pytest.approx(2.0, abs=0.3)
    assert ceiling[40, 105] < 0


def test_a_high_sun_shades_less_than_a_low_one() -> None:
    heights = np.zeros((60, 60), np.float32)
    heights[25:35, 25:35] = 3.0
    shaded = []
    for elevation in (70, 45, 20):
        up = np.sin(np.radians(elevation))
        level = np.cos(np.radians(elevation)) / np.sqrt(2)
        shaded.append(int((shadow_ceiling(heights, 0.25, np.array([level, level, up])) > 0.05).sum()))
    assert shaded[0] < shaded[1] < shaded[2]


def test_exposure_follows_the_light_so_that_noon_and_dusk_are_both_seen() -> None:
    weather = Weather(lambda t: SteadySky(0.3))
    for hour in (7.5, 12.0, 17.5):
        light = weather.light(hour * HOUR)
        grey = develop(np.full((1, 1), 0.15 * light.level, np.float32), exposure_gain(weather, hour * HOUR))
        assert 40 < grey[0, 0] < 190
    assert exposure_gain(weather, 12 * HOUR) < exposure_gain(weather, 18 * HOUR)


def test_develop_keeps_order_and_never_leaves_the_scale() -> None:
    levels = develop(np.linspace(-0.1, 50, 500, dtype=np.float32)[None], 1.3)[0]
    assert (np.diff(levels) >= 0).all()
    assert levels.min() == 0
    assert levels.max() <= 255


@given(st.integers(0, 100), st.floats(0, 1e5))
def test_shake_stays_below_three_pixels(seed: int, t: float) -> None:
    pose = shake(seed, 1, t)
    assert np.hypot(pose.dx_px, pose.dy_px) < 3


@pytest.mark.parametrize("scale", [1.0, 0.25])
def test_a_nudge_moves_the_picture_by_as_much_at_every_scale(scale: float) -> None:
    size = (1280, 720)
    small = (round(size[0] * scale), round(size[1] * scale))
    x = (np.arange(small[0]) + 0.5) / scale
    picture = np.tile(x.astype(np.float32), (small[1], 1))
    moved = warp(picture, Pose(dx_px=12.0), size, scale)
    middle = moved[small[1] // 2, 40:-40]
    assert middle == pytest.approx(picture[0, 40:-40] - 12.0, abs=0.05)


def test_noise_is_the_same_for_the_same_key_and_has_its_sigma() -> None:
    one = add_noise(np.zeros((200, 300), np.float32), 2.5, (1, 2, 3))
    again = add_noise(np.zeros((200, 300), np.float32), 2.5, (1, 2, 3))
    other = add_noise(np.zeros((200, 300), np.float32), 2.5, (1, 2, 4))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
    assert one.std() == pytest.approx(2.5, rel=0.05)


@settings(deadline=None)
@given(st.sampled_from([0, 1]), times)
def test_the_exposure_is_told_the_level_and_the_lamps_of_the_light(seed: int, t: float) -> None:
    light = light_of(seed, t)
    assert Weather(WORLDS[seed].sky).levels(t) == (light.level, light.lamps)


def test_shadows_are_blended_from_the_map_before_to_the_map_after() -> None:
    shadows = Shadows(district_heights())
    places = np.array([[east, -3.0, 0.0] for east in np.arange(-40.0, 40.0, 0.5)])
    at = {t: shadows.at_places(places, 9 * HOUR + t) for t in (0.0, 75.0, 299.999)}
    assert 0.05 < float(at[0.0].mean()) < 0.95  # some of the street lies in the shade
    assert not np.allclose(at[0.0], at[299.999], atol=0.05)
    assert np.allclose(at[75.0], 0.75 * at[0.0] + 0.25 * at[299.999], atol=1e-4)
