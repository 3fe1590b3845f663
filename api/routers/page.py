"""The page at `/`, its sign-in and its files."""

from datetime import UTC, datetime
from importlib import resources
from typing import Any, Literal
from urllib.parse import parse_qs, urlencode

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import TypeAdapter, ValidationError

from api.bodies import read_body
from api.configuration import cameras_of
from api.deps import (
    Needs,
    PartsDep,
    ServiceParts,
    address_of,
    caller_of,
    check_presented,
    key_caller,
    session_of,
)
from api.errors import (
    PROBLEMS,
    ApiError,
    BadBody,
    BadParameter,
    Forbidden,
    NotFound,
    NotSignedIn,
    TooManyRequests,
    TooManyTries,
)
from api.incident_parameters import areas_for
from api.page.cards import CATEGORY_WORDS, card_of, health_of
from api.page.map import draw_map
from api.page.rendering import faulty, render
from api.paging import open_numbers, seal_token
from api.sessions import check_own_origin, check_proof, forget_cookie, proof_of, set_cookie
from api.signing_in import check_password, user_caller
from api.store import Store
from api.store.cameras import list_views
from api.store.history import IncidentQuery, PagePlace, list_incidents
from api.store.runs import list_runs
from api.store.sessions import end_session, open_session
from api.tries import network_of
from contracts.incident import Identifier, rfc3339

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

CARDS_SHOWN = 48
VIEWS_SHOWN = 60
RUNS_SHOWN = 50
MAX_FORM_BYTES = 4000
MAX_PASSWORD = 300
FILES = {"streetkeeper.css": "text/css", "refresh.js": "text/javascript", "mark.svg": "image/svg+xml"}
KNOWN = ("category", "status", "run", "token")

_identifier: TypeAdapter[str] = TypeAdapter(Identifier)


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
        return _sign_in(parts, _path_of(request), "", 401)
    except (TooManyTries, TooManyRequests) as error:
        return faulty(error)
    if not caller.allows(Needs.READ):
        return faulty(Forbidden(f"The role {caller.role} may not read.", "Sign in with a reader's key."))
    try:
        query, token = _asked(request, areas_for(caller, None))
        place = None
        if token:
            as_of, value, key = open_numbers(query, token, 3)
            place = PagePlace(int(as_of), value, int(key))
        found, cameras = session_of(request), cameras_of(parts.store, caller)
        csrf = proof_of(found[0]) if found else ""
        return render("incidents.html", {**_content(parts.store, query, place, cameras), "csrf": csrf})
    except ApiError as error:
        return faulty(error)


def _content(
    store: Store, query: IncidentQuery, place: PagePlace | None, cameras: frozenset[str] | None
) -> dict[str, Any]:
    """Everything that the page shows; `cameras` are those that the caller may see, None: all."""
    page = list_incidents(store, query, CARDS_SHOWN, place)
    cards = [card_of(item, lambda name: store.pictures.find(name) is not None) for item in page.incidents]
    views = [
        view
        for view in list_views(store, query.run, 10_000, query.areas)
        if cameras is None or view.camera_id in cameras
    ]
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


def _sign_in(parts: ServiceParts, next_path: str, problem: str, code: int) -> HTMLResponse:
    provider = parts.provider.settings.name if parts.provider else ""
    return render(
        "login.html", {"next": _own_path(next_path), "problem": problem, "provider": provider}, code
    )


def _own_path(path: str) -> str:
    """The path if it is the page itself; anything else could lead a person elsewhere."""
    return path if path == "/" or path.startswith("/?") else "/"


@router.post("/login")
async def post_login(request: Request, parts: PartsDep) -> Response:
    """Change name and password, or a key that reads, for a session."""
    try:
        check_own_origin(request, parts.settings)
        parts.addresses.take(network_of(address_of(request)))
        form = await _form(request, parts)
    except ApiError as error:
        return faulty(error)
    try:
        secret = await run_in_threadpool(_session_for, request, parts, form)
    except (NotSignedIn, TooManyTries, Forbidden) as error:
        told = f"{error.detail} {error.remedy}"
        return _sign_in(parts, form.get("next", "/"), told, PROBLEMS[type(error)].status)
    reply = RedirectResponse(_own_path(form.get("next", "/")), 303)
    set_cookie(request, reply, secret, parts.settings)
    return reply


async def _form(request: Request, parts: ServiceParts) -> dict[str, str]:
    """The fields of a form, each once.

    Raises:
        BadBody: It is no form.
    """
    body = await read_body(request, MAX_FORM_BYTES, parts.settings.body_timeout_s)
    try:
        fields = parse_qs(body.decode("ascii", errors="replace"), max_num_fields=5)
    except ValueError:
        raise BadBody("The form could not be read.", "Send it from the page.") from None
    return {name: values[0] for name, values in fields.items()}


def _session_for(request: Request, parts: ServiceParts, form: dict[str, str]) -> str:
    """The secret of a new session for who the form says.

    Raises:
        NotSignedIn: The key, or the name or password, is wrong.
        TooManyTries: Too many were wrong.
        Forbidden: The role does not read.
    """
    if "name" in form:
        name, password = form["name"], form.get("password", "")[:MAX_PASSWORD]
        user = check_password(parts.store, parts.pauses, address_of(request), name, password)
        caller, holder_id = user_caller(user), user.user_id
    else:
        record = check_presented(request, form.get("key", "").strip()[:200])
        caller, holder_id = key_caller(record), record.key_id
    if not caller.allows(Needs.READ):
        raise Forbidden(f"The role {caller.role} may not read.", "Sign in with another role.")
    kind: Literal["user", "key"] = "user" if "name" in form else "key"
    lasts_s = parts.settings.session_hours * 3600
    return open_session(parts.store, kind, holder_id, actor=caller.actor, lasts_s=lasts_s)


@router.post("/logout")
async def post_logout(request: Request, parts: PartsDep) -> Response:
    """End the session."""
    try:
        form = await _form(request, parts)
        found = await run_in_threadpool(session_of, request)
        if found:
            secret, session = found
            check_proof(request, secret, form.get("csrf"), parts.settings)
            holder = f"{session.holder_kind}:{session.holder_id}"
            await run_in_threadpool(end_session, parts.store, session.session_id, actor=holder)
    except ApiError as error:
        return faulty(error)
    reply = RedirectResponse("/", 303)
    forget_cookie(request, reply, parts.settings)
    return reply


@router.get("/static/{name}")
def get_file(name: str) -> Response:
    """A file of the page; only those named here."""
    if name not in FILES:
        raise NotFound("The page has no such file.")
    content = resources.files("api.page").joinpath("static", name).read_bytes()
    return Response(content, media_type=FILES[name], headers={"Cache-Control": "max-age=300"})
