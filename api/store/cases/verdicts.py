"""Verdicts on review items: what they do to cases, kept as labels, and taken back within half a minute."""

import sqlite3
import uuid
from dataclasses import dataclass
from typing import Any

from api.callers import Caller
from api.errors import Conflict, Unprocessable
from api.lifecycle import Action, CaseState
from api.store.audit import append_audit
from api.store.cases.labels import Label, keep_labels
from api.store.cases.present import day_of, hour_of, present_site
from api.store.cases.queue import ReviewItem, held_item, item_sources
from api.store.cases.rows import StoredCase, case_for, find_case
from api.store.cases.sightings import Source
from api.store.cases.sources import add_sources, join_case, place_columns
from api.store.cases.steps import Step, begin_case, take_step
from api.store.placing import place_of
from contracts.incident import Category

__all__ = ["REASONS", "VERDICTS", "Verdict", "VerdictKept", "give_verdict"]

VERDICTS = ("file", "join", "reject", "verify")
REASONS = ("not_there", "wrong_class", "permitted", "wrong_place", "privacy", "duplicate")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person says of an item.

    Args:
        verdict: One of `VERDICTS`.
        reason: One of `REASONS`, for `reject`.
        note: In words.
        case_id: For `join`: which case, by id or number.
        right_category: What it is, where the category was wrong.
        lonlat: Where it is, where no source says so.
    """

    verdict: str
    reason: str | None = None
    note: str = ""
    case_id: str | None = None
    right_category: str | None = None
    lonlat: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class VerdictKept:
    """A verdict that was given: its id, and the case that it began or changed."""

    verdict_id: str
    item_id: str
    case: StoredCase | None


@dataclass(slots=True)
class Before:
    """What undoing a verdict puts back: the case as it stood, and what else was changed."""

    case: StoredCase | None = None
    left: StoredCase | None = None
    report_state: str | None = None


def give_verdict(
    connection: sqlite3.Connection, caller: Caller, item_id: str, verdict: Verdict, now_ms: int
) -> VerdictKept:
    """Judge an item that the caller holds; all of it is kept or nothing.

    Raises:
        NotFound: There is no such item or case for the caller.
        Conflict: He does not hold the item, or the case has ended.
        Unprocessable: The verdict lacks what it needs.
    """
    _check(verdict)
    item = held_item(connection, caller, item_id, now_ms)
    sources = item_sources(connection, item.item_id)
    reported = _reported_case(connection, sources)
    joined = _joined_case(connection, caller, item, verdict)
    before = Before(case=joined or reported, left=reported if joined else None)
    step = Step(_ACTIONS[verdict.verdict], caller.actor, now_ms, _reason(verdict), detail={"item": item_id})
    case: StoredCase | None
    if joined is not None:
        if reported is not None:
            told = f"joins {joined.number}"
            take_step(connection, reported, Step(Action.REJECT, caller.actor, now_ms, told))
        case = join_case(connection, joined, sources, step)
    elif reported is not None:
        changes = {"category": verdict.right_category} if verdict.right_category else {}
        case = take_step(
            connection, reported, Step(step.action, step.actor, now_ms, step.reason, changes=changes)
        )
    elif verdict.verdict == "reject":
        case = None
    else:
        case = _begin(connection, item, verdict, sources, step)
    before.report_state = _judge_reports(connection, sources, verdict)
    verdict_id = str(uuid.uuid4())
    connection.execute(
        "UPDATE review_items SET state = 'done', done_ms = ? WHERE item_id = ?", (now_ms, item.item_id)
    )
    label = Label(
        verdict_id=verdict_id,
        verdict=verdict.verdict,
        reason=verdict.reason,
        right_category=verdict.right_category,
        actor=caller.actor,
        at_ms=now_ms,
        hour=hour_of(present_site(connection), now_ms),
        case_id=case.case_id if case else None,
        before=_kept(before, item, case, connection),
    )
    keep_labels(connection, item, sources, label)
    append_audit(
        connection,
        actor=caller.actor,
        action=f"review.{verdict.verdict}",
        subject=item.item_id,
        detail={"verdict": verdict_id, "reason": verdict.reason, "case": case.number if case else None},
        at_ms=now_ms,
    )
    return VerdictKept(verdict_id, item.item_id, case)


_ACTIONS = {
    "file": Action.FILE,
    # A join is no transition; its step is noted beside the table.
    "join": Action.FILE,
    "reject": Action.REJECT,
    "verify": Action.VERIFY,
}


def _check(verdict: Verdict) -> None:
    if verdict.verdict == "reject" and verdict.reason is None:
        raise Unprocessable("A rejection needs a reason.", f"Choose one of {', '.join(REASONS)}.")
    if verdict.verdict != "reject" and verdict.reason is not None:
        raise Unprocessable("Only a rejection has a reason of the list.", "Say more in `note`.")
    if (verdict.verdict == "join") != (verdict.case_id is not None):
        raise Unprocessable("`case_id` belongs to `join`.", "Name the case that it joins, and only then.")


def _reason(verdict: Verdict) -> str:
    return ": ".join(part for part in (verdict.reason, verdict.note) if part)


def _reported_case(connection: sqlite3.Connection, sources: list[Source]) -> StoredCase | None:
    """The case that a report began."""
    for kind, source_id in sources:
        if kind == "report":
            row = connection.execute(
                "SELECT case_id FROM case_sources WHERE kind = 'report' AND source_id = ?"
                " AND left_ms IS NULL",
                (source_id,),
            ).fetchone()
            return find_case(connection, row[0]) if row else None
    return None


def _joined_case(
    connection: sqlite3.Connection, caller: Caller, item: ReviewItem, verdict: Verdict
) -> StoredCase | None:
    if verdict.case_id is None:
        return None
    case = case_for(connection, caller, verdict.case_id)
    if case.run != item.run:
        raise Conflict("The case belongs to another run.", "Join a case of the same run.")
    return case


def _begin(
    connection: sqlite3.Connection, item: ReviewItem, verdict: Verdict, sources: list[Source], step: Step
) -> StoredCase:
    """A case of its own for an item."""
    site = present_site(connection)
    category = verdict.right_category or item.category
    place = place_columns(connection, sources, step.at_ms)
    if verdict.lonlat is not None and "lon" not in place:
        place |= {"lon": verdict.lonlat[0], "lat": verdict.lonlat[1]}
    lon, lat = place.get("lon"), place.get("lat")
    lonlat = (float(lon), float(lat)) if lon is not None and lat is not None else None
    state = CaseState.FILED if step.action is Action.FILE else CaseState.VERIFYING
    columns: dict[str, Any] = {
        "state": state.value,
        "category": category,
        "priority": item.priority,
        "area": place_of(connection, Category(category), lonlat).area or item.area,
        "run": item.run,
        "reported_ms": item.created_ms,
        "title": verdict.note[:200],
        **place,
    }
    case = begin_case(connection, day_of(site, step.at_ms), columns, step)
    add_sources(connection, case.case_id, sources, step.actor, step.at_ms)
    return case


def _judge_reports(connection: sqlite3.Connection, sources: list[Source], verdict: Verdict) -> str | None:
    """Keep at the report what became of it; gives what it was before."""
    before = None
    for kind, source_id in sources:
        if kind == "report":
            (before,) = connection.execute(
                "SELECT state FROM reports WHERE report_id = ?", (source_id,)
            ).fetchone()
            state = {"reject": "rejected", "verify": "waiting"}.get(verdict.verdict, "accepted")
            connection.execute("UPDATE reports SET state = ? WHERE report_id = ?", (state, source_id))
    return before


def _kept(
    before: Before, item: ReviewItem, case: StoredCase | None, connection: sqlite3.Connection
) -> dict[str, Any]:
    """What undoing must know, as JSON."""
    left = find_case(connection, before.left.case_id) if before.left else None
    return {
        "case": _columns(before.case),
        "case_version": case.version if case else None,
        "left": _columns(before.left),
        "left_version": left.version if left else None,
        "report_state": before.report_state,
        "claimed_until_ms": item.claimed_until_ms,
    }


RESTORED = ("state", "category", "filed_ms", "closed_ms", "last_seen_ms")
"""Columns that a verdict may change."""


def _columns(case: StoredCase | None) -> dict[str, Any] | None:
    if case is None:
        return None
    return {"case_id": case.case_id, **{name: getattr(case, name) for name in RESTORED}}
