"""Forgetting, with proof: rows first, then files, each step with its entry in the audit log.

The order survives a kill at any moment. A transaction deletes rows, writes down which files they leave
behind, and what it did. Files are deleted inside a second transaction, before its commit: a killed purge
finds them still written down and says of those already gone that they were. So no file is said to be deleted
that is there, none is deleted that something names, and a purge that is started again ends with nothing to
do.
"""

import hashlib
import json
import sqlite3
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from api.retention import DAY_MS, Retention
from api.store.audit import append_audit
from api.store.changes import append_change, raise_floor
from api.store.opening import Store
from api.store.outdated import named_elsewhere, outdated_cases, outdated_incidents
from api.store.pictures import NAME
from api.store.times import now_ms

__all__ = ["Purged", "plan_purge", "purge"]

ROWS: Final = 500
FILES: Final = 200
FRESH_S: Final = 3600
"""A file that came or was asked for within the last hour stays: its event may be on its way."""
PAST_MS: Final = DAY_MS
CHANGES_MS: Final = 7 * DAY_MS
KEPT_OF_CASES: Final = {"cases", "verdicts", "evaluation_facts"}
"""Verdicts stay as labels, figures of past months as they were: neither holds a picture or a place."""


@dataclass(slots=True)
class Purged:
    """What a purge deleted, or would delete.

    Args:
        rows: Counts by what it was, such as `incident.rejected` or `case.closed_case`.
        files: Evidence files.
        bytes: Their size.
    """

    rows: Counter[str] = field(default_factory=Counter)
    files: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class _Turn:
    """One run of the purge."""

    purge_id: str
    retention: Retention
    now_ms: int
    actor: str


Step = Callable[[sqlite3.Connection, _Turn], Counter[str]]
"""Deletes some rows and proves it; nothing counted: there is nothing left to do."""


def plan_purge(store: Store, retention: Retention) -> Purged:
    """What a purge would delete now; deletes nothing. Files that only become free with their rows count."""
    at_ms = now_ms()

    def count(connection: sqlite3.Connection) -> Purged:
        planned = Purged()
        incidents = outdated_incidents(connection, retention, at_ms, 10**9)
        planned.rows.update(f"incident.{state}" for _, _, state in incidents)
        planned.rows.update(
            f"case.{state}" for _, state in outdated_cases(connection, retention, at_ms, 10**9)
        )
        going = {incident_id for _, incident_id, _ in incidents}
        names = set().union(*(_names_of(connection, incident_id) for _, incident_id, _ in incidents))
        kept = named_elsewhere(connection)
        for name in names:
            path = store.pictures.find(name)
            if path and name[:64] not in kept and _namers(connection, name) <= going:
                planned.files += 1
                planned.bytes += path.stat().st_size
        return planned

    return store.read(count)


def purge(store: Store, retention: Retention, actor: str = "command") -> Purged:
    """Delete what has been kept for long enough, and write the proof into the audit log.

    Raises:
        StorageFull: The database cannot be written; what was done before stays done and proven.
        StoreBusy: Likewise; another process holds it.
    """
    turn = _Turn(str(uuid.uuid4()), retention, now_ms(), actor)
    done = Purged()
    store.write(lambda connection: _tell_policy(connection, turn)).result()
    _delete_files(store, turn, done)  # what a killed purge left
    for step in (_purge_cases, _purge_reports, _purge_incidents, _purge_health, _purge_occupancy):
        while counts := _do(store, step, turn):
            done.rows.update(counts)
    store.write(lambda connection: _forget_past(connection, turn)).result()
    _find_unnamed(store, turn)
    _delete_files(store, turn, done)
    return done


def _do(store: Store, step: Step, turn: _Turn) -> Counter[str]:
    return store.write(lambda connection: step(connection, turn)).result()


def _tell_policy(connection: sqlite3.Connection, turn: _Turn) -> None:
    """Write a changed policy into the audit log before anything is deleted by it."""
    row = connection.execute(
        "SELECT detail FROM audit_log WHERE action = 'retention.change' ORDER BY number DESC LIMIT 1"
    ).fetchone()
    days = {name: float(value) for name, value in turn.retention.days.items()}
    if row is None or json.loads(row[0]) != {"days": days}:
        _prove(connection, turn, "retention.change", {"days": days}, turn.retention.digest())


def _prove(
    connection: sqlite3.Connection, turn: _Turn, action: str, detail: dict[str, object], subject: str = ""
) -> None:
    append_audit(
        connection,
        actor=turn.actor,
        action=action,
        subject=subject or turn.purge_id,
        detail=detail,
        at_ms=now_ms(),
    )


def _prove_rows(
    connection: sqlite3.Connection, turn: _Turn, counts: Counter[str], ids: list[str], files: set[str]
) -> None:
    # The ids themselves would keep what is to be forgotten; who has a list of them can check it by the hash.
    digest = hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()
    detail = {"counts": dict(counts), "ids_sha256": digest, "files_released": len(files)}
    _prove(connection, turn, "purge.rows", detail)


def _names_of(connection: sqlite3.Connection, incident_id: str) -> set[str]:
    """Evidence files that an incident's events name."""
    rows = connection.execute(
        "SELECT e.value ->> '$.sha256', e.value ->> '$.kind' FROM events v,"
        " json_each(v.document, '$.data.evidence') e WHERE v.subject = ? AND v.type LIKE '%.incident.%'",
        (incident_id,),
    )
    return {f"{sha256}.{'mp4' if kind == 'clip' else 'jpg'}" for sha256, kind in rows}


def _namers(connection: sqlite3.Connection, name: str) -> set[str]:
    """The incidents that name a file."""
    sql = "SELECT incident_id FROM evidence_links WHERE sha256 = ?"
    return {incident_id for (incident_id,) in connection.execute(sql, (name[:64],))}


def _release(connection: sqlite3.Connection, turn: _Turn, names: set[str]) -> None:
    connection.executemany(
        "INSERT OR IGNORE INTO purge_files (name, purge_id) VALUES (?, ?)",
        [(name, turn.purge_id) for name in sorted(names)],
    )


def _purge_incidents(connection: sqlite3.Connection, turn: _Turn) -> Counter[str]:
    outdated = outdated_incidents(connection, turn.retention, turn.now_ms, ROWS)
    counts = Counter(f"incident.{state}" for _, _, state in outdated)
    names: set[str] = set()
    for key, incident_id, _ in outdated:
        names |= _names_of(connection, incident_id)
        _delete_incident(connection, key, incident_id)
    if outdated:
        _release(connection, turn, names)
        append_change(connection, "purge", turn.purge_id)
        _prove_rows(connection, turn, counts, [incident_id for _, incident_id, _ in outdated], names)
    return counts


def _delete_incident(connection: sqlite3.Connection, key: int, incident_id: str) -> None:
    connection.execute(
        "UPDATE runs SET incidents = incidents - 1"
        " WHERE run = (SELECT run FROM incidents WHERE place_key = ?)",
        (key,),
    )
    for table, column in (
        ("incidents", "place_key"),
        ("incident_places", "place_key"),
        ("incident_zones", "place_key"),
        ("incident_words", "rowid"),
        ("incident_past", "place_key"),
    ):
        connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (key,))  # noqa: S608  constants
    connection.execute("DELETE FROM events WHERE subject = ? AND type LIKE '%.incident.%'", (incident_id,))
    connection.execute("DELETE FROM evidence_links WHERE incident_id = ?", (incident_id,))
    _delete_review(connection, "incident", incident_id)


def _delete_review(connection: sqlite3.Connection, kind: str, source_id: str) -> None:
    """Delete what a source waits in for a person; an item of several sources goes with its last."""
    items = connection.execute(
        "DELETE FROM review_sources WHERE kind = ? AND source_id = ? RETURNING item_id", (kind, source_id)
    ).fetchall()
    for (item_id,) in items:
        gone = connection.execute(
            "DELETE FROM review_items WHERE item_id = ? AND NOT EXISTS"
            " (SELECT 1 FROM review_sources s WHERE s.item_id = review_items.item_id)",
            (item_id,),
        ).rowcount
        if gone:
            connection.execute("DELETE FROM review_seen WHERE item_id = ?", (item_id,))


def _purge_cases(connection: sqlite3.Connection, turn: _Turn) -> Counter[str]:
    outdated = outdated_cases(connection, turn.retention, turn.now_ms, ROWS)
    if not outdated:
        return Counter()
    names: set[str] = set()
    with _steps_may_go(connection):
        for case_id, _ in outdated:
            names |= _delete_case(connection, case_id)
    counts = Counter(f"case.{state}" for _, state in outdated)
    _release(connection, turn, names)
    _prove_rows(connection, turn, counts, [case_id for case_id, _ in outdated], names)
    return counts


def _delete_case(connection: sqlite3.Connection, case_id: str) -> set[str]:
    """Delete a case and all that belongs to it; gives the names of its pictures.

    Its incidents stay: from now on they are kept as long as those that nobody reviewed.
    """
    pictures = connection.execute(
        "SELECT picture FROM case_steps WHERE case_id = ?1 UNION SELECT r.picture FROM reports r"
        " JOIN case_sources s ON s.kind = 'report' AND s.source_id = r.report_id WHERE s.case_id = ?1",
        (case_id,),
    ).fetchall()
    reports = connection.execute(
        "SELECT source_id FROM case_sources WHERE case_id = ? AND kind = 'report' AND left_ms IS NULL",
        (case_id,),
    ).fetchall()
    for (report_id,) in reports:
        connection.execute("DELETE FROM reports WHERE report_id = ?", (report_id,))
        _delete_review(connection, "report", report_id)
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        columns = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        if "case_id" in columns and table not in KEPT_OF_CASES:
            connection.execute(f"DELETE FROM {table} WHERE case_id = ?", (case_id,))  # noqa: S608  of the schema
    connection.execute("DELETE FROM cases WHERE case_id = ?", (case_id,))
    return _picture_names(text for (text,) in pictures)


def _purge_reports(connection: sqlite3.Connection, turn: _Turn) -> Counter[str]:
    """Delete what citizens and staff reported and a person rejected."""
    rows = connection.execute(
        "SELECT report_id, picture FROM reports r WHERE state = 'rejected' AND received_ms < ? AND NOT EXISTS"
        " (SELECT 1 FROM case_sources s WHERE s.kind = 'report' AND s.source_id = r.report_id"
        " AND s.left_ms IS NULL) LIMIT ?",
        (turn.retention.cut_ms("rejected_report", turn.now_ms), ROWS),
    ).fetchall()
    for report_id, _ in rows:
        connection.execute("DELETE FROM reports WHERE report_id = ?", (report_id,))
        _delete_review(connection, "report", report_id)
    counts: Counter[str] = Counter({"report.rejected": len(rows)} if rows else {})
    if rows:
        names = _picture_names(picture for _, picture in rows)
        _release(connection, turn, names)
        _prove_rows(connection, turn, counts, [report_id for report_id, _ in rows], names)
    return counts


def _picture_names(texts: Iterable[str | None]) -> set[str]:
    """File names in columns that hold a name or a reference to one."""
    named = {text.rpartition("/")[2] for text in texts if text}
    return {name for name in named if NAME.match(name)}


class _steps_may_go:  # noqa: N801  reads as a sentence where it is used
    """Take away the triggers that refuse to delete what belongs to a case, and put them back as they were."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._triggers: list[tuple[str, str]] = []

    def __enter__(self) -> None:
        self._triggers = self._connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN"
            " (SELECT m.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE c.name = 'case_id')"
            " AND sql LIKE '%BEFORE DELETE%'"
        ).fetchall()
        for name, _ in self._triggers:
            self._connection.execute(f"DROP TRIGGER {name}")

    def __exit__(self, *_: object) -> None:
        # A failure rolls the whole change back, and the triggers with it.
        for _name, sql in self._triggers:
            self._connection.execute(sql)


def _purge_health(connection: sqlite3.Connection, turn: _Turn) -> Counter[str]:
    rows = connection.execute(
        "SELECT arrival, id FROM events INDEXED BY health_events_by_time"
        " WHERE type = 'org.streetkeeper.camera.health' AND time_ms < ? LIMIT ?",
        (turn.retention.cut_ms("health", turn.now_ms), ROWS * 4),
    ).fetchall()
    connection.executemany("DELETE FROM events WHERE arrival = ?", [(arrival,) for arrival, _ in rows])
    counts: Counter[str] = Counter({"event.health": len(rows)} if rows else {})
    if rows:
        _prove_rows(connection, turn, counts, [event_id for _, event_id in rows], set())
    return counts


def _purge_occupancy(connection: sqlite3.Connection, turn: _Turn) -> Counter[str]:
    cut_ms = turn.retention.cut_ms("occupancy", turn.now_ms)
    rows = connection.execute(
        "SELECT arrival, id FROM events INDEXED BY occupancy_events_by_time"
        " WHERE type = 'org.streetkeeper.zone.occupancy' AND time_ms < ? LIMIT ?",
        (cut_ms, ROWS * 4),
    ).fetchall()
    connection.executemany("DELETE FROM events WHERE arrival = ?", [(arrival,) for arrival, _ in rows])
    counts: Counter[str] = Counter({"event.occupancy": len(rows)} if rows else {})
    if rows:
        connection.execute("DELETE FROM zone_occupancy WHERE at_ms < ?", (cut_ms,))
        _prove_rows(connection, turn, counts, [event_id for _, event_id in rows], set())
    return counts


def _forget_past(connection: sqlite3.Connection, turn: _Turn) -> None:
    """Forget former states that no page asks for any more, and changes that no listener comes back for."""
    for name, table, number, at, age_ms in (
        ("past", "incident_past", "ended", "ended_ms", PAST_MS),
        ("changes", "changes", "number", "at_ms", CHANGES_MS),
    ):
        (newest,) = connection.execute(
            f"SELECT max({number}) FROM {table} WHERE {at} < ?",  # noqa: S608  constants
            (turn.now_ms - age_ms,),
        ).fetchone()
        if newest is not None:
            connection.execute(f"DELETE FROM {table} WHERE {number} <= ?", (newest,))  # noqa: S608
            raise_floor(connection, name, newest)


def _find_unnamed(store: Store, turn: _Turn) -> None:
    """Release files that nothing ever named: a worker's or a reporter's that was given up."""
    cut_s = turn.retention.cut_ms("unnamed_file", turn.now_ms) / 1000
    for names in _in_parts(store.pictures.older_than(cut_s)):

        def release(connection: sqlite3.Connection, names: list[str] = names) -> None:
            _release(connection, turn, {name for name in names if not _namers(connection, name)})

        store.write(release).result()


def _in_parts(names: Iterator[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for name in names:
        part.append(name)
        if len(part) == FILES:
            yield part
            part = []
    if part:
        yield part


def _delete_files(store: Store, turn: _Turn, done: Purged) -> None:
    """Delete the files that were released, but for those that something names again."""
    named = store.read(named_elsewhere)

    def delete(connection: sqlite3.Connection) -> tuple[int, int, bool]:
        rows = connection.execute("SELECT name FROM purge_files ORDER BY name LIMIT ?", (FILES,)).fetchall()
        sizes: dict[str, int] = {}
        missing = 0
        for (name,) in rows:
            if name[:64] in named or _namers(connection, name):
                continue
            if store.pictures.find(name) is None:
                missing += 1
                continue
            # One that is too new is let go of here, and found again among those that nothing names.
            size = store.pictures.delete(name, turn.now_ms / 1000 - FRESH_S)
            if size is not None:
                sizes[name] = size
        store.pictures.sync(list(sizes))
        connection.executemany("DELETE FROM purge_files WHERE name = ?", rows)
        if sizes or missing:
            detail = {
                "files": len(sizes),
                "bytes": sum(sizes.values()),
                "sha256": [name[:64] for name in sizes],
                "gone_before": missing,
            }
            _prove(connection, turn, "purge.files", detail)
        return len(sizes), sum(sizes.values()), bool(rows)

    while True:
        count, size, is_any = store.write(delete).result()
        done.files += count
        done.bytes += size
        if not is_any:
            return
