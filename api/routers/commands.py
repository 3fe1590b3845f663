"""Commands: asked for by people, done by workers, which only call out."""

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.bodies import body_of, read_model
from api.callers import Caller
from api.configuration import cameras_of, site_of
from api.deps import Needs, PartsDep, Reads, StoreDep, known_parameters, needs
from api.documents_commands import CommandList, CommandShown
from api.errors import Forbidden, NotFound
from api.examples import problems
from api.examples_commands import (
    COMMAND,
    COMMAND_LIST,
    COMMAND_WISH,
)
from api.store import Store
from api.store.command_work import (
    is_due,
    list_commands,
)
from api.store.commands import CommandRow, enqueue_command, expire_commands, find_command
from api.store.times import from_ms, now_ms
from api.wishes import CommandWish
from contracts.command import CommandKind
from contracts.incident import rfc3339

__all__ = ["router"]

MOST_BYTES = 200_000
MAY_ASK: dict[CommandKind, Needs] = {
    CommandKind.SNAPSHOT: Needs.REVIEW,
    CommandKind.RECHECK: Needs.REVIEW,
    CommandKind.ANALYSE_RECORDING: Needs.REVIEW,
    CommandKind.CALIBRATE_PREVIEW: Needs.CONFIGURE,
    CommandKind.CAPTURE_BASELINE: Needs.CONFIGURE,
}
"""What people may ask for; the other kinds the API asks for itself."""

router = APIRouter(tags=["commands"], dependencies=[Depends(known_parameters)])

Asks = Annotated[Caller, Depends(needs(Needs.REVIEW, Needs.CONFIGURE))]
CommandId = Annotated[str, Path(max_length=64, examples=["0f6c4f0e-2f5e-4a37-9d5b-2f5ad1a3b7aa"])]


class CommandParameters(BaseModel):
    """Filters of the list."""

    state: str | None = Field(
        default=None, max_length=20, description="`queued`, `leased`, `done`, `failed` or `expired`."
    )
    kind: CommandKind | None = Field(default=None, description="Kind of the command.")
    camera: str | None = Field(default=None, max_length=128, description="Camera id.")
    before: int | None = Field(default=None, ge=1, le=2**53, description="`next` of the page before.")
    limit: int = Field(default=100, ge=1, le=1000, description="At most so many.")

    model_config = ConfigDict(extra="ignore")


def _shown(command: CommandRow) -> dict[str, Any]:
    return {
        "command_id": command.command_id,
        "kind": command.kind.value,
        "camera": command.camera_id,
        "body": command.body,
        "asked_by": command.actor,
        "state": command.state,
        "created_at": rfc3339(from_ms(command.created_ms)),
        "expires_at": rfc3339(from_ms(command.expires_ms)),
        "attempts": command.attempts,
        "progress": command.progress,
        "note": command.note,
        "answer": command.answer,
        "evidence": command.evidence,
        "reason": command.reason,
        "ended_at": None if command.ended_ms is None else rfc3339(from_ms(command.ended_ms)),
    }


@router.post(
    "/v1/commands",
    status_code=202,
    response_model=CommandShown,
    responses={
        202: {"description": "Kept; a worker will do it.", "content": COMMAND},
        **problems(400, 401, 403, 404, 408, 413, 422, 429, 503, 507),
    },
    openapi_extra=body_of(CommandWish, COMMAND_WISH),
    summary="Ask workers for something",
)
async def post_command(
    request: Request,
    parts: PartsDep,
    caller: Asks,
    idempotency_key: Annotated[
        str | None,
        Header(max_length=100, description="Sent again with the same key, nothing is asked for twice."),
    ] = None,
) -> JSONResponse:
    """Keep a command until a worker does it or it expires; `GET` of its id tells how far it is."""
    wish = await read_model(request, CommandWish, parts.settings.body_timeout_s, MOST_BYTES)
    return await run_in_threadpool(_enqueue, parts.store, wish, caller, idempotency_key)


def _enqueue(store: Store, wish: CommandWish, caller: Caller, key: str | None) -> JSONResponse:
    needed = MAY_ASK.get(wish.kind)
    if needed is None or not caller.allows(needed):
        raise Forbidden(
            f"The role {caller.role} may not ask for {wish.kind.value}.",
            "See docs/api.md for who may ask for what.",
        )
    site, seen = site_of(store), cameras_of(store, caller)
    known = {camera.id for camera in site.cameras} if site is not None else None
    if wish.camera is not None and (
        (known is not None and wish.camera not in known) or (seen is not None and wish.camera not in seen)
    ):
        raise NotFound(f"There is no camera '{wish.camera}'.", "The site names the cameras.")

    def enqueue(connection: Any) -> CommandRow | None:
        command_id = enqueue_command(
            connection,
            kind=wish.kind,
            camera_id=wish.camera,
            body=wish.body,
            ttl_s=wish.ttl_s,
            key=f"{caller.actor}|{key or uuid.uuid4()}",
            actor=caller.actor,
            now_ms=now_ms(),
        )
        return find_command(connection, command_id)

    command = store.write(enqueue).result()
    if command is None:
        raise LookupError("a command that was just kept is gone")
    return JSONResponse(_shown(command), 202)


@router.get(
    "/v1/commands",
    response_model=CommandList,
    responses={200: {"content": COMMAND_LIST}, **problems(400, 401, 403, 429, 503, 507)},
    summary="List commands",
)
def get_commands(
    store: StoreDep, caller: Reads, given: Annotated[CommandParameters, Query()]
) -> JSONResponse:
    """Commands, the newest first. Who is limited to areas sees those of the cameras that look into them."""
    _expire(store)
    cameras = cameras_of(store, caller)
    wanted = (given.state, given.kind, given.camera)
    found = store.read(
        lambda connection: list_commands(
            connection,
            wanted,
            None if cameras is None else sorted(cameras),
            (given.before, given.limit),
        )
    )
    following = found[-1][0] if len(found) == given.limit else None
    return JSONResponse({"commands": [_shown(command) for _, command in found], "next": following})


@router.get(
    "/v1/commands/{command_id}",
    response_model=CommandShown,
    responses={200: {"content": COMMAND}, **problems(400, 401, 403, 404, 429, 503, 507)},
    summary="Get a command",
)
def get_command(command_id: CommandId, store: StoreDep, caller: Reads) -> JSONResponse:
    """A command, how far it is, and once it is done what the worker found."""
    _expire(store)
    command = store.read(lambda connection: find_command(connection, command_id))
    cameras = cameras_of(store, caller)
    if command is None or (cameras is not None and command.camera_id not in cameras):
        raise NotFound("There is no such command.", "List them at /v1/commands.")
    return JSONResponse(_shown(command))


def _expire(store: Store) -> None:
    """Whoever asks gets the state of now, even where no worker has asked for long."""
    at_ms = now_ms()
    if store.read(lambda connection: is_due(connection, "", [], at_ms)):
        store.write(lambda connection: expire_commands(connection, at_ms)).result()
