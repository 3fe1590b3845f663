"""Random looks are spread, reproducible, and give recall with its interval."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.sampling import QuietCount, View, draw_looks, recall_of

CATEGORIES = ["garbage_pile", "street_vendor", "construction_debris", "building_change"]
VIEWS = [View(f"camera-{number}", f"view-{number}") for number in range(8)]


def test_a_seed_gives_its_sample_and_another_seed_another() -> None:
    def draw(seed: str, views: list[View]) -> object:
        return draw_looks(views, CATEGORIES, range(24), 20, seed)

    assert draw("2026-11-25|li", VIEWS) == draw("2026-11-25|li", VIEWS[::-1])
    assert draw("2026-11-25|li", VIEWS) != draw("2026-11-25|wang", VIEWS)
    assert draw("2026-11-25|li", VIEWS) != draw("2026-11-26|li", VIEWS)


@given(st.text(max_size=8), st.integers(1, 48))
def test_cameras_hours_and_categories_are_dealt_evenly(seed: str, count: int) -> None:
    looks = draw_looks(VIEWS, CATEGORIES, range(24), count, seed)
    assert len(set(looks)) == len(looks) == count
    for part in (
        Counter(look.view_id for look in looks),
        Counter(look.category for look in looks),
        Counter(look.hour for look in looks),
    ):
        # A draw that was there already is drawn anew and may cost one; of 48, four are on average.
        assert max(part.values()) - min(part.values()) <= 2 + count // 12


def test_no_more_looks_than_there_are_strata() -> None:
    assert len(draw_looks(VIEWS[:1], CATEGORIES[:2], [7, 8, 9], 20, "small")) == 6
    assert draw_looks([], CATEGORIES, range(24), 20, "none") == []


def test_over_many_days_every_stratum_has_its_turn() -> None:
    seen = Counter(
        (look.view_id, look.hour)
        for day in range(400)
        for look in draw_looks(VIEWS[:2], CATEGORIES, range(6), 3, f"day {day}")
    )
    assert len(seen) == 12
    assert min(seen.values()) > 60


def test_recall_is_what_was_told_of_what_was_there() -> None:
    # 90 of the hours told; 3 of 100 quiet looks missed one, of 1000 quiet hours: 30 hours missed.
    recall = recall_of(QuietCount(told=90, quiet=1000, looked=100, missed=3))
    assert recall.value == pytest.approx(90 / 120)
    assert recall.low == pytest.approx(90 / (90 + 1000 * 0.08452), rel=1e-3)
    assert recall.high == pytest.approx(90 / (90 + 1000 * 0.01025), rel=1e-2)


def test_without_looks_nothing_is_claimed() -> None:
    recall = recall_of(QuietCount(told=5, quiet=1000, looked=0, missed=0))
    assert recall.value is None
    assert recall.low < 0.01
    assert recall.high == 1.0


@given(st.integers(0, 500), st.integers(0, 5000), st.integers(0, 300), st.integers(0, 300))
def test_the_interval_holds_the_value(told: int, quiet: int, looked: int, missed: int) -> None:
    recall = recall_of(QuietCount(told, quiet, looked, min(missed, looked)))
    assert 0 <= recall.low <= recall.high <= 1
    if recall.value is not None:
        assert recall.low - 1e-9 <= recall.value <= recall.high + 1e-9
