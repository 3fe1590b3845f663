"""The audit log, for an auditor."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.deps import Audits, StoreDep, known_parameters
from api.documents_people import AuditList
from api.examples import problems
from api.examples_people import AUDIT_LIST
from api.paging import DEFAULT_LIMIT, clamp, open_token, seal_token
from api.parameters import read_datetime
from api.replies import page_links, reply_json
from api.store.anchor import read_head
from api.store.audit_reading import AuditEntry, AuditQuery, list_audit
from api.store.times import from_ms
from contracts.incident import rfc3339

__all__ = ["router"]

router = APIRouter(tags=["audit"], dependencies=[Depends(known_parameters)])


class AuditParameters(BaseModel):
    """Filters of the audit log."""

    datetime: str | None = Field(
        default=None, max_length=100, description="When it was done: an instant, a day or a/b, ../b, a/.."
    )
    actor: str | None = Field(
        default=None, max_length=200, description="Who did it: `user:NAME`, `key:ID` or `command`."
    )
    action: str | None = Field(
        default=None,
        max_length=60,
        pattern=r"^[a-z_]+(\.[a-z_]*)*$",
        description="What was done, such as `user.create`, or `user.` for all that begin so.",
    )
    subject: str | None = Field(default=None, max_length=200, description="What it was done to.")
    limit: int = Field(default=DEFAULT_LIMIT, ge=1, description="Entries in a page; above 1000 means 1000.")
    token: str | None = Field(default=None, max_length=300, description="From the `next` link.")

    model_config = ConfigDict(extra="ignore")


def _shown(entry: AuditEntry) -> dict[str, Any]:
    return {
        "number": entry.number,
        "at": rfc3339(from_ms(entry.at_ms)),
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "detail": entry.detail,
        "hash": entry.hash.hex(),
    }


@router.get(
    "/v1/audit",
    response_model=AuditList,
    responses={200: {"content": AUDIT_LIST}, **problems(400, 401, 403, 429, 503)},
    summary="The audit log",
)
def get_audit(
    request: Request, store: StoreDep, _: Audits, given: Annotated[AuditParameters, Query()]
) -> JSONResponse:
    """Who did what to what and when, the newest first."""
    since_ms, until_ms = read_datetime(given.datetime)
    query = AuditQuery(given.actor, given.action, given.subject, since_ms, until_ms)
    before = open_token(query, given.token, 1)[0] if given.token else None
    entries, ended = list_audit(store, query, clamp(given.limit), before)
    token = None if ended is None else seal_token(query, [ended])
    head = store.read(read_head)
    document = {"entries": [_shown(entry) for entry in entries], "head": str(head) if head else None}
    return reply_json(document, page_links(request, token, "application/json"))
