"""Puts the API together."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.deps import ServiceParts
from api.documents import IncidentList, KeyRequest, ProblemDetails
from api.live import LiveStreams
from api.metrics import Metrics
from api.middleware import Observed
from api.refusing import add_handlers
from api.routers import cameras, events, evidence, holds, incidents, keys, live, maps, page, runs, service
from api.sessions import Sessions
from api.settings import ApiSettings
from api.store import Store
from api.store.columns import IncidentColumns
from api.tries import FailedTries

__all__ = ["create_app"]

VERSION = "0.1.0"
DESCRIPTION = """Takes events and masked evidence from stream workers and answers where, when and what.

A detection is a lead for a human check, never evidence by itself. Every place comes with its error.
All requests but `/v1/health` need `Authorization: Bearer <key>`. Refusals are problem documents (RFC 9457)
with a `remedy`. Unknown query parameters are refused."""


def create_app(settings: ApiSettings, store: Store) -> FastAPI:
    """The application over an open store; the caller closes the store when it is done."""
    app = FastAPI(
        title="Streetkeeper case API",
        version=VERSION,
        description=DESCRIPTION,
        license_info={"name": "AGPL-3.0-only", "identifier": "AGPL-3.0-only"},
        # The built-in documentation pages load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
    )
    metrics = Metrics()
    app.state.parts = ServiceParts(
        settings=settings,
        store=store,
        sessions=Sessions(settings.data_dir / "session.secret", settings.session_hours * 3600),
        tries=FailedTries(settings.max_failed_tries),
        metrics=metrics,
    )
    app.state.columns = IncidentColumns(store)
    app.state.live = LiveStreams()
    for part in (events, incidents, maps, live, runs, holds, evidence, cameras, keys, service, page):
        app.include_router(part.router)
    add_handlers(app)
    app.add_middleware(Observed, metrics=metrics)
    # Now, not at the first request: first requests come together, and the framework cannot build it twice
    # at once. Routes know their query parameters from it.
    document = _described(app)
    setattr(app, "openapi", lambda: document)  # noqa: B010  mypy refuses the plain assignment
    return app


def _described(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the schemas that routes only name."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        license_info=app.license_info,
        routes=app.routes,
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for model in (ProblemDetails, KeyRequest, IncidentList):
        shape = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= shape.pop("$defs", {})
        schemas[model.__name__] = shape
    for operations in document["paths"].values():
        for operation in operations.values():
            # Ours answer 400 with a problem document instead; the framework adds 422 by itself.
            responses = operation["responses"]
            if "application/problem+json" not in responses.get("422", {}).get("content", {}):
                responses.pop("422", None)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    return document
