"""Capture times go forward, whatever is done to the wall clock."""

from collections import deque
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from stream_workers.forward_clock import ForwardClock
from stream_workers.live_view import shift_times
from stream_workers.view_state import ViewState
from vision.tracks.presence import Track
from vision.tracks.tracker import LookStamp, Tracker

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR_S = 3600.0


class Machine:
    """A wall clock that can be set, and one that cannot."""

    def __init__(self, last_at: datetime | None = None) -> None:
        self.wall_s = NOON.timestamp()
        self.monotonic_s = 5000.0
        self.clock = ForwardClock(last_at, lambda: self.wall_s, lambda: self.monotonic_s)

    def passes(self, seconds: float) -> None:
        self.wall_s += seconds
        self.monotonic_s += seconds

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.wall_s, UTC)


def test_on_a_clock_that_nobody_sets_looks_keep_their_times() -> None:
    machine = Machine()
    for _ in range(10):
        machine.passes(10)
        dated = machine.clock.date(machine.now())
        assert (dated.at, dated.jumped_s, dated.ahead_s) == (machine.now(), 0.0, 0.0)


def test_looks_that_waited_to_be_handled_keep_their_times() -> None:
    machine = Machine()
    captured = [NOON + timedelta(seconds=10 * number) for number in range(4)]
    machine.passes(90)
    for at in captured:
        machine.passes(30)
        assert machine.clock.date(at).at == at


def test_after_the_clock_was_set_back_time_goes_on_at_half_pace_until_it_has_caught_up() -> None:
    machine = Machine()
    machine.clock.date(machine.now())
    machine.passes(10)
    machine.wall_s -= HOUR_S
    first = machine.clock.date(machine.now())
    assert round(first.jumped_s) == -HOUR_S
    assert NOON < first.at < NOON + timedelta(seconds=10)
    last, aheads = first.at, []
    for _ in range(900):
        machine.passes(10)
        dated = machine.clock.date(machine.now())
        assert dated.at - last >= timedelta(seconds=4.9)
        last = dated.at
        aheads.append(dated.ahead_s)
    assert aheads[0] > HOUR_S - 20
    assert aheads[-1] == 0
    assert dated.at == machine.now()


def test_a_clock_set_back_while_the_worker_was_down_does_not_undo_the_past() -> None:
    machine = Machine(last_at=NOON + timedelta(hours=1))
    machine.passes(10)
    assert machine.clock.date(machine.now()).at > NOON + timedelta(hours=1)


def test_a_clock_set_forward_is_told_with_how_much() -> None:
    machine = Machine()
    machine.clock.date(machine.now())
    machine.passes(10)
    machine.wall_s += HOUR_S
    dated = machine.clock.date(machine.now())
    assert (round(dated.jumped_s), dated.at) == (HOUR_S, machine.now())
    machine.passes(10)
    assert machine.clock.date(machine.now()).jumped_s == 0


@given(
    steps=st.lists(
        st.tuples(st.floats(0, 100), st.one_of(st.just(0.0), st.floats(-1e5, 1e5))), min_size=2, max_size=60
    )
)
def test_whatever_is_done_to_the_clock_each_look_is_later_than_the_one_before(
    steps: list[tuple[float, float]],
) -> None:
    machine = Machine()
    last: datetime | None = None
    for passed_s, set_by_s in steps:
        machine.passes(passed_s)
        machine.wall_s += set_by_s
        at = machine.clock.date(machine.now()).at
        assert last is None or at > last
        last = at


def a_track(number: int, *, incident: bool = False) -> Track:
    track = Track(number, "region", 1, 1000.0, 0.0, (0, 0, 4, 4), (0, 0, 4, 4), last_seen_at=1050.0)
    track.incident = {"sequence": 0, "told_at": 1040.0, "body": {}} if incident else None
    return track


def test_time_that_only_the_clock_has_seen_counts_for_no_dwell() -> None:
    tracker = Tracker(3, [a_track(1), a_track(2, incident=True)], 3, deque([LookStamp(5, 1050.0, 50.0)]))
    parked = Tracker(3, [a_track(3), a_track(4, incident=True)]).to_json()
    state = ViewState(tracker, parked=parked)
    shift_times(state, HOUR_S)
    waits, is_open = tracker.tracks
    assert (waits.born_at, waits.last_seen_at, waits.last_person_at) == (1000 + HOUR_S, 1050 + HOUR_S, 0)
    assert tracker.stamps[0].at == 1050 + HOUR_S
    assert (is_open.born_at, is_open.last_seen_at) == (1000, 1050)
    assert [track["born_at"] for track in parked["tracks"]] == [1000 + HOUR_S, 1000]
