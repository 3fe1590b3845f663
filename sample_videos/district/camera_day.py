"""What is kept of one simulated camera-day: what was true, what the pipeline said, and why.

One file per camera-day; times are seconds of the simulated world, boxes are pixels of the picture as it was.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["CameraDay", "Cut", "ExplainedRecord", "IncidentRecord", "Nudge", "ThingRecord", "box_of"]

BoxPx = tuple[float, float, float, float]
LonLat = tuple[float, float]
Span = tuple[float, float]


class Record(BaseModel):
    """Base of what is kept: unknown keys are refused, so that files of another version are noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ThingRecord(Record):
    """Something that truth says was there, or a trap that must raise nothing.

    Args:
        thing_id: Its name in the world.
        kind: What it is, in the catalogue's words.
        category: Its category; empty for what has none.
        trap: Kind of trap, or empty.
        is_sleeper: Whether it is a person at rest or her belongings: no incident ever.
        there: When it is there.
        due: When it stands against a rule; None: never.
        dwell_s: Dwell of the rule that speaks of it.
        lonlat: Centroid of its footprint.
        area_m2: Of its footprint.
        distance_m: From the camera.
        split: train or test.
        seen: When at least half of it shows, as spans.
        boxes: From when on it has which box in the picture; None while it is out of the picture.
        footprint: Closed ring of degrees, of what is built; empty of all else.
        height_m: Of what is built.
        permit: Number of what allows it to be built.
    """

    thing_id: str
    kind: str
    category: str = ""
    trap: str = ""
    is_sleeper: bool = False
    there: Span
    due: Span | None = None
    dwell_s: float = 300.0
    lonlat: LonLat
    area_m2: float
    distance_m: float
    split: str = "train"
    seen: list[Span] = Field(default_factory=list)
    boxes: list[tuple[float, BoxPx | None]] = Field(default_factory=list)
    footprint: list[LonLat] = Field(default_factory=list)
    height_m: float | None = None
    permit: str = ""


class ExplainedRecord(Record):
    """Why one persistent region is, or is not, an incident; the pipeline's own words."""

    category: str
    outcome: str
    reason: str
    from_t: float
    to_t: float
    box: BoxPx
    incident_id: str = ""


class IncidentRecord(Record):
    """An incident as the pipeline told it.

    Args:
        incident_id: Its name.
        category: At its last event.
        category_opened: At its opening.
        first_seen: When the thing came, as the pipeline says.
        last_seen: When it was last seen.
        opened: When it was opened.
        closed: When it was closed, or None.
        box: At its opening.
        lonlat: At its opening, likewise what follows.
        ellipse: Half axes in metres and azimuth of the longer one, degrees clockwise from north.
        area_m2: Of the footprint.
        reason: The rule's, at the last event.
        confidence: At its opening.
    """

    incident_id: str
    category: str
    category_opened: str
    first_seen: float
    last_seen: float
    opened: float
    closed: float | None = None
    box: BoxPx
    lonlat: LonLat | None = None
    ellipse: tuple[float, float, float] | None = None
    area_m2: float | None = None
    reason: str = ""
    confidence: float = 0.0


class Nudge(Record):
    """The camera was turned; `until` is when it came back or was calibrated anew, or the day's end.

    Args:
        at: When.
        until: When it hung as before.
        shift_px: How far its picture's middle moved, along x or y, whichever is more.
        width_px: Of its picture.
    """

    at: float
    until: float
    shift_px: float
    width_px: int = 1280

    @property
    def shift_720p(self) -> float:
        """How far it would have moved a picture 1280 px wide."""
        return self.shift_px * 1280 / self.width_px


class Cut(Record):
    """A span without looks: a power cut."""

    at: float
    until: float


class CameraDay(Record):
    """One camera over one simulated day.

    Args:
        format: Version of this form.
        seed: Of the world.
        camera_id: The camera.
        day: Number of the simulated day.
        detector: `oracle`, `model`, or `none` where only the pose watch was run.
        split: Which objects and cameras the world is made of: train, test or all.
        scenario: Name of the world's scenario.
        begins: When the watch began, and the memory was empty.
        ends: When it ended.
        looks: Looks that were handled.
        steady_s: Seconds that looks stood for while the camera hung as calibrated; of pose watches only.
        look_every_s: Seconds between looks.
        cpu_s: CPU seconds of all of it.
        composed_cpu_s: Those of composing what was asked of the pictures.
        things: What was true.
        incidents: What was told.
        explained: What stayed, and why it was or was no incident.
        nudges: When the camera was truly moved.
        moved: When the pipeline held the view for moved.
        cuts: When there were no looks.
        conditions: When a condition held that lies on nothing: a dirty lens, a shower.
        exposure: How often each trap was there.
        oracle: Reported and right boxes per tenth of the score.
    """

    format: Annotated[str, Field(pattern="^camera-day/1$")] = "camera-day/1"
    seed: int
    camera_id: str
    day: int
    detector: str
    split: str
    scenario: str
    begins: float
    ends: float
    looks: int = 0
    steady_s: float = 0.0
    look_every_s: float = 10.0
    cpu_s: float = 0.0
    composed_cpu_s: float = 0.0
    things: list[ThingRecord] = Field(default_factory=list)
    incidents: list[IncidentRecord] = Field(default_factory=list)
    explained: list[ExplainedRecord] = Field(default_factory=list)
    nudges: list[Nudge] = Field(default_factory=list)
    moved: list[Span] = Field(default_factory=list)
    cuts: list[Cut] = Field(default_factory=list)
    conditions: dict[str, list[Span]] = Field(default_factory=dict)
    exposure: dict[str, int] = Field(default_factory=dict)
    oracle: dict[str, list[int]] = Field(default_factory=dict)

    @property
    def name(self) -> str:
        """Names the camera-day in files and reports."""
        return f"s{self.seed}-{self.camera_id}-d{self.day}"


def box_of(thing: ThingRecord, at: float) -> BoxPx | None:
    """The thing's box in the picture at a time; after its end, the last one that it had."""
    held: BoxPx | None = None
    for since, box in thing.boxes:
        if since > at:
            break
        held = box if box is not None or at < thing.there[1] else held
    return held
