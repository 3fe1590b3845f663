"""Noticing that a view was moved, and that it came back.

A push is sudden: looks before it agree on where the view rests, looks after it agree on another place. Light,
shake and the slow bending of a mast differ in one of the two. So small pushes are found as a step between the
mean of the last looks and the place where the view rested before them; large ones, beyond what the memory
absorbs as shake, by their size alone.

After a small push, of no more than the memory absorbs, memory and tracks go on and places are corrected by
it. After a large one places are suspended: the home memory and its tracks are parked untouched, and a new
memory serves the new pose without places.

Method and figures: docs/methods/moved-views.md.
"""

import math
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stream_workers.view_state import ViewState
from vision.scene.memory import SceneMemory
from vision.scene.pose import Rest, measure_shift, most_agree
from vision.tracks.tracker import Tracker

__all__ = ["PoseWatch"]

MOVED_GRID_PX: Final = 1.5
"""Beyond what the scene memory absorbs as shake; nine pixels of a 1080p picture."""
HOME_GRID_PX: Final = 0.75
LEAST_HOME_GRID_PX: Final = 0.2
HOME_SHARE: Final = 0.5
"""Nearer to home than this share of the push it is home again."""
BACK_SHARE: Final = 0.35
"""A push that undoes all but this share of the one before leads home, however the light has changed."""
HOME_LOOKS: Final = 3
TRUST: Final = 0.12
SAME_LIGHT: Final = 0.6
"""Trust from which on the light is much as it was when the memory was made."""
LOOKS_TO_BELIEVE: Final = 3
GAP_S: Final = 120.0
"""After so long without a look the light may be another: longer than the longest interval of looks."""


class PoseWatch:
    """Watches the pose of one view.

    Args:
        scale: Picture pixels per grid pixel; small pictures shake more on the grid.
    """

    def __init__(self, scale: float) -> None:
        self._limit = max(MOVED_GRID_PX, 3.0 / scale)

    def steady(self, state: ViewState, luma: NDArray[np.uint8], at: float) -> bool:
        """Judge one look; False where it must not be learned because the view seems displaced.

        A view that stays displaced gets a new memory; one that comes back gets its home memory again.

        Args:
            state: The view's state.
            luma: (h, w) uint8, the look on the gate's grid.
            at: POSIX time of the look.
        """
        if state.memory is None:
            return True
        if at - state.last_at > GAP_S:
            # The light went on and the memory did not: where the view rests must be learned anew.
            state.rest = Rest(spread=state.rest.spread)
        if state.home is not None and self._is_home(state, luma):
            return True
        shift = measure_shift(luma, state.memory.background)
        if shift.trust < TRUST:
            state.moved_looks = 0
            return True
        step = state.rest.take(shift)
        if step is not None and not most_agree(luma, state.memory.background, state.rest, step):
            step = None
        is_far = shift.length_px > self._limit
        state.moved_looks = state.moved_looks + 1 if is_far else 0
        if step is None and state.moved_looks >= LOOKS_TO_BELIEVE:
            step = shift.dx_px - state.rest.dx_px, shift.dy_px - state.rest.dy_px
        if step is not None:
            self._leave_home(state, step)
        return step is not None or not is_far

    def _leave_home(self, state: ViewState, step: tuple[float, float]) -> None:
        """Begin anew after a push, or take the home memory up after one that leads back."""
        if state.memory is None:
            return
        away = [state.away[0] + step[0], state.away[1] + step[1]]
        if state.home is None:
            state.home = state.memory.pack()
            state.home_rest = replace(state.rest, last=[])
        elif math.hypot(*away) < max(LEAST_HOME_GRID_PX, BACK_SHARE * math.hypot(*state.away)):
            self._come_home(state, SceneMemory.unpack(state.home), step)
            return
        state.away, state.homeward = away, []
        if state.parked is None and math.hypot(*away) <= self._limit:
            state.memory.shift(*step)
            state.rest.last = []
            return
        if state.parked is None:
            state.parked = state.tracker.to_json()
        state.rest = Rest()
        state.tracker = Tracker(state.tracker.persist_looks, next_id=state.tracker.next_id)
        state.memory = SceneMemory(state.memory.size_wh, state.memory.persist_looks)
        state.moved_looks = 0

    def _is_home(self, state: ViewState, luma: NDArray[np.uint8]) -> bool:
        """Whether the last looks lie on the home memory again; then it is taken up."""
        if state.home is None:
            return False
        home = SceneMemory.unpack(state.home)
        shift = measure_shift(luma, home.background)
        # A small push is less than what another light does to the measure.
        if shift.trust < (SAME_LIGHT if state.parked is None else TRUST):
            state.homeward = []
            return False
        from_rest = [shift.dx_px - state.home_rest.dx_px, shift.dy_px - state.home_rest.dy_px]
        state.homeward = [*state.homeward, from_rest][-HOME_LOOKS:]
        mean = np.array(state.homeward).mean(axis=0)
        near = min(HOME_GRID_PX, max(LEAST_HOME_GRID_PX, HOME_SHARE * math.hypot(*state.away)))
        if len(state.homeward) < HOME_LOOKS or math.hypot(*mean) > near:
            return False
        self._come_home(state, home, (-state.away[0], -state.away[1]))
        return True

    def _come_home(self, state: ViewState, home: SceneMemory, step: tuple[float, float]) -> None:
        """Take the home memory up, or move the one that went on by the step that led home."""
        if state.parked is None and state.memory is not None:
            state.memory.shift(*step)
        if state.parked is not None:
            next_id = state.tracker.next_id
            state.memory = home
            state.tracker = Tracker.from_json(state.parked, state.tracker.persist_looks)
            state.tracker.next_id = next_id
        # The memory is of another hour or pose: where the view rests against it must be learned anew.
        state.rest, state.home_rest = Rest(spread=state.home_rest.spread), Rest()
        state.home, state.parked, state.moved_looks = None, None, 0
        state.away, state.homeward = [0.0, 0.0], []
