"""Review: the queue, holds, verdicts and taking them back."""

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.bodies import body_of, read_model
from api.callers import Caller
from api.deps import PartsDep, Reviews, StoreDep, known_parameters
from api.documents_cases import (
    ReviewFacts,
    ReviewItemShown,
    ReviewList,
    Undone,
    VerdictReply,
    VerdictRequest,
)
from api.examples import problems
from api.examples_cases import FACTS, ITEM, ITEM_LIST, UNDONE, VERDICT, VERDICT_REPLY
from api.paging import DEFAULT_LIMIT, clamp, open_token, seal_token
from api.replies import page_links, reply_json
from api.showing_cases import show_case, show_item, shown_time
from api.store.cases.facts import item_facts
from api.store.cases.looks import plan_looks
from api.store.cases.queue import (
    ItemPlace,
    ItemQuery,
    claim_item,
    claim_next,
    item_for,
    list_items,
    mark_seen,
    release_item,
)
from api.store.cases.undoing import UNDO_MS, undo_verdict
from api.store.cases.verdicts import Verdict, give_verdict
from api.store.times import now_ms
from contracts.incident import Category, Identifier

__all__ = ["router"]

router = APIRouter(tags=["review"], dependencies=[Depends(known_parameters)])
ItemId = Annotated[str, Path(max_length=64, examples=["0b7f0c5e-6a64-4d38-a2be-5f3f6f0f5c11"])]
VerdictId = Annotated[str, Path(max_length=64, examples=["6d5d2f1b-8a5b-4f0e-9c55-2f7a0a1d9e22"])]
REFUSED = (400, 401, 403, 404, 409, 429, 503, 507)


class QueueParameters(BaseModel):
    """Filters of the queue."""

    state: Literal["waiting", "done", "withdrawn"] = Field(default="waiting", description="Which items.")
    category: Category | None = Field(default=None, description="What is asked for.")
    area: Identifier | None = Field(default=None, description="Area of responsibility.")
    free: bool = Field(default=False, description="Only those that nobody else holds.")
    unseen: bool = Field(default=False, description="Only those that the caller has not opened.")
    limit: int = Field(default=DEFAULT_LIMIT, ge=1, description="Items in a page; above 1000 means 1000.")
    token: str | None = Field(default=None, max_length=300, description="From the `next` link.")

    model_config = ConfigDict(extra="ignore")


class NextParameters(BaseModel):
    """Filters of the next item."""

    category: Category | None = Field(default=None, description="What is asked for.")
    area: Identifier | None = Field(default=None, description="Area of responsibility.")

    model_config = ConfigDict(extra="ignore")


def _areas(caller: Caller) -> tuple[str, ...] | None:
    return None if caller.areas is None else tuple(sorted(caller.areas))


@router.get(
    "/v1/review",
    response_model=ReviewList,
    responses={200: {"content": ITEM_LIST}, **problems(400, 401, 403, 429, 503)},
    summary="The review queue",
)
def get_queue(
    request: Request, store: StoreDep, caller: Reviews, given: Annotated[QueueParameters, Query()]
) -> JSONResponse:
    """What waits for a verdict in the caller's areas: the most urgent first, of equals the oldest.

    Some of the pictures are random looks at quiet moments, which measure what the machine misses. They look
    like all others; so nothing is said here of what a machine thinks.
    """
    query = ItemQuery(
        actor=caller.actor,
        areas=_areas(caller),
        state=given.state,
        category=given.category,
        area=given.area,
        is_free=given.free,
        is_unseen=given.unseen,
    )
    place = ItemPlace(*open_token(query, given.token, 3)) if given.token else None
    at_ms = now_ms()
    items, ended = store.read(lambda raw: list_items(raw, query, clamp(given.limit), place, at_ms))
    token = None if ended is None else seal_token(query, [ended.priority, ended.created_ms, ended.key])
    shown = [show_item(item, caller.actor, at_ms) for item in items]
    return reply_json({"items": shown}, page_links(request, token, "application/json"))


@router.post(
    "/v1/review/claim",
    response_model=ReviewItemShown,
    responses={
        200: {"content": ITEM},
        204: {"description": "Nothing waits that nobody else holds."},
        **problems(400, 401, 403, 429, 503, 507),
    },
    summary="Hold the next item",
)
async def claim_next_item(
    parts: PartsDep, caller: Reviews, given: Annotated[NextParameters, Query()]
) -> Response:
    """Hold the first item that nobody else holds, so that no two people judge it.

    With a caller's first hold of a day his random looks of that day are drawn.
    """
    settings, at_ms = parts.settings, now_ms()
    query = ItemQuery(caller.actor, _areas(caller), category=given.category, area=given.area, is_free=True)

    def claim(raw: Any) -> Any:
        plan_looks(raw, caller.actor, settings.audit_looks_per_day, at_ms)
        return claim_next(raw, caller, query, at_ms, at_ms + settings.claim_minutes * 60_000)

    item = await asyncio.wrap_future(parts.store.write(claim))
    return Response(status_code=204) if item is None else JSONResponse(show_item(item, caller.actor, at_ms))


@router.get(
    "/v1/review/{item_id}",
    response_model=ReviewItemShown,
    responses={200: {"content": ITEM}, **problems(400, 401, 403, 404, 429, 503)},
    summary="One review item",
)
def get_item(item_id: ItemId, store: StoreDep, caller: Reviews) -> JSONResponse:
    """An item as it is shown before its verdict."""
    item = store.read(lambda raw: item_for(raw, caller, item_id))
    return JSONResponse(show_item(item, caller.actor, now_ms()))


@router.post(
    "/v1/review/{item_id}/claim",
    response_model=ReviewItemShown,
    responses={200: {"content": ITEM}, **problems(*REFUSED)},
    summary="Hold an item",
)
async def post_claim(item_id: ItemId, parts: PartsDep, caller: Reviews) -> JSONResponse:
    """Hold an item for ten minutes (`claim_minutes`); holding it again prolongs that."""
    at_ms = now_ms()
    until_ms = at_ms + parts.settings.claim_minutes * 60_000
    item = await asyncio.wrap_future(
        parts.store.write(lambda raw: claim_item(raw, caller, item_id, at_ms, until_ms))
    )
    return JSONResponse(show_item(item, caller.actor, at_ms))


@router.post(
    "/v1/review/{item_id}/release",
    response_model=ReviewItemShown,
    responses={200: {"content": ITEM}, **problems(*REFUSED)},
    summary="Let an item go",
)
async def post_release(item_id: ItemId, parts: PartsDep, caller: Reviews) -> JSONResponse:
    """Let an item go, so that others can take it."""
    at_ms = now_ms()
    item = await asyncio.wrap_future(parts.store.write(lambda raw: release_item(raw, caller, item_id, at_ms)))
    return JSONResponse(show_item(item, caller.actor, at_ms))


@router.post(
    "/v1/review/{item_id}/seen",
    response_model=ReviewItemShown,
    responses={200: {"content": ITEM}, **problems(*REFUSED)},
    summary="Mark an item as seen",
)
async def post_seen(item_id: ItemId, parts: PartsDep, caller: Reviews) -> JSONResponse:
    """Keep that the caller saw an item; the first time counts."""
    at_ms = now_ms()

    def mark(raw: Any) -> Any:
        item_for(raw, caller, item_id)
        mark_seen(raw, caller, item_id, at_ms)
        return item_for(raw, caller, item_id)

    item = await asyncio.wrap_future(parts.store.write(mark))
    return JSONResponse(show_item(item, caller.actor, at_ms))


@router.post(
    "/v1/review/{item_id}/facts",
    response_model=ReviewFacts,
    responses={200: {"content": FACTS}, **problems(*REFUSED)},
    summary="What the machine knows of an item",
)
async def post_facts(item_id: ItemId, parts: PartsDep, caller: Reviews) -> JSONResponse:
    """Incidents with box, place, rule and pictures, and open cases near by with both distances.

    Only who holds the item may ask. A random look that is opened so counts for nothing.
    """
    at_ms = now_ms()
    facts = await asyncio.wrap_future(parts.store.write(lambda raw: item_facts(raw, caller, item_id, at_ms)))
    return JSONResponse({**facts, "gone_at": shown_time(facts.pop("gone_ms"))})


@router.post(
    "/v1/review/{item_id}/verdict",
    response_model=VerdictReply,
    responses={
        200: {"content": VERDICT_REPLY},
        **problems(400, 401, 403, 404, 408, 409, 413, 422, 429, 503, 507),
    },
    openapi_extra=body_of(VerdictRequest, VERDICT),
    summary="Judge an item",
)
async def post_verdict(request: Request, item_id: ItemId, parts: PartsDep, caller: Reviews) -> JSONResponse:
    """File a case, join one, reject with a reason, or send somebody there; only who holds the item may.

    The verdict is kept as a label. It can be taken back for 30 seconds.
    """
    wish = await read_model(request, VerdictRequest, parts.settings.body_timeout_s)
    verdict = Verdict(wish.verdict, wish.reason, wish.note, wish.case, wish.right_category, wish.lonlat)
    at_ms = now_ms()
    kept = await asyncio.wrap_future(
        parts.store.write(lambda raw: give_verdict(raw, caller, item_id, verdict, at_ms))
    )
    return JSONResponse(
        {
            "verdict_id": kept.verdict_id,
            "item_id": kept.item_id,
            "undo_until": shown_time(at_ms + UNDO_MS),
            "case": show_case(kept.case) if kept.case else None,
        }
    )


@router.post(
    "/v1/verdicts/{verdict_id}/undo",
    response_model=Undone,
    responses={200: {"content": UNDONE}, **problems(*REFUSED)},
    summary="Take a verdict back",
)
async def post_undo(verdict_id: VerdictId, parts: PartsDep, caller: Reviews) -> JSONResponse:
    """Put everything back as it stood, within 30 seconds, unless somebody went on with the case.

    The item waits again, held by the caller. A case that the verdict began is voided; its number is not
    given again.
    """
    item_id = await asyncio.wrap_future(
        parts.store.write(lambda raw: undo_verdict(raw, caller, verdict_id, now_ms()))
    )
    return JSONResponse({"verdict_id": verdict_id, "item_id": item_id})
