"""Documents of the configuration: each change is a new version with author and reason, and none is lost."""

import hashlib
import sqlite3
from dataclasses import dataclass
from typing import Any

from api.errors import Conflict
from api.store.audit import append_audit

__all__ = [
    "ConfigVersion",
    "NewConfig",
    "add_config",
    "config_version",
    "current_config",
    "digest_of",
    "list_config",
]

COLUMNS = "kind, version, text, digest, label, author, reason, at_ms, restored"


@dataclass(frozen=True, slots=True)
class ConfigVersion:
    """One version of a document.

    Args:
        kind: Which document: `site`, `responsibility`.
        version: Its number, from 1 without gaps.
        text: The document as it was given.
        digest: SHA-256 of the text.
        label: What the document calls itself; of the site its `version`, which stands in events.
        author: Who made it: `user:NAME`, `key:ID`, `command`.
        reason: Why.
        at_ms: When, milliseconds since 1970.
        restored: The version whose text it brings back; None where it is a new text.
    """

    kind: str
    version: int
    text: str
    digest: str
    label: str
    author: str
    reason: str
    at_ms: int
    restored: int | None


@dataclass(frozen=True, slots=True)
class NewConfig:
    """A version that is to be added; the fields as in `ConfigVersion`."""

    kind: str
    text: str
    label: str
    author: str
    reason: str
    restored: int | None = None


def current_config(connection: sqlite3.Connection, kind: str) -> ConfigVersion | None:
    """The newest version of a document; None where none was ever given."""
    row = connection.execute(
        f"SELECT {COLUMNS} FROM config_versions WHERE kind = ? ORDER BY version DESC LIMIT 1",  # noqa: S608  a constant
        (kind,),
    ).fetchone()
    return None if row is None else _version(row)


def config_version(connection: sqlite3.Connection, kind: str, version: int) -> ConfigVersion | None:
    """One version of a document."""
    row = connection.execute(
        f"SELECT {COLUMNS} FROM config_versions WHERE kind = ? AND version = ?",  # noqa: S608  a constant
        (kind, version),
    ).fetchone()
    return None if row is None else _version(row)


def list_config(
    connection: sqlite3.Connection, kind: str, limit: int, before: int | None = None
) -> list[ConfigVersion]:
    """Versions of a document, the newest first, those before number `before`."""
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM config_versions WHERE kind = ? AND version < ?"  # noqa: S608  a constant
        " ORDER BY version DESC LIMIT ?",
        (kind, 2**62 if before is None else before, limit),
    ).fetchall()
    return [_version(row) for row in rows]


def add_config(
    connection: sqlite3.Connection, new: NewConfig, *, base: int | None, changes: int, at_ms: int
) -> ConfigVersion:
    """Make a new version, with its line in the audit log; the text that holds already makes none.

    Args:
        connection: The writer's, inside its transaction.
        new: The version.
        base: The version that it was made from; None where there was none.
        changes: How many key paths it changes, for the audit log.
        at_ms: When, milliseconds since 1970.

    Raises:
        Conflict: Another version was made meanwhile, or another text had this label before.
    """
    current = current_config(connection, new.kind)
    number = current.version if current is not None else None
    digest = digest_of(new.text)
    if base != number:
        raise Conflict(
            f"The {new.kind} is at version {number or 'none'}, and this was made from {base or 'none'}.",
            "Take the newest version, make the change in it, and send it with that version as `base`.",
        )
    if current is not None and current.digest == digest:
        return current
    _refuse_known_label(connection, new, digest)
    made = ConfigVersion(
        new.kind,
        (number or 0) + 1,
        new.text,
        digest,
        new.label,
        new.author,
        new.reason,
        at_ms,
        new.restored,
    )
    connection.execute(
        f"INSERT INTO config_versions ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608  a constant
        (
            made.kind,
            made.version,
            made.text,
            digest,
            made.label,
            made.author,
            made.reason,
            at_ms,
            made.restored,
        ),
    )
    detail = {
        "version": made.version,
        "label": made.label,
        "sha256": digest,
        "reason": made.reason,
        "restored": made.restored,
        "changes": changes,
    }
    append_audit(
        connection, actor=new.author, action="config.change", subject=new.kind, detail=detail, at_ms=at_ms
    )
    return made


def digest_of(text: str) -> str:
    """SHA-256 of a document's text, by which a version is known."""
    return hashlib.sha256(text.encode()).hexdigest()


def _refuse_known_label(connection: sqlite3.Connection, new: NewConfig, digest: str) -> None:
    """An event names the label of its site: two texts with one label could not be told apart."""
    row = connection.execute(
        "SELECT version FROM config_versions WHERE kind = ? AND label = ? AND digest <> ? LIMIT 1",
        (new.kind, new.label, digest),
    ).fetchone()
    if new.label and row is not None:
        raise Conflict(
            f"Version {row[0]} of the {new.kind} with another text is called '{new.label}' too.",
            "Give the document a `version` of its own: events name it.",
            errors=[{"in": "body", "name": "version", "problem": f"stands in version {row[0]}"}],
        )


def _version(row: tuple[Any, ...]) -> ConfigVersion:
    return ConfigVersion(*row)
