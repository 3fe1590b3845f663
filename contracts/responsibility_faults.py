"""Faults of sense in a responsibility document: what refers to nothing, contradicts itself or never holds."""

from collections import Counter
from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from contracts.fault import Fault
from contracts.incident import Category
from contracts.polygon_faults import polygon_faults
from contracts.responsibility import JointRule, ResponsibilityDocument, Route
from contracts.site import Site

__all__ = ["responsibility_faults", "site_fit_faults"]


def responsibility_faults(document: ResponsibilityDocument) -> list[Fault]:
    """All faults of sense in a document whose shape is right."""
    return [
        *_calendar(document),
        *_duplicates(document),
        *_polygons(document),
        *_references(document),
        *_routes(document),
        *_limits(document),
        *_codes(document),
    ]


def site_fit_faults(document: ResponsibilityDocument, site: Site) -> list[Fault]:
    """Where a document does not fit the site that it is used with."""
    return [*_site_names(document, site), *_unrouted(document, site)]


def _calendar(document: ResponsibilityDocument) -> Iterator[Fault]:
    calendar = document.calendar
    try:
        ZoneInfo(calendar.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield Fault(
            "calendar.time_zone",
            f"'{calendar.time_zone}' is no time zone",
            "Write an IANA name such as Asia/Shanghai",
        )
    before = "00:00"
    for index, hours in enumerate(calendar.hours):
        if hours.end <= hours.start:
            yield Fault(
                f"calendar.hours[{index}].end",
                "ends before it starts",
                "Split work over midnight into two spans: to 24:00, and from 00:00",
            )
        elif hours.start < before:
            yield Fault(
                f"calendar.hours[{index}].start",
                "begins before the span above it has ended",
                "Name the spans of a day in order, without overlap",
            )
        before = max(before, hours.end)
    for day in sorted(set(calendar.holidays) & set(calendar.extra_working_days)):
        yield Fault(
            "calendar.extra_working_days",
            f"{day} stands under holidays too",
            "Remove it from one of the two",
        )


def _duplicates(document: ResponsibilityDocument) -> Iterator[Fault]:
    groups = {
        "units": [item.id for item in document.units],
        "streets": [item.id for item in document.streets],
        "grid_cells": [item.code for item in document.grid_cells],
        "routes": [item.id for item in document.routes],
        "joint": [item.id for item in document.joint],
        "escalation": [item.id for item in document.escalation],
        "code_tables": [item.standard_ref for item in document.code_tables],
    }
    for name, ids in groups.items():
        for repeated, count in Counter(ids).items():
            if count > 1:
                yield Fault(name, f"the id '{repeated}' stands {count} times", "Give each its own id")
    watched = Counter(camera for street in document.streets for camera in street.cameras)
    for index, street in enumerate(document.streets):
        for camera in street.cameras:
            if watched[camera] > 1:
                yield Fault(
                    f"streets[{index}].cameras",
                    f"camera '{camera}' stands in {watched[camera]} places",
                    "Name each camera in one street: its hours would count twice",
                )
        if street.length_m is not None and (street.watched_m or 0) > street.length_m:
            yield Fault(
                f"streets[{index}].watched_m", "more is watched than there is", "Write at most length_m"
            )


def _polygons(document: ResponsibilityDocument) -> Iterator[Fault]:
    for index, street in enumerate(document.streets):
        yield from polygon_faults(street.polygon_lonlat, f"streets[{index}].polygon_lonlat")
    for index, cell in enumerate(document.grid_cells):
        yield from polygon_faults(cell.polygon_lonlat, f"grid_cells[{index}].polygon_lonlat")


def _references(document: ResponsibilityDocument) -> Iterator[Fault]:
    known = {
        "unit": {unit.id for unit in document.units},
        "street": {street.id for street in document.streets},
    }
    for path, kind, name in _names_used(document):
        if name not in known[kind]:
            there = ", ".join(sorted(known[kind])[:10]) or "none"
            yield Fault(
                path,
                f"there is no {kind} '{name}'",
                f"Known are: {there}. Correct the name or add the {kind}",
            )


def _names_used(document: ResponsibilityDocument) -> Iterator[tuple[str, str, str]]:
    for index, route in enumerate(document.routes):
        yield f"routes[{index}].lead", "unit", route.lead
        for number, unit in enumerate(route.joint):
            yield f"routes[{index}].joint[{number}]", "unit", unit
        for number, street in enumerate(route.streets):
            yield f"routes[{index}].streets[{number}]", "street", street
    for index, rule in enumerate(document.joint):
        for number, unit in enumerate(rule.units):
            yield f"joint[{index}].units[{number}]", "unit", unit
        for number, street in enumerate(rule.streets):
            yield f"joint[{index}].streets[{number}]", "street", street


def _routes(document: ResponsibilityDocument) -> Iterator[Fault]:
    """Leads that do not take what is sent to them, and units that never get anything."""
    for index, route in enumerate(document.routes):
        lead = document.unit(route.lead)
        refused = [
            category
            for category in route.categories or list(Category)
            if lead is not None and lead.categories and category not in lead.categories
        ]
        if refused:
            yield Fault(
                f"routes[{index}].lead",
                f"unit '{route.lead}' does not take {', '.join(refused)}",
                "Name the categories of the route, or add these to the unit",
            )
        if route.lead in route.joint:
            yield Fault(f"routes[{index}].joint", f"'{route.lead}' leads already", "Remove it from joint")
    used = {name for _, kind, name in _names_used(document) if kind == "unit"}
    for index, unit in enumerate(document.units):
        if unit.id not in used:
            yield Fault(
                f"units[{index}]",
                f"no route and no joint rule names '{unit.id}': it never gets a case",
                "Add a route, or remove the unit",
                severity="warning",
            )


def _limits(document: ResponsibilityDocument) -> Iterator[Fault]:
    told: set[Category] = set()
    for index, rule in enumerate(document.limits):
        if rule.category in told:
            yield Fault(
                f"limits[{index}]",
                f"a limit above already speaks of every {rule.category}",
                "Name the special one first, the one for all priorities last",
            )
        elif not rule.priorities:
            told.add(rule.category)
    missing = [category for category in Category if category not in told]
    if missing:
        yield Fault(
            "limits",
            f"not every {', '.join(missing)} has a limit: such cases have no clock",
            "Add a limit without priorities for each category",
            severity="warning",
        )


def _codes(document: ResponsibilityDocument) -> Iterator[Fault]:
    for index, table in enumerate(document.code_tables):
        keys = Counter((entry.kind, entry.code) for entry in table.entries)
        categories = Counter(entry.category for entry in table.entries if entry.category is not None)
        for number, entry in enumerate(table.entries):
            path = f"code_tables[{index}].entries[{number}]"
            if keys[(entry.kind, entry.code)] > 1:
                yield Fault(path, f"{entry.kind} {entry.code} stands twice", "Keep one of them")
            if entry.category is not None and categories[entry.category] > 1:
                yield Fault(
                    f"{path}.category",
                    f"{entry.category} has more than one code in {table.standard_ref}",
                    "Leave category away from all but one",
                )


def _site_names(document: ResponsibilityDocument, site: Site) -> Iterator[Fault]:
    if document.calendar.time_zone != site.time_zone:
        yield Fault(
            "calendar.time_zone",
            f"the site's clock is {site.time_zone}",
            "Use the same time zone in both documents",
        )
    areas, cameras = {area.id for area in site.areas}, {camera.id for camera in site.cameras}
    rules: list[tuple[str, Route | JointRule]] = [
        *((f"routes[{index}]", route) for index, route in enumerate(document.routes)),
        *((f"joint[{index}]", rule) for index, rule in enumerate(document.joint)),
    ]
    for path, rule in rules:
        for number, area in enumerate(rule.areas):
            if area not in areas:
                yield Fault(
                    f"{path}.areas[{number}]",
                    f"the site has no area '{area}'",
                    f"Known are: {', '.join(sorted(areas)[:10]) or 'none'}",
                )
    for index, street in enumerate(document.streets):
        for number, camera in enumerate(street.cameras):
            if camera not in cameras:
                yield Fault(
                    f"streets[{index}].cameras[{number}]",
                    f"the site has no camera '{camera}'",
                    "Correct the name or remove it",
                    severity="warning",
                )


def _unrouted(document: ResponsibilityDocument, site: Site) -> Iterator[Fault]:
    """Units of the site that this document does not know: their cases would have nobody."""
    known = {unit.id for unit in document.units}
    for unit in sorted({area.unit for area in site.areas} - known):
        yield Fault(
            "units",
            f"areas of the site belong to unit '{unit}', which does not stand here",
            "Add the unit, so that it can be sent cases",
        )
