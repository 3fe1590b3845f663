"""What the configuration in force says of a place and a time."""

import sqlite3
from datetime import UTC, datetime, time, tzinfo
from zoneinfo import ZoneInfo

from api.sampling import View
from api.store.times import from_ms, to_ms
from contracts.responsibility import ResponsibilityDocument
from contracts.site import Site

__all__ = [
    "camera_views",
    "day_of",
    "day_start_ms",
    "hour_of",
    "present_responsibility",
    "present_site",
    "priority_of",
]

ORDINARY = 3


def present_site(connection: sqlite3.Connection) -> Site | None:
    """The site in force; None where none was imported."""
    return site_in(connection)


def present_responsibility(connection: sqlite3.Connection) -> ResponsibilityDocument | None:
    """The responsibility document in force; None where none was imported."""
    return responsibility_in(connection)


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
