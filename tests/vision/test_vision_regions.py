"""The connected parts of what stays: each once, whole, and none that is too small."""

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from vision.scene.regions import MIN_AREA, find_regions


@given(hnp.arrays(bool, (24, 36), elements=st.sampled_from([False, False, True])))
def test_regions_are_the_parts_that_hang_together_over_gaps_of_two_pixels(staying: NDArray[np.bool_]) -> None:
    closed = cv2.morphologyEx(staying.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    count, labels = cv2.connectedComponents(closed, connectivity=8)
    parts = [(labels == label) & staying for label in range(1, count)]
    wanted = sorted(part.tobytes() for part in parts if part.sum() >= MIN_AREA)
    found = find_regions(staying)
    assert sorted(region.mask.tobytes() for region in found) == wanted
    for region in found:
        x1, y1, x2, y2 = region.box
        assert region.area == region.mask.sum() == region.mask[y1:y2, x1:x2].sum()
