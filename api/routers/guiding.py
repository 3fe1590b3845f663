"""Guiding points for vendors, and hot-spots for planning who goes where when."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field
from shapely.geometry import Polygon

from api.auditing import note_export
from api.callers import Caller
from api.configuration import responsibility_of, site_of
from api.deps import Reads, StoreDep, known_parameters
from api.documents_duty import GuidingPointDetail, GuidingPointList, HotspotList
from api.duty.guiding import VENDORS, GuidingPoint, PointReport, guiding_points, point_report
from api.duty.occupancy import KNOWN_FOR_MS
from api.errors import NotFound
from api.examples import problems
from api.examples_duty import GUIDING_POINT_FORMATS, GUIDING_POINTS, HOTSPOTS
from api.store.duty.hotspots import HotspotQuery, hotspots
from api.store.duty.occupancy import occupancy_told
from api.store.duty.vendors import vendors_seen
from api.store.times import from_ms, now_ms, to_ms
from contracts.incident import Category, Identifier, rfc3339
from contracts.routing import area_for
from contracts.site import Site

__all__ = ["router"]

router = APIRouter(tags=["guiding points"], dependencies=[Depends(known_parameters)])

NEAR_M = 100.0
SERIES_SHOWN = 2000


class PointParameters(BaseModel):
    """How many days, and in which form."""

    days: int = Field(default=7, ge=1, le=31, description="Days up to now.")
    f: Literal["json", "csv"] = Field(
        default="json", description="`csv`: the profile by hour of the day as a table."
    )

    model_config = ConfigDict(extra="ignore")


class HotspotParameters(BaseModel):
    """Which cases make hot-spots."""

    days: int = Field(default=30, ge=1, le=366, description="Days up to now.")
    category: Category | None = Field(default=None, description="Category.")
    least: int = Field(default=2, ge=2, le=366, description="Fewest days on which a case came up there.")
    limit: int = Field(default=100, ge=1, le=1000, description="Hot-spots in the reply.")

    model_config = ConfigDict(extra="ignore")


@router.get(
    "/v1/guiding-points",
    response_model=GuidingPointList,
    responses={200: {"content": GUIDING_POINTS}, **problems(400, 401, 403, 429, 503)},
    summary="Guiding points now",
)
def get_guiding_points(store: StoreDep, caller: Reads) -> JSONResponse:
    """Every permitted zone for vendors: its hours, places, how many stand there now and what is free.

    Counts come from views and are least numbers: `seen_share` of the zone lies in a picture. Null: not known.
    """
    now = datetime.now(UTC)
    at_ms = to_ms(now)

    def look(connection: Any) -> list[dict[str, Any]]:
        site = site_of(connection)
        shown = []
        for point in _points(site, caller):
            told = occupancy_told(connection, point.zone.id, at_ms - KNOWN_FOR_MS, at_ms + 1)
            report = point_report(point, told, (), (at_ms, at_ms + 1), NEAR_M)
            shown.append(_point(point, now, report))
        return shown

    return JSONResponse({"guiding_points": store.read(look)})


@router.get(
    "/v1/guiding-points/{zone}",
    response_model=GuidingPointDetail,
    responses={200: {"content": GUIDING_POINT_FORMATS}, **problems(400, 401, 403, 404, 429, 503)},
    summary="A guiding point over days",
)
def get_guiding_point(
    zone: Identifier, store: StoreDep, caller: Reads, given: Annotated[PointParameters, Query()]
) -> Response:
    """How full a point was over days, by hour of the day, and the demand near by that it could not meet.

    Unmet demand is in vendor-hours: vendors who stood against a rule near the point, outside it, while it
    was full or closed. It is for opening a point, or another hour of it, before anyone is fined.
    """
    now = datetime.now(UTC)

    def look(connection: Any) -> tuple[GuidingPoint, PointReport] | None:
        point = next((item for item in _points(site_of(connection), caller) if item.zone.id == zone), None)
        if point is None:
            return None
        duty = responsibility_of(connection)
        span = (to_ms(now - timedelta(days=given.days)), to_ms(now))
        told = occupancy_told(connection, zone, span[0] - KNOWN_FOR_MS, span[1] + 1)
        near_m = duty.guiding_near_m if duty is not None else NEAR_M
        return point, point_report(point, told, vendors_seen(connection, *span), span, near_m)

    found = store.read(look)
    if found is None:
        raise NotFound("There is no guiding point of that id.", "List them at /v1/guiding-points.")
    point, report = found
    if given.f == "csv":
        query = {"zone": zone, "days": given.days}
        note_export(store, caller, what="guiding point", form="csv", count=24, query=query)
        headers = {"Content-Disposition": f'attachment; filename="guiding-point-{zone}.csv"'}
        return PlainTextResponse(_profile_csv(report), media_type="text/csv", headers=headers)
    series = [
        {
            "start": rfc3339(from_ms(stretch.start_ms)),
            "end": rfc3339(from_ms(stretch.end_ms)),
            "standing": stretch.standing,
            "seen_share": stretch.seen_share,
        }
        for stretch in report.series[-SERIES_SHOWN:]
    ]
    return JSONResponse(
        {
            **_point(point, now, report),
            "days": given.days,
            "series": series,
            "by_hour": [_hour(profile) for profile in report.hours],
            "unmet_vendor_hours": round(report.unmet_h, 2),
            "unmet_while_full_vendor_hours": round(report.unmet_while_full_h, 2),
        }
    )


@router.get(
    "/v1/hotspots",
    response_model=HotspotList,
    responses={200: {"content": HOTSPOTS}, **problems(400, 401, 403, 429, 503)},
    summary="Hot-spots by place and hour",
)
def get_hotspots(
    store: StoreDep, caller: Reads, given: Annotated[HotspotParameters, Query()]
) -> JSONResponse:
    """Places of 50 m and hours of the day to which cases came back on several days, the most days first."""

    def look(connection: Any) -> list[dict[str, Any]]:
        duty = responsibility_of(connection)
        zone = ZoneInfo(duty.calendar.time_zone if duty is not None else "UTC")
        until_ms = now_ms()
        offset = datetime.now(zone).utcoffset() or timedelta(0)
        query = HotspotQuery(
            since_ms=until_ms - given.days * 86_400_000,
            until_ms=until_ms + 1,
            offset_ms=offset // timedelta(milliseconds=1),
            category=given.category,
            areas=caller.areas,
            least=given.least,
        )
        return [
            {
                "category": spot.category,
                "lonlat": [round(value, 6) for value in spot.lonlat],
                "hour": spot.hour,
                "cases": spot.cases,
                "days": spot.days,
                "street": spot.street,
                "last_reported_at": rfc3339(from_ms(spot.last_ms)),
            }
            for spot in hotspots(connection, query, given.limit)
        ]

    return JSONResponse({"hotspots": store.read(look)})


def _points(site: Site | None, caller: Caller) -> list[GuidingPoint]:
    """The points that a caller may see: those in his areas, or all of them."""
    if site is None:
        return []
    return [point for point in guiding_points(site) if caller.may_see(_area_of(point, site))]


def _area_of(point: GuidingPoint, site: Site) -> str | None:
    if point.zone.polygon_lonlat is None:
        return None
    middle = Polygon(point.zone.polygon_lonlat).representative_point()
    area = area_for(VENDORS, (middle.x, middle.y), site)
    return area.id if area is not None else None


def _point(point: GuidingPoint, now: datetime, report: PointReport) -> dict[str, Any]:
    last = report.series[-1] if report.series else None
    is_open = point.is_open_at(now)
    places = point.places_at(now) if is_open else 0
    standing = last.standing if last is not None else None
    free = None if places is None or (standing is None and is_open) else max(0, places - (standing or 0))
    return {
        "zone": point.zone.id,
        "name": point.zone.name,
        "open_hours": point.hours,
        "needs_permit": point.zone.needs_permit,
        "polygon_lonlat": point.zone.polygon_lonlat,
        "is_open": is_open,
        "places": places,
        "standing": standing,
        "free": free if is_open else 0,
        "seen_share": last.seen_share if last is not None else 0.0,
    }


def _hour(profile: Any) -> dict[str, Any]:
    return {
        "hour": profile.hour,
        "open_h": round(profile.open_h, 3),
        "known_h": round(profile.known_h, 3),
        "mean_standing": None if profile.mean_standing is None else round(profile.mean_standing, 2),
        "mean_free": None if profile.mean_free is None else round(profile.mean_free, 2),
        "full_h": round(profile.full_h, 3),
        "unmet_vendor_hours": round(profile.unmet_h, 3),
    }


def _profile_csv(report: PointReport) -> str:
    text = io.StringIO()
    rows = [_hour(profile) for profile in report.hours]
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: "" if value is None else value for name, value in row.items()})
    return text.getvalue()
