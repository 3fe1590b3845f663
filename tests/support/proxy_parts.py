"""Parts of the district without Blender: plates by walking rays over the height field, sprites as boxes.

They stand in where a test needs a composer that works, not one that looks real, and where the committed
renders do not cover a camera or kind.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_videos.district.cameras import DistrictCamera
from sample_videos.district.catalogue import CATALOGUE, Asset, Variant, views_of
from sample_videos.district.heights import district_heights

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
SHRINK = 4
FAR_M = 140.0
STEP_M = 0.25
EYE_M = 15.0
"""Sprites are seen from this far."""


def write_proxy_plate(camera: DistrictCamera, folder: Path) -> None:
    """The four pictures of a camera's plate, at a quarter of the detail."""
    width, height = camera.plate_wh
    small = (width // SHRINK, height // SHRINK)
    x = (np.arange(small[0]) + 0.5) * SHRINK - width / 2
    y = (np.arange(small[1]) + 0.5) * SHRINK - height / 2
    across, down = np.meshgrid(x / camera.focal_px, y / camera.focal_px)
    rays = np.stack([across, down, np.ones_like(across)], axis=2) @ camera.rotation
    depth, up = _walk(camera.place_enu, rays)
    seen = np.isfinite(depth)
    places = camera.place_enu + rays * np.where(seen, depth, FAR_M)[..., None]
    is_ground = seen & (up < 0.1)
    normals = np.zeros((*depth.shape, 3))
    normals[..., 2] = 1.0
    normals[seen & ~is_ground] = -camera.rotation[2] * (1, 1, 0) + (0, 0, 0.05)
    tone = 0.26 + 0.05 * np.sin(places[..., 0] * 2.1) * np.sin(places[..., 1] * 1.7)
    tone = np.where(is_ground, tone, 0.34 + 0.1 * (np.mod(places[..., 2], 3.0) > 1.4))
    tone += np.random.default_rng(1).normal(0, 0.02, tone.shape)
    sky = np.repeat(np.clip(np.where(seen, tone, 1.0), 0, 1)[..., None], 3, axis=2)
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in (("sky", sky), ("lamps", 0.3 * sky * seen[..., None])):
        levels = np.rint(255 * np.sqrt(picture)).astype(np.uint8)
        _write(folder / f"{camera.id}.{name}.webp", cv2.resize(levels, (width, height)))
    levels = np.clip(np.rint(127.5 + 127.5 * normals[..., ::-1]), 0, 255).astype(np.uint8)
    _write(folder / f"{camera.id}.n.webp", cv2.resize(levels, (width, height)))
    metres = cv2.resize(np.where(seen, depth, 655.35), (width, height), interpolation=cv2.INTER_NEAREST)
    _write(folder / f"{camera.id}.depth.png", np.rint(metres * 100).astype(np.uint16))


def write_proxy_objects(folder: Path, kinds: list[str] | None = None) -> None:
    """An atlas of shaded boxes for every variant of every kind, and `objects.json`."""
    (folder / "objects").mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    for asset in CATALOGUE.values():
        if asset.family == "change" or (kinds is not None and asset.kind not in kinds):
            continue
        for variant in asset.variants:
            rows += _atlas(asset, variant, folder / "objects")
    (folder / "objects.json").write_text(json.dumps(rows), encoding="utf-8")


def _walk(eye: F64, rays: F64) -> tuple[F64, F64]:
    """(h, w) depth at which rays of depth 1 meet the height field, infinite in the sky; the height there."""
    field = district_heights()
    depth = np.full(rays.shape[:2], np.inf)
    up = np.zeros(rays.shape[:2])
    for reach in np.arange(1.0, FAR_M, STEP_M):
        places = eye + rays * reach
        rows, columns = field.cells(places[..., 0], places[..., 1])
        top = field.solid_m[rows, columns]
        hit = ~np.isfinite(depth) & (places[..., 2] <= top)
        # On the ground the crossing is known exactly.
        ground = hit & (top <= 0)
        exact = np.where(rays[..., 2] < 0, -eye[2] / np.minimum(rays[..., 2], -1e-9), reach)
        depth = np.where(ground, exact, np.where(hit, reach, depth))
        up = np.where(hit, np.maximum(places[..., 2], 0) * (top > 0), up)
    return depth, up


def _atlas(asset: Asset, variant: Variant, folder: Path) -> list[dict[str, Any]]:
    views = list(_boxes(asset, variant))
    width = sum(picture.shape[1] for _, picture, _ in views)
    height = max(picture.shape[0] for _, picture, _ in views)
    colour, normals = np.zeros((height, width, 4), np.uint8), np.zeros((height, width, 3), np.uint8)
    rows, left = [], 0
    for row, picture, facing in views:
        high, wide = picture.shape[:2]
        colour[:high, left : left + wide] = picture
        normals[:high, left : left + wide] = facing
        rows.append({**row, "rect": [left, 0, wide, high]})
        left += wide
    _write(folder / f"{asset.kind}-{variant.name}.webp", colour)
    _write(folder / f"{asset.kind}-{variant.name}.n.webp", normals)
    return rows


def _boxes(
    asset: Asset, variant: Variant
) -> Iterator[tuple[dict[str, Any], NDArray[np.uint8], NDArray[np.uint8]]]:
    views = views_of(asset.kind)
    tint = np.array(variant.colours[0][::-1])
    for pose, phases in asset.poses:
        for phase in range(phases):
            for yaw in views.yaws_deg[:: 4 if len(views.yaws_deg) > 8 else 1]:
                for depression in views.depressions_deg:
                    picture, facing, anchor = _box(asset.size_m, yaw, depression, views.px_per_m, tint)
                    row = {
                        "kind": asset.kind,
                        "variant": variant.name,
                        "pose": pose,
                        "phase": phase,
                        "yaw_deg": yaw,
                        "depression_deg": depression,
                        "anchor": anchor,
                        "px_per_m": views.px_per_m,
                    }
                    yield row, picture, facing


def _box(
    size_m: tuple[float, float, float], yaw_deg: float, depression_deg: float, px_per_m: float, tint: F64
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], list[float]]:
    """A box seen from far: its picture, its normals and where its footprint's centre lies."""
    turn, dip = np.deg2rad(yaw_deg), np.deg2rad(depression_deg)
    half = np.array(size_m) / 2
    signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (0, 2)], np.float64)
    corners = signs * half
    # The front (+y) looks at the viewer at yaw 0; the viewer's right is x of the picture.
    right = -corners[:, 0] * np.cos(turn) + corners[:, 1] * -np.sin(turn)
    away = -corners[:, 1] * np.cos(turn) + corners[:, 0] * np.sin(turn)
    x = right * px_per_m
    y = -(corners[:, 2] * np.cos(dip) + away * np.sin(dip)) * px_per_m
    left, top = float(np.floor(x.min())) - 1, float(np.floor(y.min())) - 1
    size = (int(np.ceil(x.max() - left)) + 1, int(np.ceil(y.max() - top)) + 1)
    points = np.stack([x - left, y - top], axis=1)
    picture = np.zeros((size[1], size[0], 4), np.uint8)
    facing = np.zeros((size[1], size[0], 3), np.uint8)
    lid = signs[:, 2] > 1
    for mask, tone, normal in ((np.ones(8, bool), 0.6, (0.0, -1.0, 0.0)), (lid, 0.95, (0.0, 0.0, 1.0))):
        hull = cv2.convexHull(np.rint(points[mask]).astype(np.int32))
        levels = np.rint(255 * np.sqrt(np.clip(tint * tone, 0, 1)))
        cv2.fillConvexPoly(picture, hull, (*(float(value) for value in levels), 255.0))
        shown = [127.5 + 127.5 * value for value in normal[::-1]]
        cv2.fillConvexPoly(facing, hull, tuple(shown))
    return picture, facing, [-left, -top]


def _write(path: Path, picture: NDArray[Any]) -> None:
    options = [cv2.IMWRITE_WEBP_QUALITY, 92] if path.suffix == ".webp" else []
    if not cv2.imwrite(str(path), picture, options):
        raise OSError(f"{path} could not be written")
