"""The documents of the configuration as the rest of the API asks for them: parsed, and parsed once."""

import json
import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from pydantic import BaseModel

from api.callers import Caller
from api.store import Store
from api.store.configuration import ConfigVersion, current_config
from contracts.difference import Change, differences
from contracts.fault import Fault
from contracts.responsibility import ResponsibilityDocument
from contracts.responsibility_check import check_responsibility, load_responsibility
from contracts.site import Site
from contracts.site_check import check_site, load_site

__all__ = [
    "KINDS",
    "ConfigKind",
    "areas_of_camera",
    "cameras_of",
    "changes_between",
    "document_of",
    "responsibility_of",
    "site_of",
]

REMEMBERED = 16
Source = Store | sqlite3.Connection
"""A store, or inside a transaction its connection."""


@dataclass(frozen=True, slots=True)
class ConfigKind:
    """One kind of document.

    Args:
        words: What people call it.
        check: All its faults and warnings, each with path and remedy, given the site that holds.
        parse: The document in a text without faults.
        label: What the document calls itself; empty where it has no name of its own.
    """

    words: str
    check: Callable[[str, Site | None], list[Fault]]
    parse: Callable[[str], BaseModel]
    label: Callable[[Any], str]


KINDS: dict[str, ConfigKind] = {
    "site": ConfigKind(
        "the site", lambda text, _: check_site(text), load_site, lambda site: str(site.version)
    ),
    "responsibility": ConfigKind(
        "the responsibility document",
        check_responsibility,
        load_responsibility,
        lambda document: str(document.version),
    ),
}
"""Every kind by its name; add yours here, so that the list can be read in one place."""

_parsed: OrderedDict[tuple[str, str], BaseModel] = OrderedDict()
_lock = Lock()


def document_of(source: Source, kind: str) -> BaseModel | None:
    """The current document of a kind, parsed; None where none was given, or this release has no such kind.

    What was taken by an earlier release and has faults for this one raises what its `parse` raises.
    """
    if kind not in KINDS:
        return None
    current = (
        source.read(lambda connection: current_config(connection, kind))
        if isinstance(source, Store)
        else current_config(source, kind)
    )
    return None if current is None else parsed(current)


def parsed(version: ConfigVersion) -> BaseModel:
    """The document of one version; the last few are remembered, by what is in them."""
    key = (version.kind, version.digest)
    with _lock:
        if key in _parsed:
            _parsed.move_to_end(key)
            return _parsed[key]
    document = KINDS[version.kind].parse(version.text)
    with _lock:
        _parsed[key] = document
        while len(_parsed) > REMEMBERED:
            _parsed.popitem(last=False)
    return document


def site_of(source: Source) -> Site | None:
    """The site that holds now; None where none was imported."""
    document = document_of(source, "site")
    return document if isinstance(document, Site) else None


def responsibility_of(source: Source) -> ResponsibilityDocument | None:
    """The responsibility document that holds now; None where none was imported."""
    document = document_of(source, "responsibility")
    return document if isinstance(document, ResponsibilityDocument) else None


def changes_between(before: ConfigVersion | None, after: ConfigVersion) -> list[Change]:
    """Every key path that differs; everything is added where there was nothing before."""
    plain: Mapping[str, Any] = {} if before is None else _plain(parsed(before))
    return differences(plain, _plain(parsed(after)))


def _plain(document: BaseModel) -> Any:
    # Through JSON: tuples become lists. Defaults that nobody wrote are no part of what a person changed.
    return json.loads(document.model_dump_json(exclude_unset=True))


def areas_of_camera(site: Site, camera_id: str) -> frozenset[str]:
    """Ids of the areas that a camera looks into, by its control points; none where it has none."""
    from shapely.geometry import Point, Polygon

    points = [
        Point(point.lonlat)
        for camera in site.cameras
        if camera.id == camera_id
        for view in camera.views
        if view.calibration is not None
        for point in view.calibration.control_points
    ]
    return frozenset(
        area.id for area in site.areas if any(Polygon(area.polygon_lonlat).covers(point) for point in points)
    )


def cameras_of(store: Store, caller: Caller) -> frozenset[str] | None:
    """The cameras that look into the caller's areas; None: all."""
    if caller.areas is None:
        return None
    site = site_of(store)
    if site is None:
        return frozenset()
    return frozenset(
        camera.id for camera in site.cameras if not areas_of_camera(site, camera.id).isdisjoint(caller.areas)
    )
