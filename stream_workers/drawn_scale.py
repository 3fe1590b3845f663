"""From the pixels of a look to those of the picture that a view's zones and calibration were read on."""

from dataclasses import dataclass

from contracts.site import View
from vision.types import Box

__all__ = ["DrawnScale"]

SHAPE_SLACK = 0.02
"""Encoders round a picture's sides to multiples of 8 or 16: up to so much of a shorter side."""


@dataclass(frozen=True, slots=True)
class DrawnScale:
    """How a look of one size lies on the picture of the view.

    Args:
        look_wh: Size of the look.
        drawn_wh: Size of the view's picture.
    """

    look_wh: tuple[int, int]
    drawn_wh: tuple[int, int]

    @classmethod
    def of(cls, view: View, look_wh: tuple[int, int]) -> "DrawnScale":
        """The scale of a look of a view; 1 where nobody told how large its picture was."""
        return cls(look_wh, view.drawn_wh or look_wh)

    @property
    def across(self) -> float:
        """The picture's pixels per pixel of the look, along x."""
        return self.drawn_wh[0] / self.look_wh[0]

    @property
    def down(self) -> float:
        """The picture's pixels per pixel of the look, along y."""
        return self.drawn_wh[1] / self.look_wh[1]

    @property
    def coarsest(self) -> float:
        """The larger of the two: an error of a look's pixel is at most so many of the picture's."""
        return max(self.across, self.down)

    def box(self, box: Box) -> Box:
        """A box of the look in the picture's pixels."""
        return box[0] * self.across, box[1] * self.down, box[2] * self.across, box[3] * self.down

    @property
    def other_shape(self) -> str:
        """Why no place can be given: the look is cropped or stretched, nobody knows which; else empty."""
        if abs(self.across / self.down - 1) <= SHAPE_SLACK:
            return ""
        (width, height), (drawn_width, drawn_height) = self.look_wh, self.drawn_wh
        return (
            f"the picture is {width}x{height}, of another shape than the {drawn_width}x{drawn_height} of the "
            "calibration: places are suspended until the view is calibrated on this stream"
        )
