"""Legal holds: what a person says must be kept, whatever its age."""

import sqlite3
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from api.errors import NotFound
from api.store.audit import append_audit
from api.store.opening import Store
from api.store.times import from_ms, now_ms

__all__ = ["HOLD_KINDS", "Hold", "HoldKind", "lift_hold", "list_holds", "place_hold"]

HoldKind = Literal["incident", "case", "camera", "area"]
HOLD_KINDS: tuple[HoldKind, ...] = get_args(HoldKind)
_COLUMNS = "hold_id, kind, subject, reason, placed_ms, placed_by, lifted_ms, lifted_by, lift_reason"


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold, and by whom and why it was placed and lifted."""

    hold_id: str
    kind: HoldKind
    subject: str
    reason: str
    placed_at: datetime
    placed_by: str
    lifted_at: datetime | None
    lifted_by: str | None
    lift_reason: str | None


def _hold(row: Sequence[Any]) -> Hold:
    hold_id, kind, subject, reason, placed_ms, placed_by, lifted_ms, lifted_by, lift_reason = row
    lifted_at = None if lifted_ms is None else from_ms(lifted_ms)
    return Hold(
        hold_id, kind, subject, reason, from_ms(placed_ms), placed_by, lifted_at, lifted_by, lift_reason
    )


def place_hold(store: Store, kind: HoldKind, subject: str, reason: str, actor: str) -> Hold:
    """Keep an incident, a case, or all of a camera or area, until the hold is lifted."""
    hold_id, at_ms = str(uuid.uuid4()), now_ms()

    def place(connection: sqlite3.Connection) -> Hold:
        connection.execute(
            "INSERT INTO holds (hold_id, kind, subject, reason, placed_ms, placed_by)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (hold_id, kind, subject, reason, at_ms, actor),
        )
        _mark_case(connection, kind, subject)
        append_audit(
            connection,
            actor=actor,
            action="hold.place",
            subject=hold_id,
            detail={"kind": kind, "of": subject, "reason": reason},
            at_ms=at_ms,
        )
        return _find(connection, hold_id)

    return store.write(place).result()


def lift_hold(store: Store, hold_id: str, reason: str, actor: str) -> Hold:
    """End a hold; its row stays.

    Raises:
        NotFound: There is none of that id, or it was lifted before.
    """
    at_ms = now_ms()

    def lift(connection: sqlite3.Connection) -> Hold:
        changed = connection.execute(
            "UPDATE holds SET lifted_ms = ?, lifted_by = ?, lift_reason = ?"
            " WHERE hold_id = ? AND lifted_ms IS NULL",
            (at_ms, actor, reason, hold_id),
        ).rowcount
        if not changed:
            raise NotFound("There is no such hold, or it was lifted before.", "List them at /v1/holds.")
        hold = _find(connection, hold_id)
        _mark_case(connection, hold.kind, hold.subject)
        append_audit(
            connection,
            actor=actor,
            action="hold.lift",
            subject=hold_id,
            detail={"kind": hold.kind, "of": hold.subject, "reason": reason},
            at_ms=at_ms,
        )
        return hold

    return store.write(lift).result()


def _mark_case(connection: sqlite3.Connection, kind: str, subject: str) -> None:
    """Show on a case whether it is held."""
    if kind == "case":
        connection.execute(
            "UPDATE cases SET hold = EXISTS (SELECT 1 FROM holds h WHERE h.kind = 'case'"
            " AND h.subject = cases.case_id AND h.lifted_ms IS NULL) WHERE case_id = ?",
            (subject,),
        )


def _find(connection: sqlite3.Connection, hold_id: str) -> Hold:
    sql = f"SELECT {_COLUMNS} FROM holds WHERE hold_id = ?"  # noqa: S608  constants
    return _hold(connection.execute(sql, (hold_id,)).fetchone())


def list_holds(store: Store, limit: int = 1000) -> list[Hold]:
    """The newest holds, lifted ones too."""
    sql = f"SELECT {_COLUMNS} FROM holds ORDER BY placed_ms DESC, hold_id LIMIT ?"  # noqa: S608  constants
    return [_hold(row) for row in store.read(lambda connection: connection.execute(sql, (limit,)).fetchall())]
