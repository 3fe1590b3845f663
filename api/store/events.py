"""Events: appended once, never changed; an incident's and a camera's current state follow from them."""

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Literal

from api.store.cameras import keep_health
from api.store.duty.occupancy import keep_occupancy
from api.store.incidents import keep_incident
from api.store.ingest import run_hooks
from api.store.opening import Store
from api.store.times import to_ms
from contracts.event import AnyEvent, HealthEvent, IncidentEvent

__all__ = ["EventPage", "EventQuery", "Verdict", "list_events", "list_incident_events", "record_events"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one event; `code` and `reason` say why it was rejected."""

    outcome: Literal["stored", "repeated", "rejected"]
    code: Literal["invalid", "conflict"] | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Which events; None means any. Times are milliseconds, both ends included."""

    run: str = "live"
    type: str | None = None
    camera: str | None = None
    view: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    areas: tuple[str, ...] | None = None
    cameras: tuple[str, ...] | None = None
    """Within `areas`: events of incidents that lie there now, and others of these cameras."""


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events as JSON documents, and where the next page goes on (None: this was the last)."""

    events: list[dict[str, Any]]
    next_after: int | None


def record_events(store: Store, events: Sequence[AnyEvent]) -> "Future[list[Verdict]]":
    """A future of one verdict per event, in order; done once what was stored is on disk."""
    return store.write(lambda connection: [_record_alone(connection, event) for event in events])


def _record_alone(connection: sqlite3.Connection, event: AnyEvent) -> Verdict:
    """Record one event so that its failure leaves the others of the batch alone."""
    connection.execute("SAVEPOINT event")
    try:
        verdict = _record(connection, event)
    except (sqlite3.IntegrityError, sqlite3.DataError, OverflowError, UnicodeError) as error:
        connection.execute("ROLLBACK TO event")
        verdict = Verdict("rejected", "invalid", f"cannot be stored: {type(error).__name__}")
    connection.execute("RELEASE event")
    return verdict


def _record(connection: sqlite3.Connection, event: AnyEvent) -> Verdict:
    document = json.dumps(event.model_dump(mode="json"), ensure_ascii=False, sort_keys=True, allow_nan=False)
    digest = hashlib.sha256(document.encode()).digest()
    known = connection.execute(
        "SELECT digest FROM events WHERE source = ? AND id = ?", (event.source, event.id)
    ).fetchone()
    if known is not None:
        if known[0] == digest:
            return Verdict("repeated")
        return Verdict("rejected", "conflict", "an event of this source and id is stored with other content")
    if isinstance(event, IncidentEvent):
        refusal = keep_incident(connection, event)
        if refusal:
            return Verdict("rejected", "conflict", refusal)
    elif isinstance(event, HealthEvent):
        keep_health(connection, event)
    else:
        keep_occupancy(connection, event)
    connection.execute(
        "INSERT INTO events (source, id, type, subject, sequence, time_ms, camera_id, view_id, run, digest,"
        " document) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.source,
            event.id,
            event.type,
            event.subject,
            event.sequence,
            to_ms(event.time),
            event.data.camera_id,
            event.data.view_id,
            event.data.run,
            digest,
            document,
        ),
    )
    run_hooks(connection, event)
    return Verdict("stored")


def list_events(store: Store, query: EventQuery, limit: int, before: int | None) -> EventPage:
    """Events by arrival, newest first; `before` is the arrival number that the last page ended with."""
    clauses = ["run = ?"]
    values: list[Any] = [query.run]
    conditions: list[tuple[str, Any]] = [
        ("type = ?", query.type),
        ("camera_id = ?", query.camera),
        ("view_id = ?", query.view),
        ("time_ms >= ?", query.since_ms),
        ("time_ms <= ?", query.until_ms),
        ("arrival < ?", before),
    ]
    for clause, value in conditions:
        if value is not None:
            clauses.append(clause)
            values.append(value)
    if query.areas is not None:
        # Of an incident its own area decides, never its camera: a camera looks into more than one.
        clauses.append(
            "CASE WHEN type LIKE 'org.streetkeeper.incident.%' THEN subject IN"
            " (SELECT incident_id FROM incidents WHERE area IN (SELECT value FROM json_each(?)))"
            " ELSE camera_id IN (SELECT value FROM json_each(?)) END"
        )
        values += [json.dumps(query.areas), json.dumps(query.cameras or ())]
    sql = (
        f"SELECT arrival, document FROM events WHERE {' AND '.join(clauses)}"  # noqa: S608  constants above
        " ORDER BY arrival DESC LIMIT ?"
    )
    return _page(store, sql, [*values, limit + 1], limit)


def list_incident_events(store: Store, incident_id: str, limit: int, after: int | None) -> EventPage:
    """An incident's events by sequence; `after` is the sequence number that the last page ended with."""
    sql = (
        "SELECT sequence, document FROM events WHERE subject = ? AND sequence > ?"
        " AND type <> 'org.streetkeeper.camera.health' ORDER BY sequence LIMIT ?"
    )
    return _page(store, sql, [incident_id, -1 if after is None else after, limit + 1], limit)


def _page(store: Store, sql: str, values: list[Any], limit: int) -> EventPage:
    rows = store.read(lambda connection: connection.execute(sql, values).fetchall())
    shown = rows[:limit]
    return EventPage(
        events=[json.loads(document) for _, document in shown],
        next_after=shown[-1][0] if len(rows) > limit else None,
    )
