"""From tracks to incidents: opened, updated and closed against the site's rules.

Vision says what stays and what it is; `contracts/rules.py` says whether it matters; this module
puts both together and writes the events.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from contracts.event import IncidentEvent, event_id, incident_id
from contracts.incident import Category, Ellipse, EvidenceRef, Incident, ModelRef, RuleRef
from contracts.rules import Candidate, Judgement, Outcome, judge, rules_for, zones_at
from contracts.site import Camera, Site, View, ZoneKind
from stream_workers.drawn_scale import DrawnScale
from stream_workers.track_rules import MIN_CHECKS, found_no_more, is_cut, light_fault, why_part
from vision.georeference.place import Place
from vision.tracks.identity import Identity, Kind, decide
from vision.tracks.presence import Track
from vision.types import Box

__all__ = [
    "LIVE_RUN",
    "ClipAnswer",
    "ClipTaker",
    "EvidenceTaker",
    "IncidentDesk",
    "LookFacts",
    "TakenEvidence",
    "ViewSetup",
]

LIVE_RUN = "live"
UPDATE_EVERY_S = 1800.0
LEAST_JUDGED_PX = 24.0
"""Below this a 416-px detector does not know a car or a person either (bench of the real clips, 2026-11)."""
UNCHECKED_GROWTH = 1.5
PUSHED_COARSER = 1.5
"""A box in a pushed picture is so much less sure: the push is known to a pixel, its turn is not."""
LARGEST_LEFT_M2 = 4.0
"""What is left behind covers no more: a sofa 2.5 m wide."""
STEADY_SHARE = 0.7
ALONE_SHARE_OF_DWELL = 1.0
"""An unattended object must have been alone for this share of the dwell."""
LONGEST_NOTE = 300
NOWHERE = "no ground is seen there on which anything could lie"
UNJUDGED = "the view has moved too far: nobody knows in which zone on the map it stands"
TOO_UNCERTAIN_M = 25.0
"""A 95 % half axis beyond this is no place to send anyone to."""


@dataclass(frozen=True, slots=True)
class ViewSetup:
    """What is fixed for a view during a run.

    Args:
        site: The site.
        camera: The camera.
        view: The view.
        run: `live` or the name of an analysis.
        look_every_s: Seconds between looks.
        has_detector: Whether persons can be told from things.
        input_name: File name, for recordings.
    """

    site: Site
    camera: Camera
    view: View
    run: str
    look_every_s: float
    has_detector: bool
    input_name: str | None = None
    model: ModelRef | None = None


@dataclass(frozen=True, slots=True)
class LookFacts:
    """What a judgement needs to know of the look.

    Args:
        look: Its number.
        at: When it was captured.
        media_s: Its media time.
        picture_wh: Size of its picture.
        suspended: Whether the view has moved so far that it has no places.
        pushed_px: How far its picture lies from where it was calibrated, to the right and downwards; small.
    """

    look: int
    at: datetime
    media_s: float
    picture_wh: tuple[int, int]
    suspended: bool
    pushed_px: tuple[float, float] = (0.0, 0.0)

    def as_calibrated(self, box: Box) -> Box:
        """Where a box would be in the picture, had nobody pushed the camera."""
        dx, dy = self.pushed_px
        return box[0] - dx, box[1] - dy, box[2] - dx, box[3] - dy


@dataclass(frozen=True, slots=True)
class TakenEvidence:
    """References to the pictures of an incident, and why some are missing."""

    refs: list[EvidenceRef]
    note: str | None


class EvidenceTaker(Protocol):
    """Makes the masked pictures of an incident."""

    def take(self, box: Box, first_seen: datetime, now: datetime, category: str) -> TakenEvidence:
        """Before, arrival and now of the thing in `box` (picture pixels)."""
        ...


@dataclass(frozen=True, slots=True)
class ClipAnswer:
    """A clip, why there is none, or that it is being made."""

    ref: EvidenceRef | None = None
    note: str | None = None
    is_awaited: bool = False


class ClipTaker(Protocol):
    """Makes the masked clips of incidents."""

    def order(self, incident: Incident) -> ClipAnswer:
        """Begin the clip of an incident that opens with this look; must not wait for it."""
        ...

    def ask(self, incident_id: str) -> ClipAnswer:
        """What has become of a clip that is awaited."""
        ...


class Placer(Protocol):
    """Gives a box its place on the ground."""

    def place(self, box: Box, category: str, look_px: float) -> Place | None:
        """Place with its error, or None beyond horizon or range.

        Args:
            box: Pixels of the calibration's picture.
            category: What it is.
            look_px: Such pixels per pixel of the look.
        """
        ...


class IncidentDesk:
    """Opens, updates and closes the incidents of one view.

    Args:
        setup: What is fixed for the view.
        placer: Georeferencing, or None without calibration.
        evidence: Takes pictures, or None where there can be none.
        clips: Makes clips, or None where they are off.
    """

    def __init__(
        self,
        setup: ViewSetup,
        placer: Placer | None,
        evidence: EvidenceTaker | None,
        clips: ClipTaker | None = None,
    ) -> None:
        self._setup = setup
        self._placer = placer
        self._evidence = evidence
        self._clips = clips
        dwells = [rule.dwell_s for rule in rules_for(Category.UNATTENDED_OBJECT, setup.site)]
        self._alone_for_s = ALONE_SHARE_OF_DWELL * min(dwells, default=0.0)

    def judge(self, track: Track, box: Box, facts: LookFacts, others: Sequence[Track]) -> "Decision":
        """What a track is and whether it matters now; nothing is changed."""
        identity = decide(track)
        fault = self._fault(track, identity, box, facts) or why_part(identity, box, facts.picture_wh, others)
        category = self._category(identity, fault)
        if category is None:
            told = replace(identity, reason=f"{identity.reason}; {fault}") if fault else identity
            return Decision(told, None, None, None)
        place = self._place(box, category, facts)
        misplaced = self._misplaced(category, place, facts)
        if misplaced:
            return Decision(replace(identity, reason=f"{identity.reason}; {misplaced}"), None, None, None)
        candidate = Candidate(
            category=category,
            confidence=identity.confidence,
            box_xyxy_px=DrawnScale.of(self._setup.view, facts.picture_wh).box(facts.as_calibrated(box)),
            lonlat=place.lonlat if place else None,
            footprint=place.footprint if place else None,
            area_m2=place.area_m2 if place else None,
            view_id=self._setup.view.id,
            first_seen=_utc(track.born_at),
            now=facts.at,
            present_s=max(0.0, track.last_seen_at - track.born_at),
            # Once told of, it has left only where its place itself lies in the zone: at the edge of its error
            # it would be closed and opened again and again.
            error_m=place.ellipse.semi_major_m if place and track.incident is None else 0.0,
        )
        return Decision(
            identity,
            category,
            judge(candidate, self._setup.site, self._rank(candidate, track, others)),
            place,
        )

    def _rank(self, candidate: Candidate, track: Track, others: Sequence[Track]) -> int:
        """How many of the same category came earlier to the same permitted zone: first come, first served."""
        if not self._setup.site.permits:
            return 0
        zones = {zone.id for zone in zones_at(candidate, self._setup.site) if zone.kind is ZoneKind.PERMITTED}
        return sum(
            other.track_id != track.track_id
            and other.named == candidate.category
            and other.is_present
            and not zones.isdisjoint(other.zones)
            and (other.born_at, other.track_id) < (track.born_at, track.track_id)
            for other in others
        )

    def events(self, track: Track, box: Box, facts: LookFacts, decision: "Decision") -> list[IncidentEvent]:
        """The events that follow from a decision; the track's incident is updated."""
        if track.incident is None:
            return self._open(track, box, facts, decision)
        if track.is_gone:
            return self._close(track, facts, "it is gone")
        judgement = decision.judgement
        if judgement is not None and judgement.outcome in _ENDS:
            return self._close(track, facts, judgement.reason)
        if found_no_more(track):
            return self._close(track, facts, f"it is found no more; {decision.identity.reason}")
        return self._tell_clip(track, facts) + self._update(track, box, facts, decision)

    def _misplaced(self, category: Category, place: Place | None, facts: LookFacts) -> str:
        """Why it cannot be judged, or be what it seems, where it is; empty where it can."""
        if facts.suspended and self._may_stay_somewhere(category):
            return UNJUDGED
        if category is not Category.UNATTENDED_OBJECT:
            return ""
        if place is not None and place.area_m2 > LARGEST_LEFT_M2:
            return f"it covers {place.area_m2:.1f} m2: too large for a thing left behind"
        fits = not DrawnScale.of(self._setup.view, facts.picture_wh).other_shape
        is_calibrated = self._placer is not None and not facts.suspended and fits
        return NOWHERE if is_calibrated and place is None else ""

    def _may_stay_somewhere(self, category: Category) -> bool:
        """Whether some zone on the map lets the category stay; who stands there must not be told of."""
        return self._placer is not None and any(
            zone.polygon_lonlat is not None
            and zone.kind in (ZoneKind.PERMITTED, ZoneKind.IGNORED)
            and (not zone.categories or category in zone.categories)
            for zone in self._setup.site.zones
        )

    def _category(self, identity: Identity, fault: str) -> Category | None:
        if identity.kind is Kind.CATEGORY:
            return None if fault else Category(identity.name)
        if not self._setup.has_detector and self._setup.run == LIVE_RUN:
            # Without a detector a person at rest cannot be told from a thing: none is raised.
            return None
        return Category.UNATTENDED_OBJECT if identity.kind is Kind.UNCLAIMED and not fault else None

    def _fault(self, track: Track, identity: Identity, box: Box, facts: LookFacts) -> str:
        """Why a track is not believed to be what it seems; empty where it is."""
        if identity.kind is Kind.UNCLAIMED:
            return self._unattended_fault(track, box, facts)
        if identity.kind is Kind.CATEGORY and not track.came and is_cut(box, facts.picture_wh):
            # The model alone speaks for it, and it sees a part only: half a cabinet looks like half a stall.
            return "it was there from the start and the picture's edge cuts it off"
        return ""

    def _unattended_fault(self, track: Track, box: Box, facts: LookFacts) -> str:
        """Why something that no class claims is no unattended object; empty where it is one."""
        if track.origin != "region":
            return "it was there from the start"
        if track.is_early:
            return "it came with the first looks, when the background was not known yet"
        if is_cut(box, facts.picture_wh):
            return "the picture's edge cuts it off"
        if min(box[2] - box[0], box[3] - box[1]) < LEAST_JUDGED_PX:
            return f"less than {LEAST_JUDGED_PX:.0f} px: too small to say that no class claims it"
        light = light_fault(track)
        if light:
            return light
        if track.seen_share < STEADY_SHARE:
            return f"seen in only {track.seen_share:.0%} of its open looks"
        return self._company_fault(track, facts)

    def _company_fault(self, track: Track, facts: LookFacts) -> str:
        """Why someone may stand there: she was seen, or what stays has grown since anyone was looked for."""
        if facts.at.timestamp() - track.last_person_at < self._alone_for_s:
            return "a person was at it just now"
        if self._setup.has_detector and track.area > UNCHECKED_GROWTH * track.checked_area:
            return f"it has grown from {track.checked_area} to {track.area} pixels since it was last examined"
        return ""

    def _place(self, box: Box, category: Category, facts: LookFacts) -> Place | None:
        scale = DrawnScale.of(self._setup.view, facts.picture_wh)
        if self._placer is None or facts.suspended or scale.other_shape:
            return None
        coarser = PUSHED_COARSER if facts.pushed_px != (0.0, 0.0) else 1.0
        return self._placer.place(scale.box(facts.as_calibrated(box)), category, coarser * scale.coarsest)

    def _open(self, track: Track, box: Box, facts: LookFacts, decision: "Decision") -> list[IncidentEvent]:
        judgement = decision.judgement
        if decision.category is None or judgement is None or judgement.outcome is not Outcome.RAISED:
            return []
        if not track.is_present or (self._setup.has_detector and track.open_checks < MIN_CHECKS):
            return []
        key = incident_id(
            self._setup.view.id, self._setup.run, decision.category, track.born_look, track.first_box
        )
        incident = self._describe(key, track, box, facts, decision)
        incident = incident.model_copy(update=self._pictures(incident))
        clip = self._clips.order(incident) if self._clips is not None else ClipAnswer()
        incident = _with_clip(incident, clip)
        track.incident = {
            "sequence": 0,
            "told_at": facts.at.timestamp(),
            "awaits_clip": clip.is_awaited,
            "body": incident.model_dump(mode="json"),
        }
        return [self._event("opened", incident, 0, facts)]

    def _tell_clip(self, track: Track, facts: LookFacts) -> list[IncidentEvent]:
        """An update that brings the clip, or says why there is none, once that is known."""
        held = track.incident
        if held is None or not held.get("awaits_clip"):
            return []
        before = Incident.model_validate(held["body"])
        clip = self._clip_of(before.incident_id)
        if clip.is_awaited:
            return []
        held["awaits_clip"] = False
        return [self._tell("updated", track, _with_clip(before, clip), facts)]

    def _clip_of(self, incident_id: str) -> ClipAnswer:
        if self._clips is None:
            return ClipAnswer(note="no clip: clips were turned off meanwhile")
        return self._clips.ask(incident_id)

    def _update(self, track: Track, box: Box, facts: LookFacts, decision: "Decision") -> list[IncidentEvent]:
        held = track.incident
        if held is None or decision.category is None or decision.judgement is None:
            return []
        before = Incident.model_validate(held["body"])
        changed = decision.category != before.category
        if not changed and facts.at.timestamp() - held["told_at"] < UPDATE_EVERY_S:
            return []
        if decision.judgement.outcome is not Outcome.RAISED:
            return []
        incident = self._describe(before.incident_id, track, box, facts, decision).model_copy(
            update={
                "opened_at": before.opened_at,
                "evidence": before.evidence,
                "evidence_note": before.evidence_note,
            }
        )
        return [self._tell("updated", track, incident, facts)]

    def _close(self, track: Track, facts: LookFacts, reason: str) -> list[IncidentEvent]:
        if track.incident is None:
            return []
        before = Incident.model_validate(track.incident["body"])
        if track.incident.get("awaits_clip"):
            clip = self._clip_of(before.incident_id)
            early = ClipAnswer(note="no clip: the incident closed before it was made")
            before = _with_clip(before, early if clip.is_awaited else clip)
        incident = before.model_copy(
            update={
                "last_seen": _utc(max(track.last_seen_at, before.first_seen.timestamp())),
                "closed_at": facts.at,
                "media_time_s": round(facts.media_s, 3),
                "input": self._setup.input_name,
                "rule": before.rule.model_copy(
                    update={"reason": f"{before.rule.reason}; closed: {reason}"[:500]}
                ),
            }
        )
        event = self._tell("closed", track, incident, facts)
        track.incident = None
        track.settled = f"incident closed: {reason}"
        return [event]

    def _tell(self, what: str, track: Track, incident: Incident, facts: LookFacts) -> IncidentEvent:
        held = track.incident or {}
        sequence = int(held["sequence"]) + 1
        track.incident = {
            "sequence": sequence,
            "told_at": facts.at.timestamp(),
            "awaits_clip": held.get("awaits_clip", False),
            "body": incident.model_dump(mode="json"),
        }
        return self._event(what, incident, sequence, facts)

    def _event(self, what: str, incident: Incident, sequence: int, facts: LookFacts) -> IncidentEvent:
        return IncidentEvent.model_validate(
            {
                "id": event_id(incident.incident_id, sequence),
                "source": f"/views/{incident.view_id}",
                "type": f"org.streetkeeper.incident.{what}",
                "subject": incident.incident_id,
                "time": facts.at,
                "sequence": sequence,
                "data": incident,
            }
        )

    def _pictures(self, incident: Incident) -> dict[str, Any]:
        if self._evidence is None:
            return {"evidence_note": "no picture: there is no mask model"}
        taken = self._evidence.take(
            incident.box_xyxy_px, incident.first_seen, incident.opened_at, incident.category
        )
        return {"evidence": taken.refs, "evidence_note": taken.note}

    def _describe(self, key: str, track: Track, box: Box, facts: LookFacts, decision: "Decision") -> Incident:
        judgement, place, setup = decision.judgement, decision.place, self._setup
        if judgement is None or judgement.rule is None or decision.category is None:
            raise ValueError("an incident needs a category and the rule that it stands against")
        return Incident(
            incident_id=key,
            view_id=setup.view.id,
            camera_id=setup.camera.id,
            run=setup.run,
            category=decision.category,
            first_seen=_utc(track.born_at),
            last_seen=_utc(track.last_seen_at),
            opened_at=facts.at,
            lonlat=_rounded(place.lonlat) if place else None,
            ellipse=_ellipse(place),
            place_note=self._place_note(place, facts),
            footprint=[_rounded(corner) for corner in place.footprint] if place else None,
            area_m2=round(place.area_m2, 2) if place else None,
            area_error_m2=round(place.area_error_m2, 2) if place else None,
            zones=list(judgement.zones),
            unit=judgement.unit,
            priority=judgement.priority,
            rule=RuleRef(id=judgement.rule.id, version=judgement.rule.version, reason=judgement.reason),
            permits=list(judgement.permits),
            confidence=round(min(1.0, max(0.0, decision.identity.confidence)), 4),
            persons_checked=setup.has_detector,
            model=setup.model,
            codes=dict(judgement.codes),
            box_xyxy_px=(round(box[0], 1), round(box[1], 1), round(box[2], 1), round(box[3], 1)),
            picture_wh=facts.picture_wh,
            media_time_s=round(facts.media_s, 3),
            input=setup.input_name,
            site_version=setup.site.version,
        )

    def _place_note(self, place: Place | None, facts: LookFacts) -> str | None:
        if facts.suspended:
            return "the view has moved: places are suspended until it is calibrated again or comes back"
        if self._placer is None:
            return "the view is not calibrated"
        other_shape = DrawnScale.of(self._setup.view, facts.picture_wh).other_shape
        if other_shape:
            return other_shape
        if place is None:
            return "beyond the horizon or the range of the calibration"
        if place.ellipse.semi_major_m > TOO_UNCERTAIN_M:
            return f"too uncertain to go to: +-{place.ellipse.semi_major_m:.0f} m"
        return None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a track is, whether it matters, and where it is."""

    identity: Identity
    category: Category | None
    judgement: Judgement | None
    place: Place | None


_ENDS = frozenset({Outcome.PERMITTED, Outcome.IGNORED, Outcome.OUTSIDE_HOURS})


def _with_clip(incident: Incident, clip: ClipAnswer) -> Incident:
    """The incident with its clip, or with the word that there is none."""
    if clip.ref is not None:
        return incident.model_copy(update={"evidence": [*incident.evidence, clip.ref]})
    if clip.note is None:
        return incident
    # The clip's word whole, since it is the news; why pictures are missing was told when it opened.
    room = LONGEST_NOTE - len(clip.note) - len("; ")
    pictures = (incident.evidence_note or "")[: max(0, room)]
    note = f"{pictures}; {clip.note}" if pictures else clip.note
    return incident.model_copy(update={"evidence_note": note[:LONGEST_NOTE]})


def _rounded(lonlat: tuple[float, float]) -> tuple[float, float]:
    """To a centimetre: more digits than the error has would only pretend."""
    return round(lonlat[0], 7), round(lonlat[1], 7)


def _ellipse(place: Place | None) -> Ellipse | None:
    if place is None:
        return None
    return Ellipse(
        semi_major_m=round(place.ellipse.semi_major_m, 3),
        semi_minor_m=round(place.ellipse.semi_minor_m, 3),
        azimuth_deg=round(place.ellipse.azimuth_deg, 1) % 180,
    )


def _utc(posix_s: float) -> datetime:
    return datetime.fromtimestamp(posix_s, UTC)
