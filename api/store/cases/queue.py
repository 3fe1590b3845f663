"""The review queue: listed by urgency and age, held by one person at a time."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.callers import Caller
from api.errors import Conflict, NotFound
from api.store.cases.sightings import Source

__all__ = [
    "ItemPlace",
    "ItemQuery",
    "ReviewItem",
    "claim_item",
    "claim_next",
    "held_item",
    "item_for",
    "item_sources",
    "list_items",
    "mark_seen",
    "release_item",
]

SHOWN_KIND = {"incident": "camera", "audit": "camera"}
"""A random look is shown as what it looks like, so that nobody knows which it is."""


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """Something that waits for a person; times are milliseconds since 1970."""

    item_key: int
    item_id: str
    kind: str
    state: str
    category: str
    priority: int
    area: str | None
    camera_id: str | None
    run: str
    created_ms: int
    claimed_by: str | None
    claimed_until_ms: int | None
    done_ms: int | None
    gone_ms: int | None
    document: Mapping[str, Any]
    seen_ms: int | None = None

    @property
    def shown_kind(self) -> str:
        """The kind as a screen may know it before the verdict."""
        return SHOWN_KIND.get(self.kind, self.kind)

    def is_held_at(self, now_ms: int) -> bool:
        """Whether somebody holds it at a time."""
        return self.claimed_until_ms is not None and self.claimed_until_ms > now_ms


COLUMNS = (
    "i.item_key, i.item_id, i.kind, i.state, i.category, i.priority, i.area, i.camera_id, i.run,"
    " i.created_ms, i.claimed_by, i.claimed_until_ms, i.done_ms, i.gone_ms, i.document"
)


@dataclass(frozen=True, slots=True)
class ItemQuery:
    """Which items; None means any.

    Args:
        actor: Whose seen marks are shown.
        areas: Only items in these areas.
        is_free: Only those that nobody else holds.
        is_unseen: Only those that the actor has not seen.
    """

    actor: str
    areas: tuple[str, ...] | None = None
    state: str = "waiting"
    category: str | None = None
    area: str | None = None
    is_free: bool = False
    is_unseen: bool = False


@dataclass(frozen=True, slots=True)
class ItemPlace:
    """Where a page ended."""

    priority: int
    created_ms: int
    key: int


def list_items(
    connection: sqlite3.Connection, query: ItemQuery, limit: int, after: ItemPlace | None, now_ms: int
) -> tuple[list[ReviewItem], ItemPlace | None]:
    """Items, the most urgent first and of equals the oldest, and where the next page goes on."""
    where, values = _where(query, now_ms)
    if after is not None:
        where.append("(i.priority, i.created_ms, i.item_key) > (?, ?, ?)")
        values += [after.priority, after.created_ms, after.key]
    rows = connection.execute(
        f"SELECT {COLUMNS}, v.seen_ms FROM review_items i"  # noqa: S608  constants above
        " LEFT JOIN review_seen v ON v.item_id = i.item_id AND v.actor = ?"
        f" WHERE {' AND '.join(where)} ORDER BY i.priority, i.created_ms, i.item_key LIMIT ?",
        [query.actor, *values, limit + 1],
    ).fetchall()
    items = [_item(row) for row in rows[:limit]]
    if len(rows) <= limit:
        return items, None
    last = items[-1]
    return items, ItemPlace(last.priority, last.created_ms, last.item_key)


def _where(query: ItemQuery, now_ms: int) -> tuple[list[str], list[Any]]:
    where, values = ["i.state = ?"], [query.state]
    conditions: list[tuple[str, Any]] = [("i.category = ?", query.category), ("i.area = ?", query.area)]
    for clause, value in conditions:
        if value is not None:
            where.append(clause)
            values.append(value)
    if query.is_free:
        where.append("(i.claimed_until_ms IS NULL OR i.claimed_until_ms <= ? OR i.claimed_by = ?)")
        values += [now_ms, query.actor]  # type: ignore[list-item]
    if query.is_unseen:
        where.append("v.seen_ms IS NULL")
    if query.areas is not None:
        where.append(f"i.area IN ({', '.join('?' * len(query.areas))})")
        values += query.areas
    return where, values


def _item(row: tuple[Any, ...]) -> ReviewItem:
    values = [*row]
    values[14] = json.loads(values[14])
    return ReviewItem(*values)


def item_for(connection: sqlite3.Connection, caller: Caller, item_id: str) -> ReviewItem:
    """The item of that id, if the caller may see it.

    Raises:
        NotFound: There is none, or it lies in none of his areas; which of the two is not told.
    """
    row = connection.execute(
        f"SELECT {COLUMNS}, v.seen_ms FROM review_items i"  # noqa: S608  constants above
        " LEFT JOIN review_seen v ON v.item_id = i.item_id AND v.actor = ? WHERE i.item_id = ?",
        (caller.actor, item_id),
    ).fetchone()
    item = None if row is None else _item(row)
    if item is None or not caller.may_see(item.area):
        raise NotFound("There is no review item of that id.", "List them at /v1/review.")
    return item


def item_sources(connection: sqlite3.Connection, item_id: str) -> list[Source]:
    """Kind and id of what an item is about."""
    return connection.execute(
        "SELECT kind, source_id FROM review_sources WHERE item_id = ? ORDER BY kind, source_id", (item_id,)
    ).fetchall()


def claim_item(
    connection: sqlite3.Connection, caller: Caller, item_id: str, now_ms: int, until_ms: int
) -> ReviewItem:
    """Hold an item until a time; holding it again prolongs that.

    Raises:
        NotFound: There is none for the caller.
        Conflict: Somebody else holds it, or it is done.
    """
    item = item_for(connection, caller, item_id)
    _check_waiting(item)
    if item.is_held_at(now_ms) and item.claimed_by != caller.actor:
        raise Conflict("Somebody else holds this item.", "Take another; holds run out by themselves.")
    connection.execute(
        "UPDATE review_items SET claimed_by = ?, claimed_until_ms = ? WHERE item_id = ?",
        (caller.actor, until_ms, item_id),
    )
    mark_seen(connection, caller, item_id, now_ms)
    return item_for(connection, caller, item_id)


def claim_next(
    connection: sqlite3.Connection, caller: Caller, query: ItemQuery, now_ms: int, until_ms: int
) -> ReviewItem | None:
    """Hold the first item that nobody else holds; None where there is none."""
    items, _ = list_items(connection, query, 1, None, now_ms)
    return claim_item(connection, caller, items[0].item_id, now_ms, until_ms) if items else None


def release_item(connection: sqlite3.Connection, caller: Caller, item_id: str, now_ms: int) -> ReviewItem:
    """Let an item go that the caller holds.

    Raises:
        NotFound: There is none for the caller.
        Conflict: He does not hold it.
    """
    item = held_item(connection, caller, item_id, now_ms)
    connection.execute(
        "UPDATE review_items SET claimed_by = NULL, claimed_until_ms = NULL WHERE item_id = ?",
        (item.item_id,),
    )
    return item_for(connection, caller, item_id)


def held_item(connection: sqlite3.Connection, caller: Caller, item_id: str, now_ms: int) -> ReviewItem:
    """The waiting item that the caller holds.

    Raises:
        NotFound: There is none for the caller.
        Conflict: He does not hold it, or it is done.
    """
    item = item_for(connection, caller, item_id)
    _check_waiting(item)
    if not item.is_held_at(now_ms) or item.claimed_by != caller.actor:
        raise Conflict("You do not hold this item, or your hold ran out.", "Claim it first.")
    return item


def _check_waiting(item: ReviewItem) -> None:
    if item.state != "waiting":
        raise Conflict(f"This item is {item.state}.", "Take one that waits.")


def mark_seen(connection: sqlite3.Connection, caller: Caller, item_id: str, now_ms: int) -> None:
    """Keep that the caller saw an item; the first time counts."""
    connection.execute(
        "INSERT INTO review_seen (item_id, actor, seen_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (item_id, caller.actor, now_ms),
    )
