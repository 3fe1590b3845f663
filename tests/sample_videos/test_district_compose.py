"""What the district's composer draws: things where truth has them, behind what hides them, in any light.

Most of it runs on proxy parts, because what is tested is where things fall and not how they look.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sample_videos.district.cameras import CAMERAS, DistrictCamera, camera_of
from sample_videos.district.compose import CameraState, Composer
from sample_videos.district.episodes.building import Built
from sample_videos.district.films import SteadySky
from sample_videos.district.heights import district_heights
from sample_videos.district.lens import Pose
from sample_videos.district.parts import Parts
from sample_videos.district.stage import make_composer
from sample_videos.district.things import Placed, footprint_en
from sample_videos.district.weather import Sky
from tests.support.proxy_parts import write_proxy_objects, write_proxy_plate

pytestmark = pytest.mark.slow

NOON = 12 * 3600.0
GATE = (320, 180)


@dataclass
class OneMoment:
    """A stage on which always the same things stand."""

    things: Sequence[Placed] = ()
    seed: int = 4
    camera: CameraState = field(default_factory=CameraState)
    above: Sky = field(default_factory=lambda: SteadySky(1.0))
    changes: tuple[Built, ...] = ()

    def placed(self, camera_id: str, t: float) -> Sequence[Placed]:
        return self.things

    def state(self, camera_id: str, t: float) -> CameraState:
        return self.camera

    def sky(self, t: float) -> Sky:
        return self.above

    def built(self, camera_id: str, t: float) -> tuple[Built, ...]:
        return self.changes


def a_stall(east: float, north: float, kind: str = "fruit_stall", yaw: float = 180.0) -> Placed:
    return Placed(kind, "a", "still", 0, east, north, yaw)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    folder = tmp_path_factory.mktemp("proxy")
    write_proxy_objects(folder, ["fruit_stall", "bags_black", "person", "sedan"])
    for name in ("market-south", "market-north", "lane"):
        write_proxy_plate(camera_of(name), folder / "plates")
    return Parts(folder)


@pytest.fixture(scope="module")
def stage_of(parts: Parts) -> Callable[..., Composer]:
    def make(*things: Placed, camera: str = "market-south", state: CameraState | None = None) -> Composer:
        return make_composer(camera_of(camera), OneMoment(things, camera=state or CameraState()), parts)

    return make


def changed_box(one: np.ndarray, other: np.ndarray, least: int = 22) -> tuple[int, int, int, int]:
    differs = np.abs(one.astype(int) - other.astype(int)).max(axis=2) > least
    solid = cv2.morphologyEx(differs.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    rows, columns = np.nonzero(solid)
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


def test_the_same_seed_and_time_give_the_same_picture_and_another_time_another(
    stage_of: Callable[..., Composer],
) -> None:
    one, again = stage_of(a_stall(29, 13)), stage_of(a_stall(29, 13))
    assert np.array_equal(one.frame(NOON), again.frame(NOON))
    assert not np.array_equal(one.frame(NOON), one.frame(NOON + 1))


@pytest.mark.parametrize("place", [(28.0, 12.0), (33.0, 18.0), (24.0, 22.0)])
def test_a_drawn_thing_stands_on_its_projected_footprint(
    place: tuple[float, float], stage_of: Callable[..., Composer]
) -> None:
    camera = camera_of("market-south")
    # Under an overcast sky nothing throws a shadow: all that changes is the thing itself.
    stall = a_stall(*place, kind="bags_black")
    box = changed_box(stage_of().frame(NOON), stage_of(stall).frame(NOON))
    ring = camera.project(np.column_stack([footprint_en(stall), np.zeros(len(footprint_en(stall)))]))
    # The drawn bottom is the footprint's nearest point, the drawn width at least the footprint's.
    assert box[3] == pytest.approx(ring[:, 1].max(), abs=6)
    assert box[0] == pytest.approx(ring[:, 0].min(), abs=8)
    assert box[2] == pytest.approx(ring[:, 0].max(), abs=8)


def test_a_thing_behind_a_house_is_not_drawn(stage_of: Callable[..., Composer]) -> None:
    camera = camera_of("market-south")
    behind = a_stall(30.0, 50.0)
    assert not district_heights().sees(camera.place_enu, np.array([[30.0, 50.0, 1.0]]))[0]
    nothing, hidden = stage_of().frame(NOON), stage_of(behind).frame(NOON)
    assert np.abs(nothing.astype(int) - hidden.astype(int)).max() < 30


def test_what_stands_nearer_covers_what_stands_farther(stage_of: Callable[..., Composer]) -> None:
    far, near = a_stall(29, 16), replace(a_stall(28.6, 12), asset="sedan", variant="a", yaw_deg=90.0)
    both = stage_of(far, near).frame(NOON)
    turned = stage_of(near, far).frame(NOON)
    assert np.array_equal(both, turned)
    alone = stage_of(near).frame(NOON)
    foot = camera_of("market-south").project(np.array([[28.6, 12.0, 0.4]]))[0]
    x, y = round(float(foot[0])), round(float(foot[1]))
    assert np.abs(both[y, x].astype(int) - alone[y, x].astype(int)).max() <= 3


@pytest.mark.parametrize("hours", [7.0, 12.0, 20.0])
def test_the_gates_picture_is_the_full_one_made_small(
    hours: float, stage_of: Callable[..., Composer]
) -> None:
    composer = stage_of(a_stall(29, 13))
    t = hours * 3600
    small = cv2.resize(
        cv2.cvtColor(composer.frame(t), cv2.COLOR_BGR2GRAY), GATE, interpolation=cv2.INTER_AREA
    )
    gate = composer.luma(t, GATE)
    full = 16 + small.astype(float) * 219 / 255
    assert gate.shape == (180, 320)
    # Sizes are averaged before the tone curve in one and after it in the other, so edges differ a little.
    assert np.abs(full - gate).mean() < 6
    assert np.median(np.abs(full - gate)) < 4


def test_a_nudge_and_dirt_change_the_whole_picture(stage_of: Callable[..., Composer]) -> None:
    clean = stage_of().frame(NOON).astype(int)
    nudged = stage_of(state=CameraState(nudge=Pose(dx_px=20.0))).frame(NOON).astype(int)
    dirty = stage_of(state=CameraState(dirt=0.9)).frame(NOON).astype(int)
    assert np.abs(nudged[100:-100, 60:-60] - clean[100:-100, 40:-80]).mean() < 12
    assert np.abs(dirty - clean).mean() > 2


def test_a_look_is_composed_only_as_far_as_it_is_looked_at(stage_of: Callable[..., Composer]) -> None:
    composer = stage_of(a_stall(29, 13))
    picture = composer.picture(NOON)
    assert picture.size_wh == (1920, 1080)
    assert np.array_equal(picture.luma_small(GATE), composer.luma(NOON, GATE))
    crop = picture.bgr((100.0, 200.0, 300.0, 400.0))
    assert crop.shape == (200, 200, 3)
    whole = composer.frame(NOON)[200:400, 100:300]
    assert np.abs(crop.astype(int) - whole.astype(int)).mean() < 4


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(CAMERAS),
    st.floats(0.02, 0.98),
    st.floats(0.3, 0.98),
)
def test_the_scale_at_a_place_is_the_cameras(camera: DistrictCamera, across: float, down: float) -> None:
    pixel = np.array([[across * camera.size_wh[0], down * camera.size_wh[1]]])
    ground = camera.ground(pixel)
    if not np.isfinite(ground).all() or camera.distance_m(*ground[0]) > 80:
        return
    back = camera.project(np.array([[*ground[0], 0.0]]))
    assert back == pytest.approx(pixel, abs=0.05)


def test_missing_parts_say_how_they_are_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="district parts objects"):
        Parts(tmp_path)
