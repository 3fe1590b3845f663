"""How many vendors stand in a view's permitted zones: counts only, told at changes.

A vendor who may be there raises no incident, so nobody would know how full a guiding point is. The worker
tells a number per zone and nothing else: no track, no permit, no picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from shapely import contains_xy
from shapely.geometry import Polygon

from contracts.event import OccupancyEvent, event_id
from contracts.incident import Category
from contracts.site import Site, View, Zone, ZoneKind
from vision.tracks.presence import Track

__all__ = ["OccupancyDesk", "WatchedZone", "watched_zones"]

F64 = NDArray[np.float64]
COUNTED = Category.STREET_VENDOR
CHANGED_FOR_S = 60.0
"""A count must hold for so long before it is told: presence flickers by a look or two."""
AGAIN_AFTER_S = 1800.0
"""Told again as a sign of life; whoever listens may take twice this as the end of knowing."""
LEAST_SEEN = 0.1
GRID = 14


class Located(Protocol):
    """Places that were found."""

    @property
    def lonlat(self) -> F64:
        """(N, 2) degrees; NaN beyond horizon and range."""
        ...


class GroundProjector(Protocol):
    """Puts places on the ground into the picture, and finds them again."""

    def project(self, lonlat: F64) -> F64:
        """Points (N, 2), pixels of the calibration's picture, of places (N, 2); NaN behind the camera."""
        ...

    def locate(self, points_px: F64) -> Located:
        """Places of such points."""
        ...


@dataclass(frozen=True, slots=True)
class WatchedZone:
    """A permitted zone of vendors that a view sees, and the share of it that lies in the picture."""

    zone: str
    seen_share: float


def watched_zones(site: Site, view: View, projector: GroundProjector | None) -> list[WatchedZone]:
    """The guiding points that a view sees enough of to count in; on the map only where it is calibrated."""
    found = []
    for zone in site.zones:
        speaks_of = not zone.categories or COUNTED in zone.categories
        if zone.kind is ZoneKind.PERMITTED and speaks_of:
            share = _seen_share(zone, view, projector)
            if share >= LEAST_SEEN:
                found.append(WatchedZone(zone.id, round(share, 3)))
    return found


def _seen_share(zone: Zone, view: View, projector: GroundProjector | None) -> float:
    if zone.polygon_px is not None:
        return 1.0 if zone.view == view.id else 0.0
    if zone.polygon_lonlat is None or projector is None or view.drawn_wh is None:
        return 0.0
    polygon = Polygon(zone.polygon_lonlat)
    west, south, east, north = polygon.bounds
    columns, rows = np.meshgrid(np.linspace(west, east, GRID), np.linspace(south, north, GRID))
    places = np.column_stack([columns.ravel(), rows.ravel()])
    places = places[contains_xy(polygon, places[:, 0], places[:, 1])]
    if len(places) == 0:
        return 0.0
    pixels = projector.project(places)
    width, height = view.drawn_wh
    with np.errstate(invalid="ignore"):
        inside = (pixels >= 0).all(axis=1) & (pixels[:, 0] <= width) & (pixels[:, 1] <= height)
    # What lies beyond the view's range gets no place, so nothing there is known to stand in the zone.
    inside[inside] = np.isfinite(projector.locate(pixels[inside]).lonlat).all(axis=1)
    return float(inside.mean())


class OccupancyDesk:
    """Tells the counts of one live view.

    Args:
        view: The view.
        camera_id: Its camera.
        site_version: Version of the site by which zones are drawn.
        zones: The zones that it sees.
    """

    def __init__(self, view: View, camera_id: str, site_version: str, zones: Sequence[WatchedZone]) -> None:
        self._view = view
        self._camera_id = camera_id
        self._site_version = site_version
        self._zones = zones

    def events(
        self, tracks: Sequence[Track], look: int, at: datetime, kept: dict[str, Any], *, suspended: bool
    ) -> list[OccupancyEvent]:
        """What must be told after a look; `kept` is what the view remembers of it, and is changed.

        Args:
            tracks: The view's tracks, judged in this look.
            look: Number of the look; it numbers the events too, so that a lost store repeats none.
            at: Capture time.
            kept: By zone: the count, since when it holds, and what was told when.
            suspended: Whether the view has moved: it can then tell nothing.
        """
        events = []
        for zone in self._zones:
            count = None if suspended else _standing(tracks, zone.zone)
            if _is_due(kept.setdefault(zone.zone, {}), count, at.timestamp()):
                events.append(self._event(zone, count, look, at))
        return events

    def _event(self, zone: WatchedZone, count: int | None, look: int, at: datetime) -> OccupancyEvent:
        subject = f"{self._view.id}/{zone.zone}"
        return OccupancyEvent.model_validate(
            {
                "type": "org.streetkeeper.zone.occupancy",
                "id": event_id(subject, look),
                "source": f"/views/{self._view.id}",
                "subject": subject,
                "time": at,
                "sequence": look,
                "data": {
                    "zone": zone.zone,
                    "view_id": self._view.id,
                    "camera_id": self._camera_id,
                    "category": COUNTED,
                    "standing": count,
                    "seen_share": zone.seen_share,
                    "site_version": self._site_version,
                },
            }
        )


def _standing(tracks: Sequence[Track], zone: str) -> int:
    """Vendors that are present in a zone; whether they may be there is not asked."""
    return sum(
        track.named == COUNTED
        and track.is_present
        and zone in track.zones
        # A track that was explained away is none; one whose incident ended may stand there rightly now.
        and (not track.settled or track.settled.startswith("incident closed"))
        for track in tracks
    )


def _is_due(kept: dict[str, Any], count: int | None, now_s: float) -> bool:
    """Note a count, and whether it must be told now."""
    if "count" not in kept or kept["count"] != count:
        kept["count"], kept["since_s"] = count, now_s
    is_new = "told" not in kept or kept["told"] != count
    holds = now_s - kept["since_s"] >= CHANGED_FOR_S
    is_old = "told_s" in kept and now_s - kept["told_s"] >= AGAIN_AFTER_S
    if not holds or not (is_new or is_old):
        return False
    kept["told"], kept["told_s"] = count, now_s
    return True
