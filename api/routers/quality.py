"""Quality: precision and recall, random looks, and dispatch budgets."""

import asyncio
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.bodies import body_of, read_model
from api.callers import Caller
from api.deps import PartsDep, Reads, Reviews, StoreDep, Supervises, known_parameters
from api.documents_cases import BudgetList, BudgetRequest, LookList, LookRequest, QualityShown
from api.examples import problems
from api.examples_cases import BUDGET, BUDGETS, LOOK_WISH, LOOKS, QUALITY
from api.parameters import read_datetime
from api.showing_cases import show_precision, show_recall, shown_time
from api.store.cases.budgets import list_budgets, set_budget
from api.store.cases.looks import list_looks, plan_looks
from api.store.cases.quality import QualityQuery, measure_quality
from api.store.times import now_ms
from contracts.incident import Identifier

__all__ = ["router"]

router = APIRouter(tags=["quality"], dependencies=[Depends(known_parameters)])
MONTH_MS = 30 * 86_400_000
LOOKS_SHOWN = 200
UnitId = Annotated[Identifier, Path(examples=["street-office-3"])]


class QualityParameters(BaseModel):
    """Which verdicts."""

    datetime: str | None = Field(
        default=None, max_length=100, description="When they were given; left out: the last 30 days."
    )

    model_config = ConfigDict(extra="ignore")


def _areas(caller: Caller) -> tuple[str, ...] | None:
    return None if caller.areas is None else tuple(sorted(caller.areas))


@router.get(
    "/v1/quality",
    response_model=QualityShown,
    responses={200: {"content": QUALITY}, **problems(400, 401, 403, 429, 503)},
    summary="Precision and recall",
)
def get_quality(store: StoreDep, caller: Reads, given: Annotated[QualityParameters, Query()]) -> JSONResponse:
    """Precision by camera, category and rule from verdicts, recall by category from random looks.

    All intervals are two-sided 95 %. Verdicts that were taken back count nowhere.
    """
    since_ms, until_ms = read_datetime(given.datetime)
    until_ms = now_ms() if until_ms is None else until_ms + 1
    since_ms = until_ms - MONTH_MS if since_ms is None else since_ms
    query = QualityQuery(since_ms, until_ms, _areas(caller))
    quality = store.read(lambda raw: measure_quality(raw, query))
    return JSONResponse(
        {
            "since": shown_time(since_ms),
            "until": shown_time(until_ms),
            "overall": show_precision(quality.overall),
            "cameras": [show_precision(each) for each in quality.cameras],
            "categories": [show_precision(each) for each in quality.categories],
            "rules": [show_precision(each) for each in quality.rules],
            "recall": [show_recall(each) for each in quality.recall],
        }
    )


@router.post(
    "/v1/audit-looks",
    response_model=LookList,
    responses={200: {"content": LOOKS}, **problems(400, 401, 403, 408, 413, 422, 429, 503, 507)},
    openapi_extra=body_of(LookRequest, LOOK_WISH),
    summary="Draw today's random looks",
)
async def post_looks(request: Request, parts: PartsDep, caller: Reviews) -> JSONResponse:
    """Draw the caller's random looks of today; the same day draws none again.

    This happens by itself with the first hold of a day (`audit_looks_per_day`). A look is a quiet still of
    the last 24 hours, drawn evenly over cameras, hours and categories from a seed of day and caller.
    """
    wish = await read_model(request, LookRequest, parts.settings.body_timeout_s)
    at_ms = now_ms()

    def plan(raw: Any) -> list[dict[str, Any]]:
        plan_looks(raw, caller.actor, wish.count, at_ms)
        return [asdict(look) for look in list_looks(raw, _areas(caller), LOOKS_SHOWN)]

    return JSONResponse({"looks": await asyncio.wrap_future(parts.store.write(plan))})


@router.get(
    "/v1/audit-looks",
    response_model=LookList,
    responses={200: {"content": LOOKS}, **problems(400, 401, 403, 429, 503)},
    summary="Random looks",
)
def get_looks(store: StoreDep, caller: Supervises) -> JSONResponse:
    """How the newest random looks stand per operator and day; which items they are is not told."""
    looks = store.read(lambda raw: list_looks(raw, _areas(caller), LOOKS_SHOWN))
    return JSONResponse({"looks": [asdict(look) for look in looks]})


@router.get(
    "/v1/dispatch-budgets",
    response_model=BudgetList,
    responses={200: {"content": BUDGETS}, **problems(400, 401, 403, 429, 503)},
    summary="Dispatch budgets",
)
def get_budgets(store: StoreDep, _: Reads) -> JSONResponse:
    """How many cases each unit may be sent on one day, and how much of today's is used."""
    budgets = store.read(lambda raw: list_budgets(raw, now_ms()))
    return JSONResponse({"budgets": [asdict(each) for each in budgets]})


@router.put(
    "/v1/dispatch-budgets/{unit}",
    response_model=BudgetList,
    responses={200: {"content": BUDGETS}, **problems(400, 401, 403, 408, 413, 422, 429, 503, 507)},
    openapi_extra=body_of(BudgetRequest, BUDGET),
    summary="Set a unit's budget",
)
async def put_budget(request: Request, unit: UnitId, parts: PartsDep, caller: Supervises) -> JSONResponse:
    """Say how many cases a unit may be sent on one day, on the site's clock; null: that of the document."""
    wish = await read_model(request, BudgetRequest, parts.settings.body_timeout_s)
    at_ms = now_ms()

    def change(raw: Any) -> list[dict[str, Any]]:
        set_budget(raw, unit, wish.per_day, caller.actor, at_ms)
        return [asdict(each) for each in list_budgets(raw, at_ms)]

    return JSONResponse({"budgets": await asyncio.wrap_future(parts.store.write(change))})
