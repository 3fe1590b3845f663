"""Verdicts taken back: within half a minute, by who gave them, as long as nothing was built on them."""

import json
import sqlite3
from typing import Any

from api.callers import Caller
from api.errors import Conflict, NotFound
from api.lifecycle import Action, CaseState
from api.store.audit import append_audit
from api.store.cases.queue import item_for, item_sources
from api.store.cases.rows import StoredCase, find_case
from api.store.cases.sightings import Source
from api.store.cases.sources import add_sources, remove_sources
from api.store.cases.steps import Step, note_step, take_step

__all__ = ["UNDO_MS", "undo_verdict"]

UNDO_MS = 30_000


def undo_verdict(connection: sqlite3.Connection, caller: Caller, verdict_id: str, now_ms: int) -> str:
    """Put everything back as it stood before a verdict, and keep in the histories that it was; the item's id.

    A case that the verdict began is voided: its number was spoken, perhaps, and is never given again.

    Raises:
        NotFound: The caller gave no such verdict.
        Conflict: It is too late, it was undone before, or somebody went on with the case.
    """
    row = connection.execute(
        "SELECT item_id, verdict, at_ms, undone_ms, case_id, before FROM verdicts"
        " WHERE verdict_id = ? AND actor = ? LIMIT 1",
        (verdict_id, caller.actor),
    ).fetchone()
    if row is None:
        raise NotFound("You gave no verdict of that id.", "The reply to a verdict names its id.")
    item_id, verdict, at_ms, undone_ms, case_id, kept = row
    before: dict[str, Any] = json.loads(kept)
    if undone_ms is not None:
        raise Conflict("This verdict was undone before.", "The item waits in the queue again.")
    if now_ms - at_ms > UNDO_MS:
        raise Conflict(f"A verdict can be undone for {UNDO_MS // 1000} s.", "Change the case itself.")
    item = item_for(connection, caller, item_id)
    sources = item_sources(connection, item_id)
    step = Step(Action.UNDO, caller.actor, now_ms, detail={"verdict": verdict_id})
    if verdict == "join":
        _unjoin(connection, _unchanged(connection, case_id, before["case_version"]), sources, before, step)
    elif case_id is not None:
        _take_back(connection, _unchanged(connection, case_id, before["case_version"]), sources, before, step)
    if before["report_state"] is not None:
        connection.executemany(
            "UPDATE reports SET state = ? WHERE report_id = ?",
            [(before["report_state"], key) for kind, key in sources if kind == "report"],
        )
    connection.execute("UPDATE verdicts SET undone_ms = ? WHERE verdict_id = ?", (now_ms, verdict_id))
    connection.execute(
        "UPDATE review_items SET state = 'waiting', done_ms = NULL, claimed_by = ?, claimed_until_ms = ?"
        " WHERE item_id = ?",
        (caller.actor, before["claimed_until_ms"], item.item_id),
    )
    append_audit(
        connection,
        actor=caller.actor,
        action="review.undo",
        subject=item_id,
        detail={"verdict": verdict_id},
        at_ms=now_ms,
    )
    return str(item_id)


def _unchanged(connection: sqlite3.Connection, case_id: str, version: int) -> StoredCase:
    """The case, if nobody changed it since the verdict."""
    case = find_case(connection, case_id)
    if case is None or case.version != version:
        raise Conflict("Somebody went on with the case.", "Change the case itself.")
    return case


def _unjoin(
    connection: sqlite3.Connection,
    case: StoredCase,
    sources: list[Source],
    before: dict[str, Any],
    step: Step,
) -> None:
    remove_sources(connection, case.case_id, sources, step.at_ms)
    note_step(connection, case, "undo", step, {"last_seen_ms": before["case"]["last_seen_ms"]})
    if before["left"] is not None:
        left = _unchanged(connection, before["left"]["case_id"], before["left_version"])
        _take_back(connection, left, [], {"case": before["left"]}, step)
        add_sources(connection, left.case_id, sources, step.actor, step.at_ms)


def _take_back(
    connection: sqlite3.Connection,
    case: StoredCase,
    sources: list[Source],
    before: dict[str, Any],
    step: Step,
) -> None:
    kept = before["case"]
    if kept is None:
        back_to, changes = CaseState.VOIDED, {"closed_ms": step.at_ms, "filed_ms": None}
        remove_sources(connection, case.case_id, sources, step.at_ms)
    else:
        back_to = CaseState(kept["state"])
        changes = {name: value for name, value in kept.items() if name not in {"case_id", "state"}}
    undone = Step(Action.UNDO, step.actor, step.at_ms, detail=step.detail, changes=changes, back_to=back_to)
    take_step(connection, case, undone)
