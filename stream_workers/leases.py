"""Leases: one camera is watched by one worker; a second one waits and takes over what is left behind."""

import os
import socket
import time
from dataclasses import dataclass, field

from stream_workers.store import WorkerStore

__all__ = ["LeaseBook"]


def _name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{time.monotonic_ns()}"


@dataclass(slots=True)
class LeaseBook:
    """This worker's leases in the shared store.

    Args:
        store: The store that the workers share.
        lease_s: How long a lease lasts without being renewed.
        holder: Name of this worker; unique per process start, so that a restart is another holder.
    """

    store: WorkerStore
    lease_s: float
    holder: str = field(default_factory=_name)

    def acquire(self, camera_id: str) -> str | None:
        """Take or renew a camera's lease.

        Returns: None where this worker now holds it, else the holder that has it.
        """
        return self.store.take_lease(camera_id, self.holder, time.time(), self.lease_s)

    def release(self, camera_id: str) -> None:
        """Give a lease back, so that another worker need not wait for it to run out."""
        self.store.drop_lease(camera_id, self.holder)
