"""Incidents and cameras in the words of the page."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from api.store.cameras import ViewHealth
from api.store.incidents import StoredIncident
from contracts.event import HealthState
from contracts.incident import Category, Ellipse, EvidenceRef, Incident, rfc3339

__all__ = ["CATEGORY_WORDS", "Card", "HealthShown", "Picture", "card_of", "health_of", "is_drawn"]

CATEGORY_WORDS: dict[str, str] = {
    Category.STREET_VENDOR: "Street vendor",
    Category.GARBAGE_PILE: "Garbage pile",
    Category.OVERFLOWING_BIN: "Overflowing bin",
    Category.CONSTRUCTION_DEBRIS: "Construction debris",
    Category.BUILDING_CHANGE: "Building change",
    Category.UNATTENDED_OBJECT: "Something left behind",
}
HEALTH_WORDS: dict[str, str] = {
    HealthState.OK: "working",
    HealthState.OFFLINE: "offline",
    HealthState.FROZEN: "picture frozen",
    HealthState.MOVED: "camera moved, its places are suspended",
    HealthState.KEYFRAMES_TOO_RARE: "keyframes too rare",
    HealthState.OVERLOADED: "overloaded, looks come late",
    HealthState.NO_DETECTOR: "no detector, finds less",
    HealthState.REFUSED: "refused, a person is needed",
}
PICTURE_WORDS = {
    "before": "Before",
    "arrival": "On arrival",
    "now": "Now",
    "still": "Still",
    "clip": "Clip",
}
SHOWN_ORDER = ("now", "arrival", "still")
DRAWN_MARK = "drawn"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture or clip on a card."""

    href: str
    words: str
    alternative: str
    is_clip: bool


@dataclass(frozen=True, slots=True)
class Card:
    """One incident as the page shows it; every text still needs escaping."""

    incident: Incident
    status: str
    category: str
    pictures: list[Picture]
    picture_note: str
    place: str
    error: str
    place_note: str
    since: str
    lasted: str
    confidence: str
    is_drawn: bool


@dataclass(frozen=True, slots=True)
class HealthShown:
    """One view in the camera strip."""

    camera_id: str
    view_id: str
    state: str
    words: str
    detail: str
    open_incidents: int
    reported_at: str


def is_drawn(incident: Incident) -> bool:
    """Whether the incident comes from a drawn film: its run, camera or file says so."""
    return any(
        DRAWN_MARK in text.lower() for text in (incident.run, incident.camera_id, incident.input or "")
    )


def _duration(seconds: float) -> str:
    """A duration in its two largest units."""
    left = int(seconds)
    parts = []
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def _clock(at: datetime) -> str:
    return rfc3339(at)[:19].replace("T", " ") + " UTC"


def _error(ellipse: Ellipse | None) -> str:
    if ellipse is None:
        return "error unknown"
    return (
        f"±\u00a0{ellipse.semi_major_m:.1f}\u00a0m along {ellipse.azimuth_deg:.0f}°,"
        f" ±\u00a0{ellipse.semi_minor_m:.1f}\u00a0m across (95\u00a0%)"
    )


def _name(ref: EvidenceRef) -> str:
    """The file's name in the store."""
    return f"{ref.sha256}.{'mp4' if ref.kind == 'clip' else 'jpg'}"


def _picture(ref: EvidenceRef, category: str) -> Picture:
    words = PICTURE_WORDS[ref.kind]
    # By the hash, never by the href of the event: that is the worker's text.
    return Picture(
        href=f"/v1/evidence/{quote(_name(ref))}",
        words=words,
        alternative=f"{category}, {words.lower()}; people and vehicles are masked",
        is_clip=ref.kind == "clip",
    )


def _pictures(incident: Incident, category: str, is_kept: Callable[[str], bool]) -> list[Picture]:
    """Before, where there is one, beside it the newest of the others, and the clip; only what has arrived."""
    by_kind = {ref.kind: ref for ref in incident.evidence if is_kept(_name(ref))}
    chosen = [by_kind["before"]] if "before" in by_kind else []
    for kind in SHOWN_ORDER:
        if kind in by_kind:
            chosen.append(by_kind[kind])
            break
    if "clip" in by_kind:
        chosen.append(by_kind["clip"])
    return [_picture(ref, category) for ref in chosen]


def _picture_note(incident: Incident) -> str:
    if incident.evidence_note:
        return incident.evidence_note
    return "The picture is on its way." if incident.evidence else "No picture was sent with this incident."


def card_of(item: StoredIncident, is_kept: Callable[[str], bool]) -> Card:
    """The card of an incident; `is_kept` says whether the evidence of a file name has arrived."""
    incident = item.incident
    category = CATEGORY_WORDS[incident.category]
    place = ""
    if incident.lonlat is not None:
        place = f"{incident.lonlat[0]:.6f}, {incident.lonlat[1]:.6f}"
    until = incident.closed_at or incident.last_seen
    return Card(
        incident=incident,
        status=item.status,
        category=category,
        pictures=_pictures(incident, category, is_kept),
        picture_note=_picture_note(incident),
        place=place,
        error=_error(incident.ellipse) if place else "",
        place_note=incident.place_note or ("" if place else "This view is not calibrated."),
        since=_clock(incident.first_seen),
        lasted=f"there for {_duration((until - incident.first_seen).total_seconds())}"
        + ("" if incident.closed_at else f", as last told at {_clock(incident.last_seen)[11:19]}"),
        confidence=f"{incident.confidence * 100:.0f} %",
        is_drawn=is_drawn(incident),
    )


def health_of(view: ViewHealth) -> HealthShown:
    """A view for the camera strip."""
    state = view.health.state.value if view.health else "unknown"
    return HealthShown(
        camera_id=view.camera_id,
        view_id=view.view_id,
        state=state,
        words=HEALTH_WORDS.get(state, "no health reported"),
        detail=view.health.detail if view.health else "",
        open_incidents=view.open_incidents,
        reported_at=(view.reported_at or "")[:19].replace("T", " "),
    )
