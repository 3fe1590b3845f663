"""The journal of one view: its state, its events and its pictures in one transaction per look."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from contracts.event import IncidentEvent
from stream_workers.evidence import EvidenceFile
from stream_workers.sources.media import DecodedLook
from stream_workers.store import LookCommit, WorkerStore
from stream_workers.view_state import ViewState

__all__ = ["StoreJournal"]


@dataclass(slots=True)
class StoreJournal:
    """Commits the looks of one view in one run.

    Args:
        store: The worker's store.
        view_id: The view.
        run: The run.
        persist_looks: Looks that a region must stay before it is noticed.
        collect: Gives the evidence files that were made in the look.
    """

    store: WorkerStore
    view_id: str
    run: str
    persist_looks: int
    collect: Callable[[], Sequence[EvidenceFile]] = tuple

    def restore(self) -> ViewState | None:
        """The state after the last committed look."""
        stored = self.store.load_view(self.view_id, self.run)
        if stored is None:
            return None
        return ViewState.unpack(stored.memory, stored.tracks, self.persist_looks)

    def commit(self, look: DecodedLook, state: ViewState, events: Sequence[IncidentEvent]) -> None:
        """Keep everything of one look, or nothing."""
        memory, tracks = state.pack()
        self.store.commit_look(
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
            )
        )
