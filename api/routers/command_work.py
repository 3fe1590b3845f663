"""The workers' side of commands: taken, told of, and handed in."""

import asyncio
import time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.bodies import body_of, read_model
from api.deps import PartsDep, Sends, known_parameters
from api.documents_commands import LeasedCommands, ResultKept
from api.errors import Unprocessable
from api.examples import problems
from api.examples_commands import COMMANDS_WANTED, LEASED, PROGRESS, RESULT, RESULT_KEPT
from api.store import Store
from api.store.command_work import LEASE_S, finish_command, is_due, lease_commands, tell_progress
from api.store.commands import CommandRow, Outcome
from api.store.outside import delete_left_over
from api.store.times import from_ms, now_ms
from api.wishes import CommandProgress, CommandsWanted
from contracts.command import CommandResult
from contracts.incident import rfc3339

__all__ = ["router"]

LONGEST_WAIT_S = 25
LOOK_AGAIN_S = 0.5
MOST_BYTES = 200_000

router = APIRouter(tags=["commands"], dependencies=[Depends(known_parameters)])

CommandId = Annotated[str, Path(max_length=64, examples=["0f6c4f0e-2f5e-4a37-9d5b-2f5ad1a3b7aa"])]


class WaitParameters(BaseModel):
    """How long to wait."""

    wait: float = Field(default=0, ge=0, le=LONGEST_WAIT_S, description="Seconds to wait for a command.")

    model_config = ConfigDict(extra="ignore")


@router.post(
    "/v1/commands/lease",
    response_model=LeasedCommands,
    responses={200: {"content": LEASED}, **problems(400, 401, 403, 408, 413, 422, 429, 503, 507)},
    openapi_extra=body_of(CommandsWanted, COMMANDS_WANTED),
    summary="Take commands (workers)",
)
async def post_lease(
    request: Request, parts: PartsDep, _: Sends, given: Annotated[WaitParameters, Query()]
) -> JSONResponse:
    """Give a worker commands that it can do, waiting for one for `wait` seconds.

    Those that need a camera go to the worker that has its lease (`/v1/leases`). A worker that is silent
    about a command for `lease_s` loses it to another.
    """
    wanted = await read_model(request, CommandsWanted, parts.settings.body_timeout_s, MOST_BYTES)
    deadline = time.monotonic() + given.wait
    while True:
        leased = await run_in_threadpool(_lease, parts.store, wanted)
        if leased or time.monotonic() >= deadline or await request.is_disconnected():
            return JSONResponse({"commands": [_leased(command) for command in leased]})
        await asyncio.sleep(LOOK_AGAIN_S)


def _lease(store: Store, wanted: CommandsWanted) -> list[CommandRow]:
    at_ms = now_ms()
    if not store.read(lambda connection: is_due(connection, wanted.worker, wanted.kinds, at_ms)):
        return []
    return store.write(
        lambda connection: lease_commands(connection, wanted.worker, wanted.kinds, wanted.limit, at_ms)
    ).result()


def _leased(command: CommandRow) -> dict[str, Any]:
    return {
        "command_id": command.command_id,
        "kind": command.kind.value,
        "camera_id": command.camera_id,
        "body": command.body,
        "token": command.token,
        "lease_s": LEASE_S,
        "expires_at": rfc3339(from_ms(command.expires_ms)),
        "attempt": command.attempts,
    }


@router.post(
    "/v1/commands/{command_id}/progress",
    response_model=ResultKept,
    responses={
        200: {"content": RESULT_KEPT},
        **problems(400, 401, 403, 404, 408, 409, 413, 422, 429, 503, 507),
    },
    openapi_extra=body_of(CommandProgress, PROGRESS),
    summary="Tell how far a command is (workers)",
)
async def post_progress(request: Request, command_id: CommandId, parts: PartsDep, _: Sends) -> JSONResponse:
    """A worker is alive and so far; its lease on the command begins anew. 409: another has it now."""
    told = await read_model(request, CommandProgress, parts.settings.body_timeout_s, MOST_BYTES)
    write = parts.store.write(
        lambda connection: tell_progress(
            connection, command_id, told.token, (told.progress, told.note), now_ms()
        )
    )
    await asyncio.wrap_future(write)
    return JSONResponse({"kept": True})


@router.post(
    "/v1/commands/{command_id}/result",
    response_model=ResultKept,
    responses={
        200: {"content": RESULT_KEPT},
        **problems(400, 401, 403, 404, 408, 409, 413, 422, 429, 503, 507),
    },
    openapi_extra=body_of(CommandResult, RESULT),
    summary="Hand in a result (workers)",
)
async def post_result(
    request: Request, command_id: CommandId, parts: PartsDep, caller: Sends
) -> JSONResponse:
    """Keep what became of a command, once; `kept` is false where it was handed in before.

    Its pictures are sent first (`PUT /v1/evidence/{name}`). 409: another worker has the command, or did it.
    """
    result = await read_model(request, CommandResult, parts.settings.body_timeout_s, MOST_BYTES)
    return await run_in_threadpool(_finish, parts.store, command_id, result, caller.actor)


def _finish(store: Store, command_id: str, result: CommandResult, actor: str) -> JSONResponse:
    for ref in result.evidence:
        name = ref.href.removeprefix("evidence/")
        if name != f"{ref.sha256}.jpg" or store.pictures.find(name) is None:
            raise Unprocessable(
                "A picture of this result has not arrived.", "Send its pictures first, then the result."
            )
    outcome = Outcome(
        result.state,
        result.reason,
        result.answer,
        [ref.model_dump(mode="json") for ref in result.evidence],
    )
    kept = store.write(
        lambda connection: finish_command(connection, command_id, result.token, outcome, (actor, now_ms()))
    ).result()
    delete_left_over(store)
    return JSONResponse({"kept": kept})
