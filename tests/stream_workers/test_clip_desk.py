"""Clips beside the looks: ordered without waiting, made one after the other, refused when too many."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from contracts.incident import Incident
from stream_workers import clip_desk
from stream_workers.clip_desk import ClipDesk, FileClips, LiveClips
from stream_workers.clips import ClipMaker
from stream_workers.evidence import EvidenceFile
from stream_workers.masking import DeadlineMask, Masker
from stream_workers.sources.packet_ring import HeldPacket, PacketTap, StreamKind
from tests.support.an_incident import INCIDENT
from tests.support.clip_films import HEAP, U8, coloured_film, packets_of, ring_of
from tests.support.colour_people import ColourDetector
from tests.support.waiting import wait_until
from vision.privacy.cover import PrivacyZones
from vision.privacy.mask import Masked, MaskSettings, PrivacyMask
from vision.types import Box

pytestmark = pytest.mark.slow

Packets = list[tuple[HeldPacket, StreamKind]]


def make_incident(**changes: object) -> Incident:
    return Incident.model_validate(INCIDENT | changes)


class Camera:
    """A connected source whose packets a test sends."""

    def __init__(self, packets: Packets) -> None:
        self.left = list(packets)
        self.seen_by: PacketTap | None = None

    def tap(self, tap: PacketTap | None) -> None:
        self.seen_by = tap

    def send(self, until_s: float) -> None:
        while self.left and self.left[0][0].time_s <= until_s:
            packet, kind = self.left.pop(0)
            assert self.seen_by is not None
            self.seen_by.take(packet, kind)


def a_pass() -> PrivacyMask:
    return PrivacyMask(ColourDetector(), MaskSettings(work_px=320 * 240))


class Slow:
    """A mask pass that waits in its first picture until it is let go."""

    def __init__(self) -> None:
        self.begun, self.let_go = threading.Event(), threading.Event()

    def mask(self, image_bgr: U8, keep: Box | None = None) -> Masked:
        self.begun.set()
        self.let_go.wait(60)
        return a_pass().mask(image_bgr, keep)


@pytest.fixture(scope="module")
def packets(tmp_path_factory: pytest.TempPathFactory) -> Packets:
    return packets_of(coloured_film(tmp_path_factory.mktemp("films") / "street.mp4"))


@contextmanager
def working(desk: ClipDesk) -> Iterator[threading.Event]:
    stop = threading.Event()
    thread = threading.Thread(target=desk.run, args=(stop,))
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


class View:
    """A live view's clips, and the files that they gave."""

    def __init__(self, desk: ClipDesk, folder: Path, masker: Masker | None = None) -> None:
        self.kept: list[EvidenceFile] = []
        maker = ClipMaker(DeadlineMask(masker or a_pass()), PrivacyZones(), folder / "evidence")
        self.clips = LiveClips(desk, "cam", maker, self.kept.append)

    def opens(self, name: str, at_s: float = 12.0) -> None:
        incident = make_incident(incident_id=name, media_time_s=at_s, box_xyxy_px=HEAP)
        assert self.clips.order(incident).is_awaited

    def note(self, name: str) -> str:
        wait_until(lambda: not self.clips.ask(name).is_awaited)
        return self.clips.ask(name).note or ""


def test_a_clip_is_there_once_the_seconds_after_the_opening_have_come(
    tmp_path: Path, packets: Packets
) -> None:
    desk, camera = ClipDesk(), Camera(packets)
    view = View(desk, tmp_path)
    with working(desk), desk.tapped("cam", camera):
        camera.send(12.0)
        view.opens("i")
        camera.send(15.5)
        time.sleep(0.3)
        assert view.clips.ask("i").is_awaited
        camera.send(16.5)
        assert view.note("i") == ""
        answer = view.clips.ask("i")
    assert answer.ref is not None
    assert answer.ref.kind == "clip"
    assert view.kept[0].path == tmp_path / "evidence" / f"{answer.ref.sha256}.mp4"
    assert view.kept[0].path.is_file()
    assert view.clips.ask("i") == answer


def test_a_camera_that_is_lost_in_the_seconds_after_leaves_a_shorter_clip_and_no_packets(
    tmp_path: Path, packets: Packets
) -> None:
    desk, camera = ClipDesk(), Camera(packets)
    view = View(desk, tmp_path)
    with working(desk):
        with desk.tapped("cam", camera):
            camera.send(12.0)
            view.opens("i")
            ring = desk._rings["cam"]._ring
        assert view.note("i") == ""
        assert view.clips.ask("i").ref is not None
        assert ring.held_bytes == 0
        assert camera.seen_by is None
        view.opens("later")
        assert view.note("later") == "no clip: the camera is not connected"


def test_when_too_many_open_at_once_the_last_get_no_clip_and_say_so(tmp_path: Path, packets: Packets) -> None:
    desk, camera, slow = ClipDesk(), Camera(packets), Slow()
    view = View(desk, tmp_path, slow)
    with working(desk), desk.tapped("cam", camera):
        camera.send(12.0)
        view.opens("first", 11.0)
        camera.send(15.1)
        assert slow.begun.wait(30)
        for name in ("second", "third", "fourth", "fifth"):
            view.opens(name)
        began = time.process_time()
        camera.send(17.0)
        assert time.process_time() - began < 5.0
        notes = {name: view.clips.ask(name).note for name in ("second", "third", "fourth", "fifth")}
        assert notes == {
            "second": None,
            "third": None,
            "fourth": "no clip: too many incidents opened at once",
            "fifth": "no clip: too many incidents opened at once",
        }
        slow.let_go.set()
        assert [view.note(name) for name in ("first", "second", "third")] == ["", "", ""]


def test_ordering_and_asking_do_not_wait_for_a_mask_pass_that_hangs(tmp_path: Path, packets: Packets) -> None:
    desk, camera, slow = ClipDesk(), Camera(packets), Slow()
    view = View(desk, tmp_path, slow)
    with working(desk), desk.tapped("cam", camera):
        camera.send(12.0)
        view.opens("hangs")
        camera.send(17.0)
        assert slow.begun.wait(30)
        assert view.clips.ask("hangs").is_awaited
        view.opens("next")
        camera.send(19.0)
        assert view.clips.ask("next").is_awaited
        slow.let_go.set()


def test_a_clip_that_is_not_done_in_time_is_given_up_for_good(
    tmp_path: Path, packets: Packets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clip_desk, "GIVEN_UP_AFTER_S", 0.2)
    desk, camera, slow = ClipDesk(), Camera(packets), Slow()
    view = View(desk, tmp_path, slow)
    with working(desk), desk.tapped("cam", camera):
        camera.send(12.0)
        view.opens("late")
        camera.send(17.0)
        assert slow.begun.wait(30)
        assert view.note("late") == "no clip: it was not done within 300 s"
        slow.let_go.set()
        time.sleep(0.5)
        assert view.note("late") == "no clip: it was not done within 300 s"
    assert view.kept == []


def test_a_worker_that_ends_leaves_the_clip_in_hand_and_is_gone_at_once(
    tmp_path: Path, packets: Packets
) -> None:
    desk, camera, slow = ClipDesk(), Camera(packets), Slow()
    view = View(desk, tmp_path, slow)
    with working(desk) as stop, desk.tapped("cam", camera):
        camera.send(12.0)
        view.opens("i")
        camera.send(17.0)
        assert slow.begun.wait(30)
        stop.set()
        slow.let_go.set()
    assert view.clips.ask("i").is_awaited
    assert list(tmp_path.rglob("*.mp4")) == []
    # The next process knows nothing of it.
    assert View(ClipDesk(), tmp_path).note("i") == (
        "no clip: the worker that was making it ended, or gave the camera up"
    )


def test_a_fault_in_one_clip_is_told_and_the_next_one_is_made(tmp_path: Path, packets: Packets) -> None:
    class Faulty(ClipMaker):
        def make(self, *_: object, **__: object) -> None:  # type: ignore[override]
            raise RuntimeError("a fault of ours")

    desk, camera = ClipDesk(), Camera(packets)
    view = View(desk, tmp_path)
    faulty = LiveClips(
        desk, "cam", Faulty(DeadlineMask(a_pass()), PrivacyZones(), tmp_path), view.kept.append
    )
    with working(desk), desk.tapped("cam", camera):
        camera.send(12.0)
        faulty.order(make_incident(incident_id="bad", media_time_s=12.0))
        view.opens("good")
        camera.send(17.0)
        assert view.note("bad") == "no clip: it failed: RuntimeError"
        assert view.note("good") == ""


def test_what_nobody_asks_for_any_more_is_forgotten(tmp_path: Path) -> None:
    desk = ClipDesk()
    view = View(desk, tmp_path)
    for number in range(clip_desk.MOST_REMEMBERED + 10):
        view.opens(f"i{number}")
    assert len(desk._orders) == clip_desk.MOST_REMEMBERED


def test_a_recording_s_clip_is_made_at_once(tmp_path: Path) -> None:
    ring = ring_of(coloured_film(tmp_path / "street.mp4"), 17.0)
    kept: list[EvidenceFile] = []
    clips = FileClips(
        ring, ClipMaker(DeadlineMask(a_pass()), PrivacyZones(), tmp_path / "evidence"), kept.append
    )
    answer = clips.order(make_incident(media_time_s=12.0, box_xyxy_px=HEAP))
    assert answer.ref is not None
    assert not answer.is_awaited
    assert [file.sha256 for file in kept] == [answer.ref.sha256]
