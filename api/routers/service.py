"""The service itself: whether it lives, and its metrics."""

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse

from api.deps import PartsDep, Reads, known_parameters
from api.examples import HEALTH, METRICS, problems

__all__ = ["router"]

router = APIRouter(tags=["service"], dependencies=[Depends(known_parameters)])


@router.get(
    "/v1/health",
    responses={200: {"content": HEALTH}, **problems(400, 503)},
    summary="Whether the service lives",
)
def get_health(parts: PartsDep) -> JSONResponse:
    """Answers without a key, and tells nothing else, once the database answers."""
    parts.store.read(lambda connection: connection.execute("SELECT 1").fetchone())
    return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": METRICS}, **problems(400, 401, 403, 429)},
    summary="Metrics",
)
def get_metrics(parts: PartsDep, _: Reads) -> Response:
    """Counters in the Prometheus text format."""
    parts.metrics.waiting.set(parts.store.database.waiting)
    return Response(parts.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
