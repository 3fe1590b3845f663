"""Pictures come in masked, whole and named by their content, and go out in ranges to readers only."""

from collections.abc import Callable

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import RangeNotSatisfiable
from api.routers.evidence import _span
from api.store import Store
from tests.support.api_events import CLIP, JPEG, digest, mp4_box
from tests.support.full_disk import full_disk

pytestmark = pytest.mark.slow

NAME = f"{digest(JPEG)}.jpg"
MASKED = {"Content-Type": "image/jpeg", "X-Streetkeeper-Masked": "true"}
MASKED_CLIP = {**MASKED, "Content-Type": "video/mp4"}
CLIP_NAME = f"{digest(CLIP)}.mp4"


def put_clip(client: httpx.Client, content: bytes) -> httpx.Response:
    return put(client, f"{digest(content)}.mp4", content, MASKED_CLIP)


def put(
    client: httpx.Client, name: str = NAME, content: bytes = JPEG, headers: dict[str, str] = MASKED
) -> httpx.Response:
    return client.put(f"/v1/evidence/{name}", content=content, headers=headers)


def test_a_masked_picture_is_kept_once_and_comes_back_unchanged(
    worker: httpx.Client, reader: httpx.Client, store: Store
) -> None:
    assert put(worker).status_code == 201
    assert put(worker).status_code == 200
    assert worker.head(f"/v1/evidence/{NAME}").headers["content-length"] == str(len(JPEG))
    reply = reader.get(f"/v1/evidence/{NAME}")
    assert reply.content == JPEG
    assert reply.headers["content-type"] == "image/jpeg"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "immutable" in reply.headers["cache-control"]
    assert "private" in reply.headers["cache-control"]
    assert list((store.data_dir / "evidence" / "arriving").iterdir()) == []


REFUSED: list[tuple[str, Callable[[httpx.Client], httpx.Response], int]] = [
    ("no word on the mask", lambda w: put(w, headers={"Content-Type": "image/jpeg"}), 422),
    ("not masked", lambda w: put(w, headers={**MASKED, "X-Streetkeeper-Masked": "false"}), 422),
    ("other content", lambda w: put(w, content=JPEG[:-2] + b"x\xff\xd9"), 422),
    ("cut short", lambda w: put(w, f"{digest(JPEG[:-2])}.jpg", JPEG[:-2]), 422),
    ("empty", lambda w: put(w, f"{digest(b'')}.jpg", b""), 422),
    ("a script", lambda w: put(w, f"{digest(b'<script>')}.jpg", b"<script>"), 422),
    ("another type", lambda w: put(w, headers={**MASKED, "Content-Type": "image/svg+xml"}), 415),
    ("too large", lambda w: put(w, content=bytes(10_000_001)), 413),
    ("upwards", lambda w: put(w, "..%2f..%2fadmin.key"), 404),
    ("upwards, plainly", lambda w: put(w, "%2e%2e/%2e%2e/admin.key"), 404),
    ("upper case", lambda w: put(w, NAME.upper()), 404),
    ("a newline", lambda w: put(w, NAME + "%0a"), 404),
    ("another ending", lambda w: put(w, NAME.replace("jpg", "html")), 404),
    ("a picture as a clip", lambda w: put_clip(w, JPEG), 422),
    ("a clip as a picture", lambda w: put(w, f"{digest(CLIP)}.jpg", CLIP), 422),
    ("a clip that is called a picture", lambda w: put(w, CLIP_NAME, CLIP, MASKED), 415),
    (
        "a clip without a word on the mask",
        lambda w: put(w, CLIP_NAME, CLIP, {"Content-Type": "video/mp4"}),
        422,
    ),
    ("a clip cut short", lambda w: put_clip(w, CLIP[:-1]), 422),
    ("a clip with something behind it", lambda w: put_clip(w, CLIP + b"<script>"), 422),
    ("a clip whose index comes last", lambda w: put_clip(w, CLIP[:12] + CLIP[33:] + CLIP[12:33]), 422),
    ("a clip without pictures", lambda w: put_clip(w, CLIP[:33]), 422),
    ("boxes of no length", lambda w: put_clip(w, mp4_box(b"ftyp") + bytes(64)), 422),
    ("upwards to a clip", lambda w: put(w, "..%2f..%2fadmin.mp4", CLIP, MASKED_CLIP), 404),
    ("a NUL", lambda w: put(w, NAME.replace(".", "%00.")), 404),
]


@pytest.mark.parametrize(("what", "attempt", "status"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_no_masked_picture_of_its_name_is_refused_and_not_kept(
    worker: httpx.Client,
    store: Store,
    what: str,
    attempt: Callable[[httpx.Client], httpx.Response],
    status: int,
) -> None:
    reply = attempt(worker)
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"
    kept = [path for path in (store.data_dir / "evidence").rglob("*") if path.is_file()]
    assert kept == []


def test_a_picture_sent_in_chunks_without_a_length_is_still_bounded(worker: httpx.Client) -> None:
    def endless() -> object:
        for _ in range(400):
            yield bytes(64 * 1024)

    reply = worker.put(f"/v1/evidence/{NAME}", content=endless(), headers=MASKED)  # type: ignore[arg-type]
    assert reply.status_code == 413


def test_pictures_are_for_readers_only(clients: dict[str, httpx.Client]) -> None:
    put(clients["worker"])
    statuses = {role: client.get(f"/v1/evidence/{NAME}").status_code for role, client in clients.items()}
    assert statuses == {"worker": 403, "reader": 200, "operator": 200, "admin": 200, "stranger": 401}
    assert put(clients["reader"]).status_code == 403


@pytest.mark.parametrize(
    ("asked", "status", "shown"),
    [
        ("bytes=0-9", 206, JPEG[:10]),
        ("bytes=5-", 206, JPEG[5:]),
        ("bytes=-7", 206, JPEG[-7:]),
        ("bytes=0-99999999", 206, JPEG),
        (f"bytes={len(JPEG)}-", 416, None),
        ("bytes=-0", 416, None),
        # Not one span in bytes: RFC 9110 lets a server answer with everything.
        ("bytes=0-1,3-4", 200, JPEG),
        ("bytes=9-2", 200, JPEG),
        ("lines=1-2", 200, JPEG),
        ("bytes=-", 200, JPEG),
    ],
)
def test_a_range_of_a_picture(
    worker: httpx.Client, reader: httpx.Client, asked: str, status: int, shown: bytes | None
) -> None:
    put(worker)
    reply = reader.get(f"/v1/evidence/{NAME}", headers={"Range": asked})
    assert reply.status_code == status
    if shown is None:
        assert reply.headers["content-range"] == f"bytes */{len(JPEG)}"
    else:
        assert reply.content == shown


@given(first=st.integers(0, 200), last=st.integers(0, 200), size=st.integers(1, 100))
def test_a_span_never_leaves_the_picture(first: int, last: int, size: int) -> None:
    try:
        span = _span(f"bytes={first}-{last}", size)
    except RangeNotSatisfiable:
        assert first >= size
        return
    if span is None:
        assert last < first
    else:
        assert 0 <= span[0] < span[1] <= size


def test_a_range_of_another_picture_gives_the_whole(worker: httpx.Client, reader: httpx.Client) -> None:
    put(worker)
    reply = reader.get(f"/v1/evidence/{NAME}", headers={"Range": "bytes=0-1", "If-Range": '"other"'})
    assert (reply.status_code, reply.content) == (200, JPEG)


def test_who_has_the_picture_is_not_sent_it_again(worker: httpx.Client, reader: httpx.Client) -> None:
    put(worker)
    tag = reader.get(f"/v1/evidence/{NAME}").headers["etag"]
    reply = reader.get(f"/v1/evidence/{NAME}", headers={"If-None-Match": f'"x", W/{tag}'})
    assert (reply.status_code, reply.content) == (304, b"")


def test_a_full_disk_is_said_and_nothing_half_is_kept(
    worker: httpx.Client, reader: httpx.Client, store: Store
) -> None:
    with full_disk():  # the server is a thread of this process, so the limit holds for it
        reply = put(worker)
    assert reply.status_code == 507
    assert reply.json()["remedy"]
    assert reader.get(f"/v1/evidence/{NAME}").status_code == 404
    assert list((store.data_dir / "evidence" / "arriving").iterdir()) == []
    assert put(worker).status_code == 201


def test_a_clip_is_kept_and_served_with_its_type_whole_and_in_ranges(
    worker: httpx.Client, reader: httpx.Client
) -> None:
    assert put_clip(worker, CLIP).json() == {"href": f"evidence/{CLIP_NAME}", "stored": True}
    assert put_clip(worker, CLIP).status_code == 200
    assert worker.head(f"/v1/evidence/{CLIP_NAME}").headers["content-length"] == str(len(CLIP))
    whole = reader.get(f"/v1/evidence/{CLIP_NAME}")
    assert (whole.content, whole.headers["content-type"]) == (CLIP, "video/mp4")
    assert whole.headers["accept-ranges"] == "bytes"
    assert CLIP_NAME in whole.headers["content-disposition"]
    # What a browser asks first, and when somebody seeks.
    for asked, shown in (("bytes=0-", CLIP), ("bytes=40-59", CLIP[40:60])):
        reply = reader.get(f"/v1/evidence/{CLIP_NAME}", headers={"Range": asked})
        assert (reply.status_code, reply.content) == (206, shown)
        assert reply.headers["content-type"] == "video/mp4"


def test_a_clip_and_a_picture_are_not_taken_for_each_other(
    worker: httpx.Client, reader: httpx.Client
) -> None:
    put_clip(worker, CLIP)
    assert reader.get(f"/v1/evidence/{digest(CLIP)}.jpg").status_code == 404
