"""Puts the API together."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from starlette.middleware.cors import CORSMiddleware

from api.auditing import EvidenceReads
from api.bounding import Bounded
from api.deps import ServiceParts
from api.documents import IncidentList, ProblemDetails
from api.documents_cases import (
    BudgetRequest,
    CaseActionRequest,
    LookRequest,
    ReportRequest,
    SplitRequest,
    VerdictRequest,
)
from api.documents_people import (
    KeyRequest,
    OwnPassword,
    PasswordRequest,
    SignInRequest,
    UserChange,
    UserRequest,
)
from api.live import LiveStreams
from api.lockout import SignInPauses
from api.metrics import Metrics
from api.middleware import Observed
from api.oidc.begun import SignInsBegun
from api.oidc.provider import Provider
from api.rates import RateLimit
from api.refusing import add_handlers
from api.routers import (
    audit,
    cameras,
    cases,
    clocks,
    command_work,
    commands,
    configuration,
    evaluation,
    events,
    evidence,
    guiding,
    holds,
    incidents,
    keys,
    leases,
    live,
    maps,
    oidc,
    outside,
    page,
    quality,
    register,
    reports,
    review,
    runs,
    service,
    session,
    users,
)
from api.settings import ApiSettings
from api.store import Store
from api.store.columns import IncidentColumns
from api.tries import FailedTries
from api.wishes import WISHES

__all__ = ["create_app"]

VERSION = "0.1.0"
DESCRIPTION = """Takes events and masked evidence from stream workers and answers where, when and what.

A detection is a lead for a human check, never evidence by itself. Every place comes with its error.
All requests but `/v1/health` need `Authorization: Bearer <key>`. Refusals are problem documents (RFC 9457)
with a `remedy`. Unknown query parameters are refused."""


BODIES = (
    *(BudgetRequest, CaseActionRequest, LookRequest, ReportRequest, SplitRequest, VerdictRequest),
    *(KeyRequest, OwnPassword, PasswordRequest, SignInRequest, UserChange, UserRequest),
)
"""What routes take in their bodies; they read it by hand, so the framework does not know."""


ROUTED = (
    *(events, incidents, maps, live, runs, holds, evidence, cameras),
    *(review, cases, reports, quality),
    *(clocks, guiding, evaluation),
    *(configuration, commands, command_work, leases, outside),
    *(session, users, keys, audit, service, page, register, oidc),
)


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
        tries=FailedTries(settings.max_failed_tries),
        pauses=SignInPauses(),
        callers=RateLimit(settings.rate_per_s, settings.rate_burst),
        addresses=RateLimit(settings.address_rate_per_s, settings.address_rate_burst),
        provider=_provider(settings),
        begun=SignInsBegun(),
        reads=EvidenceReads(store),
        metrics=metrics,
    )
    app.state.columns = IncidentColumns(store)
    app.state.live = LiveStreams()
    for part in ROUTED:
        app.include_router(part.router)
    add_handlers(app)
    app.add_middleware(
        Bounded,
        max_bytes=max(settings.max_picture_bytes, settings.max_batch_bytes),
        timeout_s=settings.body_timeout_s,
    )
    if settings.cors_origins:
        # With keys only: a cookie never travels from another site's page.
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "If-Match", "Last-Event-ID"],
            expose_headers=["ETag", "Link", "Retry-After"],
        )
    app.add_middleware(Observed, metrics=metrics)
    # Now, not at the first request: first requests come together, and the framework cannot build it twice
    # at once. Routes know their query parameters from it.
    document = _described(app)
    setattr(app, "openapi", lambda: document)  # noqa: B010  mypy refuses the plain assignment
    return app


def _provider(settings: ApiSettings) -> Provider | None:
    if settings.oidc is None or settings.public_url is None:
        return None
    return Provider(settings.oidc, settings.public_url + oidc.CALLBACK)


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
    named: tuple[type[BaseModel], ...] = (ProblemDetails, IncidentList, *BODIES, *WISHES)
    for model in named:
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
