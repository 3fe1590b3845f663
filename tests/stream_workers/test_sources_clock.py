"""Media time goes on, whatever the timestamps do."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from stream_workers.sources.clock import MediaClock

TICK = Fraction(1, 90000)
PICTURE = 3600
TIMES = st.lists(st.one_of(st.none(), st.integers(-(2**40), 2**40)), min_size=1, max_size=60)


def clock() -> MediaClock:
    return MediaClock(TICK, 0.04, 20.0)


@given(TIMES)
def test_time_is_never_negative_and_leaps_no_further_than_a_believed_pause(
    stamps: list[int | None],
) -> None:
    watched = clock()
    last = 0.0
    for stamp in stamps:
        now = watched.stamp(stamp, stamp)
        assert now >= 0
        assert watched.now_s - last <= 20.0 + 0.05
        last = watched.now_s


def test_whole_timestamps_are_kept_as_they_are() -> None:
    watched = clock()
    assert [round(watched.stamp(n * PICTURE, n * PICTURE), 6) for n in range(4)] == [0.0, 0.04, 0.08, 0.12]


def test_missing_timestamps_go_on_picture_by_picture() -> None:
    watched = clock()
    times = [watched.stamp(None, None) for _ in range(26)]
    assert abs(times[-1] - times[0] - 1.0) < 0.05


def test_a_jump_back_goes_on_one_picture_after_the_last() -> None:
    watched = clock()
    for number in range(50):
        watched.stamp(900_000 + number * PICTURE, 900_000 + number * PICTURE)
    assert abs(watched.stamp(0, 0) - 50 * 0.04) < 1e-6
    assert abs(watched.stamp(PICTURE, PICTURE) - 51 * 0.04) < 1e-6
    assert watched.jumps == 1


@given(st.integers(-(2**40), 2**40), st.integers(1, 30))
def test_the_first_timestamp_after_missing_ones_is_the_streams_own_wherever_it_begins(
    first: int, missing: int
) -> None:
    watched = clock()
    for _ in range(missing):
        watched.stamp(None, None)
        assert not watched.is_streams_own
    begins_s = watched.stamp(first, first)
    assert abs(begins_s - missing * 0.04) < 1e-6
    assert watched.is_streams_own
    assert abs(watched.stamp(first + PICTURE, first + PICTURE) - begins_s - 0.04) < 1e-6
    assert watched.is_streams_own
    assert watched.jumps == 0


@given(TIMES)
def test_after_a_jump_no_timestamp_is_the_streams_own_any_more(stamps: list[int | None]) -> None:
    watched = clock()
    for stamp in stamps:
        watched.stamp(stamp, stamp)
        assert not (watched.is_streams_own and (watched.jumps or stamp is None))


def test_a_clock_that_stands_still_is_taken_as_missing() -> None:
    watched = clock()
    times = [watched.stamp(0, 0) for _ in range(100)]
    assert times[-1] > 3.0
    assert not watched.is_streams_own
