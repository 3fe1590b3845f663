"""Steps of cases: each changes the case by the table, stands in its history, and in the audit log."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from api.errors import Conflict
from api.lifecycle import Action, CaseState, StepRefused, after
from api.store.audit import append_audit
from api.store.cases.rows import StoredCase, change_case, find_case, insert_case

__all__ = ["MACHINE", "CaseStep", "Step", "begin_case", "list_steps", "note_step", "take_step"]

MACHINE = "machine"
"""Stands as the actor where a worker's answer is kept; it never changes a state."""
MOMENTS: Mapping[Action, tuple[str, ...]] = {
    Action.FILE: ("filed_ms",),
    Action.REJECT: ("closed_ms",),
    Action.DISPATCH: ("dispatched_ms",),
    Action.HANDLE: ("handled_ms",),
    Action.CHECK: ("checked_ms",),
    Action.CLOSE: ("closed_ms",),
    Action.VOID: ("closed_ms",),
}
"""The column that keeps when an action was done."""
CLEARED: Mapping[Action, tuple[str, ...]] = {
    Action.RETURN: ("dispatched_ms", "due_ms", "unit"),
    Action.REWORK: ("handled_ms", "checked_ms"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """What is done with a case.

    Args:
        action: By the table of transitions.
        actor: Who does it.
        at_ms: When.
        reason: Why, in words.
        picture: Name of an evidence file that shows it.
        detail: What else the history must say.
        changes: Further columns that it sets.
        is_person: Whether the actor is a person who signed in.
        is_upheld: For `decide`.
        back_to: For `undo`.
    """

    action: Action
    actor: str
    at_ms: int
    reason: str = ""
    picture: str | None = None
    detail: Mapping[str, object] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)
    is_person: bool = False
    is_upheld: bool = False
    back_to: CaseState = CaseState.VOIDED


@dataclass(frozen=True, slots=True)
class CaseStep:
    """A step as it is kept; `to_state` is None where the state stayed."""

    step_key: int
    at_ms: int
    actor: str
    action: str
    from_state: str | None
    to_state: str | None
    reason: str
    picture: str | None
    detail: dict[str, Any]


def begin_case(
    connection: sqlite3.Connection, day: str, columns: Mapping[str, Any], step: Step
) -> StoredCase:
    """A new case with the step that begins it; `columns` holds the state that it begins in."""
    moments = dict.fromkeys(MOMENTS.get(step.action, ()), step.at_ms)
    case = insert_case(connection, day, {**columns, **moments})
    _keep(connection, case, step, None, case.state)
    return case


def take_step(connection: sqlite3.Connection, case: StoredCase, step: Step) -> StoredCase:
    """The case after a step.

    Raises:
        Conflict: The table does not allow it; `errors` lists what is allowed.
    """
    try:
        moved = after(
            case.in_table(),
            step.action,
            reason=step.reason,
            is_person=step.is_person,
            is_upheld=step.is_upheld,
            back_to=step.back_to,
        )
    except StepRefused as refused:
        raise _refusal(case, refused) from None
    changes = {
        "state": moved.state.value,
        "rung": moved.rung.value,
        "is_suspended": int(moved.is_suspended),
        "is_objected": int(moved.is_objected),
        "reworks": moved.reworks,
        "returns": moved.returns,
        "extensions": moved.extensions,
        **dict.fromkeys(CLEARED.get(step.action, ())),
        **dict.fromkeys(MOMENTS.get(step.action, ()), step.at_ms),
        **step.changes,
    }
    change_case(connection, case.case_id, changes)
    _keep(connection, case, step, case.state, moved.state if moved.state != case.state else None)
    return _again(connection, case)


def note_step(
    connection: sqlite3.Connection, case: StoredCase, action: str, step: Step, changes: Mapping[str, Any]
) -> StoredCase:
    """Keep something in the history that is no transition: joined, split, an answer of a camera.

    The state stays; joining never changes it.
    """
    change_case(connection, case.case_id, changes, is_by_person=step.actor != MACHINE)
    _insert(connection, case.case_id, step, action, case.state, None)
    if step.actor != MACHINE:
        _audit(connection, case, action, step, {})
    return _again(connection, case)


def _again(connection: sqlite3.Connection, case: StoredCase) -> StoredCase:
    found = find_case(connection, case.case_id)
    if found is None:
        raise LookupError(case.case_id)
    return found


def _refusal(case: StoredCase, refused: StepRefused) -> Conflict:
    allowed = [action for action in refused.allowed if action is not Action.UNDO]
    listed = f"Allowed now: {', '.join(allowed)}." if allowed else "Nothing more can be done with it."
    return Conflict(
        f"Case {case.number}: {refused}.",
        listed,
        errors=[{"in": "case", "name": "allowed", "problem": action.value} for action in allowed],
    )


def _keep(
    connection: sqlite3.Connection, case: StoredCase, step: Step, from_state: str | None, to_state: str | None
) -> None:
    _insert(connection, case.case_id, step, step.action.value, from_state, to_state)
    _audit(connection, case, step.action.value, step, {"from": from_state, "to": to_state})


def _insert(
    connection: sqlite3.Connection,
    case_id: str,
    step: Step,
    action: str,
    from_state: str | None,
    to_state: str | None,
) -> None:
    connection.execute(
        "INSERT INTO case_steps (case_id, at_ms, actor, action, from_state, to_state, reason, picture,"
        " detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            case_id,
            step.at_ms,
            step.actor,
            action,
            from_state,
            to_state,
            step.reason,
            step.picture,
            json.dumps(step.detail, ensure_ascii=False, sort_keys=True),
        ),
    )


def _audit(
    connection: sqlite3.Connection, case: StoredCase, action: str, step: Step, detail: Mapping[str, object]
) -> None:
    append_audit(
        connection,
        actor=step.actor,
        action=f"case.{action}",
        subject=case.case_id,
        detail={**detail, "number": case.number, "reason": step.reason},
        at_ms=step.at_ms,
    )


def list_steps(connection: sqlite3.Connection, case_id: str) -> list[CaseStep]:
    """Every step of a case, in order."""
    rows = connection.execute(
        "SELECT step_key, at_ms, actor, action, from_state, to_state, reason, picture, detail FROM case_steps"
        " WHERE case_id = ? ORDER BY step_key",
        (case_id,),
    )
    return [_step_of([*row]) for row in rows]


def _step_of(values: list[Any]) -> CaseStep:
    values[-1] = json.loads(values[-1])
    return CaseStep(*values)
