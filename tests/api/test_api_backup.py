"""Backups of a running store, whole and checked; restoring overwrites nothing unasked and survives a kill."""

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.errors import Conflict, NotFound, StoreBusy, Unprocessable
from api.store import Store, open_store
from api.store.audit_reading import verify_audit
from api.store.backup import MANIFEST, back_up, check_backup, restore
from api.store.events import record_events
from api.store.history import IncidentQuery, list_incidents
from api.store.keys import check_key, create_key
from api.store.maintenance import forgetting, serving
from contracts.event import parse_event
from streetkeeper.main import app
from tests.support.api_events import JPEG, digest, make_event, named

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
DATABASE = "streetkeeper.sqlite3"


def fill(folder: Path, *numbers: int) -> Store:
    store = open_store(folder)
    for number in numbers:
        content = JPEG[:-2] + str(number).encode() + JPEG[-2:]
        sha256 = digest(content)
        store.pictures.keep(f"{sha256}.jpg", content)
        evidence = [{"kind": "now", "sha256": sha256, "href": f"evidence/{sha256}.jpg", "masked": True}]
        record_events(store, [parse_event(make_event(number, evidence=evidence))]).result(30)
    return store


def state(folder: Path) -> tuple[set[str], set[str], bool]:
    """Incidents, evidence files, and whether each file that is named is there and the log is whole."""
    store = open_store(folder)
    items = list_incidents(store, IncidentQuery(), 1000, None).incidents
    files = set(store.pictures.names())
    store.close()
    wanted = {f"{one.sha256}.jpg" for item in items for one in item.incident.evidence}
    return {item.incident_id for item in items}, files, wanted <= files and not verify_audit(folder).faults


@pytest.mark.parametrize("name", ["backup", "backup.tar"])
def test_a_backup_comes_back_as_it_was_with_its_keys_and_without_what_came_later(
    tmp_path: Path, name: str
) -> None:
    data = tmp_path / "data"
    store = fill(data, 1, 2)
    key = create_key(store, "reader", "r")
    made = back_up(data, tmp_path / name)  # the store is open: online
    assert made.files == 2
    fill(data, 3).close()
    store.close()
    assert state(data)[0] == {named(1), named(2), named(3)}
    with pytest.raises(Conflict):
        restore(data, tmp_path / name)
    assert len(state(data)[0]) == 3, "refused without a word"
    restore(data, tmp_path / name, replace=True)
    ids, files, is_whole = state(data)
    assert (ids, len(files), is_whole) == ({named(1), named(2)}, 2, True)
    store = open_store(data)
    assert check_key(store, key) is not None
    ((detail,),) = store.read(
        lambda connection: connection.execute(
            "SELECT detail FROM audit_log WHERE action = 'store.restore'"
        ).fetchall()
    )
    store.close()
    assert ":" in json.loads(detail)["former_head"], "where the log ended that was replaced"
    # Into a folder that is not there yet nothing needs to be said.
    restore(tmp_path / "new", tmp_path / name)
    assert state(tmp_path / "new") == (ids, files, True)


def test_no_secret_that_opens_a_door_is_in_it(tmp_path: Path) -> None:
    fill(tmp_path / "data", 1).close()
    (tmp_path / "data" / "admin.key").write_text("sk_secret")
    back_up(tmp_path / "data", tmp_path / "b.tar")
    with tarfile.open(tmp_path / "b.tar") as archive:
        names = {name.partition("/")[0] for name in archive.getnames()}
    assert names == {DATABASE, MANIFEST, "audit.head", "evidence"}
    assert (tmp_path / "b.tar").stat().st_mode & 0o077 == 0


def test_a_backup_while_events_arrive_is_one_state(tmp_path: Path) -> None:
    store = fill(tmp_path / "data", 0)
    stop = threading.Event()

    def arrive() -> None:
        number = 1
        while not stop.is_set():
            record_events(store, [parse_event(make_event(number))]).result(30)
            number += 1

    arriving = threading.Thread(target=arrive)
    arriving.start()
    try:
        for number in range(3):
            back_up(tmp_path / "data", tmp_path / str(number))
    finally:
        stop.set()
        arriving.join()
    store.close()
    counts = []
    for number in range(3):
        restore(tmp_path / f"r{number}", tmp_path / str(number))
        ids, _, is_whole = state(tmp_path / f"r{number}")
        assert is_whole
        with sqlite3.connect(tmp_path / f"r{number}" / DATABASE) as connection:
            assert connection.execute("SELECT count(*) FROM events").fetchone() == (len(ids),)
        counts.append(len(ids))
    assert counts == sorted(counts)


@pytest.mark.parametrize("harm", ["evidence", "evidence gone", "database", "manifest", "audit", "extra name"])
def test_a_damaged_backup_is_refused_and_changes_nothing(tmp_path: Path, harm: str) -> None:
    fill(tmp_path / "data", 1, 2).close()
    back_up(tmp_path / "data", tmp_path / "b")
    picture = next((tmp_path / "b" / "evidence").glob("??/*.jpg"))
    manifest = json.loads((tmp_path / "b" / MANIFEST).read_text())
    if harm == "evidence":
        picture.write_bytes(picture.read_bytes()[:-1] + b"x")
    elif harm == "evidence gone":
        picture.unlink()
    elif harm == "database":
        with (tmp_path / "b" / DATABASE).open("r+b") as file:
            file.seek(5000)
            file.write(b"harm")
    elif harm == "manifest":
        (tmp_path / "b" / MANIFEST).write_text("{}")
    elif harm == "extra name":
        manifest["evidence"].append("../../admin.key")
        (tmp_path / "b" / MANIFEST).write_text(json.dumps(manifest))
    else:
        with sqlite3.connect(tmp_path / "b" / DATABASE) as connection:
            connection.execute("DROP TRIGGER audit_log_is_never_changed")
            connection.execute(
                "INSERT INTO audit_log VALUES (1, 1, 'user:x', 'a', 's', '{}', ?)", (bytes(32),)
            )
        manifest["database_sha256"] = digest((tmp_path / "b" / DATABASE).read_bytes())
        (tmp_path / "b" / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(Unprocessable):
        check_backup(tmp_path / "b")
    before = state(tmp_path / "data")
    with pytest.raises(Unprocessable):
        restore(tmp_path / "data", tmp_path / "b", replace=True)
    assert state(tmp_path / "data") == before


def test_half_a_tar_is_refused(tmp_path: Path) -> None:
    fill(tmp_path / "data", 1).close()
    back_up(tmp_path / "data", tmp_path / "b.tar")
    whole = (tmp_path / "b.tar").read_bytes()
    (tmp_path / "b.tar").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Unprocessable):
        restore(tmp_path / "new", tmp_path / "b.tar")
    assert not (tmp_path / "new" / DATABASE).exists()
    assert not list((tmp_path / "new").glob(".restoring*"))


def test_nobody_restores_under_a_running_api_nor_backs_up_during_a_purge(tmp_path: Path) -> None:
    fill(tmp_path / "data", 1).close()
    back_up(tmp_path / "data", tmp_path / "b")
    with serving(tmp_path / "data"), serving(tmp_path / "data"), pytest.raises(StoreBusy):
        restore(tmp_path / "data", tmp_path / "b", replace=True)
    with forgetting(tmp_path / "data"), pytest.raises(StoreBusy):
        back_up(tmp_path / "data", tmp_path / "c")
    with pytest.raises(Conflict):
        back_up(tmp_path / "data", tmp_path / "b")
    with pytest.raises(NotFound):
        back_up(tmp_path / "typo", tmp_path / "c")
    assert not (tmp_path / "c").exists()


def test_a_failed_backup_leaves_nothing(tmp_path: Path) -> None:
    store = fill(tmp_path / "data", 1)
    (name,) = store.pictures.names()
    found = store.pictures.find(name)
    assert found is not None
    found.write_bytes(b"harmed")
    store.close()
    with pytest.raises(Unprocessable, match="evidence"):
        back_up(tmp_path / "data", tmp_path / "b.tar")
    assert {path.name for path in tmp_path.iterdir()} == {"data"}


KILLED = """
import os, signal, sys
from pathlib import Path
from api.store import backup, pictures
left = [int(sys.argv[3])]
def die_at(step):
    def wrapped(*given, **named):
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return step(*given, **named)
    return wrapped
pictures.PictureFolder.put = die_at(pictures.PictureFolder.put)
backup._settle = die_at(backup._settle)
backup.shutil.copyfile = die_at(backup.shutil.copyfile)
Path.replace = die_at(Path.replace)
backup._note = die_at(backup._note)
pictures.PictureFolder.delete = die_at(pictures.PictureFolder.delete)
backup.restore(Path(sys.argv[1]), Path(sys.argv[2]), replace=True)
"""


@pytest.mark.parametrize("steps", range(9))
def test_a_killed_restore_leaves_the_old_or_the_new_and_both_are_whole(tmp_path: Path, steps: int) -> None:
    fill(tmp_path / "data", 1, 2).close()
    back_up(tmp_path / "data", tmp_path / "b")
    fill(tmp_path / "data", 3, 4).close()
    shutil.rmtree(tmp_path / "data" / "evidence" / next((tmp_path / "b" / "evidence").iterdir()).name)
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "data"), str(tmp_path / "b"), str(steps)],
        cwd=ROOT,
        check=False,
        timeout=120,
    )
    assert ended.returncode == -signal.SIGKILL
    with sqlite3.connect(tmp_path / "data" / DATABASE) as connection:
        ((count,),) = connection.execute("SELECT count(*) FROM incidents").fetchall()
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert count in {2, 4}
    restore(tmp_path / "data", tmp_path / "b", replace=True)
    ids, files, is_whole = state(tmp_path / "data")
    assert (ids, len(files), is_whole) == ({named(1), named(2)}, 2, True)


def test_the_commands_say_what_they_did(tmp_path: Path) -> None:
    fill(tmp_path / "data", 1).close()

    def run(*words: str) -> tuple[int, str]:
        shown = CliRunner().invoke(app, ["api", *words], env={"COLUMNS": "300", "TERM": "dumb"})
        return shown.exit_code, shown.output

    tar, data = str(tmp_path / "b.tar"), str(tmp_path / "data")
    code, told = run("backup", tar, "--data-dir", data)
    assert code == 0 and "1 evidence files" in told and "checked" in told
    code, told = run("restore", tar, "--data-dir", data)
    assert code == 2 and "--replace" in told
    code, told = run("restore", tar, "--data-dir", data, "--replace")
    assert code == 0 and "as of" in told
    assert run("backup", tar, "--data-dir", str(tmp_path / "typo"))[0] == 2
    assert {path.name for path in tmp_path.iterdir()} == {"data", "b.tar"}
