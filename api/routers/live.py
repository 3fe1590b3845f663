"""Live updates by server-sent events, resumed after any break by the number of the last one heard."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.deps import PartsDep, Reads, known_parameters
from api.errors import BadParameter
from api.examples import problems
from api.examples_history import LIVE
from api.incident_parameters import areas_for
from api.live import LiveStream, LiveStreams
from contracts.incident import Identifier

__all__ = ["router"]

router = APIRouter(tags=["live"], dependencies=[Depends(known_parameters)])


class LiveParameters(BaseModel):
    """Which updates."""

    run: Identifier = Field(default="live", description="`live`, or the name of an analysis.")
    area: Identifier | None = Field(default=None, description="Area of responsibility.")

    model_config = ConfigDict(extra="ignore")


@router.get(
    "/v1/live",
    response_class=Response,
    responses={
        200: {"description": "Updates until it is cut.", "content": LIVE},
        **problems(400, 401, 403, 429, 503),
    },
    summary="Live updates",
)
def get_live(
    request: Request,
    parts: PartsDep,
    caller: Reads,
    given: Annotated[LiveParameters, Query()],
    last_event_id: Annotated[
        str | None, Header(max_length=20, description="Number of the last update heard.")
    ] = None,
) -> Response:
    """Updates as they are stored: `incident`, `camera` and `case`, each with a number that only rises.

    Come again with `Last-Event-ID` (browsers do by themselves) and nothing is missed, also over a restart.
    Where that number is older than the log, `reset` says so: read the lists anew. A listener that does not
    take what is sent for some seconds is cut, and every listener after a quarter of an hour; both just come
    again.
    """
    if last_event_id is not None and not (last_event_id.isascii() and last_event_id.isdigit()):
        raise BadParameter("`Last-Event-ID` is not a number of ours.", "Send the last `id`, or leave it out.")
    streams: LiveStreams = request.app.state.live
    after = None if last_event_id is None else int(last_event_id)
    return LiveStream(streams, parts.store, (given.run, areas_for(caller, given.area)), after)
