"""Brings a database to the newest schema: numbered, forward-only revisions, run by Alembic."""

import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path

__all__ = ["MigrationRefused", "migrate", "newest_revision"]

FOLDER = Path(__file__).parent / "migrations"
NUMBERED = re.compile(r"^(\d{4})_[a-z0-9_]+\.py$")
BEFORE_ALEMBIC = "0001"
"""The schema of databases that carry only SQLite's own version number."""


class MigrationRefused(Exception):
    """The database is newer than this release."""


def _revisions() -> list[str]:
    """The numbers of all revisions, in order."""
    found = [NUMBERED.match(path.name) for path in (FOLDER / "versions").iterdir()]
    return sorted(matched.group(1) for matched in found if matched)


def newest_revision() -> str:
    """Number of the newest schema that this release knows."""
    return _revisions()[-1]


def migrate(connection: sqlite3.Connection, path: Path, wait_s: float) -> str:
    """Bring the database to the newest schema, all revisions in one transaction; gives its number.

    Args:
        connection: Open on the database, not in a transaction.
        path: File of the database; the revisions run on a connection of their own.
        wait_s: How long another process may hold the file, which does the same perhaps.

    Raises:
        MigrationRefused: The database was written by a newer release.
    """
    known = _revisions()
    if _revision_of(connection, known) != known[-1]:
        # Here, because most starts have nothing to do, and what it needs takes half a second to load.
        from api.store.upgrading import upgrade

        upgrade(path, wait_s, lambda raw: _revision_of(raw, known), known[-1])
    return known[-1]


def _revision_of(connection: sqlite3.Connection, known: Sequence[str]) -> str | None:
    """The schema that a database has; None where it is empty."""
    (numbered,) = connection.execute("PRAGMA user_version").fetchone()
    table = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
    if table is None:
        revision = f"{numbered:04d}" if numbered else None
        if revision not in {None, BEFORE_ALEMBIC}:
            raise _too_new(str(revision), known)
        return revision
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    revision = row[0] if row else None
    # Both: an older release reads only SQLite's number, and somebody may have restored half of a database.
    if numbered > int(known[-1]) or (revision is not None and revision not in known):
        raise _too_new(f"{max(numbered, int(revision or 0)):04d}", known)
    return revision


def _too_new(revision: str, known: Sequence[str]) -> MigrationRefused:
    return MigrationRefused(
        f"the database has schema {revision}, this release knows {known[-1]}: install the newer release"
    )
