"""Arithmetic of many boxes at once; `xyxy` float32, all in the same pixels."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["iou_matrix", "nms"]

F32 = NDArray[np.float32]


def iou_matrix(one: F32, other: F32) -> F32:
    """Intersection over union of (N, 4) and (M, 4) boxes: (N, M), 0 where both are empty."""
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    both = np.prod(np.clip(high - low, 0, None), axis=2)
    area_one = np.prod(np.clip(one[:, 2:] - one[:, :2], 0, None), axis=1)
    area_other = np.prod(np.clip(other[:, 2:] - other[:, :2], 0, None), axis=1)
    union = area_one[:, None] + area_other[None, :] - both
    return np.asarray(np.divide(both, union, out=np.zeros_like(both), where=union > 0), dtype=np.float32)


def nms(xyxy: F32, scores: F32, classes: NDArray[np.int64], iou: float = 0.6) -> NDArray[np.intp]:
    """Rows that are kept: of boxes of one class that overlap more than `iou`, the best.

    Ties are broken by coordinates, so that the order of the rows does not matter.

    Returns: Row indices, best score first.
    """
    order = np.lexsort((xyxy[:, 3], xyxy[:, 2], xyxy[:, 1], xyxy[:, 0], classes, -scores))
    keep: list[int] = []
    alive = np.ones(len(order), bool)
    overlaps = iou_matrix(xyxy[order], xyxy[order])
    same = classes[order][:, None] == classes[order][None, :]
    for rank in range(len(order)):
        if not alive[rank]:
            continue
        keep.append(int(order[rank]))
        alive &= ~((overlaps[rank] > iou) & same[rank])
    return np.array(keep, dtype=np.intp)
