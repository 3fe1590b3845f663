"""Which incidents a picture or clip belongs to: what an incident's area says also holds for its evidence."""

import sqlite3

from contracts.event import AnyEvent, IncidentEvent

__all__ = ["link_evidence"]


def link_evidence(connection: sqlite3.Connection, event: AnyEvent) -> None:
    """Remember the files that an incident's event names; runs as the event is stored."""
    if isinstance(event, IncidentEvent):
        connection.executemany(
            "INSERT OR IGNORE INTO evidence_links (sha256, incident_id) VALUES (?, ?)",
            [(item.sha256, event.data.incident_id) for item in event.data.evidence],
        )
