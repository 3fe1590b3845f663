"""The configuration: documents in versions, read by workers and changed by administrators."""

import asyncio
import time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.bodies import body_of, read_model
from api.callers import Caller
from api.configuration import KINDS, ConfigKind, changes_between, site_of
from api.deps import Configures, Needs, PartsDep, StoreDep, known_parameters, needs
from api.documents_commands import ChangeList, ConfigList, ConfigShown
from api.errors import NotFound, Unprocessable
from api.examples import problems
from api.examples_commands import CHANGES, CONFIG, CONFIG_LIST, CONFIG_WISH, ROLLBACK_WISH
from api.store import Store
from api.store.configuration import (
    ConfigVersion,
    NewConfig,
    add_config,
    config_version,
    current_config,
    digest_of,
    list_config,
)
from api.store.times import from_ms
from api.wishes import ConfigWish, RollbackWish
from contracts.fault import Fault
from contracts.incident import rfc3339

__all__ = ["router"]

MOST_BYTES = 10_000_000
LONGEST_WAIT_S = 25
LOOK_AGAIN_S = 0.5

router = APIRouter(tags=["configuration"], dependencies=[Depends(known_parameters)])

ReadsConfig = Annotated[Caller, Depends(needs(Needs.CONFIGURE, Needs.SEND, Needs.AUDIT))]
Kind = Annotated[str, Path(max_length=40, examples=["site"], description="`site` or `responsibility`.")]


class ConfigParameters(BaseModel):
    """Which version, and how long to wait for another."""

    version: int | None = Field(default=None, ge=1, description="Left out: the one that holds now.")
    wait: float = Field(
        default=0,
        ge=0,
        le=LONGEST_WAIT_S,
        description="With `If-None-Match`: seconds to wait for a version that is another.",
    )

    model_config = ConfigDict(extra="ignore")


class ListParameters(BaseModel):
    """Where in the history."""

    before: int | None = Field(default=None, ge=1, description="Only versions before this one.")
    limit: int = Field(default=100, ge=1, le=1000, description="At most so many.")

    model_config = ConfigDict(extra="ignore")


class ChangeParameters(BaseModel):
    """Between which versions."""

    since: int | None = Field(default=None, ge=1, description="Left out: the one before `until`.")
    until: int | None = Field(default=None, ge=1, description="Left out: the one that holds now.")

    model_config = ConfigDict(extra="ignore")


def _known(kind: str) -> ConfigKind:
    if kind not in KINDS:
        raise NotFound(f"There is no document '{kind[:40]}'.", f"There are: {', '.join(KINDS)}.")
    return KINDS[kind]


def _shown(version: ConfigVersion) -> dict[str, Any]:
    return {
        "kind": version.kind,
        "version": version.version,
        "label": version.label,
        "sha256": version.digest,
        "author": version.author,
        "reason": version.reason,
        "at": rfc3339(from_ms(version.at_ms)),
        "restored": version.restored,
    }


def _tag(version: ConfigVersion) -> str:
    return f'"{version.kind}-{version.version}"'


def _find(store: Store, kind: str, number: int | None) -> ConfigVersion:
    _known(kind)
    found = store.read(
        lambda connection: (
            current_config(connection, kind) if number is None else config_version(connection, kind, number)
        )
    )
    if found is None:
        which = "yet" if number is None else f"of number {number}"
        raise NotFound(f"There is no {kind} {which}.", "`streetkeeper site import` makes the first one.")
    return found


@router.get(
    "/v1/config/{kind}",
    response_model=ConfigShown,
    responses={
        200: {"content": CONFIG},
        304: {"description": "You have it already; nothing changed while you waited."},
        **problems(400, 401, 403, 404, 429, 503),
    },
    summary="Get a document of the configuration",
)
async def get_config(
    request: Request, kind: Kind, store: StoreDep, _: ReadsConfig, given: Annotated[ConfigParameters, Query()]
) -> Response:
    """The document that holds, or an earlier version, with its `ETag`.

    Workers send the tag as `If-None-Match` with `wait`: the reply comes when another version holds, or it
    is 304.
    """
    deadline = time.monotonic() + given.wait
    known = request.headers.get("if-none-match")
    while True:
        version = await run_in_threadpool(_find, store, kind, given.version)
        headers = {"ETag": _tag(version), "Cache-Control": "private, no-cache"}
        if known is None or _tag(version) not in known:
            return JSONResponse({**_shown(version), "text": version.text}, headers=headers)
        if time.monotonic() >= deadline or await request.is_disconnected():
            return Response(status_code=304, headers=headers)
        await asyncio.sleep(LOOK_AGAIN_S)


@router.get(
    "/v1/config/{kind}/versions",
    response_model=ConfigList,
    responses={200: {"content": CONFIG_LIST}, **problems(400, 401, 403, 404, 429, 503)},
    summary="History of a document",
)
def get_versions(
    kind: Kind, store: StoreDep, _: ReadsConfig, given: Annotated[ListParameters, Query()]
) -> JSONResponse:
    """Its versions without their texts, the newest first: who made each, when and why."""
    _known(kind)
    found = store.read(lambda connection: list_config(connection, kind, given.limit, given.before))
    return JSONResponse({"versions": [_shown(version) for version in found]})


@router.get(
    "/v1/config/{kind}/changes",
    response_model=ChangeList,
    responses={200: {"content": CHANGES}, **problems(400, 401, 403, 404, 429, 503)},
    summary="What changed in a document",
)
def get_changes(
    kind: Kind, store: StoreDep, _: ReadsConfig, given: Annotated[ChangeParameters, Query()]
) -> JSONResponse:
    """Every key path that differs between two versions: added, removed or changed, before and after."""
    until = _find(store, kind, given.until)
    number = until.version - 1 if given.since is None else given.since
    since = _find(store, kind, number) if number else None
    changes = [
        {"path": change.path, "kind": change.kind, "before": change.before, "after": change.after}
        for change in changes_between(since, until)
    ]
    return JSONResponse({"since": number or None, "until": until.version, "changes": changes})


@router.post(
    "/v1/config/{kind}",
    status_code=201,
    response_model=ConfigShown,
    responses={
        200: {"description": "That text holds already; nothing was changed.", "content": CONFIG},
        201: {"description": "It holds from now on.", "content": CONFIG},
        **problems(400, 401, 403, 404, 408, 409, 413, 422, 429, 503, 507),
    },
    openapi_extra=body_of(ConfigWish, CONFIG_WISH),
    summary="Change a document of the configuration",
)
async def post_config(request: Request, kind: Kind, parts: PartsDep, caller: Configures) -> JSONResponse:
    """Make a new version. One with faults is refused, and `errors` names each as `site check` does.

    `base` is the version that the change was made in; where another was made meanwhile, 409 says so.
    """
    _known(kind)
    wish = await read_model(request, ConfigWish, parts.settings.body_timeout_s, MOST_BYTES)
    new = NewConfig(kind, wish.text, "", caller.actor, wish.reason)
    return await run_in_threadpool(_add, parts.store, new, wish.base)


@router.post(
    "/v1/config/{kind}/rollback",
    status_code=201,
    response_model=ConfigShown,
    responses={
        200: {"description": "That text holds already; nothing was changed.", "content": CONFIG},
        201: {"description": "The old text holds again, as a new version.", "content": CONFIG},
        **problems(400, 401, 403, 404, 408, 409, 413, 422, 429, 503, 507),
    },
    openapi_extra=body_of(RollbackWish, ROLLBACK_WISH),
    summary="Bring back an earlier version",
)
async def post_rollback(request: Request, kind: Kind, parts: PartsDep, caller: Configures) -> JSONResponse:
    """Make the text of an earlier version hold again, as a new version that names it; no history is lost."""
    wish = await read_model(request, RollbackWish, parts.settings.body_timeout_s, 10_000)
    old = await run_in_threadpool(_find, parts.store, kind, wish.version)
    new = NewConfig(kind, old.text, "", caller.actor, wish.reason, restored=old.version)
    return await run_in_threadpool(_add, parts.store, new, wish.base)


def _add(store: Store, new: NewConfig, base: int | None) -> JSONResponse:
    known = _known(new.kind)
    faults = known.check(new.text, site_of(store))
    errors = [fault for fault in faults if fault.severity == "error"]
    if errors:
        raise Unprocessable(
            f"{known.words.capitalize()} has {len(errors)} faults; nothing was changed.",
            "Mend each as `errors` says; `streetkeeper site check FILE` tells the same of a site.",
            errors=[_fault(fault) for fault in errors],
        )
    label = known.label(known.parse(new.text))
    new = NewConfig(new.kind, new.text, label, new.author, new.reason, new.restored)
    before = store.read(lambda connection: current_config(connection, new.kind))
    made_of = ConfigVersion(new.kind, 0, new.text, digest_of(new.text), label, "", "", 0, None)
    changes = changes_between(before, made_of)
    made = store.write(
        lambda connection: add_config(
            connection, new, base=base, changes=len(changes), at_ms=time.time_ns() // 1_000_000
        )
    ).result()
    is_new = before is None or made.version != before.version
    return JSONResponse({**_shown(made), "text": made.text}, 201 if is_new else 200, {"ETag": _tag(made)})


def _fault(fault: Fault) -> dict[str, str]:
    where = {"line": str(fault.line)} if fault.line is not None else {}
    return {"in": "body", "name": fault.path, "problem": fault.problem, "remedy": fault.remedy, **where}
