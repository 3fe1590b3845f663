"""Leases: one camera is watched by one worker; a second one waits and takes over what is left behind."""

import logging
import os
import socket
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from stream_workers.database import Database
from stream_workers.errors import LeaseLost, StreamError

__all__ = ["Lease", "LeaseBook", "worker_name"]

LOG = logging.getLogger(__name__)
RENEWALS_PER_LEASE = 3


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to watch a camera.

    Args:
        camera_id: The camera.
        holder: The worker that has it; unique per process start, so that a restart is another holder.
        fence: Grows whenever the right goes over; whoever comes with an old number keeps nothing.
    """

    camera_id: str
    holder: str
    fence: int

    def check(self, connection: sqlite3.Connection) -> None:
        """Check, inside the transaction that relies on it, that the lease has not gone over.

        Raises:
            LeaseLost: Another worker, or a newer thread of this one, has the camera.
        """
        row = connection.execute(
            "SELECT holder, fence FROM lease WHERE camera_id=?", (self.camera_id,)
        ).fetchone()
        if row is None or (row[0], row[1]) != (self.holder, self.fence):
            raise LeaseLost(f"camera {self.camera_id} is now watched by {row[0] if row else 'nobody'}")


def worker_name() -> str:
    """A name that no other start of a worker has."""
    return f"{socket.gethostname()}:{os.getpid()}:{time.monotonic_ns()}"


class LeaseBook:
    """This worker's leases in the store that the workers share.

    Args:
        database: The shared store.
        lease_s: How long a lease lasts without being renewed, seconds.
        holder: Name of this worker.
        now: The wall clock, POSIX seconds: the only clock that processes share after a reboot.
    """

    def __init__(
        self,
        database: Database,
        lease_s: float,
        holder: str | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.lease_s = lease_s
        self.holder = holder or worker_name()
        self._database = database
        self._now = now
        self._held: dict[str, Lease] = {}
        self._lock = threading.Lock()

    def acquire(self, camera_id: str) -> Lease | str:
        """The camera's lease where it is free, run out or this worker's own; else the name of its holder."""
        now = self._now()
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT holder, expires_at, fence FROM lease WHERE camera_id=?", (camera_id,)
            ).fetchone()
            # A lease that ends far in the future was written before the clock was set back.
            if row is not None and row[0] != self.holder and now < row[1] <= now + 2 * self.lease_s:
                return str(row[0])
            same = row is not None and row[0] == self.holder
            fence = (row[2] if same else row[2] + 1) if row is not None else 1
            connection.execute(
                "INSERT OR REPLACE INTO lease VALUES (?,?,?,?)",
                (camera_id, self.holder, now + self.lease_s, fence),
            )
        lease = Lease(camera_id, self.holder, fence)
        with self._lock:
            self._held[camera_id] = lease
        return lease

    def held(self) -> list[Lease]:
        """The leases that this worker has, as far as it knows."""
        with self._lock:
            return list(self._held.values())

    def renew(self) -> list[str]:
        """Renew all leases that this worker holds; returns the cameras whose lease has gone over."""
        held = self.held()
        if not held:
            return []
        with self._database.transaction() as connection:
            lost = [
                lease
                for lease in held
                if not connection.execute(
                    "UPDATE lease SET expires_at=? WHERE camera_id=? AND holder=? AND fence=?",
                    (self._now() + self.lease_s, lease.camera_id, lease.holder, lease.fence),
                ).rowcount
            ]
        for lease in lost:
            self._forget(lease)
        return [lease.camera_id for lease in lost]

    def renounce(self, camera_id: str) -> None:
        """Make the lease void for the thread that has it, so that a new one of this worker may take over."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE lease SET fence=fence+1 WHERE camera_id=? AND holder=?", (camera_id, self.holder)
            )

    def release(self, lease: Lease) -> None:
        """Give a lease back, so that another worker need not wait for it to run out."""
        self._forget(lease)
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE lease SET expires_at=0 WHERE camera_id=? AND holder=? AND fence=?",
                (lease.camera_id, lease.holder, lease.fence),
            )

    def run(self, stop: threading.Event, on_lost: Callable[[str], None]) -> None:
        """Renew until `stop` is set; tell the cameras that went over to another worker.

        A store that cannot be written keeps other workers from taking over just as well; and should one
        do so all the same, the fence keeps this one from committing.
        """
        while not stop.wait(self.lease_s / RENEWALS_PER_LEASE):
            try:
                for camera_id in self.renew():
                    on_lost(camera_id)
            except StreamError as error:
                LOG.error("leases_not_renewed", extra={"reason": str(error)})

    def _forget(self, lease: Lease) -> None:
        with self._lock:
            if self._held.get(lease.camera_id) == lease:
                del self._held[lease.camera_id]
