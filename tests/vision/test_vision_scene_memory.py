"""What the scene memory calls new and staying, and what it does not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.street import Street
from vision.errors import BadInput
from vision.scene.memory import SceneMemory, grid_size

THING = (150, 110, 175, 130, 30)


def remembered(street: Street, looks: int = 12) -> SceneMemory:
    memory = SceneMemory(street.size_wh, persist_looks=4)
    for number in range(looks):
        memory.look(street.look(number))
    return memory


def share_staying(memory: SceneMemory, thing: tuple[int, int, int, int, int]) -> float:
    x1, y1, x2, y2, _ = thing
    return float((memory.stayed[y1:y2, x1:x2] >= memory.persist_looks).mean())


def test_a_thing_that_stays_is_noticed_after_the_persist_looks_and_not_before() -> None:
    street = Street()
    memory = remembered(street)
    for number in range(100, 103):
        assert not memory.look(street.look(number, things=(THING,))).staying.any()
    assert memory.look(street.look(103, things=(THING,))).staying[110:130, 150:175].mean() > 0.8


def test_passers_by_are_never_staying() -> None:
    street = Street()
    memory = remembered(street)
    for number in range(100, 160):
        assert not memory.look(street.look(number, passers=6)).staying.sum() > 8


def test_a_passer_by_in_front_does_not_end_what_stays() -> None:
    street = Street()
    memory = remembered(street)
    for number in range(100, 120):
        memory.look(street.look(number, things=(THING,)))
    occluder = (140, 90, 190, 140, 220)
    for number in range(120, 126):
        memory.look(street.look(number, things=(THING, (*occluder[:4], 200 + number % 3 * 20))))
    assert share_staying(memory, THING) > 0.8


def test_what_is_taken_away_stops_staying_within_a_few_looks() -> None:
    street = Street()
    memory = remembered(street)
    for number in range(100, 150):
        memory.look(street.look(number, things=(THING,)))
    for number in range(150, 165):
        memory.look(street.look(number))
    assert share_staying(memory, THING) < 0.1


@pytest.mark.parametrize(
    ("gain", "offset"),
    [(1.3, 0.0), (0.6, 0.0), (1.0, 35.0), (0.8, -20.0)],
    ids=["brighter", "cloud", "auto-exposure up", "dusk"],
)
def test_a_change_of_light_is_nothing_new(gain: float, offset: float) -> None:
    street = Street()
    memory = remembered(street)
    for number in range(100, 112):
        scene = memory.look(street.look(number, gain=gain, offset=offset))
    assert scene.staying.mean() < 0.002


def test_a_change_of_light_neither_hides_nor_ends_a_thing() -> None:
    street = Street()
    memory = remembered(street)
    for number in range(100, 112):
        memory.look(street.look(number, things=(THING,)))
    for number in range(112, 124):
        memory.look(street.look(number, things=(THING,), gain=0.7, offset=10))
    assert share_staying(memory, THING) > 0.8


def test_shake_of_two_pixels_of_a_1080p_picture_is_nothing_new() -> None:
    street = Street()
    memory = remembered(street)
    rng = np.random.default_rng(5)
    for number in range(100, 130):
        shift = tuple(float(v) for v in rng.uniform(-2 / 6, 2 / 6, 2))
        scene = memory.look(street.look(number, shift=(shift[0], shift[1])))
    assert scene.staying.mean() < 0.001


def test_a_sudden_other_scene_is_not_admitted_and_then_becomes_the_background() -> None:
    street, other = Street(), Street(seed=9)
    memory = remembered(street)
    first = memory.look(other.look(200))
    assert not first.admitted
    for number in range(201, 206):
        memory.look(other.look(number))
    assert memory.look(other.look(206)).staying.mean() < 0.01


def test_absorbed_things_are_background_from_then_on() -> None:
    street = Street()
    memory = remembered(street)
    for number in range(100, 110):
        memory.look(street.look(number, things=(THING,)))
    memory.absorb(np.ones(memory.background.shape, bool))
    for number in range(110, 120):
        scene = memory.look(street.look(number, things=(THING,)))
    assert not scene.staying.any()


def test_a_look_of_another_size_is_refused() -> None:
    memory = SceneMemory((320, 180), 4)
    with pytest.raises(BadInput, match=r"does not fit"):
        memory.look(np.zeros((100, 100), np.uint8))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), looks=st.integers(1, 12), passers=st.integers(0, 8))
def test_a_stored_memory_goes_on_exactly_as_the_one_in_use(seed: int, looks: int, passers: int) -> None:
    street = Street(seed=seed)
    memory = remembered(street, looks)
    copy = SceneMemory.unpack(memory.pack())
    for number in range(50, 58):
        look = street.look(number, things=(THING,), passers=passers)
        first, second = memory.look(look), copy.look(look)
        assert np.array_equal(first.staying, second.staying)
    assert memory.pack() == copy.pack()


def test_what_is_stored_is_the_memory_of_now_whatever_was_stored_before() -> None:
    street = Street(seed=5)
    memory = remembered(street, 3)
    for number in range(3, 20):
        things = (THING,) if number > 6 else ()
        memory.look(street.look(number, things=things))
        if number == 12:
            memory.absorb(np.ones(memory.background.shape, bool))
        copy = SceneMemory.unpack(memory.pack())
        for plane in ("background", "candidate", "stayed"):
            assert np.array_equal(getattr(copy, plane), getattr(memory, plane))
        assert copy.pack() == memory.pack()


def test_what_is_stored_of_a_noisy_1080p_view_stays_below_100_kilobytes() -> None:
    street = Street(noise=6)
    memory = remembered(street)
    for number in range(100, 110):
        memory.look(street.look(number, things=(THING,), passers=10))
    assert len(memory.pack()) <= 100 * 1024


def test_stored_bytes_that_are_no_memory_are_refused() -> None:
    with pytest.raises(BadInput, match="not a stored scene memory"):
        SceneMemory.unpack(b"nonsense, nonsense, nonsense, nonsense")


@given(width=st.integers(16, 8192), height=st.integers(16, 8192))
def test_the_grid_is_never_larger_than_the_picture_or_320(width: int, height: int) -> None:
    grid_w, grid_h = grid_size((width, height))
    assert 16 <= grid_w <= 320 and 16 <= grid_h <= 320
    assert grid_w <= width + 1 and grid_h <= max(16, height + 1)


def test_a_memory_that_follows_a_small_push_calls_nothing_new_and_keeps_what_stays() -> None:
    street = Street()
    memory = remembered(street)
    for number in range(100, 110):
        memory.look(street.look(number, things=(THING,)))
    memory.shift(3.0, -2.0)
    look = memory.look(street.look(110, things=(THING,), shift=(3.0, -2.0)))
    x1, y1, x2, y2, _ = THING
    assert look.staying[y1 - 2 : y2 - 2, x1 + 3 : x2 + 3].mean() > 0.8
    assert look.admitted and look.changed_share < 0.02
    assert SceneMemory.unpack(memory.pack()).pack() == memory.pack()
