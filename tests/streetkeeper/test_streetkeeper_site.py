"""`streetkeeper site check` as a stranger meets it: each fault with key path, problem and remedy."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from contracts.site_check import SiteRejected
from stream_workers.site_watch import SiteWatch
from streetkeeper.main import app

EXAMPLE = Path(__file__).parents[2] / "config" / "site.example.yaml"
Document = dict[str, Any]


def check(path: Path) -> tuple[int, str]:
    shown = CliRunner().invoke(app, ["site", "check", str(path)], env={"COLUMNS": "400"})
    return shown.exit_code, shown.output


def first_calibrated(document: Document) -> Document:
    return next(camera for camera in document["cameras"] if "calibration" in camera["views"][0])


def px_zone(document: Document, polygon: list[list[float]]) -> None:
    document["zones"].append(
        {
            "id": "odd",
            "kind": "ignored",
            "view": first_calibrated(document)["views"][0]["id"],
            "polygon_px": polygon,
        }
    )


def points(document: Document) -> list[Document]:
    found: list[Document] = first_calibrated(document)["views"][0]["calibration"]["control_points"]
    return found


def on_a_line(document: Document) -> None:
    for number, point in enumerate(points(document)):
        point["px"] = [100 + 50 * number, 300 + 20 * number]


def without_legal_basis(document: Document) -> None:
    camera = next(camera for camera in document["cameras"] if "url" in camera.get("stream", {}))
    del camera["stream"]["legal_basis"]


def closed_for_ever(document: Document) -> None:
    document["schedules"].append({"id": "shut", "hours": [{"start": "09:00", "end": "09:00"}]})


@pytest.mark.parametrize(
    ("spoil", "path", "problem", "remedy"),
    [
        (
            lambda d: d["rules"][0].update(dwel_s=5),
            "rules[0].dwel_s",
            "unknown key",
            "Did you mean 'dwell_s'?",
        ),
        (
            lambda d: px_zone(d, [[100, 500], [300, 700], [300, 500], [100, 700]]),
            "].polygon_px",
            "the polygon crosses itself at [200 600]",
            "Name its corners in order around it",
        ),
        (
            lambda d: px_zone(d, [[9000, 9000], [9100, 9000], [9100, 9100]]),
            "].polygon_px",
            "lies outside the picture of",
            "Draw it on a look of this view",
        ),
        (closed_for_ever, "].hours", "schedule 'shut' never opens", "Write 00:00 to 24:00 for the whole day"),
        (
            lambda d: d["areas"][0].update(unit="nobody"),
            "areas[0].unit",
            "there is no unit 'nobody'",
            "Known are:",
        ),
        (
            lambda d: points(d).__delitem__(slice(3, None)),
            ".calibration.control_points",
            "3 control points cannot give a plane",
            "Measure at least 4, better 8",
        ),
        (on_a_line, ".calibration.control_points", "lie on a line (px)", "Add points beside that line"),
        (
            lambda d: d["units"].append(dict(d["units"][0])),
            "units",
            "stands 2 times",
            "Give each its own id",
        ),
        (
            without_legal_basis,
            ".stream.legal_basis",
            "a live stream without it does not start",
            "by which law",
        ),
    ],
)
def test_a_fault_is_told_with_its_key_path_the_problem_and_the_remedy(
    tmp_path: Path, spoil: Callable[[Document], object], path: str, problem: str, remedy: str
) -> None:
    document = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    spoil(document)
    spoilt = tmp_path / "site.yaml"
    spoilt.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    code, told = check(spoilt)
    assert code == 1
    (line,) = [line for line in told.splitlines() if line.startswith("error:") and path in line]
    assert problem in line and remedy in line


def contradictory(document: Document) -> None:
    """Every second point somewhere else: neither too few nor on a line, and no plane all the same."""
    for number, point in enumerate(points(document)):
        if number % 2:
            point["px"] = [1900 - point["px"][0], 1070 - point["px"][1] / 2]


def test_a_calibration_that_only_the_fit_can_refuse_is_told_before_a_worker_meets_it(tmp_path: Path) -> None:
    document = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    contradictory(document)
    path = tmp_path / "site.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    code, told = check(path)
    assert code == 1
    assert "cameras[0].views[0].calibration.control_points: " in told and "streetkeeper calibrate" in told
    with pytest.raises(SiteRejected, match="control_points"):
        SiteWatch(path)


def test_the_example_is_in_order() -> None:
    code, told = check(EXAMPLE)
    assert code == 0 and "in order" in told


def test_a_file_that_is_not_there_is_another_exit_code(tmp_path: Path) -> None:
    code, told = check(tmp_path / "none.yaml")
    assert code == 2 and "Name an existing, readable file" in told
