"""What is read, taken away and changed stands in the audit log; who alters the log afterwards is found."""

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from api.auditing import note_settings
from api.errors import StorageFull
from api.settings import ApiSettings
from api.store import Store, open_store
from api.store.anchor import ANCHOR_FILE, Anchor, read_anchor
from api.store.audit import GENESIS, append_audit, entry_hash
from api.store.audit_reading import AuditQuery, list_audit, verify_audit
from api.store.opening import DATABASE_FILE
from streetkeeper.main import app
from tests.api.conftest import RunningApi
from tests.support.api_events import JPEG, digest, make_event
from tests.support.api_people import add_user, sign_in
from tests.support.full_disk import full_disk

pytestmark = pytest.mark.slow

BATCH = {"Content-Type": "application/cloudevents-batch+json"}
NAME = f"{digest(JPEG)}.jpg"


def entries(store: Store, action: str) -> list[tuple[str, str]]:
    found, _ = list_audit(store, AuditQuery(action=action), 1000, None)
    return [(entry.actor, entry.subject) for entry in reversed(found)]


def put_picture(worker: httpx.Client) -> None:
    headers = {"Content-Type": "image/jpeg", "X-Streetkeeper-Masked": "true"}
    assert worker.put(f"/v1/evidence/{NAME}", content=JPEG, headers=headers).status_code == 201


def test_who_looks_at_evidence_stands_in_the_log_before_it_is_shown(
    api: RunningApi, worker: httpx.Client
) -> None:
    put_picture(worker)
    add_user(api.store, "wang.li", "reader")
    with api.stranger() as client:
        sign_in(client, "wang.li")
        assert client.get(f"/v1/evidence/{NAME}").status_code == 200
        # A player asks in many ranges: still one look.
        assert client.get(f"/v1/evidence/{NAME}", headers={"Range": "bytes=1-2"}).status_code == 206
        assert client.head(f"/v1/evidence/{NAME}").status_code == 200
        assert client.get(f"/v1/evidence/{'0' * 64}.jpg").status_code == 404
    assert entries(api.store, "evidence.read") == [("user:wang.li", NAME)]
    with api.client("reader") as client:
        client.get(f"/v1/evidence/{NAME}")
    assert len(entries(api.store, "evidence.read")) == 2


def test_evidence_is_not_shown_where_the_look_cannot_be_noted(api: RunningApi, worker: httpx.Client) -> None:
    put_picture(worker)
    with api.client("reader") as client:
        assert client.get("/v1/session").status_code == 200
        with full_disk():
            assert client.get(f"/v1/evidence/{NAME}").status_code == 507
        assert entries(api.store, "evidence.read") == []
        assert client.get(f"/v1/evidence/{NAME}").status_code == 200
    assert len(entries(api.store, "evidence.read")) == 1


def test_a_table_and_a_large_page_are_exports_and_a_screenful_is_none(
    api: RunningApi, worker: httpx.Client
) -> None:
    for first in (0, 60):
        events = [make_event(number) for number in range(first, first + 60)]
        assert worker.post("/v1/events", content=json.dumps(events), headers=BATCH).status_code == 200
    with api.client("reader") as client:
        for path in ("/v1/incidents", "/v1/incidents?f=json&limit=100", "/v1/events"):
            assert client.get(path).status_code == 200
        assert entries(api.store, "export.") == []
        for path in (
            "/v1/incidents?f=csv&limit=1",
            "/v1/incidents?limit=101&category=garbage_pile",
            "/v1/events?limit=500",
        ):
            assert client.get(path).status_code == 200
    found, _ = list_audit(api.store, AuditQuery(action="export."), 10, None)
    assert [(entry.action, entry.subject, entry.detail["count"]) for entry in reversed(found)] == [
        ("export.csv", "incidents", 1), ("export.geojson", "incidents", 101), ("export.json", "events", 120)
    ]  # fmt: skip
    assert found[1].detail["query"] == {"category": "garbage_pile", "limit": "101"}


def test_signing_in_and_out_and_keys_stand_in_the_log(
    api: RunningApi, clients: dict[str, httpx.Client]
) -> None:
    made = clients["admin"].post("/v1/keys", json={"role": "reader", "name": "x"}).json()
    clients["admin"].delete(f"/v1/keys/{made['key_id']}")
    (actor, subject) = entries(api.store, "key.create")[-1]
    assert actor.startswith("key:") and subject == made["key_id"]
    assert entries(api.store, "key.revoke") == [(actor, made["key_id"])]
    add_user(api.store, "wang.li")
    with api.stranger() as client:
        sign_in(client, "wang.li")
        client.delete("/v1/session")
    assert [e[0] for e in entries(api.store, "session.")] == ["user:wang.li"] * 2
    assert made["key"].encode() not in (api.store.data_dir / DATABASE_FILE).read_bytes()


def test_only_an_auditor_reads_the_log_and_pages_through_it(
    api: RunningApi, clients: dict[str, httpx.Client]
) -> None:
    for client in clients.values():
        assert client.get("/v1/audit").status_code in {401, 403}
    with api.client("auditor") as auditor:
        first = auditor.get("/v1/audit?limit=2").json()
        path, numbers = "/v1/audit?limit=2", []
        while path:
            page = auditor.get(path)
            numbers += [entry["number"] for entry in page.json()["entries"]]
            path = page.links.get("next", {}).get("url", "")
        assert numbers == list(range(len(numbers), 0, -1)) and len(numbers) >= 5
        assert first["head"] == f"{numbers[0]}:{first['entries'][0]['hash']}"
        assert auditor.get("/v1/audit?action=key.create&actor=command").json()["entries"]
        assert auditor.get("/v1/audit?action=key.&subject=nothing").json()["entries"] == []
        assert auditor.get("/v1/audit?datetime=../2020-01-01").json()["entries"] == []
        for wrong in ("action=*", "action=a'b", "colour=1", "datetime=x", "limit=0"):
            assert auditor.get(f"/v1/audit?{wrong}").status_code == 400


def test_other_settings_than_at_the_last_start_stand_in_the_log(store: Store) -> None:
    usual = ApiSettings(data_dir=store.data_dir)
    shorter = ApiSettings(data_dir=store.data_dir, port=1, retention_days={"rejected": 3})
    assert [note_settings(store, one) for one in (usual, usual, shorter, shorter, usual)] == [
        True, False, True, False, True
    ]  # fmt: skip
    found, _ = list_audit(store, AuditQuery(action="settings.change"), 10, None)
    assert [entry.detail["retention_days"]["rejected"] for entry in found] == [7, 3, 7]


def fill(folder: Path, count: int) -> None:
    store = open_store(folder)

    def add(connection: sqlite3.Connection) -> None:
        for number in range(count):
            append_audit(
                connection,
                actor="user:a",
                action="x.y",
                subject=str(number),
                detail={"n": number},
                at_ms=number,
            )

    store.write(add).result(10)
    store.close()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("audit")
    fill(folder, 12)
    return folder


def altered(folder: Path, into: Path, alter: Callable[[sqlite3.Connection], object]) -> list[str]:
    """What verifying finds after somebody with the file in hand got past the triggers."""
    into.mkdir(exist_ok=True)
    for name in (DATABASE_FILE, ANCHOR_FILE):
        shutil.copy(folder / name, into / name)
    connection = sqlite3.connect(into / DATABASE_FILE)
    for trigger in ("audit_log_is_never_changed", "audit_log_is_never_shortened"):
        connection.execute(f"DROP TRIGGER {trigger}")
    alter(connection)
    connection.commit()
    connection.close()
    return verify_audit(into).faults


def test_an_untouched_log_has_no_faults(written: Path, tmp_path: Path) -> None:
    found = verify_audit(written)
    assert (found.entries, found.faults) == (12, [])
    assert found.head is not None and found.head == read_anchor(written)
    assert altered(written, tmp_path / "a", lambda _: None) == []
    empty = tmp_path / "b"
    open_store(empty).close()
    assert verify_audit(empty).faults == []


CHANGES = {
    "actor": "'user:b'", "action": "'x.z'", "subject": "'other'", "detail": "'{}'", "at_ms": "at_ms + 1",
    "hash": "zeroblob(32)", "number": "number + 100",
}  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(number=st.integers(1, 12), column=st.sampled_from(sorted(CHANGES)))
def test_every_change_of_any_entry_is_found(written: Path, number: int, column: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sql = f"UPDATE audit_log SET {column} = {CHANGES[column]} WHERE number = ?"  # noqa: S608
        assert altered(written, Path(folder), lambda connection: connection.execute(sql, (number,)))


@settings(max_examples=40, deadline=None)
@given(first=st.integers(1, 12), data=st.data())
def test_every_entry_that_was_taken_out_or_off_the_end_is_found(
    written: Path, first: int, data: st.DataObject
) -> None:
    last = data.draw(st.integers(first, 12))
    with tempfile.TemporaryDirectory() as folder:
        faults = altered(
            written,
            Path(folder),
            lambda c: c.execute("DELETE FROM audit_log WHERE number BETWEEN ? AND ?", (first, last)),
        )
    assert any("missing" in fault or "cut short" in fault for fault in faults)


def rewritten(connection: sqlite3.Connection) -> None:
    """The whole chain made anew over a changed entry, as somebody does who has read this code."""
    previous = GENESIS
    rows = connection.execute(
        "SELECT number, at_ms, actor, action, subject, detail FROM audit_log"
    ).fetchall()
    for number, at_ms, _, *said in rows:
        previous = entry_hash(previous, number, at_ms, ("user:nobody", *said))
        connection.execute(
            "UPDATE audit_log SET actor = 'user:nobody', hash = ? WHERE number = ?", (previous, number)
        )


def test_a_log_written_anew_is_found_by_the_head_and_with_it_by_the_head_noted_elsewhere(
    written: Path, tmp_path: Path
) -> None:
    noted = verify_audit(written).head
    (fault,) = altered(written, tmp_path, rewritten)
    assert "rewritten: entry 12 is not the one that the head file says" in fault
    connection = sqlite3.connect(tmp_path / DATABASE_FILE)
    (forged,) = connection.execute("SELECT hash FROM audit_log WHERE number = 12").fetchone()
    connection.close()
    (tmp_path / ANCHOR_FILE).write_text(f"{Anchor(12, forged)}\n")
    assert verify_audit(tmp_path).faults == []
    (fault,) = verify_audit(tmp_path, noted).faults
    assert "the head given" in fault


@pytest.mark.parametrize("content", [None, "", "x", "12", b"\xff"])
def test_a_head_file_that_is_missing_or_none_is_a_fault(
    written: Path, tmp_path: Path, content: str | bytes | None
) -> None:
    altered(written, tmp_path, lambda _: None)
    if content is None:
        (tmp_path / ANCHOR_FILE).unlink()
    else:
        (tmp_path / ANCHOR_FILE).write_bytes(content if isinstance(content, bytes) else content.encode())
    (fault,) = verify_audit(tmp_path).faults
    assert "head file" in fault


def test_an_older_head_after_a_power_cut_is_no_fault_and_the_next_entry_mends_it(tmp_path: Path) -> None:
    fill(tmp_path, 3)
    kept = (tmp_path / ANCHOR_FILE).read_text()
    fill(tmp_path, 2)
    (tmp_path / ANCHOR_FILE).write_text(kept)
    assert verify_audit(tmp_path).faults == []
    fill(tmp_path, 1)
    anchor = read_anchor(tmp_path)
    assert anchor is not None and anchor.number == 6


def test_an_entry_that_cannot_be_written_takes_its_change_with_it(store: Store) -> None:
    with full_disk(), pytest.raises(StorageFull):
        add_user(store, "wang.li")
    add_user(store, "wang.li")
    assert entries(store, "user.create") == [("command", entries(store, "user.create")[0][1])]
    assert verify_audit(store.data_dir).faults == []


def run(*words: str) -> tuple[int, str]:
    shown = CliRunner().invoke(app, ["audit", *words], env={"COLUMNS": "300", "TERM": "dumb"})
    return shown.exit_code, shown.output


def test_the_command_says_what_it_found_by_words_and_exit_code(written: Path, tmp_path: Path) -> None:
    code, told = run("verify", "--data-dir", str(written))
    assert code == 0 and "12 entries, head 12:" in told and "as it was written" in told
    head = told.partition("head ")[2].split()[0]
    altered(written, tmp_path, lambda c: c.execute("DELETE FROM audit_log WHERE number > 10"))
    code, told = run("verify", "--data-dir", str(tmp_path))
    assert code == 1 and "cut short: the head file says entry 12, the log ends at 10" in told
    assert "NOT as it was written" in told
    assert run("verify", "--data-dir", str(written), "--head", head)[0] == 0
    assert run("verify", "--data-dir", str(written), "--head", f"99:{'0' * 64}")[0] == 1
    assert run("verify", "--data-dir", str(written), "--head", "x")[0] == 2
    assert run("verify", "--data-dir", str(tmp_path / "typo"))[0] == 2
