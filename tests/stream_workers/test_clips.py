"""A clip shows the seconds around an opening, every picture of it masked, or there is none and a reason."""

import math
import os
import sys
import threading
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from api.media import KINDS
from stream_workers.clips import ClipMaker, ClipRequest, ClipResult
from stream_workers.masking import DeadlineMask, Masker
from stream_workers.sources.decode import DecoderPool
from stream_workers.sources.packet_ring import PacketRing
from tests.support.clip_films import (
    FPS,
    HEAP,
    HEAP_BGR,
    SIZE,
    U8,
    coloured_film,
    passer_by,
    pictures_in,
    recognised,
    ring_of,
    street,
    where,
)
from tests.support.colour_people import BrokenDetector, ColourDetector, draw, ground, shows
from tests.support.films import make_film
from tests.support.full_disk import full_disk
from vision.privacy.cover import PrivacyZones
from vision.privacy.mask import Masked, MaskReport, MaskSettings, PrivacyMask
from vision.privacy.neighbours import covered_with_neighbours
from vision.protocols import Detector
from vision.types import Box

pytestmark = pytest.mark.slow

OPENED_S = 12.0
POOL = DecoderPool(workers=1)


def a_pass(detector: Detector | None = None) -> PrivacyMask:
    """The mask pass over drawn people; a small picture is looked at in one piece."""
    return PrivacyMask(detector or ColourDetector(), MaskSettings(work_px=SIZE[0] * SIZE[1]))


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return coloured_film(tmp_path_factory.mktemp("films") / "street.mp4")


@pytest.fixture(scope="module")
def ring(film: Path) -> PacketRing:
    return ring_of(film, OPENED_S + 5)


def clip_of(
    ring: PacketRing,
    masker: Masker | None,
    folder: Path,
    *,
    box: Box = HEAP,
    keep: bool = False,
    timeout_s: float = 30,
    zones: PrivacyZones | None = None,
) -> ClipResult:
    maker = ClipMaker(DeadlineMask(masker, timeout_s), zones or PrivacyZones(), folder / "evidence")
    request = ClipRequest("i", OPENED_S, box, vehicle_keep=keep)
    return maker.make(ring.cut(OPENED_S - 8, OPENED_S + 4), request, POOL)


def pictures_of(result: ClipResult) -> list[U8]:
    assert result.note is None, result.note
    assert result.file is not None
    return pictures_in(result.file.path)


def files_under(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_clip_is_twelve_seconds_of_h264_that_a_browser_plays_while_it_loads(
    ring: PacketRing, tmp_path: Path
) -> None:
    result = clip_of(ring, a_pass(), tmp_path)
    file = result.file
    assert file is not None
    content = file.path.read_bytes()
    assert file.path.name == f"{sha256(content).hexdigest()}.mp4" == f"{file.sha256}.mp4"
    assert file.evidence_ref().model_dump() == {
        "kind": "clip",
        "sha256": file.sha256,
        "href": f"evidence/{file.sha256}.mp4",
        "masked": True,
    }
    assert content.find(b"moov") < content.find(b"mdat")
    # What the case API takes is what a worker makes.
    assert KINDS["mp4"].is_whole(content)
    with av.open(BytesIO(content), "r") as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height) == SIZE
        times = [float(frame.time or 0.0) for frame in container.decode(stream)]
    assert times[0] == 0.0
    assert 11.5 <= times[-1] <= 12.0
    assert 35 <= len(times) <= 37


def film_number(number: int) -> int:
    """The film's picture that a clip's picture was taken from: the first of each third of a second."""
    return math.ceil(round((OPENED_S - 8 + number / 3) * FPS, 6))


class CoversNobody:
    """What a mask pass must never be."""

    def mask(self, image_bgr: U8, keep: Box | None = None) -> Masked:
        return image_bgr, MaskReport(0, 0, 0.0, ())


def best_recognised(pictures: list[U8]) -> float:
    return max(recognised(picture, where(film_number(number))) for number, picture in enumerate(pictures))


def test_nobody_is_recognised_in_any_picture_and_the_heap_is_in_all(ring: PacketRing, tmp_path: Path) -> None:
    pictures = pictures_of(clip_of(ring, a_pass(), tmp_path))
    assert best_recognised(pictures) < 0.4
    assert best_recognised(pictures_of(clip_of(ring, CoversNobody(), tmp_path))) > 0.8
    heap = [picture[104:110, 104:110].reshape(-1, 3).mean(axis=0) for picture in pictures]
    assert np.abs(np.median(heap, axis=0) - np.asarray(HEAP_BGR)).max() < 15


def test_the_ground_s_pattern_is_sharp_beside_the_heap_and_gone_further_away(
    ring: PacketRing, tmp_path: Path
) -> None:
    picture = pictures_of(clip_of(ring, a_pass(), tmp_path))[0]
    near = picture[94:98, 104:136].astype(float)
    far = picture[180:220, 200:300].astype(float)
    assert near.std(axis=0).max() > 6
    assert far.std(axis=0).max() < 3


def test_a_privacy_zone_is_black_before_anything_else_is_done(tmp_path: Path) -> None:
    empty = coloured_film(tmp_path / "f.mp4", lambda _: ground(SIZE, 200), seconds=16)
    zone = [(90.0, 90.0), (120.0, 90.0), (120.0, 115.0), (90.0, 115.0)]
    seen: list[U8] = []

    class Watching:
        def mask(self, image_bgr: U8, keep: Box | None = None) -> Masked:
            seen.append(image_bgr)
            return image_bgr, MaskReport(0, 0, 0.0, ())

    pictures = pictures_of(clip_of(ring_of(empty), Watching(), tmp_path, zones=PrivacyZones([zone])))
    assert all(picture[94:112, 94:117].max() < 30 for picture in pictures)
    assert len(seen) > 30
    assert all(image[94:112, 94:117].max() < 3 for image in seen)


class MissesEverySecond:
    """A mask pass that overlooks everybody in every second picture."""

    def __init__(self) -> None:
        self.passes = a_pass()
        self.count = 0

    def mask(self, image_bgr: U8, keep: Box | None = None) -> Masked:
        self.count += 1
        if self.count % 2:
            return image_bgr, MaskReport(0, 0, 0.0, ())
        return self.passes.mask(image_bgr, keep)


def test_who_hardly_moves_and_is_missed_in_one_picture_is_covered_by_its_neighbours(tmp_path: Path) -> None:
    resting = coloured_film(tmp_path / "f.mp4", lambda _: passer_by(ground(SIZE), (112, 92)))
    ring = ring_of(resting, OPENED_S + 5)
    pictures = pictures_of(clip_of(ring, MissesEverySecond(), tmp_path))
    assert max(recognised(picture, (112, 92)) for picture in pictures) < 0.4
    unmasked = pictures_of(clip_of(ring, CoversNobody(), tmp_path))
    assert min(recognised(picture, (112, 92)) for picture in unmasked) > 0.8


@settings(deadline=None)
@given(
    st.lists(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 20)), max_size=3), min_size=1, max_size=6)
)
def test_every_frame_is_covered_where_it_or_a_neighbour_was(found: list[list[tuple[int, int]]]) -> None:
    rng = np.random.default_rng(1)
    frames: list[tuple[U8, list[tuple[int, int, int, int]]]] = [
        (rng.integers(0, 255, (40, 60, 3), dtype=np.uint8), [(x, y, x + 20, y + 15) for x, y in boxes])
        for boxes in found
    ]
    covered = list(covered_with_neighbours(iter(frames)))
    assert len(covered) == len(frames)
    for number, picture in enumerate(covered):
        mine = frames[number][0]
        inside = np.zeros(mine.shape[:2], np.bool_)
        for _, boxes in frames[max(0, number - 1) : number + 2]:
            for x1, y1, x2, y2 in boxes:
                inside[y1:y2, x1:x2] = True
                assert len(np.unique(picture[y1:y2, x1:x2].reshape(-1, 3), axis=0)) <= 12 * len(found) * 3
        assert np.array_equal(picture[~inside], mine[~inside])
        if inside.any():
            assert not np.array_equal(picture[inside], mine[inside])


@pytest.mark.parametrize("fault", ["raises", "answers too few", "answers nan"])
@pytest.mark.parametrize("after", [0, 1, 20, 36])
def test_when_any_picture_is_not_masked_nothing_at_all_is_on_disk(
    ring: PacketRing, tmp_path: Path, fault: str, after: int
) -> None:
    result = clip_of(ring, a_pass(BrokenDetector(fault, after)), tmp_path)
    assert result.file is None
    assert result.note is not None
    assert result.note.startswith("no clip: the mask model")
    assert files_under(tmp_path) == []


def test_without_a_mask_model_there_is_no_clip(ring: PacketRing, tmp_path: Path) -> None:
    assert clip_of(ring, None, tmp_path) == ClipResult(None, "no clip: no mask model is installed")
    assert files_under(tmp_path) == []


class HangsAt:
    """A run-time that stops answering at its n-th picture."""

    def __init__(self, number: int) -> None:
        self.left = number
        self.let_go = threading.Event()
        self.passes = a_pass()

    def mask(self, image_bgr: NDArray[np.uint8], keep: Box | None = None) -> Masked:
        self.left -= 1
        if self.left < 0:
            self.let_go.wait(60)
        return self.passes.mask(image_bgr, keep)


def test_a_mask_pass_that_hangs_in_the_midst_of_a_clip_leaves_none(ring: PacketRing, tmp_path: Path) -> None:
    hanging = HangsAt(5)
    result = clip_of(ring, hanging, tmp_path, timeout_s=0.5)
    assert result.note is not None
    assert "took longer than 0.5 s" in result.note
    assert files_under(tmp_path) == []
    hanging.let_go.set()


def test_nothing_is_written_before_the_last_picture_is_masked(ring: PacketRing, tmp_path: Path) -> None:
    seen: list[list[Path]] = []

    class Watching:
        passes = a_pass()

        def mask(self, image_bgr: U8, keep: Box | None = None) -> Masked:
            seen.append(files_under(tmp_path))
            return self.passes.mask(image_bgr, keep)

    assert clip_of(ring, Watching(), tmp_path).file is not None
    assert len(seen) > 30
    assert all(files == [] for files in seen)


OPENED_FOR_WRITING: list[str] = []
WATCHED = threading.Event()


def _note_opened(event: str, values: tuple[object, ...]) -> None:
    if event == "open" and WATCHED.is_set() and int(str(values[2])) & (os.O_WRONLY | os.O_RDWR):
        OPENED_FOR_WRITING.append(str(values[0]))


def test_the_one_file_that_is_written_anywhere_is_the_whole_masked_clip(
    ring: PacketRing, tmp_path: Path
) -> None:
    sys.addaudithook(_note_opened)  # stays, and does nothing unless watched
    WATCHED.set()
    try:
        file = clip_of(ring, a_pass(), tmp_path).file
    finally:
        WATCHED.clear()
    assert file is not None
    assert [f"{file.path}.partial"] == OPENED_FOR_WRITING
    assert files_under(tmp_path) == [file.path]


def test_the_same_packets_give_the_same_bytes(ring: PacketRing, tmp_path: Path) -> None:
    made = [clip_of(ring, a_pass(), tmp_path / name).file for name in ("one", "two")]
    assert made[0] is not None and made[1] is not None
    assert made[0].sha256 == made[1].sha256


def test_on_a_full_disk_there_is_no_clip_and_nothing_half(ring: PacketRing, tmp_path: Path) -> None:
    with full_disk():
        result = clip_of(ring, a_pass(), tmp_path)
    assert result.note is not None
    assert "disk" in result.note
    assert files_under(tmp_path) == []


def test_a_vehicle_that_is_the_incident_stays_and_its_box_is_scaled_with_the_picture(tmp_path: Path) -> None:
    stall = (700, 300, 1100, 620)

    def market(number: int) -> U8:
        return draw(ground((1920, 1080)), "car", stall)

    ring = ring_of(coloured_film(tmp_path / "big.mp4", market, seconds=14), 99)
    shown = pictures_of(clip_of(ring, a_pass(), tmp_path, box=stall, keep=True))[0]
    assert shown.shape == (720, 1280, 3)
    assert shows(shown, "car") > 0.9 * (400 * 320) * (2 / 3) ** 2


def test_a_car_that_passes_a_stall_is_covered_and_the_stall_is_not(tmp_path: Path) -> None:
    stall = (100, 100, 180, 150)

    def market(number: int) -> U8:
        image = ground(SIZE)
        image[100:150, 100:180] = (0, 255, 255)
        image[100:150:4, 100:180] = (0, 190, 255)
        x = 10 + number % 60
        image[160:180, x : x + 40] = (0, 255, 255)
        image[160:180:4, x : x + 40] = (0, 190, 255)
        return image

    ring = ring_of(coloured_film(tmp_path / "market.mp4", market), OPENED_S + 5)
    kept = pictures_of(clip_of(ring, a_pass(), tmp_path, box=stall, keep=True))
    assert min(np.asarray(picture[104:146, 110:170], float).std(axis=0).max() for picture in kept) > 10
    covered = pictures_of(clip_of(ring, a_pass(), tmp_path, box=stall))
    assert max(np.asarray(picture[104:146, 110:130], float).std(axis=0).max() for picture in covered) < 6


@pytest.mark.parametrize("size", [(321, 241), (64, 48), (1281, 721)])
def test_any_size_of_picture_becomes_a_film_with_even_sides(tmp_path: Path, size: tuple[int, int]) -> None:
    even = (size[0] // 2 * 2, size[1] // 2 * 2)
    planes = cv2.resize(street(0), even)
    ring = ring_of(coloured_film(tmp_path / "f.mp4", lambda _: np.asarray(planes, np.uint8), seconds=14), 99)
    picture = pictures_of(clip_of(ring, a_pass(), tmp_path, box=(10, 10, 30, 30)))[0]
    assert picture.shape[0] % 2 == picture.shape[1] % 2 == 0
    assert max(picture.shape) <= 1280


def test_pictures_that_are_reordered_come_in_order_and_once(tmp_path: Path) -> None:
    ring = ring_of(coloured_film(tmp_path / "b.mp4", gop=40, b_frames=2), OPENED_S + 4)
    pictures = pictures_of(clip_of(ring, a_pass(), tmp_path))
    assert 34 <= len(pictures) <= 37


@pytest.mark.parametrize("codec", ["libx265", "mpeg4"])
def test_a_stream_of_another_codec_becomes_the_same_kind_of_clip(tmp_path: Path, codec: str) -> None:
    ring = ring_of(make_film(tmp_path / f"{codec}.mp4", codec=codec, seconds=18))
    pictures = pictures_of(clip_of(ring, a_pass(), tmp_path, box=(10, 5, 300, 40)))
    assert 34 <= len(pictures) <= 37
    # The film's upper quarter is brighter from second to second: the clip shows the fourth to the sixteenth.
    levels = [float(picture[10:30, 50:250].mean()) for picture in pictures]
    assert np.corrcoef(levels, range(len(levels)))[0, 1] > 0.95
    assert levels[-1] - levels[0] == pytest.approx(12 * 8 * 255 / 219, abs=20)


@pytest.mark.parametrize("gop_s", [30, 60])
def test_where_keyframes_are_too_far_apart_there_is_no_clip_and_the_reason(
    tmp_path: Path, gop_s: int
) -> None:
    ring = ring_of(coloured_film(tmp_path / "rare.mp4", seconds=gop_s, gop=gop_s * FPS), gop_s)
    maker = ClipMaker(DeadlineMask(a_pass()), PrivacyZones(), tmp_path / "evidence")
    request = ClipRequest("i", gop_s - 3.0, HEAP)
    assert maker.make(ring.cut(gop_s - 11, gop_s), request, POOL).note == (
        "no clip: the moment is not held: keyframes are too far apart, or it came too late"
    )


def test_a_clip_whose_seconds_before_are_not_all_held_begins_later(film: Path, tmp_path: Path) -> None:
    late = PacketRing(longest_s=8.0)
    whole = ring_of(film, OPENED_S + 4)
    cut = whole.cut(0, 99)
    assert cut.kind is not None
    for packet in cut.packets:
        late.take(packet, cut.kind)
    assert 20 <= len(pictures_of(clip_of(late, a_pass(), tmp_path))) <= 25


def test_a_box_outside_the_picture_and_damaged_packets_give_a_reason_or_a_clip_and_never_an_error(
    ring: PacketRing, tmp_path: Path
) -> None:
    outside = clip_of(ring, a_pass(), tmp_path, box=(500, 500, 600, 600))
    assert outside.note is not None and outside.note.startswith("no clip: box")
    cut = ring.cut(4, 16)
    assert cut.kind is not None
    broken = PacketRing()
    for number, packet in enumerate(cut.packets):
        torn = packet.content[: len(packet.content) // 2] if number % 3 else packet.content
        broken.take(type(packet)(packet.time_s, packet.is_keyframe, torn), cut.kind)
    result = clip_of(broken, a_pass(), tmp_path)
    assert (result.file is None) == (result.note is not None)
