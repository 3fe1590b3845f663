"""Faults of sense in a site document: what refers to nothing, holds nowhere or never, or may not start."""

from collections import Counter
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from shapely.geometry import Polygon, box

from contracts.camera_faults import camera_faults
from contracts.fault import Fault
from contracts.polygon_faults import polygon_faults
from contracts.schedule import opens_ever
from contracts.site import Permit, Site, Zone, ZoneKind

__all__ = ["consistency_faults"]

FEWEST_PLACES = 4
FAR_DEGREES = 1.0


def consistency_faults(site: Site) -> list[Fault]:
    """All faults of sense in a site whose shape is right."""
    return [
        *_time_zone(site),
        *_duplicates(site),
        *_schedules(site),
        *_references(site),
        *(fault for index, zone in enumerate(site.zones) for fault in _zone(site, zone, f"zones[{index}]")),
        *(
            fault
            for index, permit in enumerate(site.permits)
            for fault in _permit(permit, f"permits[{index}]")
        ),
        *_areas(site),
        *_nowhere(site),
        *(
            fault
            for index, camera in enumerate(site.cameras)
            for fault in camera_faults(camera, f"cameras[{index}]")
        ),
        *_rules(site),
        *_far_places(site),
    ]


def _time_zone(site: Site) -> Iterator[Fault]:
    try:
        ZoneInfo(site.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield Fault(
            "time_zone", f"'{site.time_zone}' is no time zone", "Write an IANA name such as Asia/Shanghai"
        )


def _duplicates(site: Site) -> Iterator[Fault]:
    groups: dict[str, list[str]] = {
        "units": [item.id for item in site.units],
        "areas": [item.id for item in site.areas],
        "schedules": [item.id for item in site.schedules],
        "zones": [item.id for item in site.zones],
        "permits": [item.id for item in site.permits],
        "rules": [item.id for item in site.rules],
        "cameras": [item.id for item in site.cameras],
        "views": [view.id for camera in site.cameras for view in camera.views],
    }
    for name, ids in groups.items():
        for repeated, count in Counter(ids).items():
            if count > 1:
                yield Fault(name, f"the id '{repeated}' stands {count} times", "Give each its own id")


def _schedules(site: Site) -> Iterator[Fault]:
    for index, schedule in enumerate(site.schedules):
        if not opens_ever(schedule):
            yield Fault(
                f"schedules[{index}].hours",
                f"schedule '{schedule.id}' never opens: each span ends when it starts",
                "Write 00:00 to 24:00 for the whole day",
            )


def _references(site: Site) -> Iterator[Fault]:
    known = {
        "unit": {item.id for item in site.units},
        "schedule": {item.id for item in site.schedules},
        "zone": {item.id for item in site.zones},
        "view": {view.id for camera in site.cameras for view in camera.views},
    }
    for path, kind, name in _names_used(site):
        if name is not None and name not in known[kind]:
            there = ", ".join(sorted(known[kind])[:10]) or "none"
            yield Fault(
                path,
                f"there is no {kind} '{name}'",
                f"Known are: {there}. Correct the name or add the {kind}",
            )


def _names_used(site: Site) -> Iterator[tuple[str, str, str | None]]:
    for index, area in enumerate(site.areas):
        yield f"areas[{index}].unit", "unit", area.unit
    for index, zone in enumerate(site.zones):
        yield f"zones[{index}].schedule", "schedule", zone.schedule
        yield f"zones[{index}].view", "view", zone.view
    for index, permit in enumerate(site.permits):
        yield f"permits[{index}].schedule", "schedule", permit.schedule
        for number, name in enumerate(permit.zones):
            yield f"permits[{index}].zones[{number}]", "zone", name
    for index, rule in enumerate(site.rules):
        yield f"rules[{index}].schedule", "schedule", rule.schedule
        for number, name in enumerate(rule.zones):
            yield f"rules[{index}].zones[{number}]", "zone", name


def _zone(site: Site, zone: Zone, path: str) -> Iterator[Fault]:
    if (zone.polygon_px is None) == (zone.polygon_lonlat is None):
        yield Fault(path, "needs either polygon_px or polygon_lonlat, and not both", "Keep one of them")
        return
    if zone.polygon_lonlat is not None:
        if zone.view is not None:
            yield Fault(
                f"{path}.view", "a zone on the map belongs to no view", "Remove view, or use polygon_px"
            )
        yield from polygon_faults(zone.polygon_lonlat, f"{path}.polygon_lonlat")
        return
    points = zone.polygon_px or []
    yield from polygon_faults(points, f"{path}.polygon_px")
    if zone.view is None:
        yield Fault(
            f"{path}.view", "a zone in pixels needs the view that it is drawn on", "Add view: with its id"
        )
        return
    size = _picture_of(site, zone.view)
    if size is None:
        yield Fault(
            f"{path}.polygon_px",
            f"nobody told how large the picture of view {zone.view} was that it was drawn on",
            "Add picture_wh: [width, height] to the view; the zone then keeps its place in every stream",
            severity="warning",
        )
    if size is not None and len(points) >= 3 and Polygon(points).is_valid:
        yield from _inside_picture(points, size, f"{path}.polygon_px")


def _nowhere(site: Site) -> Iterator[Fault]:
    """Zones that do not hold where one would think that they do."""
    blind = [view.id for camera in site.cameras for view in camera.views if view.calibration is None]
    calibrated = any(view.calibration is not None for camera in site.cameras for view in camera.views)
    for index, zone in enumerate(site.zones):
        private = zone.kind is ZoneKind.PRIVACY
        if zone.polygon_lonlat is not None and (not calibrated or (private and blind)):
            yield Fault(
                f"zones[{index}].polygon_lonlat",
                f"a zone on the map holds nowhere in view {', '.join(blind[:10])}, which is not calibrated",
                "Calibrate the view, or draw the zone in its pixels",
                severity="error" if private and not calibrated else "warning",
            )
        if private and (zone.schedule is not None or zone.categories or zone.needs_permit):
            yield Fault(
                f"zones[{index}]",
                "a privacy zone is blacked out at all times and for everything",
                "Remove schedule, categories and needs_permit",
                severity="warning",
            )


def _inside_picture(
    points: Sequence[tuple[float, float]], size: tuple[int, int], path: str
) -> Iterator[Fault]:
    shape, picture = Polygon(points), box(0, 0, *size)
    if shape.intersection(picture).area <= 0:
        yield Fault(
            path, f"lies outside the picture of {size[0]}x{size[1]}", "Draw it on a look of this view"
        )
    elif not picture.buffer(1).covers(shape):
        yield Fault(
            path,
            f"reaches beyond the picture of {size[0]}x{size[1]}",
            "Check that it was drawn on a look of this view",
            severity="warning",
        )


def _picture_of(site: Site, view_id: str) -> tuple[int, int] | None:
    for camera in site.cameras:
        for view in camera.views:
            if view.id == view_id:
                return view.drawn_wh
    return None


def _permit(permit: Permit, path: str) -> Iterator[Fault]:
    if permit.valid_to <= permit.valid_from:
        yield Fault(f"{path}.valid_to", "ends before it begins", "Write a later time than valid_from")


def _areas(site: Site) -> Iterator[Fault]:
    for index, area in enumerate(site.areas):
        yield from polygon_faults(area.polygon_lonlat, f"areas[{index}].polygon_lonlat")


def _rules(site: Site) -> Iterator[Fault]:
    for index, rule in enumerate(site.rules):
        for camera in site.cameras:
            if rule.dwell_s < 2 * camera.look_every_s:
                yield Fault(
                    f"rules[{index}].dwell_s",
                    f"{rule.dwell_s:g} s is less than two looks of camera '{camera.id}'",
                    "Lengthen the dwell or look more often; shorter dwell is not noticed sooner",
                    severity="warning",
                )
                break
    if any(zone.needs_permit for zone in site.zones if zone.kind is not ZoneKind.PERMITTED):
        yield Fault(
            "zones",
            "needs_permit says something only in permitted zones",
            "Remove it elsewhere",
            severity="warning",
        )


def _far_places(site: Site) -> Iterator[Fault]:
    """Places that lie far from all others: most often 0,0 or latitude and longitude exchanged."""
    named: list[tuple[str, tuple[float, float]]] = []
    for index, zone in enumerate(site.zones):
        named += [(f"zones[{index}].polygon_lonlat", point) for point in zone.polygon_lonlat or []]
    for number, camera in enumerate(site.cameras):
        for view_number, view in enumerate(camera.views):
            if view.calibration is not None:
                path = f"cameras[{number}].views[{view_number}].calibration.control_points"
                named += [(path, point.lonlat) for point in view.calibration.control_points]
    for index, area in enumerate(site.areas):
        named += [(f"areas[{index}].polygon_lonlat", point) for point in area.polygon_lonlat]
    if len(named) < FEWEST_PLACES:
        return
    middle = np.median(np.array([point for _, point in named]), axis=0)
    told: set[str] = set()
    for path, point in named:
        if path not in told and float(np.abs(np.array(point) - middle).max()) > FAR_DEGREES:
            told.add(path)
            yield Fault(
                path,
                f"{list(point)} lies far from the rest of the site",
                "Coordinates are longitude, then latitude; check that they are not exchanged or 0, 0",
                severity="warning",
            )
