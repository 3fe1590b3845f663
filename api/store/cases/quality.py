"""How good the machine is: precision from verdicts, recall from random looks, each with its interval."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from api.sampling import QuietCount, Recall, recall_of
from api.store.cases.present import camera_views, present_site
from api.store.cases.queueing import LIVE
from contracts.shares import TWO_SIDED_95, wilson_bounds

__all__ = ["Precision", "Quality", "QualityQuery", "measure_quality"]

HOUR_MS = 3_600_000
RIGHT, WRONG, OPEN = "right", "wrong", "open"
_JUDGED = """
SELECT v.camera_id, v.category, coalesce(v.rule_id, ''), CASE
    WHEN v.verdict = 'reject' THEN CASE v.reason WHEN 'duplicate' THEN 'right' ELSE 'wrong' END
    WHEN v.right_category IS NOT NULL AND v.right_category <> v.category THEN 'wrong'
    WHEN v.verdict = 'verify' AND c.filed_ms IS NULL AND c.state = 'rejected' THEN 'wrong'
    WHEN v.verdict = 'verify' AND c.filed_ms IS NULL THEN 'open'
    ELSE 'right' END, count(*)
FROM verdicts v JOIN review_items i USING (item_id) LEFT JOIN cases c ON c.case_id = v.case_id
WHERE v.undone_ms IS NULL AND v.kind = 'incident' AND v.at_ms >= ? AND v.at_ms < ? {areas}
GROUP BY 1, 2, 3, 4
"""
_LOOKS = """
SELECT l.category, l.frame_ms, v.verdict, v.reason, c.filed_ms IS NULL AND c.state = 'rejected',
    c.filed_ms IS NULL AND c.state <> 'rejected', l.opened_ms IS NOT NULL
FROM audit_looks l JOIN review_items i USING (item_id)
JOIN verdicts v ON v.item_id = l.item_id AND v.undone_ms IS NULL LEFT JOIN cases c ON c.case_id = v.case_id
WHERE v.at_ms >= ? AND v.at_ms < ? {areas}
"""


@dataclass(frozen=True, slots=True)
class QualityQuery:
    """Verdicts of which time, milliseconds, the end not included, and of which areas (None: all)."""

    since_ms: int
    until_ms: int
    areas: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Precision:
    """Share of the judged incidents that were right, with its 95 % interval.

    Args:
        key: A camera, category or rule.
        right: Filed, joined, or there but told before (`duplicate`).
        wrong: Rejected for another reason, or filed as something else.
        open: Sent for verification and not decided; they count for nothing yet.
    """

    key: str
    right: int
    wrong: int
    open: int
    value: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class CategoryRecall:
    """Recall of a category in camera-hours, and what it was counted from; `opened` looks were left out."""

    category: str
    count: QuietCount
    opened: int
    recall: Recall


@dataclass(frozen=True, slots=True)
class Quality:
    """Precision over all and by camera, category and rule; recall by category."""

    overall: Precision
    cameras: list[Precision]
    categories: list[Precision]
    rules: list[Precision]
    recall: list[CategoryRecall]


def measure_quality(connection: sqlite3.Connection, query: QualityQuery) -> Quality:
    """What verdicts and looks of a time say."""
    limits, values = _limits(query)
    rows = connection.execute(_JUDGED.format(areas=limits), values).fetchall()
    return Quality(
        overall=_precision("all", ((row[3], row[4]) for row in rows)),
        cameras=_by(rows, 0),
        categories=_by(rows, 1),
        rules=_by([row for row in rows if row[2]], 2),
        recall=_recall(connection, query),
    )


def _limits(query: QualityQuery) -> tuple[str, list[int | str]]:
    values: list[int | str] = [query.since_ms, query.until_ms]
    if query.areas is None:
        return "", values
    return f"AND i.area IN ({', '.join('?' * len(query.areas))})", [*values, *query.areas]


def _by(rows: list[tuple[str, str, str, str, int]], part: int) -> list[Precision]:
    grouped: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for row in rows:
        grouped[str(row[part])].append((row[3], row[4]))
    return [_precision(key, counts) for key, counts in sorted(grouped.items())]


def _precision(key: str, counts: Iterable[tuple[str, int]]) -> Precision:
    tally = dict.fromkeys((RIGHT, WRONG, OPEN), 0)
    for outcome, count in counts:
        tally[outcome] += count
    total = tally[RIGHT] + tally[WRONG]
    low, high = wilson_bounds(tally[RIGHT], total, TWO_SIDED_95)
    value = tally[RIGHT] / total if total else None
    return Precision(key, tally[RIGHT], tally[WRONG], tally[OPEN], value, low, high)


def _recall(connection: sqlite3.Connection, query: QualityQuery) -> list[CategoryRecall]:
    """Recall by category, over the hours from which looks were drawn."""
    limits, values = _limits(query)
    looks = connection.execute(_LOOKS.format(areas=limits), values).fetchall()
    site = present_site(connection)
    views = camera_views(site, connection)
    starts = sorted({row[1] for row in looks})
    found = []
    for category in sorted({row[0] for row in looks}):
        mine = [row for row in looks if row[0] == category]
        blind = [row for row in mine if not row[6] and not row[5]]
        missed = sum(row[2] != "reject" and not row[4] for row in blind)
        told = _told_hours(connection, category, starts)
        quiet = max(0, len(views) * 24 * len(starts) - told)
        count = QuietCount(told=told, quiet=quiet, looked=len(blind), missed=missed)
        opened = sum(bool(row[6]) for row in mine)
        found.append(CategoryRecall(category, count, opened, recall_of(count)))
    return found


def _told_hours(connection: sqlite3.Connection, category: str, starts: list[int]) -> int:
    """Hours of views, within the 24 hours from each of `starts`, in which a confirmed incident was there."""
    hours = set()
    for start_ms in starts:
        end_ms = start_ms + 24 * HOUR_MS
        rows = connection.execute(
            "SELECT n.view_id, n.first_seen_ms, CASE n.status WHEN 'open' THEN ? ELSE n.last_seen_ms END"
            " FROM incidents n JOIN verdicts v ON v.incident_id = n.incident_id"
            " WHERE n.run = ? AND v.category = ? AND v.undone_ms IS NULL"
            " AND (v.verdict IN ('file', 'join') OR v.reason = 'duplicate')"
            " AND coalesce(v.right_category, v.category) = v.category"
            " AND n.first_seen_ms < ? AND (n.status = 'open' OR n.last_seen_ms >= ?)",
            (end_ms - 1, LIVE, category, end_ms, start_ms),
        )
        for view_id, first_ms, last_ms in rows:
            first = (max(first_ms, start_ms) - start_ms) // HOUR_MS
            last = (min(last_ms, end_ms - 1) - start_ms) // HOUR_MS
            hours |= {(view_id, start_ms, hour) for hour in range(first, last + 1)}
    return len(hours)
