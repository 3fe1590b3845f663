"""Keys open what their role allows; wrong, forged and revoked ones open nothing."""

import logging
import stat

import httpx
import pytest

from api.errors import Conflict, TooManyTries, Unprocessable
from api.serve import ensure_admin_key
from api.store import Store
from api.store.keys import check_key, create_key, list_keys, revoke_key
from api.tries import FailedTries
from tests.api.conftest import RunningApi

pytestmark = pytest.mark.slow


def test_roles_open_what_they_may(clients: dict[str, httpx.Client]) -> None:
    empty_batch = {"content": "[]", "headers": {"Content-Type": "application/cloudevents-batch+json"}}

    def statuses(method: str, path: str, **body: object) -> list[int]:
        roles = ("stranger", "worker", "reader", "operator", "admin")
        return [clients[role].request(method, path, **body).status_code for role in roles]  # type: ignore[arg-type]

    assert statuses("POST", "/v1/events", **empty_batch) == [401, 200, 403, 403, 403]
    for path in ("/v1/incidents", "/v1/events", "/v1/cameras", "/v1/runs", "/metrics"):
        assert statuses("GET", path) == [401, 403, 200, 200, 200]
    assert statuses("GET", "/v1/keys") == [401, 403, 403, 403, 200]
    assert statuses("POST", "/v1/keys", json={"role": "reader", "name": "x"}) == [401, 403, 403, 403, 201]
    assert statuses("GET", "/v1/health") == [200] * 5


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Basic abc",
        "Bearer sk_000000000000_" + "A" * 43,
        "Bearer " + "x" * 10_000,
        "Bearer é",
    ],
)
def test_a_wrong_key_is_refused_without_saying_why(api: RunningApi, header: str) -> None:
    with api.stranger() as client:
        reply = client.get("/v1/incidents", headers=[(b"Authorization", header.encode("latin-1"))])
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"].startswith("Bearer")


def test_a_key_with_one_letter_changed_or_another_keys_id_is_refused(store: Store) -> None:
    first, second = create_key(store, "reader", "a"), create_key(store, "reader", "b")
    assert check_key(store, first) is not None
    changed = first[:-1] + ("A" if first[-1] != "A" else "B")
    crossed = first[:16] + second[16:]
    for forged in (changed, crossed, first + "\n", first.upper(), "'; DROP TABLE api_keys;--"):
        assert check_key(store, forged) is None


def test_a_revoked_key_opens_nothing_from_then_on(api: RunningApi, clients: dict[str, httpx.Client]) -> None:
    made = clients["admin"].post("/v1/keys", json={"role": "reader", "name": "for a day"})
    assert made.headers["cache-control"] == "no-store"
    with api.with_key(made.json()["key"]) as client:
        assert client.get("/v1/incidents").status_code == 200
        assert clients["admin"].delete(f"/v1/keys/{made.json()['key_id']}").status_code == 204
        assert client.get("/v1/incidents").status_code == 401
    assert clients["admin"].delete(f"/v1/keys/{made.json()['key_id']}").status_code == 404


def test_keys_are_listed_without_their_secrets_and_kept_as_digests(
    api: RunningApi, clients: dict[str, httpx.Client]
) -> None:
    key = create_key(api.store, "worker", "east")
    listed = clients["admin"].get("/v1/keys")
    assert "east" in [item["name"] for item in listed.json()["keys"]]
    secret = key.rpartition("_")[2] if key.count("_") == 2 else key[16:]
    assert secret not in listed.text
    for path in api.store.data_dir.rglob("*"):
        assert not path.is_file() or secret.encode() not in path.read_bytes()


def test_the_last_admin_key_cannot_be_revoked(store: Store) -> None:
    create_key(store, "admin", "a")
    create_key(store, "admin", "b")
    first, second = (record.key_id for record in list_keys(store))
    assert revoke_key(store, first)
    with pytest.raises(Conflict):
        revoke_key(store, second)


@pytest.mark.parametrize(
    ("role", "name"), [("god", "x"), ("reader", ""), ("reader", "a\nb"), ("reader", "x" * 101)]
)
def test_a_key_needs_a_role_and_a_readable_name(store: Store, role: str, name: str) -> None:
    with pytest.raises(Unprocessable):
        create_key(store, role, name)


@pytest.mark.parametrize(
    "body", ["", "{", "[]", '{"role": "reader"}', '{"role": "god", "name": "x"}', "x" * 20_000]
)
def test_a_wish_that_is_none_is_refused(clients: dict[str, httpx.Client], body: str) -> None:
    reply = clients["admin"].post("/v1/keys", content=body)
    assert reply.status_code in {400, 413, 422}
    assert reply.json()["remedy"]


def test_the_first_start_writes_an_admin_key_that_only_its_owner_reads(store: Store) -> None:
    path = ensure_admin_key(store)
    assert path is not None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    record = check_key(store, path.read_text().strip())
    assert record is not None
    assert record.role == "admin"
    assert ensure_admin_key(store) is None


def test_many_wrong_keys_are_slowed_but_a_known_worker_passes(api: RunningApi, reader: httpx.Client) -> None:
    assert reader.get("/v1/incidents").status_code == 200
    late = create_key(api.store, "reader", "came later")
    with api.with_key("wrong") as guesser:
        statuses = [guesser.get("/v1/incidents").status_code for _ in range(12)]
        refused = guesser.get("/v1/incidents")
    assert statuses == [401] * 10 + [429] * 2
    assert int(refused.headers["retry-after"]) > 0
    assert reader.get("/v1/incidents").status_code == 200
    with api.with_key(late) as client:
        assert client.get("/v1/incidents").status_code == 429


def test_tries_are_counted_per_address_and_forgotten_after_a_minute() -> None:
    now = 0.0
    tries = FailedTries(2, lambda: now)
    tries.failed("192.0.2.1")
    tries.failed("192.0.2.1")
    tries.failed("2001:db8::1")
    tries.failed("2001:db8::2")  # the same subscriber
    for address in ("192.0.2.1", "2001:db8::3"):
        with pytest.raises(TooManyTries):
            tries.check(address, "k")
    tries.check("192.0.2.2", "k")
    now = 61.0
    tries.check("192.0.2.1", "k")


def test_a_stranger_cannot_fill_the_memory_with_addresses() -> None:
    tries = FailedTries(2)
    for number in range(20_000):
        tries.failed(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(tries._failed) == 10_000


def test_keys_never_stand_in_the_log(api: RunningApi, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    key = create_key(api.store, "reader", "logged?")
    with api.with_key(key) as client:
        client.get("/v1/incidents?token=x")
        client.get(f"/v1/incidents/{key}")
    with api.stranger() as client:
        client.post("/login", content=f"key={key}")
    assert "request answered" in caplog.text
    mine = [record for record in caplog.records if record.name.startswith(("api", "uvicorn"))]
    assert mine
    assert all(key not in str(record.__dict__) for record in mine)
