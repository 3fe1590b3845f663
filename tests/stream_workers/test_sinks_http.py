"""Sending: pictures first, in order, at least once, and no answer of the API loses an event."""

import hashlib
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_workers.clip_file import encode_mp4
from stream_workers.errors import SinkUnavailable, StorageFull
from stream_workers.evidence import EvidenceFile
from stream_workers.sinks.client import ApiClient, ApiWait, KeyRefused
from stream_workers.sinks.http import Sender, send_all
from stream_workers.sources.reconnect import Backoff
from stream_workers.store import WorkerStore
from tests.api.conftest import serving
from tests.support.full_disk import full_disk
from tests.support.look_commits import a_look, a_picture, an_event
from tests.support.scripted_api import Answer, Asked, ScriptedApi, problem, scripted_api

pytestmark = pytest.mark.slow

QUICK = Backoff(0.02, 0.05)
KEY = "sk_worker_verysecret"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[WorkerStore]:
    with WorkerStore(tmp_path / "w.sqlite") as opened:
        yield opened


def keep(store: WorkerStore, *numbers: int) -> None:
    for number in numbers:
        store.commit_look(a_look(number, [an_event(number)], view=f"view-{number}"))


@contextmanager
def sender_to(url: str, store: WorkerStore, timeout_s: float = 5.0) -> Iterator[Sender]:
    client = ApiClient(url, KEY, timeout_s)
    try:
        yield Sender(store.spool, client, QUICK)
    finally:
        client.close()


@contextmanager
def running(sender: Sender) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=sender.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def wait_until(is_so: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)


def test_what_waits_is_sent_with_its_pictures_first_and_the_key_in_the_header(
    tmp_path: Path, store: WorkerStore
) -> None:
    picture = a_picture(tmp_path, "a heap")
    store.commit_look(a_look(1, [an_event(1), an_event(2)], [picture]))
    with scripted_api() as api, sender_to(api.url, store) as sender:
        assert sender.send_once() is True
        assert sender.send_once() is False
    assert [asked.method for asked in api.asked] == ["PUT", "POST"]
    put, post = api.asked
    assert put.path == f"/v1/evidence/{picture.sha256}.jpg"
    assert put.headers["X-Streetkeeper-Masked"] == "true"
    assert post.headers["Content-Type"] == "application/cloudevents-batch+json"
    assert all(asked.headers["Authorization"] == f"Bearer {KEY}" for asked in api.asked)
    assert api.pictures[picture.sha256] == picture.path.read_bytes()
    counts = store.spool.counts()
    assert (counts.pending, counts.sent, counts.pictures) == (0, 2, 0)


def test_the_real_api_stores_what_is_sent_once_and_knows_it_again(tmp_path: Path, store: WorkerStore) -> None:
    from api.store import open_store
    from api.store.keys import create_key

    keep(store, 1, 2, 3)
    opened = open_store(tmp_path / "api")
    with serving(opened) as api:
        client = ApiClient(api.url, create_key(opened, "worker", "w"))
        Sender(store.spool, client, QUICK).send_once()
        with store.database.transaction() as connection:
            connection.execute("UPDATE spool SET state='pending'")  # as if the answer had been lost
        Sender(store.spool, client, QUICK).send_once()
        client.close()
        with api.client("reader") as reader:
            assert len(reader.get("/v1/incidents").json()["features"]) == 3
    opened.close()
    assert store.spool.counts().sent == 3


def test_a_clip_goes_like_a_picture_and_the_real_api_serves_it(tmp_path: Path, store: WorkerStore) -> None:
    from api.store import open_store
    from api.store.keys import create_key

    grey = np.full((48, 64, 3), 90, np.uint8)
    content = encode_mp4([(number, grey) for number in range(6)], 3)
    sha256 = hashlib.sha256(content).hexdigest()
    path = tmp_path / f"{sha256}.mp4"
    path.write_bytes(content)
    store.commit_look(a_look(1, [an_event(1)], [EvidenceFile("clip", sha256, path)]))
    opened = open_store(tmp_path / "api")
    with serving(opened) as api:
        client = ApiClient(api.url, create_key(opened, "worker", "w"))
        Sender(store.spool, client, QUICK).send_once()
        client.close()
        with api.client("reader") as reader:
            reply = reader.get(f"/v1/evidence/{sha256}.mp4", headers={"Range": "bytes=0-"})
    opened.close()
    assert (reply.status_code, reply.headers["content-type"], reply.content) == (206, "video/mp4", content)
    assert store.spool.counts().pictures == 0


def test_many_events_go_in_batches_of_at_most_a_hundred_in_order(store: WorkerStore) -> None:
    keep(store, *range(1, 251))
    with scripted_api() as api, sender_to(api.url, store) as sender:
        while sender.send_once():
            pass
    assert [len(asked.events) for asked in api.posts()] == [100, 100, 50]
    assert api.order == [an_event(number).id for number in range(1, 251)]


def test_one_rejected_event_is_set_aside_with_the_reason_and_the_others_go_on(store: WorkerStore) -> None:
    keep(store, 1, 2, 3)
    api = ScriptedApi()
    api.script = lambda asked: api.judge(
        asked, lambda event: "its zone is unknown" if event["id"] == an_event(2).id else ""
    )
    with scripted_api(api), sender_to(api.url, store) as sender:
        sender.send_once()
    counts = store.spool.counts()
    assert (counts.pending, counts.sent, counts.rejected) == (0, 2, 1)
    rows = store.database.rows("SELECT event_id, reason FROM spool WHERE state='rejected'")
    assert rows == [(an_event(2).id, "its zone is unknown")]


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_a_batch_refused_as_a_whole_is_sent_singly_so_that_only_the_unfit_one_is_set_aside(
    store: WorkerStore, status: int
) -> None:
    keep(store, 1, 2, 3)
    api = ScriptedApi()

    def refuse(asked: Asked) -> Answer | None:
        return problem(status, "no") if an_event(2).id in asked.body.decode() else None

    api.script = refuse
    with scripted_api(api), sender_to(api.url, store) as sender:
        sender.send_once()
    counts = store.spool.counts()
    assert (counts.sent, counts.rejected) == (2, 1)


def test_an_event_that_the_api_fails_at_waits_with_its_subject_while_others_go_on(store: WorkerStore) -> None:
    poison = an_event(2)
    store.commit_look(a_look(1, [an_event(1), poison, an_event(2, 1, "closed"), an_event(3)]))
    api = ScriptedApi()
    broken = threading.Event()
    broken.set()

    def fail(asked: Asked) -> Answer | None:
        return Answer(500) if broken.is_set() and f'"{poison.id}"' in asked.body.decode() else None

    api.script = fail
    with scripted_api(api), sender_to(api.url, store) as sender:
        sender.send_once()
        assert api.order == [an_event(1).id, an_event(3).id]
        keep(store, 4)
        broken.clear()
        wait_until(lambda: sender.send_once() is False and store.spool.counts().pending == 0)
    assert api.order.index(poison.id) < api.order.index(an_event(2, 1).id)
    assert set(api.events) == {an_event(n).id for n in (1, 2, 3, 4)} | {an_event(2, 1).id}


@pytest.mark.parametrize("status", [404, 429, 500, 502, 503, 504, 507, 301])
def test_an_api_that_cannot_take_anything_loses_nothing_and_gets_it_in_order_later(
    store: WorkerStore, status: int
) -> None:
    keep(store, *range(1, 8))
    api = ScriptedApi()
    failures = iter(range(5))
    api.script = lambda asked: problem(status, "not now") if next(failures, None) is not None else None
    with scripted_api(api), sender_to(api.url, store) as sender, running(sender):
        wait_until(lambda: store.spool.counts().sent == 7)
    assert len(api.order) == len(set(api.order)) == 7
    assert store.spool.counts().rejected == 0


def test_an_api_that_was_down_gets_everything_once_it_is_up(store: WorkerStore) -> None:
    keep(store, 1, 2, 3)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with sender_to(f"http://127.0.0.1:{port}", store) as sender, running(sender):
        time.sleep(0.2)
        assert store.spool.counts().pending == 3
        with scripted_api(port=port) as api:
            wait_until(lambda: store.spool.counts().sent == 3)
    assert len(api.events) == 3


def test_an_api_that_is_too_slow_loses_nothing_and_may_get_an_event_twice(store: WorkerStore) -> None:
    keep(store, 1)
    api = ScriptedApi()

    def dawdle(asked: Asked) -> Answer | None:
        taken = api.take(asked)
        return Answer(taken.status, taken.body, after_s=10.0) if len(api.asked) == 1 else taken

    api.script = dawdle
    with scripted_api(api), sender_to(api.url, store, timeout_s=0.2) as sender:
        with pytest.raises(SinkUnavailable, match="does not answer"):
            sender.send_once()
        assert store.spool.counts().pending == 1
        sender.send_once()
    assert store.spool.counts().sent == 1
    assert api.order == [an_event(1).id]


@pytest.mark.parametrize(
    "body", [b"", b"<html>a proxy</html>", b"[]", b'{"results": []}', b'{"results": [7]}']
)
def test_an_answer_that_is_not_the_apis_counts_as_nothing_taken(store: WorkerStore, body: bytes) -> None:
    keep(store, 1)
    with (
        scripted_api(ScriptedApi(lambda asked: Answer(200, body))) as api,
        sender_to(api.url, store) as sender,
        pytest.raises(SinkUnavailable),
    ):
        sender.send_once()
    assert store.spool.counts().pending == 1


def test_retry_after_is_kept_to(store: WorkerStore) -> None:
    keep(store, 1)
    api = ScriptedApi(lambda asked: problem(503, "later", Retry_After="17"))
    with scripted_api(api), sender_to(api.url, store) as sender, pytest.raises(ApiWait) as told:
        sender.send_once()
    assert told.value.wait_s == 17
    assert sender._pause_s(told.value, 1) == 17


@pytest.mark.parametrize("text", ["soon", "-3", "nan", "inf", "Wed, 21 Oct 2026 07:28:00 GMT", "1e99"])
def test_a_strange_retry_after_never_holds_the_sender_for_long(store: WorkerStore, text: str) -> None:
    keep(store, 1)
    api = ScriptedApi(lambda asked: problem(503, "later", Retry_After=text))
    with scripted_api(api), sender_to(api.url, store) as sender, pytest.raises(ApiWait) as told:
        sender.send_once()
    assert 0 <= told.value.wait_s <= 3600


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_key_is_said_once_keeps_everything_and_never_stands_in_the_log(
    store: WorkerStore, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    keep(store, 1, 2)
    api = ScriptedApi(lambda asked: problem(status, "no such key") if len(api.asked) < 5 else None)
    caplog.set_level(logging.INFO)
    with scripted_api(api), sender_to(api.url, store) as sender, running(sender):
        wait_until(lambda: store.spool.counts().sent == 2)
    told = [record for record in caplog.records if record.message == "case_api_refuses_key"]
    assert [record.levelname for record in told] == ["ERROR"]
    assert KEY not in json.dumps([str(vars(record)) for record in caplog.records])
    assert store.spool.counts().rejected == 0


def test_after_a_wrong_key_it_waits_longer_than_after_other_failures(store: WorkerStore) -> None:
    client = ApiClient("http://127.0.0.1:9", KEY)
    sender = Sender(store.spool, client)
    assert sender._pause_s(KeyRefused("wrong"), 1) == 60
    assert sender._pause_s(ApiWait("down"), 1) <= 1
    client.close()


def test_a_picture_that_has_vanished_does_not_hold_up_its_event(tmp_path: Path, store: WorkerStore) -> None:
    picture = a_picture(tmp_path, "a heap")
    store.commit_look(a_look(1, [an_event(1)], [picture]))
    picture.path.unlink()
    with scripted_api() as api, sender_to(api.url, store) as sender:
        sender.send_once()
    assert list(api.events) == [an_event(1).id]
    assert store.database.rows("SELECT state FROM evidence") == [("lost",)]


def test_a_picture_that_the_api_refuses_is_set_aside_and_its_event_goes(
    tmp_path: Path, store: WorkerStore
) -> None:
    store.commit_look(a_look(1, [an_event(1)], [a_picture(tmp_path, "a heap")]))
    api = ScriptedApi(lambda asked: problem(422, "no JPEG") if asked.method == "PUT" else None)
    with scripted_api(api), sender_to(api.url, store) as sender:
        sender.send_once()
    assert store.spool.counts().sent == 1
    assert store.database.rows("SELECT state, reason FROM evidence") == [("rejected", "422: no JPEG")]


def test_a_picture_that_the_api_fails_at_comes_later_than_its_event_but_comes(
    tmp_path: Path, store: WorkerStore
) -> None:
    picture = a_picture(tmp_path, "a heap")
    store.commit_look(a_look(1, [an_event(1)], [picture]))
    api = ScriptedApi()
    failures = iter(range(3))
    api.script = lambda asked: (
        Answer(500) if asked.method == "PUT" and next(failures, None) is not None else None
    )
    with scripted_api(api), sender_to(api.url, store) as sender:
        sender.send_once()
        assert list(api.events) == [an_event(1).id]
        wait_until(lambda: sender.send_once() is False and bool(api.pictures))
    assert list(api.pictures) == [picture.sha256]


def test_where_the_disk_is_full_what_was_sent_is_sent_again_and_not_lost(store: WorkerStore) -> None:
    keep(store, 1, 2)
    with scripted_api() as api, sender_to(api.url, store) as sender:
        with full_disk(), pytest.raises(StorageFull):
            sender.send_once()
        assert store.spool.counts().pending == 2
        sender.send_once()
    assert store.spool.counts().sent == 2
    assert (len(api.posts()), api.order) == (2, [an_event(1).id, an_event(2).id])


def test_an_unforeseen_fault_does_not_end_the_sending(store: WorkerStore) -> None:
    keep(store, 1)

    class OnceBroken(ApiClient):
        is_broken = True

        def post_events(self, rows):  # type: ignore[no-untyped-def]
            if self.is_broken:
                self.is_broken = False
                raise RuntimeError("nobody thought of this")
            return super().post_events(rows)

    with scripted_api() as api:
        client = OnceBroken(api.url, KEY)
        with running(Sender(store.spool, client, QUICK)):
            wait_until(lambda: store.spool.counts().sent == 1)
        client.close()


def test_an_analysis_sends_all_it_has_and_says_when_it_cannot(
    store: WorkerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STREETKEEPER_WORKER_API_KEY", KEY)
    keep(store, 1, 2)
    api = ScriptedApi(lambda asked: problem(403, "role reader"))
    with scripted_api(api), pytest.raises(SinkUnavailable, match="refuses the key"):
        send_all(store, api.url)
    with scripted_api() as api:
        send_all(store, api.url)
    assert len(api.events) == 2
    assert api.asked[0].headers["Authorization"] == f"Bearer {KEY}"


def test_a_postponed_event_holds_back_later_ones_of_its_subject_and_no_others(store: WorkerStore) -> None:
    store.commit_look(a_look(1, [an_event(1), an_event(2), an_event(1, 1, "closed")]))
    store.spool.mark_failed(1, next_try_at=1000.0, reason="500")
    assert [row.event_id for row in store.spool.pending(10, now=999.0)] == [an_event(2).id]
    assert [row.seq for row in store.spool.pending(10, now=1000.0)] == [1, 2, 3]
    assert store.spool.pending(10, now=1000.0)[0].attempts == 1


def test_what_was_sent_long_ago_is_dropped_and_what_waits_is_kept(tmp_path: Path, store: WorkerStore) -> None:
    sent, waits = a_picture(tmp_path, "sent"), a_picture(tmp_path, "waits")
    store.commit_look(a_look(1, [an_event(1), an_event(2), an_event(3)], [sent, waits]))
    store.spool.mark_sent([1], now=100.0)
    store.spool.mark_rejected(2, "no", now=100.0)
    store.spool.mark_picture(sent.sha256, "sent", now=100.0)
    assert store.spool.forget(sent_before=100.0, rejected_before=100.0).events == 0
    forgotten = store.spool.forget(sent_before=101.0, rejected_before=50.0)
    assert (forgotten.events, list(forgotten.files)) == (1, [sent.path])
    assert store.spool.forget(sent_before=101.0, rejected_before=101.0).events == 1
    assert [row.event_id for row in store.spool.pending(10, 0)] == [an_event(3).id]
    assert store.spool.known_pictures() == {waits.sha256}


@given(failures=st.integers(1, 10_000), chance=st.floats(0, 1), most_s=st.floats(1, 3600))
def test_a_pause_is_never_shorter_than_half_a_second_nor_longer_than_the_longest(
    failures: int, chance: float, most_s: float
) -> None:
    pause_s = Backoff(1.0, most_s).pause_s(failures, chance)
    assert 0.5 <= pause_s <= most_s
    assert Backoff(1.0, most_s).pause_s(failures + 1, chance) >= pause_s
