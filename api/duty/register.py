"""What the public register says: what is watched, why, by which right, and how well it works."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from contracts.responsibility import ResponsibilityDocument
from contracts.site import Camera, Site

__all__ = ["KeptFor", "Share", "register_content"]

ELSEWHERE = "Elsewhere"


@dataclass(frozen=True, slots=True)
class Share:
    """How well one category works in one area: a counted share with its 95 % interval.

    Args:
        what: `precision`: of what was reported, this share was right; `recall`: of what was there, this
            share was found.
        category: The category.
        area: The area; None: everywhere.
        share: The share, or None where too little was judged.
        low: Lower bound.
        high: Upper bound.
        judged: How many were judged.
    """

    what: str
    category: str
    area: str | None
    share: float | None
    low: float
    high: float
    judged: int


@dataclass(frozen=True, slots=True)
class KeptFor:
    """How long something is kept: what it is in words, and days."""

    what: str
    days: float


def register_content(
    site: Site | None,
    duty: ResponsibilityDocument | None,
    shares: Sequence[Share] = (),
    kept_for: Sequence[KeptFor] = (),
) -> dict[str, Any]:
    """Everything that the page shows; nothing in it tells a secret, an address or a permit."""
    cameras = list(site.cameras) if site is not None else []
    street_of = {camera: street.name for street in duty.streets for camera in street.cameras} if duty else {}
    shows_positions = duty is not None and duty.register_page.show_positions
    return {
        "site": site.name if site is not None else "",
        "version": site.version if site is not None else "",
        "operator": duty.register_page.operator if duty is not None else "",
        "objection": duty.register_page.objection if duty is not None else "",
        "grounds": _grounds(cameras),
        "streets": _by_street(cameras, street_of, shows_positions=shows_positions),
        "categories": sorted({str(rule.category) for rule in site.rules}) if site is not None else [],
        "kept_for": list(kept_for),
        "shares": list(shares),
    }


def _grounds(cameras: Sequence[Camera]) -> list[dict[str, Any]]:
    """Each purpose with its authority and legal basis, and how many cameras it is for."""
    found: dict[tuple[str, str, str], int] = {}
    for camera in cameras:
        if camera.stream is not None:
            key = (camera.stream.purpose, camera.stream.authority, camera.stream.legal_basis)
            found[key] = found.get(key, 0) + 1
    return [
        {"purpose": purpose, "authority": authority, "legal_basis": basis, "cameras": count}
        for (purpose, authority, basis), count in sorted(found.items())
    ]


def _by_street(
    cameras: Sequence[Camera], street_of: dict[str, str], *, shows_positions: bool
) -> list[dict[str, Any]]:
    """Streets with how many cameras watch each, and where these look if that may be shown."""
    found: dict[str, list[Camera]] = {}
    for camera in cameras:
        found.setdefault(street_of.get(camera.id, ELSEWHERE), []).append(camera)
    return [
        {
            "name": name,
            "cameras": len(found[name]),
            "places": [_looks_at(camera) for camera in found[name]] if shows_positions else [],
        }
        for name in sorted(found, key=lambda name: (name == ELSEWHERE, name))
    ]


def _looks_at(camera: Camera) -> str:
    """Where a camera looks: the middle of the marks that its view was calibrated by."""
    points = [
        point.lonlat for view in camera.views if view.calibration for point in view.calibration.control_points
    ]
    if not points:
        return "place not known"
    lon, lat = (sum(axis) / len(points) for axis in zip(*points, strict=True))
    return f"{lon:.5f}, {lat:.5f}"
