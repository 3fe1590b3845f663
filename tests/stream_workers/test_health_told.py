"""Health: each change told once, the gravest trouble first, flickers not at all, restarts unnoticed."""

import itertools
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.event import HealthEvent, HealthState
from stream_workers.health import (
    BELIEVED_AFTER_S,
    GRAVEST_FIRST,
    OVER_AFTER_S,
    FrozenWatch,
    HealthBook,
    HealthDesk,
    Told,
    ViewFacts,
)
from stream_workers.leases import Lease, LeaseBook
from stream_workers.store import WorkerStore
from tests.support.full_disk import full_disk

OFFLINE_S = BELIEVED_AFTER_S[HealthState.OFFLINE]


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def store(tmp_path: Path) -> Iterator[WorkerStore]:
    with WorkerStore(tmp_path / "w.sqlite") as opened:
        yield opened


def desk(store: WorkerStore, clock: Clock, lease: Lease | None = None) -> HealthDesk:
    return HealthDesk(store, ViewFacts("market-east", "market", "7", 10.0), lease, clock)


def told(store: WorkerStore) -> list[HealthEvent]:
    return [event for event in store.events("live") if isinstance(event, HealthEvent)]


def states(store: WorkerStore) -> list[str]:
    return [event.data.state.value for event in told(store)]


def online(of: HealthDesk) -> None:
    of.report({HealthState.OFFLINE: None, HealthState.REFUSED: None})


def test_nothing_is_told_before_it_is_known_whether_the_camera_answers(store: WorkerStore) -> None:
    one = desk(store, Clock())
    one.report({HealthState.NO_DETECTOR: "no detector"})
    assert states(store) == []
    online(one)
    assert states(store) == ["no_detector"]


def test_a_camera_in_order_is_told_once(store: WorkerStore) -> None:
    clock = Clock()
    one = desk(store, clock)
    for _ in range(50):
        online(one)
        one.report({HealthState.FROZEN: None, HealthState.MOVED: None})
        clock.now_s += 10
    assert states(store) == ["ok"]


def test_a_lost_connection_that_is_back_at_once_is_not_told(store: WorkerStore) -> None:
    clock = Clock()
    one = desk(store, clock)
    online(one)
    for _ in range(20):
        one.report({HealthState.OFFLINE: "refuses the connection"})
        clock.now_s += OFFLINE_S - 1
        one.tick()
        online(one)
        clock.now_s += 1
    assert states(store) == ["ok"]


def test_a_camera_that_stays_away_is_told_by_time_alone_and_so_is_its_return(store: WorkerStore) -> None:
    clock = Clock()
    one = desk(store, clock)
    online(one)
    one.report({HealthState.OFFLINE: "refuses the connection"})
    clock.now_s += OFFLINE_S
    one.tick()
    assert states(store) == ["ok", "offline"]
    assert told(store)[-1].data.detail == "refuses the connection"
    online(one)
    clock.now_s += OVER_AFTER_S
    one.tick()
    assert states(store) == ["ok", "offline", "ok"]


def test_a_camera_that_is_away_from_the_start_is_never_called_ok(store: WorkerStore) -> None:
    clock = Clock()
    one = desk(store, clock)
    for _ in range(10):
        one.report({HealthState.OFFLINE: "no route"})
        clock.now_s += 5
    assert states(store) == ["offline"]


def test_the_gravest_of_several_troubles_is_told_and_then_the_next(store: WorkerStore) -> None:
    clock = Clock()
    one = desk(store, clock)
    online(one)
    one.report({HealthState.MOVED: "moved", HealthState.OVERLOADED: "stretched"})
    one.report({HealthState.MOVED: None})
    clock.now_s += OVER_AFTER_S
    one.tick()
    assert states(store) == ["ok", "moved", "overloaded"]


def test_refused_after_offline_makes_one_event_and_no_ok_between(store: WorkerStore) -> None:
    clock = Clock()
    one = desk(store, clock)
    one.report({HealthState.OFFLINE: "no route", HealthState.REFUSED: None})
    clock.now_s += OFFLINE_S
    one.report({HealthState.OFFLINE: None, HealthState.REFUSED: "401"})
    clock.now_s += OVER_AFTER_S
    one.tick()
    assert states(store) == ["refused"]
    one.report({HealthState.OFFLINE: "no route", HealthState.REFUSED: None})
    clock.now_s += max(OVER_AFTER_S, OFFLINE_S)
    one.tick()
    assert states(store) == ["refused", "offline"]


def test_numbers_and_ids_go_on_after_a_restart_and_the_same_state_is_not_told_again(
    store: WorkerStore,
) -> None:
    for _ in range(3):
        clock = Clock()
        one = desk(store, clock)
        one.report({HealthState.OFFLINE: "no route"})
        clock.now_s += OFFLINE_S
        one.tick()
    assert states(store) == ["offline"]
    clock = Clock()
    one = desk(store, clock)
    online(one)
    clock.now_s += OVER_AFTER_S
    one.tick()
    assert [event.sequence for event in told(store)] == [0, 1]
    assert [event.id for event in told(store)] == [f"{told(store)[0].subject}:{n}" for n in (0, 1)]


def test_a_lost_store_repeats_no_id(tmp_path: Path) -> None:
    ids = set()
    for name in ("before", "after"):
        with WorkerStore(tmp_path / f"{name}.sqlite") as store:
            online(desk(store, Clock()))
            (event,) = told(store)
            ids.add(event.id.replace(str(int(event.time.timestamp())), name))
    assert ids == {"health:market-east:before:0", "health:market-east:after:0"}


def test_a_later_word_is_never_older_than_an_earlier_one_although_the_clock_was_set_back(
    store: WorkerStore,
) -> None:
    one = desk(store, Clock())
    online(one)
    with store.database.transaction() as connection:
        connection.execute("UPDATE health SET told_at=?", (datetime(2100, 1, 1, tzinfo=UTC).timestamp(),))
    two = desk(store, Clock())
    online(two)
    two.report({HealthState.MOVED: "moved"})
    assert told(store)[-1].time > datetime(2100, 1, 1, tzinfo=UTC)


def test_what_a_full_disk_does_not_take_is_told_later_and_once(store: WorkerStore) -> None:
    one = desk(store, Clock())
    online(one)
    with full_disk():
        one.report({HealthState.MOVED: "moved"})
        one.tick()
    assert states(store) == ["ok"]
    one.tick()
    one.tick()
    assert states(store) == ["ok", "moved"]


def test_who_has_lost_the_camera_tells_nothing_more(store: WorkerStore) -> None:
    book = LeaseBook(store.database, 30, "worker")
    lease = book.acquire("market")
    assert isinstance(lease, Lease)
    one = desk(store, Clock(), lease)
    online(one)
    book.renounce("market")
    one.report({HealthState.MOVED: "moved"})
    assert states(store) == ["ok"]


def test_a_note_is_told_beside_the_state_and_again_when_it_is_over(store: WorkerStore) -> None:
    one = desk(store, Clock())
    online(one)
    for _ in range(3):
        one.report({}, note="the clock was set back")
    one.report({}, note="")
    assert [(event.data.state.value, event.data.detail) for event in told(store)] == [
        ("ok", ""),
        ("ok", "the clock was set back"),
        ("ok", ""),
    ]


def test_a_long_detail_is_cut_and_not_refused(store: WorkerStore) -> None:
    one = desk(store, Clock())
    one.report({HealthState.REFUSED: "x" * 2000, HealthState.OFFLINE: None})
    assert len(told(store)[0].data.detail) == 500


Report = tuple[HealthState, bool, float]
REPORTS = st.lists(
    st.tuples(st.sampled_from(GRAVEST_FIRST), st.booleans(), st.floats(0, 60)), min_size=1, max_size=80
)


@given(reports=REPORTS)
def test_whatever_happens_no_state_is_told_twice_in_a_row_and_troubles_last(reports: list[Report]) -> None:
    now_s, book = 0.0, HealthBook(None, 0.0)
    book.report(HealthState.OFFLINE, None, 0.0)
    said: list[tuple[float, Told]] = []
    for state, is_there, passed_s in reports:
        book.report(state, "detail" if is_there else None, now_s)
        due = book.due(now_s)
        if due is not None:
            book.tell(due)
            said.append((now_s, due))
        assert book.due(now_s) is None
        now_s += passed_s
    for (_, one), (_, other) in itertools.pairwise(said):
        assert one.state != other.state
    begun: dict[HealthState, float] = {}
    for at_s, word in said:
        if word.state is HealthState.OK:
            assert all(at_s - since_s >= OVER_AFTER_S - 1e-6 for since_s in begun.values())
            begun.clear()
        else:
            begun[word.state] = at_s


@given(reports=REPORTS)
def test_when_all_is_quiet_the_last_word_is_the_gravest_trouble_that_is_there(reports: list[Report]) -> None:
    now_s, book = 0.0, HealthBook(None, 0.0)
    book.report(HealthState.OFFLINE, None, 0.0)
    there: dict[HealthState, bool] = {}
    last: Told | None = None
    for state, is_there, passed_s in reports:
        book.report(state, "detail" if is_there else None, now_s)
        there[state] = is_there
        last = book.due(now_s) or last
        due = book.due(now_s)
        if due is not None:
            book.tell(due)
        now_s += passed_s
    # A thousandth more, since sums of floats fall short of what was added up.
    now_s += max(OVER_AFTER_S, OFFLINE_S) + 0.001
    due = book.due(now_s)
    last = due or last
    assert last is not None
    assert last.state == next((state for state in GRAVEST_FIRST if there.get(state)), HealthState.OK)


def test_a_picture_that_stands_still_is_frozen_and_one_with_noise_never() -> None:
    still, moving = FrozenWatch(), FrozenWatch()
    assert [still.is_frozen(5) for _ in range(8)] == [False] * 6 + [True] * 2
    assert not still.is_frozen(6)
    assert not any(moving.is_frozen(int.from_bytes(os.urandom(4))) for _ in range(100))


def test_a_black_picture_from_the_start_is_frozen_too() -> None:
    watch = FrozenWatch()
    assert [watch.is_frozen(0) for _ in range(7)][-1] is True
