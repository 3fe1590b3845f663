"""Where a view rests, and when its looks agree that it was pushed."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.street import Street
from vision.scene.pose import STEP_GRID_PX, STEP_LOOKS, Rest, Shift, measure_shift, most_agree


def steps(rest: Rest, shifts: list[tuple[float, float]]) -> list[int]:
    """Numbers of the looks at which a push was told."""
    return [number for number, (dx, dy) in enumerate(shifts) if rest.take(Shift(dx, dy, 1.0)) is not None]


def shaken(
    rng: np.random.Generator, looks: int, sigma: float, at: tuple[float, float]
) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in rng.normal(at, sigma, (looks, 2))]


@given(
    size=st.floats(0.5, 1.4),
    turn=st.floats(0, 6.28),
    sigma=st.floats(0, 0.1),
    seed=st.integers(0, 2**31),
    offset=st.tuples(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5)),
)
def test_a_push_of_half_a_grid_pixel_is_told_within_four_looks_whatever_the_rest(
    size: float, turn: float, sigma: float, seed: int, offset: tuple[float, float]
) -> None:
    rng = np.random.default_rng(seed)
    rest = Rest()
    assert steps(rest, shaken(rng, 60, sigma, offset)) == []
    pushed = (offset[0] + size * np.cos(turn), offset[1] + size * np.sin(turn))
    told = steps(rest, shaken(rng, STEP_LOOKS, 0.0, pushed))
    assert told and told[0] < STEP_LOOKS


def swinging(size: float, seed: int) -> list[tuple[float, float]]:
    """Three hundred looks from a mast that swings in three of its own rhythms."""
    rng = np.random.default_rng(seed)
    times = np.arange(300) * 10 + rng.uniform(0, 0.9, 300)
    phases = rng.uniform(0, 2 * np.pi, 6)
    across, down = (
        sum(np.sin(2 * np.pi * hz * times + phase) for hz, phase in zip((0.7, 1.9, 4.3), three, strict=True))
        for three in (phases[:3], phases[3:])
    )
    swing = np.column_stack([across, down]) * size / 3
    return [(float(dx), float(dy)) for dx, dy in swing]


@pytest.mark.parametrize("size", [0.05, 0.15, 0.3, 0.5])
def test_a_mast_that_swings_was_hardly_ever_pushed(size: float) -> None:
    """Four looks may rest apart from all others by chance: at most once in a hundred masts, 30,000 looks."""
    assert sum(bool(steps(Rest(), swinging(size, seed))) for seed in range(100)) <= 1


def test_a_mast_that_bends_in_the_sun_was_not_pushed() -> None:
    drift = [(0.003 * number, 0.0) for number in range(600)]
    assert steps(Rest(), drift) == []


@pytest.mark.parametrize("looks", [1, 2, STEP_LOOKS - 1])
def test_a_lorry_that_fills_the_picture_for_some_looks_is_no_push(looks: int) -> None:
    still = [(0.0, 0.0)] * 30
    assert steps(Rest(), [*still, *[(1.2, 0.0)] * looks, *still]) == []


def test_a_view_that_was_hardly_seen_has_no_rest_yet() -> None:
    assert steps(Rest(), [(0.0, 0.0)] * 5 + [(1.0, 0.0)] * 4) == []


def test_a_step_says_how_far_the_view_went() -> None:
    rest = Rest()
    told = [rest.take(Shift(dx, 0.25, 1.0)) for dx in [0.1] * 40 + [0.9] * STEP_LOOKS]
    step = told[-1]
    assert step is not None and step == pytest.approx((0.8, 0.0), abs=0.02)
    assert float(np.hypot(*step)) > STEP_GRID_PX


def test_what_is_stored_goes_on_as_if_nothing_had_happened() -> None:
    rng = np.random.default_rng(4)
    one = Rest()
    steps(one, shaken(rng, 25, 0.1, (0.2, -0.1)))
    other = Rest(**json.loads(json.dumps(one.to_json())))
    more = shaken(rng, 20, 0.1, (0.9, -0.1))
    assert steps(one, more) == steps(other, more) != []
    assert one == other


def test_a_picture_that_moves_as_a_whole_agrees_and_one_with_a_creeping_shadow_does_not() -> None:
    street = Street()
    past = street.look(0, shadow=(40, 70, 110, 150))
    crept = street.look(1, shadow=(43, 70, 113, 150))
    step = measure_shift(crept, past)
    assert not most_agree(crept, past, Rest(), (max(0.3, step.dx_px), step.dy_px))
    pushed = street.look(1, shadow=(40, 70, 110, 150), shift=(0.6, -0.4))
    assert most_agree(pushed, past, Rest(), (0.6, -0.4))
