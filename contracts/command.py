"""Commands: what the case API asks of workers, and what they answer.

Workers only call out: they ask for commands, work on them and post results. A command may be worked on
twice (a worker died, an answer was lost), so each has an effect that can be repeated.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from contracts.incident import Category, EvidenceRef, Identifier, LonLat, Message, Sha256

__all__ = [
    "BODIES",
    "NEEDS_CAMERA",
    "AnalyseRecording",
    "CalibratePreview",
    "CaptureBaseline",
    "Command",
    "CommandKind",
    "CommandResult",
    "Mask",
    "PreviewPoint",
    "Recheck",
    "RecheckAnswer",
    "Snapshot",
    "Span",
    "parse_body",
]

Side = Annotated[int, Field(ge=1, le=100_000)]
Pixel = Annotated[float, Field(ge=-100_000, le=100_000)]
FileName = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^/\\\x00-\x1f]+$")]


class CommandKind(StrEnum):
    """What a worker can be asked to do."""

    SNAPSHOT = "snapshot"
    RECHECK = "recheck"
    CALIBRATE_PREVIEW = "calibrate-preview"
    CAPTURE_BASELINE = "capture-baseline"
    ANALYSE_RECORDING = "analyse-recording"
    MASK = "mask"


NEEDS_CAMERA = frozenset(
    {
        CommandKind.SNAPSHOT,
        CommandKind.RECHECK,
        CommandKind.CALIBRATE_PREVIEW,
        CommandKind.CAPTURE_BASELINE,
    }
)
"""Kinds that only the worker can do that has the camera's lease; the others any worker."""


class RecheckAnswer(StrEnum):
    """What a camera says of a place at which it looked again."""

    GONE = "gone"
    STILL_THERE = "still_there"
    CANNOT_TELL = "cannot_tell"


class Span(Message):
    """From and to, both included."""

    since: AwareDatetime
    until: AwareDatetime

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.since > self.until:
            raise ValueError("ends before it begins")
        return self

    def holds(self, at: datetime) -> bool:
        """Whether a time lies in it."""
        return self.since <= at <= self.until


class Snapshot(Message):
    """Show a background still of a view: of now, of a time, or of a random quiet time."""

    when: Literal["now", "at", "quiet"] = "now"
    view_id: Identifier | None = Field(default=None, description="Left out: the camera's first view.")
    at: AwareDatetime | None = Field(default=None, description="For `at`: the still nearest to this time.")
    within: Span | None = Field(default=None, description="For `quiet`: choose among stills of this span.")
    busy: list[Span] = Field(
        default_factory=list,
        max_length=2000,
        description="For `quiet`: times at which something stood there; no still of these is chosen.",
    )
    seed: int = Field(default=0, ge=0, lt=2**63, description="For `quiet`: the same seed, the same choice.")

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.when == "at") != (self.at is not None):
            raise ValueError("`at` belongs to when = at, and to nothing else")
        if (self.when == "quiet") != (self.within is not None):
            raise ValueError("`within` belongs to when = quiet, and to nothing else")
        return self


class Recheck(Message):
    """Look again at a place: is what stood there gone?"""

    view_id: Identifier | None = Field(default=None, description="Left out: the camera's first view.")
    category: Category
    first_seen: AwareDatetime = Field(description="Since when it stood there; before that it did not.")
    last_seen: AwareDatetime = Field(description="When it was seen there last.")
    box_xyxy_px: tuple[Pixel, Pixel, Pixel, Pixel] | None = Field(
        default=None, description="Where it stood, in pixels of a picture of `picture_wh`."
    )
    picture_wh: tuple[Side, Side] | None = None
    lonlat: LonLat | None = Field(
        default=None, description="Where it stood, for a camera that did not see it itself."
    )
    radius_m: float = Field(default=2.0, gt=0, le=50, description="Half its width around `lonlat`, metres.")

    @model_validator(mode="after")
    def _has_a_place(self) -> Self:
        if (self.box_xyxy_px is None) != (self.picture_wh is None):
            raise ValueError("`box_xyxy_px` and `picture_wh` belong together")
        if self.box_xyxy_px is None and self.lonlat is None:
            raise ValueError("give `box_xyxy_px` with `picture_wh`, or `lonlat`")
        if self.box_xyxy_px is not None:
            x1, y1, x2, y2 = self.box_xyxy_px
            if x1 >= x2 or y1 >= y2:
                raise ValueError("`box_xyxy_px` is left, top, right, bottom")
        return self


class PreviewPoint(Message):
    """A control point as it was read."""

    px: tuple[Pixel, Pixel]
    lonlat: LonLat
    sigma_px: float = Field(default=1.0, gt=0)
    sigma_m: float = Field(default=0.1, gt=0)


class CalibratePreview(Message):
    """Fit a view to control points and show how good the fit is; nothing is changed."""

    view_id: Identifier | None = Field(default=None, description="Left out: the camera's first view.")
    control_points: list[PreviewPoint] = Field(min_length=1, max_length=200)
    picture_wh: tuple[Side, Side]
    crs: Literal["wgs84", "gcj02", "bd09"] = "wgs84"


class CaptureBaseline(Message):
    """Show whole masked stills of a view, for a person to approve as what the view looks like."""

    view_id: Identifier | None = Field(default=None, description="Left out: the camera's first view.")
    count: int = Field(default=5, ge=1, le=20, description="At most so many, spread over what is kept.")


class AnalyseRecording(Message):
    """Analyse a file of the worker's drop folder as a run of its own."""

    file: FileName = Field(description="Name in the drop folder; no path.")
    camera: Identifier | None = Field(default=None, description="The site's camera that it comes from.")
    start: AwareDatetime | None = Field(default=None, description="Capture time of its first frame.")
    look_every_s: float | None = Field(default=None, ge=0.2, le=3600)
    dwell_s: float | None = Field(default=None, ge=0, le=30 * 86400)


class Mask(Message):
    """Mask a picture from outside, so that it may be shown."""

    picture_id: Identifier
    sha256: Sha256 = Field(description="Of the bytes as they came.")


Body = Snapshot | Recheck | CalibratePreview | CaptureBaseline | AnalyseRecording | Mask
BODIES: dict[CommandKind, type[Body]] = {
    CommandKind.SNAPSHOT: Snapshot,
    CommandKind.RECHECK: Recheck,
    CommandKind.CALIBRATE_PREVIEW: CalibratePreview,
    CommandKind.CAPTURE_BASELINE: CaptureBaseline,
    CommandKind.ANALYSE_RECORDING: AnalyseRecording,
    CommandKind.MASK: Mask,
}


def parse_body(kind: CommandKind, body: object) -> Body:
    """The body of a command, as its kind wants it.

    Raises:
        pydantic.ValidationError: It is none; the error names each fault.
    """
    # As JSON would give it, so that a body read back from the database is the same as the one sent.
    return BODIES[kind].model_validate(body)


class Command(Message):
    """A command as a worker gets it."""

    command_id: Identifier
    kind: CommandKind
    camera_id: Identifier | None = None
    body: dict[str, object]
    token: str = Field(min_length=1, max_length=64, description="Of this lease; goes back with the result.")
    lease_s: float = Field(gt=0, description="Told to be alive within this time, or another gets it.")
    expires_at: AwareDatetime
    attempt: int = Field(ge=1)

    def parsed(self) -> Body:
        """Its body.

        Raises:
            pydantic.ValidationError: Its kind wants another; API and worker are of different releases.
        """
        return parse_body(self.kind, self.body)


class CommandResult(Message):
    """What became of a command.

    `answer` depends on the kind: recheck gives `answer` (gone, still_there, cannot_tell) and `why`;
    snapshot `captured_at`; calibrate-preview the points with their misses; analyse-recording the run.
    """

    token: str = Field(min_length=1, max_length=64)
    state: Literal["done", "failed"]
    answer: dict[str, object] = Field(default_factory=dict)
    evidence: list[EvidenceRef] = Field(
        default_factory=list, max_length=50, description="Masked pictures; sent before the result."
    )
    reason: str = Field(default="", max_length=1000, description="Why it failed, and what helps.")
