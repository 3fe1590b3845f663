"""A month's evaluation: figures by group, the cases behind each, and an inspector's sample."""

import secrets
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import BaseModel, ConfigDict, Field

from api.auditing import note_export
from api.callers import Caller
from api.configuration import responsibility_of
from api.deps import Evaluates, StoreDep, known_parameters
from api.documents_duty import EvaluationCases, EvaluationReply, EvaluationSample
from api.duty.figures import BY, NOWHERE, RATES, CaseFact, Figure
from api.duty.months import Month, month_at, month_named
from api.duty.report import Evaluation, evaluation_csv, evaluation_document
from api.duty.sample import draw_sample
from api.errors import BadParameter
from api.examples import problems
from api.examples_duty import EVALUATION_CASES, EVALUATION_FORMATS, EVALUATION_SAMPLE
from api.paging import DEFAULT_LIMIT, clamp, open_token, seal_token
from api.replies import page_links, reply_json
from api.store import Store
from api.store.duty.evaluation import MonthCount, month_count
from api.store.times import now_ms
from contracts.incident import Category, Identifier
from contracts.responsibility import ResponsibilityDocument

__all__ = ["router"]

router = APIRouter(tags=["evaluation"], dependencies=[Depends(known_parameters)])

MONTH = Field(
    default=None,
    pattern=r"^\d{4}-(0[1-9]|1[0-2])$",
    description="Month on the district's clock; left out: the present one.",
    examples=["2026-11"],
)
Key = Annotated[str, Field(max_length=100, pattern=r"^(-|[A-Za-z0-9][A-Za-z0-9._:-]*)$")]
_templates = Environment(
    loader=PackageLoader("api.page"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


class EvaluationParameters(BaseModel):
    """Which month, grouped by what, in which form."""

    month: str | None = MONTH
    by: str = Field(
        default="street",
        max_length=60,
        description=f"Groups: any of {', '.join(BY)} with commas between; empty: only the total.",
        examples=["street,category"],
    )
    f: Literal["json", "csv", "html"] = Field(default="json", description="Form of the reply.")

    model_config = ConfigDict(extra="ignore")


class CasesParameters(BaseModel):
    """Which figure of which group."""

    month: str | None = MONTH
    figure: Literal[
        "reported",
        "filed",
        "dispatched",
        "handled",
        "due",
        "suspended",
        "closed",
        "closed_on_time",
        "reworked",
        "returned",
        "extended",
        "recurred",
    ] = Field(description="The figure whose cases are listed.")
    street: Key | None = Field(default=None, description="Street; `-`: cases outside all streets.")
    unit: Key | None = Field(default=None, description="Unit; `-`: cases that no unit led.")
    category: Category | None = Field(default=None, description="Category.")
    limit: int = Field(default=DEFAULT_LIMIT, ge=1, description="Cases in a page; above 1000 means 1000.")
    token: str | None = Field(default=None, max_length=300, description="From the `next` link.")

    model_config = ConfigDict(extra="ignore")

    def holds(self, fact: CaseFact) -> bool:
        """Whether a case is one of those that the figure counts."""
        return bool(fact.figures & Figure[self.figure.upper()]) and all(
            wanted is None or wanted == (value or NOWHERE)
            for wanted, value in (
                (self.street, fact.street),
                (self.unit, fact.unit),
                (self.category, fact.category),
            )
        )


class SampleParameters(BaseModel):
    """How much of which month is drawn, by which seed."""

    month: str | None = MONTH
    size: int = Field(default=30, ge=1, le=500, description="How many cases.")
    seed: Identifier | None = Field(
        default=None, description="Draws the same sample again; left out: a new one, told in the reply."
    )

    model_config = ConfigDict(extra="ignore")


Counted = tuple[Month, MonthCount, ResponsibilityDocument | None]


def _counted(store: Store, name: str | None, caller: Caller) -> Counted:
    """The month as the caller may see it.

    Raises:
        BadParameter: There is no such month.
    """

    def count(connection: Any) -> Counted:
        duty = responsibility_of(connection)
        zone = duty.calendar.time_zone if duty is not None else "UTC"
        try:
            month = month_named(name, zone) if name else month_at(datetime.now(UTC), zone)
        except ValueError as error:
            raise BadParameter(f"`month`: {error}.", "Write it such as 2026-11.") from None
        return month, month_count(connection, month, now_ms(), duty), duty

    month, counted, duty = store.read(count)
    seen = [fact for fact in counted.facts if caller.may_see(fact.area)]
    return month, MonthCount(seen, counted.camera_hours, counted.is_final), duty


def _by(text: str) -> tuple[str, ...]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if len(set(names)) != len(names) or not set(names) <= set(BY):
        raise BadParameter(
            "`by`: names something that figures are not grouped by.",
            f"Choose from {', '.join(BY)}, each once, with commas between.",
        )
    return tuple(names)


@router.get(
    "/v1/evaluation",
    response_model=EvaluationReply,
    responses={200: {"content": EVALUATION_FORMATS}, **problems(400, 401, 403, 429, 503)},
    summary="A month's evaluation",
)
def get_evaluation(
    store: StoreDep, caller: Evaluates, given: Annotated[EvaluationParameters, Query()]
) -> Response:
    """Figures and rates of a month, whole and by group; each figure links to the list of exactly its cases.

    Once a month's time for late entries (3 days) is over, its figures are kept and never change again.
    """
    by = _by(given.by)
    month, counted, duty = _counted(store, given.month, caller)
    evaluation = Evaluation(month, by, counted.facts, counted.camera_hours, duty, counted.is_final)
    if given.f == "json":
        return JSONResponse(evaluation_document(evaluation))
    if given.f == "csv":
        query = {"month": month.name, "by": given.by}
        note_export(store, caller, what="evaluation", form="csv", count=len(counted.facts), query=query)
        headers = {"Content-Disposition": f'attachment; filename="evaluation-{month.name}.csv"'}
        return PlainTextResponse(evaluation_csv(evaluation), media_type="text/csv", headers=headers)
    document = evaluation_document(evaluation)
    shown = {"evaluation": document, "figures": [figure.word for figure in Figure], "rates": list(RATES)}
    return HTMLResponse(_templates.get_template("evaluation.html").render(shown))


@router.get(
    "/v1/evaluation/cases",
    response_model=EvaluationCases,
    responses={200: {"content": EVALUATION_CASES}, **problems(400, 401, 403, 429, 503)},
    summary="The cases behind a figure",
)
def get_evaluation_cases(
    request: Request, store: StoreDep, caller: Evaluates, given: Annotated[CasesParameters, Query()]
) -> JSONResponse:
    """Exactly the cases that a figure of the evaluation counts, by number."""
    month, counted, _ = _counted(store, given.month, caller)
    found = [fact for fact in counted.facts if given.holds(fact)]
    bond = ("evaluation", month.name, given.figure, given.street, given.unit, given.category)
    first = open_token(bond, given.token, 1)[0] if given.token else 0
    shown = found[first : first + clamp(given.limit)]
    after = first + len(shown)
    token = seal_token(bond, [after]) if after < len(found) else None
    query = {"month": month.name, "figure": given.figure}
    note_export(store, caller, what="evaluation cases", form="json", count=len(shown), query=query)
    document = {"month": month.name, "count": len(found), "cases": [_case(fact) for fact in shown]}
    return reply_json(document, page_links(request, token, "application/json"))


@router.get(
    "/v1/evaluation/sample",
    response_model=EvaluationSample,
    responses={200: {"content": EVALUATION_SAMPLE}, **problems(400, 401, 403, 429, 503)},
    summary="A random sample of a month's cases",
)
def get_evaluation_sample(
    store: StoreDep, caller: Evaluates, given: Annotated[SampleParameters, Query()]
) -> JSONResponse:
    """Cases drawn by chance, each with the same, from all of a month: for an inspector from outside.

    The reply names the seed; with it anyone with the same rights draws the same sample again.
    """
    month, counted, _ = _counted(store, given.month, caller)
    seed = given.seed or secrets.token_hex(8)
    drawn = draw_sample(counted.facts, given.size, seed)
    return JSONResponse(
        {
            "month": month.name,
            "seed": seed,
            "drawn_from": len(counted.facts),
            "is_final": counted.is_final,
            "cases": [_case(fact) for fact in drawn],
        }
    )


def _case(fact: CaseFact) -> dict[str, Any]:
    return {
        "case_id": fact.case_id,
        "number": fact.number,
        "category": fact.category,
        "street": fact.street,
        "unit": fact.unit,
        "figures": [figure.word for figure in Figure if fact.figures & figure],
        "handling_h": None if fact.handling_ms is None else round(fact.handling_ms / 3_600_000, 3),
        "case": f"/v1/cases/{fact.case_id}",
    }
