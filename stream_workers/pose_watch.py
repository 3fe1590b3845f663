"""Noticing that a view was moved, and that it came back.

While a view looks elsewhere its places are suspended: the home memory and its tracks are parked
untouched, and a new memory serves the new pose without places.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from stream_workers.view_state import ViewState
from vision.scene.memory import SceneMemory
from vision.scene.pose import measure_shift
from vision.tracks.tracker import Tracker

__all__ = ["PoseWatch"]

MOVED_GRID_PX: Final = 1.5
"""Beyond what the scene memory absorbs as shake; nine pixels of a 1080p picture."""
HOME_GRID_PX: Final = 0.75
TRUST: Final = 0.12
LOOKS_TO_BELIEVE: Final = 3


class PoseWatch:
    """Watches the pose of one view.

    Args:
        scale: Picture pixels per grid pixel; small pictures shake more on the grid.
    """

    def __init__(self, scale: float) -> None:
        self._limit = max(MOVED_GRID_PX, 3.0 / scale)

    def steady(self, state: ViewState, luma: NDArray[np.uint8]) -> bool:
        """Judge one look; False where it must not be learned because the view seems displaced.

        A view that stays displaced gets a new memory; one that comes back gets its home memory again.
        """
        if state.memory is None:
            return True
        if state.home is not None and self._is_home(state, luma):
            return True
        shift = measure_shift(luma, state.memory.background)
        if shift.trust < TRUST or shift.length_px <= self._limit:
            state.moved_looks = 0
            return True
        state.moved_looks += 1
        if state.moved_looks < LOOKS_TO_BELIEVE:
            return False
        self._leave_home(state)
        return True

    def _leave_home(self, state: ViewState) -> None:
        if state.memory is None:
            return
        if state.home is None:
            state.home = state.memory.pack()
            state.parked = state.tracker.to_json()
        state.tracker = Tracker(state.tracker.persist_looks, next_id=state.tracker.next_id)
        state.memory = SceneMemory(state.memory.size_wh, state.memory.persist_looks)
        state.moved_looks = 0

    def _is_home(self, state: ViewState, luma: NDArray[np.uint8]) -> bool:
        if state.home is None or state.parked is None:
            return False
        home = SceneMemory.unpack(state.home)
        shift = measure_shift(luma, home.background)
        if shift.trust < TRUST or shift.length_px > HOME_GRID_PX:
            return False
        next_id = state.tracker.next_id
        state.memory = home
        state.tracker = Tracker.from_json(state.parked, state.tracker.persist_looks)
        state.tracker.next_id = next_id
        state.home, state.parked, state.moved_looks = None, None, 0
        return True
