"""Users and their browsers."""

from collections.abc import Iterable
from functools import lru_cache

import httpx

from api.passwords import hash_password
from api.store import Store
from api.store.rights import checked_rights
from api.store.users import UserRecord, create_user

PASSWORD = "four words in a row"  # noqa: S105  of a test


@lru_cache
def known_hash() -> str:
    """Made once: a hash takes a tenth of a second."""
    return hash_password(PASSWORD)


def add_user(
    store: Store,
    name: str,
    role: str = "operator",
    areas: Iterable[str] | None = None,
    unit: str | None = None,
) -> UserRecord:
    return create_user(store, name, checked_rights(role, areas, unit), password=known_hash())


def sign_in(client: httpx.Client, name: str, password: str = PASSWORD) -> httpx.Response:
    """Sign in, and send the proof with every later request."""
    reply = client.post("/v1/session", json={"name": name, "password": password})
    if reply.status_code == 201:
        client.headers["X-CSRF-Token"] = reply.json()["csrf_token"]
    return reply
