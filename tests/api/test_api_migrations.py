"""Databases of earlier releases are taken over as they stand; several processes may start at once."""

import hashlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from api.store import open_store
from api.store.events import EventQuery, list_events, record_events
from api.store.history import IncidentQuery, list_incidents
from api.store.keys import check_key, list_keys
from api.store.migrating import FOLDER, MigrationRefused, newest_revision
from api.store.migrations import scripts
from contracts.event import parse_event
from tests.support.api_events import make_event, make_health, named

FIRST_SQL = (FOLDER / "versions" / "0001_events_incidents_cameras_keys.sql").read_text(encoding="utf-8")
KEY = "sk_0a1b2c3d4e5f_" + "A" * 43
DATABASE = "streetkeeper.sqlite3"


def make_first_release(folder: Path) -> None:
    """A database as the release before Alembic left it: with a key, incidents and a camera's health."""
    store = open_store(folder)
    events = [make_event(1), make_event(2, 1, "closed"), make_health()]
    record_events(store, [parse_event(event) for event in events]).result(30)
    store.close()
    new = sqlite3.connect(folder / DATABASE)
    old = sqlite3.connect(folder / "old", isolation_level=None)
    old.execute("PRAGMA journal_mode = WAL")
    for statement in scripts.statements_of(FIRST_SQL):
        old.execute(statement)
    for table in ("events", "incidents", "incident_zones", "views"):
        columns = [row[1] for row in old.execute(f"PRAGMA table_info({table})")]
        rows = new.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()  # noqa: S608
        assert rows
        marks = ", ".join("?" * len(columns))
        old.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608
    salt = bytes(16)
    digest = hashlib.sha256(salt + b"A" * 43).digest()
    old.execute(
        "INSERT INTO api_keys VALUES ('0a1b2c3d4e5f', 'east', 'reader', ?, ?, 1, NULL)", (salt, digest)
    )
    old.execute("PRAGMA user_version = 1")
    new.close()
    old.close()
    for left in folder.glob(f"{DATABASE}*"):
        left.unlink()
    (folder / "old").rename(folder / DATABASE)


def test_a_database_from_before_alembic_is_taken_over_without_loss(tmp_path: Path) -> None:
    make_first_release(tmp_path)
    store = open_store(tmp_path)
    incidents = list_incidents(store, IncidentQuery(), 10, None).incidents
    assert [item.incident.incident_id for item in incidents] == [named(2), named(1)]
    assert [item.status for item in incidents] == ["closed", "open"]
    assert len(list_events(store, EventQuery(), 10, None).events) == 3
    record = check_key(store, KEY)
    assert record is not None and record.rights.areas is None and record.expires_at is None
    assert record_events(store, [parse_event(make_event(3))]).result(30)[0].outcome == "stored"
    store.close()


def schema(path: Path) -> set[tuple[str, str]]:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    connection.close()
    return set(rows)


def test_a_new_database_and_one_taken_over_have_the_same_schema(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    make_first_release(old)
    for folder in (old, new):
        open_store(folder).close()
        open_store(folder).close()
    assert schema(old / DATABASE) == schema(new / DATABASE)


def test_both_numbers_say_the_newest_schema_so_that_an_older_release_refuses_it(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    connection = sqlite3.connect(tmp_path / DATABASE)
    (numbered,) = connection.execute("PRAGMA user_version").fetchone()
    (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    connection.close()
    assert numbered == int(revision) == int(newest_revision()) > 1


def test_an_upgrade_that_fails_leaves_the_database_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_first_release(tmp_path)
    before = schema(tmp_path / DATABASE)
    real = scripts.statements_of

    def broken(script: str) -> list[str]:
        return [*real(script), "INSERT INTO no_such_table VALUES (1)"]

    monkeypatch.setattr(scripts, "statements_of", broken)
    with pytest.raises(Exception, match="no_such_table"):
        open_store(tmp_path)
    assert schema(tmp_path / DATABASE) == before
    monkeypatch.undo()
    store = open_store(tmp_path)
    assert len(list_keys(store)) == 1
    store.close()


@pytest.mark.parametrize(
    "statement", ["PRAGMA user_version = 9999", "UPDATE alembic_version SET version_num = '9999'"]
)
def test_a_newer_database_is_refused(tmp_path: Path, statement: str) -> None:
    open_store(tmp_path).close()
    connection = sqlite3.connect(tmp_path / DATABASE, isolation_level=None)
    connection.execute(statement)
    connection.close()
    with pytest.raises(MigrationRefused, match=r"9999.*newer release"):
        open_store(tmp_path)


def test_a_newer_database_from_before_alembic_is_refused(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / DATABASE, isolation_level=None)
    connection.execute("PRAGMA user_version = 77")
    connection.close()
    with pytest.raises(MigrationRefused, match="0077"):
        open_store(tmp_path)


def test_a_script_that_ends_in_half_a_statement_is_no_script() -> None:
    with pytest.raises(ValueError, match="CREATE TABLE b"):
        scripts.statements_of("CREATE TABLE a (x);\nCREATE TABLE b (x")


@pytest.mark.slow
@pytest.mark.parametrize("is_old", [False, True])
def test_processes_that_start_at_once_upgrade_once(tmp_path: Path, is_old: bool) -> None:
    if is_old:
        make_first_release(tmp_path)
    code = "import sys, pathlib, api.store; api.store.open_store(pathlib.Path(sys.argv[1])).close()"
    root = Path(__file__).parent.parent.parent
    started = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=root, stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    told = [process.communicate(timeout=120)[1] for process in started]
    assert [process.returncode for process in started] == [0] * 4, "\n".join(
        one.decode()[-900:] for one in told
    )
    store = open_store(tmp_path)
    assert len(list_keys(store)) == int(is_old)
    store.close()
