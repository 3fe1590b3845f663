"""The health of one view: several troubles at once, the gravest of them told, each change once."""

from dataclasses import dataclass, field
from datetime import datetime

from contracts.event import CameraHealth, HealthEvent, HealthState, event_id
from stream_workers.store import WorkerStore

__all__ = ["FrozenWatch", "HealthDesk"]

GRAVEST_FIRST = (
    HealthState.REFUSED,
    HealthState.OFFLINE,
    HealthState.FROZEN,
    HealthState.MOVED,
    HealthState.KEYFRAMES_TOO_RARE,
    HealthState.OVERLOADED,
    HealthState.NO_DETECTOR,
)
FROZEN_AFTER_LOOKS = 6


@dataclass(slots=True)
class FrozenWatch:
    """Notices a picture that stands still to the last bit while time goes on: no sensor does that."""

    last: int = 0
    same: int = 0

    def is_frozen(self, fingerprint: int) -> bool:
        """Judge one look by a fingerprint of its picture."""
        self.same = self.same + 1 if fingerprint == self.last else 0
        self.last = fingerprint
        return self.same >= FROZEN_AFTER_LOOKS


@dataclass(slots=True)
class HealthDesk:
    """Tells changes of one view's health, across restarts neither twice nor never.

    Args:
        store: Where the last told state is kept.
        view_id: The view.
        camera_id: Its camera.
        site_version: Version of the site that the worker runs.
        look_every_s: Present look interval.
    """

    store: WorkerStore
    view_id: str
    camera_id: str
    site_version: str
    look_every_s: float
    keyframe_interval_s: float | None = None
    _troubles: dict[HealthState, str] = field(default_factory=dict)

    def set(self, state: HealthState, detail: str | None, now: datetime) -> None:
        """A trouble is there (`detail` says what and what helps) or is over (None)."""
        if detail is None:
            self._troubles.pop(state, None)
        else:
            self._troubles[state] = detail
        self.tell(now)

    def tell(self, now: datetime) -> None:
        """Write an event if the gravest trouble is another than the last one told."""
        state = next((trouble for trouble in GRAVEST_FIRST if trouble in self._troubles), HealthState.OK)
        known = self.store.load_health(self.view_id)
        if known is not None and known[0] == state:
            return
        sequence = known[1] + 1 if known is not None else 0
        subject = f"health:{self.view_id}"
        health = CameraHealth(
            view_id=self.view_id,
            camera_id=self.camera_id,
            state=state,
            since=now,
            detail=self._troubles.get(state, "")[:500],
            keyframe_interval_s=self.keyframe_interval_s,
            look_every_s=self.look_every_s,
            site_version=self.site_version,
        )
        self.store.commit_health(
            HealthEvent(
                id=event_id(subject, sequence),
                source=f"/views/{self.view_id}",
                type="org.streetkeeper.camera.health",
                subject=subject,
                time=now,
                sequence=sequence,
                data=health,
            )
        )
