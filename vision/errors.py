"""What can go wrong in vision.

VisionError
├── BadInput            an array or value that cannot be processed; the message names it
├── CalibrationRejected the control points cannot give a usable plane; the message says why
├── ModelRejected       a model file that is not what its manifest says
└── MaskFailed          the privacy mask could not be computed: no picture may leave
"""

__all__ = ["BadInput", "CalibrationRejected", "MaskFailed", "ModelRejected", "VisionError"]


class VisionError(Exception):
    """Anything that vision refuses or fails to do."""


class BadInput(VisionError):
    """The input has a wrong shape, type or range."""


class CalibrationRejected(VisionError):
    """The control points do not determine the ground plane well enough."""


class ModelRejected(VisionError):
    """The model does not match its manifest entry, or cannot be run here."""


class MaskFailed(VisionError):
    """People could not be masked; without a mask a picture must not leave the worker."""
