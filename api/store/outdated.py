"""What has been kept for long enough: which incidents, cases and files a purge may take."""

import re
import sqlite3
from collections.abc import Iterable

from api.retention import Retention
from contracts.incident import Category

__all__ = ["named_elsewhere", "outdated_cases", "outdated_incidents"]

SHA256 = re.compile(r"[0-9a-f]{64}")
NAMING = ("picture", "evidence", "result", "document", "before")
"""Columns of tables beside the incidents' own in which evidence may be named, alone or within JSON."""
OWN = {"events", "incidents"}
MIRRORED = {"review_items": "kind <> 'incident'"}
"""Rows beside the incidents that only repeat what their incidents name do not keep a file."""
NOT_HELD = (
    " AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.lifted_ms IS NULL AND (h.kind, h.subject) IN"
    " (VALUES ('incident', i.incident_id), ('camera', i.camera_id), ('area', i.area)))"
)
NOT_IN_A_CASE = (
    " AND NOT EXISTS (SELECT 1 FROM case_sources s WHERE s.kind = 'incident'"
    " AND s.source_id = i.incident_id AND s.left_ms IS NULL)"
)
# Each as the source of rows `i`; every `?` is the time before which it may go.
UNREVIEWED = (
    "FROM incidents i WHERE i.run IN (SELECT run FROM runs WHERE run = 'live' OR admitted_ms IS NOT NULL)"
    " AND i.last_seen_ms < ? AND (i.run = 'live' OR (SELECT heard_ms FROM runs r WHERE r.run = i.run) < ?)"
)
ANALYSIS = (
    "FROM incidents i WHERE i.run IN (SELECT run FROM runs WHERE run <> 'live' AND admitted_ms IS NULL"
    " AND heard_ms < ?)"
)
# The newest verdict that holds is a rejection: one that was undone or overruled rejects nothing.
REJECTED = (
    "FROM (SELECT DISTINCT incident_id AS id FROM verdicts WHERE verdict = 'reject' AND at_ms < ?) r"
    " JOIN incidents i ON i.incident_id = r.id WHERE (SELECT v.verdict = 'reject' AND v.at_ms < ?"
    " FROM verdicts v WHERE v.incident_id = i.incident_id AND v.undone_ms IS NULL"
    " ORDER BY v.at_ms DESC, v.verdict_key DESC LIMIT 1)"
)


def outdated_incidents(
    connection: sqlite3.Connection, retention: Retention, now_ms: int, limit: int
) -> list[tuple[int, str, str]]:
    """Key, id and state of incidents that may go, none of which is held or belongs to a case."""
    sources = {"rejected": REJECTED, "unreviewed": UNREVIEWED, "analysis": ANALYSIS}
    found: dict[int, tuple[int, str, str]] = {}
    for category in Category:
        for state, source in sources.items():
            values = [retention.cut_ms(state, now_ms, category)] * source.count("?")
            rows = connection.execute(
                f"SELECT i.place_key, i.incident_id {source} AND i.category = ?"
                f"{NOT_HELD}{NOT_IN_A_CASE} LIMIT ?",
                [*values, category.value, limit - len(found)],
            )
            found = {key: (key, incident_id, state) for key, incident_id in rows} | found
    return list(found.values())


def outdated_cases(
    connection: sqlite3.Connection, retention: Retention, now_ms: int, limit: int
) -> list[tuple[str, str]]:
    """Id and state of cases that may go: ended, and not held."""
    found: list[tuple[str, str]] = []
    for state, states in (("rejected_case", "('rejected', 'voided')"), ("closed_case", "('closed')")):
        for category in Category:
            found += connection.execute(
                f"SELECT case_id, ? FROM cases c WHERE state IN {states} AND closed_ms < ? AND category = ?"  # noqa: S608
                " AND hold = 0 AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.lifted_ms IS NULL AND"
                " (h.kind, h.subject) IN (VALUES ('case', c.case_id), ('area', c.area))) LIMIT ?",
                (state, retention.cut_ms(state, now_ms, category), category.value, limit - len(found)),
            ).fetchall()
    return found


def named_elsewhere(connection: sqlite3.Connection) -> set[str]:
    """SHA-256s (hex) in everything beside incidents: steps, reports, looks, results, review items."""
    named: set[str] = set()
    tables: Iterable[tuple[str]] = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
    ).fetchall()
    for (table,) in tables:
        columns = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        for column in () if table in OWN else columns.intersection(NAMING):
            rows = MIRRORED.get(table, "true")
            sql = f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL AND {rows}"  # noqa: S608  of the schema
            for (text,) in connection.execute(sql):
                named.update(SHA256.findall(str(text)))
    return named
