"""What the machine knows of a review item: its incidents, and open cases near by."""

import json
import sqlite3
from typing import Any

from api.callers import Caller
from api.store.cases.looks import open_look
from api.store.cases.queue import held_item, item_sources
from api.store.cases.rows import find_case
from api.store.cases.sightings import Source, proposals_for, sighting_of

__all__ = ["item_facts"]


def item_facts(connection: sqlite3.Connection, caller: Caller, item_id: str, now_ms: int) -> dict[str, Any]:
    """Facts of an item that the caller holds, of the same shape for every kind.

    Raises:
        NotFound: There is no such item for the caller.
        Conflict: He does not hold it.
    """
    item = held_item(connection, caller, item_id, now_ms)
    open_look(connection, item.item_id, now_ms)
    sources = item_sources(connection, item.item_id)
    return {
        "item_id": item.item_id,
        "gone_ms": item.gone_ms,
        "incidents": [_incident(connection, key) for kind, key in sources if kind == "incident"],
        "proposals": _proposals(connection, caller, sources, item.run, now_ms),
    }


def _incident(connection: sqlite3.Connection, incident_id: str) -> dict[str, Any]:
    status, sequence, document = connection.execute(
        "SELECT status, sequence, document FROM incidents WHERE incident_id = ?", (incident_id,)
    ).fetchone()
    return {"status": status, "sequence": sequence, "incident": json.loads(document)}


def _proposals(
    connection: sqlite3.Connection, caller: Caller, sources: list[Source], run: str, now_ms: int
) -> list[dict[str, Any]]:
    """Open cases near by that the caller may see; a report's own case is none."""
    own = {
        case_id
        for kind, key in sources
        for (case_id,) in connection.execute(
            "SELECT case_id FROM case_sources WHERE kind = ? AND source_id = ? AND left_ms IS NULL",
            (kind, key),
        )
    }
    sightings = [seen for source in sources if (seen := sighting_of(connection, source, now_ms)) is not None]
    shown = []
    for found in proposals_for(connection, sightings, run, now_ms):
        case = find_case(connection, found.key)
        if case is not None and case.case_id not in own and caller.may_see(case.area):
            shown.append(
                {
                    "case_id": case.case_id,
                    "number": case.number,
                    "category": case.category,
                    "state": case.state,
                    "metres": round(found.nearness.metres, 2),
                    "deviations": round(found.nearness.deviations, 3),
                }
            )
    return shown
