"""Random looks at quiet stills: drawn per operator and day, and shown like any other item."""

import hashlib
import sqlite3
import uuid
from dataclasses import dataclass
from typing import Final

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from api.sampling import LookPlan, draw_looks
from api.store.cases.present import (
    camera_views,
    day_of,
    hour_of,
    present_site,
    priority_of,
)
from api.store.cases.queueing import LIVE, add_item
from api.store.commands import CommandEnd, enqueue_command, on_result
from api.store.placing import place_of
from api.store.times import from_ms, to_ms
from contracts.incident import Category, rfc3339

__all__ = ["LookState", "keep_look", "list_looks", "open_look", "plan_looks"]

TTL_S: Final = 20 * 3600.0
HOUR_MS: Final = 3_600_000
TIME: Final = TypeAdapter(AwareDatetime)
CATEGORIES: Final = tuple(Category)


@dataclass(frozen=True, slots=True)
class LookState:
    """How the looks of one operator and day stand; which items they are is not told."""

    day: str
    operator: str
    asked: int
    shown: int
    failed: int
    judged: int
    opened: int


def plan_looks(connection: sqlite3.Connection, operator: str, count: int, now_ms: int) -> int:
    """Draw an operator's looks for today, unless they are drawn; gives how many.

    They are of the 24 whole hours before now, each with the same chance, so that their stills are no older
    than what waits from the night.
    """
    site = present_site(connection)
    today = day_of(site, now_ms)
    known = connection.execute(
        "SELECT 1 FROM audit_looks WHERE operator = ? AND day = ? LIMIT 1", (operator, today)
    ).fetchone()
    if known is not None:
        return 0
    ruled = sorted({rule.category.value for rule in site.rules}) if site else [c.value for c in CATEGORIES]
    plans = draw_looks(camera_views(site, connection), ruled, range(24), count, f"{today}|{operator}")
    frame_ms = now_ms - now_ms % HOUR_MS - 24 * HOUR_MS
    starts = {hour_of(site, frame_ms + n * HOUR_MS): frame_ms + n * HOUR_MS for n in range(24)}
    for plan in plans:
        # A day on which clocks change lacks an hour.
        if plan.hour in starts:
            _ask(connection, plan, Turn(today, operator, frame_ms, now_ms), starts[plan.hour])
    return len(plans)


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose looks are drawn, for which day, and when."""

    day: str
    operator: str
    frame_ms: int
    now_ms: int


def _ask(connection: sqlite3.Connection, plan: LookPlan, turn: Turn, since_ms: int) -> None:
    look_id = str(uuid.uuid4())
    until_ms = since_ms + HOUR_MS - 1
    busy = connection.execute(
        "SELECT first_seen_ms, CASE status WHEN 'open' THEN ? ELSE last_seen_ms END FROM incidents"
        " WHERE run = ? AND view_id = ? AND category = ? AND first_seen_ms <= ?"
        " AND (status = 'open' OR last_seen_ms >= ?)",
        (until_ms, LIVE, plan.view_id, plan.category, until_ms, since_ms),
    ).fetchall()
    command_id = enqueue_command(
        connection,
        kind="snapshot",
        camera_id=plan.camera_id,
        body={
            "when": "quiet",
            "view_id": plan.view_id,
            "within": {"since": rfc3339(from_ms(since_ms)), "until": rfc3339(from_ms(until_ms))},
            "busy": [
                {"since": rfc3339(from_ms(first)), "until": rfc3339(from_ms(max(first, last)))}
                for first, last in busy[:2000]
            ],
            "seed": int.from_bytes(
                hashlib.sha256(f"{turn.day}|{turn.operator}|{plan}".encode()).digest()[:7]
            ),
        },
        ttl_s=TTL_S,
        key=f"look:{look_id}",
        actor=turn.operator,
        now_ms=turn.now_ms,
    )
    connection.execute(
        "INSERT INTO audit_looks (look_id, day, operator, camera_id, view_id, hour, frame_ms, category,"
        " state, command_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            look_id,
            turn.day,
            turn.operator,
            plan.camera_id,
            plan.view_id,
            plan.hour,
            turn.frame_ms,
            plan.category,
            "asked",
            command_id,
        ),
    )


@on_result("snapshot")
def keep_look(connection: sqlite3.Connection, end: CommandEnd) -> None:
    """Put a look's still in the queue, unmarked; without a still the look has failed."""
    row = connection.execute(
        "SELECT look_id, camera_id, view_id, category FROM audit_looks WHERE command_id = ?"
        " AND state = 'asked'",
        (end.command.command_id,),
    ).fetchone()
    if row is None:
        return
    look_id, camera_id, view_id, category = row
    picture, still_ms = _still(end)
    if picture is None or still_ms is None:
        connection.execute("UPDATE audit_looks SET state = 'failed' WHERE look_id = ?", (look_id,))
        return
    site = present_site(connection)
    item_id = add_item(
        connection,
        {
            "kind": "audit",
            "category": category,
            "priority": priority_of(site, category),
            "area": _area_of(connection, camera_id, category),
            "camera_id": camera_id,
            "run": LIVE,
            # As an incident's, which waits since it opened.
            "created_ms": still_ms,
            "document": {
                "camera_id": camera_id,
                "view_id": view_id,
                "at": rfc3339(from_ms(still_ms)),
                "picture": picture,
                "text": None,
            },
        },
        [],
    )
    connection.execute(
        "UPDATE audit_looks SET state = 'shown', item_id = ?, still_ms = ? WHERE look_id = ?",
        (item_id, still_ms, look_id),
    )


def _still(end: CommandEnd) -> tuple[str | None, int | None]:
    """Name and time of the still that a worker found, or neither."""
    told = end.answer.get("captured_at")
    if end.command.state != "done" or not end.evidence:
        return None, None
    try:
        at = TIME.validate_python(told)
    except ValidationError:
        return None, None
    return str(end.evidence[0]["href"]).rpartition("/")[2], to_ms(at)


def _area_of(connection: sqlite3.Connection, camera_id: str, category: str) -> str | None:
    """The area that a view looks at: that of the middle of its control points."""
    site = present_site(connection)
    for camera in site.cameras if site else []:
        points = [
            p.lonlat for view in camera.views if view.calibration for p in view.calibration.control_points
        ]
        if camera.id == camera_id and points:
            middle = (sum(p[0] for p in points) / len(points), sum(p[1] for p in points) / len(points))
            return place_of(connection, Category(category), middle).area
    return None


def open_look(connection: sqlite3.Connection, item_id: str, now_ms: int) -> None:
    """Keep that somebody asked what the machine knows of an item: a look so opened counts for nothing."""
    connection.execute(
        "UPDATE audit_looks SET opened_ms = coalesce(opened_ms, ?) WHERE item_id = ?", (now_ms, item_id)
    )


def list_looks(connection: sqlite3.Connection, areas: tuple[str, ...] | None, limit: int) -> list[LookState]:
    """How the newest days' looks stand, per operator."""
    limits = "" if areas is None else f" AND i.area IN ({', '.join('?' * len(areas))})"
    rows = connection.execute(
        "SELECT l.day, l.operator, sum(l.state = 'asked'), sum(l.state = 'shown'), sum(l.state = 'failed'),"  # noqa: S608
        " sum(l.state = 'shown' AND i.state = 'done'), sum(l.opened_ms IS NOT NULL)"
        f" FROM audit_looks l LEFT JOIN review_items i USING (item_id) WHERE 1{limits}"
        " GROUP BY l.day, l.operator ORDER BY l.day DESC, l.operator LIMIT ?",
        [*(areas or ()), limit],
    )
    return [LookState(*row) for row in rows]
