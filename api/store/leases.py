"""Leases of cameras for workers that share no disk: one camera is watched by one worker."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["CameraLease", "list_leases", "release_lease", "renew_leases", "take_lease"]


@dataclass(frozen=True, slots=True)
class CameraLease:
    """Who watches a camera, until when; `fence` grows whenever it goes over."""

    camera_id: str
    holder: str
    fence: int
    expires_ms: int


def take_lease(
    connection: sqlite3.Connection, camera_id: str, holder: str, actor: str, until: tuple[int, int]
) -> CameraLease:
    """The camera's lease as it is after asking: the caller's where it was free, run out or his own.

    Args:
        connection: The writer's, inside its transaction.
        camera_id: The camera.
        holder: Name of the worker, unique for each start of one.
        actor: Its key.
        until: Now, and when the lease ends unrenewed; milliseconds since 1970.
    """
    now_ms, expires_ms = until
    row = connection.execute(
        "SELECT camera_id, holder, fence, expires_ms FROM camera_leases WHERE camera_id = ?", (camera_id,)
    ).fetchone()
    known = None if row is None else CameraLease(*row)
    # One that ends far in the future was written before the clock was set back.
    longest_ms = now_ms + 2 * (expires_ms - now_ms) + 1_200_000
    if known is not None and known.holder != holder and now_ms < known.expires_ms <= longest_ms:
        return known
    fence = 1 if known is None else known.fence + (known.holder != holder)
    connection.execute(
        "INSERT INTO camera_leases (camera_id, holder, actor, fence, expires_ms) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (camera_id) DO UPDATE SET holder = excluded.holder, actor = excluded.actor,"
        " fence = excluded.fence, expires_ms = excluded.expires_ms",
        (camera_id, holder, actor, fence, expires_ms),
    )
    return CameraLease(camera_id, holder, fence, expires_ms)


def renew_leases(
    connection: sqlite3.Connection, cameras: Sequence[str], holder: str, actor: str, until: tuple[int, int]
) -> list[CameraLease]:
    """Ask for several at once; each comes back as it is afterwards, the caller's or another's.

    A worker that slept through its lease gets it again where nobody else took it meanwhile.
    """
    return [take_lease(connection, camera, holder, actor, until) for camera in cameras]


def release_lease(connection: sqlite3.Connection, camera_id: str, holder: str) -> None:
    """Give a lease back, so that another need not wait; one that is not the caller's stays."""
    connection.execute(
        "UPDATE camera_leases SET expires_ms = 0 WHERE camera_id = ? AND holder = ?", (camera_id, holder)
    )


def list_leases(connection: sqlite3.Connection, now_ms: int) -> list[CameraLease]:
    """Who watches what now."""
    rows = connection.execute(
        "SELECT camera_id, holder, fence, expires_ms FROM camera_leases WHERE expires_ms > ?"
        " ORDER BY camera_id",
        (now_ms,),
    ).fetchall()
    return [CameraLease(*row) for row in rows]
