"""What may be wrong with the corners of a polygon."""

from collections.abc import Iterator, Sequence

from shapely.geometry import Polygon
from shapely.validation import explain_validity

from contracts.fault import Fault

__all__ = ["polygon_faults"]


def polygon_faults(points: Sequence[tuple[float, float]], path: str) -> Iterator[Fault]:
    """The faults of a polygon at a key path: no area, or an outline that crosses itself."""
    shape = Polygon(points)
    if shape.convex_hull.area == 0:
        yield Fault(path, "the polygon has no area", "Name at least three corners that do not lie on a line")
    elif not shape.is_valid:
        why = explain_validity(shape)
        if "Self-intersection" in why or "Ring Self" in why:
            where = why.partition("[")[2].rstrip("]")
            yield Fault(
                path, f"the polygon crosses itself at [{where}]", "Name its corners in order around it"
            )
        else:
            yield Fault(path, f"is no polygon: {why}", "Name at least three corners, in order around it")
