"""One camera over one simulated day, as the simulator needs it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from contracts.site import Site
from sample_videos.district.camera_day import Cut, Nudge, Span, ThingRecord
from sample_videos.district.oracle import Visible
from sample_videos.district.things import DAY_0
from vision.types import Picture

__all__ = ["DayKey", "DayStage", "StageTruth", "world_time"]


def world_time(at: datetime) -> float:
    """The world time of an aware time."""
    return (at - DAY_0).total_seconds()


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
    conditions: dict[str, list[Span]] = field(default_factory=dict)


class DayStage(Protocol):
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

    def faults(self) -> StageTruth:
        """What befalls the camera and its light that day; things and exposure are left out."""
        ...

    def truth(self) -> StageTruth:
        """What is true of the day."""
        ...
