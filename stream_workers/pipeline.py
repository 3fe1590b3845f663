"""One view, look by look: memory, tracks, detector, rules, events, and one commit."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from contracts.event import AnyEvent, IncidentEvent
from contracts.rules import Outcome
from stream_workers.attention import Attended, Attention, stood_before
from stream_workers.incidents import Decision, IncidentDesk, LookFacts, ViewSetup
from stream_workers.occupancy import OccupancyDesk
from stream_workers.pose_watch import PoseWatch
from stream_workers.sources.media import DecodedLook, Look
from stream_workers.track_rules import MIN_CHECKS, Patience
from stream_workers.view_state import Explanation, ViewState
from vision.privacy.cover import PrivacyZones, black_out
from vision.scene.memory import SceneLook, SceneMemory, grid_size
from vision.scene.regions import GridBox
from vision.tracks.finds import new_finds, own_finds, whole_finds
from vision.tracks.identity import CONTEXT, Kind
from vision.tracks.presence import Track, reach_of
from vision.tracks.tracker import LookStamp, Tracker
from vision.types import Box, Detections, FramePacket, Planes

__all__ = ["Journal", "ViewParts", "ViewPipeline", "persist_looks_for"]

PERSIST_SHARE_OF_DWELL = 0.3
NOBODYS = "the ground has changed, and nothing to be told of stands there"


def persist_looks_for(dwell_s: float, look_every_s: float) -> int:
    """Looks that a region must stay before it is noticed: a third of the dwell, three to twelve."""
    return max(3, min(12, math.ceil(PERSIST_SHARE_OF_DWELL * dwell_s / look_every_s)))


class Journal(Protocol):
    """Where a look is committed, all of it or nothing."""

    def restore(self) -> ViewState | None:
        """The state after the last committed look, or None at the first start."""
        ...

    def commit(self, look: Look, state: ViewState, events: Sequence[AnyEvent]) -> None:
        """Keep state and events in one transaction."""
        ...


class LookKeeper(Protocol):
    """Remembers looks for evidence."""

    def keep(self, look: DecodedLook) -> None:
        """Take one look into the ring, and compose a background still when one is due."""
        ...


@dataclass(slots=True)
class ViewParts:
    """What a pipeline is made of.

    Args:
        desk: Opens and closes incidents.
        journal: Commits.
        attention: Shows the detector what it should see; None without a detector.
        keeper: Keeps looks for evidence; None where there is no evidence.
        privacy: Privacy zones.
        occupancy: Counts what stands in permitted zones; None where nobody listens.
    """

    desk: IncidentDesk
    journal: Journal
    attention: Attention | None = None
    keeper: LookKeeper | None = None
    privacy: PrivacyZones = field(default_factory=PrivacyZones)
    occupancy: OccupancyDesk | None = None


class ViewPipeline:
    """Handles the looks of one view.

    Args:
        setup: What is fixed for the view.
        parts: What it is made of.
        dwell_s: Shortest dwell of the rules that apply.
        explain: Whether to keep an explanation of every track that ends.
    """

    def __init__(self, setup: ViewSetup, parts: ViewParts, dwell_s: float, *, explain: bool = False) -> None:
        self._setup = setup
        self._parts = parts
        self._explain = explain
        self._persist = persist_looks_for(dwell_s, setup.look_every_s)
        self._patience = Patience.of(setup.site, setup.look_every_s, dwell_s)
        self._pose: PoseWatch | None = None
        self._picture_wh = (1, 1)
        self._scale = 1.0
        self._facts: LookFacts | None = None
        self.state = parts.journal.restore() or ViewState(Tracker(self._persist))

    @property
    def look_every_s(self) -> float:
        """Seconds between looks."""
        return self._setup.look_every_s

    @property
    def moved(self) -> bool:
        """Whether the view has moved away from its calibration."""
        return self.state.home is not None

    @property
    def suspended(self) -> bool:
        """Whether it has moved so far that it has no places."""
        return self.state.parked is not None

    def handle(self, look: Look, number: int | None = None) -> list[IncidentEvent]:
        """Take one look in, commit it, and give the events that it made.

        Args:
            look: The look; one that was composed instead of decoded has nothing to keep for evidence.
            number: Its number, where the source counts; a look already handled is only kept for evidence.
        """
        if self._parts.privacy.polygons_px:
            look = replace(look, planes=black_out(Planes.of(look.planes), self._parts.privacy))
        if self._parts.keeper is not None and isinstance(look, DecodedLook):
            self._parts.keeper.keep(look)
        state = self.state
        current = state.look + 1 if number is None else number
        self._notice(look, current)
        if current <= state.look:
            return []
        packet = FramePacket(self._setup.view.id, current, look.media_time_s, look.captured_at, look.planes)
        events = self._judge(packet)
        state.look, state.last_at = current, look.captured_at.timestamp()
        self._parts.journal.commit(look, state, [*events, *self._counted(look, current)])
        return events

    def _counted(self, look: Look, number: int) -> Sequence[AnyEvent]:
        """What is told of the permitted zones."""
        if self._parts.occupancy is None:
            return ()
        state, at = self.state, look.captured_at
        tracks = state.tracker.tracks
        return self._parts.occupancy.events(tracks, number, at, state.occupancy, suspended=self.suspended)

    def explanations(self) -> list[Explanation]:
        """Every track so far with the reason why it is or is not an incident."""
        facts = self._facts
        living = [self._explanation(track, facts) for track in self.state.tracker.tracks]
        return [Explanation(**fields) for fields in self.state.explained] + living

    def _notice(self, look: Look, number: int) -> None:
        """Size and time of the look; a look that is skipped after a restart gives them too."""
        self._picture_wh = look.planes.size_wh
        self._scale = self._picture_wh[0] / grid_size(self._picture_wh)[0]
        self._facts = LookFacts(number, look.captured_at, look.media_time_s, self._picture_wh, self.suspended)

    def _judge(self, packet: FramePacket) -> list[IncidentEvent]:
        state, luma = self.state, packet.planes.luma_small(grid_size(packet.size_wh))
        if state.memory is None or state.memory.size_wh != (luma.shape[1], luma.shape[0]):
            self._begin(luma.shape[1], luma.shape[0])
        if self._pose is None:
            self._pose = PoseWatch(self._scale)
        stamp = LookStamp(packet.look, packet.captured_at.timestamp(), packet.media_time_s)
        if not self._pose.steady(state, luma, stamp.at):
            return []
        memory = self._memory()
        scene = memory.look(luma)
        ended = state.tracker.update(memory, scene, stamp)
        self._attend(packet, stamp, scene)
        return self._decide(ended)

    def _begin(self, width: int, height: int) -> None:
        """A first look, or a stream that has changed its resolution: the old memory says nothing of it."""
        self.state.memory = SceneMemory((width, height), self._persist)
        self.state.tracker = Tracker(self._persist, next_id=self.state.tracker.next_id)
        self.state.home, self.state.parked, self._pose = None, None, None

    def _memory(self) -> SceneMemory:
        if self.state.memory is None:
            raise RuntimeError("a look was judged before the memory was made")
        return self.state.memory

    def _attend(self, packet: FramePacket, stamp: LookStamp, scene: SceneLook) -> None:
        attention, state = self._parts.attention, self.state
        if attention is None or not scene.admitted:
            return
        things = [(track, self._px(track)) for track in state.tracker.tracks]
        stirred = [self._in_picture(box) for box in state.tracker.stirred]
        attended = attention.attend(packet, things, stirred, last_heartbeat=state.last_heartbeat)
        for track, box in attended.examined:
            self._measure_reach(track)
            if track.is_found and track.incident is None:
                state.tracker.date_back(self._memory(), track)
            self._settle_if_left(track, box, attended)
        for crop, found in attended.crops:
            self._take_up(packet, whole_finds(found, crop, packet.size_wh), stamp, came=True)
        if attended.heartbeat is not None:
            state.last_heartbeat = packet.look
            self._remember_standing(attended.heartbeat)
            self._take_up(packet, attended.heartbeat, stamp, came=False)

    def _measure_reach(self, track: Track) -> None:
        """What the detector has found bounds what belongs to the track, with a margin for its edges."""
        track.reach = None
        if track.found_box_px is not None and (track.named or track.is_found):
            box = self._on_grid(track.found_box_px)
            track.reach = reach_of(box, self._memory().size_wh)
            if track.is_found:
                track.box = box

    def _on_grid(self, box: Box) -> GridBox:
        """A box of picture pixels on the grid, inside it."""
        width, height = self._memory().size_wh
        x1, y1, x2, y2 = (value / self._scale for value in box)
        return max(0, int(x1)), max(0, int(y1)), min(width, math.ceil(x2)), min(height, math.ceil(y2))

    def _settle_if_left(self, track: Track, box: Box, attended: Attended) -> None:
        """Explain a region away where a parked car or another known thing stood and has left."""
        if track.checks != 1 or track.origin != "region" or not self.state.standing:
            return
        seen = [found for _, found in attended.crops]
        now = attended.heartbeat if attended.heartbeat is not None else None
        current = now if now is not None else (seen[-1] if seen else None)
        if current is None:
            return
        left = stood_before(_standing(self.state.standing, current.names), current, box)
        if left:
            self.state.tracker.settle(self._memory(), track, f"ground that a {left} left")

    def _remember_standing(self, heartbeat: Detections) -> None:
        rows = heartbeat.of(*CONTEXT, "person")
        self.state.standing = [
            [rows.name(row), round(float(rows.scores[row]), 3), *(round(float(v), 1) for v in rows.xyxy[row])]
            for row in range(len(rows))
        ]

    def _take_up(self, packet: FramePacket, found: Detections, stamp: LookStamp, *, came: bool) -> None:
        """A track for each find that none covers.

        Args:
            packet: The look.
            found: Finds in picture pixels.
            stamp: The look's.
            came: Only what lies on new ground: the rest is left to the heartbeat.
        """
        attention, tracker = self._parts.attention, self.state.tracker
        things = [(track, self._px(track)) for track in tracker.tracks]
        for box in new_finds(found, things):
            on_grid = self._on_grid(box)
            if attention is None or (came and tracker.came_at(self._memory(), on_grid) is None):
                continue
            born = tracker.bear_found(self._memory(), on_grid, stamp)
            attention.take_up(packet, born, box, own_finds(born, box, found, things))
            self._measure_reach(born)

    def _decide(self, ended: Sequence[Track]) -> list[IncidentEvent]:
        facts = replace(self._facts_now(), suspended=self.suspended, pushed_px=self._pushed_px())
        desk, tracks, at = self._parts.desk, self.state.tracker.tracks, facts.at.timestamp()
        events: list[IncidentEvent] = []
        for track in tracks:
            if track.settled:
                continue
            box = self._px(track)
            decision = desk.judge(track, box, facts, tracks)
            track.zones = list(decision.judgement.zones) if decision.judgement is not None else []
            track.is_awaited = self._patience.awaits(track, decision.judgement, at)
            if self._was_never_background(track, decision):
                reason = "the first looks did not show the background here"
                self.state.tracker.settle(self._memory(), track, reason)
                continue
            if self._patience.gives_up(track, decision.identity, decision.judgement, at):
                self.state.tracker.settle(self._memory(), track, f"{NOBODYS}: {_verdict(track, decision)[1]}")
                continue
            events += desk.events(track, box, facts, decision)
        if self._explain:
            self.state.explained += [self._explanation(track, facts).to_json() for track in ended]
        return events

    def _was_never_background(self, track: Track, decision: Decision) -> bool:
        """Whether a region only differs from what passed by in the very first looks."""
        if not track.is_early or track.incident is not None:
            return False
        examined = track.open_checks >= MIN_CHECKS or self._parts.attention is None
        return examined and decision.identity.kind is Kind.UNCLAIMED

    def _px(self, track: Track) -> Box:
        """The track's box in picture pixels: where the detector found it, else its region."""
        if track.found_box_px is not None and track.is_found:
            return track.found_box_px
        return self._in_picture(track.box)

    def _in_picture(self, box: GridBox) -> Box:
        """A box on the grid in picture pixels."""
        x1, y1, x2, y2 = box
        width, height = self._picture_wh
        scale = self._scale
        return x1 * scale, y1 * scale, min(width, x2 * scale), min(height, y2 * scale)

    def _pushed_px(self) -> tuple[float, float]:
        """How far the picture lies from where it was calibrated; not while places are suspended."""
        if not self.moved or self.suspended:
            return 0.0, 0.0
        return self.state.away[0] * self._scale, self.state.away[1] * self._scale

    def _facts_now(self) -> LookFacts:
        if self._facts is None:
            raise RuntimeError("a look was judged before it was noticed")
        return self._facts

    def _explanation(self, track: Track, facts: LookFacts | None) -> Explanation:
        box = self._px(track)
        outcome, reason, category, incident = "gone", track.settled, "", ""
        if track.incident is not None:
            incident = str(track.incident["body"]["incident_id"])
        if not track.settled and facts is not None:
            decision = self._parts.desk.judge(track, box, facts, self.state.tracker.tracks)
            outcome, reason, category = _verdict(track, decision)
        elif track.settled:
            outcome = "explained"
        return Explanation(
            track.track_id,
            category,
            outcome,
            reason,
            round(track.born_media_s, 3),
            round(facts.media_s if facts is not None else track.born_media_s, 3),
            box,
            incident,
            facts.look if facts is not None else track.born_look,
        )


def _verdict(track: Track, decision: Decision) -> tuple[str, str, str]:
    """One word, the reason and the category of a track that is not explained away."""
    if decision.judgement is None or decision.category is None:
        return decision.identity.kind.value, decision.identity.reason, decision.identity.name
    if track.incident is None and decision.judgement.outcome is Outcome.RAISED:
        return (
            "not_believed",
            f"{decision.identity.reason}; present with {track.probability:.2f}",
            decision.category,
        )
    return decision.judgement.outcome.value, decision.judgement.reason, decision.category


def _standing(rows: Sequence[Sequence[object]], names: tuple[str, ...]) -> Detections:
    """Stored context boxes as detections."""
    import numpy as np

    known = [row for row in rows if row[0] in names]
    return Detections(
        np.array([[float(str(value)) for value in row[2:6]] for row in known], np.float32).reshape(-1, 4),
        np.array([float(str(row[1])) for row in known], np.float32),
        np.array([names.index(str(row[0])) for row in known], np.int64),
        names,
    )
