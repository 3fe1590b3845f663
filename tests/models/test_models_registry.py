"""The shipped models are what the manifest says, and find what the demo shows."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from models.registry import FOLDER, MANIFEST, load_manifest, open_detector
from sample_videos.drawn import Kind, draw_background, draw_object
from vision.errors import ModelRejected

pytestmark = pytest.mark.slow


def copy_of_manifest(tmp_path: Path, **changes: object) -> Path:
    document = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    document["models"][0].update(changes)
    (tmp_path / "weights").mkdir(exist_ok=True)
    for name in ("detector.onnx", "mask.onnx"):
        (tmp_path / "weights" / name).write_bytes((FOLDER / "weights" / name).read_bytes())
    path = tmp_path / "manifest.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


def scene(kind: Kind, seed: int, size: int = 140) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    picture = draw_background(seed, (480, 480)).astype(np.float32)
    bgr, alpha = draw_object(kind, seed, size)
    height, width = alpha.shape
    window = picture[200 : 200 + height, 160 : 160 + width]
    window[:] = window * (1 - alpha[..., None]) + bgr * alpha[..., None]
    return picture.astype(np.uint8)


def test_every_shipped_model_has_card_licence_and_a_file_of_at_most_12_megabytes() -> None:
    for entry in load_manifest().models:
        assert entry.licence == "AGPL-3.0"
        assert (FOLDER / entry.card).is_file()
        assert (FOLDER / entry.file).stat().st_size == entry.bytes <= 12_000_000
        assert open_detector(entry.name).names == tuple(entry.classes)


def test_a_changed_file_is_refused_with_what_to_do(tmp_path: Path) -> None:
    manifest = copy_of_manifest(tmp_path)
    weights = tmp_path / "weights" / "detector.onnx"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x00")
    with pytest.raises(ModelRejected, match="restore it, or enter the new hash if"):
        open_detector(manifest=manifest)


def test_a_missing_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    manifest = copy_of_manifest(tmp_path, file="weights/gone.onnx")
    with pytest.raises(ModelRejected, match=r"gone\.onnx is not there: restore it") as refused:
        open_detector(manifest=manifest)
    assert isinstance(refused.value, FileNotFoundError)


def test_a_missing_or_unreadable_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelRejected, match="is not there"):
        load_manifest(tmp_path / "manifest.yaml")
    (tmp_path / "manifest.yaml").write_bytes(b"\xff\xfe models")
    with pytest.raises(ModelRejected, match=r"manifest\.yaml"):
        load_manifest(tmp_path / "manifest.yaml")


def test_a_wrong_class_list_is_refused(tmp_path: Path) -> None:
    manifest = copy_of_manifest(tmp_path, classes=["only", "two"], calibration={}, thresholds={})
    with pytest.raises(ModelRejected, match="is the class list of its manifest entry right"):
        open_detector(manifest=manifest)


def test_the_shipped_detector_is_calibrated_for_every_class_and_the_mask_model_keeps_its_scores() -> None:
    detector, mask = (load_manifest().entry(name) for name in ("detector", "mask"))
    assert set(detector.calibration) == set(detector.classes)
    assert not mask.calibration and not mask.recall


def test_a_calibration_that_cannot_be_is_refused(tmp_path: Path) -> None:
    calibration = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))["models"][0]["calibration"]
    without = {name: line for name, line in calibration.items() if name != "car"}
    with pytest.raises(ModelRejected, match=r"calibration leaves out \['car'\].*models calibrate"):
        open_detector(manifest=copy_of_manifest(tmp_path, calibration=without))
    with pytest.raises(ModelRejected, match=r"has no class \['horse'\]"):
        open_detector(
            manifest=copy_of_manifest(tmp_path, calibration=calibration | {"horse": calibration["car"]})
        )
    for key, value in (("slope", 0.0), ("slope", -1.0), ("shift", 99.0), ("recall", 1.0)):
        faulty = calibration | {"car": calibration["car"] | {key: value}}
        with pytest.raises(ModelRejected, match=rf"car\.{key}"):
            open_detector(manifest=copy_of_manifest(tmp_path, calibration=faulty))


def test_a_detector_gives_its_own_scores_where_it_is_to_be_calibrated() -> None:
    picture = scene("heap", 3)
    entry = load_manifest().entry("detector")
    own = open_detector(least_score=0.1).detect([picture])[0].of("garbage_pile")
    given = open_detector().detect([picture])[0].of("garbage_pile")
    assert np.allclose(entry.maps["garbage_pile"].apply(own.scores[: len(given)]), given.scores, atol=1e-5)


def test_unknown_keys_and_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelRejected, match="colour"):
        open_detector(manifest=copy_of_manifest(tmp_path, colour="blue"))
    with pytest.raises(ModelRejected, match=r"it has \['detector', 'mask'\]"):
        load_manifest().entry("nothing")


@pytest.mark.parametrize(("kind", "name"), [("stall", "street_vendor"), ("heap", "garbage_pile")])
def test_drawn_things_of_the_demos_seeds_are_found(kind: Kind, name: str) -> None:
    detector = open_detector()
    found = [detector.detect([scene(kind, seed)])[0].of(name) for seed in range(6)]
    assert sum(len(rows) > 0 and float(rows.scores.max()) > 0.4 for rows in found) >= 5


def test_an_empty_drawn_street_shows_nothing_that_rules_are_about() -> None:
    detector = open_detector()
    for seed in range(4):
        found = detector.detect([draw_background(seed, (480, 480))])[0]
        assert len(found.of("street_vendor", "garbage_pile", "overflowing_bin", "construction_debris")) == 0


@pytest.mark.parametrize("kind", ["walker", "car"])
def test_drawn_walkers_and_cars_are_neither_stalls_nor_heaps(kind: Kind) -> None:
    detector = open_detector()
    sizes = {"walker": (24, 40), "car": (120, 220)}[kind]
    for seed, size in ((seed, size) for seed in range(5) for size in sizes):
        found = detector.detect([scene(kind, seed, size)])[0].of("street_vendor", "garbage_pile")
        assert len(found) == 0 or float(found.scores.max()) < 0.3, (kind, seed, size)


def test_the_card_of_each_model_names_the_file_that_is_shipped() -> None:
    for entry in load_manifest().models:
        card = (FOLDER / entry.card).read_text(encoding="utf-8")
        assert entry.version in card and entry.sha256[:8] in card, entry.name
        assert all(name in card for name in entry.classes), entry.name
