"""Evidence: before, arrival and now; the same looks give the same bytes; unmasked, there is nothing."""

import sys
import threading
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from stream_workers.evidence import EvidenceMaker, EvidenceResult
from stream_workers.look_ring import LookRing
from stream_workers.masking import DeadlineMask, Masker
from stream_workers.stills import BackgroundStills, StillMaker, StillStore
from tests.support.colour_people import BrokenDetector, ColourDetector, draw, ground, shows
from tests.support.full_disk import full_disk
from tests.support.png_looks import PngLook, decode, encode
from vision.errors import MaskFailed
from vision.privacy.mask import Masked, PrivacyMask
from vision.types import Box

pytestmark = pytest.mark.slow

START = datetime(2026, 5, 1, 8, tzinfo=UTC)
SIZE = (320, 240)
HEAP = (100, 100, 140, 130)
HEAP_BGR = (20, 120, 40)
SITTING = (150, 90, 165, 125)


def look(index: int, *, heap: bool, sitting: bool = False) -> NDArray[np.uint8]:
    """A street look: one passer-by at another place each time, perhaps the heap, perhaps somebody at rest."""
    image = draw(ground(SIZE), "person", (5 + 14 * (index % 20), 20, 15 + 14 * (index % 20), 60))
    if heap:
        image[HEAP[1] : HEAP[3], HEAP[0] : HEAP[2]] = HEAP_BGR
    return draw(image, "person", SITTING) if sitting else image


def seconds(at: float) -> datetime:
    return START + timedelta(seconds=at)


def ring_with_heap(since: int, until: int, *, start: int = 0, sitting: bool = False) -> LookRing[PngLook]:
    """Looks every ten seconds; the heap appears at look `since`."""
    ring: LookRing[PngLook] = LookRing()
    for index in range(start, until):
        ring.add(encode(look(index, heap=index >= since, sitting=sitting)), seconds(10 * index))
    return ring


def evidence_of(
    ring: LookRing[PngLook], masker: Masker | None, folder: Path, *, timeout_s: float = 30
) -> EvidenceMaker[PngLook]:
    maker = StillMaker(decode, DeadlineMask(masker, timeout_s))
    return EvidenceMaker(ring, StillStore(folder / "stills"), maker, folder / "evidence")


def picture(path: Path) -> NDArray[np.uint8]:
    return np.asarray(cv2.imread(str(path)), dtype=np.uint8)


def shows_heap(path: Path) -> bool:
    middle = picture(path)[105:125, 105:135].reshape(-1, 3).mean(axis=0)
    return bool(np.abs(middle - np.asarray(HEAP_BGR)).max() < 12)


def shown(result: EvidenceResult) -> dict[str, bool]:
    return {file.kind: shows_heap(file.path) for file in result.files}


def files_under(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_before_is_without_the_heap_and_arrival_and_now_show_it(tmp_path: Path) -> None:
    ring = ring_with_heap(10, 30)
    evidence = evidence_of(ring, PrivacyMask(ColourDetector()), tmp_path)
    result = evidence.for_incident(HEAP, seconds(100), seconds(290))
    assert shown(result) == {"before": False, "arrival": True, "now": True}
    assert result.note is None
    for file in result.files:
        assert sha256(file.path.read_bytes()).hexdigest() == file.sha256 == file.path.stem
        assert file.evidence_ref().href == f"evidence/{file.sha256}.jpg"
        assert file.evidence_ref().masked
        assert picture(file.path).shape == (240, 320, 3)
        assert shows(picture(file.path), "person") == 0


def test_the_same_looks_give_the_same_bytes(tmp_path: Path) -> None:
    hashes = []
    for run in ("one", "two"):
        evidence = evidence_of(ring_with_heap(10, 30), PrivacyMask(ColourDetector()), tmp_path / run)
        result = evidence.for_incident(HEAP, seconds(100), seconds(290))
        hashes.append([(file.kind, file.sha256) for file in result.files])
    assert hashes[0] == hashes[1]


def test_when_the_incident_is_as_young_as_the_looks_arrival_is_now(tmp_path: Path) -> None:
    evidence = evidence_of(ring_with_heap(10, 15), PrivacyMask(ColourDetector()), tmp_path)
    result = evidence.for_incident(HEAP, seconds(100), seconds(140))
    assert shown(result) == {"before": False, "now": True}


def test_what_the_ring_no_longer_holds_comes_from_the_stills_on_disk(tmp_path: Path) -> None:
    ring: LookRing[PngLook] = LookRing()
    mask = PrivacyMask(ColourDetector())
    store = StillStore(tmp_path / "stills")
    maker = StillMaker(decode, DeadlineMask(mask))
    stills = BackgroundStills(ring, maker, store)
    for index in range(300):
        ring.add(encode(look(index, heap=index >= 120)), seconds(10 * index))
        stills.keep_if_due(seconds(10 * index))
    evidence = EvidenceMaker(ring, store, maker, tmp_path / "evidence")
    result = evidence.for_incident(HEAP, seconds(1200), seconds(2990))
    assert shown(result) == {"before": False, "arrival": True, "now": True}


def test_what_is_there_from_the_start_has_no_before_and_says_so(tmp_path: Path) -> None:
    evidence = evidence_of(ring_with_heap(0, 20), PrivacyMask(ColourDetector()), tmp_path)
    result = evidence.for_incident(HEAP, seconds(0), seconds(190))
    assert shown(result) == {"arrival": True, "now": True}
    assert result.note is not None
    assert "before" in result.note


def test_without_stills_on_disk_the_ring_is_enough(tmp_path: Path) -> None:
    maker = StillMaker(decode, DeadlineMask(PrivacyMask(ColourDetector())))
    evidence = EvidenceMaker(ring_with_heap(2, 20), None, maker, tmp_path)
    assert shown(evidence.for_incident(HEAP, seconds(20), seconds(190))) == {
        "before": False,
        "arrival": True,
        "now": True,
    }


def test_somebody_at_rest_is_covered_in_every_picture(tmp_path: Path) -> None:
    ring = ring_with_heap(10, 30, sitting=True)
    evidence = evidence_of(ring, PrivacyMask(ColourDetector()), tmp_path)
    result = evidence.for_incident(HEAP, seconds(100), seconds(290))
    assert len(result.files) == 3
    assert (
        PrivacyMask(ColourDetector()).mask(decode(encode(look(3, heap=True, sitting=True))).bgr())[1].persons
    )
    for file in result.files:
        # Inside the box's margin the picture is sharp: only the mask can have hidden her there.
        seated = picture(file.path)[SITTING[1] : SITTING[3], SITTING[0] : SITTING[2]]
        assert len(np.unique(seated.reshape(-1, 3) // 16, axis=0)) <= 8


@pytest.mark.parametrize("fault", ["raises", "answers too few", "answers nan"])
@pytest.mark.parametrize("after", [0, 1, 2])
def test_nothing_reaches_the_disk_that_the_mask_did_not_pass(tmp_path: Path, fault: str, after: int) -> None:
    """The mask model fails at its first, second or third call, in the midst of a picture or between two."""
    ring = ring_with_heap(10, 30, sitting=True)
    evidence = evidence_of(ring, PrivacyMask(BrokenDetector(fault, after)), tmp_path)
    result = evidence.for_incident(HEAP, seconds(100), seconds(290))
    assert {file.path for file in result.files} == set(files_under(tmp_path))
    assert len(result.files) < 3
    assert result.note is not None
    assert result.note.startswith("the mask model")


class PassesThenFails:
    """Masks as many pictures as it is told, then raises."""

    def __init__(self, pictures: int) -> None:
        self.mask_pass = PrivacyMask(ColourDetector())
        self.left = pictures

    def mask(self, image_bgr: NDArray[np.uint8], keep: Box | None = None) -> Masked:
        if self.left == 0:
            raise ValueError("worn out")
        self.left -= 1
        return self.mask_pass.mask(image_bgr, keep)


@pytest.mark.parametrize("pictures", [0, 1, 2])
def test_a_mask_that_fails_midway_leaves_only_what_it_masked(tmp_path: Path, pictures: int) -> None:
    ring = ring_with_heap(10, 30, sitting=True)
    evidence = evidence_of(ring, PassesThenFails(pictures), tmp_path)
    result = evidence.for_incident(HEAP, seconds(100), seconds(290))
    assert [file.kind for file in result.files] == ["before", "arrival", "now"][:pictures]
    assert result.note == "the mask pass failed: worn out"
    on_disk = files_under(tmp_path)
    assert on_disk == sorted(file.path for file in result.files)
    assert all(shows(picture(path), "person") == 0 or _is_flat(path) for path in on_disk)


def _is_flat(path: Path) -> bool:
    seated = picture(path)[SITTING[1] : SITTING[3], SITTING[0] : SITTING[2]]
    return len(np.unique(seated.reshape(-1, 3) // 16, axis=0)) <= 8


def test_without_a_mask_model_there_is_no_picture_and_the_note_says_so(tmp_path: Path) -> None:
    result = evidence_of(ring_with_heap(10, 30), None, tmp_path).for_incident(
        HEAP, seconds(100), seconds(290)
    )
    assert result.files == ()
    assert result.note == "no mask model is installed"
    assert files_under(tmp_path) == []


class Hangs:
    """A run-time that never answers until it is let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()

    def mask(self, image_bgr: NDArray[np.uint8], keep: Box | None = None) -> Masked:
        self.let_go.wait(60)
        return PrivacyMask(ColourDetector()).mask(image_bgr, keep)


def test_a_mask_that_hangs_gives_no_picture_and_the_next_one_does_not_wait_for_it(tmp_path: Path) -> None:
    hanging = Hangs()
    evidence = evidence_of(ring_with_heap(10, 30), hanging, tmp_path, timeout_s=0.05)
    result = evidence.for_incident(HEAP, seconds(100), seconds(290))
    assert result.files == ()
    assert result.note is not None
    assert "took longer than 0.05 s" in result.note
    assert "not ended yet" in result.note
    assert files_under(tmp_path) == []
    hanging.let_go.set()


def test_after_a_hang_has_ended_pictures_are_masked_again() -> None:
    hanging = Hangs()
    mask = DeadlineMask(hanging, timeout_s=0.05)
    with pytest.raises(MaskFailed):
        mask.mask(ground(SIZE))
    hanging.let_go.set()
    patient = DeadlineMask(hanging, timeout_s=20)
    assert patient.mask(ground(SIZE))[1].persons == 0


def test_a_pass_whose_thread_ends_late_holds_up_no_later_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scheduler may leave a thread alive for a while after it has answered."""
    leave = threading.Event()

    class Lingers(threading.Thread):
        def run(self) -> None:
            super().run()
            leave.wait(60)

    monkeypatch.setattr(threading, "Thread", Lingers)
    mask = DeadlineMask(PrivacyMask(ColourDetector()), timeout_s=20)
    assert [mask.mask(ground(SIZE))[1].persons for _ in range(3)] == [0, 0, 0]
    leave.set()


class Shrinks:
    """A masker that gives back another picture than it got."""

    def mask(self, image_bgr: NDArray[np.uint8], keep: Box | None = None) -> Masked:
        return PrivacyMask(ColourDetector()).mask(image_bgr[::2, ::2], keep)


def test_a_masked_picture_of_another_size_is_refused() -> None:
    with pytest.raises(MaskFailed, match="turned"):
        DeadlineMask(Shrinks()).mask(ground(SIZE))


def test_on_a_full_disk_the_event_goes_without_a_picture_and_says_so(tmp_path: Path) -> None:
    evidence = evidence_of(ring_with_heap(10, 30), PrivacyMask(ColourDetector()), tmp_path)
    with full_disk():
        result = evidence.for_incident(HEAP, seconds(100), seconds(290))
    assert result.files == ()
    assert result.note is not None
    assert "disk" in result.note
    assert files_under(tmp_path) == []


def test_a_vehicle_that_is_the_incident_stays_visible_and_any_other_does_not(tmp_path: Path) -> None:
    stall = (100, 100, 180, 150)
    ring: LookRing[PngLook] = LookRing()
    for index in range(12):
        ring.add(encode(draw(ground(SIZE), "car", stall)), seconds(10 * index))
    evidence = evidence_of(ring, PrivacyMask(ColourDetector()), tmp_path)
    kept = evidence.for_incident(stall, seconds(0), seconds(110), vehicle_keep=True)
    assert shows(picture(kept.files[-1].path), "car") > 3600


def test_an_empty_ring_gives_no_picture_and_a_reason(tmp_path: Path) -> None:
    empty: LookRing[PngLook] = LookRing()
    result = evidence_of(empty, PrivacyMask(ColourDetector()), tmp_path).for_incident(
        HEAP, seconds(0), seconds(10)
    )
    assert result.files == ()
    assert result.note == "no look is held for 'before'; no look is held for 'now'"


def test_the_next_picture_is_not_refused_while_the_last_ones_thread_winds_up() -> None:
    mask = DeadlineMask(PrivacyMask(ColourDetector()), timeout_s=60)
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(2000):
            mask.mask(ground((16, 16)))
    finally:
        sys.setswitchinterval(interval_s)
