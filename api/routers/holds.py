"""Legal holds: what must be kept, whatever its age."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.callers import Caller
from api.deps import Administers, Needs, PartsDep, StoreDep, known_parameters, needs
from api.documents_history import HoldList, HoldShown
from api.examples import problems
from api.examples_history import HOLD, HOLD_LIST
from api.granting import check_is_everywhere
from api.read_models import body_of, read_model
from api.store.holds import Hold, HoldKind, lift_hold, list_holds, place_hold
from contracts.incident import Identifier, rfc3339

__all__ = ["router"]

router = APIRouter(tags=["holds"], dependencies=[Depends(known_parameters)])

MAX_BODY_BYTES = 10_000
Sees = Annotated[Caller, Depends(needs(Needs.ADMINISTER, Needs.AUDIT, Needs.SUPERVISE))]


class HoldRequest(BaseModel):
    """What must be kept, and why."""

    model_config = ConfigDict(extra="forbid")

    kind: HoldKind
    subject: Identifier = Field(description="Id of the incident, case, camera or area.")
    reason: str = Field(min_length=3, max_length=500, description="Stands in the audit log.")


class LiftRequest(BaseModel):
    """Why it need not be kept any more."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=3, max_length=500, description="Stands in the audit log.")


def _shown(hold: Hold) -> dict[str, str | None]:
    return {
        "hold_id": hold.hold_id,
        "kind": hold.kind,
        "subject": hold.subject,
        "reason": hold.reason,
        "placed_at": rfc3339(hold.placed_at),
        "placed_by": hold.placed_by,
        "lifted_at": None if hold.lifted_at is None else rfc3339(hold.lifted_at),
        "lifted_by": hold.lifted_by,
        "lift_reason": hold.lift_reason,
    }


@router.get(
    "/v1/holds",
    response_model=HoldList,
    responses={200: {"content": HOLD_LIST}, **problems(400, 401, 403, 429, 503)},
    summary="List legal holds",
)
def get_holds(store: StoreDep, caller: Sees) -> JSONResponse:
    """The newest 1000 legal holds, lifted ones too; who is limited to areas sees those of his areas."""
    holds = [
        hold
        for hold in list_holds(store)
        if caller.areas is None or (hold.kind == "area" and caller.may_see(hold.subject))
    ]
    return JSONResponse({"holds": [_shown(hold) for hold in holds]})


@router.post(
    "/v1/holds",
    status_code=201,
    response_model=HoldShown,
    responses={201: {"content": HOLD}, **problems(400, 401, 403, 408, 413, 429, 503, 507)},
    openapi_extra={
        "requestBody": body_of(
            HoldRequest, {"kind": "camera", "subject": "market", "reason": "Objection goes to court."}
        )
    },
    summary="Place a legal hold",
)
async def post_hold(request: Request, parts: PartsDep, caller: Administers) -> JSONResponse:
    """Keep an incident, a case, or all of a camera or area until the hold is lifted."""
    check_is_everywhere(caller, "A hold")
    wish = await read_model(request, HoldRequest, MAX_BODY_BYTES, parts.settings.body_timeout_s)
    hold = await run_in_threadpool(
        place_hold, parts.store, wish.kind, wish.subject, wish.reason, caller.actor
    )
    return JSONResponse(_shown(hold), 201)


@router.post(
    "/v1/holds/{hold_id}/lift",
    response_model=HoldShown,
    responses={200: {"content": HOLD}, **problems(400, 401, 403, 404, 408, 413, 429, 503, 507)},
    openapi_extra={"requestBody": body_of(LiftRequest, {"reason": "The court has decided."})},
    summary="Lift a legal hold",
)
async def post_lift(
    request: Request,
    hold_id: Annotated[str, Path(max_length=64, examples=["0d4f1c0e-7d37-4b7a-9a29-0b6f0d4a8f10"])],
    parts: PartsDep,
    caller: Administers,
) -> JSONResponse:
    """End a hold; its row stays, and what it held is forgotten by its age."""
    check_is_everywhere(caller, "A hold")
    wish = await read_model(request, LiftRequest, MAX_BODY_BYTES, parts.settings.body_timeout_s)
    hold = await run_in_threadpool(lift_hold, parts.store, hold_id, wish.reason, caller.actor)
    return JSONResponse(_shown(hold))
