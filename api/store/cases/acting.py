"""Steps that people take with cases, each with what belongs to it: units, clocks, budgets, rechecks."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.callers import Caller
from api.duty.clock import moment_at
from api.errors import Forbidden, StaleVersion, Unprocessable
from api.lifecycle import TRANSITIONS, Action
from api.roles import Needs, roles_with
from api.store.cases.dispatching import dispatch_plan
from api.store.cases.objections import decide_objection, open_objection
from api.store.cases.present import present_responsibility
from api.store.cases.rechecks import ask_recheck
from api.store.cases.rows import StoredCase, case_for
from api.store.cases.steps import Step, take_step
from api.store.duty.clocks import clock_of, clocked_case
from api.store.times import from_ms, to_ms
from contracts.responsibility import Limit

__all__ = ["CaseRequest", "act", "is_person"]

BESIDE = frozenset({Action.REPORT, Action.UNDO})
"""What is done by a report and by taking a verdict back, not by asking for it."""


@dataclass(frozen=True, slots=True)
class CaseRequest:
    """What a person wants done with a case.

    Args:
        reason: Why, in words.
        picture: Name of an evidence file that shows it.
        unit: For `dispatch`: the lead unit; without it, whom the responsibility document names.
        joint: For `dispatch`: further units.
        limit: For `dispatch` and `extend`: how much time there is.
        due: For the same: when it must be done, where no limit is given.
        is_over_budget: For `dispatch`: whether the unit's budget may be passed.
        is_upheld: For `decide`.
        version: The version that the caller knows; None: any.
    """

    reason: str = ""
    picture: str | None = None
    unit: str | None = None
    joint: tuple[str, ...] | None = None
    limit: Limit | None = None
    due: datetime | None = None
    is_over_budget: bool = False
    is_upheld: bool = False
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that is about to be taken, with who takes it and what he asked."""

    connection: sqlite3.Connection
    caller: Caller
    case: StoredCase
    request: CaseRequest
    step: Step


def is_person(caller: Caller) -> bool:
    """Whether a person signed in, rather than a key."""
    return caller.actor.startswith("user:")


def act(
    connection: sqlite3.Connection,
    caller: Caller,
    case_id: str,
    action: Action,
    request: CaseRequest,
    now_ms: int,
) -> StoredCase:
    """The case after a step, its history and the audit log with it.

    Raises:
        NotFound: There is no such case for the caller.
        Forbidden: His role may not do this, or the case is another unit's.
        StaleVersion: Somebody changed the case meanwhile.
        Conflict: The table does not allow it, or a budget is used up.
        Unprocessable: The request lacks what the step needs.
    """
    if action in BESIDE:
        raise Unprocessable(f"'{action}' is no step by itself.", "Report it, or undo the verdict.")
    case = case_for(connection, caller, case_id)
    _check_rights(connection, caller, case, action)
    if request.version is not None and request.version != case.version:
        raise StaleVersion(
            f"Case {case.number} has version {case.version} by now.", "Look at it again, then decide again."
        )
    step = Step(
        action,
        caller.actor,
        now_ms,
        request.reason,
        request.picture,
        is_person=is_person(caller),
        is_upheld=request.is_upheld,
    )
    prepare = PREPARED.get(action)
    if prepare is not None:
        step = prepare(Taken(connection, caller, case, request, step))
    moved = take_step(connection, case, step)
    followed = FOLLOWED.get(action)
    if followed is not None:
        followed(connection, moved, step)
    return case_for(connection, caller, case_id)


def _check_rights(connection: sqlite3.Connection, caller: Caller, case: StoredCase, action: Action) -> None:
    wanted = TRANSITIONS[action].needs
    if not caller.allows(*wanted):
        raise Forbidden(
            f"The role {caller.role} may not {' or '.join(wanted)}.",
            f"This is for {', '.join(roles_with(*wanted))}.",
        )
    only_handles = not caller.allows(*(need for need in wanted if need is not Needs.HANDLE))
    if only_handles and caller.unit not in _units(connection, case):
        raise Forbidden("This case is not your unit's.", "Ask the dispatcher whose it is.")


def _units(connection: sqlite3.Connection, case: StoredCase) -> set[str | None]:
    rows = connection.execute("SELECT unit FROM case_units WHERE case_id = ?", (case.case_id,))
    return {case.unit, *(unit for (unit,) in rows)} - {None}


def _with(step: Step, detail: dict[str, Any], changes: dict[str, Any]) -> Step:
    return Step(
        step.action,
        step.actor,
        step.at_ms,
        step.reason,
        step.picture,
        detail={**step.detail, **detail},
        changes={**step.changes, **changes},
        is_person=step.is_person,
        is_upheld=step.is_upheld,
    )


def _dispatch(now: Taken) -> Step:
    if now.request.is_over_budget and not (now.caller.allows(Needs.SUPERVISE) and now.request.reason.strip()):
        raise Forbidden("Only a supervisor goes over a budget, with a reason.", "Ask a supervisor.")
    request = now.request
    wish = (request.unit, request.joint, request.limit, request.due)
    plan = dispatch_plan(
        now.connection, now.case, wish, now.step.at_ms, is_over_budget=request.is_over_budget
    )
    _set_units(now, [plan.lead, *plan.joint])
    return _with(now.step, plan.detail, plan.changes)


def _return(now: Taken) -> Step:
    _set_units(now, [])
    return now.step


def _set_units(now: Taken, units: list[str]) -> None:
    """Make these the case's units, the first in the lead."""
    now.connection.execute("DELETE FROM case_units WHERE case_id = ?", (now.case.case_id,))
    now.connection.executemany(
        "INSERT OR IGNORE INTO case_units (case_id, unit, is_lead) VALUES (?, ?, ?)",
        [(now.case.case_id, unit, int(unit == units[0])) for unit in units],
    )


def _extend(now: Taken) -> Step:
    document, clocked = present_responsibility(now.connection), clocked_case(now.connection, now.case.case_id)
    clock = clock_of(now.connection, clocked, document) if document and clocked else None
    if now.request.limit is not None and clock is not None and document is not None:
        due = moment_at(clock.extended(now.request.limit), 1.0, document.calendar)
        due_ms = now.case.due_ms if due is None else to_ms(due)
        told = now.request.limit.model_dump(mode="json")
        return _with(now.step, {"limit": told, "due_ms": due_ms}, {"due_ms": due_ms})
    if now.request.due is None:
        raise Unprocessable(
            "An extension needs a time limit.", "Give `limit` where the case's clock runs, or `due`."
        )
    if now.case.due_ms is not None and to_ms(now.request.due) <= now.case.due_ms:
        raise Unprocessable("An extension ends later than the time limit.", "Give a later `due`.")
    return _with(now.step, {"due_ms": to_ms(now.request.due)}, {"due_ms": to_ms(now.request.due)})


def _resume(now: Taken) -> Step:
    if now.case.due_ms is None:
        return now.step
    document, clocked = present_responsibility(now.connection), clocked_case(now.connection, now.case.case_id)
    clock = clock_of(now.connection, clocked, document) if document and clocked else None
    if clock is not None and document is not None:
        due = moment_at(clock.resumed(from_ms(now.step.at_ms)), 1.0, document.calendar)
        due_ms = now.case.due_ms if due is None else to_ms(due)
    else:
        (since_ms,) = now.connection.execute(
            "SELECT max(at_ms) FROM case_steps WHERE case_id = ? AND action = 'suspend'", (now.case.case_id,)
        ).fetchone()
        due_ms = now.case.due_ms + now.step.at_ms - (since_ms or now.step.at_ms)
    return _with(now.step, {"due_ms": due_ms}, {"due_ms": due_ms})


def _close(now: Taken) -> Step:
    # Who closes a case that nobody checked before has checked it.
    return (
        now.step if now.case.checked_ms is not None else _with(now.step, {}, {"checked_ms": now.step.at_ms})
    )


PREPARED: dict[Action, Callable[[Taken], Step]] = {
    Action.DISPATCH: _dispatch,
    Action.RETURN: _return,
    Action.EXTEND: _extend,
    Action.RESUME: _resume,
    Action.CLOSE: _close,
}


FOLLOWED: dict[Action, Callable[[sqlite3.Connection, StoredCase, Step], None]] = {
    Action.HANDLE: ask_recheck,
    Action.RECHECK: ask_recheck,
    Action.OBJECT: open_objection,
    Action.DECIDE: decide_objection,
}
