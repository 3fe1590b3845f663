"""Whether a database file is sound: SQLite's own check, and the audit log's chain."""

import sqlite3
from contextlib import closing
from pathlib import Path

from api.errors import Unprocessable
from api.store.audit import GENESIS, entry_hash

__all__ = ["check_database"]


def check_database(path: Path) -> None:
    """Read a database file whole.

    Raises:
        Unprocessable: It is damaged, or the audit log was changed; the message says where.
    """
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            broken = None if verdict == "ok" else verdict
            broken = broken or _broken_entry(connection)
    except sqlite3.Error as error:
        broken = str(error)
    if broken:
        raise Unprocessable(f"The database {path.name} is damaged: {broken}.", "Take another backup.")


def _broken_entry(connection: sqlite3.Connection) -> str | None:
    previous, expected = GENESIS, 1
    rows = connection.execute(
        "SELECT number, at_ms, actor, action, subject, detail, hash FROM audit_log ORDER BY number"
    )
    for number, at_ms, actor, action, subject, detail, digest in rows:
        if number != expected or digest != entry_hash(
            previous, number, at_ms, (actor, action, subject, detail)
        ):
            return f"entry {expected} of the audit log was changed or is missing"
        previous, expected = digest, expected + 1
    return None
