"""Guiding points: places, hours, how full, and whom they could not take; hot-spots; the public register."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from api.duty.guiding import GuidingPoint, Seen, guiding_points, point_report
from api.duty.occupancy import KNOWN_FOR_MS, Told, stretches
from api.duty.register import KeptFor, Share, register_content
from api.retention import DEFAULT_DAYS, read_retention
from api.store.duty.quality import KEPT_WORDS, kept_for
from api.store.purge import purge
from contracts.site import Site
from sample_videos.district.site import site_document
from tests.api.conftest import RunningApi
from tests.support.api_events import make_event
from tests.support.case_tables import add_case, keep_config
from tests.support.example_duty import DUTY_TEXT, at_en, district_duty, district_site, duty_changed

pytestmark = pytest.mark.slow

HOUR = 3_600_000
MINUTE = 60_000
SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = datetime(2026, 11, 25, tzinfo=SHANGHAI)


def at(clock: float) -> int:
    """Milliseconds of an hour of the day; the market is open 6 to 9 and 17 to 22."""
    return round((DAY + timedelta(hours=clock)).timestamp() * 1000)


def market() -> GuidingPoint:
    return next(point for point in guiding_points(district_site()) if point.zone.id == "market")


def filled(*counts: tuple[float, int | None]) -> dict[str, list[Told]]:
    """One view that told counts at hours of the day, and again every half hour."""
    told: list[Told] = []
    for (start, count), (end, _) in pairwise([*counts, (24.0, None)]):
        told += [
            Told(at(start) + step * HOUR // 2, count, 0.9) for step in range(max(1, int((end - start) * 2)))
        ]
    return {"market-south": told}


def seen(start: float, end: float, *place: float, zones: tuple[str, ...] = ()) -> Seen:
    return Seen(at(start), at(end), at_en(*place), frozenset(zones))


BESIDE = (10.0, 15.0)
"""Eleven metres west of the market."""


def test_the_points_are_the_permitted_zones_of_vendors_with_the_places_of_their_permits() -> None:
    points = {point.zone.id: point for point in guiding_points(district_site())}
    assert "market" in points
    assert all("garbage_pile" not in point.zone.categories for point in points.values())
    evening = datetime(2026, 11, 25, 18, tzinfo=SHANGHAI)
    assert points["market"].places_at(evening) == 6
    assert points["market"].is_open_at(evening)
    assert not points["market"].is_open_at(datetime(2026, 11, 25, 12, tzinfo=SHANGHAI))
    assert points["market"].hours == "06:00-09:00, 17:00-22:00"


def test_free_capacity_is_places_less_what_stands_there() -> None:
    report = point_report(market(), filled((17, 2), (19, 6)), (), (at(0), at(24)), 100)
    five, seven, noon = report.hours[17], report.hours[19], report.hours[12]
    assert (five.open_h, five.known_h, five.mean_standing, five.mean_free, five.full_h) == (1, 1, 2, 4, 0)
    assert (seven.mean_standing, seven.mean_free, seven.full_h) == (6, 0, 1)
    assert (noon.open_h, noon.mean_standing, noon.mean_free) == (0, None, None)
    assert sum(hour.open_h for hour in report.hours) == 8


@pytest.mark.parametrize(
    ("vendor", "unmet", "while_full"),
    [
        (seen(19.5, 20.5, *BESIDE), 1.0, 1.0),  # the point is full
        (seen(17.5, 18.5, *BESIDE), 0.0, 0.0),  # there was room
        (seen(12.0, 13.5, *BESIDE), 1.5, 0.0),  # closed
        (seen(18.5, 19.5, *BESIDE), 0.5, 0.5),  # half of it while full
        (seen(12.0, 13.0, -90.0, 15.0), 0.0, 0.0),  # too far away to want a place here
        (seen(12.0, 13.0, 29.0, 15.0, zones=("market",)), 0.0, 0.0),  # inside: no demand near by
    ],
)
def test_unmet_demand_is_who_stood_near_while_the_point_was_full_or_closed(
    vendor: Seen, unmet: float, while_full: float
) -> None:
    report = point_report(market(), filled((17, 2), (19, 6)), [vendor], (at(0), at(24)), 100)
    assert report.unmet_h == pytest.approx(unmet)
    assert report.unmet_while_full_h == pytest.approx(while_full)
    assert sum(hour.unmet_h for hour in report.hours) == pytest.approx(unmet)


def test_where_nobody_counted_nothing_is_said_to_be_free_or_full() -> None:
    report = point_report(market(), {}, [seen(19.5, 20.5, *BESIDE)], (at(0), at(24)), 100)
    assert {stretch.standing for stretch in report.series} == {None}
    assert all(hour.mean_free is None and hour.full_h == 0 for hour in report.hours)
    assert report.unmet_h == 0


def test_overlapping_views_are_not_added_and_an_old_count_is_no_knowledge() -> None:
    told = {
        "south": [Told(at(17), 3, 0.9), Told(at(17.5), 1, 0.9)],
        "north": [Told(at(17.25), 2, 0.4), Told(at(17.75), None, 0.4)],
    }
    counts = [(stretch.start_ms, stretch.standing) for stretch in stretches(told, at(17), at(20))]
    assert counts == [(at(17), 3), (at(17.5), 2), (at(17.75), 1), (at(18.5), None)]


MOMENTS = st.integers(0, 6 * HOUR)
COUNTS = st.lists(st.builds(Told, MOMENTS, st.none() | st.integers(0, 9), st.floats(0, 1)), max_size=8).map(
    lambda counts: sorted(counts, key=lambda count: count.at_ms)
)


@given(st.dictionaries(st.sampled_from("abc"), COUNTS), MOMENTS, st.integers(1, 6 * HOUR))
def test_stretches_cover_the_span_without_gaps_and_no_two_neighbours_are_alike(
    told: dict[str, list[Told]], since: int, lasts: int
) -> None:
    found = stretches(told, since, since + lasts)
    assert (found[0].start_ms, found[-1].end_ms) == (since, since + lasts)
    for one, after in pairwise(found):
        assert one.end_ms == after.start_ms
        assert (one.standing, one.seen_share) != (after.standing, after.seen_share)
    most = max((count.standing or 0 for counts in told.values() for count in counts), default=0)
    assert all(stretch.standing is None or 0 <= stretch.standing <= most for stretch in found)


@given(st.lists(st.tuples(st.floats(0, 23), st.floats(0, 1), st.floats(-60, 60)), max_size=6))
def test_unmet_demand_never_exceeds_the_time_that_vendors_stood_there(
    stays: list[tuple[float, float, float]],
) -> None:
    vendors = [seen(start, start + lasts, east, 15.0) for start, lasts, east in stays]
    report = point_report(market(), filled((17, 6)), vendors, (at(0), at(24)), 100)
    stood_h = sum(vendor.end_ms - vendor.start_ms for vendor in vendors) / HOUR
    assert 0 <= report.unmet_while_full_h <= report.unmet_h <= stood_h + 1e-9


# --- over HTTP -------------------------------------------------------------------------------------------


@pytest.fixture
def district(api: RunningApi) -> RunningApi:
    keep_config(api.store, "responsibility", DUTY_TEXT)
    site = site_document(1)
    # Open around the clock, so that the test does not depend on the hour at which it runs.
    for schedule in site["schedules"]:
        schedule["hours"] = [{"start": "00:00", "end": "24:00"}]
    keep_config(api.store, "site", yaml.safe_dump(site))
    return api


def occupancy(
    zone: str, standing: int | None, when: datetime, look: int, view: str = "lane"
) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"{view}/{zone}:{look}",
        "source": f"/views/{view}",
        "subject": f"{view}/{zone}",
        "time": when.isoformat(),
        "sequence": look,
        "type": "org.streetkeeper.zone.occupancy",
        "data": {
            "zone": zone,
            "view_id": view,
            "camera_id": view,
            "category": "street_vendor",
            "standing": standing,
            "seen_share": 0.8,
            "site_version": "1",
        },
    }


def send(api: RunningApi, *events: dict[str, Any]) -> dict[str, Any]:
    with api.client("worker") as worker:
        reply = worker.post(
            "/v1/events", json=list(events), headers={"Content-Type": "application/cloudevents-batch+json"}
        )
    result: dict[str, Any] = reply.json()
    return result


def test_counts_that_workers_send_are_shown_with_what_is_free(district: RunningApi) -> None:
    now = datetime.now(UTC)
    told = occupancy("market", 4, now - timedelta(minutes=3), 7)
    assert send(district, told)["stored"] == 1
    assert send(district, told)["repeated"] == 1
    with district.client("reader") as reader:
        points = {point["zone"]: point for point in reader.get("/v1/guiding-points").json()["guiding_points"]}
        assert (points["market"]["places"], points["market"]["standing"], points["market"]["free"]) == (
            6,
            4,
            2,
        )
        others = [point for zone, point in points.items() if zone != "market"]
        assert all(point["standing"] is None and point["free"] is None for point in others)
        detail = reader.get("/v1/guiding-points/market?days=1").json()
        assert detail["series"][-1]["standing"] == 4
        assert reader.get("/v1/guiding-points/nowhere").status_code == 404


def test_a_view_that_never_saw_a_stall_in_the_zone_is_not_believed(district: RunningApi) -> None:
    now = datetime.now(UTC)
    send(district, occupancy("market", 0, now - timedelta(minutes=9), 1, view="lane"))
    with district.client("reader") as reader:

        def standing() -> int | None:
            points = reader.get("/v1/guiding-points").json()["guiding_points"]
            (count,) = (point["standing"] for point in points if point["zone"] == "market")
            return None if count is None else int(count)

        assert standing() is None
        send(district, occupancy("market", 2, now - timedelta(minutes=8), 2, view="lane"))
        send(district, occupancy("market", 0, now - timedelta(minutes=5), 3, view="lane"))
        assert standing() == 0


def test_an_occupancy_that_names_another_subject_is_rejected(district: RunningApi) -> None:
    wrong = occupancy("market", 4, datetime.now(UTC), 7) | {"subject": "lane/other", "id": "lane/other:7"}
    assert send(district, wrong)["rejected"] == 1


def test_vendors_near_a_full_point_are_unmet_demand_and_the_table_says_so_too(district: RunningApi) -> None:
    now = datetime.now(UTC)
    start = now - timedelta(minutes=50)
    send(district, occupancy("market", 6, now - timedelta(minutes=55), 1))
    lon, lat = at_en(*BESIDE)
    vendor = make_event(
        1,
        category="street_vendor",
        first_seen=start.isoformat(),
        opened_at=start.isoformat(),
        last_seen=(start + timedelta(minutes=30)).isoformat(),
        lonlat=[lon, lat],
        zones=[],
    )
    assert send(district, vendor)["stored"] == 1
    with district.client("reader") as reader:
        detail = reader.get("/v1/guiding-points/market?days=1").json()
        assert detail["unmet_while_full_vendor_hours"] == pytest.approx(0.5, abs=0.01)
        table = reader.get("/v1/guiding-points/market?days=1&f=csv").text.splitlines()
    column = table[0].split(",").index("unmet_vendor_hours")
    total = sum(float(line.split(",")[column]) for line in table[1:])
    assert total == pytest.approx(0.5, abs=0.02)
    assert len(table) == 25


def test_hotspots_are_places_and_hours_to_which_cases_came_back_on_several_days(district: RunningApi) -> None:
    now = datetime.now(SHANGHAI).replace(minute=5, second=0, microsecond=0)
    reported = [
        *((day, 19, (25.0, 15.0)) for day in range(1, 6)),
        *((day, 8, (-60.0, 30.0)) for day in range(1, 3)),
        (1, 8, (-60.0, -80.0)),
        *((1, 12, (60.0, 60.0)) for _ in range(4)),
    ]
    for number, (days_ago, hour, place) in enumerate(reported):
        when = (now - timedelta(days=days_ago)).replace(hour=hour)
        lon, lat = at_en(*place)
        add_case(district.store, number, round(when.timestamp() * 1000), [], lon=lon, lat=lat, street="s")
    with district.client("dispatcher") as client:
        spots = client.get("/v1/hotspots").json()["hotspots"]
        assert [(spot["hour"], spot["cases"], spot["days"]) for spot in spots] == [(19, 5, 5), (8, 2, 2)]
        assert spots[0]["lonlat"] == [round(value, 6) for value in at_en(25.0, 15.0)]
        assert client.get("/v1/hotspots?category=street_vendor").json()["hotspots"] == []
        assert [spot["days"] for spot in client.get("/v1/hotspots?least=3").json()["hotspots"]] == [5]
        assert client.get("/v1/hotspots?least=1").status_code == 400


@pytest.fixture
def stranger(district: RunningApi) -> Iterator[httpx.Client]:
    with district.stranger() as client:
        yield client


def test_the_register_needs_no_sign_in_and_tells_purposes_and_cameras_by_street(
    stranger: httpx.Client,
) -> None:
    page = stranger.get("/register")
    assert page.status_code == 200
    for words in (
        "rehearsal with a simulated district",
        "Housing lane",
        "Street vendor",
        "To object",
        "<td>1095</td>",
    ):
        assert words in page.text
    assert "looks at" not in page.text
    for secret in ("P-0001", ".mp4", "polygon", "118.91"):
        assert secret not in page.text


def test_positions_are_shown_only_where_the_configuration_says_so(
    stranger: httpx.Client, district: RunningApi
) -> None:
    keep_config(
        district.store, "responsibility", duty_changed("show_positions: false", "show_positions: true")
    )
    assert "looks at 118.91" in stranger.get("/register").text


def test_the_register_of_a_service_without_a_site_says_that_nothing_is_watched(api: RunningApi) -> None:
    with api.stranger() as client:
        assert "nothing is watched" in client.get("/register").text


def test_a_register_shows_quality_with_its_interval_and_how_long_things_are_kept() -> None:
    share = Share("precision", "garbage_pile", None, 0.9, 0.82, 0.95, 120)
    content = register_content(district_site(), district_duty(), [share], [KeptFor("rejected incidents", 7)])
    assert content["shares"] == [share]
    assert sum(street["cameras"] for street in content["streets"]) == len(district_site().cameras)
    plain = register_content(Site.model_validate(site_document(1)), None)
    assert [street["name"] for street in plain["streets"]] == ["Elsewhere"]


def test_counts_are_believed_for_an_hour() -> None:
    assert KNOWN_FOR_MS == HOUR


def test_the_register_has_words_for_everything_that_is_kept_by_days() -> None:
    assert set(KEPT_WORDS) == set(DEFAULT_DAYS)
    told = kept_for(read_retention({"rejected/garbage_pile": 3}))
    assert KeptFor("An incident that a person rejected (garbage pile)", 3) in told


def test_old_counts_are_purged_with_their_events(district: RunningApi) -> None:
    now = datetime.now(UTC)
    send(
        district,
        occupancy("market", 2, now - timedelta(days=500), 1),
        occupancy("market", 3, now - timedelta(days=100), 2),
    )
    purged = purge(district.store, read_retention({}), "command")
    assert purged.rows["event.occupancy"] == 1
    kept = district.store.read(lambda raw: raw.execute("SELECT standing FROM zone_occupancy").fetchall())
    events = district.store.read(lambda raw: raw.execute("SELECT count(*) FROM events").fetchone())
    assert (kept, events) == ([(3,)], (1,))
