"""Reports by citizens, staff and superiors: each begins a case at once and waits for a verdict."""

import sqlite3
import uuid
from dataclasses import dataclass

from api.callers import Caller
from api.errors import Forbidden, NotFound
from api.lifecycle import Action
from api.roles import Needs
from api.store.audit import append_audit
from api.store.cases.present import day_of, present_site, priority_of
from api.store.cases.queueing import LIVE, add_item
from api.store.cases.rows import StoredCase, find_case
from api.store.cases.sources import add_sources
from api.store.cases.steps import Step, begin_case
from api.store.placing import place_of
from api.store.times import from_ms
from contracts.incident import Category, rfc3339

__all__ = ["Report", "StoredReport", "keep_report", "report_for"]


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody reports; who it was is not kept.

    Args:
        kind: `citizen`, `staff` or `superior`.
        category: What it is.
        lonlat: Where, WGS 84 degrees.
        error_m: How far off that may be, metres.
        text: In words.
        at_ms: When it was seen.
        picture: Name of a masked evidence file.
    """

    kind: str
    category: str
    lonlat: tuple[float, float]
    error_m: float
    text: str
    at_ms: int
    picture: str | None = None


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A report with the case that it belongs to."""

    report_id: str
    report: Report
    received_ms: int
    state: str
    case: StoredCase | None


def keep_report(connection: sqlite3.Connection, caller: Caller, report: Report, now_ms: int) -> StoredReport:
    """Take a report: a case with a number, and a review item; what a superior orders is filed at once.

    Raises:
        Forbidden: The place lies in none of the caller's areas, or he gives no orders.
    """
    if report.kind == "superior" and not caller.allows(Needs.DISPATCH):
        raise Forbidden("Only a dispatcher enters what a superior orders.", "Report it as staff.")
    site = present_site(connection)
    area = place_of(connection, Category(report.category), report.lonlat).area
    if not caller.may_see(area):
        raise Forbidden("The place lies in none of your areas.", "Report it to who is responsible there.")
    report_id, is_order = str(uuid.uuid4()), report.kind == "superior"
    lon, lat = report.lonlat
    connection.execute(
        "INSERT INTO reports (report_id, kind, category, lon, lat, error_m, text, at_ms, received_ms, actor,"
        " area, picture, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            report_id,
            report.kind,
            report.category,
            lon,
            lat,
            report.error_m,
            report.text,
            report.at_ms,
            now_ms,
            caller.actor,
            area,
            report.picture,
            "accepted" if is_order else "waiting",
        ),
    )
    columns = {
        "state": "filed" if is_order else "reported",
        "category": report.category,
        "priority": 1 if is_order else priority_of(site, report.category),
        "lon": lon,
        "lat": lat,
        "semi_major_m": report.error_m,
        "semi_minor_m": report.error_m,
        "azimuth_deg": 0.0,
        "area": area,
        "reported_ms": now_ms,
        "last_seen_ms": report.at_ms,
    }
    action = Action.FILE if is_order else Action.REPORT
    step = Step(action, caller.actor, now_ms, detail={"report": report_id, "kind": report.kind})
    case = begin_case(connection, day_of(site, now_ms), columns, step)
    add_sources(connection, case.case_id, [("report", report_id)], caller.actor, now_ms)
    if not is_order:
        _queue(connection, report_id, report, case, now_ms)
    append_audit(
        connection,
        actor=caller.actor,
        action="report.take",
        subject=report_id,
        detail={"kind": report.kind, "case": case.number},
        at_ms=now_ms,
    )
    return StoredReport(report_id, report, now_ms, "accepted" if is_order else "waiting", case)


def _queue(
    connection: sqlite3.Connection, report_id: str, report: Report, case: StoredCase, now_ms: int
) -> None:
    add_item(
        connection,
        {
            "kind": "report",
            "category": report.category,
            "priority": case.priority,
            "area": case.area,
            "run": LIVE,
            "created_ms": now_ms,
            "lon": report.lonlat[0],
            "lat": report.lonlat[1],
            "document": {
                "camera_id": None,
                "view_id": None,
                "at": rfc3339(from_ms(report.at_ms)),
                "picture": report.picture,
                "text": report.text,
            },
        },
        [("report", report_id)],
    )


def report_for(connection: sqlite3.Connection, caller: Caller, report_id: str) -> StoredReport:
    """A report and the case that it belongs to now.

    Raises:
        NotFound: There is none for the caller.
    """
    row = connection.execute(
        "SELECT kind, category, lon, lat, error_m, text, at_ms, picture, received_ms, state, area"
        " FROM reports WHERE report_id = ?",
        (report_id,),
    ).fetchone()
    if row is None or not caller.may_see(row[10]):
        raise NotFound("There is no report of that id.", "The reply to a report names its id.")
    found = connection.execute(
        "SELECT case_id FROM case_sources WHERE kind = 'report' AND source_id = ? AND left_ms IS NULL",
        (report_id,),
    ).fetchone()
    kind, category, lon, lat, error_m, text, at_ms, picture = row[:8]
    report = Report(kind, category, (lon, lat), error_m, text, at_ms, picture)
    return StoredReport(report_id, report, row[8], row[9], find_case(connection, found[0]) if found else None)
