"""Leases of cameras among workers that share no disk: the case API says who has which."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from stream_workers.database import Database
from stream_workers.errors import SinkRejected, SinkUnavailable
from stream_workers.leases import Lease, LeaseBook
from stream_workers.sinks.commands import CommandApi

__all__ = ["ApiLeaseBook"]

LOG = logging.getLogger(__name__)
LONGEST_ASK_S: Final = 5.0


class ApiLeaseBook(LeaseBook):
    """Leases that hold on this machine and, while the case API answers, among all machines.

    The local lease is taken first and is what each commit is checked against. While the API is away it
    is all there is: a camera is rather watched twice for a while than by nobody, and once the API answers
    again one of the two gives way.

    Args:
        database: The store that the workers of this machine share.
        lease_s: How long a lease lasts without being renewed, seconds.
        api: The calls; its worker name is the holder.
        now: The wall clock, POSIX seconds.
    """

    def __init__(
        self, database: Database, lease_s: float, api: CommandApi, now: Callable[[], float] = time.time
    ) -> None:
        super().__init__(database, lease_s, api.worker, now)
        self._api = api
        self._ask_s = min(LONGEST_ASK_S, lease_s / 3)
        self._is_away = False

    def acquire(self, camera_id: str) -> Lease | str:
        """The camera's lease where nobody else has it, on this machine or another; else its holder."""
        lease = super().acquire(camera_id)
        if isinstance(lease, str):
            return lease
        try:
            holder = self._api.take_camera(camera_id, self.lease_s, self._ask_s)
        except (SinkUnavailable, SinkRejected) as error:
            self._tell_away(error)
            return lease
        self._is_away = False
        if holder != self.holder:
            super().release(lease)
            return holder
        return lease

    def renew(self) -> list[str]:
        """Renew all leases; returns the cameras that have gone over, here or to another machine."""
        lost = super().renew()
        held = self.held()
        if not held:
            return lost
        try:
            holders = self._api.renew_cameras([lease.camera_id for lease in held], self.lease_s, self._ask_s)
        except (SinkUnavailable, SinkRejected) as error:
            self._tell_away(error)
            return lost
        self._is_away = False
        for lease in held:
            if holders.get(lease.camera_id, self.holder) != self.holder:
                # First: what the camera's thread has in hand must not be committed any more.
                self.renounce(lease.camera_id)
                super().release(lease)
                lost.append(lease.camera_id)
        return lost

    def release(self, lease: Lease) -> None:
        """Give a lease back, here and at the API, so that nobody need wait for it to run out."""
        super().release(lease)
        with suppress(SinkUnavailable, SinkRejected):  # it runs out by itself
            self._api.give_back_camera(lease.camera_id, min(1.0, self._ask_s))

    def _tell_away(self, error: Exception) -> None:
        if not self._is_away:
            LOG.warning("leases_hold_on_this_machine_only", extra={"reason": str(error)})
        self._is_away = True
