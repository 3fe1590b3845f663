"""People sign in; their session can be ended, ends by itself, and only our own page makes use of it."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from api.main import create_app
from api.settings import ApiSettings
from api.store import Store
from api.store.users import change_user, find_user_by_name
from tests.api.conftest import RunningApi
from tests.support.api_people import PASSWORD, add_user, sign_in

pytestmark = pytest.mark.slow

WISH = {"role": "reader", "name": "made by a browser"}


@pytest.fixture
def admin(api: RunningApi) -> Iterator[httpx.Client]:
    """An administrator's browser."""
    add_user(api.store, "root.zhao", "admin")
    with api.stranger() as client:
        assert sign_in(client, "root.zhao").status_code == 201
        yield client


def test_a_session_says_who_is_calling_and_what_he_may(api: RunningApi) -> None:
    add_user(api.store, "wang.li", "unit", ["east", "west"], "sanitation-3")
    with api.stranger() as client:
        made = sign_in(client, "Wang.Li")
        shown = client.get("/v1/session").json()
    assert made.json() == shown
    assert shown | {"csrf_token": "", "ends_at": ""} == {
        "actor": "user:wang.li",
        "name": "wang.li",
        "role": "unit",
        "may": ["read", "handle"],
        "areas": ["east", "west"],
        "unit": "sanitation-3",
        "csrf_token": "",
        "ends_at": "",
    }
    with api.client("reader") as client:
        by_key = client.get("/v1/session").json()
    assert (by_key["role"], by_key["csrf_token"], by_key["ends_at"]) == ("reader", None, None)


def test_the_cookie_is_a_secret_that_nothing_on_disk_holds(api: RunningApi) -> None:
    add_user(api.store, "wang.li")
    with api.stranger() as client:
        header = sign_in(client, "wang.li").headers["set-cookie"]
        (secret,) = client.cookies.values()
    assert "HttpOnly" in header and "SameSite=strict" in header and "Path=/" in header
    for path in api.store.data_dir.rglob("*"):
        assert not path.is_file() or secret.encode() not in path.read_bytes()
        assert not path.is_file() or PASSWORD.encode() not in path.read_bytes()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-CSRF-Token": "A" * 43},
        {"X-CSRF-Token": "é"},
        {"X-CSRF-Token": "right", "Origin": "https://elsewhere.example"},
        {"X-CSRF-Token": "right", "Origin": "null"},
        {"X-CSRF-Token": "right", "Origin": "http://127.0.0.1:1"},
        {"X-CSRF-Token": "right", "Sec-Fetch-Site": "cross-site"},
        {"X-CSRF-Token": "right", "Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_sites_page_changes_nothing(admin: httpx.Client, headers: dict[str, str]) -> None:
    right = admin.headers.pop("X-CSRF-Token")
    sent = [
        (name.encode(), (right if value == "right" else value).encode("latin-1"))
        for name, value in headers.items()
    ]
    assert admin.post("/v1/keys", json=WISH, headers=sent).status_code == 403
    own = {"X-CSRF-Token": right, "Origin": str(admin.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    assert admin.post("/v1/keys", json=WISH, headers=own).status_code == 201


def test_signing_out_ends_the_session_wherever_its_cookie_was_copied(
    admin: httpx.Client, api: RunningApi
) -> None:
    copied = dict(admin.cookies)
    assert admin.delete("/v1/session").status_code == 204
    assert not admin.cookies
    with api.stranger() as client:
        client.cookies.update(copied)
        assert client.get("/v1/session").status_code == 401


@pytest.mark.parametrize(
    ("column", "back_s", "status"),
    [
        ("used_ms", 59 * 60, 200),
        ("used_ms", 61 * 60, 401),
        ("ends_ms", 11 * 3600, 200),
        ("ends_ms", 13 * 3600, 401),
    ],
)
def test_a_session_ends_when_it_is_idle_and_at_its_end(
    api: RunningApi, admin: httpx.Client, column: str, back_s: int, status: int
) -> None:
    api.store.write(
        lambda connection: connection.execute(
            f"UPDATE sessions SET {column} = {column} - ?",  # noqa: S608
            (back_s * 1000,),
        )
    ).result(10)
    assert admin.get("/v1/session").status_code == status


def test_using_a_session_keeps_it_from_being_idle(api: RunningApi, admin: httpx.Client) -> None:
    def idle(minutes: int) -> None:
        api.store.write(
            lambda c: c.execute("UPDATE sessions SET used_ms = used_ms - ?", (minutes * 60_000,))
        ).result(10)

    for _ in range(3):
        idle(40)
        assert admin.get("/v1/session").status_code == 200
        api.store.write(lambda _: None).result(10)  # what the request left to be written is written


def test_disabling_changing_rights_and_a_new_password_end_all_sessions(
    api: RunningApi, admin: httpx.Client
) -> None:
    user = add_user(api.store, "wang.li")
    path = f"/v1/users/{user.user_id}"
    changes: list[Callable[[], httpx.Response]] = [
        lambda: admin.patch(path, json={"role": "reader"}),
        lambda: admin.put(f"{path}/password", json={"password": PASSWORD}),
        lambda: admin.delete(f"{path}/sessions"),
        lambda: admin.patch(path, json={"is_disabled": True}),
    ]
    for change in changes:
        with api.stranger() as client:
            assert sign_in(client, "wang.li").status_code == 201
            assert client.get("/v1/session").status_code == 200
            assert change().status_code in {200, 204}
            assert client.get("/v1/session").status_code == 401
    with api.stranger() as client:
        assert sign_in(client, "wang.li").status_code == 401
    assert admin.patch(path, json={"is_disabled": False}).status_code == 200
    with api.stranger() as client:
        assert sign_in(client, "wang.li").status_code == 201


def test_one_changes_ones_own_password_by_knowing_the_present_one(api: RunningApi) -> None:
    add_user(api.store, "wang.li")
    with api.stranger() as client:
        sign_in(client, "wang.li")
        wish = {"present": "not the present one", "password": "another row of words"}
        assert client.put("/v1/session/password", json=wish).status_code == 401
        assert client.put("/v1/session/password", json=wish | {"present": PASSWORD}).status_code == 204
        assert client.get("/v1/session").status_code == 401
        assert sign_in(client, "wang.li").status_code == 401
        assert sign_in(client, "wang.li", wish["password"]).status_code == 201
    with api.client("reader") as client:
        assert client.put("/v1/session/password", json=wish).status_code == 403


def test_a_wrong_password_and_a_name_that_nobody_has_look_the_same(api: RunningApi) -> None:
    disabled = add_user(api.store, "gone")
    change_user(api.store, disabled.user_id, is_disabled=True)
    add_user(api.store, "wang.li")
    with api.stranger() as client:
        replies = [
            sign_in(client, "wang.li", "wrong"), sign_in(client, "nobody", "wrong"), sign_in(client, "gone")
        ]  # fmt: skip
    assert {reply.status_code for reply in replies} == {401}
    assert len({reply.text for reply in replies}) == 1


def test_wrong_passwords_pause_the_account_for_that_address(api: RunningApi) -> None:
    add_user(api.store, "wang.li")
    with api.stranger() as client:
        statuses = [sign_in(client, "wang.li", "wrong").status_code for _ in range(7)]
        assert statuses == [401] * 6 + [429]
        refused = sign_in(client, "wang.li")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        time.sleep(1.1)
        assert sign_in(client, "wang.li").status_code == 201


def test_passwords_and_cookies_never_stand_in_the_log(
    api: RunningApi, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    add_user(api.store, "wang.li")
    with api.stranger() as client:
        sign_in(client, "wang.li")
        (secret,) = client.cookies.values()
        client.post("/login", data={"name": "wang.li", "password": PASSWORD})
        client.get("/")
    mine = [record for record in caplog.records if record.name.startswith(("api", "uvicorn"))]
    assert mine
    assert all(secret not in str(r.__dict__) and PASSWORD not in str(r.__dict__) for r in mine)


def test_the_page_lets_people_in_by_name_and_password(api: RunningApi) -> None:
    add_user(api.store, "wang.li")
    with api.stranger() as client:
        wrong = client.post("/login", data={"name": "wang.li", "password": "wrong", "next": "/?status=open"})
        assert wrong.status_code == 401 and "Name or password is wrong" in wrong.text
        right = client.post("/login", data={"name": "wang.li", "password": PASSWORD, "next": "/?status=open"})
        assert (right.status_code, right.headers["location"]) == (303, "/?status=open")
        assert client.get("/").status_code == 200
        away = client.post("/login", data={"name": "wang.li", "password": PASSWORD, "next": "//evil.example"})
        assert away.headers["location"] == "/"


@pytest.fixture
def city(store: Store) -> Iterator[httpx.AsyncClient]:
    """A browser that reaches the API over HTTPS through a proxy."""
    settings = ApiSettings(data_dir=store.data_dir, behind_proxy=True, public_url="https://city.example")
    transport = httpx.ASGITransport(create_app(settings, store), client=("192.0.2.7", 40_000))
    yield httpx.AsyncClient(transport=transport, base_url="https://city.example")


def test_over_https_the_cookie_is_secure_and_browsers_are_told_to_stay(
    store: Store, city: httpx.AsyncClient
) -> None:

    add_user(store, "wang.li")

    async def visit() -> tuple[httpx.Response, httpx.Response]:
        wish = {"name": "wang.li", "password": PASSWORD}
        made = await city.post("/v1/session", json=wish, headers={"Origin": "https://city.example"})
        return made, await city.get("/v1/session")

    made, seen = asyncio.run(visit())
    assert made.headers["set-cookie"].startswith("__Host-streetkeeper_session=")
    assert "; Secure" in made.headers["set-cookie"]
    assert "max-age=31536000" in made.headers["strict-transport-security"]
    assert seen.status_code == 200


def test_signing_in_is_remembered(api: RunningApi, admin: httpx.Client) -> None:
    record = find_user_by_name(api.store, "root.zhao")
    assert record is not None and record.signed_in_at is not None
    (shown,) = admin.get("/v1/users").json()["users"]
    assert shown["signed_in_at"] is not None and "password" not in shown
