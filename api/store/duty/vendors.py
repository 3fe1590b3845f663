"""Vendors that were seen, as incidents told it: places and spans, nothing that tells one from another."""

import sqlite3
from collections import defaultdict

from api.duty.guiding import Seen

__all__ = ["vendors_seen"]

LONGEST_STAY_MS = 7 * 86_400_000


def vendors_seen(connection: sqlite3.Connection, since_ms: int, until_ms: int) -> list[Seen]:
    """Vendors that stood somewhere against a rule in a span; those without a place are left out."""
    span = (until_ms, since_ms - LONGEST_STAY_MS, until_ms, since_ms)
    where = (
        " FROM incidents i WHERE i.run = 'live' AND i.sort_ms < ? AND i.sort_ms >= ?"
        " AND i.category = 'street_vendor' AND i.lon IS NOT NULL"
        " AND i.first_seen_ms < ? AND i.last_seen_ms > ?"
    )
    zones: dict[int, set[str]] = defaultdict(set)
    rows = connection.execute(
        f"SELECT z.place_key, z.zone FROM incident_zones z WHERE z.place_key IN (SELECT i.place_key{where})",  # noqa: S608
        span,
    )
    for place_key, zone in rows:
        zones[place_key].add(zone)
    found = connection.execute(
        f"SELECT i.place_key, i.first_seen_ms, i.last_seen_ms, i.lon, i.lat{where} ORDER BY i.first_seen_ms",
        span,
    )
    return [
        Seen(start_ms, end_ms, (lon, lat), frozenset(zones[place_key]))
        for place_key, start_ms, end_ms, lon, lat in found
    ]
