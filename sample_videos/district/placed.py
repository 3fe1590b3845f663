"""One thing at one place at one moment, as it is drawn."""

from dataclasses import dataclass

__all__ = ["Placed"]


@dataclass(frozen=True, slots=True)
class Placed:
    """A thing over the empty street.

    Args:
        kind: Of the catalogue.
        variant: Of the kind.
        east_m: Of its footprint's centre.
        north_m: Likewise.
        yaw_deg: Direction that its front looks to, clockwise from north.
        pose: A person's pose.
        phase: Of a walk.
        scale: Of its size.
        tint: Factor for blue, green, red.
        is_moving: Whether it will be elsewhere at the next moment.
    """

    kind: str
    variant: str
    east_m: float
    north_m: float
    yaw_deg: float
    pose: str = "still"
    phase: int = 0
    scale: float = 1.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    is_moving: bool = False
