"""Tracks: one thing over the looks of one view, and how sure it is that it is there.

A track is born from a persistent region (something new that stays) or from a detection (something
that was there from the start). Presence is kept as log-odds: sightings raise it, looks that show
the background lower it, occluded looks say nothing.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from vision.boxes import overlap_of_smaller, union_iou
from vision.odds import probability
from vision.scene.memory import Mask, SceneLook
from vision.scene.regions import GridBox, Region

__all__ = [
    "GONE_BELOW",
    "PRESENT_ABOVE",
    "VAGUE_TIMES",
    "Track",
    "adopt_region",
    "associate",
    "is_uncalibrated",
    "is_vaguer",
    "reach_of",
    "sight",
    "staying_share",
    "within_reach",
]

PRESENT_ABOVE = 2.0
"""Log-odds from which a thing is believed to be there: 88 %."""
GONE_BELOW = -2.0
LOG_ODDS_RANGE = (-4.0, 4.0)
SEEN_STEP = 1.0
MISSED_STEP = -1.5
HIDDEN_STEP = -0.02

NEVER = -(10**9)
SEEN_SHARE = 0.4
GONE_SHARE = 0.6

VAGUE_TIMES = 4
"""So many times larger, changed ground is not the thing in it: wakes, shade and light run together."""
REACH_SHARE = 0.15
REACH_CELLS = 2
"""A found box's edges err by a few per cent, and goods and shadows lie about a thing."""


@dataclass(slots=True)
class Track:
    """What is known of one thing in one view. Plain numbers only: it is stored as JSON.

    Args:
        track_id: Number within the view, never used again.
        origin: `region` for something new that stays, `detection` for something found as it stood.
        born_look: The look in which it was first there (not the look in which that was noticed).
        born_at: The same as a POSIX time in UTC seconds.
        born_media_s: The same as media time.
        first_box: Bounds on the grid when it was noticed.
        box: Bounds on the grid now.
        log_odds: Presence.
        looks: Looks since it was noticed.
        seen: Looks in which it was seen.
        hidden: Looks in which something stood in front of it.
        last_seen_at: POSIX time of the last sighting.
        checks: Looks in which the detector examined it.
        person_checks: Those of them in which a person touched it.
        last_person_at: POSIX time of the last check in which a person touched it.
        outline: How much stronger its outline is in the looks than in the background.
        fill: Share of its box that stays, 0..1.
        tested_area: Grid pixels that it had when it was last asked whether it is light only.
        born_area: Grid pixels that it had when it was noticed.
        area: Grid pixels that it has.
        checked_area: Grid pixels that it had when the detector last examined it.
        is_early: Whether it came with the memory's first looks, when the background was not sure yet.
        evidence: Log-odds that the checks add, by class ever found at its place, old ones faded.
        weight: Checks behind the evidence, old ones faded; those in which something hid it do not count.
        named: The class that it is believed to be, or empty.
        is_hidden: Whether something stands in front of it in the last look.
        last_check_look: When the detector last examined it.
        found_box_px: Where the detector last found what it is named, or, unnamed, a class of incident.
        zones: Names of the zones that it was last judged to stand in.
        missed: Checks in a row in which nothing hid it and what it is named was not found.
        finds: Finds behind `found_box_px`, which is their mean.
        reach: Bounds on the grid, with a margin, of what the detector found: nothing beyond belongs to it.
        is_found: Whether it is something that the detector has found, and not changed ground alone.
        came: Whether the memory saw it come.
        is_awaited: Whether it has been there for as long as its rule asks, and need only be seen once more.
        settled: Why it is no incident for good, or empty.
        incident: What the incident desk keeps of an open incident.
    """

    track_id: int
    origin: Literal["region", "detection"]
    born_look: int
    born_at: float
    born_media_s: float
    first_box: GridBox
    box: GridBox
    log_odds: float = 0.0
    looks: int = 0
    seen: int = 0
    hidden: int = 0
    last_seen_at: float = 0.0
    checks: int = 0
    person_checks: int = 0
    last_person_at: float = 0.0
    outline: float = 1.0
    fill: float = 0.0
    tested_area: int = 0
    born_area: int = 0
    area: int = 0
    checked_area: int = 0
    is_early: bool = False
    evidence: dict[str, float] = field(default_factory=dict)
    weight: float = 0.0
    named: str = ""
    is_hidden: bool = False
    last_check_look: int = NEVER
    found_box_px: tuple[float, float, float, float] | None = None
    missed: int = 0
    finds: int = 0
    reach: GridBox | None = None
    is_found: bool = False
    came: bool = False
    is_awaited: bool = False
    zones: list[str] = field(default_factory=list)
    settled: str = ""
    incident: dict[str, Any] | None = None

    @property
    def is_grounded(self) -> bool:
        """Whether the new ground in its reach is its own: what stood there before has no new ground."""
        return self.is_found and self.came

    @property
    def is_present(self) -> bool:
        """Whether it is believed to be there."""
        return self.log_odds >= PRESENT_ABOVE

    @property
    def is_gone(self) -> bool:
        """Whether it is believed to have gone."""
        return self.log_odds <= GONE_BELOW

    @property
    def probability(self) -> float:
        """Probability that it is there."""
        return probability(self.log_odds)

    @property
    def is_sure(self) -> bool:
        """Whether nothing has spoken against its being there of late."""
        return self.log_odds >= LOG_ODDS_RANGE[1]

    @property
    def open_checks(self) -> int:
        """Checks of late in which nothing hid it, at most twelve."""
        return round(self.weight)

    @property
    def person_share(self) -> float:
        """Share of checks in which a person touched it."""
        return self.person_checks / self.checks if self.checks else 0.0

    def to_json(self) -> dict[str, Any]:
        """All fields as plain JSON values."""
        # Shallow: it is serialised at once, or kept when the track itself is given up.
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> "Track":
        """The track that `to_json` gave, or one that version 0.1 stored: that is examined anew."""
        fields = dict(fields)
        if is_uncalibrated(fields):
            del fields["scores"], fields["found_as"]
            fields |= {"checks": 0, "person_checks": 0, "last_check_look": NEVER}
        for name in ("first_box", "box", "found_box_px", "reach"):
            if fields.get(name) is not None:
                fields[name] = tuple(fields[name])
        return cls(**fields)

    @property
    def seen_share(self) -> float:
        """Share of the looks in which nothing hid it that showed it."""
        open_looks = self.looks - self.hidden
        return self.seen / open_looks if open_looks else 0.0

    def shift_odds(self, step: float) -> None:
        """Add evidence, within the range that keeps it able to change its mind."""
        low, high = LOG_ODDS_RANGE
        self.log_odds = min(high, max(low, self.log_odds + step))


def is_uncalibrated(fields: dict[str, Any]) -> bool:
    """Whether a stored track is of version 0.1, which summed up scores that were no probabilities."""
    return "scores" in fields


def associate(tracks: list[Track], regions: list[Region]) -> tuple[dict[int, list[Region]], list[Region]]:
    """Which regions belong to which track.

    A region belongs to the track that covers most of it; several fragments may belong to one track.

    Returns: Regions by track id, and the regions that no track explains.
    """
    owned: dict[int, list[Region]] = {}
    free: list[Region] = []
    for region in regions:
        best, best_cover = None, 0.0
        for track in tracks:
            # The union breaks ties between a track around the region and one beside it.
            cover = overlap_of_smaller(region.box, track.box)
            cover += 0.1 * union_iou(region.box, track.box) if cover else 0.0
            if cover > best_cover:
                best, best_cover = track, cover
        if best is not None and best_cover >= 0.3:
            owned.setdefault(best.track_id, []).append(region)
        else:
            free.append(region)
    return owned, free


def adopt_region(track: Track, regions: list[Region]) -> None:
    """Let the track's box follow its regions; a shrinking region shrinks it by half of the way."""
    x1 = min(region.box[0] for region in regions)
    y1 = min(region.box[1] for region in regions)
    x2 = max(region.box[2] for region in regions)
    y2 = max(region.box[3] for region in regions)
    old = track.box
    followed = (
        _ease(old[0], x1, -1),
        _ease(old[1], y1, -1),
        _ease(old[2], x2, 1),
        _ease(old[3], y2, 1),
    )
    track.box = within_reach(followed, track)


def reach_of(found: GridBox, size_wh: tuple[int, int]) -> GridBox:
    """What belongs to a thing that was found in a box on the grid: the box with a margin, inside the grid."""
    margin_x = REACH_CELLS + round(REACH_SHARE * (found[2] - found[0]))
    margin_y = REACH_CELLS + round(REACH_SHARE * (found[3] - found[1]))
    return (
        max(0, found[0] - margin_x),
        max(0, found[1] - margin_y),
        min(size_wh[0], found[2] + margin_x),
        min(size_wh[1], found[3] + margin_y),
    )


def is_vaguer(track: Track, box: GridBox) -> bool:
    """Whether a track that no detector has found is far larger than a box: a patch, and no thing."""
    if track.reach is not None:
        return False
    return _area(track.box) > VAGUE_TIMES * _area(box)


def within_reach(box: GridBox, track: Track) -> GridBox:
    """A box for a track, cut off at the track's reach; where they do not meet, the reach itself."""
    if track.reach is None:
        return box
    x1, y1 = max(box[0], track.reach[0]), max(box[1], track.reach[1])
    x2, y2 = min(box[2], track.reach[2]), min(box[3], track.reach[3])
    return (x1, y1, x2, y2) if x2 > x1 and y2 > y1 else track.reach


def staying_share(track: Track, staying: Mask) -> float:
    """Share of the track's box that is new and stays."""
    x1, y1, x2, y2 = track.box
    return float(staying[y1:y2, x1:x2].mean()) if x2 > x1 and y2 > y1 else 0.0


def sight(track: Track, look: SceneLook, at: float) -> None:
    """Judge one look of a region's track: seen, gone, or hidden.

    Args:
        track: The track; it is updated.
        look: What the scene memory said of the ground that is the track's.
        at: POSIX time of the look.
    """
    track.looks += 1
    track.is_hidden = False
    if not look.admitted:
        track.hidden += 1
        return
    x1, y1, x2, y2 = track.box
    window = (slice(y1, y2), slice(x1, x2))
    body = look.staying[window]
    total = int(body.sum())
    if total == 0:
        track.shift_odds(MISSED_STEP)
        return
    if float((look.visible[window] & body).sum()) / total >= SEEN_SHARE:
        track.shift_odds(SEEN_STEP)
        track.seen += 1
        track.last_seen_at = at
    elif float((look.background[window] & body).sum()) / total >= GONE_SHARE:
        track.shift_odds(MISSED_STEP)
    else:
        track.hidden += 1
        track.is_hidden = True
        track.shift_odds(HIDDEN_STEP)


def _area(box: GridBox) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _ease(old: int, new: int, outward: int) -> int:
    """Follow an edge outwards at once, inwards half the way a look."""
    if (new - old) * outward >= 0:
        return new
    return old - outward * -(-abs(new - old) // 2)
