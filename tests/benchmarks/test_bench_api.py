"""The bench of the case API: its year is what the API would keep, and a small run finds nothing lost."""

import json
from pathlib import Path

import pytest

from api.store import Store, open_store
from api.store.events import record_events
from api.store.history import IncidentQuery, list_incidents
from benchmarks import api_fill
from benchmarks.api_bench import bench_api
from benchmarks.api_city import DISTRICT, City, fresh_events, make_batch
from benchmarks.api_client import percentile_ms
from benchmarks.api_fill import fill
from benchmarks.api_kills import bench_kills
from contracts.event import parse_event

pytestmark = pytest.mark.slow

# What is numbered by arrival or says when it came is another matter than what is kept.
COMPARED = {
    "incidents": "*",
    "events": "*",
    "incident_places": "place_key, round(west, 3), round(north, 3)",
    "incident_zones": "*",
    "incident_words": "rowid, words",
    "evidence_links": "*",
    "views": "*",
    "runs": "run, incidents, newest_key",
    "sqlite_master": "name, sql",
}


def silent(_: str, __: int, ___: int) -> None: ...


def table(store: Store, name: str) -> list[tuple[object, ...]]:
    sql = f"SELECT {COMPARED[name]} FROM {name} WHERE 1 ORDER BY 1, 2"  # noqa: S608
    rows = store.read(lambda connection: connection.execute(sql).fetchall())
    return [row for row in rows if not str(row[0]).startswith("sqlite_stat")]


def test_a_filled_store_is_as_if_its_events_had_been_sent(tmp_path: Path) -> None:
    city = City(150)
    filled, sent = open_store(tmp_path / "filled"), open_store(tmp_path / "sent")
    fill(filled, city, silent)
    events = [parse_event(document) for document in make_batch(city, 0)]
    assert {verdict.outcome for verdict in record_events(sent, events).result(60)} == {"stored"}
    for name in COMPARED:
        assert table(filled, name) == table(sent, name), name
    filled.close()
    sent.close()


def test_a_filling_that_was_interrupted_goes_on_and_gives_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    city = City(11_000)

    class Interrupted(Exception): ...

    def interrupt(what: str, done: int, _: int) -> None:
        if what == "incidents" and done == 10_000:
            raise Interrupted

    store = open_store(tmp_path)
    with pytest.raises(Interrupted):
        fill(store, city, interrupt)
    store.close()
    store = open_store(tmp_path)
    fill(store, city, silent)
    fill(store, city, silent)  # nothing is left to do
    page = list_incidents(store, IncidentQuery(), 1000, None)
    names = [item.incident_id for item in page.incidents]
    (count,) = store.read(lambda connection: connection.execute("SELECT count(*) FROM incidents").fetchone())
    (cases,) = store.read(lambda connection: connection.execute("SELECT count(*) FROM cases").fetchone())
    store.close()
    assert (count, cases, len(set(names))) == (11_000, 3_300, 1000)


def test_the_city_is_skewed_and_lies_in_its_district() -> None:
    documents = make_batch(City(5000), 0)
    west, south, east, north = DISTRICT
    cameras: dict[str, int] = {}
    for document in documents:
        lon, lat = document["data"]["lonlat"]
        assert west - 0.01 < lon < east + 0.01 and south - 0.01 < lat < north + 0.01
        cameras[document["data"]["camera_id"]] = cameras.get(document["data"]["camera_id"], 0) + 1
    busiest = sum(sorted(cameras.values())[-20:])
    assert busiest > 0.3 * len(documents), "twenty cameras of four hundred see a third"


def test_fresh_events_are_new_valid_and_never_the_same_twice() -> None:
    first, second = fresh_events(0, 50), fresh_events(50, 50)
    subjects = {document["subject"] for document in [*first, *second]}
    assert len(subjects) == 100
    for document in first:
        parse_event(document)


@pytest.mark.parametrize(("share", "expected"), [(0.5, 3000.0), (0.99, 4000.0), (0.0, 1000.0)])
def test_a_percentile_is_one_of_the_times(share: float, expected: float) -> None:
    assert percentile_ms([4.0, 1.0, 3.0, 2.0], share) == expected


def test_a_small_run_has_every_figure_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_fill, "CACHE", tmp_path)
    line, is_whole = bench_api(2000, 3.0, silent)
    figures = json.loads(line)
    assert is_whole
    keys = {"history_p99_ms", "clusters_p99_ms", "evaluation_s", "ingest_per_s", "lost", "doubled", "store"}
    assert keys <= set(figures)
    assert (figures["lost"], figures["doubled"], figures["store"]) == (0, 0, "sqlite")


def test_kills_lose_and_double_nothing() -> None:
    line, is_whole = bench_kills(3, silent)
    figures = json.loads(line)
    assert is_whole, line
    assert figures["incidents"] == figures["looks"] > 0
    assert figures["closed"] == figures["looks"] - 1
