"""An administrator makes users and keys within his own limits, and the audit log says so."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import TooManyTries, Unprocessable
from api.lockout import SignInPauses
from api.passwords import check_password_rules, hash_password, is_password
from api.roles import NEEDS_OF, Needs, Role
from api.store import Store
from api.store.audit_reading import AuditQuery, list_audit
from api.store.keys import check_key, create_key, list_keys
from api.store.rights import checked_rights, read_rights, rights_columns
from tests.api.conftest import RunningApi
from tests.support.api_people import PASSWORD, add_user

pytestmark = pytest.mark.slow

AREAS = st.none() | st.sets(
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,20}", fullmatch=True), min_size=1, max_size=4
)


@given(role=st.sampled_from(list(Role)), areas=AREAS, data=st.data())
def test_rights_come_out_of_the_database_as_they_went_in(
    role: Role, areas: set[str] | None, data: st.DataObject
) -> None:
    may = sorted(need.name.lower() for need in NEEDS_OF[role])
    scopes = data.draw(st.none() | st.sets(st.sampled_from(may), min_size=1))
    areas = None if role is Role.AUDITOR else areas
    rights = checked_rights(role, areas, "unit-1", scopes)
    assert read_rights(*rights_columns(rights)) == rights


@pytest.mark.parametrize(
    ("role", "areas", "unit", "scopes"),
    [
        ("boss", None, None, None),
        ("reader", [], None, None),
        ("reader", ["a b"], None, None),
        ("reader", None, "a/b", None),
        ("reader", None, None, ["send"]),
        ("reader", None, None, []),
        ("unit", None, None, None),
        ("auditor", ["east"], None, None),
    ],
)
def test_rights_that_mean_nothing_are_refused(
    role: str, areas: list[str] | None, unit: str | None, scopes: list[str] | None
) -> None:
    with pytest.raises(Unprocessable):
        checked_rights(role, areas, unit, scopes)


def test_every_need_is_somebodys_and_only_workers_send() -> None:
    assert set(Needs) == set().union(*NEEDS_OF.values())
    assert [role for role in Role if Needs.SEND in NEEDS_OF[role]] == [Role.WORKER]
    assert not any({Needs.ADMINISTER, Needs.AUDIT} <= needs for needs in NEEDS_OF.values())


@pytest.mark.parametrize(
    "password", ["", "short", "x" * 257, "passwordpassword", "PASSWORD1234", "aaaabbbbaaaa", "wang.li12345"]
)
def test_a_password_that_others_guess_is_refused(password: str) -> None:
    with pytest.raises(Unprocessable):
        check_password_rules(password, "wang.li")


@pytest.mark.parametrize(
    "password", [PASSWORD, "四个普通的词语连在一起就很好", "x9$" + "lk8Qq!mm0", "wang.li walks home late"]
)
def test_a_long_password_needs_no_kinds_of_characters(password: str) -> None:
    check_password_rules(password, "wang.li")
    assert is_password(password, hash_password(password))
    assert not is_password(password + " ", hash_password(password))


def test_a_hash_is_argon2id_with_a_salt_of_its_own() -> None:
    first, second = hash_password(PASSWORD), hash_password(PASSWORD)
    assert first != second
    assert first.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert not is_password(PASSWORD, None)
    assert not is_password(PASSWORD, "no hash")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def refused_for(check: Callable[[], None]) -> int:
    try:
        check()
    except TooManyTries as error:
        return int(error.headers["Retry-After"])
    return 0


def test_pauses_grow_and_never_last_longer_than_a_quarter_of_an_hour() -> None:
    clock = Clock()
    pauses, waits = SignInPauses(clock), []
    for _ in range(40):
        pauses.failed("wang.li", "192.0.2.1")
        waits.append(refused_for(lambda: pauses.check("Wang.Li", "192.0.2.1")))
        clock.now += max(0, waits[-1] - 1)
    assert waits[:9] == [0, 0, 0, 0, 0, 2, 3, 5, 9]
    assert waits == sorted(waits) and waits[-1] == 901
    clock.now += 901
    assert refused_for(lambda: pauses.check("wang.li", "192.0.2.1")) == 0


def test_a_crowd_of_addresses_slows_an_account_but_never_its_owners_own_desk() -> None:
    clock = Clock()
    pauses = SignInPauses(clock)
    pauses.succeeded("wang.li", "198.51.100.9")
    for number in range(200):
        pauses.failed("wang.li", f"192.0.2.{number}")
    assert refused_for(lambda: pauses.check("wang.li", "203.0.113.5")) == 61
    assert refused_for(lambda: pauses.check("wang.li", "198.51.100.9")) == 0
    assert refused_for(lambda: pauses.check("zhao", "203.0.113.5")) == 0
    clock.now += 61
    assert refused_for(lambda: pauses.check("wang.li", "203.0.113.5")) == 0


def test_a_stranger_cannot_fill_the_memory_with_names() -> None:
    pauses = SignInPauses()
    for number in range(30_000):
        pauses.failed(f"name{number}", "192.0.2.1")
    assert len(pauses._failures) == 20_000


def test_a_key_with_scopes_does_the_part_of_its_role_and_one_that_expired_nothing(api: RunningApi) -> None:
    rights = checked_rights("supervisor", None, None, ["evaluate"])
    with api.with_key(create_key(api.store, rights, "figures only")) as client:
        assert client.get("/v1/incidents").status_code == 403
        assert client.get("/v1/session").json()["may"] == ["evaluate"]
    soon = datetime.now(UTC) + timedelta(hours=1)
    key = create_key(api.store, "reader", "for an hour", expires_at=soon)
    with api.with_key(key) as client:
        assert client.get("/v1/incidents").status_code == 200
        api.store.write(lambda c: c.execute("UPDATE api_keys SET expires_ms = 1")).result(10)
        assert client.get("/v1/incidents").status_code == 401
    (record,) = [record for record in list_keys(api.store) if record.name == "for an hour"]
    assert record.used_at is not None
    with pytest.raises(Unprocessable):
        create_key(api.store, "reader", "x", expires_at=datetime(2020, 1, 1, tzinfo=UTC))


def test_a_user_is_made_listed_changed_and_stands_in_the_audit_log(api: RunningApi) -> None:
    with api.client("admin") as admin:
        wish = {"name": "wang.li", "password": PASSWORD, "role": "operator", "areas": ["east"]}
        made = admin.post("/v1/users", json=wish)
        assert made.status_code == 201 and PASSWORD not in made.text
        assert admin.post("/v1/users", json=wish | {"name": "WANG.LI"}).status_code == 409
        path = f"/v1/users/{made.json()['user_id']}"
        changed = admin.patch(path, json={"role": "dispatcher", "areas": None})
        assert (changed.json()["role"], changed.json()["areas"]) == ("dispatcher", None)
        assert admin.patch(path, json={}).json() == changed.json()
        assert admin.patch("/v1/users/nobody", json={}).status_code == 404
        assert [user["name"] for user in admin.get("/v1/users").json()["users"]] == ["wang.li"]
    entries, _ = list_audit(api.store, AuditQuery(action="user."), 10, None)
    assert [entry.action for entry in entries] == ["user.change", "user.create"]
    assert entries[0].detail["from"]["areas"] == ["east"] and entries[0].detail["to"]["areas"] is None
    assert entries[1].actor.startswith("key:") and PASSWORD not in str(entries[1].detail)


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "a b"}, {"name": ""}, {"role": "boss"}, {"password": "short"}, {"areas": ["a b"]},
        {"areas": []},        {"role": "unit"}, {"colour": "red"}, {"areas": "east"},
    ],
)  # fmt: skip
def test_a_wish_for_a_user_that_is_none_is_refused(
    clients: dict[str, httpx.Client], changed: dict[str, object]
) -> None:
    wish = {"name": "wang.li", "password": PASSWORD, "role": "operator"}
    reply = clients["admin"].post("/v1/users", json=wish | changed)
    assert reply.status_code == 422
    assert reply.json()["remedy"]


def test_a_limited_administrator_gives_nothing_beyond_his_areas_and_sees_nobody_beyond(
    api: RunningApi,
) -> None:
    inside = add_user(api.store, "inside", "operator", ["east"])
    outside = add_user(api.store, "outside", "operator", ["east", "west"])
    create_key(api.store, checked_rights("reader", ["west"]), "west desk")
    limited = create_key(api.store, checked_rights("admin", ["east"]), "east admin")
    with api.with_key(limited) as admin:
        assert [user["name"] for user in admin.get("/v1/users").json()["users"]] == ["inside"]
        assert [key["name"] for key in admin.get("/v1/keys").json()["keys"]] == ["east admin"]
        person = {"name": "new", "password": PASSWORD, "role": "operator"}
        key = {"name": "new", "role": "reader"}
        for rights, status in (({"areas": ["east"]}, 201), ({"areas": ["west"]}, 403), ({}, 403)):
            assert admin.post("/v1/users", json=person | rights).status_code == status
            assert admin.post("/v1/keys", json=key | rights).status_code == status
        assert admin.post("/v1/keys", json=key | {"role": "admin", "areas": ["east"]}).status_code == 403
        assert admin.patch(f"/v1/users/{inside.user_id}", json={"areas": None}).status_code == 403
        assert admin.patch(f"/v1/users/{inside.user_id}", json={"role": "reader"}).status_code == 200
        assert admin.patch(f"/v1/users/{outside.user_id}", json={"role": "reader"}).status_code == 404
        assert (
            admin.put(f"/v1/users/{outside.user_id}/password", json={"password": PASSWORD}).status_code == 404
        )
        assert admin.delete(f"/v1/users/{outside.user_id}/sessions").status_code == 404
        (west,) = [record.key_id for record in list_keys(api.store) if record.name == "west desk"]
        assert admin.delete(f"/v1/keys/{west}").status_code == 404


def test_a_key_limited_to_a_scope_makes_no_admin(api: RunningApi) -> None:
    limited = create_key(api.store, checked_rights("admin", None, None, ["administer"]), "key maker")
    with api.with_key(limited) as admin:
        assert admin.post("/v1/keys", json={"name": "x", "role": "reader"}).status_code == 201
        for role in ("admin", "auditor"):
            assert admin.post("/v1/keys", json={"name": "x", "role": role}).status_code == 403


@given(text=st.text(max_size=100))
def test_no_text_is_a_key(one_store: Store, text: str) -> None:
    assert check_key(one_store, text) is None


@pytest.fixture(scope="module")
def one_store(standing_api: RunningApi) -> Store:
    return standing_api.store
