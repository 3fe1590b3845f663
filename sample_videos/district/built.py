"""Puts building changes into a camera's plate: cuts of the same plate with the change in it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sample_videos.district.cameras import DistrictCamera
from sample_videos.district.episodes.building import Built
from sample_videos.district.parts import Cut, Parts, Plate

__all__ = ["with_built"]

F32 = NDArray[np.float32]
SPARE_M = 0.06
"""The depth of renders is kept to 0.15 %."""


def with_built(plate: Plate, camera: DistrictCamera, built: Sequence[Built], parts: Parts) -> Plate:
    """A plate with changes in it, each up to the height that it has reached; the farthest first."""
    if not built:
        return plate
    sky, lamps, normals = plate.sky.copy(), plate.lamps.copy(), plate.normals.copy()
    depth = plate.depth_m.copy()
    cuts = [(parts.cut(each.name), each) for each in built]
    for cut, each in sorted(cuts, key=lambda pair: -float(np.median(pair[0].depth_m))):
        x, y, width, height = cut.rect
        window = (slice(y, y + height), slice(x, x + width))
        alpha = cut.alpha * (_heights(camera, cut) < each.top_m + SPARE_M)
        share = alpha[..., None].astype(np.float32) / 255
        for whole, part in ((sky, cut.sky), (lamps, cut.lamps), (normals, cut.normals)):
            whole[window] = np.rint(whole[window] * (1 - share) + part * share).astype(np.uint8)
        depth[window] = np.where(alpha > 127, cut.depth_m, depth[window])
    return replace(plate, sky=sky, lamps=lamps, normals=normals, depth_m=depth)


def _heights(camera: DistrictCamera, cut: Cut) -> F32:
    """(h, w) height above the ground of what each pixel of a cut shows; the sky is infinitely high."""
    x, y, width, height = cut.rect
    plate_w, plate_h = camera.plate_wh
    across = (np.arange(x, x + width) + 0.5 - plate_w / 2) / camera.focal_px
    down = (np.arange(y, y + height) + 0.5 - plate_h / 2) / camera.focal_px
    right_up, down_up, forward_up = camera.rotation[:, 2]
    slope = across[None, :] * right_up + down[:, None] * down_up + forward_up
    with np.errstate(invalid="ignore"):
        up = camera.height_m + slope * cut.depth_m
    return np.asarray(np.where(np.isfinite(cut.depth_m), up, np.inf), np.float32)
