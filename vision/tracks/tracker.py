"""The tracks of one view: born, followed, merged and ended, look by look."""

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vision.boxes import overlap_of_smaller, share_inside, union_iou
from vision.scene.memory import STAY_CAP, SceneLook, SceneMemory
from vision.scene.regions import GridBox, Region, find_regions, is_light_only, outline_gain
from vision.tracks.presence import (
    Track,
    adopt_region,
    associate,
    is_vaguer,
    reach_of,
    sight,
    staying_share,
    within_reach,
)

__all__ = ["PART_OF", "LookStamp", "Tracker"]

TOO_LARGE_SHARE = 0.3
"""A new thing over this share of the grid is the scene, not a thing in it."""
MAX_TRACKS = 200
LOST_AFTER_LOOKS = 3
MERGE_OVERLAP = 0.6
VACATED = 0.75
"""Outline gain below which something left instead of came; drawn streets and parked cars, 2026-11."""
OUTLINE_PACE = 0.3
EARLY_LOOKS = 2
"""A background made of so few looks may hold a passing car: what differs from it need not have come."""
PART_OF = "part of"
AT_ONCE = 4
APART_SHARE = 0.2
"""New regions of one look, and the share of the grid over which they lie, from which on they are light."""
LIGHT_ONLY = "the same surface in another light"
GROWN = 1.5
"""A region that has grown so much is asked again whether it is light only: the edge of a shadow that creeps
with the sun is first too thin to tell, and then not."""
SAME_THING = 0.5
"""Union of two found boxes that both cover, from which on they are one thing found twice."""
CAME_SHARE = 0.07
"""Share of a found box that must be new for its ground to say when the thing came: at dusk, and of a thing as
grey as the street, a tenth of it differs."""
LEAST_CAME = 4
CAME_QUANTILE = 0.75
"""A thing's pixels are new since it came; what stood before it, or came later, is fewer of them."""
HELD_SHARE = 0.15
"""Share of a found box that stays from which on the memory can tell whether the thing is there."""
STIRRED_LOOKS = 4
YOUNG_LOOKS = 4 * STIRRED_LOOKS
STIRRED_AREA = 12
"""Grid pixels in one place that begin to stay within so few looks: something came to where something was."""


@dataclass(frozen=True, slots=True)
class LookStamp:
    """Number and times of a look: `at` is POSIX seconds, `media_s` media seconds."""

    look: int
    at: float
    media_s: float


@dataclass(slots=True)
class Tracker:
    """All tracks of a view, and the stamps that date a thing back to when it came.

    Args:
        persist_looks: Looks after which a region is noticed.
        stirred: Where, in this look, something new stays on ground that a track has already.
    """

    persist_looks: int
    tracks: list[Track] = field(default_factory=list)
    next_id: int = 1
    stamps: deque[LookStamp] = field(default_factory=deque)
    stirred: list[GridBox] = field(default_factory=list)

    def update(self, memory: SceneMemory, scene: SceneLook, stamp: LookStamp) -> list[Track]:
        """Follow the tracks through one look and give birth to new ones.

        Returns: Tracks that have just ended or were explained away; they are no longer in `tracks`.
        """
        self.stamps.append(stamp)
        while len(self.stamps) > max(STAY_CAP, self.persist_looks):
            self.stamps.popleft()
        self.stirred = []
        rest = replace(scene, staying=scene.staying & ~self._held_ground(memory))
        if scene.admitted:
            patches = [track for track in self.tracks if not track.is_found]
            owned, free = associate(patches, find_regions(rest.staying))
            for track in patches:
                if track.track_id in owned:
                    adopt_region(track, owned[track.track_id])
            is_light = _are_everywhere(free, scene.staying.size)
            for region in free[: max(0, MAX_TRACKS - len(self.tracks))]:
                self._bear(memory, rest, region, is_light=is_light)
            self._notice_stirring(memory, scene)
        self._merge()
        for track in self.tracks:
            if track.is_grounded and staying_share(track, scene.staying) >= HELD_SHARE:
                track.origin = "region"
            if track.origin == "region":
                sight(track, scene if track.is_found else rest, stamp.at)
                self._trace(memory, rest, track)
            else:
                track.looks += 1
        return self._end(memory)

    def bear_found(self, memory: SceneMemory, box: GridBox, stamp: LookStamp) -> Track:
        """A track for something that the detector found: since now, or since its ground is new."""
        track = self._add(Track(self.next_id, "detection", stamp.look, stamp.at, stamp.media_s, box, box))
        track.reach, track.is_found = reach_of(box, memory.size_wh), True
        self.date_back(memory, track)
        return track

    def date_back(self, memory: SceneMemory, track: Track) -> None:
        """Date a found thing back to when its ground became new, if that was no later than its first find."""
        came = self.came_at(memory, track.box)
        if came is not None and came.look <= track.born_look:
            track.born_look, track.born_at, track.born_media_s = came.look, came.at, came.media_s
            track.came = True

    def unexplained(self, box: GridBox) -> bool:
        """Whether no track covers a box on the grid."""
        return all(overlap_of_smaller(box, track.box) < 0.3 for track in self.tracks)

    def settle(self, memory: SceneMemory, track: Track, reason: str) -> None:
        """Explain a track away: its region joins the background and it ends at the next look."""
        track.settled = reason
        memory.absorb(self._own_ground(memory, track))

    def to_json(self) -> dict[str, Any]:
        """Everything as plain JSON values."""
        return {
            "next_id": self.next_id,
            "stamps": [[stamp.look, stamp.at, stamp.media_s] for stamp in self.stamps],
            "tracks": [track.to_json() for track in self.tracks],
        }

    @classmethod
    def from_json(cls, fields: dict[str, Any], persist_looks: int) -> "Tracker":
        """The tracker that `to_json` gave."""
        return cls(
            persist_looks,
            [Track.from_json(track) for track in fields["tracks"]],
            int(fields["next_id"]),
            deque(LookStamp(int(look), float(at), float(media)) for look, at, media in fields["stamps"]),
        )

    def _bear(self, memory: SceneMemory, scene: SceneLook, region: Region, *, is_light: bool) -> None:
        first = self.stamps[-min(self.persist_looks, len(self.stamps))]
        looks_before = memory.looks - min(self.persist_looks, len(self.stamps))
        track = Track(self.next_id, "region", first.look, first.at, first.media_s, region.box, region.box)
        track.came = True
        track.is_early = looks_before <= EARLY_LOOKS
        track.tested_area = track.born_area = track.area = region.area
        track.outline = outline_gain(memory.background, scene.picture, region.mask)
        self._add(track)
        if region.area > TOO_LARGE_SHARE * region.mask.size:
            track.settled = "too large for a thing: the scene itself has changed"
        elif is_light:
            track.settled = "many places changed at the same moment: the light, and no things"
        elif is_light_only(memory.background, scene.picture, region):
            track.settled = LIGHT_ONLY
        elif track.outline < VACATED:
            track.settled = "ground that something left"
        if track.settled:
            memory.absorb(region.mask)

    def _trace(self, memory: SceneMemory, scene: SceneLook, track: Track) -> None:
        """Follow how a thing's outline stands out, until it is an incident."""
        if track.incident is not None or track.settled or track.is_found or not scene.admitted:
            return
        if len(self.stamps) > 1 and track.last_check_look == self.stamps[-2].look:
            track.checked_area = track.area
        mask = scene.staying & _inside(memory, track.box)
        if mask.any():
            track.area = int(mask.sum())
            gain = outline_gain(memory.background, scene.picture, mask)
            track.outline += OUTLINE_PACE * (gain - track.outline)
            self._ask_for_light(memory, scene, track, mask)
        x1, y1, x2, y2 = track.box
        track.fill = float(scene.staying[y1:y2, x1:x2].mean()) if mask.any() else 0.0

    def _ask_for_light(
        self, memory: SceneMemory, scene: SceneLook, track: Track, mask: NDArray[np.bool_]
    ) -> None:
        """Explain a track away that has grown and turns out to be light only."""
        if track.area < GROWN * track.tested_area:
            return
        track.tested_area = track.area
        if is_light_only(memory.background, scene.picture, Region(track.box, mask, track.area)):
            self.settle(memory, track, LIGHT_ONLY)

    def _merge(self) -> None:
        """Let the older of two tracks over the same ground take the younger one in.

        An owner who stands beside her bag gives two; an incident's track is always the one that stays.
        """
        for younger in reversed(self.tracks):
            for older in self.tracks:
                if older is younger or older.settled or younger.incident is not None:
                    continue
                ahead = older.incident is not None or older.track_id < younger.track_id
                if ahead and _is_same(older, younger):
                    younger.settled = f"{PART_OF} track {older.track_id}"
                    if not older.is_found:
                        older.box = within_reach(_around(older.box, younger.box), older)
                    break

    def _held_ground(self, memory: SceneMemory) -> NDArray[np.bool_]:
        """Mask over the grid of what belongs to things that came and that the detector has found."""
        mask = np.zeros(memory.background.shape, bool)
        for track in self.tracks:
            if track.is_grounded and track.reach is not None and not track.settled:
                x1, y1, x2, y2 = track.reach
                mask[y1:y2, x1:x2] = True
        return mask

    def came_at(self, memory: SceneMemory, box: GridBox) -> LookStamp | None:
        """The look in which the new ground in a box was first there; None where too little of it is new."""
        stayed = memory.stayed[box[1] : box[3], box[0] : box[2]]
        new = stayed[stayed > 1]  # what differs in one look only is noise
        if new.size < max(LEAST_CAME, CAME_SHARE * stayed.size):
            return None
        looks = int(np.quantile(new, CAME_QUANTILE, method="lower"))
        return self.stamps[-min(looks, len(self.stamps))]

    def _notice_stirring(self, memory: SceneMemory, scene: SceneLook) -> None:
        """Places where something has just begun to stay on ground of an older track, every few looks."""
        if memory.looks % STIRRED_LOOKS:
            return
        age = memory.stayed - np.uint8(self.persist_looks)
        young = scene.staying & scene.visible & (age < STIRRED_LOOKS)
        for track in self.tracks:
            if track.looks < YOUNG_LOOKS:  # it is examined often enough as it is
                x1, y1, x2, y2 = track.reach or track.box
                young[y1:y2, x1:x2] = False
        self.stirred = [region.box for region in find_regions(young, STIRRED_AREA)]

    def _own_ground(self, memory: SceneMemory, track: Track) -> NDArray[np.bool_]:
        """Mask over the grid of a track's box, without what other things there cover."""
        mask = _inside(memory, track.box)
        for other in self.tracks:
            if other is not track and not other.settled and (other.is_present or other.is_found):
                mask &= ~_inside(memory, other.box)
        return mask

    def _add(self, track: Track) -> Track:
        self.next_id += 1
        self.tracks.append(track)
        return track

    def _end(self, memory: SceneMemory) -> list[Track]:
        """Take out what is gone or settled; a track with an open incident stays until that is closed."""
        ended = [
            track
            for track in self.tracks
            if track.settled or (track.is_gone and track.incident is None) or _never_came(track)
        ]
        for track in ended:
            if not track.settled:
                memory.forget(self._own_ground(memory, track))
        gone = {track.track_id for track in ended}
        self.tracks = [track for track in self.tracks if track.track_id not in gone]
        return ended


def _are_everywhere(regions: list[Region], grid_area: int) -> bool:
    """Whether new regions are so many and so far apart that no thing can have come to all of them at once.

    Shop windows light up at dusk together; a load that is tipped lies in one place.
    """
    if len(regions) < AT_ONCE:
        return False
    x1, y1 = min(region.box[0] for region in regions), min(region.box[1] for region in regions)
    x2, y2 = max(region.box[2] for region in regions), max(region.box[3] for region in regions)
    return (x2 - x1) * (y2 - y1) > APART_SHARE * grid_area


def _is_same(older: Track, younger: Track) -> bool:
    """Whether a younger track is a part of an older one: the same thing again, or ground beside it."""
    if younger.is_found:
        return older.is_found and union_iou(older.box, younger.box) > SAME_THING
    if older.is_found:
        return older.came and share_inside(younger.box, older.reach or older.box) > MERGE_OVERLAP
    return not is_vaguer(older, younger.box) and overlap_of_smaller(older.box, younger.box) > MERGE_OVERLAP


def _never_came(track: Track) -> bool:
    """A region that fell apart before it was believed."""
    return (
        track.origin == "region"
        and track.incident is None
        and not track.is_found
        and track.looks > LOST_AFTER_LOOKS
        and track.seen == 0
    )


def _inside(memory: SceneMemory, box: GridBox) -> NDArray[np.bool_]:
    """Mask over the grid of a box."""
    mask = np.zeros(memory.background.shape, bool)
    mask[box[1] : box[3], box[0] : box[2]] = True
    return mask


def _around(one: GridBox, other: GridBox) -> GridBox:
    """The box around both."""
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])
