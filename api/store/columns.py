"""Incidents as columns in memory, for questions about all of them at once.

A million incidents are some 90 MB. The columns are read once and then follow the numbered changes, so an
answer is as new as the database.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api.store.changes import newest_change
from api.store.history import IncidentQuery, conditions
from api.store.opening import Store

__all__ = ["IncidentColumns"]

NUMBERS = {
    "place_key": np.int64,
    "sort_ms": np.int64,
    "first_seen_ms": np.int64,
    "last_seen_ms": np.int64,
    "lon": np.float64,
    "lat": np.float64,
    "confidence": np.float64,
    "semi_major_m": np.float64,
}
WORDS = ("category", "status", "run", "area", "camera_id", "unit")
READ_AT_ONCE = 20_000
NO_WORD = -1
_SELECT = f"SELECT {', '.join([*NUMBERS, *WORDS])} FROM incidents"  # noqa: S608

Mask = NDArray[np.bool_]


class IncidentColumns:
    """The columns of one store's incidents.

    Args:
        store: Where they are kept.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._length = 0
        self._known = -1
        self._codes: dict[str, dict[str, int]] = {name: {} for name in WORDS}
        self._columns: dict[str, NDArray[Any]] = self._empty(0)

    @contextmanager
    def matching(self, query: IncidentQuery) -> Iterator["Matched"]:
        """The incidents that a query means and that have a place, as they are now."""
        # One question at a time: each takes tens of milliseconds, and the columns must hold still.
        with self._lock:
            keys = self._store.read(lambda connection: self._follow(connection, query))
            yield Matched(self, np.flatnonzero(self._mask(query, keys)))

    def column(self, name: str) -> NDArray[Any]:
        """One column of all incidents; words are codes, see `word`."""
        return self._columns[name][: self._length]

    def words(self, name: str) -> list[str]:
        """The words of a column by their codes."""
        return list(self._codes[name])

    def _empty(self, size: int) -> dict[str, NDArray[Any]]:
        columns: dict[str, NDArray[Any]] = {name: np.empty(size, kind) for name, kind in NUMBERS.items()}
        return columns | {name: np.empty(size, np.int32) for name in WORDS}

    def _follow(self, connection: sqlite3.Connection, query: IncidentQuery) -> NDArray[np.int64] | None:
        """Read what changed since; gives the keys that the filters without a column leave."""
        newest = newest_change(connection)
        if newest != self._known:
            if self._known < 0 or newest < self._known or self._was_purged(connection):
                self._length, rows = 0, connection.execute(f"{_SELECT} ORDER BY place_key")
            else:
                rows = connection.execute(
                    # Said, because walking all rows in the order asked for looks as good to the planner.
                    f"{_SELECT} INDEXED BY incidents_by_change WHERE began > ? ORDER BY place_key",
                    (self._known,),
                )
            while read := rows.fetchmany(READ_AT_ONCE):
                self._take(read)
            self._known = newest
        if not any((query.view, query.zone, query.grid_cell, query.text, query.ring, query.circle)):
            return None
        clauses = conditions(query)
        found = connection.execute(
            "SELECT i.place_key FROM incidents i WHERE "  # noqa: S608  built by the store
            + " AND ".join(clause for clause, _ in clauses),
            [value for _, values in clauses for value in values],
        )
        return np.fromiter((key for (key,) in found), np.int64)

    def _was_purged(self, connection: sqlite3.Connection) -> bool:
        sql = "SELECT 1 FROM changes WHERE number > ? AND kind = 'purge' LIMIT 1"
        return connection.execute(sql, (self._known,)).fetchone() is not None

    def _take(self, rows: list[tuple[Any, ...]]) -> None:
        """Put rows in, which come by key: known ones in their places, new ones at the end."""
        read = dict(zip([*NUMBERS, *WORDS], zip(*rows, strict=True), strict=True))
        keys = np.array(read["place_key"], np.int64)
        known = self.column("place_key")
        places = np.searchsorted(known, keys)
        is_new = (
            places == self._length
            if self._length == 0
            else known[np.minimum(places, self._length - 1)] != keys
        )
        count = int(is_new.sum())
        self._make_room(self._length + count)
        places[is_new] = np.arange(self._length, self._length + count)
        self._length += count
        for name, kind in NUMBERS.items():
            # A place that is missing becomes NaN, which no box holds.
            values = np.array(read[name], np.float64 if kind is np.float64 else kind)
            self._columns[name][places] = values
        for name in WORDS:
            codes = self._codes[name]
            self._columns[name][places] = [
                NO_WORD if word is None else codes.setdefault(word, len(codes)) for word in read[name]
            ]

    def _make_room(self, size: int) -> None:
        if size > len(self._columns["place_key"]):
            grown = self._empty(max(size, int(size * 1.25), 1024))
            for name, column in self._columns.items():
                grown[name][: self._length] = column[: self._length]
            self._columns = grown

    def _is_word(self, name: str, word: str) -> Mask:
        found: Mask = self.column(name) == self._codes[name].get(word, NO_WORD - 1)
        return found

    def _mask(self, query: IncidentQuery, keys: NDArray[np.int64] | None) -> Mask:
        lon, lat = self.column("lon"), self.column("lat")
        mask: Mask = ~np.isnan(lon)
        for name, word in (
            ("run", query.run),
            ("status", query.status),
            ("category", query.category),
            ("camera_id", query.camera),
            ("unit", query.unit),
        ):
            if word is not None:
                mask &= self._is_word(name, word)
        if query.areas is not None:
            codes = [self._codes["area"][area] for area in query.areas if area in self._codes["area"]]
            mask &= np.isin(self.column("area"), codes)
        if query.min_confidence is not None:
            mask &= self.column("confidence") >= query.min_confidence
        if query.max_error_m is not None:
            mask &= self.column("semi_major_m") <= query.max_error_m
        if query.since_ms is not None:
            mask &= self.column("last_seen_ms") >= query.since_ms
        if query.until_ms is not None:
            mask &= self.column("first_seen_ms") <= query.until_ms
        if query.bbox is not None:
            west, south, east, north = query.bbox
            mask &= (lat >= south) & (lat <= north)
            mask &= (lon >= west) & (lon <= east) if west <= east else (lon >= west) | (lon <= east)
        if keys is not None:
            mask &= np.isin(self.column("place_key"), keys)
        return mask


class Matched:
    """The incidents of one answer, while it is made.

    Args:
        columns: Of all incidents.
        rows: Which of them match.
    """

    def __init__(self, columns: IncidentColumns, rows: NDArray[np.int64]) -> None:
        self._columns = columns
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def column(self, name: str) -> NDArray[Any]:
        """One column of the incidents that match."""
        column = self._columns.column(name)
        return column if len(self._rows) == len(column) else column[self._rows]

    def words(self, name: str) -> list[str]:
        """The words of a column by their codes."""
        return self._columns.words(name)
