"""`streetkeeper bench doubles`: one thing, one case, where cameras of the sample district overlap.

Every thing that is against a rule is told by every camera that sees it, placed through calibrations drawn
anew, and goes through the API's own store; a person judges what waits and accepts the nearest proposal.
Method and what it does not say: docs/cases.md.
"""

import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from api.callers import Caller
from api.roles import Role
from api.store import Store, open_store
from api.store.cases.facts import item_facts
from api.store.cases.queue import ItemQuery, ReviewItem, claim_item, list_items
from api.store.cases.verdicts import Verdict, give_verdict
from api.store.events import record_events
from api.store.times import to_ms
from benchmarks.bounds import rounded
from benchmarks.doubles_told import ToldEvent, ToldThing, told_day
from benchmarks.figures import NotAsPromised, cpu_s, line
from contracts.shares import TWO_SIDED_95, wilson_bounds
from sample_videos.district.things import clock

__all__ = ["DoublesRun", "bench_doubles", "count_doubles"]

OPERATOR = Caller("user:bench", "Bench", Role.OPERATOR)
HOLD_MS = 600_000
LEAST_OVERLAPS = 20
"""Fewer things seen by two cameras say nothing about joining."""


@dataclass(frozen=True, slots=True)
class DoublesRun:
    """What is run: worlds by seed, days of each, and how long an item waits at most, minutes."""

    seeds: Sequence[int]
    days: int
    wait_min: float = 30.0


@dataclass(slots=True)
class Tally:
    """What became of the incidents of all days."""

    incidents: int = 0
    things: int = 0
    overlapping: int = 0
    cases: int = 0
    cases_of_things: int = 0
    joins: int = 0
    wrong: int = 0

    def add(self, events: Sequence[ToldEvent], groups: Iterable[Sequence[str]]) -> None:
        """Count one day: its incidents, and the things of each case's incidents."""
        opened = [event for event in events if event.kind == "opened"]
        views: dict[str, set[str]] = {}
        for event in opened:
            views.setdefault(event.thing.thing_id, set()).add(event.thing.camera_id)
        per_thing: Counter[str] = Counter()
        for group in groups:
            counts = Counter(group)
            per_thing.update(counts.keys())
            self.cases += 1
            self.joins += len(group) - 1
            self.wrong += len(group) - max(counts.values())
        self.incidents += len(opened)
        self.things += len(views)
        self.overlapping += sum(len(seen) > 1 for seen in views.values())
        self.cases_of_things += per_thing.total()


def bench_doubles(run: DoublesRun) -> str:
    """The JSON line.

    Raises:
        NotAsPromised: Fewer than 20 things were seen by two cameras.
    """
    before, tally = cpu_s(), Tally()
    for seed in run.seeds:
        for day in range(run.days):
            events = told_day(seed, day)
            tally.add(events, count_doubles(events, seed, run.wait_min))
    if tally.overlapping < LEAST_OVERLAPS:
        raise NotAsPromised(
            f"{tally.overlapping} things were seen by two cameras, {LEAST_OVERLAPS} are needed: run more days"
        )
    extra = tally.cases_of_things - tally.things
    return line(
        "doubles",
        {
            "seeds": list(run.seeds),
            "days": run.days,
            "note": "simulated; the rate on real streets is unknown",
            "doubles_joined": round(tally.cases_of_things / tally.things, 4),
            "wrong_joins": round(tally.wrong / tally.joins, 4) if tally.joins else None,
            "incidents_per_thing": round(tally.incidents / tally.things, 4),
            "n": {
                "things": tally.things,
                "seen_by_two": tally.overlapping,
                "incidents": tally.incidents,
                "cases": tally.cases,
                "extra_cases": extra,
                "joins": tally.joins,
                "wrong": tally.wrong,
            },
            "interval95": {
                "extra_cases_per_thing": rounded(wilson_bounds(extra, tally.things, TWO_SIDED_95)),
                "wrong_joins": rounded(wilson_bounds(tally.wrong, tally.joins, TWO_SIDED_95)),
            },
            "cpu_s": round(cpu_s() - before, 1),
        },
    )


def count_doubles(events: Sequence[ToldEvent], seed: int, wait_min: float = 30.0) -> list[list[str]]:
    """Send a day's events to a store of their own, judge what waits, and give each case's things.

    Args:
        events: In order of time.
        seed: Of how long each item waits.
        wait_min: An item waits up to so many minutes, evenly drawn.
    """
    things = {event.incident_id: event.thing for event in events}
    chance = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder))
        try:
            desk = _Desk(store, things, chance, wait_min * 60_000)
            for event in events:
                desk.judge_until(to_ms(clock(event.at)))
                record_events(store, [event.event]).result()
            desk.judge_until(None)
            return store.read(lambda raw: _groups(raw, things))
        finally:
            store.close()


@dataclass(slots=True)
class _Desk:
    """A person who judges every item after a while, knows what it is, and accepts the nearest proposal."""

    store: Store
    things: dict[str, ToldThing]
    chance: np.random.Generator
    wait_ms: float

    def judge_until(self, now_ms: int | None) -> None:
        """Judge what has waited long enough by a time; None: everything."""
        query = ItemQuery(OPERATOR.actor)
        items, _ = self.store.read(lambda raw: list_items(raw, query, 1000, None, 0))
        for item in sorted(items, key=lambda each: each.created_ms):
            due_ms = item.created_ms + int(self.chance.uniform(0, self.wait_ms))
            if now_ms is None or due_ms <= now_ms:
                self._judge(item, due_ms if now_ms is None else now_ms)

    def _judge(self, item: ReviewItem, at_ms: int) -> None:
        def judge(raw: Any) -> None:
            claim_item(raw, OPERATOR, item.item_id, at_ms, at_ms + HOLD_MS)
            facts = item_facts(raw, OPERATOR, item.item_id, at_ms)
            true = self.things[facts["incidents"][0]["incident"]["incident_id"]].category
            right = true if true != item.category else None
            near = facts["proposals"]
            verdict = (
                Verdict("join", case_id=near[0]["case_id"], right_category=right)
                if near
                else Verdict("file", right_category=right)
            )
            give_verdict(raw, OPERATOR, item.item_id, verdict, at_ms)

        self.store.write(judge).result()


def _groups(raw: Any, things: dict[str, ToldThing]) -> list[list[str]]:
    groups: dict[str, list[str]] = {}
    for case_id, incident_id in raw.execute(
        "SELECT case_id, source_id FROM case_sources WHERE left_ms IS NULL ORDER BY case_id, joined_ms"
    ):
        groups.setdefault(case_id, []).append(things[incident_id].thing_id)
    return list(groups.values())
