"""A recheck over real stills, looks and the mask pass: gone, still there, and when it cannot be told."""

import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from contracts.command import Command, CommandKind
from contracts.site import View
from stream_workers.command_kinds.pictures import capture_baseline, snapshot
from stream_workers.command_kinds.recheck import recheck
from stream_workers.command_kinds.workbench import Done, Errand, Workbench
from stream_workers.look_ring import LookRing
from stream_workers.masking import DeadlineMask
from stream_workers.sight import NothingToShow, Sight, Sights
from stream_workers.stills import MaskedStill, StillMaker, StillStore
from tests.support.colour_people import ColourDetector, draw, shows
from tests.support.png_looks import PngLook, decode, encode
from vision.privacy.mask import MaskReport, PrivacyMask
from vision.types import Detections

SIZE = (320, 240)
HEAP = (100, 100, 150, 140)
NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)
PLAIN = View(id="v")


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test's own present: minutes may have passed since this module was read."""
    monkeypatch.setattr(sys.modules[__name__], "NOW", datetime.now(UTC).replace(microsecond=0))


def place_of(x: float, y: float) -> tuple[float, float]:
    """Where a pixel is on the ground: the street is seen from above, 38.6 m across."""
    return 104 + x / SIZE[0] * 4e-4, 30 - y / SIZE[1] * 3e-4


CALIBRATED = View.model_validate(
    {
        "id": "v",
        "calibration": {
            "picture_wh": SIZE,
            "control_points": [
                {"px": (x, y), "lonlat": place_of(x, y)} for x in (20, 160, 300) for y in (20, 120, 220)
            ],
        },
    }
)


def street(*, heap: bool, person_at: int | None = None) -> NDArray[np.uint8]:
    rng = np.random.default_rng(4)
    picture = np.asarray(cv2.resize(rng.integers(80, 170, (12, 16, 3), dtype=np.uint8), SIZE), np.uint8)
    if heap:
        picture[HEAP[1] : HEAP[3], HEAP[0] : HEAP[2]] = (20, 220, 40)
    return picture if person_at is None else draw(picture, "person", (person_at, 20, person_at + 10, 60))


class ToldDetector:
    """Finds a heap where it is told that one is."""

    names = ("garbage_pile", "person")

    def __init__(self, *, finds: bool) -> None:
        self._finds = finds

    def detect(self, images: Any) -> list[Detections]:
        height, width = images[0].shape[:2]
        box = [[width / 2 - 25, height / 2 - 20, width / 2 + 25, height / 2 + 20]] if self._finds else []
        found = np.array(box, np.float32).reshape(-1, 4)
        count = len(found)
        return [Detections(found, np.full(count, 0.9, np.float32), np.zeros(count, np.int64), self.names)]


def bench_with(
    tmp_path: Path,
    *,
    heap_now: bool,
    finds: bool | None = None,
    age: timedelta = timedelta(0),
    view: View = PLAIN,
) -> Workbench:
    """A view that was empty four hours ago, showed a heap from three hours ago on, and now what is told."""
    mask = DeadlineMask(PrivacyMask(ColourDetector()), 30)
    stills = StillStore(tmp_path / "stills")
    report = MaskReport(0, 0, 0.0, ())
    for hours, heap in ((4, False), (1, True)):
        stills.add(MaskedStill(street(heap=heap), NOW - hours * HOUR, 5, report))
    ring: LookRing[PngLook] = LookRing()
    for number in range(6):
        looked = street(heap=heap_now, person_at=40 * number + 5)
        ring.add(encode(looked), NOW - age - timedelta(seconds=10 * (6 - number)))
    sights = Sights()
    maker = StillMaker(decode, mask)
    sight = Sight(view, ring, maker, stills, tmp_path / "evidence", 10.0, lambda: False)  # type: ignore[arg-type]
    sights.show("gate", sight)
    detector = None if finds is None else ToldDetector(finds=finds)
    parts = SimpleNamespace(sights=sights, models=SimpleNamespace(detector=detector), stop=threading.Event())
    return cast(Workbench, parts)


def errand(kind: CommandKind, camera: str = "gate", **body: Any) -> Errand:
    return Errand(
        Command(
            command_id="c",
            kind=kind,
            camera_id=camera,
            body=body,
            token="t",  # noqa: S106
            lease_s=60,
            expires_at=NOW + HOUR,
            attempt=1,
        )
    )


def look_again(bench: Workbench, **changed: Any) -> Done:
    body = {
        "category": "garbage_pile",
        "first_seen": NOW - 3 * HOUR,
        "last_seen": NOW - timedelta(minutes=30),
        "box_xyxy_px": HEAP,
        "picture_wh": SIZE,
        **changed,
    }
    return recheck(errand(CommandKind.RECHECK, **body), bench)


@pytest.mark.parametrize(
    ("heap_now", "finds", "answer"),
    [
        (False, False, "gone"),
        (False, None, "gone"),
        (True, True, "still_there"),
        (True, None, "still_there"),
        (False, True, "cannot_tell"),
    ],
)
def test_a_recheck_answers_with_a_masked_pair(
    tmp_path: Path, heap_now: bool, finds: bool | None, answer: str
) -> None:
    done = look_again(bench_with(tmp_path, heap_now=heap_now, finds=finds))
    assert done.answer["answer"] == answer, done.answer
    assert [file.kind for file in done.files] == ["before", "now"]
    for file in done.files:
        shown = cv2.imread(str(file.path))
        assert shown is not None and shows(np.asarray(shown, np.uint8), "person") == 0


def test_without_a_look_of_now_it_cannot_tell(tmp_path: Path) -> None:
    done = look_again(bench_with(tmp_path, heap_now=False, age=timedelta(minutes=30)))
    assert (done.answer["answer"], list(done.files)) == ("cannot_tell", [])
    assert "last look" in done.answer["why"]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"box_xyxy_px": (500, 500, 600, 600)}, "outside"),
        ({"box_xyxy_px": None, "picture_wh": None, "lonlat": (104, 30)}, "not calibrated"),
        ({"first_seen": NOW - 10 * HOUR, "last_seen": NOW - 9 * HOUR}, "no still"),
    ],
)
def test_a_place_that_it_cannot_show_is_no_answer(tmp_path: Path, changed: dict[str, Any], why: str) -> None:
    done = look_again(bench_with(tmp_path, heap_now=False), **changed)
    assert done.answer["answer"] == "cannot_tell"
    assert why in done.answer["why"]


def test_a_snapshot_of_a_time_is_the_nearest_still_and_one_of_now_has_no_passers_by(tmp_path: Path) -> None:
    bench = bench_with(tmp_path, heap_now=True)
    then = snapshot(errand(CommandKind.SNAPSHOT, when="at", at=NOW - 3 * HOUR - timedelta(minutes=50)), bench)
    assert then.answer["captured_at"].startswith(f"{NOW - 4 * HOUR:%Y-%m-%dT%H:%M:%S}")
    now = snapshot(errand(CommandKind.SNAPSHOT, when="now"), bench)
    shown = cv2.imread(str(now.files[0].path))
    assert shown is not None and shows(np.asarray(shown, np.uint8), "person") == 0
    with pytest.raises(NothingToShow):
        snapshot(errand(CommandKind.SNAPSHOT, camera="other", when="now"), bench)


def test_a_baseline_shows_now_and_what_is_kept(tmp_path: Path) -> None:
    done = capture_baseline(
        errand(CommandKind.CAPTURE_BASELINE, count=3), bench_with(tmp_path, heap_now=True)
    )
    assert [still["captured_at"][:10] for still in done.answer["stills"]]
    assert len(done.answer["stills"]) == 3 and done.answer["picture_wh"] == list(SIZE)


def test_a_camera_that_did_not_see_it_finds_the_place_by_its_calibration(tmp_path: Path) -> None:
    bench = bench_with(tmp_path, heap_now=False, view=CALIBRATED)
    middle = place_of((HEAP[0] + HEAP[2]) / 2, (HEAP[1] + HEAP[3]) / 2)
    done = look_again(bench, box_xyxy_px=None, picture_wh=None, lonlat=middle, radius_m=2.5)
    x1, y1, x2, y2 = done.answer["box_xyxy_px"]
    assert abs((x1 + x2) / 2 - 125) < 2 and y1 < 120 < y2
    assert 35 < x2 - x1 < 48  # five metres at 8.3 pixels a metre
    assert done.answer["answer"] == "gone", done.answer
    far = look_again(bench, box_xyxy_px=None, picture_wh=None, lonlat=(104.01, 30))
    assert far.answer["answer"] == "cannot_tell"
