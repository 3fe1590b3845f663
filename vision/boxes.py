"""Arithmetic of single boxes; `xyxy`, in whatever pixels both boxes share."""

from collections.abc import Sequence

__all__ = ["area", "intersection", "overlap_of_smaller", "share_inside", "union_iou"]


def area(box: Sequence[float]) -> float:
    """Area of a box, square pixels."""
    return float(max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1]))


def intersection(one: Sequence[float], other: Sequence[float]) -> float:
    """Area that both boxes cover."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return float(max(0.0, width) * max(0.0, height))


def share_inside(inner: Sequence[float], outer: Sequence[float]) -> float:
    """Share of `inner` that lies inside `outer`, 0..1."""
    size = area(inner)
    return intersection(inner, outer) / size if size else 0.0


def overlap_of_smaller(one: Sequence[float], other: Sequence[float]) -> float:
    """Share of the smaller box that the other covers, 0..1."""
    size = min(area(one), area(other))
    return intersection(one, other) / size if size else 0.0


def union_iou(one: Sequence[float], other: Sequence[float]) -> float:
    """Intersection over union, 0..1."""
    both = intersection(one, other)
    union = area(one) + area(other) - both
    return both / union if union else 0.0
