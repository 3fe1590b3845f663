"""Incidents: their newest state, by time, place and kind."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field

from api.auditing import note_export
from api.deps import Reads, StoreDep, known_parameters
from api.documents import EventList, FeatureCollection, IncidentState, RunList
from api.errors import NotFound
from api.examples import EVENT_LIST, INCIDENT_FORMATS, INCIDENT_STATE, RUN_LIST, problems
from api.paging import DEFAULT_LIMIT, clamp, open_token, seal_token
from api.parameters import read_bbox, read_datetime
from api.replies import GEOJSON, GeoJson, link_header, page_links, reply_json
from api.store import Store
from api.store.events import list_incident_events
from api.store.incidents import (
    IncidentQuery,
    PagePlace,
    StoredIncident,
    find_incident,
    list_incidents,
    list_runs,
)
from contracts.geojson import incidents_to_csv, incidents_to_geojson
from contracts.incident import Category, Identifier, rfc3339

__all__ = ["router"]

router = APIRouter(tags=["incidents"], dependencies=[Depends(known_parameters)])

RUNS_SHOWN = 200
MEDIA_TYPES = {"geojson": GEOJSON, "json": "application/json", "csv": "text/csv"}
Limit = Annotated[int, Field(ge=1, description="Incidents in a page; above 1000 means 1000.")]


class IncidentParameters(BaseModel):
    """Filters of the incident list; together they all must hold."""

    datetime: str | None = Field(
        default=None,
        max_length=100,
        description="When it was there (first to last seen): an instant, a day or a/b, ../b, a/..",
        examples=["2026-05-01T00:00:00Z/2026-05-02T00:00:00Z"],
    )
    bbox: str | None = Field(
        default=None,
        max_length=200,
        description="west,south,east,north in degrees; leaves out incidents without a place.",
        examples=["116.30,39.85,116.45,39.95"],
    )
    category: Category | None = Field(default=None, description="What it is.")
    camera: Identifier | None = Field(default=None, description="Camera id.")
    view: Identifier | None = Field(default=None, description="View id.")
    zone: Identifier | None = Field(default=None, description="Zone id.")
    status: Literal["open", "closed"] | None = Field(default=None, description="Still there, or gone.")
    run: Identifier = Field(
        default="live", description="`live`, or the name of an analysis of recordings (see /v1/runs)."
    )
    min_confidence: float | None = Field(default=None, ge=0, le=1, description="Least confidence.")
    limit: Limit = DEFAULT_LIMIT
    token: str | None = Field(default=None, max_length=300, description="From the `next` link.")
    f: Literal["geojson", "json", "csv"] = Field(default="geojson", description="Format of the reply.")

    model_config = ConfigDict(extra="ignore")

    def query(self) -> IncidentQuery:
        """The filters in the store's terms."""
        since_ms, until_ms = read_datetime(self.datetime)
        return IncidentQuery(
            run=self.run,
            status=self.status,
            category=self.category,
            camera=self.camera,
            view=self.view,
            zone=self.zone,
            min_confidence=self.min_confidence,
            since_ms=since_ms,
            until_ms=until_ms,
            bbox=read_bbox(self.bbox),
        )


class HistoryParameters(BaseModel):
    """Paging of one incident's events."""

    limit: Limit = DEFAULT_LIMIT
    token: str | None = Field(default=None, max_length=300, description="From the `next` link.")

    model_config = ConfigDict(extra="ignore")


@router.get(
    "/v1/incidents",
    response_model=FeatureCollection,
    response_class=GeoJson,
    responses={200: {"content": INCIDENT_FORMATS}, **problems(400, 401, 403, 429, 503, 507)},
    summary="List incidents",
)
def get_incidents(
    request: Request, store: StoreDep, caller: Reads, given: Annotated[IncidentParameters, Query()]
) -> Response:
    """Incidents by opening time, the newest first.

    Follow the `next` link (in GeoJSON and JSON also in `links`, always in the `Link` header) until there is
    none: the pages together are the list as it was at the first page.
    """
    query = given.query()
    place = PagePlace(*open_token(query, given.token, 3)) if given.token else None
    page = list_incidents(store, query, clamp(given.limit), place)
    ended = page.next_place
    token = None if ended is None else seal_token(query, [ended.as_of, ended.sort_ms, ended.key])
    asked = given.model_dump(exclude_defaults=True)
    note_export(store, caller, what="incidents", form=given.f, count=len(page.incidents), query=asked)
    return _formatted(page.incidents, given.f, page_links(request, token, MEDIA_TYPES[given.f]))


def _formatted(items: list[StoredIncident], form: str, links: list[dict[str, str]]) -> Response:
    if form == "json":
        return reply_json({"incidents": [_state(item) for item in items]}, links)
    incidents = [item.incident for item in items]
    if form == "csv":
        headers = {**link_header(links), "Content-Disposition": 'attachment; filename="incidents.csv"'}
        return PlainTextResponse(incidents_to_csv(incidents), media_type="text/csv", headers=headers)
    collection = incidents_to_geojson(incidents)
    for feature, item in zip(collection["features"], items, strict=True):
        feature["properties"] = {**feature["properties"], "status": item.status, "sequence": item.sequence}
    collection |= {"timeStamp": rfc3339(datetime.now(UTC)), "numberReturned": len(items)}
    return reply_json(collection, links, GEOJSON)


def _state(item: StoredIncident) -> dict[str, Any]:
    return {
        "status": item.status,
        "sequence": item.sequence,
        "incident": item.incident.model_dump(mode="json"),
    }


def _known(store: Store, incident_id: str) -> StoredIncident:
    item = find_incident(store, incident_id)
    if item is None:
        raise NotFound("There is no incident of that id.", "List them at /v1/incidents.")
    return item


@router.get(
    "/v1/incidents/{incident_id}",
    response_model=IncidentState,
    responses={200: {"content": INCIDENT_STATE}, **problems(400, 401, 403, 404, 429, 503)},
    summary="One incident",
)
def get_incident(incident_id: Identifier, store: StoreDep, _: Reads) -> JSONResponse:
    """The newest state of one incident, of any run."""
    return JSONResponse(_state(_known(store, incident_id)))


@router.get(
    "/v1/incidents/{incident_id}/events",
    response_model=EventList,
    responses={200: {"content": EVENT_LIST}, **problems(400, 401, 403, 404, 429, 503)},
    summary="History of one incident",
)
def get_incident_events(
    request: Request,
    incident_id: Identifier,
    store: StoreDep,
    _: Reads,
    given: Annotated[HistoryParameters, Query()],
) -> JSONResponse:
    """The events of one incident by their number, as they were sent."""
    _known(store, incident_id)
    bond = ("history", incident_id)
    after = open_token(bond, given.token, 1)[0] if given.token else None
    page = list_incident_events(store, incident_id, clamp(given.limit), after)
    token = None if page.next_after is None else seal_token(bond, [page.next_after])
    return reply_json({"events": page.events}, page_links(request, token, "application/json"))


@router.get(
    "/v1/runs",
    response_model=RunList,
    responses={200: {"content": RUN_LIST}, **problems(400, 401, 403, 429, 503)},
    summary="Runs",
)
def get_runs(store: StoreDep, _: Reads) -> JSONResponse:
    """The live run and the analyses of recordings that have incidents, at most 200, newest first."""
    runs = list_runs(store, RUNS_SHOWN)
    return JSONResponse({"runs": [{"run": run, "incidents": count} for run, count in runs]})
