"""The worker's store: a look is kept whole or not at all, once, whatever happens to the process."""

import os
import random
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from contracts.event import IncidentEvent
from stream_workers.database import StoreDamaged
from stream_workers.errors import StorageFull
from stream_workers.spool import EventConflict
from stream_workers.store import StoredView, WorkerStore
from tests.support.full_disk import full_disk
from tests.support.look_commits import VIEW, a_look, a_picture, an_event, the_story

ROOT = Path(__file__).parents[2]


def contents(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that must be equal after a disturbed and an undisturbed life."""
    connection = sqlite3.connect(path)
    try:
        return {
            "view_state": connection.execute("SELECT * FROM view_state").fetchall(),
            "look_log": connection.execute("SELECT * FROM look_log ORDER BY look").fetchall(),
            "spool": connection.execute("SELECT event_id, body, state FROM spool ORDER BY seq").fetchall(),
            "evidence": connection.execute("SELECT sha256, state FROM evidence ORDER BY number").fetchall(),
        }
    finally:
        connection.close()


def test_a_committed_look_is_there_after_a_restart_with_its_events_and_pictures(tmp_path: Path) -> None:
    picture = a_picture(tmp_path, "a heap")
    with WorkerStore(tmp_path / "w.sqlite") as store:
        store.commit_look(a_look(7, [an_event()], [picture], memory=b"memory"))
    with WorkerStore(tmp_path / "w.sqlite") as store:
        assert store.load_view(VIEW, "live") == StoredView(7, b"memory", '{"look": 7}')
        assert [row.event_id for row in store.spool.pending(10, 0)] == [an_event().id]
        assert [row.sha256 for row in store.spool.pending_pictures(10, 0)] == [picture.sha256]
        assert list(store.events("live")) == [an_event()]
        assert [look for look, _, _ in store.logged_looks(VIEW, "live")] == [7]


def test_runs_and_views_do_not_see_each_other(tmp_path: Path) -> None:
    with WorkerStore(tmp_path / "w.sqlite") as store:
        store.commit_look(a_look(7))
        assert store.load_view(VIEW, "another-run") is None
        assert store.load_view("another-view", "live") is None


def test_the_same_look_committed_again_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "w.sqlite"
    with WorkerStore(path) as store:
        store.commit_look(a_look(7, [an_event()]))
        before = contents(path)
        store.commit_look(a_look(7, [an_event(2)], memory=b"other"))
        store.commit_look(a_look(6, [an_event(3)], memory=b"older"))
        assert contents(path) == before


def test_an_event_that_is_kept_already_is_kept_once(tmp_path: Path) -> None:
    with WorkerStore(tmp_path / "w.sqlite") as store:
        store.commit_look(a_look(1, [an_event()]))
        store.commit_look(a_look(2, [an_event(), an_event(2)]))
        assert store.spool.counts().pending == 2


def test_an_event_id_given_twice_is_refused_loudly_and_nothing_of_the_look_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "w.sqlite"
    other = an_event().model_copy(update={"time": an_event(2).time})
    with WorkerStore(path) as store:
        store.commit_look(a_look(1, [an_event()]))
        before = contents(path)
        with pytest.raises(EventConflict, match="other content"):
            store.commit_look(a_look(2, [an_event(9), other]))
        assert contents(path) == before


def test_on_a_full_disk_nothing_is_half_kept_and_the_same_look_is_kept_later(tmp_path: Path) -> None:
    path = tmp_path / "w.sqlite"
    with WorkerStore(path) as store:
        store.commit_look(a_look(1, [an_event(1)]))
        before = contents(path)
        with full_disk(), pytest.raises(StorageFull, match="free some space"):
            store.commit_look(a_look(2, [an_event(2)], memory=os.urandom(90_000)))
        assert contents(path) == before
        store.commit_look(a_look(2, [an_event(2)]))
        assert store.spool.counts().pending == 2


def test_a_store_cannot_be_made_on_a_full_disk_and_says_so(tmp_path: Path) -> None:
    with full_disk(), pytest.raises(StorageFull, match="the disk is full"):
        WorkerStore(tmp_path / "w.sqlite")


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_disk_that_runs_full_look_by_look_keeps_every_look_before(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=False)
    if mounted.returncode:
        pytest.skip("this machine mounts no small disk")
    try:
        with WorkerStore(disk / "w.sqlite") as store:
            kept = 0
            with pytest.raises(StorageFull):
                for look in range(200):
                    store.commit_look(a_look(look, [an_event(look + 1)], view=f"v{look}"))
                    kept += 1
            assert store.spool.counts().pending == kept > 0
            assert store.load_view(f"v{kept}", "live") is None
            assert store.load_view(f"v{kept - 1}", "live") is not None
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_damaged_file_is_named_with_the_remedy_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "w.sqlite"
    path.write_bytes(b"this was a database once" * 400)
    with pytest.raises(StoreDamaged, match=r"w\.sqlite.*move it away"):
        WorkerStore(path)
    assert path.read_bytes() == b"this was a database once" * 400


def test_pages_that_are_damaged_later_are_told_and_not_taken_for_a_full_disk(tmp_path: Path) -> None:
    path = tmp_path / "w.sqlite"
    with WorkerStore(path) as store:
        for look in range(20):
            store.commit_look(a_look(look, [an_event(look + 1)]))
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(bytes(content))
    with pytest.raises(StoreDamaged, match="damaged"), WorkerStore(path) as store:
        store.commit_look(a_look(21, [an_event(99)]))


def test_another_programs_database_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (a)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreDamaged, match="not a worker's store"):
        WorkerStore(path)
    assert path.read_bytes() == before


def test_a_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.sqlite"
    WorkerStore(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(StoreDamaged, match="newer version"):
        WorkerStore(path)


def test_processes_that_make_the_store_at_the_same_moment_all_get_it(tmp_path: Path) -> None:
    refused: list[Exception] = []

    def open_at(moment: threading.Barrier, path: Path) -> None:
        moment.wait()
        try:
            WorkerStore(path).close()
        except StoreDamaged as error:
            refused.append(error)

    for number in range(40):
        moment, path = threading.Barrier(6), tmp_path / f"{number}.sqlite"
        openers = [threading.Thread(target=open_at, args=(moment, path)) for _ in range(6)]
        for opener in openers:
            opener.start()
        for opener in openers:
            opener.join()
    assert refused == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreDamaged, match="name a folder that can be written"):
        WorkerStore(tmp_path / "file" / "w.sqlite")


def test_pictures_are_found_from_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    picture = a_picture(Path("evidence"), "a heap")
    with WorkerStore(Path("w.sqlite")) as store:
        store.commit_look(a_look(1, [an_event()], [picture]))
        monkeypatch.chdir("/")
        assert store.spool.pending_pictures(1, 0)[0].path.is_file()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_killed_in_the_middle_of_commits_the_store_is_as_if_nothing_had_happened(
    tmp_path: Path, seed: int
) -> None:
    looks, chance = 240, random.Random(seed)  # noqa: S311 - when to kill
    whole = tmp_path / "whole" / "w.sqlite"
    with WorkerStore(whole) as store:
        for look in range(looks):
            store.commit_look(the_story(look, whole.parent / "evidence"))
    path = tmp_path / "killed" / "w.sqlite"
    acknowledged, kills = -1, 0
    while acknowledged < looks - 1:
        command = [sys.executable, "-m", "tests.support.look_commits", str(path), str(looks)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(chance.randrange(1, 80)):
                line = process.stdout.readline()
                if not line:
                    break
                acknowledged = int(line)
            process.kill()
            rest = process.stdout.read().split()
            acknowledged = int(rest[-1]) if rest else acknowledged
            kills += 1
        with WorkerStore(path) as store:
            stored = store.load_view(VIEW, "live")
            assert stored is not None
            assert stored.look >= acknowledged
    assert kills > 2
    assert contents(path) == contents(whole)


def test_events_of_a_run_come_in_the_order_in_which_they_were_made(tmp_path: Path) -> None:
    made = [an_event(number) for number in (5, 2, 9)]
    with WorkerStore(tmp_path / "w.sqlite") as store:
        for look, event in enumerate(made):
            store.commit_look(a_look(look, [event]))
        events = [event for event in store.events("live") if isinstance(event, IncidentEvent)]
        assert [event.id for event in events] == [event.id for event in made]
