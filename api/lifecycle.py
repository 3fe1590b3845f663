"""What may be done with a case: one table of transitions, and the pure functions that read it.

reported -> verifying -> filed -> dispatched -> handling -> handled -> checking -> closed, with rejected and
voided as the other ends. A step is refused with what is allowed instead; nothing here knows a database.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from api.roles import Needs

__all__ = [
    "ENDS",
    "TRANSITIONS",
    "Action",
    "Case",
    "CaseState",
    "Rung",
    "StepRefused",
    "Transition",
    "after",
    "allowed_actions",
    "diagram_mermaid",
    "table_markdown",
]


class CaseState(StrEnum):
    """Where a case stands."""

    REPORTED = "reported"
    VERIFYING = "verifying"
    FILED = "filed"
    REJECTED = "rejected"
    DISPATCHED = "dispatched"
    HANDLING = "handling"
    HANDLED = "handled"
    CHECKING = "checking"
    CLOSED = "closed"
    VOIDED = "voided"


class Rung(StrEnum):
    """The ladder: service comes first, enforcement last."""

    SERVICE = "service"
    MANAGEMENT = "management"
    ENFORCEMENT = "enforcement"


class Action(StrEnum):
    """What is done with a case."""

    REPORT = "report"
    VERIFY = "verify"
    FILE = "file"
    REJECT = "reject"
    DISPATCH = "dispatch"
    ACCEPT = "accept"
    RETURN = "return"
    HANDLE = "handle"
    RECHECK = "recheck"
    CHECK = "check"
    CLOSE = "close"
    REWORK = "rework"
    EXTEND = "extend"
    SUSPEND = "suspend"
    RESUME = "resume"
    VOID = "void"
    OBJECT = "object"
    DECIDE = "decide"
    RAISE = "raise"
    UNDO = "undo"


S, N = CaseState, Needs
ENDS = frozenset({S.REJECTED, S.CLOSED, S.VOIDED})
WITH_UNIT = (S.DISPATCHED, S.HANDLING)
OPEN = tuple(state for state in CaseState if state not in ENDS)
RUNGS = tuple(Rung)


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table.

    Args:
        action: What is done.
        sources: States in which it may be done.
        target: The state after it; None: the state stays.
        needs: Any one of these a caller must be allowed.
        wants_reason: Whether a reason must be given.
        wants_person: Whether only a person who signed in may do it, never a key.
        counts: The counter of the case that it raises.
        note: What else holds, in words.
    """

    action: Action
    sources: tuple[CaseState, ...]
    target: CaseState | None
    needs: tuple[Needs, ...]
    wants_reason: bool = False
    wants_person: bool = False
    counts: str | None = None
    note: str = ""


TRANSITIONS: Mapping[Action, Transition] = MappingProxyType(
    {
        row.action: row
        for row in (
            Transition(
                Action.REPORT, (), S.REPORTED, (N.REVIEW, N.DISPATCH, N.HANDLE), note="only begins a case"
            ),
            Transition(Action.VERIFY, (S.REPORTED,), S.VERIFYING, (N.REVIEW,), note="核实"),
            Transition(Action.FILE, (S.REPORTED, S.VERIFYING), S.FILED, (N.REVIEW,), note="立案"),
            Transition(
                Action.REJECT,
                (S.REPORTED, S.VERIFYING),
                S.REJECTED,
                (N.REVIEW,),
                wants_reason=True,
                note="不立案",
            ),
            Transition(
                Action.DISPATCH,
                (S.FILED,),
                S.DISPATCHED,
                (N.DISPATCH,),
                note="派遣; starts the clock",
            ),
            Transition(Action.ACCEPT, (S.DISPATCHED,), S.HANDLING, (N.HANDLE,), note="by its own unit"),
            Transition(
                Action.RETURN,
                WITH_UNIT,
                S.FILED,
                (N.HANDLE,),
                wants_reason=True,
                counts="returns",
                note="回退: not this unit's",
            ),
            Transition(
                Action.HANDLE,
                (S.HANDLING,),
                S.HANDLED,
                (N.HANDLE,),
                note="反馈; a camera looks again",
            ),
            Transition(
                Action.RECHECK,
                (S.HANDLED, S.CHECKING),
                None,
                (N.DISPATCH, N.REVIEW),
                note="asks a camera to look again; its answer is a step and changes nothing",
            ),
            Transition(Action.CHECK, (S.HANDLED,), S.CHECKING, (N.DISPATCH, N.REVIEW), note="核查"),
            Transition(Action.CLOSE, (S.HANDLED, S.CHECKING), S.CLOSED, (N.DISPATCH,), note="结案"),
            Transition(
                Action.REWORK,
                (S.HANDLED, S.CHECKING),
                S.HANDLING,
                (N.DISPATCH,),
                wants_reason=True,
                counts="reworks",
                note="返工",
            ),
            Transition(
                Action.EXTEND,
                WITH_UNIT,
                None,
                (N.DISPATCH,),
                wants_reason=True,
                counts="extensions",
                note="延期: a later time limit",
            ),
            Transition(
                Action.SUSPEND,
                (S.FILED, *WITH_UNIT),
                None,
                (N.DISPATCH,),
                wants_reason=True,
                note="缓办: the clock stands still",
            ),
            Transition(
                Action.RESUME, (S.FILED, *WITH_UNIT), None, (N.DISPATCH,), note="only while suspended"
            ),
            Transition(Action.VOID, OPEN, S.VOIDED, (N.SUPERVISE,), wants_reason=True, note="作废"),
            Transition(
                Action.OBJECT,
                (*OPEN, S.CLOSED),
                None,
                (N.REVIEW, N.DISPATCH, N.HANDLE),
                wants_reason=True,
                note="申诉: freezes the ladder",
            ),
            Transition(
                Action.DECIDE,
                tuple(CaseState),
                None,
                (N.SUPERVISE,),
                wants_reason=True,
                wants_person=True,
                note="only while an objection is open; upheld: back to the first rung",
            ),
            Transition(
                Action.RAISE,
                OPEN,
                None,
                (N.DISPATCH,),
                wants_reason=True,
                wants_person=True,
                note="one rung; not while an objection is open",
            ),
            Transition(
                Action.UNDO,
                (S.FILED, S.VERIFYING, S.REJECTED),
                None,
                (N.REVIEW,),
                note="within 30 s of a verdict, by who gave it: back to where it stood, or voided where the "
                "case began with the verdict",
            ),
        )
    }
)


@dataclass(frozen=True, slots=True)
class Case:
    """What the table asks of a case.

    Args:
        state: Where it stands.
        rung: How far up the ladder it is.
        is_suspended: Whether it is put off.
        is_objected: Whether an objection waits for a decision.
        reworks: How often it was sent back for rework.
        returns: How often a unit returned it.
        extensions: How often its limit was extended.
    """

    state: CaseState
    rung: Rung = Rung.SERVICE
    is_suspended: bool = False
    is_objected: bool = False
    reworks: int = 0
    returns: int = 0
    extensions: int = 0


class StepRefused(Exception):
    """The step may not be taken; the message says why, `allowed` what may be done instead."""

    def __init__(self, why: str, allowed: tuple[Action, ...]) -> None:
        super().__init__(why)
        self.allowed = allowed


def after(
    case: Case,
    action: Action,
    *,
    reason: str = "",
    is_person: bool = False,
    is_upheld: bool = False,
    back_to: CaseState = CaseState.VOIDED,
) -> Case:
    """The case after a step.

    Args:
        case: The case before it.
        action: What is done.
        reason: Why, in words.
        is_person: Whether a person who signed in does it.
        is_upheld: For `decide`: whether the objection is right.
        back_to: For `undo`: where it stood before.

    Raises:
        StepRefused: The table does not allow it.
    """
    row = TRANSITIONS[action]
    why = _forbids(case, row)
    if why is None and row.wants_reason and not reason.strip():
        why = f"'{action}' needs a reason"
    if why is None and row.wants_person and not is_person:
        why = f"'{action}' is for a person who signed in, never for a key"
    if why is not None:
        raise StepRefused(why, allowed_actions(case))
    moved = case if row.target is None else replace(case, state=row.target)
    if row.counts is not None:
        moved = replace(moved, **{row.counts: getattr(moved, row.counts) + 1})
    if action is Action.UNDO:
        moved = replace(case, state=back_to)
    return _flagged(moved, action, is_upheld=is_upheld)


def _forbids(case: Case, row: Transition) -> str | None:
    """Why the state of a case forbids a row, or None."""
    if case.state not in row.sources:
        return f"a case that is {case.state} cannot be changed by '{row.action}'"
    stands = {
        Action.SUSPEND: (case.is_suspended, "it is suspended already"),
        Action.RESUME: (not case.is_suspended, "it is not suspended"),
        Action.DISPATCH: (case.is_suspended, "it is suspended: resume it first"),
        Action.OBJECT: (case.is_objected, "an objection is open already"),
        Action.DECIDE: (not case.is_objected, "no objection is open"),
        Action.RAISE: (
            case.is_objected or case.rung is RUNGS[-1],
            "an objection freezes the ladder until a person decides"
            if case.is_objected
            else "it is on the last rung",
        ),
    }
    is_forbidden, why = stands.get(row.action, (False, ""))
    return why if is_forbidden else None


def _flagged(case: Case, action: Action, *, is_upheld: bool) -> Case:
    """The case with the flags and the rung that an action sets."""
    if action is Action.SUSPEND:
        return replace(case, is_suspended=True)
    if action is Action.OBJECT:
        return replace(case, is_objected=True)
    if action is Action.DECIDE:
        return replace(case, is_objected=False, rung=RUNGS[0] if is_upheld else case.rung)
    if action is Action.RAISE:
        return replace(case, rung=RUNGS[RUNGS.index(case.rung) + 1])
    # Whatever leaves the states in which a case can be put off ends the putting off.
    if action is Action.RESUME or case.state not in TRANSITIONS[Action.SUSPEND].sources:
        return replace(case, is_suspended=False)
    return case


def allowed_actions(case: Case) -> tuple[Action, ...]:
    """What may be done with a case, whoever does it, in the order of the table."""
    return tuple(action for action, row in TRANSITIONS.items() if _forbids(case, row) is None)


def table_markdown() -> str:
    """The table for the documentation; a test keeps the two in step."""
    lines = ["| action | from | to | needs | also |", "|---|---|---|---|---|"]
    for row in TRANSITIONS.values():
        sources = "any" if len(row.sources) == len(CaseState) else ", ".join(row.sources) or "nothing"
        wants = [
            *(["a reason"] if row.wants_reason else []),
            *(["a person who signed in"] if row.wants_person else []),
            row.note,
        ]
        may = " or ".join(f"`{need.name.lower()}`" for need in row.needs)
        also = "; ".join(want for want in wants if want)
        lines.append(f"| `{row.action}` | {sources} | {row.target or 'stays'} | {may} | {also} |")
    return "\n".join(lines) + "\n"


def diagram_mermaid() -> str:
    """The same table as a state diagram, without the steps that leave the state as it is."""
    arrows = [
        f"    {source} --> {row.target}: {row.action}"
        for row in TRANSITIONS.values()
        if row.target is not None and row.action is not Action.VOID
        for source in (row.sources or ("[*]",))
    ]
    ends = [f"    {state} --> [*]" for state in CaseState if state in ENDS and state is not S.VOIDED]
    return "\n".join(["stateDiagram-v2", *arrows, *ends]) + "\n"
