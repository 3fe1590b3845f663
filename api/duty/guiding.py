"""Guiding points: what each offers, how full it was, and who stood near by while it was full or closed."""

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from shapely.geometry import Point, Polygon

from api.duty.occupancy import Stretch, Told, stretches
from api.store.times import from_ms
from contracts.incident import Category
from contracts.schedule import describe, is_open
from contracts.site import Permit, Schedule, Site, Zone, ZoneKind

__all__ = ["GuidingPoint", "HourProfile", "PointReport", "Seen", "guiding_points", "point_report"]

VENDORS = Category.STREET_VENDOR
METRES_PER_DEGREE = 111_320.0
HOUR_MS = 3_600_000
STEP_MS = 300_000
"""Hours and permits are asked every five minutes of a span; spans of hours end on such marks as a rule."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A vendor that stood somewhere; nothing tells one from another.

    Args:
        start_ms: When it was first seen.
        end_ms: When it was last seen.
        lonlat: Where, degrees.
        zones: Zones that it stood in.
    """

    start_ms: int
    end_ms: int
    lonlat: tuple[float, float]
    zones: frozenset[str]


@dataclass(frozen=True, slots=True)
class HourProfile:
    """One hour of the day over a span; None where nothing is known.

    Args:
        hour: Hour on the site's clock, 0 to 23.
        open_h: Hours in which the point was open.
        known_h: Hours of these in which a view told a count.
        mean_standing: Mean count in those.
        mean_free: Mean of the places left in those.
        full_h: Hours of these in which no place was left.
        unmet_h: Vendor-hours near by while the point was full or closed.
    """

    hour: int
    open_h: float
    known_h: float
    mean_standing: float | None
    mean_free: float | None
    full_h: float
    unmet_h: float


@dataclass(frozen=True, slots=True)
class GuidingPoint:
    """A permitted zone for vendors.

    Args:
        zone: The zone.
        schedule: Its hours; None: always.
        permits: Permits that hold in it.
    """

    zone: Zone
    schedule: Schedule | None
    permits: tuple[Permit, ...]
    site: Site

    def places_at(self, at: datetime) -> int | None:
        """Places by the permits that hold at a moment; None where no permit limits them."""
        if not self.zone.needs_permit:
            return None
        return sum(permit.capacity for permit in self.permits if self._holds(permit, at))

    def is_open_at(self, at: datetime) -> bool:
        """Whether the zone's hours are on."""
        return self._is_on(self.schedule, at)

    @property
    def hours(self) -> str:
        """The hours in words."""
        return describe(self.schedule) if self.schedule is not None else "always"

    def _holds(self, permit: Permit, at: datetime) -> bool:
        schedule = next((item for item in self.site.schedules if item.id == permit.schedule), None)
        return permit.valid_from <= at < permit.valid_to and self._is_on(schedule, at)

    def _is_on(self, schedule: Schedule | None, at: datetime) -> bool:
        return schedule is None or is_open(schedule, at, self.site.time_zone, self.site.holidays)

    def away_m(self, lonlat: tuple[float, float]) -> float | None:
        """Metres from a place to the zone; None for a zone in pixels, which has no place on the map."""
        ring = self.zone.polygon_lonlat
        if ring is None:
            return None
        east_m = METRES_PER_DEGREE * math.cos(math.radians(lonlat[1]))
        metres = [((lon - lonlat[0]) * east_m, (lat - lonlat[1]) * METRES_PER_DEGREE) for lon, lat in ring]
        return float(Polygon(metres).distance(Point(0.0, 0.0)))


def guiding_points(site: Site) -> list[GuidingPoint]:
    """The site's permitted zones for vendors."""
    schedules = {schedule.id: schedule for schedule in site.schedules}
    return [
        GuidingPoint(
            zone,
            schedules.get(zone.schedule) if zone.schedule is not None else None,
            tuple(
                permit for permit in site.permits if zone.id in permit.zones and VENDORS in permit.categories
            ),
            site,
        )
        for zone in site.zones
        if zone.kind is ZoneKind.PERMITTED and (not zone.categories or VENDORS in zone.categories)
    ]


@dataclass(frozen=True, slots=True)
class _Slot:
    """Five minutes or less of a span."""

    start_ms: int
    end_ms: int
    hour: int
    is_open: bool
    places: int | None
    standing: int | None

    @property
    def hours(self) -> float:
        return (self.end_ms - self.start_ms) / HOUR_MS

    @property
    def is_full(self) -> bool:
        return self.is_open and None not in (self.places, self.standing) and self.free == 0

    @property
    def free(self) -> int | None:
        if not self.is_open:
            return 0
        if self.places is None or self.standing is None:
            return None
        return max(0, self.places - self.standing)


@dataclass(frozen=True, slots=True)
class PointReport:
    """A guiding point over a span.

    Args:
        series: The stretches of the span.
        hours: Profile by hour of the day.
        unmet_h: Vendor-hours near by while the point was full or closed.
        unmet_while_full_h: The part of them while it was full.
    """

    series: list[Stretch]
    hours: list[HourProfile]
    unmet_h: float
    unmet_while_full_h: float


def point_report(
    point: GuidingPoint,
    told: Mapping[str, Sequence[Told]],
    seen: Sequence[Seen],
    span_ms: tuple[int, int],
    near_m: float,
) -> PointReport:
    """How full a point was in a span, and the demand near by that it could not meet.

    Args:
        point: The point.
        told: What views told of it.
        seen: Vendors in the span, wherever they stood.
        span_ms: Begin and end.
        near_m: A vendor so near is taken as wanting a place at this point.
    """
    series = stretches(told, *span_ms)
    slots = list(_slots(point, series))
    unmet = _unmet_h(slots, [vendor for vendor in seen if _is_near(point, vendor, near_m)])
    hours = [_profile(hour, slots, unmet) for hour in range(24)]
    full_h = sum(value for slot, value in zip(slots, unmet, strict=True) if slot.is_full)
    return PointReport(series, hours, sum(unmet), full_h)


def _is_near(point: GuidingPoint, vendor: Seen, near_m: float) -> bool:
    """Whether a vendor stood outside the point and near it."""
    away_m = point.away_m(vendor.lonlat)
    return point.zone.id not in vendor.zones and away_m is not None and 0 < away_m <= near_m


def _slots(point: GuidingPoint, series: Sequence[Stretch]) -> Iterator[_Slot]:
    zone = ZoneInfo(point.site.time_zone)
    for stretch in series:
        start_ms = stretch.start_ms
        while start_ms < stretch.end_ms:
            end_ms = min(stretch.end_ms, (start_ms // STEP_MS + 1) * STEP_MS)
            at = from_ms(start_ms)
            is_on = point.is_open_at(at)
            places = point.places_at(at) if is_on else 0
            hour = at.astimezone(zone).hour
            yield _Slot(start_ms, end_ms, hour, is_on, places, stretch.standing)
            start_ms = end_ms


def _unmet_h(slots: Sequence[_Slot], near: Sequence[Seen]) -> list[float]:
    """By slot, the vendor-hours in it; 0 while the point had a place or nobody knows that it had none."""
    starts = [slot.start_ms for slot in slots]
    hours = [0.0] * len(slots)
    for vendor in near:
        for number in range(max(0, bisect_right(starts, vendor.start_ms) - 1), len(slots)):
            slot = slots[number]
            if slot.start_ms >= vendor.end_ms:
                break
            if slot.is_full or not slot.is_open:
                overlap_ms = min(slot.end_ms, vendor.end_ms) - max(slot.start_ms, vendor.start_ms)
                hours[number] += max(0, overlap_ms) / HOUR_MS
    return hours


def _profile(hour: int, slots: Sequence[_Slot], unmet: Sequence[float]) -> HourProfile:
    of_hour = [(slot, value) for slot, value in zip(slots, unmet, strict=True) if slot.hour == hour]
    opened = [slot for slot, _ in of_hour if slot.is_open]
    known = [slot for slot in opened if slot.standing is not None]
    known_h = sum(slot.hours for slot in known)
    limited_h = sum(slot.hours for slot in known if slot.free is not None)
    return HourProfile(
        hour=hour,
        open_h=sum(slot.hours for slot in opened),
        known_h=known_h,
        mean_standing=sum((slot.standing or 0) * slot.hours for slot in known) / known_h if known_h else None,
        mean_free=sum((slot.free or 0) * slot.hours for slot in known) / limited_h if limited_h else None,
        full_h=sum(slot.hours for slot in known if slot.is_full),
        unmet_h=sum(value for _, value in of_hour),
    )
