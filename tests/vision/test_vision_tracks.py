"""How tracks are born, believed, merged and ended, and what they are taken for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.street import Street
from vision.scene.memory import SceneMemory
from vision.tracks.identity import Kind, decide, examine
from vision.tracks.presence import Track, reach_of, within_reach
from vision.tracks.tracker import LookStamp, Tracker
from vision.types import Detections

THING = (150, 110, 175, 130, 30)
NAMES = ("street_vendor", "garbage_pile", "person", "car")


class Watched:
    """A memory and a tracker over one drawn street."""

    def __init__(self, seed: int = 1) -> None:
        self.street = Street(seed=seed)
        self.memory = SceneMemory(self.street.size_wh, 4)
        self.tracker = Tracker(4)
        self.number = 0
        self.ended: list[Track] = []

    def watch(self, looks: int, **drawn: object) -> None:
        for _ in range(looks):
            scene = self.memory.look(self.street.look(self.number, **drawn))  # type: ignore[arg-type]
            stamp = LookStamp(self.number, 10.0 * self.number, 10.0 * self.number)
            self.ended += self.tracker.update(self.memory, scene, stamp)
            self.number += 1

    def living(self) -> list[Track]:
        return [track for track in self.tracker.tracks if track.is_present]


def found(*rows: tuple[str, float, tuple[float, float, float, float]]) -> Detections:
    return Detections(
        np.array([row[2] for row in rows], np.float32).reshape(-1, 4),
        np.array([row[1] for row in rows], np.float32),
        np.array([NAMES.index(row[0]) for row in rows], np.int64),
        NAMES,
    )


def a_track() -> Track:
    return Track(1, "region", 0, 0.0, 0.0, (10, 10, 20, 20), (10, 10, 20, 20), log_odds=4.0)


def test_one_thing_gives_one_track_dated_back_to_when_it_came() -> None:
    watched = Watched()
    watched.watch(10)
    watched.watch(20, things=(THING,))
    (track,) = watched.living()
    assert track.born_look == 10
    assert np.abs(np.subtract(track.box, THING[:4])).max() <= 3


def test_a_person_in_front_for_a_minute_neither_doubles_nor_ends_a_thing() -> None:
    watched = Watched()
    watched.watch(10)
    watched.watch(15, things=(THING,))
    watched.watch(6, things=(THING, (140, 95, 165, 140, 210)))
    watched.watch(10, things=(THING,))
    (track,) = watched.living()
    assert track.born_look == 10


def test_what_is_taken_away_is_believed_gone() -> None:
    watched = Watched()
    watched.watch(10)
    watched.watch(20, things=(THING,))
    watched.watch(15)
    assert watched.living() == []
    assert len(watched.ended) == 1


def test_a_light_jump_gives_no_track() -> None:
    watched = Watched()
    watched.watch(10)
    watched.watch(15, gain=1.5, offset=-30)
    assert watched.living() == []


def test_a_shadow_on_textured_ground_is_explained_as_light() -> None:
    watched = Watched()
    watched.watch(10)
    watched.watch(12, shadow=(60, 80, 130, 150))
    assert watched.living() == []
    assert {track.settled for track in watched.ended} <= {"the same surface in another light", ""}


def test_ground_that_something_left_is_explained_and_not_a_new_thing() -> None:
    watched = Watched()
    watched.watch(10, things=(THING,))
    watched.watch(15)
    assert watched.living() == []
    assert "ground that something left" in {track.settled for track in watched.ended}


def test_two_things_apart_give_two_tracks() -> None:
    watched = Watched()
    watched.watch(10)
    watched.watch(15, things=(THING, (40, 120, 60, 140, 215)))
    assert len(watched.living()) == 2


@settings(deadline=None)
@given(st.integers(0, 20))
def test_a_tracker_survives_being_stored(seed: int) -> None:
    watched = Watched(seed)
    watched.watch(6)
    watched.watch(8, things=(THING,))
    copy = Tracker.from_json(watched.tracker.to_json(), 4)
    assert copy.to_json() == watched.tracker.to_json()


def test_a_parked_car_is_claimed() -> None:
    track = a_track()
    for look in range(5):
        examine(track, (60, 60, 120, 120), found(("car", 0.6, (50, 55, 130, 125))), look, 10.0 * look)
    assert decide(track).kind is Kind.CLAIMED


def test_what_no_class_claims_is_unclaimed() -> None:
    track = a_track()
    for look in range(5):
        examine(track, (60, 60, 120, 120), found(("car", 0.9, (400, 60, 500, 120))), look, 10.0 * look)
    assert decide(track).kind is Kind.UNCLAIMED


@pytest.mark.parametrize(("touched", "kind"), [(6, Kind.PERSON), (5, Kind.UNCLAIMED), (0, Kind.UNCLAIMED)])
def test_what_a_person_touches_in_more_than_half_of_the_checks_is_hers(touched: int, kind: Kind) -> None:
    track = a_track()
    for look in range(10):
        person = (
            "person",
            0.4,
            (100.0, 20.0, 140.0, 125.0) if look < touched else (400.0, 20.0, 440.0, 125.0),
        )
        examine(track, (60, 60, 120, 120), found(person), look, 10.0 * look)
    assert decide(track).kind is kind


def test_a_garbage_pile_that_a_person_rests_in_is_hers() -> None:
    track = a_track()
    for look in range(10):
        rows = (
            ("garbage_pile", 0.8, (55.0, 55.0, 125.0, 125.0)),
            ("person", 0.4, (50.0, 90.0, 140.0, 125.0)),
        )
        examine(track, (60, 60, 120, 120), found(*rows), look, 10.0 * look)
    assert decide(track).kind is Kind.PERSON


def test_a_stall_is_a_stall_whoever_stands_at_it() -> None:
    track = a_track()
    for look in range(10):
        rows = (
            ("street_vendor", 0.8, (55.0, 55.0, 125.0, 125.0)),
            ("person", 0.7, (110.0, 20.0, 140.0, 125.0)),
        )
        examine(track, (60, 60, 120, 120), found(*rows), look, 10.0 * look)
    identity = decide(track)
    assert (identity.kind, identity.name) == (Kind.CATEGORY, "street_vendor")


@given(st.lists(st.sampled_from([1.0, -1.5, -0.02]), max_size=200))
def test_presence_can_always_change_its_mind_within_six_looks(steps: list[float]) -> None:
    track = a_track()
    for step in steps:
        track.shift_odds(step)
    for _ in range(6):
        track.shift_odds(1.0)
    assert track.is_present
    for _ in range(4):
        track.shift_odds(-1.5)
    assert track.is_gone


def test_headlights_that_sweep_over_the_street_give_no_track() -> None:
    watched = Watched()
    watched.watch(10)
    for look in range(40):
        # Each look another car: two bright cones somewhere else on the road.
        left = 20 + 53 * look % 240
        watched.watch(1, lamps=((left, 120, left + 36, 150, 70), (left + 40, 122, left + 70, 150, 60)))
    watched.watch(5)
    assert watched.living() == []


def test_a_lamp_that_goes_on_and_stays_on_is_explained_as_light() -> None:
    watched = Watched()
    watched.watch(10)
    watched.watch(20, lamps=((60, 80, 130, 150, 60),))
    assert watched.living() == []


@pytest.mark.parametrize("looks_a_pixel", [2, 5, 10])
def test_a_shadow_that_creeps_with_the_sun_leaves_no_track_that_is_wide_enough_to_be_judged(
    looks_a_pixel: int,
) -> None:
    watched = Watched()
    watched.watch(10)
    for look in range(20 * looks_a_pixel):
        moved = look // looks_a_pixel
        watched.watch(1, shadow=(40 + moved, 70, 110 + moved, 150))
        assert all(track.box[2] - track.box[0] <= 4 for track in watched.living()), look


def test_a_cloud_that_comes_and_goes_gives_no_track_and_ends_none() -> None:
    watched = Watched()
    watched.watch(10)
    watched.watch(15, things=(THING,))
    (track,) = watched.living()
    for look in range(60):
        watched.watch(1, things=(THING,), gain=1 - 0.4 * np.sin(look / 6) ** 2)
    assert [one.track_id for one in watched.living()] == [track.track_id]


def test_shake_and_passers_by_for_hours_give_no_track_and_end_none() -> None:
    watched = Watched()
    watched.watch(10)
    watched.watch(15, things=(THING,))
    (track,) = watched.living()
    rng = np.random.default_rng(7)
    for _ in range(300):
        # Two pixels of a 1080p picture are a third of one on the grid.
        dx, dy = (float(value) for value in rng.uniform(-2 / 6, 2 / 6, 2))
        watched.watch(1, things=(THING,), shift=(dx, dy), passers=4)
    assert [one.track_id for one in watched.living()] == [track.track_id]


def test_what_the_detector_has_found_does_not_swallow_what_comes_beside_it() -> None:
    watched = Watched()
    beside = (THING[2] + 12, THING[1], THING[2] + 32, THING[3], 200)
    watched.watch(10)
    watched.watch(15, things=(THING,))
    (heap,) = watched.living()
    heap.reach = reach_of(heap.box, watched.memory.size_wh)
    watched.watch(15, things=(THING, beside))
    boxes = sorted(track.box for track in watched.living())
    assert len(boxes) == 2
    assert np.abs(np.subtract(boxes[0], THING[:4])).max() <= 3
    assert np.abs(np.subtract(boxes[1], beside[:4])).max() <= 3


@given(
    st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(61, 120), st.integers(61, 120)),
    st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(61, 120), st.integers(61, 120)),
)
def test_a_track_never_leaves_its_reach(
    found_box: tuple[int, int, int, int], region: tuple[int, int, int, int]
) -> None:
    track = a_track()
    track.reach = reach_of(found_box, (320, 180))
    box = within_reach(region, track)
    assert box[0] >= track.reach[0] and box[1] >= track.reach[1]
    assert box[2] <= track.reach[2] and box[3] <= track.reach[3]
    assert box[2] > box[0] and box[3] > box[1]


def test_ground_that_is_explained_away_takes_no_other_thing_with_it() -> None:
    watched = Watched()
    beside = (THING[0] + 2, THING[1] + 2, THING[2] - 2, THING[3] - 2, 200)
    watched.watch(10)
    watched.watch(15, things=(beside,))
    (thing,) = watched.living()
    wide = watched.tracker.bear_found(watched.memory, (0, 0, 300, 170), LookStamp(25, 250.0, 250.0))
    watched.tracker.settle(watched.memory, wide, "ground that a car left")
    watched.watch(6, things=(beside,))
    (still,) = watched.living()
    assert still.track_id == thing.track_id
    assert still.seen > 15


def test_changed_ground_that_no_detector_knows_takes_in_nothing_much_smaller_that_it_does_know() -> None:
    patch = Track(1, "region", 0, 0.0, 0.0, (20, 20, 120, 120), (20, 20, 120, 120), log_odds=4.0)
    pile = Track(2, "detection", 5, 50.0, 50.0, (60, 60, 76, 72), (60, 60, 76, 72), log_odds=4.0)
    pile.reach = reach_of(pile.box, (320, 180))
    bit = Track(3, "region", 5, 50.0, 50.0, (22, 22, 100, 110), (22, 22, 100, 110), log_odds=4.0)
    watched = Watched()
    watched.watch(6)
    watched.tracker.tracks = [patch, pile, bit]
    watched.watch(1)
    assert pile.settled == ""
    assert bit.settled == "part of track 1"


def test_windows_that_light_up_together_all_over_the_picture_are_light() -> None:
    windows = tuple((x, y, x + 14, y + 10, 240) for x in (20, 110, 200, 280) for y in (30, 100))
    watched = Watched()
    watched.watch(10)
    watched.watch(12, things=windows)
    assert watched.living() == []
    assert any(track.settled.startswith("many places changed") for track in watched.ended)


def test_a_load_that_is_tipped_in_pieces_is_no_light() -> None:
    pieces = tuple((120 + 14 * step, 110, 130 + 14 * step, 122, 20) for step in range(5))
    watched = Watched()
    watched.watch(10)
    watched.watch(12, things=pieces)
    assert watched.living()


def test_what_was_found_is_dated_back_to_when_its_ground_became_new() -> None:
    watched = Watched()
    watched.watch(10)
    watched.watch(3, things=(THING,))
    track = watched.tracker.bear_found(watched.memory, THING[:4], LookStamp(12, 120.0, 120.0))
    assert (track.born_look, track.came) == (10, True)


def test_what_stood_there_before_is_not_dated_by_what_came_in_front_of_it() -> None:
    watched = Watched()
    watched.watch(10)
    track = watched.tracker.bear_found(watched.memory, (140, 100, 185, 140), LookStamp(9, 90.0, 90.0))
    watched.watch(12, things=(THING,))
    watched.tracker.date_back(watched.memory, track)
    assert (track.born_look, track.came) == (9, False)
    assert len(watched.living()) == 1, "what came is a region of its own"


def test_something_new_on_ground_that_a_track_has_already_is_noticed() -> None:
    watched = Watched()
    watched.watch(10)
    watched.watch(25, things=(THING,))
    beside = (THING[2] + 1, THING[1], THING[2] + 15, THING[3], 200)
    stirred: list[tuple[int, int, int, int]] = []
    for _ in range(12):
        watched.watch(1, things=(THING, beside))
        stirred += watched.tracker.stirred
    assert stirred
    assert all(box[0] >= THING[2] - 2 for box in stirred)
