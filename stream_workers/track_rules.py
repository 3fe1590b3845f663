"""Small rules over one track, between what vision says of it and what an incident needs."""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.incident import Category
from contracts.judgement import Judgement, Outcome
from contracts.rules import rules_for
from contracts.site import Site
from vision.boxes import share_inside
from vision.tracks.belief import class_probability
from vision.tracks.identity import FINDABLE, Identity, Kind
from vision.tracks.presence import Track
from vision.types import Box

__all__ = ["MIN_CHECKS", "Patience", "found_no_more", "is_cut", "light_fault", "why_part"]

MIN_CHECKS = 3
"""Least checks in which nothing hid a thing before it can become an incident."""
EDGE_PX = 2.0
BESIDE_SHARE = 0.25
PART_SHARE = 0.5
"""Goods and shadows lie so close about a thing, shares of its box; what lies so far in it is part of it."""
FOUND_NO_MORE = 0.1
"""Probability of what an incident was told of below which it ends: what only stays begins with as much."""
ARRIVED = 1.03
"""Least outline gain: a black bag on patterned paving has 1.07, an emptied parking place below 0.8."""
COMPACT = 0.3
"""Least share of its box that a thing fills; edges of a shaken road fill 0.12 to 0.19."""
LEAST_CELLS = 30
LEAST_SIDE_CELLS = 5
"""Fewer pixels of the gate's grid do not tell a thing from light on a kerb or a wall."""
MOST_GROWTH = 3.0
"""A thing comes at one moment; light that creeps over ground begins small and grows."""
AWAITED_LOOKS = 6
"""Looks from the end of its dwell on in which a thing is looked for in each."""
NOBODYS_AFTER_DWELLS = 1.5
"""Dwells of an unattended object after which what is no such thing becomes the background, so that things
that come to stand on it are seen."""
NEVER_TOLD = (Outcome.IGNORED, Outcome.NO_RULE, Outcome.OUTSIDE_ZONES, Outcome.TOO_SMALL)


def is_cut(box: Box, picture_wh: tuple[int, int]) -> bool:
    """Whether the picture's edge cuts a box."""
    width, height = picture_wh
    return min(box[0], box[1], width - box[2], height - box[3]) <= EDGE_PX


def why_part(identity: Identity, box: Box, picture_wh: tuple[int, int], others: Sequence[Track]) -> str:
    """Why changed ground that no class claims belongs to a thing that was found; empty where it does not."""
    if identity.kind is not Kind.UNCLAIMED:
        return ""
    for other in others:
        thing = other.found_box_px
        if not other.is_found or not other.named or thing is None or is_cut(thing, picture_wh):
            continue
        margin_x, margin_y = BESIDE_SHARE * (thing[2] - thing[0]), BESIDE_SHARE * (thing[3] - thing[1])
        around = (thing[0] - margin_x, thing[1] - margin_y, thing[2] + margin_x, thing[3] + margin_y)
        if share_inside(box, around) > PART_SHARE:
            return f"it lies in or against a {other.named}"
    return ""


def light_fault(track: Track) -> str:
    """Why what stays may be light on what was there before; empty where it shows itself a thing."""
    x1, y1, x2, y2 = track.box
    if track.area < LEAST_CELLS or min(x2 - x1, y2 - y1) < LEAST_SIDE_CELLS:
        return f"{track.area} pixels of the gate's grid are too few to tell a thing from light"
    if track.area > MOST_GROWTH * track.born_area:
        return f"it has grown from {track.born_area} to {track.area} pixels: light that creeps, no thing"
    if track.outline < ARRIVED:
        return f"its outline is not that of a thing that came ({track.outline:.2f})"
    if track.fill < COMPACT:
        return f"scattered: it fills {track.fill:.0%} of its box, as edges and leaves do"
    return ""


def found_no_more(track: Track) -> bool:
    """Whether what an incident was told of is found there no longer, though something still stays."""
    category = (track.incident or {}).get("body", {}).get("category", "")
    if category not in FINDABLE or track.named in FINDABLE or track.open_checks < MIN_CHECKS:
        return False
    return class_probability(track, category) < FOUND_NO_MORE


@dataclass(frozen=True, slots=True)
class Patience:
    """What a view waits for, and when it no longer does.

    Args:
        look_every_s: Seconds between looks.
        nobodys_after_s: Seconds after which changed ground that is nothing becomes the background.
    """

    look_every_s: float
    nobodys_after_s: float

    @classmethod
    def of(cls, site: Site, look_every_s: float, dwell_s: float) -> "Patience":
        """The patience that a site's rules ask for; `dwell_s` is the shortest dwell of all."""
        dwells = [rule.dwell_s for rule in rules_for(Category.UNATTENDED_OBJECT, site)]
        return cls(look_every_s, NOBODYS_AFTER_DWELLS * max(dwells, default=dwell_s))

    def awaits(self, track: Track, judgement: Judgement | None, at: float) -> bool:
        """Whether a thing has been there for its dwell, or will by the next look, and lacks only checks.

        Args:
            track: The track.
            judgement: What the rules say of it.
            at: POSIX time of the look.
        """
        if track.incident is not None or judgement is None or judgement.rule is None or track.is_hidden:
            return False
        if judgement.outcome not in (Outcome.TOO_SHORT, Outcome.RAISED):
            return False
        lacking = max(0, MIN_CHECKS - track.open_checks)
        if track.origin == "region" and track.is_present and not lacking:
            return False
        over_s = at - track.born_at - judgement.rule.dwell_s
        return -lacking <= over_s / self.look_every_s + 1 < AWAITED_LOOKS

    def gives_up(self, track: Track, identity: Identity, judgement: Judgement | None, at: float) -> bool:
        """Whether changed ground has stayed for long without being anything that matters, or a person's.

        Args:
            track: The track.
            identity: What it is.
            judgement: What the rules say of it, where it could be told of.
            at: POSIX time of the look.
        """
        if track.origin != "region" or track.is_found or track.incident is not None:
            return False
        if identity.kind is not Kind.UNCLAIMED or track.open_checks < MIN_CHECKS:
            return False
        if judgement is not None and judgement.outcome not in NEVER_TOLD:
            return False
        return min(at - track.last_person_at, at - track.born_at) > self.nobodys_after_s
