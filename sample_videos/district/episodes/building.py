"""What is built onto the district's houses, and what only hangs or stands there for a while.

Each place has a change of its own every other day at most: it comes in working hours, in stages of hours,
and is taken down before the next may come. A pure function of seed and place.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from sample_videos.district.cameras import camera_of
from sample_videos.district.catalogue import Variant, asset
from sample_videos.district.changes import CHANGE_PLACES, ChangePlace
from sample_videos.district.things import DAY_S, block_en

__all__ = ["Built", "Change", "changes_of"]

F64 = NDArray[np.float64]
CYCLE_S: Final = 2 * DAY_S
HAPPENS: Final = 0.85
"""Share of a place's cycles in which something is built."""
PERMITTED: Final = 0.3
"""Share of the building changes that somebody approved."""
STAGES: Final = {
    "roof_shed": (3, 1.2),
    "added_storey": (4, 3.0),
    "wall": (3, 0.9),
    "balcony_enclosure": (2, 1.5),
    "scaffold": (3, 0.8),
    "banner": (1, 0.0),
}
"""How many stages each kind has, and hours between them."""


@dataclass(frozen=True, slots=True)
class Built:
    """How far a change is at a moment.

    Args:
        name: Of its part: place and variant.
        base_m: Height of its underside.
        top_m: Up to which height it stands.
    """

    name: str
    base_m: float
    top_m: float


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a building, from its first stage until it is taken down.

    Args:
        id: Unique in a world.
        place: Where.
        variant: Which make.
        steps: (moment, share of its height) of each stage, in order.
        to_t: When it is taken down.
        permit: Number of what allows it; "" where nothing does, or where nothing needs to.
    """

    id: str
    place: ChangePlace
    variant: Variant
    steps: tuple[tuple[float, float], ...]
    to_t: float
    permit: str

    @property
    def category(self) -> str:
        """`building_change`, or "" of a scaffold and a banner."""
        return asset(self.place.kind).category

    @property
    def from_t(self) -> float:
        """When its first stage stands."""
        return self.steps[0][0]

    @property
    def height_m(self) -> float:
        """Of the whole."""
        return asset(self.place.kind).size_m[2]

    @property
    def ring(self) -> F64:
        """(4, 2) east, north of its outline from above, counter-clockwise."""
        width, depth, _ = asset(self.place.kind).size_m
        return block_en(self.place.east_m, self.place.north_m, self.place.yaw_deg, width, depth)

    def at(self, t: float) -> Built | None:
        """How far it is at a moment; None before and after."""
        shares = [share for moment, share in self.steps if moment <= t < self.to_t]
        if not shares:
            return None
        base = self.place.base_m
        return Built(f"{self.place.id}-{self.variant.name}", base, base + shares[-1] * self.height_m)


@lru_cache(maxsize=64)
def changes_of(seed: int, camera_id: str, from_t: float, to_t: float) -> tuple[Change, ...]:
    """The changes that a camera sees at least in part of a span, in order of place and time."""
    return tuple(
        change
        for place in CHANGE_PLACES
        if place.camera_id == camera_id
        for cycle in range(int(from_t // CYCLE_S) - 1, int(to_t // CYCLE_S) + 1)
        for change in _in_cycle(seed, place, cycle)
        if change.from_t < to_t and change.to_t > from_t
    )


def _in_cycle(seed: int, place: ChangePlace, cycle: int) -> Iterator[Change]:
    rng = np.random.default_rng(
        np.random.SeedSequence(seed, spawn_key=(cycle % 2**32, crc32(place.id.encode())))
    )
    kind = asset(place.kind)
    # What is held back for tests stands only before the cameras that are.
    variants = kind.variants if camera_of(place.camera_id).split == "test" else kind.variants_of("train")
    variant = variants[int(rng.integers(len(variants)))]
    happens, permitted = rng.random() < HAPPENS, rng.random() < PERMITTED
    begins = cycle * CYCLE_S + int(rng.integers(2)) * DAY_S / 2 + float(rng.uniform(8.0, 10.5)) * 3600
    count, every_h = STAGES[place.kind]
    pauses = rng.uniform(0.7, 1.3, count - 1) * every_h * 3600
    moments = begins + np.concatenate([[0.0], np.cumsum(pauses)])
    gone = (cycle + 1) * CYCLE_S - float(rng.uniform(1.0, 9.0)) * 3600
    if happens:
        permit = f"B-{crc32(f'{seed}-{place.id}-{cycle}'.encode()) % 10_000:04d}" if permitted else ""
        yield Change(
            f"c{cycle}-{place.id}",
            place,
            variant,
            tuple((float(moment), (number + 1) / count) for number, moment in enumerate(moments)),
            gone,
            permit if kind.category else "",
        )
