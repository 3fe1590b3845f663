"""Speaks with the identity provider and believes nothing that it cannot check.

Sources: OpenID Connect Core 1.0, 3.1.2 and 3.1.3.7 (what is checked in an ID token); Discovery 1.0;
RFC 7636 (PKCE); RFC 9207 (issuer in the reply); RFC 9700 (best current practice).
"""

import base64
import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any
from urllib.parse import urlencode

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from api.errors import NotSignedIn, ProviderFailed
from api.oidc.people import claim_values
from api.oidc.settings import OidcSettings

__all__ = ["Provider", "SignInBegun"]

ALGORITHMS = {
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
}
"""Only those with a public key: with others, who knows the client's secret could sign."""
KEPT_S = 600.0
REFETCH_S = 10.0
TIMEOUT_S = 10.0
NEEDED = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class SignInBegun:
    """What is remembered between leaving for the provider and coming back."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> "SignInBegun":
        """Three random texts of 256 bits."""
        return cls(*(secrets.token_urlsafe(32) for _ in range(3)))


@dataclass(slots=True)
class _Kept:
    value: Any
    at_s: float


class Provider:
    """One identity provider.

    Args:
        settings: Which, and what its claims mean.
        redirect_uri: Where it sends people back to.
        clock: Seconds that only rise.
    """

    def __init__(
        self, settings: OidcSettings, redirect_uri: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.settings = settings
        self._redirect_uri = redirect_uri
        self._clock = clock
        self._lock = Lock()
        self._metadata: _Kept | None = None
        self._keys: _Kept | None = None

    def address(self, begun: SignInBegun) -> str:
        """Where to send the browser.

        Raises:
            ProviderFailed: The provider cannot be asked what it offers.
        """
        challenge = base64.urlsafe_b64encode(hashlib.sha256(begun.verifier.encode()).digest())
        query = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": self._redirect_uri,
            "scope": self.settings.scopes,
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": challenge.decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        endpoint = str(self._described()["authorization_endpoint"])
        return endpoint + ("&" if "?" in endpoint else "?") + urlencode(query)

    def claims(self, begun: SignInBegun, code: str, issuer: str | None) -> dict[str, Any]:
        """The verified claims behind a code.

        Args:
            begun: What was remembered.
            code: From the provider, through the browser.
            issuer: `iss` of the reply, where it has one.

        Raises:
            NotSignedIn: The reply or the token is not for this sign-in.
            ProviderFailed: The provider cannot be reached or answers nonsense.
        """
        described = self._described()
        promises = described.get("authorization_response_iss_parameter_supported") is True
        if issuer != self.settings.issuer and (issuer is not None or promises):
            raise _refused("the reply comes from another provider")
        tokens = self._exchange(described, begun, code)
        claims = self._verified(described, str(tokens.get("id_token", "")), begun.nonce)
        if not claim_values(claims, self.settings.role_claim) and "userinfo_endpoint" in described:
            claims = {**self._userinfo(described, tokens, claims["sub"]), **claims}
        return claims

    def _exchange(self, described: dict[str, Any], begun: SignInBegun, code: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": begun.verifier,
        }
        auth: httpx.BasicAuth | None = None
        secret_file = self.settings.client_secret_file
        ways = described.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if secret_file is None:
            form["client_id"] = self.settings.client_id
        elif "client_secret_basic" in ways:
            auth = httpx.BasicAuth(self.settings.client_id, _secret(secret_file))
        else:
            form |= {"client_id": self.settings.client_id, "client_secret": _secret(secret_file)}
        reply = _asked("POST", str(described["token_endpoint"]), data=form, auth=auth)
        if reply.status_code in {400, 401}:
            raise _refused("the provider does not take the code")
        return _document(reply)

    def _verified(self, described: dict[str, Any], token: str, nonce: str) -> dict[str, Any]:
        offered = described.get("id_token_signing_alg_values_supported", ["RS256"])
        algorithms = sorted(ALGORITHMS & set(offered))
        rules = jwt.JWTClaimsRegistry(
            leeway=int(self.settings.skew_s),
            iss={"essential": True, "value": self.settings.issuer},
            aud={"essential": True, "value": self.settings.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            try:
                decoded = jwt.decode(token, self._key_set(described, is_fresh=False), algorithms=algorithms)
            except (JoseError, ValueError):
                # Its keys may have changed since: once more with those of now.
                decoded = jwt.decode(token, self._key_set(described, is_fresh=True), algorithms=algorithms)
            claims = dict(decoded.claims)
            rules.validate(claims)
        except (JoseError, ValueError, TypeError) as error:
            raise _refused(f"the provider's token is not valid ({type(error).__name__})") from None
        others = claims["aud"] if isinstance(claims["aud"], list) else []
        if claims.get("azp", self.settings.client_id) != self.settings.client_id or (
            len(others) > 1 and "azp" not in claims
        ):
            raise _refused("the provider's token is for another service")
        return claims

    def _userinfo(self, described: dict[str, Any], tokens: dict[str, Any], subject: str) -> dict[str, Any]:
        bearer = {"Authorization": f"Bearer {tokens.get('access_token', '')}"}
        told = _document(_asked("GET", str(described["userinfo_endpoint"]), headers=bearer))
        if told.get("sub") != subject:
            raise _refused("the provider tells of somebody else")
        return told

    def _described(self) -> dict[str, Any]:
        """What the provider says of itself."""
        with self._lock:
            if self._metadata is None or self._clock() - self._metadata.at_s > KEPT_S:
                url = self.settings.issuer.rstrip("/") + "/.well-known/openid-configuration"
                document = _document(_asked("GET", url))
                if document.get("issuer") != self.settings.issuer:
                    raise ProviderFailed("The identity provider calls itself otherwise than `issuer`.", _MEND)
                if any(not isinstance(document.get(name), str) for name in NEEDED):
                    raise ProviderFailed("The identity provider does not say what it offers.", _MEND)
                self._metadata = _Kept(document, self._clock())
            kept: dict[str, Any] = self._metadata.value
            return kept

    def _key_set(self, described: dict[str, Any], *, is_fresh: bool) -> KeySet:
        """The provider's public keys; fresh ones at most every ten seconds, whatever tokens arrive."""
        with self._lock:
            age_s = KEPT_S + 1 if self._keys is None else self._clock() - self._keys.at_s
            if self._keys is None or age_s > (REFETCH_S if is_fresh else KEPT_S):
                document = _document(_asked("GET", str(described["jwks_uri"])))
                try:
                    keys = KeySet.import_key_set(document)  # type: ignore[arg-type]
                except (JoseError, ValueError, KeyError, TypeError):
                    raise ProviderFailed("The identity provider's keys cannot be read.", _MEND) from None
                self._keys = _Kept(keys, self._clock())
            kept: KeySet = self._keys.value
            return kept


_MEND = "Try again; if it stays, tell the administrator."


def _secret(path: Any) -> str:
    try:
        return str(path.read_text(encoding="utf-8")).strip()
    except OSError as error:
        raise ProviderFailed(f"The client's secret cannot be read: {error.strerror}.", _MEND) from None


def _refused(why: str) -> NotSignedIn:
    return NotSignedIn(f"The sign-in was refused: {why}.", "Begin again at the sign-in page.")


def _asked(method: str, url: str, **given: Any) -> httpx.Response:
    try:
        return httpx.request(
            method,
            url,
            timeout=TIMEOUT_S,
            headers={"Accept": "application/json", **given.pop("headers", {})},
            **given,
        )
    except (httpx.HTTPError, httpx.InvalidURL):
        raise ProviderFailed("The identity provider cannot be reached.", _MEND) from None


def _document(reply: httpx.Response) -> dict[str, Any]:
    try:
        document = reply.json() if reply.status_code == 200 else None
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise ProviderFailed(
            f"The identity provider answers something that is no answer ({reply.status_code}).", _MEND
        )
    return document
