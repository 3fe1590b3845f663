"""One camera over one simulated day, as the simulator needs it; and the simulated clock."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Final, Protocol

from contracts.site import Site
from sample_videos.district.camera_day import Cut, Nudge, ThingRecord
from sample_videos.district.oracle import Visible
from vision.types import Picture

__all__ = ["DAY_S", "DayKey", "Stage", "StageTruth", "captured_at", "world_time"]

DAY_S: Final = 86400.0
BEGIN: Final = datetime(2026, 4, 6, tzinfo=timezone(timedelta(hours=8), "Asia/Shanghai"))
"""Time 0 of the world: Monday, midnight, where the district lies."""


def captured_at(t: float) -> datetime:
    """The aware time of a world time."""
    return BEGIN + timedelta(seconds=t)


def world_time(at: datetime) -> float:
    """The world time of an aware time."""
    return (at - BEGIN).total_seconds()


@dataclass(frozen=True, slots=True, order=True)
class DayKey:
    """Names a camera-day, and all that decides what happens in it.

    Args:
        seed: Of the world, of the control points' noise and of the oracle's errors.
        days: How many days the world has.
        camera_id: The camera.
        day: Number of the simulated day.
        split: train, test or all.
        scenario: Name of the world's scenario.
    """

    seed: int
    days: int
    camera_id: str
    day: int
    split: str = "all"
    scenario: str = "default"


@dataclass(frozen=True, slots=True)
class StageTruth:
    """What is true of a camera-day beside the pictures."""

    things: Sequence[ThingRecord] = ()
    nudges: Sequence[Nudge] = ()
    cuts: Sequence[Cut] = ()
    exposure: dict[str, int] = field(default_factory=dict)


class Stage(Protocol):
    """A camera-day that can be looked at; times are world times."""

    @property
    def begins(self) -> float:
        """When the day begins."""
        ...

    @property
    def ends(self) -> float:
        """When it ends."""
        ...

    def site(self) -> Site:
        """The site with this camera alone, calibrated from control points that were read anew."""
        ...

    def picture(self, t: float) -> Picture | None:
        """The picture at a time, composed only as far as it is asked for; None during a power cut."""
        ...

    def visible(self, t: float) -> Sequence[Visible]:
        """All that is in that picture and belongs to one of the detector's classes."""
        ...

    def truth(self) -> StageTruth:
        """What is true of the day."""
        ...
