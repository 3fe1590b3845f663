"""What lies in the drop folders of workers: recordings that can be analysed."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["DropFolder", "keep_drop_folder", "list_drop_folders"]


@dataclass(frozen=True, slots=True)
class DropFolder:
    """A worker's folder as it told it last; each file with `name`, `size_bytes` and `modified_at`."""

    worker: str
    files: list[dict[str, Any]]
    told_ms: int


def keep_drop_folder(
    connection: sqlite3.Connection, worker: str, actor: str, files: Sequence[dict[str, Any]], now_ms: int
) -> None:
    """Keep what a worker tells of its folder; it replaces what it told before."""
    connection.execute(
        "INSERT INTO drop_folders (worker, actor, files, told_ms) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (worker) DO UPDATE SET actor = excluded.actor, files = excluded.files,"
        " told_ms = excluded.told_ms",
        (worker, actor, json.dumps(list(files)), now_ms),
    )


def list_drop_folders(connection: sqlite3.Connection) -> list[DropFolder]:
    """Every folder that was told of, by worker."""
    rows = connection.execute("SELECT worker, files, told_ms FROM drop_folders ORDER BY worker").fetchall()
    return [DropFolder(worker, json.loads(files), told_ms) for worker, files, told_ms in rows]
