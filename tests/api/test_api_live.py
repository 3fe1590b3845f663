"""Live updates: each once and in order, over breaks and restarts; slow listeners are cut."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.live import LiveLimits, LiveStreams
from api.main import create_app
from api.settings import ApiSettings
from api.store import Store, open_store
from api.store.changes import list_changes, newest_change, raise_floor
from api.store.events import record_events
from contracts.event import parse_event
from tests.api.conftest import RunningApi, serving
from tests.support.api_events import make_event, make_health, named
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


def put(store: Store, *documents: dict[str, Any]) -> None:
    record_events(store, [parse_event(document) for document in documents]).result(30)


def listen(
    client: httpx.Client, count: int, after: str | None = None, query: str = ""
) -> list[dict[str, str]]:
    """The next `count` updates (those with data) and their numbers."""
    headers = {} if after is None else {"Last-Event-ID": after}
    heard: list[dict[str, str]] = []
    with client.stream("GET", f"/v1/live{query}", headers=headers) as reply:
        assert reply.status_code == 200
        assert reply.headers["content-type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        for line in reply.iter_lines():
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
                continue
            if "data" in fields:
                heard.append(fields)
            if len(heard) == count:
                break
            fields = {}
    return heard


def test_a_listener_that_comes_back_misses_nothing_also_over_a_restart(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    put(store, make_event(0))
    with serving(store) as api, api.client("reader") as reader:
        put(store, make_event(1), make_health())
        heard = listen(reader, 3, "0")
        assert [one["event"] for one in heard] == ["incident", "incident", "camera"]
        assert [json.loads(one["data"])["subject"] for one in heard[:2]] == [named(0), named(1)]
        put(store, make_event(2))
    store.close()
    store = open_store(tmp_path)
    with serving(store) as api, api.client("reader") as reader:
        put(store, make_event(1, 1, "closed"))
        again = listen(reader, 2, heard[-1]["id"])
        assert [json.loads(one["data"])["subject"] for one in again] == [named(2), named(1)]
        numbers = [int(one["id"]) for one in [*heard, *again]]
        assert numbers == sorted(set(numbers))
    store.close()


def test_without_a_number_only_what_is_new_is_told(api: RunningApi) -> None:
    put(api.store, make_event(1))
    with api.client("reader") as reader:
        later = threading.Timer(1.0, lambda: put(api.store, make_event(2)))
        later.start()
        (one,) = listen(reader, 1)
        later.join()
    assert json.loads(one["data"])["subject"] == named(2)


@pytest.mark.parametrize("after", ["99", "1"])
def test_a_number_that_the_log_does_not_know_is_told_to_read_anew(api: RunningApi, after: str) -> None:
    put(api.store, make_event(1), make_event(2), make_event(3))
    api.store.write(lambda connection: raise_floor(connection, "changes", 2)).result(10)
    with api.client("reader") as reader:
        (one,) = listen(reader, 1, after)
    assert (one["event"], one["id"]) == ("reset", "3")


def test_an_older_event_that_arrives_late_is_no_change(store: Store) -> None:
    put(store, make_event(1, 5), make_event(1, 2))
    assert len(list_changes(store, 0, 10, "live", None)[0]) == 1


def test_runs_and_areas_are_kept_apart_and_the_number_goes_on(store: Store) -> None:
    put(store, make_event(1), make_event(2, run="night"), make_event(3))
    store.write(
        lambda connection: connection.execute(
            "UPDATE changes SET area = 'east' WHERE subject = ?", (named(3),)
        )
    ).result(10)
    for run, areas, expected in (
        ("live", None, [named(1), named(3)]),
        ("live", ("east",), [named(3)]),
        ("live", (), []),
        ("night", None, [named(2)]),
    ):
        changes, after, is_lost = list_changes(store, 0, 10, run, areas)
        assert [change.subject for change in changes] == expected
        assert (after, is_lost) == (3, False)


def test_a_deleted_change_still_moves_the_number(store: Store) -> None:
    put(store, make_event(1))
    store.write(lambda connection: connection.execute("DELETE FROM events")).result(10)
    changes, _, _ = list_changes(store, 0, 10, "live", None)
    assert [change.document for change in changes] == [None]


@contextlib.contextmanager
def limited(store: Store, limits: LiveLimits) -> Iterator[tuple[RunningApi, LiveStreams]]:
    settings = ApiSettings(data_dir=store.data_dir, port=0)
    app = create_app(settings, store)
    app.state.live = LiveStreams(limits)
    with serving(store, app) as api:
        yield api, app.state.live


def test_a_quiet_stream_is_kept_alive_and_ends_in_time(store: Store) -> None:
    with limited(store, LiveLimits(alive_every_s=0.2, look_every_s=0.1, life_s=4.0)) as (api, streams):
        with api.client("reader") as reader:
            lines = list(reader.get("/v1/live").iter_lines())
        assert lines.count(": alive") >= 2
        wait_until(lambda: streams.listening == 0)


def test_a_listener_that_takes_nothing_is_cut_and_costs_nothing(store: Store) -> None:
    long = "x" * 450
    with limited(store, LiveLimits(stall_s=0.5, look_every_s=0.05)) as (api, streams):
        key = api.client("reader").headers["Authorization"]
        address = httpx.URL(api.url)
        with socket.create_connection((address.host, address.port or 0)) as stuck:
            stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            stuck.sendall(
                b"GET /v1/live HTTP/1.1\r\nHost: x\r\nLast-Event-ID: 0\r\n"
                + f"Authorization: {key}\r\n\r\n".encode()
            )
            rule = {"id": "r", "version": 1, "reason": long}
            deadline = time.monotonic() + 60
            number = 0
            while streams.listening or number == 0:
                # Far apart, so that none is looked at as perhaps the same as another.
                lonlats = [
                    (100 + 0.01 * ((number + n) // 500), 20 + 0.01 * ((number + n) % 500)) for n in range(300)
                ]
                put(store, *[make_event(number + n, rule=rule, lonlat=lonlats[n]) for n in range(300)])
                number += 300
                assert time.monotonic() < deadline, "the stuck listener was never cut"
                time.sleep(0.1)
        # Another hears everything all the same.
        with api.client("reader") as reader:
            assert len(listen(reader, number, "0")) == number


def test_more_listeners_than_may_be_are_told_to_come_again(store: Store) -> None:
    with limited(store, LiveLimits(listeners=1, look_every_s=0.05)) as (api, streams):
        with api.client("reader") as reader, reader.stream("GET", "/v1/live") as reply:
            assert reply.status_code == 200
            refused = reader.get("/v1/live")
            assert refused.status_code == 503 and refused.headers["Retry-After"]
        wait_until(lambda: streams.listening == 0)


def test_a_wrong_number_is_refused_and_a_stranger_hears_nothing(api: RunningApi) -> None:
    with api.client("reader") as reader, api.client("worker") as worker, api.stranger() as stranger:
        assert reader.get("/v1/live", headers={"Last-Event-ID": "-1"}).status_code == 400
        assert reader.get("/v1/live?colour=red").status_code == 400
        assert worker.get("/v1/live").status_code == 403
        assert stranger.get("/v1/live").status_code == 401


def test_numbers_are_never_used_twice_after_a_deletion(store: Store) -> None:
    put(store, make_event(1), make_event(2))
    store.write(lambda connection: connection.execute("DELETE FROM changes")).result(10)
    put(store, make_event(3))
    assert store.read(newest_change) == 3
