"""What happens to the review queue when an event arrives: a new item, one more source, or news of one."""

import json
import sqlite3
import uuid
from typing import Any

from api.lifecycle import Action
from api.store.cases.rows import change_case, find_case
from api.store.cases.sightings import StoredSource, incident_of, incident_sighting, items_near
from api.store.cases.steps import MACHINE, Step, note_step
from api.store.placing import place_of
from api.store.runs import is_admitted
from api.store.times import to_ms
from contracts.event import AnyEvent, IncidentEvent
from contracts.incident import Incident, rfc3339

__all__ = ["LIVE", "add_item", "queue_incident", "queue_run"]

LIVE = "live"
SHOWN_FIRST = ("now", "arrival", "still")


def queue_incident(connection: sqlite3.Connection, event: AnyEvent) -> None:
    """Bring an incident's event to its review item or case; an ingest hook.

    The live run comes here by itself; `queue_run` brings another when a person admits it, and from then on
    its events come too.
    """
    if not isinstance(event, IncidentEvent) or not is_admitted(connection, event.data.run):
        return
    stored = incident_of(connection, event.data.incident_id)
    if stored is not None:
        _bring(connection, stored, to_ms(event.time))


def queue_run(connection: sqlite3.Connection, run: str, now_ms: int) -> int:
    """Bring every incident of an analysis run to the queue, which a person admitted; gives how many."""
    ids = connection.execute(
        "SELECT incident_id FROM incidents WHERE run = ? ORDER BY sort_ms, place_key", (run,)
    ).fetchall()
    for (incident_id,) in ids:
        stored = incident_of(connection, incident_id)
        if stored is not None:
            _bring(connection, stored, now_ms)
    return len(ids)


def _bring(connection: sqlite3.Connection, stored: StoredSource, at_ms: int) -> None:
    incident = stored.incident
    known = connection.execute(
        "SELECT i.item_id, i.state FROM review_items i JOIN review_sources s USING (item_id)"
        " WHERE s.kind = 'incident' AND s.source_id = ? ORDER BY i.item_key DESC LIMIT 1",
        (incident.incident_id,),
    ).fetchone()
    _tell_case(connection, stored, at_ms)
    if known is not None:
        _renew(connection, known[0], at_ms, is_waiting=known[1] == "waiting")
        return
    sighting = incident_sighting(incident, is_open=stored.is_open, now_ms=at_ms)
    near = items_near(connection, sighting, incident.run, at_ms)
    if near:
        connection.execute(
            "INSERT INTO review_sources (item_id, kind, source_id) VALUES (?, 'incident', ?)",
            (near[0].key, incident.incident_id),
        )
        _renew(connection, near[0].key, at_ms, is_waiting=True)
        return
    lon, lat = incident.lonlat or (None, None)
    area = place_of(connection, incident.category, incident.lonlat).area
    add_item(
        connection,
        {
            "kind": "incident",
            "category": incident.category.value,
            "priority": incident.priority,
            "area": area,
            "camera_id": incident.camera_id,
            "run": incident.run,
            "created_ms": to_ms(incident.opened_at),
            "gone_ms": None if stored.is_open else at_ms,
            "lon": lon,
            "lat": lat,
            "document": incident_document(incident),
        },
        [("incident", incident.incident_id)],
    )


def add_item(connection: sqlite3.Connection, columns: dict[str, Any], sources: list[tuple[str, str]]) -> str:
    """A new waiting item; gives its id, which tells nothing of its kind."""
    item_id = str(uuid.uuid4())
    row = {"item_id": item_id, "state": "waiting", **columns}
    row["document"] = json.dumps(row["document"], ensure_ascii=False)
    connection.execute(
        f"INSERT INTO review_items ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",  # noqa: S608
        list(row.values()),
    )
    connection.executemany(
        "INSERT INTO review_sources (item_id, kind, source_id) VALUES (?, ?, ?)",
        [(item_id, *source) for source in sources],
    )
    return item_id


def incident_document(incident: Incident) -> dict[str, Any]:
    """What a screen shows of an incident before the verdict: no more than of a random look."""
    pictures = {ref.kind: ref.href.rpartition("/")[2] for ref in incident.evidence}
    shown = next((pictures[kind] for kind in SHOWN_FIRST if kind in pictures), None)
    return {
        "camera_id": incident.camera_id,
        "view_id": incident.view_id,
        "at": rfc3339(incident.opened_at),
        "picture": shown,
        "text": None,
    }


def _renew(connection: sqlite3.Connection, item_id: str, at_ms: int, *, is_waiting: bool) -> None:
    """Let an item follow its incidents; one that was judged keeps what was judged."""
    if not is_waiting:
        return
    sources = [
        stored
        for (source_id,) in connection.execute(
            "SELECT source_id FROM review_sources WHERE item_id = ? AND kind = 'incident'", (item_id,)
        ).fetchall()
        if (stored := incident_of(connection, source_id)) is not None
    ]
    first = min(sources, key=lambda stored: (stored.incident.opened_at, stored.incident.incident_id)).incident
    is_gone = not any(stored.is_open for stored in sources)
    connection.execute(
        "UPDATE review_items SET category = ?, priority = ?, area = ?, document = ?,"
        " gone_ms = CASE WHEN ? THEN coalesce(gone_ms, ?) END WHERE item_id = ?",
        (
            first.category.value,
            min(stored.incident.priority for stored in sources),
            place_of(connection, first.category, first.lonlat).area,
            json.dumps(incident_document(first), ensure_ascii=False),
            is_gone,
            at_ms,
            item_id,
        ),
    )


def _tell_case(connection: sqlite3.Connection, stored: StoredSource, at_ms: int) -> None:
    """Let the case that an incident belongs to know when it was last seen, and that it is gone."""
    incident = stored.incident
    row = connection.execute(
        "SELECT case_id FROM case_sources WHERE kind = 'incident' AND source_id = ? AND left_ms IS NULL",
        (incident.incident_id,),
    ).fetchone()
    case = find_case(connection, row[0]) if row else None
    if case is None:
        return
    last_seen = {"last_seen_ms": max(case.last_seen_ms or 0, to_ms(incident.last_seen))}
    if stored.is_open:
        if last_seen["last_seen_ms"] != case.last_seen_ms:
            change_case(connection, case.case_id, last_seen, is_by_person=False)
        return
    detail = {"incident_id": incident.incident_id, "view_id": incident.view_id}
    note_step(
        connection,
        case,
        "not_seen_any_more",
        Step(Action.RECHECK, MACHINE, at_ms, detail=detail),
        last_seen,
    )
