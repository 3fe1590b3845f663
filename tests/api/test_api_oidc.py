"""Signing in through a real identity provider (Canaille), and through one of our own that lies."""

import hmac
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import OctKey

from api.errors import Forbidden, NotSignedIn, ProviderFailed
from api.oidc.people import admit, person_of
from api.oidc.provider import Provider, SignInBegun
from api.oidc.settings import OidcSettings
from api.settings import ApiSettings
from api.store import Store, open_store
from api.store.audit_reading import AuditQuery, list_audit
from api.store.rights import checked_rights
from api.store.users import change_user, find_user_by_name, list_users
from tests.api.conftest import RunningApi, serving
from tests.support.api_people import add_user
from tests.support.identity_provider import (
    CALLBACK,
    CLIENT,
    SECRET,
    Canaille,
    Liar,
    elliptic_key,
    free_port,
    lying_provider,
    other_key,
)

pytestmark = pytest.mark.slow


class City:
    """The API with Canaille as its provider."""

    def __init__(self, api: RunningApi, canaille: Canaille) -> None:
        self.api = api
        self.canaille = canaille

    def browser(self) -> httpx.Client:
        return httpx.Client(base_url=self.api.url, timeout=30)

    def back(self, browser: httpx.Client, name: str) -> str:
        """The address that the provider sends a person back to, who has signed in there."""
        away = browser.get("/sign-in/oidc")
        assert away.status_code == 303
        return self.canaille.log_in(browser, away.headers["location"], name)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    folder, port = tmp_path_factory.mktemp("city"), free_port()
    own = f"http://127.0.0.1:{port}"
    canaille = Canaille(folder, own + CALLBACK)
    canaille.fill()
    secret = folder / "client.secret"
    secret.write_text(SECRET + "\n")
    oidc = OidcSettings(
        issuer=canaille.issuer,
        client_id=CLIENT,
        client_secret_file=secret,
        scopes="openid profile groups",
        roles={"sk-operators": "operator"},  # type: ignore[dict-item]
    )
    store = open_store(folder / "data")
    with canaille.running(), serving(store, port=port, public_url=own, oidc=oidc) as api:
        yield City(api, canaille)
    store.close()


@pytest.mark.peer
def test_a_person_signs_in_through_the_provider_and_has_the_role_of_his_group(city: City) -> None:
    with city.browser() as browser:
        assert browser.get("/v1/sign-in").json()["provider"]["href"] == "/sign-in/oidc"
        arrived = browser.get(city.back(browser, "alice"))
        assert arrived.status_code == 200 and "Signed in" in arrived.text
        session = browser.get("/v1/session").json()
        assert (session["actor"], session["role"], session["areas"]) == ("user:alice", "operator", None)
        assert browser.get("/").status_code == 200
    with city.browser() as again:
        again.get(city.back(again, "alice"))
    assert len(list_users(city.api.store)) == 1
    entries, _ = list_audit(city.api.store, AuditQuery(action="user.create"), 10, None)
    assert [(entry.actor, entry.detail["name"]) for entry in entries] == [("provider", "alice")]


@pytest.mark.peer
def test_a_person_without_a_mapped_group_stays_outside(city: City) -> None:
    with city.browser() as browser:
        refused = browser.get(city.back(browser, "bob"))
        assert refused.status_code == 403 and "no role here" in refused.text
        assert browser.get("/v1/session").status_code == 401
    assert find_user_by_name(city.api.store, "bob") is None


@pytest.mark.peer
def test_a_reply_works_once_in_the_browser_that_began_and_with_its_state(city: City) -> None:
    with city.browser() as browser, city.browser() as thief:
        back = city.back(browser, "alice")
        assert thief.get(back).status_code == 401, "another browser used the reply"
        arrived = browser.get(back)
        assert arrived.status_code == 200, arrived.text
        assert browser.get(back).status_code == 401, "the reply was used twice"
    with city.browser() as browser:
        back = city.back(browser, "alice")
        changed = httpx.URL(back).copy_set_param("state", "x" * 43)
        assert browser.get(changed).status_code == 401
    with city.browser() as browser:
        back = city.back(browser, "alice")
        assert browser.get(httpx.URL(back).copy_set_param("code", "made up")).status_code == 401
    with city.browser() as browser:
        back = city.back(browser, "alice")
        assert browser.get(httpx.URL(back).copy_set_param("iss", "https://evil.example")).status_code == 401


@pytest.mark.peer
def test_a_provider_that_turned_its_key_is_believed_with_the_new_one(tmp_path: Path) -> None:
    own = f"http://127.0.0.1:{free_port()}"
    canaille = Canaille(tmp_path, own + CALLBACK)
    canaille.fill()
    secret = tmp_path / "client.secret"
    secret.write_text(SECRET)
    settings = OidcSettings(
        issuer=canaille.issuer,
        client_id=CLIENT,
        client_secret_file=secret,
        scopes="openid profile groups",
        roles={"sk-operators": "operator"},  # type: ignore[dict-item]
    )
    now = [0.0]
    provider = Provider(settings, own + CALLBACK, clock=lambda: now[0])
    for _ in range(2):
        with canaille.running(), httpx.Client(timeout=30) as browser:
            begun = SignInBegun.new()
            back = httpx.URL(canaille.log_in(browser, provider.address(begun), "alice")).params
            assert back["state"] == begun.state
            assert provider.claims(begun, back["code"], back.get("iss"))["sub"] == "alice"
        canaille.turn_key()
        now[0] += 60


@pytest.fixture
def liar() -> Iterator[Liar]:
    with lying_provider() as running:
        yield running


def settings_for(liar: Liar, **changed: Any) -> OidcSettings:
    given: dict[str, Any] = {
        "issuer": liar.issuer,
        "client_id": CLIENT,
        "roles": {"sk-operators": "operator"},
    }
    return OidcSettings(**{**given, **changed})


def claims_of(liar: Liar, provider: Provider | None = None) -> dict[str, Any]:
    begun = SignInBegun.new()
    liar.nonce = liar.nonce or begun.nonce
    try:
        return (provider or Provider(settings_for(liar), "http://127.0.0.1:1/x")).claims(begun, "code", None)
    finally:
        liar.nonce = ""


def test_what_an_honest_provider_says_is_believed_and_the_code_goes_with_its_verifier(liar: Liar) -> None:
    assert claims_of(liar)["sub"] == "0815"
    assert set(liar.posted) == {"grant_type", "code", "redirect_uri", "code_verifier", "client_id"}
    assert len(liar.posted["code_verifier"][0]) >= 43
    begun = SignInBegun.new()
    address = httpx.URL(Provider(settings_for(liar), "http://127.0.0.1:1/x").address(begun)).params
    assert (address["code_challenge_method"], address["response_type"]) == ("S256", "code")
    assert begun.verifier not in str(address)


NOW_WRONG: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://evil.example"},
    "another audience": {"aud": "somebody else"},
    "no audience": {"aud": None},
    "many audiences without a party": {"aud": [CLIENT, "somebody else"]},
    "another party": {"azp": "somebody else"},
    "another nonce": {"nonce": "x" * 43},
    "no nonce": {"nonce": None},
    "expired": {"exp": 1_000_000_000},
    "no end": {"exp": None},
    "no subject": {"sub": None},
    "issued tomorrow": {"iat": 99_999_999_999},
}


@pytest.mark.parametrize("claims", NOW_WRONG.values(), ids=list(NOW_WRONG))
def test_a_token_that_is_for_another_time_place_or_sign_in_is_refused(
    liar: Liar, claims: dict[str, Any]
) -> None:
    liar.claims = claims
    with pytest.raises(NotSignedIn):
        claims_of(liar)


@pytest.mark.parametrize(("late_s", "is_taken"), [(30, True), (45, True), (90, False)])
def test_a_clock_may_be_off_by_a_minute(liar: Liar, late_s: int, is_taken: bool) -> None:
    liar.claims = {"exp": int(time.time()) - late_s}
    if is_taken:
        assert claims_of(liar)
    else:
        with pytest.raises(NotSignedIn):
            claims_of(liar)


def test_a_token_of_another_signature_or_none_is_refused(liar: Liar) -> None:
    for key, header in (
        (other_key("one"), {}),
        (OctKey.import_key(b"x" * 32, {"kid": "one"}), {"alg": "HS256"}),
        (elliptic_key("one"), {"alg": "ES256"}),
    ):
        liar.sign_with, liar.header = key, header
        with pytest.raises(NotSignedIn):
            claims_of(liar)
    liar.sign_with, liar.header = None, {}

    def confused(token: str) -> str:
        """The public key as if it were a shared secret: an old trick."""
        said = encoded(b'{"alg":"HS256","kid":"one"}') + "." + token.split(".")[1]
        return said + "." + encoded(hmac.digest(liar.key.as_pem(private=False), said.encode(), "sha256"))

    forgeries: list[Callable[[str], str]] = [
        confused,
        lambda token: encoded(b'{"alg":"none"}') + "." + token.split(".")[1] + ".",
        lambda token: token[:-4] + "AAAA",
        lambda token: token.rpartition(".")[0] + ".",
        lambda _: "",
        lambda _: "a.b.c",
        lambda _: "é",
        lambda _: "." * 5000,
    ]
    for forge in forgeries:
        liar.token = forge
        with pytest.raises(NotSignedIn):
            claims_of(liar)
    liar.token = lambda token: token
    assert claims_of(liar)


def encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


def test_new_keys_are_fetched_for_a_token_that_needs_them_but_not_for_every_forged_one(liar: Liar) -> None:
    now = [0.0]
    provider = Provider(settings_for(liar), "http://127.0.0.1:1/x", clock=lambda: now[0])
    claims_of(liar, provider)
    liar.key = other_key()
    now[0] += 11
    assert claims_of(liar, provider)["sub"] == "0815"
    fetched = liar.asked.count("/jwks")
    assert fetched == 2
    liar.sign_with = other_key()
    for _ in range(20):
        with pytest.raises(NotSignedIn):
            claims_of(liar, provider)
    assert liar.asked.count("/jwks") == fetched
    liar.sign_with, liar.key = None, elliptic_key()  # type: ignore[assignment]
    liar.header, now[0] = {"alg": "ES256"}, now[0] + 11
    assert claims_of(liar, provider)["sub"] == "0815"


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": None},
        {"jwks_uri": 5},
        {"jwks_uri": "http://127.0.0.1:1/"},
    ],
)
def test_a_provider_that_contradicts_itself_is_not_used(liar: Liar, metadata: dict[str, Any]) -> None:
    liar.metadata = metadata
    with pytest.raises(ProviderFailed):
        claims_of(liar)


def test_a_provider_that_is_away_is_said(liar: Liar) -> None:
    with pytest.raises(ProviderFailed):
        Provider(settings_for(liar, issuer="http://127.0.0.1:1"), "x").address(SignInBegun.new())


def test_groups_that_stand_only_in_the_userinfo_count_if_it_is_the_same_person(liar: Liar) -> None:
    liar.claims = {"groups": None}
    liar.userinfo = {"sub": "0815", "groups": ["sk-operators"]}
    assert person_of(claims_of(liar), settings_for(liar)).rights.role == "operator"
    liar.userinfo = {"sub": "4711", "groups": ["sk-operators"]}
    with pytest.raises(NotSignedIn):
        claims_of(liar)


CLAIMS = {
    "sub": "0815",
    "preferred_username": "Wang Li (east)",
    "realm": {"roles": ["b", "a"]},
    "areas": ["east"],
    "unit": "u1",
}


def mapped(**changed: Any) -> OidcSettings:
    given: dict[str, Any] = {
        "issuer": "https://id.city.example",
        "client_id": CLIENT,
        "role_claim": "realm.roles",
        "roles": {"a": "dispatcher", "b": "reader"},
        "areas_claim": "areas",
        "unit_claim": "unit",
    }
    return OidcSettings(**{**given, **changed})


def test_claims_become_rights_by_the_mapping_alone() -> None:
    person = person_of(CLAIMS, mapped())
    assert person.name == "Wang-Li-east-"
    assert person.rights == checked_rights("dispatcher", ["east"], "u1")
    assert person_of(CLAIMS | {"areas": ["*", "east"]}, mapped()).rights.areas is None
    assert person_of(CLAIMS | {"areas": "west"}, mapped()).rights.areas == frozenset({"west"})
    assert person_of(CLAIMS, mapped(areas_claim=None)).rights.areas is None
    wrong: list[dict[str, Any]] = [
        {"realm": {}}, {"realm": "a"}, {"realm": {"roles": [1, {"a": 1}]}},
        {"areas": []}, {"areas": None}, {"areas": ["a b"]},
    ]  # fmt: skip
    for changed in wrong:
        with pytest.raises(Forbidden):
            person_of(CLAIMS | changed, mapped())


def test_a_name_that_somebody_has_is_made_another_and_a_disabled_user_stays_outside(store: Store) -> None:
    add_user(store, "alice")
    person = person_of(CLAIMS | {"preferred_username": "Alice"}, mapped())
    user = admit(store, person)
    assert user.name.startswith("Alice-") and user.password is None
    assert admit(store, person).user_id == user.user_id
    other = admit(store, person_of(CLAIMS | {"preferred_username": "Alice", "areas": "*"}, mapped()))
    assert (other.user_id, other.rights.areas) == (user.user_id, None)
    change_user(store, user.user_id, is_disabled=True)
    with pytest.raises(Forbidden):
        admit(store, person)


@pytest.mark.parametrize(
    "changed",
    [{"issuer": "http://id.city.example"}, {"scopes": "profile"}, {"roles": {}}, {"roles": {"a": "boss"}}],
)
def test_settings_that_cannot_be_safe_are_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"issuer|scopes|roles"):
        mapped(**changed)


def test_settings_come_from_the_environment_and_need_the_public_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = {"ISSUER": "https://id.city.example", "CLIENT_ID": "x", "ROLES": '{"a": "reader"}'}
    for name, value in given.items():
        monkeypatch.setenv(f"STREETKEEPER_API_OIDC__{name}", value)
    with pytest.raises(ValueError, match="public_url"):
        ApiSettings()
    monkeypatch.setenv("STREETKEEPER_API_PUBLIC_URL", "https://city.example")
    settings = ApiSettings()
    assert settings.oidc is not None and settings.oidc.roles == {"a": "reader"}


def test_without_a_provider_there_is_no_way_through_one(api: RunningApi) -> None:
    with api.stranger() as client:
        assert client.get("/v1/sign-in").json() == {"password": True, "provider": None}
        assert client.get("/sign-in/oidc").status_code == 404
        assert client.get(CALLBACK).status_code == 404


def test_faults_of_the_provider_are_pages_with_what_helps(store: Store) -> None:
    oidc = OidcSettings(issuer="http://127.0.0.1:1", client_id="x", roles={"a": "reader"})  # type: ignore[dict-item]
    with serving(store, public_url="http://127.0.0.1:2", oidc=oidc) as api, api.stranger() as client:
        reply = client.get("/sign-in/oidc")
        assert reply.status_code == 502 and "cannot be reached" in reply.text
        assert "City account" in client.get("/").text
