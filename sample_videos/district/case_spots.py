"""Where in the sample district things happen again and again, for a month of cases."""

from dataclasses import dataclass
from typing import Final

__all__ = ["SPOTS", "Spot"]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place to which one kind of thing comes back.

    Args:
        category: What comes.
        east: Metres east of the district's middle.
        north: Metres north of it.
        spread_m: Standard deviation of the place.
        a_day: How often a day, on average.
        hour: Hour of the day around which it comes.
    """

    category: str
    east: float
    north: float
    spread_m: float
    a_day: float
    hour: float


SPOTS: Final = (
    Spot("street_vendor", 14.0, 15.0, 5.0, 2.4, 12.5),
    Spot("street_vendor", -40.0, 6.5, 8.0, 1.2, 18.5),
    Spot("street_vendor", 60.0, -6.5, 8.0, 0.7, 8.0),
    Spot("garbage_pile", -5.0, -35.0, 4.0, 2.1, 20.0),
    Spot("garbage_pile", 30.0, 22.0, 5.0, 1.6, 19.0),
    Spot("garbage_pile", -60.0, 30.0, 10.0, 0.9, 21.0),
    Spot("overflowing_bin", -20.0, 6.0, 3.0, 0.8, 17.0),
    Spot("overflowing_bin", -50.0, -50.0, 3.0, 0.5, 10.0),
    Spot("construction_debris", 15.0, -14.0, 5.0, 0.6, 15.0),
    Spot("construction_debris", 40.0, -30.0, 8.0, 0.5, 14.0),
    Spot("unattended_object", 20.0, 12.0, 12.0, 0.5, 13.0),
    Spot("building_change", -50.0, 35.0, 15.0, 0.12, 11.0),
    Spot("building_change", 70.0, 12.0, 15.0, 0.08, 11.0),
    # Here and there, all over the district.
    Spot("garbage_pile", 0.0, 0.0, 60.0, 0.9, 16.0),
    Spot("construction_debris", 0.0, 0.0, 60.0, 0.4, 14.0),
    Spot("unattended_object", 0.0, 0.0, 60.0, 0.4, 12.0),
)
"""Invented: a handful of places that come back, as patrols know them."""
