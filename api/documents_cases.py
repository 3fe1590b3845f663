"""What requests and replies about review and cases look like, for the OpenAPI document."""

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.lifecycle import Action, CaseState, Rung
from contracts.incident import Category, Ellipse, Identifier, LonLat
from contracts.responsibility import Limit

__all__ = [
    "BudgetList",
    "BudgetRequest",
    "CaseAction",
    "CaseActionRequest",
    "CaseHistory",
    "CaseList",
    "CaseShown",
    "CaseSplit",
    "LookList",
    "LookRequest",
    "QualityShown",
    "ReportRequest",
    "ReportShown",
    "ReviewFacts",
    "ReviewItemShown",
    "ReviewList",
    "SplitRequest",
    "Undone",
    "VerdictReply",
    "VerdictRequest",
]

PICTURE = r"^[0-9a-f]{64}\.(jpg|mp4)$"


class Request(BaseModel):
    """Base of requests: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid")


class CaseLink(BaseModel):
    """A link to another page."""

    href: str
    rel: str
    type: str


class VerdictRequest(Request):
    """What a person says of an item."""

    verdict: Literal["file", "join", "reject", "verify"] = Field(
        description="Begin a case, join one, reject, or have somebody go there (核实)."
    )
    reason: Literal["not_there", "wrong_class", "permitted", "wrong_place", "privacy", "duplicate"] | None = (
        Field(default=None, description="For `reject`.")
    )
    note: str = Field(default="", max_length=2000, description="In words.")
    case: str | None = Field(default=None, max_length=64, description="For `join`: id or number of the case.")
    right_category: Category | None = Field(default=None, description="What it is, where that was wrong.")
    lonlat: LonLat | None = Field(default=None, description="Where it is, where nothing else says so.")


class CaseActionRequest(Request):
    """What belongs to a step of a case; which of it a step wants is said at the step."""

    reason: str = Field(default="", max_length=2000, description="Why, in words.")
    picture: str | None = Field(default=None, pattern=PICTURE, description="Name of an evidence file.")
    unit: Identifier | None = Field(default=None, description="For `dispatch`: the lead unit.")
    joint: list[Identifier] | None = Field(
        default=None,
        max_length=20,
        description="For `dispatch`: further units; left out: those of the rules.",
    )
    limit: Limit | None = Field(default=None, description="For `dispatch` and `extend`: how much time.")
    due: AwareDatetime | None = Field(
        default=None, description="For the same, where no limit is given: until when."
    )
    over_budget: bool = Field(default=False, description="For `dispatch`: pass the unit's budget of the day.")
    upheld: bool = Field(default=False, description="For `decide`: the objection is right.")


class SplitRequest(Request):
    """Which sources leave a case for one of their own."""

    sources: list[tuple[Literal["incident", "report"], str]] = Field(
        min_length=1, max_length=200, description="Kind and id of each."
    )
    reason: str = Field(min_length=1, max_length=2000, description="Why, in words.")


class ReportRequest(Request):
    """What somebody saw; who it was is not asked and not kept."""

    kind: Literal["citizen", "staff", "superior"] = Field(
        description="What a superior orders is filed at once; the others wait for a verdict."
    )
    category: Category
    lonlat: LonLat
    error_m: float = Field(default=30, gt=0, le=200, description="How far off the place may be, metres.")
    text: str = Field(default="", max_length=2000, description="In words; leave out names.")
    seen_at: AwareDatetime | None = Field(default=None, description="Left out: now.")
    picture: str | None = Field(default=None, pattern=PICTURE, description="Name of a masked evidence file.")


class BudgetRequest(Request):
    """How many cases a unit may be sent on one day."""

    per_day: int | None = Field(
        ge=0, le=100_000, description="Null: that of the responsibility document, if any."
    )


class LookRequest(Request):
    """A wish for random looks."""

    count: int = Field(default=20, ge=1, le=500, description="How many, today, for the caller.")


class ReviewItemShown(BaseModel):
    """Something that waits for a person, as it is shown before the verdict."""

    item_id: str
    kind: Literal["camera", "report", "recheck", "outside"]
    state: Literal["waiting", "done", "withdrawn"]
    category: Category = Field(description="Is there one?")
    priority: int = Field(description="1 is most urgent.")
    area: str | None
    created_at: AwareDatetime
    held_until: AwareDatetime | None = Field(description="Somebody holds it until then.")
    is_mine: bool = Field(description="It is the caller who holds it.")
    seen_at: AwareDatetime | None = Field(description="When the caller first opened it.")
    camera_id: str | None
    view_id: str | None
    at: AwareDatetime | None = Field(description="Of the picture or the report.")
    picture: str | None = Field(description="See `/v1/evidence/{name}`.")
    text: str | None = Field(description="Of a report.")


class ReviewList(BaseModel):
    """A page of the queue."""

    items: list[ReviewItemShown]
    links: list[CaseLink]


class CaseProposal(BaseModel):
    """An open case that the item may be about."""

    case_id: str
    number: str
    category: Category
    state: CaseState
    metres: float = Field(description="Distance on the ground.")
    deviations: float = Field(description="Distance in standard deviations of both error ellipses together.")


class ReviewFacts(BaseModel):
    """What the machine knows of an item."""

    item_id: str
    gone_at: AwareDatetime | None = Field(description="It was there, and has gone since.")
    incidents: list[dict[str, Any]] = Field(description="Newest state of each incident of the item.")
    proposals: list[CaseProposal] = Field(description="The nearest first.")


class CaseShown(BaseModel):
    """A case as it stands."""

    case_id: str
    number: str = Field(description="To be spoken; objections name it.")
    state: CaseState
    is_suspended: bool
    rung: Rung = Field(description="How far up the ladder.")
    is_objected: bool = Field(description="An objection waits for a decision: the ladder is frozen.")
    category: Category
    priority: int
    lonlat: LonLat | None
    ellipse: Ellipse | None
    area: str | None
    street: str | None
    grid_cell: str | None
    unit: str | None
    codes: dict[str, str]
    run: str
    reported_at: AwareDatetime
    filed_at: AwareDatetime | None
    dispatched_at: AwareDatetime | None
    due_at: AwareDatetime | None
    handled_at: AwareDatetime | None
    checked_at: AwareDatetime | None
    closed_at: AwareDatetime | None
    last_seen_at: AwareDatetime | None
    reworks: int
    returns: int
    extensions: int
    version: int = Field(description="Send it as `If-Match`, so that no change of another is overwritten.")
    title: str
    allowed: list[Action] = Field(description="What may be done with it now, by somebody whose role may.")


class CaseList(BaseModel):
    """A page of cases."""

    cases: list[CaseShown]
    links: list[CaseLink]


class CaseStepShown(BaseModel):
    """A step of a case."""

    at: AwareDatetime
    actor: str
    action: str
    from_state: CaseState | None
    to_state: CaseState | None = Field(description="Null where the state stayed.")
    reason: str
    picture: str | None
    detail: dict[str, Any]


class CaseSourceShown(BaseModel):
    """What a case is about."""

    kind: Literal["incident", "report"]
    source_id: str
    joined_at: AwareDatetime
    joined_by: str
    left_at: AwareDatetime | None


class ObjectionShown(BaseModel):
    """An objection and what was decided."""

    text: str
    opened_at: AwareDatetime
    decided_at: AwareDatetime | None
    upheld: bool | None
    decision: str | None


class CaseHistory(BaseModel):
    """A case with everything that happened to it."""

    case: CaseShown
    steps: list[CaseStepShown]
    sources: list[CaseSourceShown]
    objections: list[ObjectionShown]


class CaseSplit(BaseModel):
    """The case, and the one that was split off."""

    case: CaseShown
    split: CaseShown


class VerdictReply(BaseModel):
    """A verdict that is kept."""

    verdict_id: str
    item_id: str
    undo_until: AwareDatetime
    case: CaseShown | None = Field(description="The case that it began or changed.")


class Undone(BaseModel):
    """A verdict that was taken back; its item waits again, held by the caller."""

    verdict_id: str
    item_id: str


class ReportShown(BaseModel):
    """A report, and the case that it belongs to now."""

    report_id: str
    kind: Literal["citizen", "staff", "superior"]
    category: Category
    lonlat: LonLat
    error_m: float
    text: str
    seen_at: AwareDatetime
    received_at: AwareDatetime
    picture: str | None
    state: Literal["waiting", "accepted", "rejected"]
    case: CaseShown | None


class BudgetShown(BaseModel):
    """A unit's budget, and how much of today's is used."""

    unit: str
    per_day: int
    used: int


class BudgetList(BaseModel):
    """All budgets."""

    budgets: list[BudgetShown]


class LookStateShown(BaseModel):
    """How the random looks of an operator and day stand; which items they are is not told."""

    day: str
    operator: str
    asked: int = Field(description="No still has come yet.")
    shown: int = Field(description="In the queue, judged or not.")
    failed: int = Field(description="No quiet still was to be had.")
    judged: int
    opened: int = Field(description="Left out of recall: somebody asked for the facts first.")


class LookList(BaseModel):
    """Random looks, the newest day first."""

    looks: list[LookStateShown]


class PrecisionShown(BaseModel):
    """Share of the judged incidents that were right."""

    key: str = Field(description="Camera, category or rule.")
    right: int
    wrong: int
    open: int = Field(description="Sent for verification and not decided; counted nowhere.")
    value: float | None
    interval95: tuple[float, float]


class RecallShown(BaseModel):
    """Share of the camera-hours with a thing in which the machine told of it."""

    category: Category
    told_hours: int = Field(description="Camera-hours with a confirmed incident.")
    quiet_hours: int = Field(description="Camera-hours without any.")
    looked: int = Field(description="Quiet stills that were judged.")
    missed: int = Field(description="Of these, those in which a person saw one.")
    opened: int = Field(description="Left out: somebody asked for the facts first.")
    value: float | None
    interval95: tuple[float, float]


class QualityShown(BaseModel):
    """Precision and recall, each with a two-sided 95 % interval."""

    since: AwareDatetime
    until: AwareDatetime
    overall: PrecisionShown
    cameras: list[PrecisionShown]
    categories: list[PrecisionShown]
    rules: list[PrecisionShown]
    recall: list[RecallShown]


CaseAction = Literal[
    "verify",
    "file",
    "reject",
    "dispatch",
    "accept",
    "return",
    "handle",
    "recheck",
    "check",
    "close",
    "rework",
    "extend",
    "suspend",
    "resume",
    "void",
    "object",
    "decide",
    "raise",
]
"""Actions that a route takes; `report` and `undo` have routes of their own."""
