"""Events: taken in batches, and their history."""

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.auditing import note_export
from api.bodies import decode_json, read_body
from api.configuration import cameras_of
from api.deps import PartsDep, Reads, Sends, ServiceParts, StoreDep, known_parameters
from api.documents import EventList, IngestReply
from api.errors import BadBody, TooLarge, WrongMediaType
from api.examples import EVENT, EVENT_LIST, INGEST_PARTLY, INGEST_REPLY, problems
from api.judging import EventRefused, judge
from api.paging import DEFAULT_LIMIT, clamp, open_token, seal_token
from api.parameters import read_datetime
from api.replies import page_links, reply_json
from api.store.events import EventQuery, Verdict, list_events, record_events
from contracts.event import AnyEvent
from contracts.incident import Identifier

__all__ = ["router"]

SINGLE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"

router = APIRouter(tags=["events"], dependencies=[Depends(known_parameters)])


class EventParameters(BaseModel):
    """Filters of the event history."""

    datetime: str | None = Field(
        default=None, max_length=100, description="When it was sent: an instant, a day or a/b, ../b, a/.."
    )
    type: (
        Literal[
            "org.streetkeeper.incident.opened",
            "org.streetkeeper.incident.updated",
            "org.streetkeeper.incident.closed",
            "org.streetkeeper.camera.health",
            "org.streetkeeper.zone.occupancy",
        ]
        | None
    ) = Field(default=None, description="CloudEvents type.")
    camera: Identifier | None = Field(default=None, description="Camera id.")
    view: Identifier | None = Field(default=None, description="View id.")
    run: Identifier = Field(default="live", description="`live`, or the name of an analysis of recordings.")
    limit: int = Field(default=DEFAULT_LIMIT, ge=1, description="Events in a page; above 1000 means 1000.")
    token: str | None = Field(default=None, max_length=300, description="From the `next` link.")

    model_config = ConfigDict(extra="ignore")


def _ingest_body() -> dict[str, Any]:
    names = ("IncidentEvent", "HealthEvent", "OccupancyEvent")
    event = {"oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in names]}
    return {
        "required": True,
        "content": {
            BATCH: {"schema": {"type": "array", "items": event, "maxItems": 500}, "example": [EVENT]},
            SINGLE: {"schema": event, "example": EVENT},
        },
    }


async def _received(request: Request, parts: ServiceParts) -> list[Any]:
    """The documents in the body, one for a single event."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in {SINGLE, BATCH}:
        raise WrongMediaType(
            f"The content type '{media_type[:80]}' is not taken here.", f"Send {BATCH} or {SINGLE}."
        )
    limits = parts.settings
    document = decode_json(await read_body(request, limits.max_batch_bytes, limits.body_timeout_s))
    if media_type == SINGLE:
        return [document]
    if not isinstance(document, list):
        raise BadBody("A batch is a JSON array of events.", f"Send an array, or one event as {SINGLE}.")
    if len(document) > limits.max_batch_events:
        raise TooLarge(
            f"{len(document)} events in one batch.", f"Send at most {limits.max_batch_events} at once."
        )
    return document


def _judge_each(documents: list[Any], max_bytes: int) -> list[AnyEvent | EventRefused]:
    judged: list[AnyEvent | EventRefused] = []
    for document in documents:
        try:
            judged.append(judge(document, max_bytes))
        except EventRefused as refusal:
            judged.append(refusal)
    return judged


def _named(document: Any, name: str) -> str | None:
    """An attribute of a document that may be anything, as far as it can be shown."""
    value = document.get(name) if isinstance(document, dict) else None
    return value[:200].encode(errors="replace").decode() if isinstance(value, str) else None


@router.post(
    "/v1/events",
    response_model=IngestReply,
    responses={
        200: {"description": "All stored, now or before.", "content": INGEST_REPLY},
        207: {
            "description": "Some were rejected; the others are stored.",
            "model": IngestReply,
            "content": INGEST_PARTLY,
        },
        **problems(400, 401, 403, 408, 413, 415, 429, 503, 507),
    },
    openapi_extra={"requestBody": _ingest_body()},
    summary="Send events",
)
async def send_events(request: Request, parts: PartsDep, _: Sends) -> JSONResponse:
    """Take events, at most 500 at once, each judged by itself.

    Sending again is safe: an event is known by its `source` and `id` and stored once. What the reply calls
    stored or repeated is on disk; what it calls rejected will never be taken and should be set aside.
    """
    documents = await _received(request, parts)
    judged = await asyncio.to_thread(_judge_each, documents, parts.settings.max_event_bytes)
    good = [event for event in judged if not isinstance(event, EventRefused)]
    verdicts = await asyncio.wrap_future(record_events(parts.store, good)) if good else []
    stored = iter(verdicts)
    results = []
    for index, (document, event) in enumerate(zip(documents, judged, strict=True)):
        verdict = (
            Verdict("rejected", "invalid", str(event)) if isinstance(event, EventRefused) else next(stored)
        )
        results.append(
            {
                "index": index,
                "source": _named(document, "source"),
                "id": _named(document, "id"),
                "outcome": verdict.outcome,
                "code": verdict.code,
                "reason": verdict.reason,
            }
        )
    counts = dict.fromkeys(("stored", "repeated", "rejected"), 0)
    for result in results:
        counts[str(result["outcome"])] += 1
    for outcome, count in counts.items():
        parts.metrics.events.labels(outcome).inc(count)
    return JSONResponse({**counts, "results": results}, status_code=207 if counts["rejected"] else 200)


@router.get(
    "/v1/events",
    response_model=EventList,
    responses={200: {"content": EVENT_LIST}, **problems(400, 401, 403, 429, 503, 507)},
    summary="History of events",
)
def get_events(
    request: Request, store: StoreDep, caller: Reads, given: Annotated[EventParameters, Query()]
) -> JSONResponse:
    """Events as they were sent, by arrival, the newest first."""
    since_ms, until_ms = read_datetime(given.datetime)
    cameras = cameras_of(store, caller)
    query = EventQuery(
        given.run,
        given.type,
        given.camera,
        given.view,
        since_ms,
        until_ms,
        areas=None if caller.areas is None else tuple(sorted(caller.areas)),
        cameras=None if cameras is None else tuple(sorted(cameras)),
    )
    before = open_token(query, given.token, 1)[0] if given.token else None
    page = list_events(store, query, clamp(given.limit), before)
    token = None if page.next_after is None else seal_token(query, [page.next_after])
    asked = given.model_dump(exclude_defaults=True)
    note_export(store, caller, what="events", form="json", count=len(page.events), query=asked)
    return reply_json({"events": page.events}, page_links(request, token, "application/json"))
