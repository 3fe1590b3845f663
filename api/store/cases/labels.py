"""Verdicts as labels: one row per source that was judged, ready to train and to measure with."""

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from api.store.cases.present import hour_of, present_site
from api.store.cases.queue import ReviewItem
from api.store.cases.sightings import Source, incident_of
from api.store.times import to_ms

__all__ = ["Label", "keep_labels"]


@dataclass(frozen=True, slots=True)
class Label:
    """What all rows of one verdict have in common."""

    verdict_id: str
    verdict: str
    reason: str | None
    right_category: str | None
    actor: str
    at_ms: int
    hour: int
    case_id: str | None
    before: dict[str, Any]


def keep_labels(
    connection: sqlite3.Connection, item: ReviewItem, sources: list[Source], label: Label
) -> None:
    """A row for each incident of the item; one row for an item without any.

    The hour is that of the sighting, on the site's clock; of an item without incidents, of the verdict.
    """
    incidents = [key for kind, key in sources if kind == "incident"]
    if not incidents:
        view_id = item.document.get("view_id")
        _insert(connection, item, label, (None, item.camera_id, view_id, item.category, None, label.hour))
    site = present_site(connection)
    for incident_id in incidents:
        stored = incident_of(connection, incident_id)
        if stored is not None:
            seen = stored.incident
            hour = hour_of(site, to_ms(seen.first_seen))
            facts = (incident_id, seen.camera_id, seen.view_id, seen.category.value, seen.rule.id, hour)
            _insert(connection, item, label, facts)


def _insert(
    connection: sqlite3.Connection, item: ReviewItem, label: Label, facts: tuple[str | int | None, ...]
) -> None:
    connection.execute(
        "INSERT INTO verdicts (verdict_id, item_id, kind, verdict, reason, actor, at_ms, right_category,"
        " case_id, before, incident_id, camera_id, view_id, category, rule_id, hour)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            label.verdict_id,
            item.item_id,
            item.kind,
            label.verdict,
            label.reason,
            label.actor,
            label.at_ms,
            label.right_category,
            label.case_id,
            json.dumps(label.before, ensure_ascii=False),
            *facts,
        ),
    )
