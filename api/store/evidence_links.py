"""Whose a picture or clip is: what an area says of an incident also holds for its evidence."""

import json
import sqlite3
from collections.abc import Iterable

from contracts.event import AnyEvent, IncidentEvent

__all__ = ["is_evidence_within", "link_evidence"]


def link_evidence(connection: sqlite3.Connection, event: AnyEvent) -> None:
    """Remember the files that an incident's event names; runs as the event is stored."""
    if isinstance(event, IncidentEvent):
        connection.executemany(
            "INSERT OR IGNORE INTO evidence_links (sha256, incident_id) VALUES (?, ?)",
            [(item.sha256, event.data.incident_id) for item in event.data.evidence],
        )


def is_evidence_within(
    connection: sqlite3.Connection, sha256: str, areas: Iterable[str], cameras: Iterable[str]
) -> bool:
    """Whether a file belongs to something in these areas.

    That is an incident that lies there, a picture from outside that was brought for there, or what a worker
    found by a command for one of these cameras.

    Args:
        connection: Any.
        sha256: Of the file.
        areas: Where.
        cameras: Those that look into them.
    """
    within, looking = json.dumps(sorted(areas)), json.dumps(sorted(cameras))
    row = connection.execute(
        "SELECT 1 FROM evidence_links l JOIN incidents i USING (incident_id)"
        " WHERE l.sha256 = ? AND i.area IN (SELECT value FROM json_each(?))"
        " UNION ALL SELECT 1 FROM outside_pictures"
        " WHERE state = 'released' AND area IN (SELECT value FROM json_each(?)) AND evidence LIKE ? || '.%'"
        " UNION ALL SELECT 1 FROM commands"
        " WHERE camera_id IN (SELECT value FROM json_each(?)) AND instr(result, ?) LIMIT 1",
        (sha256, within, within, sha256, looking, sha256),
    ).fetchone()
    return row is not None
