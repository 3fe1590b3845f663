"""The committed renders: they are those of the manifest, and they mean what the composer takes them for."""

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from sample_videos.district import cameras, heights
from sample_videos.district.catalogue import CATALOGUE, Asset, Variant, views_of
from sample_videos.district.changes import ChangePlace, change_parts
from sample_videos.district.layout import DISTRICT
from sample_videos.district.parts import Parts

pytestmark = pytest.mark.slow

PARTS = Path(cameras.__file__).parent / "parts"
MOST_BYTES = 60_000_000
SKY_CM = 65535
DRAWN = [
    (asset, variant) for asset in CATALOGUE.values() if asset.family != "change" for variant in asset.variants
]


def name_of(drawn: tuple[Asset, Variant]) -> str:
    return f"{drawn[0].kind}-{drawn[1].name}"


@lru_cache(maxsize=1)
def manifest() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((PARTS / "manifest.json").read_text(encoding="utf-8"))
    return loaded


@lru_cache(maxsize=1)
def rows() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in json.loads((PARTS / "objects.json").read_text(encoding="utf-8")):
        found.setdefault(f"{row['kind']}-{row['variant']}", []).append(row)
    return found


@lru_cache(maxsize=2)
def picture(name: str) -> NDArray[np.uint8]:
    read = cv2.imread(str(PARTS / name), cv2.IMREAD_UNCHANGED)
    assert read is not None, f"{name} cannot be read"
    return np.asarray(read, read.dtype)


def test_the_manifest_names_every_file_with_its_bytes_and_no_other() -> None:
    for entry in manifest()["files"]:
        content = (PARTS / entry["file"]).read_bytes()
        assert len(content) == entry["bytes"], entry["file"]
        assert hashlib.sha256(content).hexdigest() == entry["sha256"], entry["file"]
    named = {entry["file"] for entry in manifest()["files"]} | {
        "manifest.json",
        "objects.json",
        "changes.json",
    }
    there = {path.relative_to(PARTS).as_posix() for path in PARTS.rglob("*") if path.is_file()}
    assert there == named


def test_the_parts_stay_within_their_size() -> None:
    assert sum(path.stat().st_size for path in PARTS.rglob("*") if path.is_file()) <= MOST_BYTES


@pytest.mark.parametrize("drawn", DRAWN, ids=name_of)
def test_every_variant_is_drawn_from_all_its_views(drawn: tuple[Asset, Variant]) -> None:
    asset, variant = drawn
    views = views_of(asset.kind, variant.name)
    wanted = {
        (pose, phase, yaw, depression)
        for pose, phases in asset.poses
        for phase in range(phases)
        for yaw in views.yaws_deg
        for depression in views.depressions_deg
    }
    keys = ("pose", "phase", "yaw_deg", "depression_deg")
    assert {tuple(row[key] for key in keys) for row in rows()[name_of(drawn)]} == wanted


@pytest.mark.parametrize("drawn", DRAWN, ids=name_of)
def test_a_view_holds_a_thing_and_its_anchor(drawn: tuple[Asset, Variant]) -> None:
    atlas = picture(f"objects/{name_of(drawn)}.webp")
    for row in rows()[name_of(drawn)]:
        x, y, width, height = row["rect"]
        assert x >= 0 and y >= 0 and x + width <= atlas.shape[1] and y + height <= atlas.shape[0]
        alpha = atlas[y : y + height, x : x + width, 3]
        assert (alpha > 128).mean() > 0.05
        assert alpha.max() > 250
        assert 0 <= row["anchor"][0] <= width and 0 <= row["anchor"][1] <= height + 0.5


@pytest.mark.parametrize("drawn", DRAWN, ids=name_of)
def test_normals_are_unit_vectors_that_look_at_the_viewer(drawn: tuple[Asset, Variant]) -> None:
    alpha = picture(f"objects/{name_of(drawn)}.webp")[..., 3]
    coded = picture(f"objects/{name_of(drawn)}.n.webp")[..., 2::-1].astype(np.float32)
    normals = (coded[alpha > 250] - 127.5) / 127.5
    assert abs(float(np.median(np.linalg.norm(normals, axis=1))) - 1) < 0.1
    away, up = normals[:, 1], normals[:, 2]
    assert float(((away < 0.1) | (up > 0.3)).mean()) > 0.9


@pytest.mark.parametrize(
    "drawn", [drawn for drawn in DRAWN if drawn[0].family in ("vehicle", "bin", "vendor")], ids=name_of
)
def test_a_view_is_as_wide_as_its_block_turned_by_its_yaw(drawn: tuple[Asset, Variant]) -> None:
    asset, _ = drawn
    wide, deep, high = asset.size_m
    ratios = []
    for row in rows()[name_of(drawn)]:
        turn, dip = np.deg2rad(row["yaw_deg"]), np.deg2rad(row["depression_deg"])
        across = wide * abs(np.cos(turn)) + deep * abs(np.sin(turn))
        along = wide * abs(np.sin(turn)) + deep * abs(np.cos(turn))
        ratios.append(row["rect"][2] / row["px_per_m"] / across)
        if asset.family == "vehicle":
            # Mirrors and handlebars reach beyond the block, rounded corners stay within it.
            assert 0.6 < ratios[-1] < 1.35, row
        tall = high * np.cos(dip) + along * np.sin(dip)
        assert 0.45 < row["rect"][3] / row["px_per_m"] / tall < 1.45, row
    # Umbrellas and bags beside a bin reach beyond the footprint; mirrors of cars a little.
    assert 0.72 < float(np.median(ratios)) < (1.2 if asset.family == "vehicle" else 1.5)


@pytest.mark.parametrize(("yaw_deg", "is_left"), [(90, False), (270, True)])
def test_a_car_that_looks_to_one_side_has_its_red_lamps_on_the_other(yaw_deg: int, is_left: bool) -> None:
    atlas = picture("objects/sedan-a.webp").astype(int)
    seen = [row for row in rows()["sedan-a"] if row["yaw_deg"] == yaw_deg]
    assert seen
    for row in seen:
        x, y, width, height = row["rect"]
        cut = atlas[y : y + height, x : x + width]
        is_red = (cut[..., 2] > cut[..., 1] + 80) & (cut[..., 2] > cut[..., 0] + 80) & (cut[..., 3] > 200)
        assert is_red.sum() > 4
        assert bool(np.nonzero(is_red)[1].mean() < width / 2) is is_left


def on_plate(camera: cameras.DistrictCamera, points: NDArray[np.float64]) -> NDArray[np.int64]:
    """Columns and rows of places in the camera's plate."""
    offset = (np.array(camera.plate_wh) - np.array(camera.size_wh)) / 2
    return np.asarray(np.floor(camera.straight(points) + offset), np.int64)


def open_places(camera: cameras.DistrictCamera) -> NDArray[np.float64]:
    """Places on the streets in front of the camera that nothing solid hides."""
    easts, norths = np.meshgrid(np.arange(-70.0, 70.0, 0.9), np.arange(-50.0, 50.0, 0.9))
    places = np.column_stack([easts.ravel(), norths.ravel(), np.zeros(easts.size)])
    kept = np.zeros(len(places), bool)
    for ground in DISTRICT.grounds:
        if ground.kind in ("carriageway", "footway", "lane", "plaza", "canal_path"):
            corners = np.array(ground.outline_en)
            (west, south), (east, north) = corners.min(axis=0) + 0.5, corners.max(axis=0) - 0.5
            kept |= (
                (west < easts.ravel())
                & (easts.ravel() < east)
                & (south < norths.ravel())
                & (norths.ravel() < north)
            )
    places = places[kept]
    depth = camera.depth(places)
    places = places[(depth > 4) & (depth < 60)]
    spot = on_plate(camera, places)
    inside = (spot >= 2).all(axis=1) & (spot < np.array(camera.plate_wh) - 2).all(axis=1)
    places = places[inside]
    return places[heights.district_heights().sees(camera.place_enu, places)]


@pytest.mark.parametrize("camera", cameras.CAMERAS, ids=lambda camera: camera.id)
def test_a_plate_has_the_camera_s_geometry(camera: cameras.DistrictCamera) -> None:
    depth_cm = picture(f"plates/{camera.id}.depth.png")
    assert depth_cm.dtype == np.uint16
    assert depth_cm.shape[::-1] == camera.plate_wh
    places = open_places(camera)
    assert len(places) > 100
    spot = on_plate(camera, places)
    ratio = depth_cm[spot[:, 1], spot[:, 0]] / 100.0 / camera.depth(places)
    assert abs(float(np.median(ratio)) - 1) < 0.01
    assert float((abs(ratio - 1) < 0.02).mean()) > 0.8
    # What is not the ground stands before it: posts, bushes, railings, benches; never behind.
    assert float((ratio > 1.02).mean()) < 0.01


@pytest.mark.parametrize("camera", cameras.CAMERAS, ids=lambda camera: camera.id)
def test_a_plate_s_ground_looks_up_and_its_pictures_are_lit(camera: cameras.DistrictCamera) -> None:
    width, height = camera.plate_wh
    sky, lamps = (picture(f"plates/{camera.id}.{name}.webp") for name in ("sky", "lamps"))
    normals = picture(f"plates/{camera.id}.n.webp")[..., 2::-1].astype(np.float32)
    assert sky.shape == lamps.shape == normals.shape == (height, width, 3)
    spot = on_plate(camera, open_places(camera))
    up = (normals[spot[:, 1], spot[:, 0], 2] - 127.5) / 127.5
    assert float(np.median(up)) > 0.9
    assert 0.02 < float(((sky[spot[:, 1], spot[:, 0]] / 255.0) ** 2).mean()) < 0.6
    assert 60 < int(lamps.max()) <= 255
    assert (picture(f"plates/{camera.id}.depth.png") == SKY_CM).mean() < 0.3


@lru_cache(maxsize=1)
def cuts() -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in json.loads((PARTS / "changes.json").read_text(encoding="utf-8"))}


@pytest.mark.parametrize("part", change_parts(), ids=lambda part: f"{part[0].id}-{part[1].name}")
def test_a_change_covers_a_part_of_its_cut_and_lies_before_the_plate(
    part: tuple[ChangePlace, Variant],
) -> None:
    place, variant = part
    name = f"{place.id}-{variant.name}"
    row = cuts()[name]
    x, y, width, height = row["rect"]
    plate = picture(f"plates/{place.camera_id}.depth.png")[y : y + height, x : x + width].astype(float)
    sky = picture(f"changes/{name}.sky.webp")
    depth = picture(f"changes/{name}.depth.png").astype(float)
    assert sky.shape == (height, width, 4)
    assert depth.shape == plate.shape == (height, width)
    assert row["split"] == variant.split
    drawn = sky[..., 3] > 200
    assert 0.08 < drawn.mean() < 0.98
    # It stands before what was there; where it is not, the cut is the plate.
    assert float((depth[drawn] <= plate[drawn] * 1.01 + 3).mean()) > 0.9
    assert float((abs(depth - plate)[sky[..., 3] == 0] < plate[sky[..., 3] == 0] * 0.02 + 3).mean()) > 0.97


@pytest.mark.parametrize("name", ["fruit_stall-a", "sedan-a", "bags_black-a", "person-b"])
def test_a_small_sprite_is_as_bright_and_covers_as_much_as_the_render_that_it_is_made_of(name: str) -> None:
    parts = Parts(PARTS)
    pose = "stand" if name.startswith("person") else "still"
    view = parts.view(name, pose, 0, 30.0, 15.0)
    large = parts.scaled(view, 1.0, 1.0, 1.0, 1)
    for scale in (0.6, 0.22, 0.1):
        small = parts.scaled(view, scale, 1.0, 1.0, 1)
        shrunk = small.alpha.size / large.alpha.size
        assert small.alpha.sum() / shrunk == pytest.approx(large.alpha.sum(), rel=0.02)
        assert small.radiance.sum() / shrunk == pytest.approx(large.radiance.sum(), rel=0.03)
        assert np.linalg.norm(small.normals[small.alpha > 0.5], axis=1) == pytest.approx(1, abs=1e-3)
        anchor = np.array(small.anchor) / small.alpha.shape[::-1]
        assert anchor == pytest.approx(np.array(large.anchor) / large.alpha.shape[::-1], abs=0.05)


def test_the_render_that_comes_nearest_is_taken_and_of_a_walk_the_phase_that_is_asked_for() -> None:
    parts = Parts(PARTS)
    for yaw, depression in ((0.0, 9.0), (200.0, 15.0), (352.0, 40.0)):
        stall = parts.view("fruit_stall-a", "still", 0, yaw, depression)
        assert abs((stall.yaw_deg - yaw + 180) % 360 - 180) <= 30
        walker = parts.view("person-a", "walk", 4, yaw, depression)
        assert walker.phase == 4
        assert abs((walker.yaw_deg - yaw + 180) % 360 - 180) <= 23
