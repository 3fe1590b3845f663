"""Cuts of a camera's plate with a building change in it, one per place and variant."""

import hashlib
import json
import math
import time
from pathlib import Path
from typing import Any

import bpy
import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from sample_videos.district.cameras import DistrictCamera, camera_of
from sample_videos.district.catalogue import Variant
from sample_videos.district.changes import ChangePlace, change_parts
from sample_videos.district.render import plates
from sample_videos.district.render.building_changes import MAKERS
from sample_videos.district.render.shape import Build
from sample_videos.district.render.studio import read_exr

__all__ = ["render_changes"]

F32 = NDArray[np.float32]
MARGIN_PX = 14
SAME_DEPTH = 0.015
SAME_ROOT = 0.035
"""Where neither depth (as a share) nor the root of the radiance differs by more, the cut is the plate."""
Rect = tuple[int, int, int, int]


def render_changes(work: Path, parts: Path, only: list[str] | None = None) -> None:
    """Render the cuts that are not there yet, for cameras that have their plate.

    Args:
        work: Folder of raw outputs, kept between runs.
        parts: Folder of the committed parts.
        only: Ids of places, or `place-variant`; None for all.
    """
    raw = work / "plates"
    (work / "changes").mkdir(parents=True, exist_ok=True)
    (parts / "changes").mkdir(parents=True, exist_ok=True)
    plates.build_district()
    plates.prepare(raw, plates.SAMPLES)
    todo = [
        (place, variant)
        for place, variant in change_parts()
        if (not only or place.id in only or f"{place.id}-{variant.name}" in only)
        and (raw / f"{place.camera_id}.json").exists()
    ]
    with Progress(console=Console(stderr=True), refresh_per_second=0.2) as progress:
        bar = progress.add_task("changes", total=len(todo))
        for place, variant in todo:
            facts_file = work / "changes" / f"{place.id}-{variant.name}.json"
            if not facts_file.exists():
                facts_file.write_text(json.dumps(_cut(place, variant, raw, parts)))
            progress.update(bar, advance=1, description=place.id)


def _cut(place: ChangePlace, variant: Variant, raw: Path, parts: Path) -> dict[str, Any]:
    start = time.process_time()
    name = f"{place.id}-{variant.name}"
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    build = Build(np.random.default_rng(seed))
    MAKERS[place.kind](build, variant.colours)
    thing = build.to_object(name)
    thing.location = (place.east_m, place.north_m, place.base_m)
    thing.rotation_euler = (0, 0, math.radians(-place.yaw_deg))
    camera = camera_of(place.camera_id)
    plates.aim(camera, 1.0)
    bpy.context.view_layer.update()
    world = np.array(thing.matrix_world)
    points = build.points @ world[:3, :3].T + world[:3, 3]
    rect = _rect(camera, points)
    _border(camera, rect)
    bpy.ops.render.render()
    bpy.data.objects.remove(thing)
    frame = bpy.context.scene.frame_current
    sky, lamps, normal, depth = (
        read_exr(raw / f"{slot}{frame:04d}.exr") for slot in (*plates.GROUPS, "normal", "depth")
    )
    factor = json.loads((raw / f"{camera.id}.json").read_text())["lamps_factor"]
    folder = parts / "changes"
    alpha = _alpha(camera, rect, sky, depth[..., 0], parts)
    rooted = np.dstack([plates.rooted(sky), alpha])
    plates.encoded(folder / f"{name}.sky.webp", rooted, 88)
    plates.encoded(folder / f"{name}.lamps.webp", plates.rooted(lamps / factor), 80)
    plates.encoded(folder / f"{name}.n.webp", plates.coded_normals(normal), 80)
    plates.encoded(folder / f"{name}.depth.png", plates.centimetres(depth[..., 0]), 0)
    facts = {"name": name, "camera": camera.id, "kind": place.kind, "variant": variant.name}
    facts |= {"split": variant.split, "rect": list(rect), "seed": seed, "spp": plates.SAMPLES}
    return facts | {"cpu_s": round(time.process_time() - start, 1)}


def _rect(camera: DistrictCamera, points: NDArray[np.float64]) -> Rect:
    """What the change covers in the plate, with a margin for its shade: x, y, width, height.

    Raises:
        ValueError: The camera does not see the place.
    """
    offset = (np.array(camera.plate_wh) - np.array(camera.size_wh)) / 2
    seen = points[camera.depth(points) > 1.0]
    spots = camera.straight(seen) + offset
    low = np.maximum(np.floor(spots.min(axis=0)) - MARGIN_PX, 0)
    high = np.minimum(np.ceil(spots.max(axis=0)) + MARGIN_PX, camera.plate_wh)
    width, height = (int(side) for side in high - low)
    if width < 8 or height < 8:
        raise ValueError(f"camera {camera.id} does not see this change")
    return int(low[0]), int(low[1]), width, height


def _border(camera: DistrictCamera, rect: Rect) -> None:
    render = bpy.context.scene.render
    (x, y, width, height), (whole_w, whole_h) = rect, camera.plate_wh
    render.use_border = render.use_crop_to_border = True
    render.border_min_x, render.border_max_x = x / whole_w, (x + width) / whole_w
    render.border_min_y, render.border_max_y = 1 - (y + height) / whole_h, 1 - y / whole_h


def _alpha(camera: DistrictCamera, rect: Rect, sky: F32, depth: F32, parts: Path) -> NDArray[np.uint8]:
    """255 where the cut differs from the plate: by depth, or by light (its shade on what is beside it)."""
    x, y, width, height = rect
    part = slice(y, y + height), slice(x, x + width)
    folder = parts / "plates"
    before = cv2.imread(str(folder / f"{camera.id}.depth.png"), cv2.IMREAD_UNCHANGED)[part].astype(np.float32)
    now = plates.centimetres(depth).astype(np.float32)
    moved = abs(now - before) > SAME_DEPTH * before + 2
    plate = cv2.imread(str(folder / f"{camera.id}.sky.webp"))[part].astype(np.float32) / 255
    darker = cv2.GaussianBlur(
        abs(plates.rooted(sky).astype(np.float32) / 255 - plate).max(axis=2), (0, 0), 2.5
    )
    mask = (moved | (darker > SAME_ROOT)).astype(np.uint8) * 255
    whole = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    return np.asarray(cv2.GaussianBlur(whole, (0, 0), 0.8), np.uint8)
