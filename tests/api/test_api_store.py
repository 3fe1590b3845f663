"""The database: one writer, commits together, full disks, pages that neither skip nor repeat."""

import sqlite3
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.errors import ApiError, Conflict, StorageFull, StoreBusy
from api.store import Store, open_store
from api.store.database import Database
from api.store.events import EventQuery, list_events, record_events
from api.store.history import IncidentQuery, PagePlace, list_incidents
from api.store.migrating import MigrationRefused
from contracts.event import parse_event
from tests.support.api_events import make_event, make_health, named
from tests.support.full_disk import full_disk

pytestmark = pytest.mark.slow


def put(store: Store, *documents: dict[str, object]) -> list[str]:
    verdicts = record_events(store, [parse_event(document) for document in documents]).result(30)
    return [verdict.outcome for verdict in verdicts]


def ids(store: Store, query: IncidentQuery = IncidentQuery()) -> list[str]:  # noqa: B008  frozen
    return [item.incident.incident_id for item in list_incidents(store, query, 1000, None).incidents]


@settings(max_examples=40, deadline=None)
@given(
    opened_at=st.lists(st.integers(0, 5), min_size=1, max_size=25),
    limit=st.integers(1, 7),
    data=st.data(),
)
def test_pages_put_together_are_the_list_of_the_first_page_whatever_arrives_meanwhile(
    opened_at: list[int], limit: int, data: st.DataObject
) -> None:
    """Openings share minutes and arrive in any order, some before, some between the pages."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder))
        numbers = iter(range(10_000))

        def arrive(minutes: list[int]) -> None:
            for minute in minutes:
                at = f"2026-05-01T12:{minute:02d}:00Z"
                put(store, make_event(next(numbers), opened_at=at))

        arrive(opened_at)
        expected, shown, place = ids(store), [], None
        while True:
            page = list_incidents(store, IncidentQuery(), limit, place)
            assert len(page.incidents) <= limit
            shown += [item.incident.incident_id for item in page.incidents]
            place = page.next_place
            if place is None:
                break
            arrive(data.draw(st.lists(st.integers(0, 5), max_size=4)))
            # An update of what was or will be shown moves nothing either.
            put(
                store,
                make_event(0, data.draw(st.integers(1, 10**6)), "updated", opened_at="2026-05-01T13:00:00Z"),
            )
        store.close()
    assert shown == expected


def test_event_pages_neither_skip_nor_repeat(store: Store) -> None:
    put(store, *[make_event(number) for number in range(10)])
    shown, before = [], None
    while True:
        page = list_events(store, EventQuery(), 3, before)
        shown += [event["subject"] for event in page.events]
        before = page.next_after
        if before is None:
            break
        put(store, make_event(100 + before))
    assert shown == [named(number) for number in reversed(range(10))]


def test_a_page_that_ends_exactly_at_the_end_has_no_next(store: Store) -> None:
    put(store, make_event(1), make_event(2))
    assert list_incidents(store, IncidentQuery(), 2, None).next_place is None
    assert list_incidents(store, IncidentQuery(), 1, None).next_place is not None
    assert list_incidents(store, IncidentQuery(), 1, PagePlace(0, 0, 0)).incidents == []


@settings(max_examples=30, deadline=None)
@given(order=st.permutations(range(6)))
def test_the_state_is_that_of_the_highest_sequence_in_any_order_of_arrival(order: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder))
        for sequence in order:
            kind = "closed" if sequence == 5 else "updated"
            put(store, make_event(1, sequence, kind, confidence=sequence / 10))
        (item,) = list_incidents(store, IncidentQuery(), 10, None).incidents
        store.close()
    assert (item.sequence, item.status, item.incident.confidence) == (5, "closed", 0.5)


def test_events_of_analyses_stay_out_of_the_live_lists(store: Store) -> None:
    put(store, make_event(1), make_event(2, run="night"), make_health(run="night"))
    assert ids(store) == [named(1)]
    assert ids(store, IncidentQuery(run="night")) == [named(2)]
    assert len(list_events(store, EventQuery(), 10, None).events) == 1
    assert len(list_events(store, EventQuery(run="night"), 10, None).events) == 2


def test_a_change_that_fails_alone_leaves_the_others_of_its_commit(tmp_path: Path) -> None:
    database = Database(tmp_path / "x.sqlite3")
    gate = threading.Event()
    held = database.write(lambda _: gate.wait(10))  # so that the next ones share a commit

    def insert(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO incident_zones VALUES ('a', 1)")

    def refuse(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO incident_zones VALUES ('b', 1)")
        raise Conflict("not this one")

    futures = [database.write(insert), database.write(refuse), database.write(insert)]
    gate.set()
    assert held.result(10)
    assert futures[0].result(10) is None
    assert isinstance(futures[1].exception(10), Conflict)
    assert isinstance(futures[2].exception(10), sqlite3.IntegrityError)
    zones = database.read(lambda connection: connection.execute("SELECT zone FROM incident_zones").fetchall())
    assert zones == [("a",)]
    database.close()


def test_a_full_queue_says_so_at_once_and_a_closed_store_takes_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path / "x.sqlite3")
    gate = threading.Event()
    futures = [database.write(lambda _: gate.wait(30))]
    with pytest.raises(StoreBusy):
        for _ in range(1000):
            futures.append(database.write(lambda _: True))
    gate.set()
    database.close()
    assert all(future.result(1) for future in futures)  # what was taken was written
    with pytest.raises(StoreBusy):
        database.write(lambda _: None)
    database.close()


def test_a_full_disk_refuses_the_batch_and_the_store_goes_on_when_there_is_room(store: Store) -> None:
    put(store, make_event(1))
    with full_disk():
        failure = record_events(store, [parse_event(make_event(2))]).exception(30)
    assert isinstance(failure, StorageFull)
    assert ids(store) == [named(1)]
    assert put(store, make_event(2)) == ["stored"]


def test_a_commit_is_synced_before_it_is_acknowledged(store: Store) -> None:
    """No test can cut the power; what the database is told to do can be read."""
    modes = store.write(
        lambda c: (c.execute("PRAGMA journal_mode").fetchone(), c.execute("PRAGMA synchronous").fetchone())
    ).result(10)
    assert modes == (("wal",), (2,))  # 2 is FULL


def test_readers_cannot_write(store: Store) -> None:
    with pytest.raises(sqlite3.OperationalError):
        store.read(lambda connection: connection.execute("DELETE FROM events"))


@pytest.mark.slow
def test_another_process_that_holds_the_file_is_said(store: Store) -> None:
    other = sqlite3.connect(store.data_dir / "streetkeeper.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        failure = record_events(store, [parse_event(make_event(1))]).exception(30)
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert isinstance(failure, StoreBusy)
    assert put(store, make_event(1)) == ["stored"]


def test_opening_again_keeps_everything_and_a_newer_database_is_refused(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    put(store, make_event(1))
    store.close()
    store = open_store(tmp_path)
    assert ids(store) == [named(1)]
    store.write(lambda connection: connection.execute("PRAGMA user_version = 9999")).result(10)
    store.close()
    with pytest.raises(MigrationRefused, match="newer release"):
        open_store(tmp_path)


def test_only_the_owner_can_read_the_files(store: Store) -> None:
    modes = [(store.data_dir / name).stat().st_mode & 0o777 for name in ("streetkeeper.sqlite3", "evidence")]
    assert modes == [0o600, 0o700]


def test_every_refusal_stands_in_the_table() -> None:
    from api.errors import PROBLEMS

    assert set(PROBLEMS) == set(ApiError.__subclasses__())
    assert len({row.code for row in PROBLEMS.values()}) == len(PROBLEMS)
