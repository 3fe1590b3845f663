"""Turns everything that goes wrong into one kind of reply."""

import logging
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.errors import TYPE_PREFIX, ApiError, BadParameter, ProblemReply, problem_of

__all__ = ["PROBLEM_JSON", "add_handlers", "problem_reply"]

log = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"
REMEDIES = {
    404: "See /openapi.json for what there is.",
    405: "See /openapi.json for the methods of this path.",
}


def add_handlers(app: FastAPI) -> None:
    """Make every refusal of the application a problem document."""
    app.add_exception_handler(ApiError, _refuse)
    app.add_exception_handler(RequestValidationError, _refuse_parameters)
    app.add_exception_handler(HTTPException, _refuse_route)
    app.add_exception_handler(Exception, _fail)


def problem_reply(reply: ProblemReply) -> Response:
    """A problem as it is sent."""
    return JSONResponse(reply.body, reply.status, reply.headers, media_type=PROBLEM_JSON)


def _refuse(request: Request, error: Exception) -> Response:
    return problem_reply(problem_of(cast(ApiError, error), request.url.path))


def _refuse_parameters(request: Request, error: Exception) -> Response:
    faults = [
        {
            "in": str(fault["loc"][0]),
            "name": ".".join(str(part) for part in fault["loc"][1:])[:60],
            "problem": str(fault["msg"]),
        }
        for fault in cast(RequestValidationError, error).errors()
    ]
    first = faults[0]
    return _refuse(
        request,
        BadParameter(
            f"`{first['name']}`: {first['problem']}.", "See /openapi.json for what it may be.", errors=faults
        ),
    )


def _refuse_route(request: Request, error: Exception) -> Response:
    refused = cast(HTTPException, error)
    body: dict[str, Any] = {
        "type": f"{TYPE_PREFIX}http-{refused.status_code}",
        "title": refused.detail,
        "status": refused.status_code,
        "detail": f"{request.method} {request.url.path[:200]}: {refused.detail}.",
        "instance": request.url.path[:200],
        "remedy": REMEDIES.get(refused.status_code, "See /openapi.json."),
    }
    return JSONResponse(body, refused.status_code, dict(refused.headers or {}), media_type=PROBLEM_JSON)


def _fail(request: Request, error: Exception) -> Response:
    log.error(
        "request failed", exc_info=error, extra={"route": getattr(request.scope.get("route"), "path", "none")}
    )
    body = {
        "type": f"{TYPE_PREFIX}internal",
        "title": "Something went wrong here",
        "status": 500,
        "detail": "The fault is on our side and was logged.",
        "instance": request.url.path[:200],
        "remedy": "Try again; if it stays, tell the administrator the time and this path.",
    }
    return JSONResponse(body, 500, media_type=PROBLEM_JSON)
