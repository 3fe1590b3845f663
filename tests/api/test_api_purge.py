"""Forgetting: by age, state and category; never what is held or in a case; with proof; whatever kills it."""

import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from api.retention import DAY_MS, read_retention
from api.settings import ApiSettings
from api.store import Store, open_store
from api.store.audit_reading import verify_audit
from api.store.events import record_events
from api.store.history import IncidentQuery, list_incidents
from api.store.holds import lift_hold, place_hold
from api.store.purge import plan_purge, purge
from contracts.event import parse_event
from streetkeeper.main import app
from tests.api.conftest import RunningApi
from tests.support.api_events import make_event, make_health, named

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
NOW_MS = time.time_ns() // 1_000_000


def put(store: Store, *documents: dict[str, Any]) -> None:
    verdicts = record_events(store, [parse_event(document) for document in documents]).result(30)
    assert {verdict.outcome for verdict in verdicts} == {"stored"}


def picture(store: Store, number: int, *, days_old: float = 2) -> dict[str, Any]:
    """A kept picture, and the reference to it."""
    content = b"\xff\xd8\xff" + str(number).encode() * 100 + b"\xff\xd9"
    sha256 = hashlib.sha256(content).hexdigest()
    store.pictures.keep(f"{sha256}.jpg", content)
    path = store.pictures.find(f"{sha256}.jpg")
    assert path is not None
    at = time.time() - days_old * 86_400
    os.utime(path, (at, at))
    return {"kind": "now", "sha256": sha256, "href": f"evidence/{sha256}.jpg", "masked": True}


def is_kept(store: Store, reference: dict[str, Any]) -> bool:
    return store.pictures.find(f"{reference['sha256']}.jpg") is not None


def seen(days_ago: float, **changed: Any) -> dict[str, Any]:
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - days_ago * 86_400))
    return {"first_seen": at, "opened_at": at, "last_seen": at, **changed}


def ids(store: Store, run: str = "live") -> set[str]:
    return {item.incident_id for item in list_incidents(store, IncidentQuery(run=run), 1000, None).incidents}


def sql(store: Store, statement: str, *values: Any) -> list[Any]:
    return store.write(lambda connection: connection.execute(statement, values).fetchall()).result(10)


def verdict(store: Store, number: int, word: str, days_ago: float, undone_ms: int | None = None) -> None:
    sql(
        store,
        "INSERT INTO verdicts (verdict_id, item_id, incident_id, verdict, actor, at_ms, undone_ms, category,"
        " kind, before) VALUES (?, 'i', ?, ?, 'user:x', ?, ?, 'garbage_pile', 'incident', '{}')",
        f"v{number}{word}",
        named(number),
        word,
        NOW_MS - int(days_ago * DAY_MS),
        undone_ms,
    )


def make_case(store: Store, case_id: str, number: int, state: str, closed_days_ago: float | None) -> None:
    closed = None if closed_days_ago is None else NOW_MS - int(closed_days_ago * DAY_MS)
    sql(
        store,
        "INSERT INTO cases (case_id, number, state, category, priority, reported_ms, closed_ms)"
        " VALUES (?, ?, ?, 'garbage_pile', 3, 0, ?)",
        case_id,
        f"n-{case_id}",
        state,
        closed,
    )
    sql(
        store,
        "INSERT INTO case_sources (case_id, kind, source_id, joined_ms, joined_by)"
        " VALUES (?, 'incident', ?, 0, 'user:x')",
        case_id,
        named(number),
    )


def proofs(store: Store, action: str) -> list[dict[str, Any]]:
    rows = sql(store, "SELECT detail FROM audit_log WHERE action = ? ORDER BY number", action)
    return [json.loads(detail) for (detail,) in rows]


def test_what_is_old_goes_with_its_events_words_and_files_and_is_proven(store: Store) -> None:
    shared, own, young = (picture(store, number) for number in (1, 2, 3))
    put(
        store,
        make_event(1, **seen(100, evidence=[shared, own])),
        make_event(2, **seen(1, evidence=[shared, young])),
    )
    planned = plan_purge(store, read_retention({}))
    assert (dict(planned.rows), planned.files) == ({"incident.unreviewed": 1}, 1)
    assert ids(store) == {named(1), named(2)}, "a plan deletes nothing"

    purged = purge(store, read_retention({}))
    assert (dict(purged.rows), purged.files) == ({"incident.unreviewed": 1}, 1)
    assert ids(store) == {named(2)}
    assert (is_kept(store, shared), is_kept(store, own), is_kept(store, young)) == (True, False, True)
    for table, column in (
        ("events", "subject"),
        ("evidence_links", "incident_id"),
        ("incidents", "incident_id"),
    ):
        assert sql(store, f"SELECT count(*) FROM {table} WHERE {column} = ?", named(1)) == [(0,)]  # noqa: S608
    assert sql(store, "SELECT count(*) FROM incident_words") == [(1,)]
    assert sql(store, "SELECT incidents FROM runs") == [(1,)]
    (rows,) = proofs(store, "purge.rows")
    assert rows["counts"] == {"incident.unreviewed": 1}
    assert rows["ids_sha256"] == hashlib.sha256(named(1).encode()).hexdigest()
    (files,) = proofs(store, "purge.files")
    assert files["sha256"] == [own["sha256"]]
    assert proofs(store, "retention.change")[0]["days"]["rejected"] == 7
    assert not verify_audit(store.data_dir).faults
    # Nothing is left to do, and nothing is said of it.
    assert not purge(store, read_retention({})).rows
    assert len(proofs(store, "purge.rows")) == len(proofs(store, "retention.change")) == 1


def test_rejected_incidents_go_after_seven_days_unless_undone_or_overruled(store: Store) -> None:
    put(store, *[make_event(number, **seen(30)) for number in range(6)])
    verdict(store, 0, "reject", 8)
    verdict(store, 1, "reject", 6)
    verdict(store, 2, "reject", 8, undone_ms=NOW_MS)
    verdict(store, 3, "reject", 20)
    verdict(store, 3, "verify", 9)
    verdict(store, 4, "verify", 20)
    verdict(store, 4, "reject", 9)
    assert purge(store, read_retention({})).rows == {"incident.rejected": 2}
    assert ids(store) == {named(number) for number in (1, 2, 3, 5)}
    assert sql(store, "SELECT count(*) FROM verdicts WHERE incident_id = ?", named(0)) == [(1,)], (
        "labels stay"
    )


def test_nothing_in_a_case_goes_before_the_case(store: Store) -> None:
    put(store, *[make_event(number, **seen(3000)) for number in range(3)])
    verdict(store, 0, "reject", 100)
    make_case(store, "a", 0, "handling", None)
    make_case(store, "b", 1, "closed", 1000)
    make_case(store, "c", 2, "closed", 2000)
    sql(
        store,
        "INSERT INTO case_steps (case_id, at_ms, actor, action) VALUES ('c', 1, 'user:x', 'close')",
    )
    assert purge(store, read_retention({})).rows == {"case.closed_case": 1, "incident.unreviewed": 1}
    assert ids(store) == {named(0), named(1)}
    assert sql(store, "SELECT case_id FROM cases ORDER BY case_id") == [("a",), ("b",)]
    assert sql(store, "SELECT count(*) FROM case_steps") == [(0,)]
    with pytest.raises(sqlite3.IntegrityError):
        sql(store, "INSERT INTO case_steps (case_id, at_ms, actor, action) VALUES ('a', 1, 'u', 'x')")
        sql(store, "DELETE FROM case_steps")


def test_a_held_incident_camera_area_or_case_stays_until_the_hold_is_lifted(store: Store) -> None:
    put(
        store,
        make_event(1, **seen(100)),
        make_event(2, **seen(100, camera_id="harbour", view_id="harbour-1")),
        make_event(3, **seen(100)),
        make_event(4, **seen(100)),
    )
    sql(store, "UPDATE incidents SET area = 'east' WHERE incident_id = ?", named(3))
    make_case(store, "c", 4, "closed", 2000)
    holds = [
        place_hold(store, "incident", named(1), "court", "user:a"),
        place_hold(store, "camera", "harbour", "court", "user:a"),
        place_hold(store, "area", "east", "court", "user:a"),
        place_hold(store, "case", "c", "court", "user:a"),
    ]
    assert sql(store, "SELECT hold FROM cases") == [(1,)]
    assert not purge(store, read_retention({})).rows
    for hold in holds:
        lift_hold(store, hold.hold_id, "decided", "user:a")
    assert purge(store, read_retention({})).rows["incident.unreviewed"] == 4
    assert len(proofs(store, "hold.place")) == len(proofs(store, "hold.lift")) == 4


def test_an_analysis_that_nobody_admitted_goes_by_when_it_came_not_by_when_it_was_filmed(
    store: Store,
) -> None:
    put(store, make_event(1, run="old", **seen(900)), make_event(2, run="new", **seen(900)))
    put(store, make_event(3, run="admitted", **seen(900)))
    sql(store, "UPDATE runs SET heard_ms = ? WHERE run <> 'new'", NOW_MS - 40 * DAY_MS)
    sql(store, "UPDATE runs SET admitted_ms = 1 WHERE run = 'admitted'")
    assert purge(store, read_retention({})).rows == {"incident.analysis": 1}
    assert not ids(store, "old") and ids(store, "new") and ids(store, "admitted")


def test_a_category_may_have_days_of_its_own(store: Store) -> None:
    put(store, make_event(1, **seen(50)), make_event(2, **seen(50, category="building_change")))
    retention = read_retention({"unreviewed": 40, "unreviewed/building_change": 365})
    assert purge(store, retention).rows == {"incident.unreviewed": 1}
    assert ids(store) == {named(2)}


def test_old_health_goes_and_the_newest_word_on_a_camera_stays(store: Store) -> None:
    put(store, make_health(sequence=1))
    assert purge(store, read_retention({})).rows == {"event.health": 1}
    assert sql(store, "SELECT count(*) FROM views WHERE document IS NOT NULL") == [(1,)]


def test_files_that_nothing_names_go_after_days_and_named_ones_stay(store: Store) -> None:
    old, new, of_step, of_item = (
        picture(store, number, days_old=days) for number, days in enumerate((8, 1, 8, 8))
    )
    make_case(store, "a", 1, "handling", None)
    sql(
        store,
        "INSERT INTO case_steps (case_id, at_ms, actor, action, picture) VALUES ('a', 1, 'u', 'handle', ?)",
        f"evidence/{of_step['sha256']}.jpg",
    )
    sql(
        store,
        "INSERT INTO review_items (item_id, kind, state, category, priority, run, created_ms, document)"
        " VALUES ('i', 'audit', 'waiting', 'garbage_pile', 3, 'live', 1, ?)",
        json.dumps({"evidence": [of_item]}),
    )
    assert purge(store, read_retention({})).files == 1
    assert [is_kept(store, one) for one in (old, new, of_step, of_item)] == [False, True, True, True]


def test_a_file_that_was_asked_for_within_the_hour_stays(api: RunningApi) -> None:
    reference = picture(api.store, 1, days_old=30)
    with api.client("worker") as worker:
        assert worker.head(f"/v1/evidence/{reference['sha256']}.jpg").status_code == 200
    purge(api.store, read_retention({"unnamed_file": 0}))
    assert is_kept(api.store, reference)


KILLED = """
import os, signal, sys, time
from pathlib import Path
from api.retention import read_retention
from api.store import open_store, pictures, purge as module
store = open_store(Path(sys.argv[1]))
count, left = int(sys.argv[2]), [int(sys.argv[2])]
def die_at(step):
    def wrapped(*given, **named):
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return step(*given, **named)
    return wrapped
module._release = die_at(module._release)
module._prove_rows = die_at(module._prove_rows)
module._prove = die_at(module._prove)
module._delete_incident = die_at(module._delete_incident)
pictures.PictureFolder.delete = die_at(pictures.PictureFolder.delete)
pictures.PictureFolder.sync = die_at(pictures.PictureFolder.sync)
module.purge(store, read_retention({}))
store.close()
"""


@pytest.mark.parametrize("steps", [0, 1, 2, 4, 6, 8, 9, 11, 12, 13, 14])
def test_killed_at_any_step_it_ends_the_same_when_it_is_started_again(tmp_path: Path, steps: int) -> None:
    store = open_store(tmp_path)
    pictures = [picture(store, number) for number in range(4)]
    shared = picture(store, 99)
    for number, own in enumerate(pictures):
        put(store, make_event(number, **seen(100, evidence=[own])))
    put(store, make_event(5, **seen(1, evidence=[shared])), make_event(6, **seen(100, evidence=[shared])))
    store.close()
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), str(steps)], cwd=ROOT, check=False, timeout=120
    )
    assert ended.returncode == -signal.SIGKILL
    store = open_store(tmp_path)
    # What is gone is never named by what is left, and what is said to be gone is gone.
    for item in list_incidents(store, IncidentQuery(), 100, None).incidents:
        assert all(is_kept(store, {"sha256": one.sha256}) for one in item.incident.evidence)
    for proof in proofs(store, "purge.files"):
        assert not any(is_kept(store, {"sha256": sha256}) for sha256 in proof["sha256"])
    purge(store, read_retention({}))
    assert ids(store) == {named(5)}
    assert is_kept(store, shared) and not any(is_kept(store, one) for one in pictures)
    assert sum(proof["counts"].get("incident.unreviewed", 0) for proof in proofs(store, "purge.rows")) == 5
    proven = sum(proof["files"] + proof["gone_before"] for proof in proofs(store, "purge.files"))
    assert proven == 4
    assert sql(store, "SELECT count(*) FROM purge_files") == [(0,)]
    store.close()
    assert not verify_audit(tmp_path).faults


@pytest.mark.parametrize(
    "days", [{"colour": 1}, {"rejected": -1}, {"health/garbage_pile": 1}, {"rejected/x": 1}]
)
def test_a_policy_that_means_nothing_is_refused(days: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="days"):
        read_retention(days)
    with pytest.raises(ValidationError):
        ApiSettings(retention_days=days)


def test_the_command_plans_and_purges_and_tells_a_mistyped_folder(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    put(store, make_event(1, **seen(100)))
    store.close()

    def run(*words: str) -> tuple[int, str]:
        shown = CliRunner().invoke(app, ["api", "purge", *words], env={"COLUMNS": "300", "TERM": "dumb"})
        return shown.exit_code, shown.output.strip()

    code, planned = run("--dry-run", "--data-dir", str(tmp_path))
    assert code == 0 and json.loads(planned)["rows"] == {"incident.unreviewed": 1}
    code, done = run("--data-dir", str(tmp_path))
    assert code == 0 and json.loads(done) == {
        "deleted": True,
        "rows": {"incident.unreviewed": 1},
        "files": 0,
        "bytes": 0,
    }
    assert run("--data-dir", str(tmp_path / "typo"))[0] == 2


def test_holds_are_for_administrators_and_seen_by_auditors(api: RunningApi) -> None:
    wish = {"kind": "camera", "subject": "market", "reason": "An objection."}
    with api.client("admin") as admin, api.client("auditor") as auditor, api.client("operator") as operator:
        assert operator.post("/v1/holds", json=wish).status_code == 403
        placed = admin.post("/v1/holds", json=wish)
        assert placed.status_code == 201
        assert admin.post("/v1/holds", json={**wish, "kind": "person"}).status_code == 400
        (shown,) = auditor.get("/v1/holds").json()["holds"]
        assert shown == placed.json()
        path = f"/v1/holds/{shown['hold_id']}/lift"
        assert auditor.post(path, json={"reason": "Not mine."}).status_code == 403
        assert admin.post(path, json={"reason": "Decided."}).json()["lift_reason"] == "Decided."
        assert admin.post(path, json={"reason": "Again."}).status_code == 404
        assert operator.get("/v1/holds").status_code == 403
