"""What the configuration in force says of a place and a time."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, time, tzinfo
from typing import TypeVar
from zoneinfo import ZoneInfo

from shapely.geometry import Point, Polygon

from api.sampling import View
from api.store.duty.configured import responsibility_in, site_in
from api.store.times import from_ms, to_ms
from contracts.responsibility import ResponsibilityDocument
from contracts.site import Site

__all__ = [
    "area_at",
    "camera_views",
    "day_of",
    "day_start_ms",
    "hour_of",
    "present_responsibility",
    "present_site",
    "priority_of",
]

ORDINARY = 3
T = TypeVar("T")


def present_site(connection: sqlite3.Connection) -> Site | None:
    """The site in force; None where none was imported."""
    return _if_kept(connection, site_in)


def present_responsibility(connection: sqlite3.Connection) -> ResponsibilityDocument | None:
    """The responsibility document in force; None where none was imported."""
    return _if_kept(connection, responsibility_in)


def _if_kept(connection: sqlite3.Connection, read: Callable[[sqlite3.Connection], T | None]) -> T | None:
    """What `read` gives, where the configuration is kept at all."""
    kept = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'config_versions'").fetchone()
    return read(connection) if kept else None


def area_at(site: Site | None, category: str, lonlat: tuple[float, float] | None) -> str | None:
    """The area of responsibility that a place lies in; of nested ones the smallest."""
    if site is None or lonlat is None:
        return None
    fitting = [
        (Polygon(area.polygon_lonlat).area, area.id)
        for area in site.areas
        if (not area.categories or category in area.categories)
        and Polygon(area.polygon_lonlat).covers(Point(lonlat))
    ]
    return min(fitting)[1] if fitting else None


def priority_of(site: Site | None, category: str) -> int:
    """The most urgent priority that a rule gives a category."""
    given = [rule.priority for rule in site.rules if rule.category == category] if site else []
    return min(given, default=ORDINARY)


def camera_views(site: Site | None, connection: sqlite3.Connection) -> list[View]:
    """The views of live cameras: those of the site, and without a site those that were heard of."""
    if site is not None:
        return [View(camera.id, view.id) for camera in site.cameras if camera.stream for view in camera.views]
    rows = connection.execute("SELECT camera_id, view_id FROM views WHERE run = 'live' ORDER BY view_id")
    return [View(*row) for row in rows]


def day_of(site: Site | None, at_ms: int) -> str:
    """The day of a time on the site's clock, as 2026-11-25; UTC without a site."""
    return from_ms(at_ms).astimezone(_zone(site)).date().isoformat()


def hour_of(site: Site | None, at_ms: int) -> int:
    """The hour of the day of a time on the site's clock, 0 to 23."""
    return from_ms(at_ms).astimezone(_zone(site)).hour


def day_start_ms(site: Site | None, at_ms: int) -> int:
    """When the day of a time began on the site's clock."""
    local = from_ms(at_ms).astimezone(_zone(site))
    return to_ms(datetime.combine(local.date(), time.min, tzinfo=_zone(site)))


def _zone(site: Site | None) -> tzinfo:
    return ZoneInfo(site.time_zone) if site is not None else UTC
