"""The page at `/`, its sign-in and its files."""

from datetime import UTC, datetime
from importlib import resources
from typing import Any
from urllib.parse import parse_qs, urlencode

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import TypeAdapter, ValidationError

from api.bodies import read_body
from api.deps import Needs, PartsDep, ServiceParts, caller_of, check_presented, key_caller
from api.errors import PROBLEMS, ApiError, BadParameter, Forbidden, NotFound, NotSignedIn, TooManyTries
from api.incident_parameters import areas_for
from api.page.cards import CATEGORY_WORDS, card_of, health_of
from api.page.map import draw_map
from api.paging import open_numbers, seal_token
from api.sessions import COOKIE
from api.store import Store
from api.store.cameras import list_views
from api.store.history import IncidentQuery, PagePlace, list_incidents
from api.store.keys import KeyRecord
from api.store.runs import list_runs
from contracts.incident import Identifier, rfc3339

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

CARDS_SHOWN = 48
VIEWS_SHOWN = 60
RUNS_SHOWN = 50
MAX_FORM_BYTES = 2000
FILES = {"streetkeeper.css": "text/css", "refresh.js": "text/javascript", "mark.svg": "image/svg+xml"}
KNOWN = ("category", "status", "run", "token")

_templates = Environment(
    loader=PackageLoader("api.page"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_identifier: TypeAdapter[str] = TypeAdapter(Identifier)


def _render(template: str, values: dict[str, Any], code: int = 200) -> HTMLResponse:
    return HTMLResponse(_templates.get_template(template).render(values), code)


def _faulty(error: ApiError) -> HTMLResponse:
    row = PROBLEMS[type(error)]
    words = {"title": row.title, "detail": error.detail, "remedy": error.remedy}
    reply = _render("fault.html", words, row.status)
    reply.headers.update(error.headers)
    return reply


def _asked(request: Request, areas: tuple[str, ...] | None) -> tuple[IncidentQuery, str]:
    """The filters in the page's address, and its token.

    Raises:
        BadParameter: An unknown name or value.
    """
    given = dict(request.query_params)
    for name in given:
        if name not in KNOWN:
            raise BadParameter(f"This page has no filter '{name[:60]}'.", f"Filters: {', '.join(KNOWN[:3])}.")
    category, status, run = (given.get(name, "") for name in KNOWN[:3])
    if category and category not in CATEGORY_WORDS:
        raise BadParameter("There is no such category.", f"Choose one of {', '.join(CATEGORY_WORDS)}.")
    if status not in {"", "open", "closed"}:
        raise BadParameter("There is no such state.", "Choose open or closed.")
    try:
        run = _identifier.validate_python(run or "live")
    except ValidationError:
        raise BadParameter("That cannot be the name of a run.", "Take one from the list.") from None
    query = IncidentQuery(
        run=run,
        category=category or None,
        status="open" if status == "open" else "closed" if status == "closed" else None,
        areas=areas,
    )
    return query, given.get("token", "")[:300]


@router.get("/")
def get_page(request: Request, parts: PartsDep) -> Response:
    """The newest incidents, or the sign-in where nobody is signed in."""
    try:
        caller = caller_of(request)
    except NotSignedIn:
        return _sign_in(_path_of(request), "", 401)
    except TooManyTries as error:
        return _faulty(error)
    if not caller.allows(Needs.READ):
        return _faulty(Forbidden(f"The role {caller.role} may not read.", "Sign in with a reader's key."))
    try:
        query, token = _asked(request, areas_for(caller, None))
        place = None
        if token:
            as_of, value, key = open_numbers(query, token, 3)
            place = PagePlace(int(as_of), value, int(key))
        return _render("incidents.html", _content(parts.store, query, place))
    except ApiError as error:
        return _faulty(error)


def _content(store: Store, query: IncidentQuery, place: PagePlace | None) -> dict[str, Any]:
    """Everything that the page shows."""
    page = list_incidents(store, query, CARDS_SHOWN, place)
    cards = [card_of(item, lambda name: store.pictures.find(name) is not None) for item in page.incidents]
    views = list_views(store, query.run, 10_000)
    # What is wrong first: a strip of sixty must not hide the one camera that is offline.
    views.sort(key=lambda view: view.health is not None and view.health.state == "ok")
    other_runs = [run.run for run in list_runs(store, RUNS_SHOWN) if run.run != "live"]
    chosen = {"category": query.category or "", "status": query.status or "", "run": query.run}
    next_page = ""
    if page.next_place:
        ended = page.next_place
        token = seal_token(query, [ended.as_of, ended.value, ended.key])
        next_page = "/?" + urlencode(
            {name: value for name, value in chosen.items() if value} | {"token": token}
        )
    return {
        **chosen,
        "cards": cards,
        "drawn": any(card.is_drawn for card in cards),
        "has_more": bool(next_page),
        "next_page": next_page,
        "map": draw_map(
            [(number, item.status, item.incident) for number, item in enumerate(page.incidents, 1)]
        ),
        "views": [health_of(view) for view in views[:VIEWS_SHOWN]],
        "more_views": max(0, len(views) - VIEWS_SHOWN),
        "categories": CATEGORY_WORDS,
        "runs": ["live", *dict.fromkeys([*other_runs, *([query.run] if query.run != "live" else [])])],
        "other_runs": other_runs[:10],
        "shown_at": rfc3339(datetime.now(UTC))[11:19] + " UTC",
    }


def _path_of(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _sign_in(next_path: str, problem: str, code: int) -> HTMLResponse:
    return _render("login.html", {"next": _own_path(next_path), "problem": problem}, code)


def _own_path(path: str) -> str:
    """The path if it is the page itself; anything else could lead a person elsewhere."""
    return path if path == "/" or path.startswith("/?") else "/"


@router.post("/login")
async def post_login(request: Request, parts: PartsDep) -> Response:
    """Change a key for a signed session cookie."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return _faulty(Forbidden("This sign-in came from another site.", "Open this page and sign in here."))
    try:
        body = await read_body(request, MAX_FORM_BYTES, parts.settings.body_timeout_s)
        form = parse_qs(body.decode("ascii", errors="replace"), max_num_fields=5)
    except ApiError as error:
        return _faulty(error)
    except ValueError:
        return _sign_in("/", "The form could not be read.", 400)
    key, next_path = form.get("key", [""])[0].strip(), form.get("next", ["/"])[0]
    try:
        caller = await run_in_threadpool(check_presented, request, key[:200])
    except (NotSignedIn, TooManyTries) as error:
        return _sign_in(next_path, f"{error.detail} {error.remedy}", PROBLEMS[type(error)].status)
    if not key_caller(caller).allows(Needs.READ):
        return _sign_in(next_path, f"A {caller.role} key may not read; use a reader's key.", 403)
    return _signed_in(request, parts, caller, _own_path(next_path))


def _signed_in(request: Request, parts: ServiceParts, caller: KeyRecord, path: str) -> Response:
    reply = RedirectResponse(path, 303)
    reply.set_cookie(
        COOKIE,
        parts.sessions.seal(caller.key_id),
        max_age=parts.sessions.lasts_s,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return reply


@router.post("/logout")
def post_logout() -> Response:
    """Forget the session."""
    reply = RedirectResponse("/", 303)
    reply.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return reply


@router.get("/static/{name}")
def get_file(name: str) -> Response:
    """A file of the page; only those named here."""
    if name not in FILES:
        raise NotFound("The page has no such file.")
    content = resources.files("api.page").joinpath("static", name).read_bytes()
    return Response(content, media_type=FILES[name], headers={"Cache-Control": "max-age=300"})
