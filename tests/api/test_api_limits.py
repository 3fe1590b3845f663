"""How much anybody may ask and send, and what every reply tells browsers."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import TooManyRequests
from api.main import create_app
from api.rates import RateLimit
from api.settings import ApiSettings
from api.store import Store
from api.store.keys import create_key
from tests.api.conftest import serving
from tests.support.api_people import add_user, sign_in

pytestmark = pytest.mark.slow


def taken(limit: RateLimit, name: str, cost: float = 1.0) -> int:
    """0 where it was let in, else the seconds to wait."""
    try:
        limit.take(name, cost)
    except TooManyRequests as error:
        return int(error.headers["Retry-After"])
    return 0


@given(
    per_s=st.floats(0.1, 100),
    burst=st.integers(1, 50),
    gaps=st.lists(st.floats(0, 5), max_size=80),
)
def test_no_bucket_lets_more_in_than_it_holds_and_refills(
    per_s: float, burst: int, gaps: list[float]
) -> None:
    now = [0.0]
    limit, let_in = RateLimit(per_s, burst, lambda: now[0]), 0
    for gap in gaps:
        now[0] += gap
        wait_s = taken(limit, "a")
        let_in += wait_s == 0
        if wait_s:
            now[0] += wait_s
            assert taken(limit, "a") == 0, "it was told to come now"
            let_in += 1
        assert let_in <= burst + now[0] * per_s + 1e-6


def test_buckets_are_of_one_name_and_workers_pay_less() -> None:
    limit = RateLimit(1, 2, lambda: 0.0)
    assert [taken(limit, "a") for _ in range(3)] == [0, 0, 2]
    assert taken(limit, "b") == 0
    assert sum(taken(limit, "w", 0.1) == 0 for _ in range(40)) == 20
    for number in range(30_000):
        limit.take(f"n{number}")
    assert len(limit._left) == 20_000


def test_a_caller_beyond_his_rate_is_told_when_to_come_again_and_others_are_served(store: Store) -> None:
    with (
        serving(store, rate_per_s=0.01, rate_burst=3) as api,
        api.client("reader") as busy,
        api.client("reader") as other,
    ):
        assert [busy.get("/v1/runs").status_code for _ in range(4)] == [200, 200, 200, 429]
        refused = busy.get("/v1/runs")
        assert refused.json()["type"].endswith("too-many-requests")
        assert int(refused.headers["retry-after"]) > 0
        assert other.get("/v1/runs").status_code == 200
        # Nor by the page.
        assert other.get("/v1/session").status_code == 200


def test_strangers_of_one_address_are_slowed_and_whoever_has_a_key_is_served(store: Store) -> None:
    add_user(store, "wang.li")
    with serving(store, address_rate_per_s=0.01, address_rate_burst=3) as api, api.stranger() as stranger:
        assert [stranger.get("/v1/runs").status_code for _ in range(5)] == [401] * 3 + [429] * 2
        assert sign_in(stranger, "wang.li").status_code == 429
        assert stranger.get("/sign-in/oidc").status_code == 429
        assert stranger.get("/v1/health").status_code == 200
        with api.client("reader") as client:
            assert client.get("/v1/runs").status_code == 200


def test_no_body_is_larger_than_the_largest_that_any_route_takes(store: Store) -> None:
    with serving(store, max_picture_bytes=2000, max_batch_bytes=1000) as api, api.stranger() as client:
        declared = client.post("/v1/session", content=b"x" * 3000)
        assert (declared.status_code, declared.headers["content-type"]) == (413, "application/problem+json")
        chunked = client.post("/v1/session", content=iter([b"x" * 1500, b"x" * 1500]))
        assert chunked.status_code == 413


def test_a_body_that_trickles_in_is_given_up(store: Store) -> None:
    app = create_app(ApiSettings(data_dir=store.data_dir, body_timeout_s=0.05), store)

    async def trickle() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(30)
        yield b"}"

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.post("/v1/session", content=trickle())

    assert asyncio.run(send()).status_code == 408


@pytest.mark.parametrize(
    "path", ["/", "/v1/health", "/v1/incidents", "/nothing", "/static/refresh.js", "/openapi.json"]
)
def test_every_reply_carries_the_headers_that_keep_browsers_safe(store: Store, path: str) -> None:
    with serving(store) as api, api.stranger() as client:
        headers = client.get(path, headers={"Origin": "https://elsewhere.example"}).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "camera=()" in headers["permissions-policy"]
    assert "strict-transport-security" not in headers, "plain HTTP must not promise HTTPS"
    assert not [name for name in headers if name.startswith("access-control")]
    assert "server" not in headers


def test_no_other_site_may_call_unless_it_is_named(store: Store) -> None:
    ask = {"Origin": "https://map.example", "Access-Control-Request-Method": "GET"}
    with serving(store) as api, api.stranger() as client:
        assert "access-control-allow-origin" not in client.options("/v1/incidents", headers=ask).headers
    key = create_key(store, "reader", "map")
    with serving(store, cors_origins=("https://map.example",)) as api, api.with_key(key) as client:
        allowed = client.options("/v1/incidents", headers=ask)
        assert allowed.headers["access-control-allow-origin"] == "https://map.example"
        assert "access-control-allow-credentials" not in allowed.headers
        read = client.get("/v1/incidents", headers={"Origin": "https://map.example"})
        assert read.headers["access-control-allow-origin"] == "https://map.example"
        assert read.headers["cross-origin-resource-policy"] == "cross-origin"
        other = client.get("/v1/incidents", headers={"Origin": "https://elsewhere.example"})
        assert "access-control-allow-origin" not in other.headers
