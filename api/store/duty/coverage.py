"""How long cameras watched in a month, as their workers told it."""

import json
import sqlite3
from collections import defaultdict
from itertools import pairwise

from api.duty.months import Month

__all__ = ["HOUR_MS", "camera_hours"]

HOUR_MS = 3_600_000
WATCHING = frozenset({"ok", "keyframes_too_rare", "overloaded", "no_detector"})
"""States of health in which a view sees what it should; offline, frozen, refused and moved ones do not."""


def camera_hours(connection: sqlite3.Connection, month: Month, now_ms: int) -> dict[str, float]:
    """Hours in which each camera watched in a month, up to now; cameras that never did are left out.

    From the changes of health that arrived: a camera watches from the event that says so until one that says
    otherwise. A worker that is killed says nothing, so its cameras count on until it is heard of again. A
    camera with several views counts their mean.
    """
    until_ms = min(month.end_ms, now_ms)
    changes: dict[tuple[str, str], list[tuple[int, bool]]] = defaultdict(list)
    rows = connection.execute(
        "SELECT camera_id, view_id, time_ms, document FROM events"
        " WHERE type = 'org.streetkeeper.camera.health' AND run = 'live' AND time_ms < ?"
        " ORDER BY camera_id, time_ms, arrival",
        (until_ms,),
    )
    for camera_id, view_id, time_ms, document in rows:
        is_watching = json.loads(document)["data"]["state"] in WATCHING
        changes[(camera_id, view_id)].append((max(time_ms, month.start_ms), is_watching))
    by_camera: dict[str, list[float]] = defaultdict(list)
    for (camera_id, _), told in changes.items():
        stretches = pairwise([*told, (until_ms, False)])
        watched_ms = sum(max(0, end - start) for (start, is_watching), (end, _) in stretches if is_watching)
        by_camera[camera_id].append(watched_ms / HOUR_MS)
    hours = {camera_id: sum(views) / len(views) for camera_id, views in by_camera.items()}
    return {camera_id: watched for camera_id, watched in sorted(hours.items()) if watched > 0}
