"""The health of one view: several troubles at once, the gravest of them told, each change once."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from contracts.event import CameraHealth, HealthEvent, HealthState, event_id
from stream_workers.errors import LeaseLost, StorageBusy, StorageFull
from stream_workers.leases import Lease
from stream_workers.store import StoredHealth, WorkerStore

__all__ = ["GRAVEST_FIRST", "FrozenWatch", "HealthBook", "HealthDesk", "Told", "ViewFacts"]

LOG = logging.getLogger(__name__)
GRAVEST_FIRST: Final = (
    HealthState.REFUSED,
    HealthState.OFFLINE,
    HealthState.FROZEN,
    HealthState.MOVED,
    HealthState.KEYFRAMES_TOO_RARE,
    HealthState.OVERLOADED,
    HealthState.NO_DETECTOR,
)
BELIEVED_AFTER_S: Final = {HealthState.OFFLINE: 15.0}
"""A lost connection is often back at once; the other troubles are judged over many looks already."""
OVER_AFTER_S: Final = 20.0
"""A trouble that comes back within this time was never over."""
FROZEN_AFTER_LOOKS: Final = 6
_LONGEST_DETAIL: Final = 500


@dataclass(slots=True)
class FrozenWatch:
    """Notices a picture that stands still to the last bit while time goes on: no sensor does that."""

    last: int | None = None
    same: int = 0

    def is_frozen(self, fingerprint: int) -> bool:
        """Judge one look by a fingerprint of its picture."""
        self.same = self.same + 1 if fingerprint == self.last else 0
        self.last = fingerprint
        return self.same >= FROZEN_AFTER_LOOKS


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of a view's health.

    Args:
        state: The gravest trouble, or OK.
        note: Something that is no trouble of the camera but must be known, such as a clock set back.
        detail: What is wrong and what helps.
        since_s: When that began, seconds of the clock that the book was given.
    """

    state: HealthState
    note: str = ""
    detail: str = field(default="", compare=False)
    since_s: float = field(default=0.0, compare=False)


@dataclass(slots=True)
class _Trouble:
    detail: str
    since_s: float
    over_s: float | None = None


class HealthBook:
    """Decides when a change of health is worth telling; it has neither clock nor store.

    Args:
        told: What was told last, before a restart; None if nothing ever was.
        now_s: The present, seconds of a clock that never goes back.
    """

    def __init__(self, told: Told | None, now_s: float) -> None:
        self._told = told
        self._note = told.note if told is not None else ""
        self._calm_since_s = now_s
        self._is_connected_or_not = False
        self._troubles: dict[HealthState, _Trouble] = {}
        if told is not None and told.state is not HealthState.OK:
            # It goes on until the camera has been seen without it for a while.
            self._troubles[told.state] = _Trouble(told.detail, float("-inf"))

    def report(self, state: HealthState, detail: str | None, now_s: float) -> None:
        """A trouble is there (`detail` says what and what helps), or is not (None)."""
        self._is_connected_or_not |= state is HealthState.OFFLINE
        trouble = self._troubles.get(state)
        if detail is None:
            if trouble is not None and trouble.over_s is None:
                trouble.over_s = now_s
                if not self._is_believed(state, trouble, now_s):
                    del self._troubles[state]
        elif trouble is None:
            self._troubles[state] = _Trouble(detail, now_s)
        else:
            trouble.detail, trouble.over_s = detail, None

    def note(self, text: str) -> None:
        """Something that must be known beside the state; empty when it is over."""
        self._note = text

    def due(self, now_s: float) -> Told | None:
        """What must be told now, or None; call `tell` once it is kept."""
        self._end_what_is_over(now_s)
        now = self._present(now_s)
        waits = now.state is HealthState.OK and self._troubles
        if not self._is_connected_or_not or now == self._told or (self._told is None and waits):
            return None
        return now

    def tell(self, told: Told) -> None:
        """This was told."""
        self._told = told

    def _present(self, now_s: float) -> Told:
        for state in GRAVEST_FIRST:
            trouble = self._troubles.get(state)
            if trouble is not None and self._is_believed(state, trouble, now_s):
                return Told(state, self._note, trouble.detail, max(trouble.since_s, 0.0))
        return Told(HealthState.OK, self._note, "", self._calm_since_s)

    def _is_believed(self, state: HealthState, trouble: _Trouble, now_s: float) -> bool:
        return now_s - trouble.since_s >= BELIEVED_AFTER_S.get(state, 0.0)

    def _end_what_is_over(self, now_s: float) -> None:
        for state, trouble in list(self._troubles.items()):
            if trouble.over_s is not None and now_s - trouble.over_s >= OVER_AFTER_S:
                self._calm_since_s = trouble.over_s
                del self._troubles[state]


@dataclass(slots=True)
class ViewFacts:
    """What every health event names beside the state.

    Args:
        view_id: The view.
        camera_id: Its camera.
        site_version: Version of the site that the worker runs.
        look_every_s: Present look interval.
        keyframe_interval_s: Measured distance of keyframes.
    """

    view_id: str
    camera_id: str
    site_version: str
    look_every_s: float
    keyframe_interval_s: float | None = None


class HealthDesk:
    """Writes the changes of one view's health into the spool, across restarts neither twice nor never.

    Safe for several threads: the camera's own reports, and a clock thread ticks.

    Args:
        store: Where the last told state is kept.
        facts: What every event names; may be changed between reports.
        lease: The right to speak for the camera.
        monotonic: A clock that never goes back, seconds.
    """

    def __init__(
        self,
        store: WorkerStore,
        facts: ViewFacts,
        lease: Lease | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.facts = facts
        self._store = store
        self._lease = lease
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._known = store.load_health(facts.view_id)
        told = None
        if self._known is not None:
            told = Told(HealthState(self._known.state), "", self._known.detail)
        self._book = HealthBook(told, monotonic())

    def report(self, reports: dict[HealthState, str | None], note: str | None = None) -> None:
        """Report several troubles at once, so that one that replaces another makes one event."""
        now_s = self._monotonic()
        with self._lock:
            for state, detail in reports.items():
                self._book.report(state, detail, now_s)
            if note is not None:
                self._book.note(note)
        self.tick()

    def tick(self) -> None:
        """Tell what has become due; where it cannot be kept now, the next tick tries again."""
        with self._lock:
            now_s = self._monotonic()
            due = self._book.due(now_s)
            if due is None:
                return
            try:
                self._known = self._keep(due, now_s)
            except (StorageFull, StorageBusy) as error:
                LOG.warning("health_waits", extra={"view_id": self.facts.view_id, "reason": str(error)})
            except LeaseLost:
                LOG.info("health_left_to_other_worker", extra={"view_id": self.facts.view_id})
            else:
                self._book.tell(due)
                LOG.log(
                    logging.INFO if due.state is HealthState.OK else logging.WARNING,
                    "camera_health",
                    extra={"view_id": self.facts.view_id, "state": due.state.value, "detail": due.detail},
                )

    def _keep(self, due: Told, now_s: float) -> StoredHealth:
        known, facts = self._known, self.facts
        now = datetime.now(UTC)
        if known is not None:
            # A clock that was set back must not make a newer word look older.
            now = max(now, datetime.fromtimestamp(known.told_at, UTC) + timedelta(milliseconds=1))
        # A store begun anew is another subject: its numbers start again and must repeat no id.
        subject = known.subject if known is not None else f"health:{facts.view_id}:{int(now.timestamp())}"
        sequence = known.sequence + 1 if known is not None else 0
        detail = "; ".join(text for text in (due.detail, due.note) if text)[:_LONGEST_DETAIL]
        health = CameraHealth(
            view_id=facts.view_id,
            camera_id=facts.camera_id,
            state=due.state,
            since=now - timedelta(seconds=max(0.0, now_s - due.since_s) if due.since_s > 0 else 0.0),
            detail=detail,
            keyframe_interval_s=facts.keyframe_interval_s,
            look_every_s=facts.look_every_s,
            site_version=facts.site_version,
        )
        event = HealthEvent(
            id=event_id(subject, sequence),
            source=f"/views/{facts.view_id}",
            type="org.streetkeeper.camera.health",
            subject=subject,
            time=now,
            sequence=sequence,
            data=health,
        )
        self._store.commit_health(event, self._lease)
        return StoredHealth(subject, due.state, detail, sequence, now.timestamp())
