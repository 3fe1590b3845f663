"""How long cameras watched in a month, as their workers told it."""

import sqlite3
from collections import defaultdict
from itertools import pairwise

from api.duty.months import Month
from api.store.times import to_ms
from contracts.event import AnyEvent, HealthEvent
from contracts.event import HealthState as State

__all__ = ["camera_hours", "forget_watching", "note_watching"]

HOUR_MS = 3_600_000
WATCHING = frozenset({State.OK, State.KEYFRAMES_TOO_RARE, State.OVERLOADED, State.NO_DETECTOR})
"""States of health in which a view sees what it should; offline, frozen, refused and moved ones do not."""


def note_watching(connection: sqlite3.Connection, event: AnyEvent) -> None:
    """Note when a live view begins or ceases to watch; an ingest hook."""
    if not isinstance(event, HealthEvent) or event.data.run != "live":
        return
    connection.execute(
        "INSERT OR IGNORE INTO view_watching (camera_id, view_id, at_ms, sequence, is_watching)"
        " VALUES (?, ?, ?, ?, ?)",
        (
            event.data.camera_id,
            event.data.view_id,
            to_ms(event.time),
            event.sequence,
            event.data.state in WATCHING,
        ),
    )


def forget_watching(connection: sqlite3.Connection, month: Month) -> None:
    """Forget what was noted before a month that is kept, but for how each view stood at its beginning."""
    connection.execute(
        "DELETE FROM view_watching WHERE at_ms < ? AND EXISTS (SELECT 1 FROM view_watching w"
        " WHERE w.camera_id = view_watching.camera_id AND w.view_id = view_watching.view_id AND w.at_ms < ?"
        " AND (w.at_ms, w.sequence) > (view_watching.at_ms, view_watching.sequence))",
        (month.start_ms, month.start_ms),
    )


def camera_hours(connection: sqlite3.Connection, month: Month, now_ms: int) -> dict[str, float]:
    """Hours in which each camera watched in a month, up to now; cameras that never did are left out.

    From the changes of health that arrived: a camera watches from the event that says so until one that says
    otherwise. A worker that is killed says nothing, so its cameras count on until it is heard of again. A
    camera with several views counts their mean.
    """
    until_ms = min(month.end_ms, now_ms)
    changes: dict[tuple[str, str], list[tuple[int, bool]]] = defaultdict(list)
    rows = connection.execute(
        "SELECT camera_id, view_id, at_ms, is_watching FROM view_watching WHERE at_ms < ?"
        " ORDER BY camera_id, view_id, at_ms, sequence",
        (until_ms,),
    )
    for camera_id, view_id, at_ms, is_watching in rows:
        changes[(camera_id, view_id)].append((max(at_ms, month.start_ms), bool(is_watching)))
    by_camera: dict[str, list[float]] = defaultdict(list)
    for (camera_id, _), told in changes.items():
        stretches = pairwise([*told, (until_ms, False)])
        watched_ms = sum(max(0, end - start) for (start, is_watching), (end, _) in stretches if is_watching)
        by_camera[camera_id].append(watched_ms / HOUR_MS)
    hours = {camera_id: sum(views) / len(views) for camera_id, views in by_camera.items()}
    return {camera_id: watched for camera_id, watched in sorted(hours.items()) if watched > 0}
