"""Camera health: the latest word on each view."""

import sqlite3
from dataclasses import dataclass

from api.store.opening import Store
from api.store.times import from_ms, to_ms
from contracts.event import CameraHealth, HealthEvent
from contracts.incident import rfc3339

__all__ = ["ViewHealth", "keep_health", "list_views"]


@dataclass(frozen=True, slots=True)
class ViewHealth:
    """The latest health of a view, when it was said, and how many incidents are open there."""

    view_id: str
    camera_id: str
    run: str
    health: CameraHealth | None
    reported_at: str | None
    open_incidents: int


def keep_health(connection: sqlite3.Connection, event: HealthEvent) -> None:
    """Make the event the view's latest health unless a later one is kept.

    By time first: a worker that lost its disk begins its numbers again and must still be heard.
    """
    health = event.data
    connection.execute(
        "INSERT INTO camera_health (view_id, run, camera_id, time_ms, sequence, document)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (run, view_id) DO UPDATE SET camera_id = excluded.camera_id,"
        " time_ms = excluded.time_ms, sequence = excluded.sequence, document = excluded.document"
        " WHERE (excluded.time_ms, excluded.sequence) > (camera_health.time_ms, camera_health.sequence)",
        (
            health.view_id,
            health.run,
            health.camera_id,
            to_ms(event.time),
            event.sequence,
            health.model_dump_json(),
        ),
    )


def list_views(store: Store, run: str, limit: int) -> list[ViewHealth]:
    """Every view of a run that was ever heard of, by camera and view."""
    rows = store.read(
        lambda connection: connection.execute(
            "SELECT k.view_id, k.camera_id, h.document, h.time_ms,"
            " (SELECT count(*) FROM incidents i WHERE i.camera_id = k.camera_id AND i.run = :run"
            "  AND i.view_id = k.view_id AND i.status = 'open')"
            " FROM (SELECT view_id, camera_id FROM camera_health WHERE run = :run"
            "       UNION SELECT DISTINCT view_id, camera_id FROM incidents WHERE run = :run) k"
            " LEFT JOIN camera_health h ON h.run = :run AND h.view_id = k.view_id"
            "  AND h.camera_id = k.camera_id"
            " ORDER BY k.camera_id, k.view_id LIMIT :limit",
            {"run": run, "limit": limit},
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
