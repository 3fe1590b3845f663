"""Cases, items and figures as replies show them."""

import json
from typing import Any

from api.lifecycle import Action, allowed_actions
from api.store.cases.objections import Objection
from api.store.cases.quality import CategoryRecall, Precision
from api.store.cases.queue import ReviewItem
from api.store.cases.reports import StoredReport
from api.store.cases.rows import StoredCase
from api.store.cases.sources import SourceRow
from api.store.cases.steps import CaseStep
from api.store.times import from_ms
from contracts.incident import rfc3339

__all__ = [
    "show_case",
    "show_item",
    "show_objection",
    "show_precision",
    "show_recall",
    "show_report",
    "show_source",
    "show_step",
    "shown_time",
]

SAME = (
    "case_id",
    "number",
    "state",
    "rung",
    "category",
    "priority",
    "area",
    "street",
    "grid_cell",
    "unit",
    "run",
)
COUNTS = ("reworks", "returns", "extensions", "version", "title")
MOMENTS = ("reported", "filed", "dispatched", "due", "handled", "checked", "closed", "last_seen")


def shown_time(ms: int | None) -> str | None:
    """A time of the database as RFC 3339."""
    return None if ms is None else rfc3339(from_ms(ms))


def show_case(case: StoredCase) -> dict[str, Any]:
    """A case."""
    ellipse = None
    if case.semi_major_m is not None and case.semi_minor_m is not None:
        ellipse = {
            "semi_major_m": case.semi_major_m,
            "semi_minor_m": case.semi_minor_m,
            "azimuth_deg": case.azimuth_deg,
        }
    return {
        **{name: getattr(case, name) for name in (*SAME, *COUNTS)},
        **{f"{name}_at": shown_time(getattr(case, f"{name}_ms")) for name in MOMENTS},
        "is_suspended": bool(case.is_suspended),
        "is_objected": bool(case.is_objected),
        "lonlat": case.lonlat,
        "ellipse": ellipse,
        "codes": json.loads(case.codes),
        "allowed": [action for action in allowed_actions(case.in_table()) if action is not Action.UNDO],
    }


def show_step(step: CaseStep) -> dict[str, Any]:
    """A step of a case."""
    return {
        "at": shown_time(step.at_ms),
        "actor": step.actor,
        "action": step.action,
        "from_state": step.from_state,
        "to_state": step.to_state,
        "reason": step.reason,
        "picture": step.picture,
        "detail": step.detail,
    }


def show_source(source: SourceRow) -> dict[str, Any]:
    """A source of a case."""
    kind, source_id, joined_ms, joined_by, left_ms = source
    return {
        "kind": kind,
        "source_id": source_id,
        "joined_at": shown_time(joined_ms),
        "joined_by": joined_by,
        "left_at": shown_time(left_ms),
    }


def show_objection(objection: Objection) -> dict[str, Any]:
    """An objection."""
    return {
        "text": objection.text,
        "opened_at": shown_time(objection.opened_ms),
        "decided_at": shown_time(objection.decided_ms),
        "upheld": objection.is_upheld,
        "decision": objection.decision,
    }


def show_item(item: ReviewItem, actor: str, now_ms: int) -> dict[str, Any]:
    """A review item before its verdict: the same of every kind of picture of a camera."""
    is_held = item.state == "waiting" and item.is_held_at(now_ms)
    return {
        "item_id": item.item_id,
        "kind": item.shown_kind,
        "state": item.state,
        "category": item.category,
        "priority": item.priority,
        "area": item.area,
        "created_at": shown_time(item.created_ms),
        "held_until": shown_time(item.claimed_until_ms) if is_held else None,
        "is_mine": is_held and item.claimed_by == actor,
        "seen_at": shown_time(item.seen_ms),
        **{name: item.document.get(name) for name in ("camera_id", "view_id", "at", "picture", "text")},
    }


def show_report(stored: StoredReport) -> dict[str, Any]:
    """A report with its case."""
    report = stored.report
    return {
        "report_id": stored.report_id,
        "kind": report.kind,
        "category": report.category,
        "lonlat": report.lonlat,
        "error_m": report.error_m,
        "text": report.text,
        "seen_at": shown_time(report.at_ms),
        "received_at": shown_time(stored.received_ms),
        "picture": report.picture,
        "state": stored.state,
        "case": show_case(stored.case) if stored.case else None,
    }


def show_precision(precision: Precision) -> dict[str, Any]:
    """A precision with its interval."""
    return {
        "key": precision.key,
        "right": precision.right,
        "wrong": precision.wrong,
        "open": precision.open,
        "value": _rounded(precision.value),
        "interval95": [_rounded(precision.low), _rounded(precision.high)],
    }


def show_recall(found: CategoryRecall) -> dict[str, Any]:
    """A recall with its interval and what it was counted from."""
    return {
        "category": found.category,
        "told_hours": found.count.told,
        "quiet_hours": found.count.quiet,
        "looked": found.count.looked,
        "missed": found.count.missed,
        "opened": found.opened,
        "value": _rounded(found.recall.value),
        "interval95": [_rounded(found.recall.low), _rounded(found.recall.high)],
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
