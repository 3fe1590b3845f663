"""Incidents: their newest state, by time, place and kind."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field

from api.auditing import note_export
from api.callers import Caller
from api.deps import Reads, StoreDep, known_parameters
from api.documents import EventList, FeatureCollection, IncidentState
from api.errors import NotFound
from api.examples import EVENT_LIST, INCIDENT_FORMATS, INCIDENT_STATE, problems
from api.incident_parameters import IncidentParameters, Limit
from api.paging import DEFAULT_LIMIT, clamp, open_numbers, open_token, seal_token
from api.replies import GEOJSON, GeoJson, link_header, page_links, reply_json
from api.shown_incidents import collection_text, list_text, state_text
from api.store import Store
from api.store.events import list_incident_events
from api.store.history import PagePlace, list_incidents
from api.store.incidents import StoredIncident, find_incident
from contracts.geojson import incidents_to_csv
from contracts.incident import Identifier, rfc3339

__all__ = ["router"]

router = APIRouter(tags=["incidents"], dependencies=[Depends(known_parameters)])

MEDIA_TYPES = {"geojson": GEOJSON, "json": "application/json", "csv": "text/csv"}


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
    """Incidents in the order asked for, by default the newest first.

    Follow the `next` link (in GeoJSON and JSON also in `links`, always in the `Link` header) until there is
    none: the pages together are the list as it was at the first page, each incident in its newest state.
    """
    query = given.query(caller, given.sort)
    place = None
    if given.token:
        as_of, value, key = open_numbers(query, given.token, 3)
        place = PagePlace(int(as_of), value, int(key))
    page = list_incidents(store, query, clamp(given.limit), place)
    ended = page.next_place
    token = None if ended is None else seal_token(query, [ended.as_of, ended.value, ended.key])
    asked = given.model_dump(exclude_defaults=True)
    note_export(store, caller, what="incidents", form=given.f, count=len(page.incidents), query=asked)
    return _formatted(page.incidents, given.f, page_links(request, token, MEDIA_TYPES[given.f]))


def _formatted(items: list[StoredIncident], form: str, links: list[dict[str, str]]) -> Response:
    headers = link_header(links)
    if form == "json":
        return Response(list_text(items, links), media_type="application/json", headers=headers)
    if form == "csv":
        headers["Content-Disposition"] = 'attachment; filename="incidents.csv"'
        text = incidents_to_csv([item.incident for item in items])
        return PlainTextResponse(text, media_type="text/csv", headers=headers)
    text = collection_text(items, links, rfc3339(datetime.now(UTC)))
    return Response(text, media_type=GEOJSON, headers=headers)


def _known(store: Store, incident_id: str, caller: Caller) -> StoredIncident:
    item = find_incident(store, incident_id)
    if item is None or not caller.may_see(item.area):
        raise NotFound("There is no incident of that id.", "List them at /v1/incidents.")
    return item


@router.get(
    "/v1/incidents/{incident_id}",
    response_model=IncidentState,
    responses={200: {"content": INCIDENT_STATE}, **problems(400, 401, 403, 404, 429, 503)},
    summary="One incident",
)
def get_incident(incident_id: Identifier, store: StoreDep, caller: Reads) -> Response:
    """The newest state of one incident, of any run."""
    return Response(state_text(_known(store, incident_id, caller)), media_type="application/json")


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
    caller: Reads,
    given: Annotated[HistoryParameters, Query()],
) -> JSONResponse:
    """The events of one incident by their number, as they were sent."""
    _known(store, incident_id, caller)
    bond = ("history", incident_id)
    after = open_token(bond, given.token, 1)[0] if given.token else None
    page = list_incident_events(store, incident_id, clamp(given.limit), after)
    token = None if page.next_after is None else seal_token(bond, [page.next_after])
    return reply_json({"events": page.events}, page_links(request, token, "application/json"))
