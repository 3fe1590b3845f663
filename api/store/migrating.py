"""Numbered, forward-only changes of the schema."""

import re
import sqlite3
from importlib import resources

__all__ = ["MigrationRefused", "migrate"]

NAME = re.compile(r"^(\d{4})_[a-z0-9_]+\.sql$")


class MigrationRefused(Exception):
    """The database is newer than this release."""


def _scripts() -> list[tuple[int, str]]:
    """Number and SQL of each migration, in order."""
    found = []
    for entry in resources.files("api.store").joinpath("migrations").iterdir():
        matched = NAME.match(entry.name)
        if matched:
            found.append((int(matched.group(1)), entry.read_text(encoding="utf-8")))
    return sorted(found)


def _statements(script: str) -> list[str]:
    """The single statements of a script; `executescript` would commit before it runs."""
    statements, pending = [], ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            statements.append(pending)
            pending = ""
    return statements


def _version(connection: sqlite3.Connection, newest: int) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > newest:
        raise MigrationRefused(
            f"the database has schema {version}, this release knows {newest}: install the newer release"
        )
    return int(version)


def migrate(connection: sqlite3.Connection) -> int:
    """Bring the database to the newest schema, all steps in one transaction; gives its number.

    Raises:
        MigrationRefused: The database was written by a newer release.
    """
    scripts = _scripts()
    newest = scripts[-1][0]
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Read inside the transaction: a second process that starts at once waits here, then finds it done.
        version = _version(connection, newest)
        for number, script in scripts:
            if number > version:
                for statement in _statements(script):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return newest
