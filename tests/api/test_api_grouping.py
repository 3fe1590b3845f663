"""What is taken for one thing, and what never is."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.grouping import CONFUSABLE, Sighting, near_candidates, nearness

HOUR = 3_600_000
LAT, LON = 39.9, 116.4


def east_of(metres: float, north: float = 0.0) -> tuple[float, float]:
    return LON + metres / (111_320 * math.cos(math.radians(LAT))), LAT + north / 111_320


def sighting(east_m: float = 0.0, north_m: float = 0.0, **changed: object) -> Sighting:
    fields: dict[str, object] = {
        "category": "garbage_pile",
        "first_ms": 0,
        "last_ms": HOUR,
        "lonlat": east_of(east_m, north_m),
        "semi_major_m": 1.0,
        "semi_minor_m": 1.0,
        "azimuth_deg": 0.0,
        "view_id": "east",
        **changed,
    }
    return Sighting(**fields)  # type: ignore[arg-type]


def keys(source: Sighting, *members: Sighting) -> list[str]:
    return [found.key for found in near_candidates([source], [(str(n), [m]) for n, m in enumerate(members)])]


def test_both_distances_are_those_of_a_hand_calculation() -> None:
    # Each 95 % circle of 1 m has a deviation of 1 / 2.4477 m; two together sqrt(2) times that.
    between = nearness(sighting(), sighting(1.0))
    assert between is not None
    assert between.metres == pytest.approx(1.0, rel=1e-3)
    assert between.deviations == pytest.approx(2.4477 / math.sqrt(2), rel=1e-3)


def test_an_ellipse_reaches_along_its_axis_and_not_across() -> None:
    long_north = {"semi_major_m": 4.0, "semi_minor_m": 0.5, "azimuth_deg": 0.0}
    assert keys(sighting(0, 3, view_id="west", **long_north), sighting(0, 0, **long_north)) == ["0"]
    assert keys(sighting(3, 0, view_id="west", **long_north), sighting(0, 0, **long_north)) == []


def test_two_that_one_view_shows_at_a_time_are_two_things_however_near() -> None:
    assert keys(sighting(0.2), sighting()) == []
    assert keys(sighting(0.2, view_id="west"), sighting()) == ["0"]
    assert keys(sighting(0.2, first_ms=HOUR, last_ms=2 * HOUR), sighting()) == ["0"]


def test_no_group_takes_what_any_of_its_members_excludes() -> None:
    members = [sighting(0.1), sighting(view_id="west")]
    assert near_candidates([sighting(0.2)], [("group", members)]) == []
    # Nor a group of sources what one of them excludes.
    sources = [sighting(0.2, view_id="north"), sighting(0.2, view_id="west")]
    assert near_candidates(sources, [("group", members)]) == []


@pytest.mark.parametrize(
    ("category", "other", "minutes", "is_one"),
    [
        ("garbage_pile", "garbage_pile", 14, True),
        ("garbage_pile", "garbage_pile", 16, False),
        ("garbage_pile", "construction_debris", 0, True),
        ("garbage_pile", "construction_debris", 1, False),
        ("street_vendor", "street_vendor", 0, True),
        ("street_vendor", "street_vendor", 1, False),
    ],
)
def test_what_comes_after_a_while_is_another(category: str, other: str, minutes: int, is_one: bool) -> None:
    later = HOUR + minutes * 60_000
    source = sighting(category=other, first_ms=later, last_ms=later + HOUR)
    assert bool(keys(source, sighting(category=category))) is is_one


def test_one_that_came_long_after_is_another() -> None:
    assert keys(sighting(first_ms=3 * HOUR, last_ms=4 * HOUR), sighting()) == []
    assert keys(sighting(first_ms=3 * HOUR, last_ms=4 * HOUR, view_id=None), sighting()) == ["0"]


@pytest.mark.parametrize(
    ("category", "is_one"),
    [("garbage_pile", True), ("construction_debris", True), ("street_vendor", False)],
)
def test_categories_that_are_taken_for_each_other_may_be_one(category: str, is_one: bool) -> None:
    assert bool(keys(sighting(view_id="west", category=category), sighting())) is is_one


def test_a_persons_report_has_a_bound_in_metres() -> None:
    report: dict[str, Any] = {"view_id": None, "semi_major_m": 30.0, "semi_minor_m": 30.0}
    assert keys(sighting(75, **report), sighting()) == ["0"]
    assert keys(sighting(85, **report), sighting()) == []


def test_without_a_place_nothing_is_near() -> None:
    assert keys(sighting(lonlat=None), sighting(view_id="west")) == []


def test_the_nearest_comes_first() -> None:
    assert keys(sighting(view_id="west"), sighting(1.0), sighting(0.2), sighting(0.5)) == ["1", "2", "0"]


places = st.builds(
    sighting,
    st.floats(-20, 20),
    st.floats(-20, 20),
    semi_major_m=st.floats(0.1, 20),
    semi_minor_m=st.floats(0.1, 20),
    azimuth_deg=st.floats(0, 179.9),
    view_id=st.sampled_from(["east", "west", None]),
    category=st.sampled_from(sorted({c for pair in CONFUSABLE for c in pair})),
    first_ms=st.integers(0, HOUR),
    last_ms=st.integers(HOUR, 3 * HOUR),
)


@given(places, places)
def test_it_does_not_matter_which_was_there_first(one: Sighting, other: Sighting) -> None:
    there, back = nearness(one, other), nearness(other, one)
    assert there is not None and back is not None
    assert there.metres == pytest.approx(back.metres)
    assert there.deviations == pytest.approx(back.deviations)
    assert bool(keys(one, other)) == bool(keys(other, one))


@given(places)
def test_nothing_is_farther_than_itself(one: Sighting) -> None:
    between = nearness(one, one)
    assert between is not None
    assert between.metres == between.deviations == 0
