"""Reports by citizens, staff and superiors."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import JSONResponse

from api.bodies import body_of, read_model
from api.callers import Caller
from api.deps import Needs, PartsDep, Reads, StoreDep, known_parameters, needs
from api.documents_cases import ReportRequest, ReportShown
from api.errors import Unprocessable
from api.examples import problems
from api.examples_cases import REPORT, REPORT_SHOWN
from api.showing_cases import show_report
from api.store.cases.reports import Report, keep_report, report_for
from api.store.times import now_ms, to_ms

__all__ = ["router"]

router = APIRouter(tags=["reports"], dependencies=[Depends(known_parameters)])
Reporters = Annotated[Caller, Depends(needs(Needs.REVIEW, Needs.DISPATCH, Needs.HANDLE))]
ReportId = Annotated[str, Path(max_length=64, examples=["3c9d7a0e-52de-4a7a-9a35-0d7f3a1b2c33"])]
CLOCKS_OFF_MS = 300_000
LAST_YEAR_MS = 366 * 86_400_000


@router.post(
    "/v1/reports",
    status_code=201,
    response_model=ReportShown,
    responses={
        201: {"content": REPORT_SHOWN},
        **problems(400, 401, 403, 408, 413, 422, 429, 503, 507),
    },
    openapi_extra=body_of(ReportRequest, REPORT),
    summary="Report something",
)
async def post_report(request: Request, parts: PartsDep, caller: Reporters) -> JSONResponse:
    """Take a report: it begins a case with a number and waits for a verdict, which may join it to another.

    What a superior orders is filed at once; only a dispatcher enters it. Nobody's name is asked.
    """
    wish = await read_model(request, ReportRequest, parts.settings.body_timeout_s)
    at_ms = now_ms()
    seen_ms = at_ms if wish.seen_at is None else to_ms(wish.seen_at)
    if not at_ms - LAST_YEAR_MS <= seen_ms <= at_ms + CLOCKS_OFF_MS:
        raise Unprocessable("`seen_at` lies ahead, or more than a year ago.", "Say when it was seen.")
    report = Report(
        wish.kind, wish.category.value, wish.lonlat, wish.error_m, wish.text, seen_ms, wish.picture
    )
    stored = await asyncio.wrap_future(parts.store.write(lambda raw: keep_report(raw, caller, report, at_ms)))
    return JSONResponse(show_report(stored), status_code=201)


@router.get(
    "/v1/reports/{report_id}",
    response_model=ReportShown,
    responses={200: {"content": REPORT_SHOWN}, **problems(400, 401, 403, 404, 429, 503)},
    summary="One report",
)
def get_report(report_id: ReportId, store: StoreDep, caller: Reads) -> JSONResponse:
    """A report and the case that it belongs to now."""
    return JSONResponse(show_report(store.read(lambda raw: report_for(raw, caller, report_id))))
