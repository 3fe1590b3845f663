"""Where buildings change in the district: for each place a kind of the catalogue and the camera that sees it.

A change is drawn in its place, camera by camera: `parts/changes/<place>-<variant>.*` are cuts of that
camera's plate with the change in it. Where it is the same as the plate its alpha is 0.
"""

from dataclasses import dataclass
from typing import Final

from sample_videos.district.catalogue import Variant, asset

__all__ = ["CHANGE_PLACES", "ChangePlace", "change_parts"]


@dataclass(frozen=True, slots=True)
class ChangePlace:
    """A place that changes.

    Args:
        camera_id: Who sees it.
        kind: Of the catalogue's family `change`.
        east_m: Middle of the change's own frame in `plan.FRAME`.
        north_m: Likewise.
        base_m: Height of its underside.
        yaw_deg: Where its front looks to.
    """

    camera_id: str
    kind: str
    east_m: float
    north_m: float
    base_m: float
    yaw_deg: float

    @property
    def id(self) -> str:
        """Name of the place, and with a variant's letter of its part."""
        return f"{self.camera_id}-{self.kind}"


CHANGE_PLACES: Final = tuple(
    ChangePlace(*row)
    for row in (
        ("market-south", "wall", 35.6, 26.4, 0.0, 180.0),
        ("market-south", "banner", 36.5, 26.6, 5.4, 180.0),
        ("market-south", "scaffold", 26.0, 26.0, 0.0, 180.0),
        ("street-west", "roof_shed", -26.5, -12.0, 7.2, 0.0),
        ("street-west", "balcony_enclosure", -24.5, -8.8, 4.1, 0.0),
        ("street-west", "banner", -29.0, 9.2, 5.6, 180.0),
        ("street-east", "added_storey", 59.5, 13.0, 7.2, 180.0),
        ("street-east", "scaffold", 70.0, -8.6, 0.0, 0.0),
        ("street-east", "balcony_enclosure", 49.0, 8.8, 4.1, 180.0),
        ("lane", "balcony_enclosure", -20.0, 25.0, 4.0, 0.0),
        ("lane", "banner", -22.0, 29.0, 4.3, 90.0),
        ("canal", "wall", -7.0, -43.6, 0.0, 90.0),
        ("site-gate", "roof_shed", 23.5, -43.6, 2.75, 0.0),
    )
)


def change_parts() -> list[tuple[ChangePlace, Variant]]:
    """Every place with every variant of its kind."""
    return [(place, variant) for place in CHANGE_PLACES for variant in asset(place.kind).variants]
