"""Runs: the live one and analyses of recordings; a person admits an analysis to queue and statistics."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from api.deps import PartsDep, Reads, Sends, StoreDep, Supervises, known_parameters
from api.documents import RunList, RunShown
from api.errors import Forbidden
from api.examples import RUN, RUN_LIST, problems
from api.granting import check_is_everywhere
from api.incident_parameters import areas_for
from api.read_models import body_of, read_model
from api.store.admitting import admit_run
from api.store.runs import RunProgress, RunRecord, RunState, list_runs, tell_progress
from contracts.incident import Identifier, rfc3339

__all__ = ["router"]

router = APIRouter(tags=["runs"], dependencies=[Depends(known_parameters)])

RUNS_SHOWN = 200
MAX_BODY_BYTES = 100_000
RunName = Annotated[Identifier, Path(description="Name of the run.")]


class ProgressTold(BaseModel):
    """How far an analysis is."""

    model_config = ConfigDict(extra="forbid")

    state: RunState
    progress: float = Field(ge=0, le=1, description="Part of the recordings that is done.")
    detail: str = Field(default="", max_length=500, description="What a person should know.")
    inputs: list[Annotated[str, Field(max_length=300)]] = Field(
        default_factory=list, max_length=200, description="Names of the recordings."
    )


class Admission(BaseModel):
    """Why an analysis is admitted."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=3, max_length=500, description="Stands in the audit log.")


def _shown(record: RunRecord) -> dict[str, object]:
    told = record.progress
    times = {
        name: None if at is None else rfc3339(at)
        for name, at in (
            ("told_at", record.told_at),
            ("ended_at", record.ended_at),
            ("admitted_at", record.admitted_at),
        )
    }
    return {
        "run": record.run,
        "incidents": record.incidents,
        "state": told.state if told else None,
        "progress": told.progress if told else None,
        "detail": told.detail if told else "",
        "inputs": list(told.inputs) if told else [],
        **times,
        "admitted_by": record.admitted_by,
        "admitted_reason": record.admitted_reason,
    }


@router.get(
    "/v1/runs",
    response_model=RunList,
    responses={200: {"content": RUN_LIST}, **problems(400, 401, 403, 429, 503)},
    summary="Runs",
)
def get_runs(store: StoreDep, caller: Reads) -> JSONResponse:
    """The live run and the analyses of recordings, at most 200, newest first.

    Who is limited to areas sees how many incidents lie in them.
    """
    runs = list_runs(store, RUNS_SHOWN, areas_for(caller, None))
    return JSONResponse({"runs": [_shown(record) for record in runs]})


@router.put(
    "/v1/runs/{run}",
    status_code=204,
    responses={204: {"description": "Kept."}, **problems(400, 401, 403, 408, 409, 413, 429, 503, 507)},
    openapi_extra={"requestBody": body_of(ProgressTold, {"state": "running", "progress": 0.4})},
    summary="Tell how far an analysis is",
)
async def put_run(request: Request, run: RunName, parts: PartsDep, _: Sends) -> Response:
    """Keep how far an analysis is; a worker tells it every now and then, the last word holds."""
    told = await read_model(request, ProgressTold, MAX_BODY_BYTES, parts.settings.body_timeout_s)
    progress = RunProgress(told.state, told.progress, told.detail, tuple(told.inputs))
    await asyncio.wrap_future(tell_progress(parts.store, run, progress))
    return Response(status_code=204)


@router.post(
    "/v1/runs/{run}/admit",
    response_model=RunShown,
    responses={200: {"content": RUN}, **problems(400, 401, 403, 404, 408, 409, 413, 429, 503, 507)},
    openapi_extra={"requestBody": body_of(Admission, {"reason": "Night footage of the fair, checked."})},
    summary="Admit an analysis to queue and statistics",
)
async def post_admit(request: Request, run: RunName, parts: PartsDep, caller: Supervises) -> JSONResponse:
    """Let an analysis count; only a person can, and the reason stands in the audit log."""
    check_is_everywhere(caller, "An analysis")
    given = await read_model(request, Admission, MAX_BODY_BYTES, parts.settings.body_timeout_s)
    if not caller.actor.startswith("user:"):
        raise Forbidden("Only a person admits a run.", "Sign in as a supervisor.")
    record = await run_in_threadpool(admit_run, parts.store, run, caller.actor, given.reason)
    return JSONResponse(_shown(record))
