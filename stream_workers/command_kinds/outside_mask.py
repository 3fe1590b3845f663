"""Mask: a picture from outside becomes one that may be shown."""

import hashlib

from contracts.command import Mask
from stream_workers.command_kinds.workbench import CommandFailed, Done, DoneLater, Errand, Workbench
from stream_workers.outside_decode import NoPicture, decode_apart
from stream_workers.sight import keep_picture
from vision.errors import MaskFailed

__all__ = ["mask_outside"]


def mask_outside(errand: Errand, bench: Workbench) -> Done:
    """Fetch it, decode it apart from this process, mask it; only pixels are left of what came.

    Raises:
        CommandFailed: It is no picture that is taken.
        DoneLater: It could not be masked now, or not be fetched whole.
    """
    wanted = errand.command.parsed()
    if not isinstance(wanted, Mask):
        raise TypeError("not a mask")
    content = bench.api.original(wanted.picture_id, errand.command.token)
    if hashlib.sha256(content).hexdigest() != wanted.sha256:
        raise DoneLater("the picture changed on its way")
    try:
        image = decode_apart(content)
        masked, report = bench.models.mask.beside().mask(image)
    except NoPicture as error:
        raise CommandFailed(f"it cannot be used: {error}") from error
    except MaskFailed as error:
        raise DoneLater(str(error)) from error
    height, width = masked.shape[:2]
    answer = {"picture_wh": [width, height], "persons": report.persons, "vehicles": report.vehicles}
    return Done(answer, [keep_picture(bench.evidence_dir, "still", masked)])
