"""From a list of control points to a calibration that a site document takes, and to words for a person."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from contracts.geo import gcj02_to_bd09, wgs84_to_gcj02
from contracts.site import Calibration
from stream_workers.calibrate import Crs, run_calibration
from vision.errors import CalibrationRejected
from vision.georeference.frame import LocalFrame

WH = (1280, 720)
FRAME = LocalFrame(121.47, 31.23)
GROUND = np.array(
    [
        (-7, 11),
        (-2, 10),
        (3.5, 10.5),
        (7.5, 12),
        (-8.5, 17),
        (0.5, 16),
        (9, 19),
        (-11, 26),
        (4, 27),
        (12, 31),
    ],
    np.float64,
)
Row = dict[str, float]


def rows(seed: int = 1, count: int = 10) -> list[Row]:
    """Control points of a camera 7.5 m up that looks north, 19 degrees down; 1 px and 0.1 m of noise."""
    rng, tilt = np.random.default_rng(seed), np.deg2rad(19.0)
    east, north = GROUND[:count].T
    forward = north * np.cos(tilt) + 7.5 * np.sin(tilt)
    down = 7.5 * np.cos(tilt) - north * np.sin(tilt)
    x, y = 640 + 1050 * east / forward, 360 + 1050 * down / forward
    lonlat = FRAME.to_lonlat(GROUND[:count] + rng.normal(0, 0.1, (count, 2)))
    return [
        {"x_px": round(px, 1), "y_px": round(py, 1), "lon": round(lon, 8), "lat": round(lat, 8)}
        for px, py, (lon, lat) in zip(
            x + rng.normal(0, 1, count), y + rng.normal(0, 1, count), lonlat.tolist(), strict=True
        )
    ]


def csv_of(path: Path, points: list[Row]) -> Path:
    names = list(points[0])
    lines = [",".join(names), *(",".join(str(point[name]) for name in names) for point in points)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_csv_becomes_a_block_that_the_site_document_takes_and_a_picture(tmp_path: Path) -> None:
    report = run_calibration(
        csv_of(tmp_path / "points.csv", rows()), WH, "wgs84", tmp_path / "new" / "view.yaml"
    )
    written = yaml.safe_load((tmp_path / "new" / "view.yaml").read_text())["calibration"]
    calibration = Calibration.model_validate(written)
    assert calibration.picture_wh == WH and len(calibration.control_points) == 10
    assert written == report.block
    drawing = cv2.imread(str(tmp_path / "new" / "view.png"))
    assert drawing is not None and drawing.shape == (720, 1280, 3)


def test_the_words_give_each_residual_the_left_out_error_and_how_far_to_trust(tmp_path: Path) -> None:
    report = run_calibration(csv_of(tmp_path / "p.csv", rows()), WH, "wgs84", tmp_path / "v.yaml")
    text = "\n".join(report.lines)
    assert len([line for line in report.lines if line.lstrip()[:1].isdigit()]) == 11
    assert "10 of 10 points used" in text and "m median" in text
    assert "places are good to +-2 m (95 %) up to" in text
    assert (tmp_path / "v.yaml").read_text().startswith("#   x_px")


def test_four_points_are_enough_and_their_left_out_error_is_said_to_be_unknown(tmp_path: Path) -> None:
    four = [rows()[number] for number in (0, 3, 7, 9)]
    report = run_calibration(csv_of(tmp_path / "p.csv", four), WH, "wgs84", tmp_path / "v.yaml")
    assert any("left-out error unknown: 4 points" in line for line in report.lines)


def test_a_wrong_point_is_named_and_crossed_out(tmp_path: Path) -> None:
    points = rows()
    points[5]["lon"] += 0.0002
    report = run_calibration(csv_of(tmp_path / "p.csv", points), WH, "wgs84", tmp_path / "v.yaml")
    wrong = [line for line in report.lines if "not used: it contradicts the others" in line]
    assert len(wrong) == 1 and f"{points[5]['x_px']:.0f}" in wrong[0]


@pytest.mark.parametrize("crs", ["gcj02", "bd09"])
def test_points_from_a_chinese_map_give_the_same_places_as_from_wgs_84(tmp_path: Path, crs: Crs) -> None:
    plain = run_calibration(csv_of(tmp_path / "p.csv", rows()), WH, "wgs84", tmp_path / "v.yaml")
    shifted = []
    for point in rows():
        lon, lat = wgs84_to_gcj02(point["lon"], point["lat"])
        if crs == "bd09":
            lon, lat = gcj02_to_bd09(lon, lat)
        shifted.append({**point, "lon": lon, "lat": lat})
    turned = run_calibration(csv_of(tmp_path / "q.csv", shifted), WH, crs, tmp_path / "w.yaml")
    for one, other in zip(plain.block["control_points"], turned.block["control_points"], strict=True):
        assert other["lonlat"] == pytest.approx(one["lonlat"], abs=2e-8)


def test_geojson_gives_what_csv_gives(tmp_path: Path) -> None:
    points = [{**point, "sigma_px": 2.0, "sigma_m": 0.3} for point in rows()]
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [point["lon"], point["lat"]]},
            "properties": {name: point[name] for name in ("x_px", "y_px", "sigma_px", "sigma_m")},
        }
        for point in points
    ]
    file = tmp_path / "p.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    one = run_calibration(file, WH, "wgs84", tmp_path / "v.yaml")
    other = run_calibration(csv_of(tmp_path / "p.csv", points), WH, "wgs84", tmp_path / "w.yaml")
    assert one.block == other.block and one.block["control_points"][0]["sigma_m"] == 0.3


def test_the_fit_is_drawn_on_the_look(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "look.png"), np.full((360, 640, 3), (10, 200, 30), np.uint8))
    points = rows()
    run_calibration(
        csv_of(tmp_path / "p.csv", points), WH, "wgs84", tmp_path / "v.yaml", tmp_path / "look.png"
    )
    drawing = cv2.imread(str(tmp_path / "v.png"))
    assert drawing is not None and drawing[5, 5].tolist() == [10, 200, 30]
    ring = drawing[round(points[0]["y_px"]) - 8 :, round(points[0]["x_px"]) - 8 :][:17, :17]
    assert (np.abs(ring.astype(int) - (80, 220, 80)).max(axis=2) < 30).any()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "the columns lat, lon, x_px, y_px are missing"),
        ("x_px,y_px,lon,lat\n", "0 control points cannot give a plane"),
        ("x_px,y_px,lon\n1,2,3\n", "the columns lat are missing"),
        ("x_px,y_px,lon,lat\n1,2,116.4,39.9\n1,zwei,116.4,39.9\n", "line 3: could not convert"),
        ("x_px,y_px,lon,lat\n1,2,39.9,116.4\n", "longitude and latitude seem to be exchanged"),
        ("x_px,y_px,lon,lat,sigma_m\n1,2,116.4,39.9,0\n", "an error must be greater than 0"),
        ("x_px,y_px,lon,lat\n1,2,nan,39.9\n", "exchanged, or are metres"),
        ("x_px,y_px,lon,lat\nnan,2,116,39.9\n" * 1 + "1,2,116,39.9\n" * 4, "not finite"),
    ],
)
def test_a_bad_list_is_refused_with_the_line_and_nothing_is_written(
    tmp_path: Path, content: str, reason: str
) -> None:
    file = tmp_path / "p.csv"
    file.write_text(content)
    with pytest.raises(CalibrationRejected, match=reason):
        run_calibration(file, WH, "wgs84", tmp_path / "v.yaml")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p.csv"]


@pytest.mark.parametrize(
    "content",
    [
        '{"type": "FeatureCollection"}',
        "[1, 2]",
        "{",
        '{"features": [{"geometry": null, "properties": {}}]}',
        '{"features": [{"geometry": {"coordinates": [[1, 2]]}, "properties": {"x_px": 1, "y_px": 2}}]}',
    ],
)
def test_a_geojson_of_something_else_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "p.geojson"
    file.write_text(content)
    with pytest.raises(CalibrationRejected):
        run_calibration(file, WH, "wgs84", tmp_path / "v.yaml")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_bytes(b"x_px,y_px,lon,lat\n\xff\xfe\x80,1,2,3\n")
    with pytest.raises(CalibrationRejected, match="no UTF-8 text"):
        run_calibration(tmp_path / "p.csv", WH, "wgs84", tmp_path / "v.yaml")


@pytest.mark.parametrize(
    ("size", "reason"),
    [(None, "no picture that can be read"), ((640, 640), "of another shape than 1280x720")],
)
def test_a_look_that_cannot_be_the_one_is_refused_before_anything_is_written(
    tmp_path: Path, size: tuple[int, int] | None, reason: str
) -> None:
    look = tmp_path / "look.png"
    if size is None:
        look.write_bytes(b"no picture")
    else:
        cv2.imwrite(str(look), np.zeros((size[1], size[0], 3), np.uint8))
    with pytest.raises(CalibrationRejected, match=reason):
        run_calibration(csv_of(tmp_path / "p.csv", rows()), WH, "wgs84", tmp_path / "v.yaml", look)
    assert not (tmp_path / "v.yaml").exists()
