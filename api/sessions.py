"""The browser's cookie, and the proof that a changing request comes from our own page."""

import base64
import hashlib
import hmac
import ipaddress
from urllib.parse import urlsplit

from fastapi import Request, Response

from api.errors import Forbidden
from api.settings import ApiSettings

__all__ = [
    "CSRF_HEADER",
    "check_own_origin",
    "check_proof",
    "cookie_of",
    "forget_cookie",
    "is_secure",
    "proof_of",
    "set_cookie",
]

COOKIE = "streetkeeper_session"
SECURE_COOKIE = f"__Host-{COOKIE}"
"""The prefix makes browsers refuse it from a sister domain or over plain HTTP (RFC 6265bis, 4.1.3.2)."""
CSRF_HEADER = "X-CSRF-Token"
MAX_COOKIE_LENGTH = 300


def is_secure(request: Request, settings: ApiSettings) -> bool:
    """Whether the cookie must travel over HTTPS only: always, but for plain HTTP on the machine itself."""
    if request.url.scheme == "https" or (settings.public_url or "").startswith("https:"):
        return True
    try:
        return not ipaddress.ip_address(request.client.host if request.client else "").is_loopback
    except ValueError:
        return True


def cookie_of(request: Request) -> str | None:
    """The secret that the browser sends; None where it sends none or something else."""
    value = request.cookies.get(SECURE_COOKIE) or request.cookies.get(COOKIE)
    return value if value and len(value) <= MAX_COOKIE_LENGTH and value.isascii() else None


def set_cookie(request: Request, reply: Response, secret: str, settings: ApiSettings) -> None:
    """Give the browser the secret of a session, out of reach of scripts and other sites."""
    secure = is_secure(request, settings)
    reply.set_cookie(
        SECURE_COOKIE if secure else COOKIE,
        secret,
        max_age=int(settings.session_hours * 3600),
        httponly=True,
        samesite="strict",
        secure=secure,
    )


def forget_cookie(request: Request, reply: Response, settings: ApiSettings) -> None:
    """Tell the browser to forget it."""
    secure = is_secure(request, settings)
    name = SECURE_COOKIE if secure else COOKIE
    reply.delete_cookie(name, httponly=True, samesite="strict", secure=secure)


def proof_of(secret: str) -> str:
    """What our own page sends with a change: made from the secret, which no other page can read."""
    digest = hmac.digest(secret.encode(), b"streetkeeper csrf", hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def check_proof(request: Request, secret: str, presented: str | None, settings: ApiSettings) -> None:
    """Refuse a change by cookie that our own page did not make.

    Raises:
        Forbidden: It comes from another origin, or without the proof.
    """
    check_own_origin(request, settings)
    if not hmac.compare_digest(proof_of(secret).encode(), (presented or "").encode()):
        raise Forbidden(
            "The request does not prove that it comes from this site's page.",
            f"Send `{CSRF_HEADER}` with `csrf_token` of GET /v1/session.",
        )


def check_own_origin(request: Request, settings: ApiSettings) -> None:
    """Refuse a request that a browser marks as another site's.

    Source: OWASP CSRF prevention: Fetch Metadata, then Origin against the own address.

    Raises:
        Forbidden: It comes from another origin.
    """
    remedy = "Open this site itself; behind a proxy set `public_url`."
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Forbidden("This came from another site.", remedy)
    origin = request.headers.get("origin")
    if origin is None:
        return
    own = settings.public_url or f"{request.url.scheme}://{request.headers.get('host', '')}"
    if _origin(origin) != _origin(own):
        raise Forbidden("This came from another site.", remedy)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return ("", None, None)
    return (parts.scheme, parts.hostname, port)
