"""Clocks of cases, and the messages that they sent."""

from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.callers import Caller
from api.configuration import responsibility_of
from api.deps import Reads, StoreDep, known_parameters
from api.documents_duty import CaseClockShown, ClockList, MessageList, MessageShown
from api.errors import NotFound
from api.examples import problems
from api.examples_duty import CASE_CLOCK, CLOCK_LIST, MESSAGE, MESSAGE_LIST
from api.paging import DEFAULT_LIMIT, clamp, open_token, seal_token
from api.replies import page_links, reply_json
from api.roles import Needs, Role
from api.store.duty.clocks import ClockedCase, ClockPlace, ClockQuery, clock_of, clocked_case, list_clocks
from api.store.duty.messages import CaseMessage, MessageQuery, find_message, list_messages, mark_seen
from api.store.times import from_ms, now_ms
from contracts.incident import Category, Identifier, rfc3339

__all__ = ["router"]

router = APIRouter(tags=["clocks"], dependencies=[Depends(known_parameters)])


class ClockParameters(BaseModel):
    """Which clocks."""

    unit: Identifier | None = Field(default=None, description="Unit that leads or joins.")
    street: Identifier | None = Field(default=None, description="Street.")
    category: Category | None = Field(default=None, description="Category.")
    colour: Literal["red"] | None = Field(default=None, description="`red`: only what is overdue.")
    limit: int = Field(default=DEFAULT_LIMIT, ge=1, description="Cases in a page; above 1000 means 1000.")
    token: str | None = Field(default=None, max_length=300, description="From the `next` link.")

    model_config = ConfigDict(extra="ignore")


class MessageParameters(BaseModel):
    """Which messages."""

    unseen: bool = Field(default=False, description="Only those that nobody has seen.")
    limit: int = Field(default=DEFAULT_LIMIT, ge=1, description="Messages in a page; above 1000 means 1000.")
    token: str | None = Field(default=None, max_length=300, description="From the `next` link.")

    model_config = ConfigDict(extra="ignore")


@router.get(
    "/v1/cases/{case_id}/clock",
    response_model=CaseClockShown,
    responses={200: {"content": CASE_CLOCK}, **problems(400, 401, 403, 404, 429, 503)},
    summary="The clock of a case",
)
def get_case_clock(case_id: Identifier, store: StoreDep, caller: Reads) -> JSONResponse:
    """When a case is due, what its clock shows now, and what it runs by."""

    def look(connection: Any) -> tuple[ClockedCase, dict[str, Any]] | None:
        case = clocked_case(connection, case_id)
        if case is None or not caller.may_see(case.area):
            return None
        document = responsibility_of(connection)
        clock = clock_of(connection, case, document) if document is not None else None
        runs_by: dict[str, Any] = {"limit": None, "extensions": [], "pauses": []}
        if clock is not None:
            runs_by = {
                "limit": clock.limit.model_dump(mode="json"),
                "extensions": [limit.model_dump(mode="json") for limit in clock.extensions],
                "pauses": [
                    {"start": rfc3339(pause.start), "end": None if pause.end is None else rfc3339(pause.end)}
                    for pause in clock.pauses
                ],
            }
        return case, runs_by

    found = store.read(look)
    if found is None:
        raise NotFound("There is no case of that id.", "List them at /v1/cases.")
    case, runs_by = found
    return JSONResponse({**_clock(case), **runs_by})


@router.get(
    "/v1/clocks",
    response_model=ClockList,
    responses={200: {"content": CLOCK_LIST}, **problems(400, 401, 403, 429, 503)},
    summary="Open cases by due time",
)
def get_clocks(
    request: Request, store: StoreDep, caller: Reads, given: Annotated[ClockParameters, Query()]
) -> JSONResponse:
    """Open cases whose clock runs, the first due first; a caller of a unit sees those of his unit."""
    is_unit = caller.role is Role.UNIT
    query = ClockQuery(
        areas=caller.areas,
        unit=(caller.unit or "") if is_unit else given.unit,
        street=given.street,
        category=given.category,
    )
    at_ms = now_ms()
    bond = (query.areas and sorted(query.areas), query.unit, query.street, query.category, given.colour)
    place = ClockPlace(*open_token(bond, given.token, 2)) if given.token else None
    if given.colour == "red":
        query = replace(query, until_ms=at_ms)
    cases, ended = store.read(lambda raw: list_clocks(raw, query, clamp(given.limit), place))
    token = None if ended is None else seal_token(bond, [ended.due_ms, ended.case_key])
    document = {"clocks": [_clock(case, at_ms) for case in cases]}
    return reply_json(document, page_links(request, token, "application/json"))


@router.get(
    "/v1/messages",
    response_model=MessageList,
    responses={200: {"content": MESSAGE_LIST}, **problems(400, 401, 403, 429, 503)},
    summary="Reminders and escalation",
)
def get_messages(
    request: Request, store: StoreDep, caller: Reads, given: Annotated[MessageParameters, Query()]
) -> JSONResponse:
    """Messages for the caller, the newest first: a unit's own, a dispatcher's, a supervisor's.

    Other readers see them all and can tick off none.
    """
    query = _messages_for(caller, unseen=given.unseen)
    bond = (query.recipients, query.unit, query.areas and sorted(query.areas), query.unseen)
    before = open_token(bond, given.token, 1)[0] if given.token else None
    messages, ended = store.read(lambda raw: list_messages(raw, query, clamp(given.limit), before))
    token = None if ended is None else seal_token(bond, [ended])
    document = {"messages": [_message(message) for message in messages]}
    return reply_json(document, page_links(request, token, "application/json"))


@router.post(
    "/v1/messages/{message_key}/seen",
    response_model=MessageShown,
    responses={200: {"content": MESSAGE}, **problems(400, 401, 403, 404, 429, 503)},
    summary="Tick a message off",
)
def post_message_seen(message_key: int, store: StoreDep, caller: Reads) -> JSONResponse:
    """Note that a message was seen; the first who did stays noted."""
    query = _messages_for(caller, unseen=False)

    def see(connection: Any) -> CaseMessage | None:
        message = find_message(connection, message_key)
        if message is None or not _is_for(message, query) or not _may_tick(caller, message):
            return None
        mark_seen(connection, message_key, caller.actor, now_ms())
        return find_message(connection, message_key)

    message = store.write(see).result() if 0 < message_key < 2**62 else None
    if message is None:
        raise NotFound("There is no message of that number for you.", "List them at /v1/messages.")
    return JSONResponse(_message(message))


def _messages_for(caller: Caller, *, unseen: bool) -> MessageQuery:
    recipients: tuple[str, ...] = ("unit", "dispatcher", "supervisor")
    unit = None
    if caller.role is Role.UNIT:
        recipients, unit = ("unit",), caller.unit or ""
    elif caller.role is Role.DISPATCHER:
        recipients = ("unit", "dispatcher")
    return MessageQuery(recipients, unit, caller.areas, unseen)


def _is_for(message: CaseMessage, query: MessageQuery) -> bool:
    return (
        message.recipient in query.recipients
        and (query.unit is None or message.unit == query.unit)
        and (query.areas is None or message.area in query.areas)
    )


def _may_tick(caller: Caller, message: CaseMessage) -> bool:
    needed = {"unit": Needs.HANDLE, "dispatcher": Needs.DISPATCH, "supervisor": Needs.SUPERVISE}
    return caller.allows(needed[message.recipient])


def _clock(case: ClockedCase, at_ms: int | None = None) -> dict[str, Any]:
    return {
        "case_id": case.case_id,
        "number": case.number,
        "state": case.state,
        "category": case.category,
        "street": case.street,
        "unit": case.unit,
        "colour": case.colour(now_ms() if at_ms is None else at_ms),
        "dispatched_at": _time(case.dispatched_ms),
        "warn_at": _time(case.warn_ms),
        "due_at": _time(case.due_ms),
        "handled_at": _time(case.handled_ms),
        "closed_at": _time(case.closed_ms),
    }


def _message(message: CaseMessage) -> dict[str, Any]:
    return {
        "message_key": message.message_key,
        "case_id": message.case_id,
        "step": message.step,
        "recipient": message.recipient,
        "unit": message.unit,
        "text": message.text,
        "due_at": _time(message.due_ms),
        "at": _time(message.at_ms),
        "seen_at": _time(message.seen_ms),
        "seen_by": message.seen_by,
    }


def _time(ms: int | None) -> str | None:
    return None if ms is None else rfc3339(from_ms(ms))
