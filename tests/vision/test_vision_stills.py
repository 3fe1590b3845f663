"""Background stills: passers-by vanish; outside the box an evidence picture is coarse."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.colour_people import draw, ground, shows
from vision.errors import BadInput
from vision.scene.stills import compose, evidence_picture
from vision.types import Planes


def noise(seed: int, size_wh: tuple[int, int]) -> Planes:
    rng = np.random.default_rng(seed)
    width, height = size_wh
    chroma = ((height + 1) // 2, (width + 1) // 2)
    return Planes(
        rng.integers(0, 256, (height, width), dtype=np.uint8),
        rng.integers(0, 256, chroma, dtype=np.uint8),
        rng.integers(0, 256, chroma, dtype=np.uint8),
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1000), st.integers(0, 6), st.integers(1, 33), st.integers(1, 150))
def test_a_still_is_the_exact_median_of_an_odd_number_of_looks(
    seed: int, half: int, width: int, height: int
) -> None:
    looks = [noise(seed + index, (width, height)) for index in range(2 * half + 1)]
    still = compose(looks)
    for name in ("y", "u", "v"):
        stack = np.stack([getattr(look, name) for look in looks])
        assert (getattr(still, name) == np.median(stack, axis=0)).all()


@given(st.permutations(range(5)))
def test_a_still_does_not_depend_on_the_order_of_its_looks(order: list[int]) -> None:
    looks = [noise(index, (9, 7)) for index in range(5)]
    assert (compose([looks[index] for index in order]).y == compose(looks).y).all()


def test_composing_leaves_the_looks_as_they_were() -> None:
    looks = [noise(index, (9, 7)) for index in range(3)]
    before = [look.y.copy() for look in looks]
    compose(looks)
    assert all((look.y == kept).all() for look, kept in zip(looks, before, strict=True))


def test_passers_by_vanish_and_what_stays_stays() -> None:
    street = draw(ground((160, 90)), "car", (100, 40, 140, 80))
    looks = [
        Planes.from_bgr(draw(street, "person", (10 + 12 * index, 20, 20 + 12 * index, 60)))
        for index in range(5)
    ]
    still = compose(looks).bgr()
    assert shows(still, "person") == 0
    assert shows(still, "car") > 1400


def test_of_two_looks_the_newer_is_the_still() -> None:
    looks = [noise(1, (8, 8)), noise(2, (8, 8))]
    assert (compose(looks).y == looks[1].y).all()


def test_no_looks_and_looks_of_different_sizes_are_refused() -> None:
    with pytest.raises(BadInput):
        compose([])
    with pytest.raises(BadInput, match="different sizes"):
        compose([noise(1, (8, 8)), noise(2, (8, 10))])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 150), st.integers(0, 80), st.integers(8, 80), st.integers(8, 80))
def test_evidence_is_sharp_in_the_box_and_coarse_beyond_the_margin(x: int, y: int, w: int, h: int) -> None:
    image = np.random.default_rng(3).integers(0, 256, (120, 200, 3), dtype=np.uint8)
    box = (x, y, min(200, x + w), min(120, y + h))
    picture = evidence_picture(image, box)
    assert (picture[box[1] : box[3], box[0] : box[2]] == image[box[1] : box[3], box[0] : box[2]]).all()
    reach = int(0.25 * max(box[2] - box[0], box[3] - box[1])) + 2
    outside = np.ones((120, 200), bool)
    outside[max(0, box[1] - reach) : box[3] + reach, max(0, box[0] - reach) : box[2] + reach] = False
    if outside.sum() > 2000:
        # Of white noise an eight-fold reduction leaves about an eighth of the contrast.
        assert picture[outside].std() < 0.25 * image[outside].std()


def test_the_picture_beyond_the_margin_depends_on_nothing_but_its_reduction() -> None:
    blocks = np.random.default_rng(4).integers(0, 256, (15, 25, 3), dtype=np.uint8)
    flat = np.repeat(np.repeat(blocks, 8, axis=0), 8, axis=1)
    stirred = flat.reshape(15, 8, 25, 8, 3).copy()
    stirred[:, 0, :, 0] = stirred[:, 0, :, 0] // 2
    stirred[:, 1, :, 0] = np.minimum(255, 2 * stirred[:, 1, :, 0].astype(np.int16) - stirred[:, 0, :, 0])
    other = flat.reshape(15, 8, 25, 8, 3).copy()
    other[:, 0, :, 0], other[:, 1, :, 0] = stirred[:, 1, :, 0], stirred[:, 0, :, 0]
    one = evidence_picture(stirred.reshape(120, 200, 3), (10, 10, 30, 30))
    two = evidence_picture(other.reshape(120, 200, 3), (10, 10, 30, 30))
    assert (one[40:] == two[40:]).all()
    assert (one[:, 40:] == two[:, 40:]).all()


def test_a_box_outside_the_picture_is_refused() -> None:
    with pytest.raises(BadInput):
        evidence_picture(ground((40, 40)), (100, 100, 120, 120))
