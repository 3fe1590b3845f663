"""The ring of looks: bounded by number, bytes and age, and still reaching back."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from stream_workers.look_ring import LookRing
from tests.support.png_looks import PngLook

START = datetime(2026, 5, 1, 8, tzinfo=UTC)


def ring_of(seconds: list[float], size: int = 10) -> LookRing[PngLook]:
    ring: LookRing[PngLook] = LookRing()
    for at in seconds:
        ring.add(PngLook(b"x" * size), START + timedelta(seconds=at))
    return ring


def times(ring: LookRing[PngLook]) -> list[float]:
    return [(look.captured_at - START).total_seconds() for look in ring.all()]


@given(st.lists(st.tuples(st.floats(-30, 200), st.integers(0, 3_000_000)), max_size=120))
def test_the_ring_never_holds_more_than_thirty_looks_eight_megabytes_or_ten_minutes(
    steps: list[tuple[float, int]],
) -> None:
    ring: LookRing[PngLook] = LookRing()
    at = START
    for step, size in steps:
        at += timedelta(seconds=step)
        ring.add(PngLook(bytes(size)), at)
        assert len(ring) <= 30
        assert ring.held_bytes <= 8_000_000
        held = [look.captured_at for look in ring.all()]
        assert held == sorted(set(held))
        assert held[-1] == at
        assert at - held[0] <= timedelta(minutes=10)


def test_looks_every_ten_seconds_are_thinned_so_that_the_ring_reaches_back_ten_minutes() -> None:
    held = times(ring_of([10.0 * index for index in range(200)]))
    assert len(held) == 30
    assert held[-9:] == [1990.0 - 10 * index for index in reversed(range(9))]
    assert held[-1] - held[0] >= 560
    gaps = [late - early for early, late in pairwise(held)]
    assert max(gaps) <= 60


def test_large_looks_are_fewer_and_the_newest_stays() -> None:
    ring = ring_of([10.0 * index for index in range(40)], size=800_000)
    assert len(ring) == 10
    assert times(ring)[-1] == 390.0


def test_one_look_over_the_bound_is_not_held() -> None:
    assert len(ring_of([0.0], size=9_000_000)) == 0


def test_a_clock_set_back_forgets_the_looks_of_the_future() -> None:
    assert times(ring_of([0.0, 10.0, 3600.0, 20.0])) == [20.0]


def test_before_and_since_split_the_looks_at_a_time() -> None:
    ring = ring_of([0.0, 10.0, 20.0, 30.0])
    at = START + timedelta(seconds=20)
    assert [look.captured_at for look in ring.before(at, 1)] == [START + timedelta(seconds=10)]
    assert [look.captured_at for look in ring.since(at, 1)] == [at]
    assert len(ring.before(at, 9)) == len(ring.since(at, 9)) == 2


def test_spread_takes_looks_from_all_over_the_ring() -> None:
    ring = ring_of([10.0 * index for index in range(13)])
    held = [(look.captured_at - START).total_seconds() for look in ring.spread(7)]
    assert held == [0.0, 20.0, 40.0, 60.0, 80.0, 100.0, 120.0]
    assert len(ring.spread(99)) == 13


def test_a_cleared_ring_is_empty() -> None:
    ring = ring_of([0.0])
    ring.clear()
    assert ring.all() == ring.latest(3) == ring.spread(3) == ()
