"""Pictures that no worker took: quarantined as they came, until a worker has masked them or refused them.

Nothing of ours reads what is in them here. The bytes lie in a folder that no route serves; only the worker
that holds the command to mask one gets it. Once it is released or refused the bytes are deleted, and the
audit log proves it.
"""

import contextlib
import hashlib
import os
import sqlite3
import time
import uuid
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from api.errors import Conflict, StorageFull
from api.store.audit import append_audit
from api.store.commands import CommandEnd, enqueue_command, on_result
from api.store.opening import Store
from api.store.times import now_ms
from contracts.command import CommandKind

__all__ = [
    "OutsidePicture",
    "delete_left_over",
    "find_outside",
    "outside_of_report",
    "read_original",
    "receive_outside",
]

WAITS_S: Final = 7 * 86400.0
"""How long one waits for a worker that can mask it."""
ORPHAN_AFTER_S: Final = 3600.0
COLUMNS: Final = (
    "picture_id, command_id, report_id, actor, area, received_ms, sha256, size_bytes, state, evidence,"
    " reason, ended_ms, deleted_ms"
)


@dataclass(frozen=True, slots=True)
class OutsidePicture:
    """A picture from outside, without the picture; `evidence` is its name once it is released."""

    picture_id: str
    command_id: str
    report_id: str | None
    actor: str
    area: str | None
    received_ms: int
    sha256: str
    size_bytes: int
    state: str
    evidence: str | None
    reason: str
    ended_ms: int | None
    deleted_ms: int | None


def receive_outside(
    store: Store, content: bytes, *, actor: str, report_id: str | None = None, area: str | None = None
) -> str:
    """Quarantine a picture and ask a worker to mask it; gives its id.

    Args:
        store: Where it is kept.
        content: As it came; not looked at.
        actor: Who brings it.
        report_id: The report that it belongs to.
        area: Area of that report, for those who may see only some.

    Raises:
        StorageFull: There is no room; nothing was kept.
    """
    delete_left_over(store)
    picture_id, at_ms = str(uuid.uuid4()), now_ms()
    sha256 = hashlib.sha256(content).hexdigest()
    # The file first: a crash in between leaves a file without a row, which a later one of these deletes.
    _keep(_path(store, picture_id), content)

    def insert(connection: sqlite3.Connection) -> None:
        command_id = enqueue_command(
            connection,
            kind=CommandKind.MASK,
            camera_id=None,
            body={"picture_id": picture_id, "sha256": sha256},
            ttl_s=WAITS_S,
            key=f"mask|{picture_id}",
            actor=actor,
            now_ms=at_ms,
        )
        connection.execute(
            "INSERT INTO outside_pictures (picture_id, command_id, report_id, actor, area, received_ms,"
            " sha256, size_bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (picture_id, command_id, report_id, actor, area, at_ms, sha256, len(content)),
        )
        detail = {"sha256": sha256, "size_bytes": len(content), "report": report_id}
        append_audit(
            connection,
            actor=actor,
            action="outside_picture.receive",
            subject=picture_id,
            detail=detail,
            at_ms=at_ms,
        )

    try:
        store.write(insert).result()
    except BaseException:
        _path(store, picture_id).unlink(missing_ok=True)
        raise
    return picture_id


def find_outside(connection: sqlite3.Connection, picture_id: str) -> OutsidePicture | None:
    """A picture by its id."""
    row = connection.execute(
        f"SELECT {COLUMNS} FROM outside_pictures WHERE picture_id = ?",  # noqa: S608  a constant
        (picture_id,),
    ).fetchone()
    return None if row is None else OutsidePicture(*row)


def outside_of_report(connection: sqlite3.Connection, report_id: str) -> list[OutsidePicture]:
    """The pictures of a report, in the order in which they came."""
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM outside_pictures WHERE report_id = ? ORDER BY received_ms, picture_id",  # noqa: S608
        (report_id,),
    ).fetchall()
    return [OutsidePicture(*row) for row in rows]


def read_original(store: Store, picture: OutsidePicture, token: str, actor: str) -> bytes:
    """The bytes as they came, for the worker that holds the command to mask them; the audit log says so.

    Raises:
        Conflict: The token is not that of the present lease, or the picture is no longer in quarantine.
    """

    def check(connection: sqlite3.Connection) -> None:
        held = connection.execute(
            "SELECT 1 FROM commands WHERE command_id = ? AND state = 'leased' AND token = ?",
            (picture.command_id, token),
        ).fetchone()
        if held is None:
            raise Conflict("This lease is over: another worker has the command.", "Drop the command.")
        append_audit(
            connection,
            actor=actor,
            action="outside_picture.read",
            subject=picture.picture_id,
            detail={"command": picture.command_id},
            at_ms=now_ms(),
        )

    store.write(check).result()
    try:
        return _path(store, picture.picture_id).read_bytes()
    except FileNotFoundError:
        raise Conflict("The picture is no longer in quarantine.", "Drop the command.") from None


@on_result("mask")
def _release_or_refuse(connection: sqlite3.Connection, end: CommandEnd) -> None:
    picture = connection.execute(
        f"SELECT {COLUMNS} FROM outside_pictures WHERE command_id = ?",  # noqa: S608  a constant
        (end.command.command_id,),
    ).fetchone()
    if picture is None:
        return
    found = OutsidePicture(*picture)
    state, evidence, reason = "refused", None, end.command.reason
    if end.command.state == "done":
        if len(end.evidence) != 1 or end.evidence[0]["sha256"] == found.sha256:
            raise Conflict("A masked picture is one other picture.", "Mask it, then send what that gives.")
        state, evidence = "released", str(end.evidence[0]["href"]).removeprefix("evidence/")
    connection.execute(
        "UPDATE outside_pictures SET state = ?, evidence = ?, reason = ?, ended_ms = ? WHERE picture_id = ?",
        (state, evidence, reason, end.now_ms, found.picture_id),
    )
    action = "outside_picture.release" if state == "released" else "outside_picture.refuse"
    detail: dict[str, Any] = {"original": found.sha256, "evidence": evidence, "reason": reason}
    append_audit(
        connection, actor=end.actor, action=action, subject=found.picture_id, detail=detail, at_ms=end.now_ms
    )


def delete_left_over(store: Store) -> int:
    """Delete the bytes of what is released or refused, and what a crash left behind; gives how many.

    After the commit that ended the quarantine, since a file cannot be rolled back; a crash between the two
    is made up for by the next call.
    """
    ended = store.read(
        lambda connection: connection.execute(
            f"SELECT {COLUMNS} FROM outside_pictures WHERE state <> 'quarantined' AND deleted_ms IS NULL"  # noqa: S608
        ).fetchall()
    )
    for picture in (OutsidePicture(*row) for row in ended):
        _delete(store, picture)
    return len(ended) + _delete_orphans(store)


def _delete(store: Store, picture: OutsidePicture) -> None:
    path = _path(store, picture.picture_id)
    path.unlink(missing_ok=True)
    _sync_folder(path.parent)

    def prove(connection: sqlite3.Connection) -> None:
        at_ms = now_ms()
        done = connection.execute(
            "UPDATE outside_pictures SET deleted_ms = ? WHERE picture_id = ? AND deleted_ms IS NULL",
            (at_ms, picture.picture_id),
        ).rowcount
        if done:
            append_audit(
                connection,
                actor="system",
                action="outside_picture.delete",
                subject=picture.picture_id,
                detail={
                    "sha256": picture.sha256,
                    "size_bytes": picture.size_bytes,
                    "is_gone": not path.exists(),
                },
                at_ms=at_ms,
            )

    store.write(prove).result()


def _delete_orphans(store: Store) -> int:
    folder = _folder(store)
    old = [path for path in folder.iterdir() if _age_s(path) > ORPHAN_AFTER_S] if folder.is_dir() else []
    gone = [path for path in old if store.read(partial(_is_orphan, path))]
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)


def _is_orphan(path: Path, connection: sqlite3.Connection) -> bool:
    picture = find_outside(connection, path.name)
    return picture is None or picture.state != "quarantined"


def _folder(store: Store) -> Path:
    return store.data_dir / "quarantine"


def _path(store: Store, picture_id: str) -> Path:
    return _folder(store) / picture_id


def _keep(path: Path, content: bytes) -> None:
    path.parent.mkdir(exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        raise StorageFull(
            "There is no room for this picture; nothing was kept.", "Free space, then send it again."
        ) from error


def _sync_folder(folder: Path) -> None:
    if folder.is_dir():
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0
