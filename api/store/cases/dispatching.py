"""To whom a case goes, and until when: what a dispatch sets."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.duty.clock import due_at
from api.errors import Unprocessable
from api.store.cases.budgets import check_budget
from api.store.cases.present import present_responsibility, present_site
from api.store.cases.rows import StoredCase
from api.store.times import from_ms, to_ms
from contracts.incident import Category
from contracts.responsibility import Limit, ResponsibilityDocument
from contracts.routing import Responsibility, responsible

__all__ = ["DispatchPlan", "Wish", "dispatch_plan"]

Wish = tuple[str | None, tuple[str, ...] | None, Limit | None, datetime | None]
"""Lead unit, joint units, limit and due time, as far as a person chose them."""


@dataclass(frozen=True, slots=True)
class DispatchPlan:
    """Lead and joint units, what the step's detail says, and which columns it sets."""

    lead: str
    joint: list[str]
    detail: dict[str, Any]
    changes: dict[str, Any]


def dispatch_plan(
    connection: sqlite3.Connection, case: StoredCase, wish: Wish, now_ms: int, *, is_over_budget: bool
) -> DispatchPlan:
    """Lead and joint units, time limit, street, grid cell and codes of a dispatch.

    What a person chose comes before what the responsibility document says.

    Raises:
        Unprocessable: Nobody is responsible, or a unit is not known.
        Conflict: The unit's budget of the day is used up.
    """
    document = present_responsibility(connection)
    answer = _answer(connection, document, case)
    unit = wish[0] or (answer.lead if answer else None)
    if unit is None:
        raise Unprocessable("No unit is responsible there.", "Name one in `unit`, or add a route for it.")
    joint = wish[1] if wish[1] is not None else (answer.joint if answer else ())
    _check_known(document, [unit, *joint])
    if not is_over_budget:
        check_budget(connection, unit, now_ms)
    limit = wish[2] or (answer.limit if answer and wish[3] is None else None)
    due = wish[3]
    if limit is not None and document is not None:
        due = due_at(limit, from_ms(now_ms), document.calendar)
    due_ms = None if due is None else to_ms(due)
    others = [other for other in joint if other != unit]
    detail = {
        "unit": unit,
        "joint": others,
        "due_ms": due_ms,
        "limit": limit.model_dump(mode="json") if limit else None,
        "over_budget": is_over_budget,
    }
    changes: dict[str, Any] = {"unit": unit, "due_ms": due_ms}
    if answer is not None:
        changes |= {"street": answer.street, "grid_cell": answer.grid_cell, "codes": dict(answer.codes)}
    return DispatchPlan(unit, others, detail, changes)


def _answer(
    connection: sqlite3.Connection, document: ResponsibilityDocument | None, case: StoredCase
) -> Responsibility | None:
    if document is None:
        return None
    return responsible(
        document,
        Category(case.category),
        case.lonlat,
        case.area,
        priority=case.priority,
        site=present_site(connection),
    )


def _check_known(document: ResponsibilityDocument | None, units: list[str]) -> None:
    known = [unit.id for unit in document.units] if document else units
    for unit in units:
        if unit not in known:
            raise Unprocessable(f"There is no unit '{unit[:64]}'.", f"Known: {', '.join(known)}.")
