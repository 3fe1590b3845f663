"""The site and the responsibility document in force, parsed once per version."""

import sqlite3
from functools import lru_cache

from api.store.opening import Store
from contracts.responsibility import ResponsibilityDocument
from contracts.responsibility_check import load_responsibility
from contracts.site import Site
from contracts.site_check import load_site

__all__ = ["responsibility_in", "responsibility_of", "site_in", "site_of"]


def site_of(store: Store) -> Site | None:
    """The site in force; None where none was imported."""
    return store.read(site_in)


def responsibility_of(store: Store) -> ResponsibilityDocument | None:
    """The responsibility document in force; None where none was imported."""
    return store.read(responsibility_in)


def site_in(connection: sqlite3.Connection) -> Site | None:
    """The site in force, on a connection."""
    text = _text(connection, "site")
    return None if text is None else _site(text)


def responsibility_in(connection: sqlite3.Connection) -> ResponsibilityDocument | None:
    """The responsibility document in force, on a connection."""
    text = _text(connection, "responsibility")
    return None if text is None else _responsibility(text)


def _text(connection: sqlite3.Connection, kind: str) -> str | None:
    row = connection.execute(
        "SELECT text FROM config_versions WHERE kind = ? ORDER BY version DESC LIMIT 1", (kind,)
    ).fetchone()
    return None if row is None else str(row[0])


@lru_cache(maxsize=4)
def _site(text: str) -> Site:
    return load_site(text)


@lru_cache(maxsize=4)
def _responsibility(text: str) -> ResponsibilityDocument:
    return load_responsibility(text)
