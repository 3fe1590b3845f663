"""The journal of one view: its state, its events and its pictures in one transaction per look."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from contracts.event import AnyEvent, IncidentEvent
from stream_workers import metrics
from stream_workers.errors import StorageBusy, StorageFull
from stream_workers.evidence import EvidenceFile
from stream_workers.leases import Lease
from stream_workers.sources.media import Look
from stream_workers.store import LookCommit, WorkerStore
from stream_workers.view_state import ViewState

__all__ = ["MemoryJournal", "PatientJournal", "StoreJournal"]

LOG = logging.getLogger(__name__)
STORAGE_RETRY_S = 2.0


@dataclass(slots=True)
class MemoryJournal:
    """Keeps the events in memory and nothing else: for runs that begin anew when they are cut off."""

    events: list[IncidentEvent] = field(default_factory=list)

    def restore(self) -> ViewState | None:
        """There is nothing to restore."""
        return None

    def commit(self, look: Look, state: ViewState, events: Sequence[AnyEvent]) -> None:  # noqa: ARG002
        """Keep the events of incidents."""
        self.events += [event for event in events if isinstance(event, IncidentEvent)]


@dataclass(slots=True)
class StoreJournal:
    """Commits the looks of one view in one run.

    Args:
        store: The worker's store.
        view_id: The view.
        run: The run.
        persist_looks: Looks that a region must stay before it is noticed.
        collect: Gives the evidence files that were made in the look.
        lease: The right to watch the camera, for a live view.
    """

    store: WorkerStore
    view_id: str
    run: str
    persist_looks: int
    collect: Callable[[], Sequence[EvidenceFile]] = tuple
    lease: Lease | None = None

    def restore(self) -> ViewState | None:
        """The state after the last committed look."""
        stored = self.store.load_view(self.view_id, self.run)
        if stored is None:
            return None
        return ViewState.unpack(stored.memory, stored.tracks, self.persist_looks)

    def commit(self, look: Look, state: ViewState, events: Sequence[AnyEvent]) -> None:
        """Keep everything of one look, or nothing.

        Raises:
            StorageFull: Nothing was kept.
            LeaseLost: Another worker has the camera; nothing was kept.
        """
        memory, tracks = state.pack()
        self._keep(
            LookCommit(
                self.view_id,
                self.run,
                state.look,
                memory,
                tracks,
                look.media_time_s,
                look.captured_at,
                events,
                self.collect(),
                self.lease,
            )
        )

    def _keep(self, look: LookCommit) -> None:
        self.store.commit_look(look)


@dataclass(slots=True)
class PatientJournal(StoreJournal):
    """A journal that waits while the disk is full: a look is committed whole or not yet, never lost.

    Meanwhile the camera's newer looks are dropped and counted.

    Args:
        stop: Ends the waiting; the look is then not kept.
        is_waiting: Whether a look waits now.
    """

    stop: threading.Event | None = None
    is_waiting: bool = False

    def _keep(self, look: LookCommit) -> None:
        stop = self.stop or threading.Event()
        try:
            while True:
                try:
                    self.store.commit_look(look)
                except (StorageFull, StorageBusy) as error:
                    if not self.is_waiting:
                        self._tell(error)
                    if stop.wait(STORAGE_RETRY_S):
                        raise
                else:
                    return
        finally:
            if self.is_waiting:
                self._tell(None)

    def _tell(self, error: Exception | None) -> None:
        self.is_waiting = error is not None
        metrics.STORAGE_WAITS.labels(self.view_id).set(int(self.is_waiting))
        if error is not None:
            LOG.error("look_waits_for_storage", extra={"view_id": self.view_id, "reason": str(error)})
        else:
            LOG.info("look_waits_no_longer", extra={"view_id": self.view_id})
