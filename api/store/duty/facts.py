"""What each case adds to a month, from the steps that were entered before the month's cut-off.

Steps are append-only, so what is counted for a month whose cut-off is past never changes. A step may say in
its detail which unit leads (`unit`) and when the case is due (`due_ms`) from then on; the newest word before
the cut-off counts, and the case's own columns where no step says anything.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from api.duty.figures import CaseFact, Figure
from api.duty.months import Month
from api.duty.recurrence import DAY_MS, RECURS_WITHIN_DAYS, Placed, recurring
from contracts.responsibility import ResponsibilityDocument
from contracts.routing import street_at

__all__ = ["count_month"]


# One row per case that may belong to a figure: reported or due in the month, or with a step in it. A due time
# only ever moves on, or away by a return. `last_state` packs the number of the last step that changed the
# state with the state itself, so that one pass over the steps is enough.
_COUNTED = """
WITH touched AS (
    SELECT case_id FROM cases WHERE reported_ms >= :start AND reported_ms < :end
    UNION SELECT case_id FROM cases WHERE due_ms >= :start AND reported_ms < :end
    UNION SELECT case_id FROM cases WHERE due_ms IS NULL AND closed_ms IS NULL AND reported_ms < :end
    UNION SELECT case_id FROM case_steps
    WHERE action IN ('dispatch', 'handle', 'rework', 'return', 'extend') AND at_ms >= :start AND at_ms < :end
), alive AS MATERIALIZED (
    SELECT case_id, number, category, street, unit, area, lon, lat, reported_ms, due_ms FROM cases
    WHERE reported_ms < :end AND case_id IN (SELECT case_id FROM touched)
), told AS (
    SELECT case_id,
        max(CASE WHEN action = 'file' OR (action = 'undo' AND to_state IS NOT NULL)
            THEN step_key * 2 + (action = 'file') END) AS last_filing,
        min(CASE WHEN action = 'dispatch' THEN at_ms END) AS dispatched_ms,
        max(action = 'dispatch' AND at_ms >= :start AND at_ms < :end) AS is_dispatched,
        max(CASE WHEN to_state = 'handled' AND at_ms >= :start AND at_ms < :end THEN at_ms END) AS handled_ms,
        max(action = 'rework' AND at_ms >= :start AND at_ms < :end) AS is_reworked,
        max(action = 'return' AND at_ms >= :start AND at_ms < :end) AS is_returned,
        max(action = 'extend' AND at_ms >= :start AND at_ms < :end) AS is_extended,
        max(CASE WHEN to_state = 'closed' THEN at_ms END) AS closed_ms,
        max(CASE WHEN to_state IS NOT NULL THEN step_key * 8 + CASE
            WHEN to_state = 'closed' THEN 1 WHEN to_state = 'rejected' THEN 3
            WHEN to_state = 'voided' THEN CASE action WHEN 'undo' THEN 4 ELSE 2 END ELSE 0 END END)
            AS last_state,
        max(CASE WHEN action IN ('suspend', 'resume', 'handle') THEN step_key * 2 + (action = 'suspend') END)
            AS last_pause,
        max(CASE WHEN action = 'dispatch' THEN step_key END) AS dispatch_step,
        max(CASE WHEN action IN ('dispatch', 'return') THEN step_key * 2 + (action = 'dispatch') END)
            AS last_sending,
        max(CASE WHEN action IN ('dispatch', 'extend', 'resume') THEN step_key END) AS due_step
    FROM case_steps WHERE at_ms < :cutoff AND case_id IN (SELECT case_id FROM alive) GROUP BY case_id
)
SELECT a.case_id, a.number, a.category, a.street,
    CASE WHEN t.last_sending % 2 THEN coalesce(json_extract(d.detail, '$.unit'), a.unit) END, a.area,
    a.lon, a.lat, a.reported_ms, coalesce(json_extract(u.detail, '$.due_ms'), a.due_ms),
    t.last_filing % 2, t.dispatched_ms, t.is_dispatched, t.handled_ms, t.is_reworked, t.is_returned,
    t.is_extended, t.closed_ms, t.last_state % 8, t.last_pause % 2, t.last_sending % 2
FROM alive a LEFT JOIN told t ON t.case_id = a.case_id
LEFT JOIN case_steps d ON d.step_key = t.dispatch_step
LEFT JOIN case_steps u ON u.step_key = t.due_step
"""
_CLOSED_BEFORE = """
SELECT s.case_id, c.category, c.lon, c.lat, s.at_ms FROM case_steps s JOIN cases c ON c.case_id = s.case_id
WHERE s.action = 'close' AND s.at_ms >= :since AND s.at_ms < :end AND c.lon IS NOT NULL
"""
_CLOSED, _VOIDED, _REJECTED, _UNDONE = 1, 2, 3, 4
_BITS = tuple(int(figure) for figure in Figure)


def count_month(
    connection: sqlite3.Connection, month: Month, document: ResponsibilityDocument | None = None
) -> list[CaseFact]:
    """Every case that belongs to one of the month's figures, by number.

    A case gets its street with its dispatch; before that, the document gives the street of its place.
    """
    span = {"start": month.start_ms, "end": month.end_ms, "cutoff": month.cutoff_ms}
    rows = connection.execute(_COUNTED, span).fetchall()
    back = _recurring(connection, month, rows)
    facts = [_fact(row, month, is_back=row[0] in back) for row in rows]
    if document is not None:
        places = {row[0]: (row[6], row[7]) for row in rows if row[3] is None and None not in row[6:8]}
        facts = [
            replace(fact, street=street_at(document, places[fact.case_id]))
            if fact.case_id in places
            else fact
            for fact in facts
        ]
    return sorted((fact for fact in facts if fact.figures), key=lambda fact: fact.number)


def _recurring(connection: sqlite3.Connection, month: Month, rows: Sequence[Sequence[Any]]) -> set[str]:
    since_ms = month.start_ms - RECURS_WITHIN_DAYS * DAY_MS
    closed = connection.execute(_CLOSED_BEFORE, {"since": since_ms, "end": month.end_ms})
    reported = (
        Placed(row[0], row[2], row[6], row[7], row[8])
        for row in rows
        if row[6] is not None and row[7] is not None and month.holds(row[8])
    )
    return recurring(reported, [Placed(*row) for row in closed])


def _fact(row: Sequence[Any], month: Month, *, is_back: bool) -> CaseFact:
    case_id, number, category, street, unit, area, _, _, reported_ms, due_ms = row[:10]
    is_filed, dispatched_ms, is_dispatched, handled_ms, is_reworked, is_returned, is_extended = row[10:17]
    closed_ms, end, is_paused, is_sent = row[17:]
    # What a person took back at once never was: it counts for nothing.
    is_new = month.holds(reported_ms) and end != _UNDONE
    is_due = bool(is_sent) and month.holds(due_ms) and end not in (_VOIDED, _REJECTED, _UNDONE)
    is_closed = is_due and end == _CLOSED
    # Plain numbers: a flag's own arithmetic would take longer than the whole query.
    figures = sum(
        bit
        for bit, holds in zip(
            _BITS,
            (
                is_new,
                is_new and is_filed,
                is_dispatched,
                handled_ms is not None,
                is_due,
                is_due and is_paused and not is_closed,
                is_closed,
                is_closed and closed_ms <= due_ms,
                is_reworked,
                is_returned,
                is_extended,
                is_new and is_filed and is_back,
            ),
            strict=True,
        )
        if holds
    )
    handling_ms = None
    if handled_ms is not None and dispatched_ms is not None:
        handling_ms = max(0, handled_ms - dispatched_ms)
    return CaseFact(case_id, number, category, street, unit, area, figures, handling_ms)
