"""What is asked of the rules, and what they answer."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from contracts.incident import Category
from contracts.site import Rule

__all__ = ["Candidate", "Judgement", "LonLatPoint", "Outcome"]

LonLatPoint = tuple[float, float]


class Outcome(StrEnum):
    """What the rules say of a thing."""

    RAISED = "raised"
    PERMITTED = "permitted"
    IGNORED = "ignored"
    OUTSIDE_ZONES = "outside_zones"
    OUTSIDE_HOURS = "outside_hours"
    TOO_SHORT = "too_short"
    TOO_SMALL = "too_small"
    LOW_CONFIDENCE = "low_confidence"
    NO_RULE = "no_rule"


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is known of a thing when it is judged.

    Args:
        category: What it is.
        confidence: 0..1.
        box_xyxy_px: Its box, pixels of the displayed frame.
        lonlat: Centroid of its footprint, or None without calibration.
        footprint: Closed ring of its footprint, or None.
        area_m2: Area of its footprint, or None.
        view_id: The view that sees it.
        first_seen: When it was first there, aware.
        now: When it is judged, aware.
        present_s: Seconds from first to last sighting.
        error_m: Longer half axis of the place's 95 % error ellipse: so near to a zone that lets it stay, it
            has the benefit of the doubt.
    """

    category: Category
    confidence: float
    box_xyxy_px: tuple[float, float, float, float]
    lonlat: LonLatPoint | None
    footprint: list[LonLatPoint] | None
    area_m2: float | None
    view_id: str
    first_seen: datetime
    now: datetime
    present_s: float
    error_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Judgement:
    """The answer.

    Args:
        outcome: Raised, or why not.
        rule: The rule that decided; None where no rule speaks of the category.
        reason: In plain words, at most 500 characters.
        zones: Zones that the thing stands in.
        permits: Permits that cover it, or that would have but for hours, time or capacity.
        unit: The responsible unit.
        priority: The rule's priority.
        codes: The rule's codes of standards.
    """

    outcome: Outcome
    rule: Rule | None
    reason: str
    zones: tuple[str, ...] = ()
    permits: tuple[str, ...] = ()
    unit: str | None = None
    priority: int = 3
    codes: dict[str, str] = field(default_factory=dict)
