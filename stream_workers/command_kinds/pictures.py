"""Snapshot and capture-baseline: masked stills of a view."""

import random
from collections.abc import Sequence
from datetime import timedelta

from contracts.command import CaptureBaseline, Snapshot
from contracts.incident import rfc3339
from stream_workers.command_kinds.workbench import Done, Errand, Workbench
from stream_workers.sight import NothingToShow, Sight, keep_picture, read_still
from stream_workers.stills import STILL_EVERY, StillFile

__all__ = ["capture_baseline", "choose_quiet", "snapshot"]


def snapshot(errand: Errand, bench: Workbench) -> Done:
    """A background still of now, nearest to a time, or of a random quiet time.

    Raises:
        NothingToShow: There is none.
    """
    wanted = errand.command.parsed()
    if not isinstance(wanted, Snapshot):
        raise TypeError("not a snapshot")
    sight = bench.sights.of(errand.command.camera_id, wanted.view_id)
    if wanted.when == "now":
        still = sight.still_of_now()
        image, at = still.image, still.captured_at
    else:
        kept = _nearest(sight, wanted) if wanted.when == "at" else choose_quiet(sight.stills.all(), wanted)
        image, at = read_still(kept), kept.captured_at
    file = keep_picture(sight.evidence, "still", image)
    answer = {"view_id": sight.view.id, "captured_at": rfc3339(at), "is_suspended": sight.is_suspended()}
    return Done(answer, [file])


def _nearest(sight: Sight, wanted: Snapshot) -> StillFile:
    at = wanted.at
    kept = sight.stills.all()
    if at is None or not kept:
        raise NothingToShow("no background still is kept of this view yet")
    return min(kept, key=lambda still: abs((still.captured_at - at).total_seconds()))


def choose_quiet(kept: Sequence[StillFile], wanted: Snapshot) -> StillFile:
    """A still of the span at which nothing stood there, drawn by the seed.

    A still shows the ten minutes before it too, so it is left out where something stood there in these.

    Raises:
        NothingToShow: There is none.
    """
    span = wanted.within
    quiet = [
        still
        for still in kept
        if span is not None
        and span.holds(still.captured_at)
        and not any(
            busy.since <= still.captured_at and busy.until >= still.captured_at - STILL_EVERY
            for busy in wanted.busy
        )
    ]
    if not quiet:
        raise NothingToShow("no quiet still is kept of that span")
    return random.Random(wanted.seed).choice(quiet)  # noqa: S311  a sample, no secret


def capture_baseline(errand: Errand, bench: Workbench) -> Done:
    """Whole masked stills of a view, spread over what is kept, the newest of now.

    Raises:
        NothingToShow: There is none.
    """
    wanted = errand.command.parsed()
    if not isinstance(wanted, CaptureBaseline):
        raise TypeError("not a capture-baseline")
    sight = bench.sights.of(errand.command.camera_id, wanted.view_id)
    if sight.is_suspended():
        raise NothingToShow("the view has moved: turn it back or calibrate it anew, then capture it")
    now = sight.still_of_now()
    shown = [(now.captured_at, now.image)]
    older = [
        still for still in sight.stills.all() if now.captured_at - still.captured_at > timedelta(minutes=5)
    ]
    for kept in _spread(older, wanted.count - 1):
        shown.append((kept.captured_at, read_still(kept)))
    files = [keep_picture(sight.evidence, "still", image) for _, image in shown]
    stills = [
        {"captured_at": rfc3339(at), "sha256": file.sha256}
        for (at, _), file in zip(shown, files, strict=True)
    ]
    # The same picture twice (a standing film) is one file.
    unique = list({file.sha256: file for file in files}.values())
    height, width = now.image.shape[:2]
    answer = {"view_id": sight.view.id, "picture_wh": [width, height], "stills": stills}
    return Done(answer, unique)


def _spread(kept: Sequence[StillFile], count: int) -> list[StillFile]:
    """At most so many of them, evenly over their order, the oldest among them."""
    if count <= 0 or not kept:
        return []
    step = max(1.0, len(kept) / count)
    return [kept[int(index * step)] for index in range(min(count, len(kept)))]
