"""The page shows what is known, escapes what is sent, and asks who is there."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.page.map import HEIGHT, WIDTH, draw_map
from api.store.keys import create_key, list_keys, revoke_key
from contracts.incident import Incident
from tests.api.conftest import RunningApi
from tests.support.api_events import CLIP, JPEG, digest, make_event, make_health, make_incident, named

pytestmark = pytest.mark.slow

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
BATCH = {"Content-Type": "application/cloudevents-batch+json"}


class Outline(HTMLParser):
    """Tags, their attributes and the visible text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.fixture
def browser(api: RunningApi) -> Iterator[httpx.Client]:
    """Somebody who signed in by the form and has only the cookie."""
    key = create_key(api.store, "reader", "browser")
    with api.stranger() as client:
        reply = client.post("/login", data={"key": key, "next": "/?status=open"})
        assert (reply.status_code, reply.headers["location"]) == (303, "/?status=open")
        yield client


def fill(worker: httpx.Client, *events: dict[str, object]) -> None:
    assert worker.post("/v1/events", content=json.dumps(events), headers=BATCH).status_code == 200


def test_a_card_tells_what_where_how_sure_why_and_shows_before_and_now(
    worker: httpx.Client, browser: httpx.Client
) -> None:
    before, now = JPEG, JPEG[:-2] + b"now\xff\xd9"
    for picture in (before, now):
        worker.put(
            f"/v1/evidence/{digest(picture)}.jpg",
            content=picture,
            headers={"Content-Type": "image/jpeg", "X-Streetkeeper-Masked": "true"},
        )
    evidence = [
        {"kind": kind, "sha256": digest(picture), "href": "evidence/x.jpg", "masked": True}
        for kind, picture in (("before", before), ("now", now))
    ]
    fill(worker, make_event(1, evidence=evidence), make_health(state="moved", detail="Recalibrate."))
    reply = browser.get("/")
    page = Outline(reply.text)
    words = re.sub(r"\s+", " ", page.words)
    for told in (
        "Garbage pile",
        "116.391234, 39.907654",
        "± 1.9 m along 34°",
        "2026-05-01 11:56:00 UTC",
        "90 %",
        "lies in zone pavement for 5 minutes",
        "camera moved, its places are suspended",
        "Recalibrate.",
    ):
        assert told in words, told
    pictures = [attributes["src"] for tag, attributes in page.tags if tag == "img" and attributes.get("alt")]
    assert pictures == [f"/v1/evidence/{digest(before)}.jpg", f"/v1/evidence/{digest(now)}.jpg"]
    assert browser.get(str(pictures[0])).content == before
    (ellipse,) = [attributes for tag, attributes in page.tags if tag == "ellipse"]
    assert "rotate(-56.0" in str(ellipse["transform"])


def test_a_clip_that_has_arrived_can_be_played_beside_the_pictures(
    worker: httpx.Client, browser: httpx.Client
) -> None:
    masked = {"X-Streetkeeper-Masked": "true"}
    worker.put(
        f"/v1/evidence/{digest(JPEG)}.jpg", content=JPEG, headers={**masked, "Content-Type": "image/jpeg"}
    )
    evidence = [
        {"kind": kind, "sha256": digest(content), "href": "evidence/x", "masked": True}
        for kind, content in (("now", JPEG), ("clip", CLIP))
    ]
    fill(worker, make_event(1, evidence=evidence, evidence_note="'before' is missing"))
    assert not [tag for tag, _ in Outline(browser.get("/").text).tags if tag == "video"]
    worker.put(
        f"/v1/evidence/{digest(CLIP)}.mp4", content=CLIP, headers={**masked, "Content-Type": "video/mp4"}
    )
    reply = browser.get("/")
    page = Outline(reply.text)
    (clip,) = [attributes for tag, attributes in page.tags if tag == "video"]
    assert clip["src"] == f"/v1/evidence/{digest(CLIP)}.mp4"
    assert "controls" in clip and "masked" in str(clip["aria-label"])
    assert browser.get(str(clip["src"]), headers={"Range": "bytes=0-3"}).content == CLIP[:4]
    assert "media-src 'self'" in reply.headers["content-security-policy"]
    assert "'before' is missing" in page.words


def test_what_workers_send_is_shown_as_text_and_never_run(
    worker: httpx.Client, browser: httpx.Client
) -> None:
    fill(
        worker,
        make_event(
            1,
            rule={"id": "r", "version": 1, "reason": EVIL},
            input=EVIL,
            place_note=EVIL,
            evidence_note=EVIL,
            evidence=[{"kind": "now", "sha256": "0" * 64, "href": f"javascript:{EVIL}", "masked": True}],
        ),
        make_health(detail=EVIL),
    )
    page = Outline(browser.get("/").text)
    assert page.words.count("<script>alert(1)</script>") == 5
    scripts = [attributes for tag, attributes in page.tags if tag == "script"]
    assert scripts == [{"src": "/static/refresh.js", "defer": None}]
    assert not any("onerror" in attributes for _, attributes in page.tags)
    assert not any("javascript" in str(value) for _, attributes in page.tags for value in attributes.values())


def test_nothing_comes_from_elsewhere_and_nothing_runs_inline(browser: httpx.Client) -> None:
    reply = browser.get("/")
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for tag, attributes in Outline(reply.text).tags:
        assert not any(name.startswith("on") or name == "style" for name in attributes), (tag, attributes)
        for name in ("src", "href", "action"):
            assert not re.match(r"\s*(https?:|//|data:)", attributes.get(name) or "")
    for path in ("/static/streetkeeper.css", "/static/refresh.js", "/static/mark.svg"):
        assert browser.get(path).status_code == 200
    assert browser.get("/static/..%2fcards.py").status_code == 404


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(api: RunningApi) -> None:
    key = create_key(api.store, "reader", "x")
    with api.stranger() as client:
        cookie = client.post("/login", data={"key": key}).headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert key not in cookie
        refused = client.post("/login", data={"key": key}, headers={"Sec-Fetch-Site": "cross-site"})
        assert refused.status_code == 403


def test_the_cookie_reads_but_never_writes(api: RunningApi, browser: httpx.Client) -> None:
    assert browser.get("/v1/incidents").status_code == 200
    admin = create_key(api.store, "admin", "x")
    with api.stranger() as client:
        client.post("/login", data={"key": admin})
        assert client.get("/v1/keys").status_code == 200
        assert client.post("/v1/keys", json={"role": "admin", "name": "mine"}).status_code == 401
        assert client.post("/v1/events", content="[]", headers=BATCH).status_code == 401


def proof(page: str) -> str:
    """The token in the page's sign-out form."""
    (found,) = [a["value"] for tag, a in Outline(page).tags if tag == "input" and a.get("name") == "csrf"]
    return str(found)


def test_signing_out_and_revoking_end_the_session(api: RunningApi, browser: httpx.Client) -> None:
    kept = dict(browser.cookies)
    token = proof(browser.get("/").text)
    assert browser.post("/logout", data={"csrf": token[::-1]}).status_code == 403
    assert browser.post("/logout", data={"csrf": token}).status_code == 303
    assert browser.get("/").status_code == 401
    browser.cookies.update(kept)
    assert browser.get("/").status_code == 401, "a copied cookie outlived the session"
    browser.cookies.clear()
    other = create_key(api.store, "reader", "other browser")
    browser.post("/login", data={"key": other})
    assert browser.get("/").status_code == 200
    (mine,) = [record.key_id for record in list_keys(api.store) if record.name == "other browser"]
    revoke_key(api.store, mine)
    assert browser.get("/").status_code == 401


@pytest.mark.parametrize("cookie", ["", "x", "a.b.c", "9" * 5000, "abc.99999999999.AAAA"])
def test_a_forged_cookie_shows_the_sign_in_only(api: RunningApi, cookie: str) -> None:
    with api.stranger() as client:
        reply = client.get("/", headers={"Cookie": f"streetkeeper_session={cookie}"})
    assert reply.status_code == 401
    assert "Sign in" in reply.text


def test_a_wrong_key_or_a_workers_key_is_told_and_the_way_back_stays_on_the_page(
    api: RunningApi, worker: httpx.Client
) -> None:
    with api.stranger() as client:
        wrong = client.post("/login", data={"key": "sk_wrong", "next": "https://example.org/"})
        assert wrong.status_code == 401
        assert "wrong or was revoked" in wrong.text
        assert "example.org" not in wrong.text
        key = create_key(api.store, "worker", "x")
        assert client.post("/login", data={"key": key}).status_code == 403
        for elsewhere in ("//example.org", "/\\example.org", "https://example.org", "/v1/keys"):
            reader = create_key(api.store, "reader", "x")
            reply = client.post("/login", data={"key": reader, "next": elsewhere})
            assert reply.headers["location"] == "/"


def test_filters_and_runs_choose_the_cards_and_drawn_films_are_marked(
    worker: httpx.Client, browser: httpx.Client
) -> None:
    fill(
        worker,
        make_event(1),
        make_event(2, category="street_vendor"),
        make_event(3, run="demo", input="drawn_street.mp4"),
    )

    def cards(query: str) -> list[str]:
        tags = Outline(browser.get(f"/{query}").text).tags
        return [str(attributes["id"])[9:] for tag, attributes in tags if tag == "li" and "id" in attributes]

    assert cards("") == [named(2), named(1)]
    assert cards("?category=street_vendor") == [named(2)]
    assert cards("?status=closed") == []
    assert cards("?category=&status=&run=demo") == [named(3)]
    assert "drawn film" in browser.get("/?run=demo").text
    assert "drawn film" not in browser.get("/").text


def test_older_incidents_are_a_link_away(worker: httpx.Client, browser: httpx.Client) -> None:
    fill(worker, *[make_event(number) for number in range(50)])
    first = Outline(browser.get("/?category=garbage_pile").text)
    (older,) = [a["href"] for tag, a in first.tags if tag == "a" and "token=" in str(a.get("href"))]
    second = Outline(browser.get(str(older)).text)
    assert [a.get("id") for tag, a in second.tags if tag == "li" and "id" in a] == [
        f"incident-{named(1)}",
        f"incident-{named(0)}",
    ]


def test_an_empty_page_teaches_what_to_do(worker: httpx.Client, browser: httpx.Client) -> None:
    assert "make demo" in browser.get("/").text
    fill(worker, make_event(3, run="night"))
    assert 'href="/?run=night"' in browser.get("/").text
    assert "spelt otherwise" in browser.get("/?run=nights").text


@pytest.mark.parametrize("query", ["?colour=1", "?category=x", "?status=x", "?run=%3Cb%3E", "?token=x"])
def test_a_wrong_address_is_a_page_that_says_what_helps(browser: httpx.Client, query: str) -> None:
    reply = browser.get(f"/{query}")
    assert reply.status_code == 400
    assert reply.headers["content-type"].startswith("text/html")
    assert "Back to the newest incidents" in reply.text


PLACES = st.tuples(st.floats(-180, 180), st.floats(-90, 90))


@given(
    places=st.lists(PLACES, min_size=1, max_size=8), major=st.floats(0.1, 1e5), azimuth=st.floats(0, 179.9)
)
def test_every_place_with_its_error_lies_on_the_map(
    places: list[tuple[float, float]], major: float, azimuth: float
) -> None:
    incidents = [
        Incident.model_validate(
            make_incident(
                number,
                lonlat=list(place),
                ellipse={"semi_major_m": major, "semi_minor_m": major / 2, "azimuth_deg": azimuth},
            )
        )
        for number, place in enumerate(places)
    ]
    drawn = draw_map([(number, "open", one) for number, one in enumerate(incidents, 1)])
    assert drawn is not None
    assert len(drawn.marks) == len(places)
    for mark in drawn.marks:
        assert mark.major <= mark.x <= WIDTH - mark.major
        assert mark.major <= mark.y <= HEIGHT - mark.major
    assert 0 < drawn.bar_units < WIDTH


def test_north_is_up_east_is_right_and_azimuth_turns_clockwise() -> None:
    def at(number: int, lon: float, lat: float) -> tuple[int, str, Incident]:
        error = {"semi_major_m": 3, "semi_minor_m": 1, "azimuth_deg": 0}
        return (
            number,
            "open",
            Incident.model_validate(make_incident(number, lonlat=[lon, lat], ellipse=error)),
        )

    drawn = draw_map([at(1, 116.0, 40.0), at(2, 116.001, 40.001)])
    assert drawn is not None
    first, second = drawn.marks
    assert second.x > first.x
    assert second.y < first.y
    assert first.turn_deg == -90.0  # a long axis to the north stands upright
    assert draw_map([]) is None
