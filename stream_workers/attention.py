"""Where the detector looks in a look: at persistent regions closely, at the whole frame now and then.

Most looks wake no detector at all. A new region is examined a few times while it dwells, an open
incident rarely, a settled one never; the heartbeat sees the whole frame every few minutes, so that
nothing that was there from the start is missed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from vision.boxes import area, share_inside, union_iou
from vision.detectors.crops import crop_around, merge_tiles, tiles
from vision.protocols import Detector
from vision.tracks.belief import DEFAULT_RECALL, Recall, hit_step, miss_step
from vision.tracks.finds import Things, Watched, own_finds
from vision.tracks.identity import CONTEXT, NOTHING_KNOWN, Check, examine
from vision.tracks.presence import Track
from vision.types import Box, Detections, FramePacket

__all__ = ["Attended", "Attention", "Cadence", "CropExaminer", "Examiner"]

CHECKS_PER_DWELL = 8
OPEN_EVERY = 8
"""An open incident is examined this many times more rarely than a dwelling region."""
CLAIMED_EVERY = 4
STANDING_SCORE = 0.4
"""Least calibrated score of what is remembered to have stood there."""
CROP_MARGIN = 0.6
CLOSE_ENOUGH = 2.0
"""Times the area of a thing's own crop up to which another crop shows it as well."""
PRESENCE_SHARE = 0.5
"""How much one check says of presence: the next of the same thing repeats half of it."""
TILE_TURNS = 3
"""Heartbeats until every tile was seen: what stands there from the start can wait so long."""
TILE_PX = 832
"""Heartbeat tiles: at 416 px input, a pile of 30 px is still 15 px for the detector."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """How often things are examined, in looks."""

    check_every: int
    heartbeat_every: int

    @classmethod
    def of(cls, dwell_s: float, look_every_s: float, heartbeat_every_s: float) -> "Cadence":
        """The cadence for the shortest dwell of a view's rules."""
        dwell_looks = max(1.0, dwell_s / look_every_s)
        return cls(
            max(1, round(dwell_looks / CHECKS_PER_DWELL)),
            max(1, round(heartbeat_every_s / look_every_s)),
        )


@dataclass(slots=True)
class Attended:
    """What the detector was shown in one look.

    Args:
        crops: The examined parts of the picture and what was found in them, picture pixels.
        heartbeat: What was found in the whole frame, if it was looked at.
        examined: Tracks that got a check: those that were due, and what lies in the same crops.
    """

    crops: list[tuple[Box, Detections]] = field(default_factory=list)
    heartbeat: Detections | None = None
    examined: list[Watched] = field(default_factory=list)


class Examiner(Protocol):
    """Says what is in parts of a look."""

    def examine(self, packet: FramePacket, boxes: Sequence[Box]) -> Sequence[Detections]:
        """What is inside each of some boxes of the picture (even corners), in that box's own pixels."""
        ...


@dataclass(frozen=True, slots=True)
class CropExaminer:
    """Cuts the boxes out at full resolution and shows them to a detector, all at once."""

    detector: Detector

    def examine(self, packet: FramePacket, boxes: Sequence[Box]) -> Sequence[Detections]:
        """Detections of each crop."""
        return self.detector.detect([packet.planes.bgr(box) for box in boxes])


class Attention:
    """Shows the examiner what it should see.

    Args:
        examiner: Says what is there; its crops are the model's input size or larger.
        cadence: How often things are examined.
        input_px: Side of the model's input.
        recall: Share of things in plain view that the detector finds, by class.
    """

    def __init__(
        self, examiner: Examiner, cadence: Cadence, input_px: int = 416, recall: Recall = NOTHING_KNOWN
    ) -> None:
        self._examiner = examiner
        self._cadence = cadence
        self._input_px = input_px
        self._recall = recall

    def attend(
        self, packet: FramePacket, things: Things, stirred: Sequence[Box] = (), *, last_heartbeat: int | None
    ) -> Attended:
        """Examine the tracks that are due and what lies beside them, and the whole frame if that is due.

        Args:
            packet: The look.
            things: All tracks with their boxes in picture pixels.
            stirred: Places in which something new stays where something was, picture pixels.
            last_heartbeat: Look of the last heartbeat; None before the first, which shows all tiles at once.
        """
        attended = Attended()
        if self.heartbeat_due(packet.look, last_heartbeat):
            attended.heartbeat = self._whole_frame(packet, everything=last_heartbeat is None)
        for track, box in things:
            if self.is_due(track, packet.look):
                self._examine(packet, (track, box), self._around(packet, box, attended), things, attended)
        for place in stirred:
            self._around(packet, place, attended)
        done = {track.track_id for track, _ in attended.examined}
        for track, box in things:
            crop = self._shows(attended, packet, box) if track.track_id not in done else None
            if crop is not None and not track.settled:
                self._examine(packet, (track, box), crop, things, attended)
        return attended

    def take_up(self, packet: FramePacket, track: Track, box: Box, found: Detections) -> None:
        """The first check of a track that was born of finds of this look."""
        at = packet.captured_at.timestamp()
        self._believe(track, examine(track, box, found, packet.look, at, self._recall), at)

    def _examine(
        self, packet: FramePacket, watched: Watched, found: Detections, things: Things, attended: Attended
    ) -> None:
        """One more check of a track."""
        track, box = watched
        if attended.heartbeat is not None:
            found = _joined(found, attended.heartbeat)
        own = own_finds(track, box, found, things)
        at = packet.captured_at.timestamp()
        check = examine(track, box, own, packet.look, at, self._recall)
        if track.origin == "detection" or (track.is_found and check.name):
            self._believe(track, check, at)
        attended.examined.append(watched)

    def is_due(self, track: Track, look: int) -> bool:
        """Whether a track should be examined in this look."""
        if track.settled:
            return False
        every = self._cadence.check_every
        if track.is_awaited:
            return track.last_check_look < look
        if track.incident is not None:
            # What is missed is looked for again at once: either it is there, or its incident ends.
            is_doubted = not track.is_sure and (track.is_found or track.origin == "detection")
            if is_doubted:
                every = 1
            elif not track.missed or not track.is_found:
                every *= OPEN_EVERY
        elif track.checks >= (CHECKS_PER_DWELL if track.is_found else 2 * CHECKS_PER_DWELL):
            every *= CLAIMED_EVERY
        return look - track.last_check_look >= every

    def heartbeat_due(self, look: int, last: int | None) -> bool:
        """Whether the whole frame should be looked at."""
        return last is None or look - last >= self._cadence.heartbeat_every

    def _whole_frame(self, packet: FramePacket, *, everything: bool) -> Detections:
        """The whole frame at the model's size, and its full-resolution tiles by turns."""
        width, height = packet.size_wh
        boxes: list[Box] = [(0.0, 0.0, float(width), float(height))]
        if max(width, height) > 1.5 * TILE_PX:
            closer = tiles(packet.size_wh, TILE_PX, TILE_PX // 4)
            turn = packet.look // self._cadence.heartbeat_every
            boxes += closer if everything else closer[turn % TILE_TURNS :: TILE_TURNS]
        parts = self._examiner.examine(packet, boxes)
        return merge_tiles(parts, boxes, packet.size_wh)

    def _around(self, packet: FramePacket, box: Box, attended: Attended) -> Detections:
        """Detections around a box; a crop that was examined in this look already serves again."""
        wanted = self._crop(packet, box)
        for crop, found in attended.crops:
            if share_inside(wanted, crop) > 0.85:
                return found
        part = self._examiner.examine(packet, [wanted])[0]
        left, top = (max(0, int(wanted[0])) // 2 * 2, max(0, int(wanted[1])) // 2 * 2)
        shifted = part.xyxy + np.array([left, top, left, top], np.float32)
        found = Detections(shifted.astype(np.float32), part.scores, part.classes, part.names)
        attended.crops.append((wanted, found))
        return found

    def _crop(self, packet: FramePacket, box: Box) -> Box:
        return crop_around(box, packet.size_wh, self._input_px, CROP_MARGIN)

    def _shows(self, attended: Attended, packet: FramePacket, box: Box) -> Detections | None:
        """What was found in a crop that shows all of a box about as closely as a crop of its own would."""
        wanted = area(self._crop(packet, box))
        for crop, found in attended.crops:
            if share_inside(box, crop) >= 1.0 and area(crop) <= CLOSE_ENOUGH * wanted:
                return found
        return None

    def _believe(self, track: Track, check: Check, at: float) -> None:
        """Presence of something that only the detector knows: found, not found, or hidden."""
        if check.is_hidden:
            track.hidden += 1
            return
        recall = self._recall.get(check.name or track.named, DEFAULT_RECALL)
        if not check.name:
            track.shift_odds(PRESENCE_SHARE * miss_step(recall))
            return
        if track.origin == "region" and not track.is_present and track.seen:
            # What the detector finds is there, though the memory has lost it.
            track.origin = "detection"
        track.seen += track.origin == "detection"
        track.last_seen_at = at
        track.shift_odds(PRESENCE_SHARE * hit_step(check.score, recall))


def stood_before(standing: Detections | None, now: Detections, box: Box) -> str:
    """The context class that stood in a box at the last heartbeat and is not there now, or nothing."""
    if standing is None:
        return ""
    for row, was in enumerate(standing.xyxy):
        name = standing.name(row)
        if name not in (*CONTEXT, "person") or standing.scores[row] < STANDING_SCORE:
            continue
        before = [float(value) for value in was]
        if share_inside(box, before) < 0.5 and union_iou(box, before) < 0.3:
            continue
        still = now.of(name)
        if not any(union_iou(before, [float(value) for value in other]) > 0.4 for other in still.xyxy):
            return name
    return ""


def _joined(one: Detections, other: Detections) -> Detections:
    """Rows of both; scores are read by their best, so doubles do no harm."""
    return Detections(
        np.concatenate([one.xyxy, other.xyxy]),
        np.concatenate([one.scores, other.scores]),
        np.concatenate([one.classes, other.classes]),
        one.names,
    )
