"""Faults of sense in a site document: what refers to nothing, holds nowhere or never, or may not start."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from shapely.geometry import Polygon, box
from shapely.validation import explain_validity

from contracts.schedule import opens_ever
from contracts.site import Calibration, Camera, Permit, Site, Stream, Zone, ZoneKind

__all__ = ["Fault", "consistency_faults", "path_of"]

FEWEST_POINTS = 4
COLLINEAR = 0.02
"""Least spread of control points across their main direction, share of the spread along it."""
FAR_DEGREES = 1.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: where, what, and what to do.

    Args:
        path: Key path, such as `cameras[1].views[0].calibration`.
        problem: What is wrong.
        remedy: How to mend it.
        line: Line of the file, where it is known.
        severity: A warning does not reject the site.
    """

    path: str
    problem: str
    remedy: str
    line: int | None = None
    severity: Literal["error", "warning"] = "error"


def path_of(location: Iterable[Any]) -> str:
    """A key path in words: `zones[2].polygon_px`."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


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
        *(
            fault
            for index, camera in enumerate(site.cameras)
            for fault in _camera(camera, f"cameras[{index}]")
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
        yield from _polygon(zone.polygon_lonlat, f"{path}.polygon_lonlat")
        return
    points = zone.polygon_px or []
    yield from _polygon(points, f"{path}.polygon_px")
    if zone.view is None:
        yield Fault(
            f"{path}.view", "a zone in pixels needs the view that it is drawn on", "Add view: with its id"
        )
        return
    size = _picture_of(site, zone.view)
    if size is not None and len(points) >= 3 and Polygon(points).is_valid:
        yield from _inside_picture(points, size, f"{path}.polygon_px")


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
            if view.id == view_id and view.calibration is not None:
                return view.calibration.picture_wh
    return None


def _polygon(points: Sequence[tuple[float, float]], path: str) -> Iterator[Fault]:
    shape = Polygon(points)
    if shape.convex_hull.area == 0:
        yield Fault(path, "the polygon has no area", "Name at least three corners that do not lie on a line")
    elif not shape.is_valid:
        why = explain_validity(shape)
        if "Self-intersection" in why or "Ring Self" in why:
            where = why.partition("[")[2].rstrip("]")
            yield Fault(
                path, f"the polygon crosses itself at [{where}]", "Name its corners in order around it"
            )
        else:
            yield Fault(path, f"is no polygon: {why}", "Name at least three corners, in order around it")


def _permit(permit: Permit, path: str) -> Iterator[Fault]:
    if permit.valid_to <= permit.valid_from:
        yield Fault(f"{path}.valid_to", "ends before it begins", "Write a later time than valid_from")


def _areas(site: Site) -> Iterator[Fault]:
    for index, area in enumerate(site.areas):
        yield from _polygon(area.polygon_lonlat, f"areas[{index}].polygon_lonlat")


def _camera(camera: Camera, path: str) -> Iterator[Fault]:
    if camera.stream is not None:
        yield from _stream(camera.stream, f"{path}.stream")
    for index, view in enumerate(camera.views):
        if view.calibration is not None:
            yield from _calibration(view.calibration, f"{path}.views[{index}].calibration")


def _stream(stream: Stream, path: str) -> Iterator[Fault]:
    if (stream.url is None) == (stream.file is None):
        yield Fault(path, "needs either url or file, and not both", "Keep one of them")
    if stream.url is not None:
        yield from _url(stream.url, f"{path}.url")
    live = stream.url is not None
    severity: Literal["error", "warning"] = "error" if live else "warning"
    for name in ("purpose", "authority", "legal_basis"):
        if not getattr(stream, name).strip():
            yield Fault(
                f"{path}.{name}",
                "is missing: a live stream without it does not start" if live else "is missing",
                "Write why this place is watched, who may order it, and by which law",
                severity=severity,
            )
    if not stream.sign_confirmed:
        yield Fault(
            f"{path}.sign_confirmed",
            "no sign at the place is confirmed: a live stream without it does not start"
            if live
            else "no sign at the place is confirmed",
            "Put up the sign, then write true",
            severity=severity,
        )


def _url(url: str, path: str) -> Iterator[Fault]:
    try:
        parts = urlsplit(url)
        password = parts.password or parts.username
        _ = parts.port  # raises where it is no number of a port
    except ValueError:
        yield Fault(path, "is no address", "Write rtsp://host:port/path")
        return
    if password:
        yield Fault(
            path,
            "holds a user or password",
            "Take them out and name them by credentials: env:NAME or file:PATH",
        )
    if parts.scheme not in ("rtsp", "rtsps", "http", "https") or not parts.hostname:
        yield Fault(path, f"'{parts.scheme}' is no stream address", "Write rtsp://host:port/path")


def _calibration(calibration: Calibration, path: str) -> Iterator[Fault]:
    points = calibration.control_points
    width, height = calibration.picture_wh
    for index, point in enumerate(points):
        if not (0 <= point.px[0] <= width and 0 <= point.px[1] <= height):
            yield Fault(
                f"{path}.control_points[{index}].px",
                f"{list(point.px)} lies outside the picture of {width}x{height}",
                "Read the point on a look of this size, or correct picture_wh",
            )
    if len(points) < FEWEST_POINTS:
        yield Fault(
            f"{path}.control_points",
            f"{len(points)} control points cannot give a plane",
            f"Measure at least {FEWEST_POINTS}, better 8, spread over near, far and both sides",
        )
        return
    for name, values in (
        ("px", [point.px for point in points]),
        ("lonlat", [point.lonlat for point in points]),
    ):
        if _is_line(np.array(values, dtype=float)):
            yield Fault(
                f"{path}.control_points",
                f"the control points lie on a line ({name})",
                "Add points beside that line, near and far",
            )
            return


def _is_line(points: "np.ndarray[Any, np.dtype[np.float64]]") -> bool:
    spread = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    return bool(spread[1] < COLLINEAR * max(float(spread[0]), 1e-12))


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
    if len(named) < FEWEST_POINTS:
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
