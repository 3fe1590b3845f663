"""Camera health: the latest word on each view."""

import json
import sqlite3
from dataclasses import dataclass

from api.store.changes import append_change
from api.store.opening import Store
from api.store.times import from_ms, to_ms
from contracts.event import CameraHealth, HealthEvent
from contracts.incident import rfc3339

__all__ = ["ViewHealth", "keep_health", "keep_view", "list_views"]


@dataclass(frozen=True, slots=True)
class ViewHealth:
    """The latest health of a view, when it was said, and how many incidents are open there."""

    view_id: str
    camera_id: str
    run: str
    health: CameraHealth | None
    reported_at: str | None
    open_incidents: int


def keep_view(connection: sqlite3.Connection, view_id: str, run: str, camera_id: str) -> None:
    """Remember that the view exists."""
    connection.execute(
        "INSERT INTO views (view_id, run, camera_id) VALUES (?, ?, ?) ON CONFLICT (run, view_id) DO NOTHING",
        (view_id, run, camera_id),
    )


def keep_health(connection: sqlite3.Connection, event: HealthEvent) -> None:
    """Make the event the view's latest health unless a later one is kept.

    By time first: a worker that lost its disk begins its numbers again and must still be heard.
    """
    health = event.data
    kept = connection.execute(
        "INSERT INTO views (view_id, run, camera_id, time_ms, sequence, document)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (run, view_id) DO UPDATE SET camera_id = excluded.camera_id,"
        " time_ms = excluded.time_ms, sequence = excluded.sequence, document = excluded.document"
        " WHERE views.time_ms IS NULL"
        " OR (excluded.time_ms, excluded.sequence) > (views.time_ms, views.sequence)",
        (
            health.view_id,
            health.run,
            health.camera_id,
            to_ms(event.time),
            event.sequence,
            health.model_dump_json(),
        ),
    )
    if kept.rowcount:
        append_change(connection, "camera", health.view_id, run=health.run, sequence=event.sequence)


def list_views(store: Store, run: str, limit: int, areas: tuple[str, ...] | None = None) -> list[ViewHealth]:
    """Every view of a run that was ever heard of, by camera and view; `areas` limit what is counted."""
    within = "" if areas is None else " AND i.area IN (SELECT value FROM json_each(?))"
    rows = store.read(
        lambda connection: connection.execute(
            "SELECT v.view_id, v.camera_id, v.document, v.time_ms,"  # noqa: S608
            " (SELECT count(*) FROM incidents i"
            "  WHERE i.run = v.run AND i.view_id = v.view_id AND i.status = 'open'"
            f"{within})"
            " FROM views v WHERE v.run = ? ORDER BY v.camera_id, v.view_id LIMIT ?",
            (*(() if areas is None else (json.dumps(areas),)), run, limit),
        ).fetchall()
    )
    return [
        ViewHealth(
            view_id=view_id,
            camera_id=camera_id,
            run=run,
            health=CameraHealth.model_validate_json(document) if document else None,
            reported_at=rfc3339(from_ms(time_ms)) if time_ms is not None else None,
            open_incidents=count,
        )
        for view_id, camera_id, document, time_ms, count in rows
    ]
