"""The way through the identity provider and back; pages, not part of the API's description."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from api.deps import PartsDep, ServiceParts, address_of
from api.errors import ApiError, NotFound, NotSignedIn
from api.oidc.people import admit, person_of
from api.oidc.provider import Provider, SignInBegun
from api.page.rendering import faulty, render
from api.routers.session import start_session
from api.sessions import is_secure, set_cookie
from api.signing_in import user_caller
from api.tries import network_of

__all__ = ["CALLBACK", "router"]

CALLBACK = "/sign-in/oidc/callback"
COOKIE = "streetkeeper_provider"
COOKIE_S = 600

router = APIRouter(include_in_schema=False)


def _provider(request: Request, parts: ServiceParts) -> Provider:
    parts.addresses.take(network_of(address_of(request)))
    if parts.provider is None:
        raise NotFound("No identity provider is set up here.", "Sign in with name and password.")
    return parts.provider


@router.get("/sign-in/oidc")
def get_begin(request: Request, parts: PartsDep) -> Response:
    """Send the browser to the provider."""
    try:
        begun = SignInBegun.new()
        reply = RedirectResponse(_provider(request, parts).address(begun), 303)
    except ApiError as error:
        return faulty(error)
    # Lax: the browser comes back from another site, and must bring it along.
    reply.set_cookie(
        COOKIE,
        parts.begun.keep(begun),
        max_age=COOKIE_S,
        path=CALLBACK,
        httponly=True,
        samesite="lax",
        secure=is_secure(request, parts.settings),
    )
    return reply


@router.get(CALLBACK)
def get_callback(request: Request, parts: PartsDep) -> Response:
    """Take the browser back from the provider, and sign the person in."""
    try:
        provider = _provider(request, parts)
        secret = _signed_in(request, parts, provider)
    except ApiError as error:
        reply: Response = faulty(error)
    else:
        # A page that leads on, no redirect: browsers send a strict cookie only with a step that begins here.
        reply = render("signed_in.html", {})
        set_cookie(request, reply, secret, parts.settings)
    reply.delete_cookie(COOKIE, path=CALLBACK, httponly=True, samesite="lax")
    return reply


def _signed_in(request: Request, parts: ServiceParts, provider: Provider) -> str:
    given = request.query_params
    begun = parts.begun.take(request.cookies.get(COOKIE, ""), given.get("state", ""))
    if begun is None:
        raise NotSignedIn("This sign-in was not begun here, or took too long.", "Begin again.")
    if "error" in given or "code" not in given:
        raise NotSignedIn("The identity provider did not let you in.", "Begin again.")
    claims = provider.claims(begun, given["code"][:4000], given.get("iss"))
    user = admit(parts.store, person_of(claims, provider.settings))
    return start_session(parts, user.user_id, user_caller(user).actor)
