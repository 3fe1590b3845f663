"""Settings, logs, the watched site file and retention of a worker."""

import json
import logging
import os
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.site_check import SiteRejected
from stream_workers.errors import StorageFull
from stream_workers.fleet import Fleet
from stream_workers.housekeeping import Housekeeper, forget_old, sweep_unknown
from stream_workers.logging_setup import MaskingFormatter
from stream_workers.settings import WorkerSettings, unknown_settings
from stream_workers.site_watch import SiteWatch
from stream_workers.store import WorkerStore
from tests.support.example_site import EXAMPLE, changed
from tests.support.fake_cameras import live_site, town
from tests.support.full_disk import full_disk
from tests.support.look_commits import a_look, a_picture, an_event

VERSION = next(line for line in EXAMPLE.splitlines() if line.startswith("version:"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[WorkerStore]:
    with WorkerStore(tmp_path / "w.sqlite") as opened:
        yield opened


def test_arguments_win_over_the_environment_and_that_over_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREETKEEPER_WORKER_SITE", "from-environment.yaml")
    monkeypatch.setenv("STREETKEEPER_WORKER_LEASE_S", "40")
    settings = WorkerSettings(site=Path("from-argument.yaml"))
    assert (settings.site, settings.lease_s) == (Path("from-argument.yaml"), 40)
    assert settings.log_format == "json"


def test_a_key_is_read_from_its_file_and_shown_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("sk_from_file\n")
    monkeypatch.setenv("STREETKEEPER_WORKER_API_KEY", "sk_from_variable")
    settings = WorkerSettings(api_key_file=tmp_path / "key")
    assert settings.read_api_key() == "sk_from_file"
    assert WorkerSettings().read_api_key() == "sk_from_variable"
    assert "sk_from" not in repr(settings) + str(settings.model_dump())
    monkeypatch.delenv("STREETKEEPER_WORKER_API_KEY")
    assert WorkerSettings().read_api_key() == ""


@pytest.mark.parametrize(
    "url", ["", "api.example", "ftp://api", "http://", "http://worker:key@api", "http://api?key=1"]
)
def test_an_address_that_cannot_be_right_stops_the_start_without_showing_it(url: str) -> None:
    with pytest.raises(ValidationError) as told:
        WorkerSettings(api_url=url)
    assert "worker:key" not in str(told.value)


def test_a_placeholder_for_a_key_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREETKEEPER_WORKER_API_KEY", "changeme")
    with pytest.raises(ValidationError, match="keys create") as told:
        WorkerSettings()
    assert "'changeme'" not in str(told.value)


def test_misspelt_variables_are_found() -> None:
    found = {"STREETKEEPER_WORKER_SITE": "a", "STREETKEEPER_WORKER_SIDE": "b", "STREETKEEPER_API_PORT": "1"}
    assert unknown_settings(found) == ["STREETKEEPER_WORKER_SIDE"]


def logged(form: Literal["json", "text"], message: str, error: Exception | None = None, **facts: Any) -> str:
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(MaskingFormatter(form))
    logger = logging.Logger("test")
    logger.addHandler(handler)
    logger.error(message, exc_info=error, extra=facts)
    return stream.getvalue()


def test_a_record_is_one_json_object_with_its_facts() -> None:
    line = json.loads(logged("json", "event_made", camera="gate", ms=12, path=Path("a")))
    assert (line["event"], line["camera"], line["ms"], line["path"]) == ("event_made", "gate", 12, "a")
    assert line["level"] == "error"


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize(
    "text",
    [
        "rtsp://admin:S3cret@192.0.2.1/main broke off",
        "rtsp://admin:S3cret/with@signs@192.0.2.1/main",
        "http://192.0.2.1/stream?user=admin&password=S3cret&x=1",
        "Authorization: Bearer S3cret",
        "{'password': 'S3cret'}",
        "token=S3cret;",
        "api_key: S3cret",
    ],
)
def test_no_credential_stands_in_a_log_line_wherever_it_comes_from(
    form: Literal["json", "text"], text: str
) -> None:
    for line in (logged(form, text), logged(form, "m", reason=text), logged(form, "m", RuntimeError(text))):
        assert "S3cret" not in line
        assert "***" in line


def test_addresses_without_credentials_stay_readable() -> None:
    line = logged("json", "m", url="rtsp://192.0.2.1:554/main", when="a user @ the door", n="keyframes: 3")
    assert "rtsp://192.0.2.1:554/main" in line
    assert "a user @ the door" in line


@given(text=st.text())
def test_whatever_is_logged_is_one_line(text: str) -> None:
    forms: tuple[Literal["json"], Literal["text"]] = ("json", "text")
    for form in forms:
        line = logged(form, "m", value=text)
        assert line.count("\n") == 1
        assert line.endswith("\n")


def rewrite(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    # Two edits within one tick of the file system's clock must still be two.
    os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns + 1_000_000))


def test_a_changed_site_is_given_once(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    rewrite(path, EXAMPLE)
    watch = SiteWatch(path)
    assert watch.changed() is None
    rewrite(path, changed(VERSION, "version: next"))
    site = watch.changed()
    assert site is not None
    assert site.version == "next"
    assert watch.changed() is None


@pytest.mark.parametrize(
    "nonsense", ["", "{{{{", "a: [1, 2", "rules: 7", "\x00\x01", "format: streetkeeper-site/1\n"]
)
def test_a_site_edited_to_nonsense_is_told_once_and_the_running_one_stays(
    tmp_path: Path, nonsense: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "site.yaml"
    rewrite(path, EXAMPLE)
    watch = SiteWatch(path)
    before = watch.site
    rewrite(path, nonsense)
    assert watch.changed() is None
    assert watch.changed() is None
    assert watch.site is before
    told = [record for record in caplog.records if record.message == "site_refused_running_one_stays"]
    assert len(told) == 1
    rewrite(path, changed(VERSION, "version: mended"))
    site = watch.changed()
    assert site is not None


def test_a_site_file_that_vanishes_for_a_moment_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    rewrite(path, EXAMPLE)
    watch = SiteWatch(path)
    path.unlink()
    assert watch.changed() is None
    rewrite(path, EXAMPLE)
    assert watch.changed() is None


def test_a_site_with_faults_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("rules: 7")
    with pytest.raises(SiteRejected):
        SiteWatch(tmp_path / "site.yaml")


def test_what_was_sent_is_dropped_with_its_file_after_its_time(tmp_path: Path, store: WorkerStore) -> None:
    picture = a_picture(tmp_path / "evidence", "a heap")
    store.commit_look(a_look(1, [an_event(1)], [picture]))
    store.spool.mark_sent([1], time.time() - 100)
    store.spool.mark_picture(picture.sha256, "sent", time.time() - 100)
    forget_old(store.spool, WorkerSettings(data_dir=tmp_path, keep_sent_s=200))
    assert picture.path.exists()
    forget_old(store.spool, WorkerSettings(data_dir=tmp_path, keep_sent_s=50))
    assert not picture.path.exists()
    assert store.spool.counts().sent == 0


def test_pictures_of_looks_that_were_never_committed_are_swept_and_others_kept(
    tmp_path: Path, store: WorkerStore
) -> None:
    folder = tmp_path / "evidence"
    kept, orphan, fresh = (a_picture(folder, text) for text in ("kept", "orphan", "fresh"))
    half = folder / "abc.jpg.partial"
    half.write_bytes(b"half")
    store.commit_look(a_look(1, [an_event(1)], [kept]))
    for path in (kept.path, orphan.path, half):
        os.utime(path, (time.time() - 7200, time.time() - 7200))
    sweep_unknown(folder, store.spool)
    assert sorted(path.name for path in folder.iterdir()) == sorted([kept.path.name, fresh.path.name])
    sweep_unknown(tmp_path / "not there", store.spool)


def test_a_round_takes_a_changed_site_and_goes_on_on_a_full_disk(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    rewrite(path, EXAMPLE)
    with town(tmp_path, live_site("gate")) as running:
        watch = SiteWatch(path)
        fleet = Fleet(running.parts, ("nobody",), 60, lambda: None)
        keeper = Housekeeper(WorkerSettings(data_dir=tmp_path), running.store.spool, fleet, watch)
        rewrite(path, changed(VERSION, "version: next"))
        running.store.commit_look(a_look(1, [an_event(1)]))
        running.store.spool.mark_sent([1], 0.0)
        with full_disk(), pytest.raises(StorageFull):
            keeper.go_round()
        assert running.parts.site.version == "next"
        keeper.go_round()
