"""What views told of permitted zones."""

import sqlite3
from collections import defaultdict

from api.duty.occupancy import Told
from api.store.times import to_ms
from contracts.event import OccupancyEvent

__all__ = ["keep_occupancy", "occupancy_told"]


def keep_occupancy(connection: sqlite3.Connection, event: OccupancyEvent) -> None:
    """Keep one count; the same again changes nothing."""
    told = event.data
    connection.execute(
        "INSERT OR IGNORE INTO zone_occupancy (zone, run, view_id, at_ms, sequence, standing, seen_share)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            told.zone,
            told.run,
            told.view_id,
            to_ms(event.time),
            event.sequence,
            told.standing,
            told.seen_share,
        ),
    )


def occupancy_told(
    connection: sqlite3.Connection, zone: str, since_ms: int, until_ms: int
) -> dict[str, list[Told]]:
    """By view, what live views told of a zone in a span, in order of time.

    Only of views that have seen something stand there at least once: a zone may lie in a picture and yet
    behind a wall, and the noughts of such a view would make a full point look empty.

    Args:
        connection: A reader's.
        zone: The zone.
        since_ms: From this moment on.
        until_ms: Before this moment.
    """
    found: dict[str, list[Told]] = defaultdict(list)
    rows = connection.execute(
        "SELECT view_id, at_ms, standing, seen_share FROM zone_occupancy WHERE zone = ? AND run = 'live'"
        " AND at_ms >= ? AND at_ms < ? AND view_id IN (SELECT view_id FROM zone_occupancy WHERE zone = ?"
        " AND run = 'live' AND standing > 0) ORDER BY view_id, at_ms, sequence",
        (zone, since_ms, until_ms, zone),
    )
    for view_id, at_ms, standing, seen_share in rows:
        found[view_id].append(Told(at_ms, standing, seen_share))
    return dict(found)
