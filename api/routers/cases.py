"""Cases: listed, shown with their history, changed step by step, split."""

import asyncio
import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.auditing import note_export
from api.bodies import body_of, read_model
from api.callers import Caller
from api.deps import Needs, PartsDep, Reads, Reviews, StoreDep, known_parameters, needs
from api.documents_cases import (
    CaseAction,
    CaseActionRequest,
    CaseHistory,
    CaseList,
    CaseShown,
    CaseSplit,
    SplitRequest,
)
from api.errors import BadParameter
from api.examples import problems
from api.examples_cases import ACTION, CASE, CASE_HISTORY, CASE_LIST, CASE_SPLIT, SPLIT
from api.incident_parameters import areas_for, read_circle, read_ring
from api.lifecycle import Action, CaseState
from api.paging import DEFAULT_LIMIT, clamp, open_token, seal_token
from api.parameters import read_bbox, read_datetime
from api.replies import page_links, reply_json
from api.showing_cases import show_case, show_objection, show_source, show_step
from api.store.cases.acting import CaseRequest, act
from api.store.cases.objections import list_objections
from api.store.cases.present import day_of, present_site
from api.store.cases.rows import CasePlace, CaseQuery, StoredCase, case_for, list_cases
from api.store.cases.sources import list_sources, split_case
from api.store.cases.steps import Step, list_steps
from api.store.history import Shapes
from api.store.times import now_ms
from contracts.incident import Category, Identifier

__all__ = ["router"]

router = APIRouter(tags=["cases"], dependencies=[Depends(known_parameters)])
CaseId = Annotated[str, Path(max_length=64, description="Id or number.", examples=["20261125-000123"])]
ETAG = re.compile(r'^"(\d{1,12})"\Z')
Acts = Annotated[Caller, Depends(needs(Needs.REVIEW, Needs.DISPATCH, Needs.HANDLE, Needs.SUPERVISE))]


class CaseParameters(BaseModel):
    """Filters of the case list; together they all must hold."""

    state: CaseState | None = Field(default=None, description="Where it stands.")
    category: Category | None = Field(default=None, description="What it is about.")
    unit: Identifier | None = Field(default=None, description="The unit that leads or joins.")
    number: str | None = Field(default=None, max_length=40, description="The spoken number.")
    objected: bool | None = Field(default=None, description="Whether an objection waits.")
    run: Identifier = Field(default="live", description="`live`, or the name of an analysis of recordings.")
    area: Identifier | None = Field(default=None, description="Area of responsibility.")
    street: str | None = Field(default=None, max_length=100, description="Street, by its id.")
    grid_cell: str | None = Field(
        default=None, pattern=r"^[0-9]{15}$", description="Cell of the district grid, 15 digits."
    )
    datetime: str | None = Field(
        default=None, max_length=100, description="When it was reported: an instant, a day or a/b, ../b, a/.."
    )
    bbox: str | None = Field(default=None, max_length=200, description="west,south,east,north in degrees.")
    polygon: str | None = Field(
        default=None, max_length=20_000, description="[[lon,lat],...] or a GeoJSON Polygon without holes."
    )
    near: str | None = Field(default=None, max_length=100, description="lon,lat,radius in metres.")
    max_error_m: float | None = Field(
        default=None, gt=0, allow_inf_nan=False, description="Longest half axis of the error ellipse, metres."
    )
    limit: int = Field(default=DEFAULT_LIMIT, ge=1, description="Cases in a page; above 1000 means 1000.")
    token: str | None = Field(default=None, max_length=300, description="From the `next` link.")

    model_config = ConfigDict(extra="ignore")


def _reply(case: StoredCase) -> JSONResponse:
    return JSONResponse(show_case(case), headers={"ETag": f'"{case.version}"'})


@router.get(
    "/v1/cases",
    response_model=CaseList,
    responses={200: {"content": CASE_LIST}, **problems(400, 401, 403, 429, 503, 507)},
    summary="List cases",
)
def get_cases(
    request: Request, store: StoreDep, caller: Reads, given: Annotated[CaseParameters, Query()]
) -> JSONResponse:
    """Cases in the caller's areas, the newest first."""
    since_ms, until_ms = read_datetime(given.datetime)
    query = CaseQuery(
        areas=areas_for(caller, given.area),
        street=given.street,
        grid_cell=given.grid_cell,
        since_ms=since_ms,
        until_ms=until_ms,
        max_error_m=given.max_error_m,
        shapes=Shapes(read_bbox(given.bbox), read_ring(given.polygon), read_circle(given.near)),
        state=given.state,
        category=given.category,
        unit=given.unit,
        number=given.number,
        is_objected=given.objected,
        run=given.run,
    )
    place = CasePlace(*open_token(query, given.token, 1)) if given.token else None
    cases, ended = store.read(lambda raw: list_cases(raw, query, clamp(given.limit), place))
    token = None if ended is None else seal_token(query, [ended.key])
    shown = [show_case(case) for case in cases]
    asked = given.model_dump(exclude_defaults=True)
    note_export(store, caller, what="cases", form="json", count=len(shown), query=asked)
    return reply_json({"cases": shown}, page_links(request, token, "application/json"))


@router.get(
    "/v1/cases/{case_id}",
    response_model=CaseHistory,
    responses={200: {"content": CASE_HISTORY}, **problems(400, 401, 403, 404, 429, 503)},
    summary="One case and its history",
)
def get_case(case_id: CaseId, store: StoreDep, caller: Reads) -> JSONResponse:
    """A case with every step, source and objection, the oldest first."""

    def look(raw: Any) -> dict[str, Any]:
        case = case_for(raw, caller, case_id)
        return {
            "case": show_case(case),
            "steps": [show_step(step) for step in list_steps(raw, case.case_id)],
            "sources": [show_source(source) for source in list_sources(raw, case.case_id)],
            "objections": [show_objection(each) for each in list_objections(raw, case.case_id)],
        }

    shown = store.read(look)
    return JSONResponse(shown, headers={"ETag": f'"{shown["case"]["version"]}"'})


@router.post(
    "/v1/cases/{case_id}/split",
    response_model=CaseSplit,
    responses={
        200: {"content": CASE_SPLIT},
        **problems(400, 401, 403, 404, 408, 409, 413, 422, 429, 503, 507),
    },
    openapi_extra=body_of(SplitRequest, SPLIT),
    summary="Split a case",
)
async def post_split(request: Request, case_id: CaseId, parts: PartsDep, caller: Reviews) -> JSONResponse:
    """Give some of a case's sources a case of their own, which begins as filed; the old one stays."""
    wish = await read_model(request, SplitRequest, parts.settings.body_timeout_s)
    at_ms = now_ms()

    def split(raw: Any) -> dict[str, Any]:
        case = case_for(raw, caller, case_id)
        day = day_of(present_site(raw), at_ms)
        step = Step(Action.FILE, caller.actor, at_ms, wish.reason)
        other = split_case(raw, case, [(kind, key) for kind, key in wish.sources], day, step)
        return {"case": show_case(case_for(raw, caller, case.case_id)), "split": show_case(other)}

    return JSONResponse(await asyncio.wrap_future(parts.store.write(split)))


@router.post(
    "/v1/cases/{case_id}/{action}",
    response_model=CaseShown,
    responses={
        200: {"content": CASE},
        **problems(400, 401, 403, 404, 408, 409, 412, 413, 422, 429, 503, 507),
    },
    openapi_extra=body_of(CaseActionRequest, ACTION),
    summary="Take a step with a case",
)
async def post_action(
    request: Request,
    case_id: CaseId,
    action: CaseAction,
    parts: PartsDep,
    caller: Acts,
    if_match: Annotated[
        str | None,
        Header(max_length=20, description="The version that you know, in quotes.", examples=['"3"']),
    ] = None,
) -> JSONResponse:
    """Take a step by the table of transitions (`docs/cases.md`), with who, when, why and a picture.

    A step that the table does not allow is refused with 409 and what is allowed instead. Each step has its
    own roles. `raise` and `decide` are for a person who signed in, never for a key.
    """
    wish = await read_model(request, CaseActionRequest, parts.settings.body_timeout_s)
    asked = CaseRequest(
        reason=wish.reason,
        picture=wish.picture,
        unit=wish.unit,
        joint=None if wish.joint is None else tuple(wish.joint),
        limit=wish.limit,
        due=wish.due,
        is_over_budget=wish.over_budget,
        is_upheld=wish.upheld,
        version=_version(if_match),
    )
    case = await asyncio.wrap_future(
        parts.store.write(lambda raw: act(raw, caller, case_id, Action(action), asked, now_ms()))
    )
    return _reply(case)


def _version(header: str | None) -> int | None:
    if header is None:
        return None
    matched = ETAG.match(header)
    if matched is None:
        raise BadParameter(
            "`If-Match` is no version of a case.",
            'Send the `ETag` of the case, such as "3".',
            errors=[{"in": "header", "name": "If-Match"}],
        )
    return int(matched.group(1))
