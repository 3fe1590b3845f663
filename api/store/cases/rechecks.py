"""A camera looks again at a case's place; what it answers is a step, and a person closes."""

import sqlite3
from typing import Final

from shapely.geometry import MultiPoint, Point

from api.lifecycle import Action
from api.store.cases.present import present_site
from api.store.cases.rows import StoredCase, find_case
from api.store.cases.sightings import incident_of
from api.store.cases.steps import MACHINE, Step, note_step
from api.store.commands import CommandEnd, enqueue_command, on_result
from api.store.times import from_ms
from contracts.command import RecheckAnswer
from contracts.incident import Incident, rfc3339
from contracts.site import Site

__all__ = ["ask_recheck", "keep_recheck", "view_over"]

CANNOT_TELL: Final = RecheckAnswer.CANNOT_TELL.value
TTL_S: Final = 24 * 3600.0
NEAR_DEG: Final = 20 / 111_320
"""A view is taken to see 20 m around its control points."""
LEAST_RADIUS_M: Final = 2.0
MOST_RADIUS_M: Final = 50.0


def ask_recheck(connection: sqlite3.Connection, case: StoredCase, step: Step) -> None:
    """Ask a camera that sees the case's place to look again, and keep in the history which one was asked."""
    asked = _seen_by_camera(connection, case) or _seen_by_map(connection, case)
    if asked is None:
        why = "no camera is known to see the place: somebody must go there"
        told: dict[str, str | None] = {"camera_id": None, "why": why}
        note_step(
            connection, case, "recheck_asked", Step(Action.RECHECK, MACHINE, step.at_ms, detail=told), {}
        )
        return
    camera_id, body = asked
    command_id = enqueue_command(
        connection,
        kind="recheck",
        camera_id=camera_id,
        body=body,
        ttl_s=TTL_S,
        key=f"recheck:{case.case_id}:{step.at_ms}",
        actor=step.actor,
        now_ms=step.at_ms,
    )
    connection.execute(
        "INSERT OR IGNORE INTO case_rechecks (command_id, case_id, asked_ms) VALUES (?, ?, ?)",
        (command_id, case.case_id, step.at_ms),
    )
    told = {"camera_id": camera_id, "view_id": str(body["view_id"]), "command_id": command_id}
    note_step(connection, case, "recheck_asked", Step(Action.RECHECK, MACHINE, step.at_ms, detail=told), {})


@on_result("recheck")
def keep_recheck(connection: sqlite3.Connection, end: CommandEnd) -> None:
    """Keep a camera's answer as a step of its case, with the before/after pair; nothing else changes."""
    row = connection.execute(
        "SELECT case_id FROM case_rechecks WHERE command_id = ?", (end.command.command_id,)
    ).fetchone()
    case = find_case(connection, row[0]) if row else None
    if case is None:
        return
    pictures = {str(ref["kind"]): str(ref["href"]).rpartition("/")[2] for ref in end.evidence}
    is_done = end.command.state == "done"
    answer = end.answer.get("answer", CANNOT_TELL) if is_done else CANNOT_TELL
    detail = {
        "answer": answer,
        "why": end.answer.get("why", "") if is_done else end.command.reason,
        "before": pictures.get("before"),
        "now": pictures.get("now"),
        "command_id": end.command.command_id,
    }
    step = Step(Action.RECHECK, MACHINE, end.now_ms, picture=pictures.get("now"), detail=detail)
    note_step(connection, case, "recheck_answered", step, {})


def _seen_by_camera(connection: sqlite3.Connection, case: StoredCase) -> tuple[str, dict[str, object]] | None:
    """The camera that saw it best, and what it is asked."""
    rows = connection.execute(
        "SELECT source_id FROM case_sources WHERE case_id = ? AND kind = 'incident' AND left_ms IS NULL",
        (case.case_id,),
    ).fetchall()
    seen = [stored.incident for (key,) in rows if (stored := incident_of(connection, key)) is not None]
    whole = [incident for incident in seen if _has_box(incident) or incident.lonlat is not None]
    if not whole:
        return None
    best = min(whole, key=_doubt_m)
    body: dict[str, object] = {
        "view_id": best.view_id,
        "category": best.category.value,
        "first_seen": rfc3339(best.first_seen),
        "last_seen": rfc3339(best.last_seen),
    }
    if _has_box(best) and best.picture_wh is not None:
        body |= {"box_xyxy_px": list(best.box_xyxy_px), "picture_wh": list(best.picture_wh)}
    if best.lonlat is not None:
        body |= {"lonlat": list(best.lonlat), "radius_m": _radius_m(_doubt_m(best))}
    return best.camera_id, body


def _has_box(incident: Incident) -> bool:
    """Whether an incident says where in the picture it was, in a way that a worker can look there."""
    x1, y1, x2, y2 = incident.box_xyxy_px
    return incident.picture_wh is not None and x1 < x2 and y1 < y2


def _doubt_m(incident: Incident) -> float:
    return incident.ellipse.semi_major_m if incident.ellipse else MOST_RADIUS_M


def _radius_m(doubt_m: float) -> float:
    return min(MOST_RADIUS_M, max(LEAST_RADIUS_M, doubt_m))


def _seen_by_map(connection: sqlite3.Connection, case: StoredCase) -> tuple[str, dict[str, object]] | None:
    """The camera over whose ground the place lies, where only people told of it."""
    site = present_site(connection)
    found = view_over(site, case.lonlat) if site is not None and case.lonlat is not None else None
    if found is None or case.lonlat is None:
        return None
    camera_id, view_id = found
    seen = rfc3339(from_ms(case.reported_ms))
    return camera_id, {
        "view_id": view_id,
        "category": case.category,
        "first_seen": seen,
        "last_seen": seen,
        "lonlat": list(case.lonlat),
        "radius_m": _radius_m(case.semi_major_m or LEAST_RADIUS_M),
    }


def view_over(site: Site, lonlat: tuple[float, float]) -> tuple[str, str] | None:
    """Camera and view whose control points lie around a place, the nearest to their middle; None without."""
    found = []
    for camera in site.cameras:
        for view in camera.views:
            points = view.calibration.control_points if view.calibration else []
            ground = MultiPoint([point.lonlat for point in points]).convex_hull if points else None
            if ground is not None and ground.distance(Point(lonlat)) <= NEAR_DEG:
                found.append((ground.centroid.distance(Point(lonlat)), camera.id, view.id))
    return min(found)[1:] if found else None
