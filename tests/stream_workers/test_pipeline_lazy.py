"""Looks whose picture is composed only where it is asked for, and the journal that keeps no state."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from contracts.event import IncidentEvent
from stream_workers.attention import CropExaminer
from stream_workers.build import build_plain_pipeline
from stream_workers.incidents import ViewSetup
from stream_workers.journal import MemoryJournal
from stream_workers.sources.media import Look
from tests.support.pipelines import Rig, a_site, px
from vision.privacy.cover import PrivacyZones
from vision.scene.memory import grid_size
from vision.types import Box, Planes

BAG = (60, 100, 84, 124)


@dataclass
class Lazy:
    """A picture that notes what is asked of it."""

    planes: Planes
    asked: list[Box | None] = field(default_factory=list)

    @property
    def size_wh(self) -> tuple[int, int]:
        return self.planes.size_wh

    def luma_small(self, size_wh: tuple[int, int]) -> NDArray[np.uint8]:
        return self.planes.luma_small(size_wh)

    def bgr(self, box: Box | None = None) -> NDArray[np.uint8]:
        self.asked.append(box)
        return self.planes.bgr(box)


def plain_run(looks: int, *, lazy: bool) -> tuple[list[IncidentEvent], list[Lazy]]:
    """A bag stands in the street from look 12 on; the detector calls it a garbage pile."""
    rig, site, journal = Rig(), a_site(), MemoryJournal()
    camera = site.cameras[0]
    setup = ViewSetup(site, camera, camera.views[0], "test", 10.0, has_detector=True)
    rig.detector.rows = ()
    pipeline = build_plain_pipeline(setup, journal, CropExaminer(rig.detector), 4096)
    pictures: list[Lazy] = []
    for number in range(looks):
        rig.number = number
        rig.detector.rows = [("garbage_pile", 0.8, px(BAG))] if number >= 12 else ()
        look = rig.look(things=((*BAG, 30),) if number >= 12 else ())
        if lazy:
            pictures.append(Lazy(look.planes))
            pipeline.handle(Look(look.media_time_s, look.captured_at, pictures[-1]))
        else:
            pipeline.handle(look)
    return journal.events, pictures


def test_a_composed_picture_makes_the_same_events_as_decoded_planes() -> None:
    decoded, _ = plain_run(60, lazy=False)
    composed, pictures = plain_run(60, lazy=True)
    assert [event.type for event in decoded] == ["org.streetkeeper.incident.opened"]
    assert decoded == composed
    asked = [len(picture.asked) for picture in pictures]
    assert 0 < sum(count > 0 for count in asked) < 30, "most looks are judged by their small luma alone"


def test_a_privacy_zone_blackens_a_composed_picture_too() -> None:
    zone = [[(0.0, 0.0), (1280.0, 0.0), (1280.0, 720.0), (0.0, 720.0)]]
    rig = Rig(privacy=PrivacyZones(zone, None))
    look = rig.look()
    picture = Lazy(look.planes)
    rig.pipeline.handle(Look(look.media_time_s, look.captured_at, picture))
    assert picture.asked[0] is None, "it is composed whole, and blackened before anything is analysed"
    memory = rig.pipeline.state.memory
    assert memory is not None and int(memory.background.max()) <= 16


def test_the_examiner_is_asked_for_even_boxes_of_the_picture() -> None:
    seen: list[Sequence[Box]] = []

    class Noting(CropExaminer):
        def examine(self, packet, boxes):  # type: ignore[no-untyped-def]
            seen.append(boxes)
            return super().examine(packet, boxes)

    rig = Rig()
    setup = ViewSetup(
        rig.site, rig.site.cameras[0], rig.site.cameras[0].views[0], "test", 10.0, has_detector=True
    )
    pipeline = build_plain_pipeline(setup, MemoryJournal(), Noting(rig.detector), 416)
    for number in range(40):
        rig.number = number
        pipeline.handle(rig.look(things=((*BAG, 30),) if number >= 12 else ()))
    boxes = [box for asked in seen for box in asked]
    width, height = grid_size((320 * 4, 180 * 4))[0] * 4, 180 * 4
    assert boxes and all(box[0] % 2 == box[1] % 2 == 0 for box in boxes)
    assert all(0 <= box[0] < box[2] <= width and 0 <= box[1] < box[3] <= height for box in boxes)
