"""All that a view must remember between two looks, and how it is stored.

It is one value, stored in one transaction per look; a worker that is killed goes on from it.
"""

import json
import logging
from dataclasses import dataclass, field
from typing import Any

from vision.scene.memory import SceneMemory
from vision.scene.pose import Rest
from vision.tracks.presence import is_uncalibrated
from vision.tracks.tracker import Tracker

LOG = logging.getLogger(__name__)

__all__ = ["Explanation", "ViewState"]

FAR_GRID_PX = 10.0


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one persistent region is, or is not, an incident.

    Args:
        track_id: Number of the track within the view.
        category: What it was taken for, or empty.
        outcome: One word: raised, permitted, claimed, person, light, vacated, gone, ...
        reason: In plain words.
        first_media_s: Media time when it was first there.
        last_media_s: Media time of the look in which it was last judged.
        box_xyxy_px: Where, picture pixels.
        incident_id: The incident, if it became one.
        last_look: Number of the look in which it was last judged.
    """

    track_id: int
    category: str
    outcome: str
    reason: str
    first_media_s: float
    last_media_s: float
    box_xyxy_px: tuple[float, float, float, float]
    incident_id: str = ""
    last_look: int = -1

    def to_json(self) -> dict[str, Any]:
        """All fields as plain JSON values."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(slots=True)
class ViewState:
    """State of one view in one run.

    Args:
        memory: Scene memory; None before the first look.
        tracker: The tracks.
        look: Number of the last look that was handled, or -1.
        last_at: POSIX time of that look.
        last_heartbeat: Look of the last heartbeat.
        home: Stored memory of the pose that the calibration belongs to, while the view is moved.
        moved_looks: Looks in a row in which the view looked elsewhere.
        standing: Context boxes of the last heartbeat: [name, score, x1, y1, x2, y2].
        explained: Explanations of tracks that have ended, where they are asked for.
        parked: Tracks of the home pose while the view is moved too far for its places to be corrected.
        occupancy: By permitted zone: the count, since when it holds, and what was told of it when.
        rest: Where the looks rest against the memory.
        home_rest: Likewise against the home memory, while the view is moved.
        away: How far the view was pushed from home, grid pixels to the right and downwards.
        homeward: The last looks' shifts from where the view rested at home, while it is moved.
    """

    tracker: Tracker
    memory: SceneMemory | None = None
    look: int = -1
    last_at: float = 0.0
    last_heartbeat: int | None = None
    home: bytes | None = None
    moved_looks: int = 0
    standing: list[list[Any]] = field(default_factory=list)
    explained: list[dict[str, Any]] = field(default_factory=list)
    parked: dict[str, Any] | None = None
    occupancy: dict[str, Any] = field(default_factory=dict)
    rest: Rest = field(default_factory=Rest)
    home_rest: Rest = field(default_factory=Rest)
    away: list[float] = field(default_factory=lambda: [0.0, 0.0])
    homeward: list[list[float]] = field(default_factory=list)

    def pack(self) -> tuple[bytes, str]:
        """Memory bytes and everything else as JSON."""
        facts = {
            "tracker": self.tracker.to_json(),
            "look": self.look,
            "last_at": self.last_at,
            "last_heartbeat": self.last_heartbeat,
            "home": self.home.hex() if self.home is not None else None,
            "moved_looks": self.moved_looks,
            "standing": self.standing,
            "explained": self.explained,
            "parked": self.parked,
            "occupancy": self.occupancy,
            "rest": self.rest.to_json(),
            "home_rest": self.home_rest.to_json(),
            "away": self.away,
            "homeward": self.homeward,
        }
        memory = self.memory.pack() if self.memory is not None else b""
        return memory, json.dumps(facts, separators=(",", ":"))

    @classmethod
    def unpack(cls, memory: bytes, facts_json: str, persist_looks: int) -> "ViewState":
        """The state that `pack` gave; tracks of version 0.1 keep their incidents and are examined anew."""
        facts = json.loads(facts_json)
        tracks = [*facts["tracker"]["tracks"], *(facts["parked"] or {"tracks": ()})["tracks"]]
        if older := sum(is_uncalibrated(fields) for fields in tracks):
            LOG.warning(
                "tracks_of_an_older_version_are_examined_anew", extra={"tracks": older, "of": len(tracks)}
            )
        return cls(
            Tracker.from_json(facts["tracker"], persist_looks),
            SceneMemory.unpack(memory) if memory else None,
            facts["look"],
            facts["last_at"],
            facts["last_heartbeat"],
            bytes.fromhex(facts["home"]) if facts["home"] is not None else None,
            facts["moved_looks"],
            facts["standing"],
            facts["explained"],
            facts["parked"],
            facts.get("occupancy", {}),
            # Older states do not know where the view rests; they learn it within two minutes. A view that
            # was moved then was moved far.
            Rest(**facts.get("rest", {})),
            Rest(**facts.get("home_rest", {})),
            facts.get("away", [FAR_GRID_PX, 0.0]),
            facts.get("homeward", []),
        )
