"""The plan of the district: nothing stands in another's way, and the drawing shows all of it."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from shapely.geometry import LineString, Polygon
from shapely.geometry import Point as ShapelyPoint
from typer.testing import CliRunner

from sample_videos.district.drawing import draw_plan
from sample_videos.district.heights import district_heights
from sample_videos.district.layout import DISTRICT
from sample_videos.district.things import block_en
from streetkeeper.main import app

pytestmark = pytest.mark.slow


def test_buildings_stand_apart_and_off_the_streets() -> None:
    outlines = {building.id: Polygon(building.footprint_en) for building in DISTRICT.buildings}
    for (first, one), (second, other) in combinations(outlines.items(), 2):
        assert one.intersection(other).area < 1e-6, f"{first} and {second}"
    for ground in DISTRICT.grounds:
        if ground.kind in ("carriageway", "footway", "plaza", "lane", "canal_path", "water"):
            for name, outline in outlines.items():
                shared = outline.intersection(Polygon(ground.outline_en)).area
                # The kiosk stands on the plaza.
                assert shared < 1e-6 or (name, ground.id) == ("kiosk", "plaza"), f"{name} on {ground.id}"


def test_outlines_run_counter_clockwise() -> None:
    for outline in [
        *(building.footprint_en for building in DISTRICT.buildings),
        *(ground.outline_en for ground in DISTRICT.grounds),
        *(zone.outline_en for zone in DISTRICT.zones),
    ]:
        assert Polygon(outline).is_valid
        assert Polygon(outline).exterior.is_ccw


def test_nobody_walks_or_drives_through_a_house_or_a_hoarding() -> None:
    for path in DISTRICT.paths:
        line = LineString(path.line_en)
        for building in DISTRICT.buildings:
            # Paths begin and end where the backdrop closes the street.
            if building.style != "backdrop":
                assert not line.intersects(Polygon(building.footprint_en)), f"{path.id} in {building.id}"
        for hoarding in DISTRICT.hoardings:
            assert not line.intersects(LineString(hoarding.line_en)), f"{path.id} in {hoarding.id}"


def test_paths_keep_clear_of_the_bands_for_things() -> None:
    """Who walks along a footway has the band between kerb and wall; only at corners paths cross strips."""
    for path in DISTRICT.paths:
        if path.kind != "walk" or "plaza" in path.id or "waste" in path.id:
            continue
        for strip in DISTRICT.strips:
            if strip.kind in ("wall", "kerb"):
                corners = [(strip.west_m, strip.south_m), (strip.east_m, strip.south_m)]
                corners += [(strip.east_m, strip.north_m), (strip.west_m, strip.north_m)]
                crossed = LineString(path.line_en).intersection(Polygon(corners)).length
                assert crossed < 7.0, f"{path.id} on {strip.id}"


def test_pitches_and_slabs_lie_inside_permitted_zones() -> None:
    zones = [Polygon(zone.outline_en) for zone in DISTRICT.zones if zone.kind == "permitted"]
    for strip in DISTRICT.strips:
        if strip.kind in ("pitch", "slab"):
            corners = [(strip.west_m, strip.south_m), (strip.east_m, strip.north_m)]
            assert any(all(zone.contains(ShapelyPoint(corner)) for corner in corners) for zone in zones), (
                strip.id
            )


def test_the_height_field_is_the_plan() -> None:
    field = district_heights()
    for building in DISTRICT.buildings:
        middle = np.array(building.footprint_en).mean(axis=0)
        assert field.solid_m[field.cells(middle[:1], middle[1:])][0] == np.float32(building.height_m), (
            building.id
        )
    hall = next(building for building in DISTRICT.buildings if building.id == "market-hall")
    area = sum(Polygon(building.footprint_en).area for building in DISTRICT.buildings)
    cells = (field.solid_m > 2.5).sum() * 0.25**2
    assert abs(cells - area) / area < 0.03
    south_edge = min(north for _, north in hall.footprint_en)
    assert field.solid_m[field.cells(np.array([30.0]), np.array([south_edge - 0.3]))][0] == 0
    tree = DISTRICT.trees[0]
    cell = field.cells(np.array([tree.east_m]), np.array([tree.north_m]))
    assert tree.height_m - 0.2 < field.crown_top_m[cell][0] <= tree.height_m
    assert tree.clear_m <= field.crown_low_m[cell][0] < tree.clear_m + 0.2
    gate = DISTRICT.hoardings[0].gates_en[0]
    through = field.cells(np.array([gate[0][0]]), np.array([(gate[0][1] + gate[1][1]) / 2]))
    assert field.solid_m[through][0] == 0


def test_a_block_turns_clockwise_with_its_yaw() -> None:
    """Yaw 90: what looked north looks east; its right side, which was east, is south."""
    north, east = block_en(0, 0, 0, 2, 1), block_en(0, 0, 90, 2, 1)
    assert np.allclose(north[2], (1, 0.5))
    assert np.allclose(east[2], (0.5, -1))
    assert Polygon(east).exterior.is_ccw


def test_the_plan_is_drawn_by_its_command(tmp_path: Path) -> None:
    out = tmp_path / "plan.svg"
    result = CliRunner().invoke(app, ["district", "plan", "--out", str(out)])
    assert result.exit_code == 0
    text = out.read_text(encoding="utf-8")
    assert text == draw_plan()
    for name in ("market-hall", "market-south", "zone-market", "strip-waste-slab"):
        assert name in text
