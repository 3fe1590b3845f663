"""A month of the sample district's cases, made through the functions that the case API itself runs on.

People and things are drawn from a seed; every report, verdict and step of a case goes through the API's
store with its checks, at a simulated time. Nothing is measured here: it shows what becomes of a month.
"""

import heapq
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np

from api.callers import Caller
from api.duty.keeping import keep_months, remind
from api.duty.months import Month
from api.lifecycle import Action
from api.roles import Role
from api.store import Store
from api.store.cases.acting import CaseRequest, act
from api.store.cases.queue import claim_item
from api.store.cases.reports import Report, keep_report
from api.store.cases.verdicts import Verdict, give_verdict
from api.store.configuration import NewConfig, add_config
from api.store.events import record_events
from api.store.times import from_ms
from contracts.event import parse_event
from contracts.responsibility import Limit, LimitUnit, ResponsibilityDocument
from contracts.routing import limit_of
from sample_videos.district.cameras import CAMERAS
from sample_videos.district.case_spots import SPOTS, Spot
from sample_videos.district.plan import FRAME

__all__ = ["MonthMade", "make_month"]

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
OPERATOR = Caller("user:operator", "operator", Role.OPERATOR)
DISPATCHER = Caller("user:dispatcher", "dispatcher", Role.DISPATCHER)
REASONS = ("not_there", "wrong_class", "permitted", "duplicate")
"""Of rejections."""
UNIT_HOURS = {
    LimitUnit.URGENT_HOUR: 1.0,
    LimitUnit.WORK_HOUR: 2.0,
    LimitUnit.WORK_DAY: 28.0,
    LimitUnit.NATURAL_DAY: 24.0,
}
"""Real hours that one of the unit takes as a rule: for drawing how long units need."""


@dataclass(slots=True)
class MonthMade:
    """What was made: reports taken, items judged, steps taken, messages told."""

    reports: int = 0
    judged: int = 0
    steps: int = 0
    messages: int = 0


@dataclass(slots=True)
class _Town:
    """Who does what when, as a queue of moments."""

    store: Store
    rng: np.random.Generator
    duty: ResponsibilityDocument
    month: Month
    made: MonthMade = field(default_factory=MonthMade)
    queue: list[tuple[int, int, Callable[[int], object]]] = field(default_factory=list)
    count: int = 0

    def at(self, at_ms: float, act: Callable[[int], object]) -> None:
        """Let something happen at a moment."""
        self.count += 1
        heapq.heappush(self.queue, (round(at_ms), self.count, act))

    def run(self) -> None:
        """Let everything happen in order."""
        while self.queue:
            at_ms, _, act = heapq.heappop(self.queue)
            act(at_ms)


def make_month(store: Store, month: Month, site_text: str, duty_text: str, seed: int) -> MonthMade:
    """A month of cases in an empty store, and the figures of the month kept at its cut-off.

    Args:
        store: Where everything is kept.
        month: Which month.
        site_text: The site, as it is imported.
        duty_text: The responsibility document, likewise.
        seed: Draws everything.
    """
    duty = _configure(store, month, site_text, duty_text)
    town = _Town(store, np.random.default_rng(seed), duty, month)
    for camera in CAMERAS:
        _watch(town, camera.id)
    for spot in SPOTS:
        for at_ms in _appearances(town, spot):
            town.at(at_ms, lambda now, spot=spot: _appear(town, spot, now))  # type: ignore[misc]
    for at_ms in range(month.start_ms, month.cutoff_ms, 2 * HOUR):
        town.at(at_ms, lambda now: _remind(town, now))
    town.run()
    keep_months(store, month.cutoff_ms)
    return town.made


def _configure(store: Store, month: Month, site_text: str, duty_text: str) -> ResponsibilityDocument:
    from api.configuration import responsibility_of

    for kind, text in (("site", site_text), ("responsibility", duty_text)):
        new = NewConfig(kind, text, "", "user:administrator", "the month begins")
        store.write(
            lambda raw, new=new: add_config(raw, new, base=None, changes=1, at_ms=month.start_ms - DAY)  # type: ignore[misc]
        ).result()
    duty = responsibility_of(store)
    if duty is None:
        raise ValueError("the responsibility document was not kept")
    return duty


def _watch(town: _Town, camera_id: str) -> None:
    """Health over the month: each camera is away for some hours or days."""
    away_ms = town.month.start_ms + town.rng.random() * 25 * DAY
    told = [(town.month.start_ms - HOUR, "ok"), (away_ms, "offline")]
    told.append((away_ms + town.rng.uniform(2, 60) * HOUR, "ok"))
    for sequence, (at_ms, state) in enumerate(told):
        at = from_ms(round(at_ms)).isoformat()
        event = parse_event(
            {
                "id": f"{camera_id}:{sequence}",
                "source": f"/views/{camera_id}",
                "subject": camera_id,
                "time": at,
                "sequence": sequence,
                "type": "org.streetkeeper.camera.health",
                "data": {
                    "view_id": camera_id,
                    "camera_id": camera_id,
                    "state": state,
                    "since": at,
                    "site_version": "1",
                },
            }
        )
        record_events(town.store, [event]).result()


def _appearances(town: _Town, spot: Spot) -> Iterator[float]:
    """Moments at which somebody tells of a spot: some a day, around its hour."""
    for day in range(round((town.month.end_ms - town.month.start_ms) / DAY)):
        midnight = town.month.start_ms + day * DAY
        count = int(spot.a_day) + (town.rng.random() < spot.a_day % 1)
        for _ in range(count):
            hour = min(23.9, max(0.1, town.rng.normal(spot.hour, 1.6)))
            yield midnight + hour * HOUR


def _appear(town: _Town, spot: Spot, now: int) -> None:
    """A report is taken; an operator judges it at the next hour of work."""
    rng = town.rng
    place = FRAME.to_lonlat(
        np.array([[spot.east + rng.normal(0, spot.spread_m), spot.north + rng.normal(0, spot.spread_m)]])
    )
    lonlat = (round(float(place[0, 0]), 7), round(float(place[0, 1]), 7))
    kind = "staff" if rng.random() < 0.7 else "citizen"
    report = Report(kind, spot.category, lonlat, 4.0, "", now - 5 * MINUTE)
    kept = town.store.write(lambda raw: keep_report(raw, OPERATOR, report, now)).result()
    town.made.reports += 1
    if kept.case is None:
        return
    case_id = kept.case.case_id
    town.at(
        _in_the_day(now + rng.uniform(5, 90) * MINUTE), lambda at: _judge(town, kept.report_id, case_id, at)
    )


def _in_the_day(at_ms: float) -> float:
    """The moment itself, or seven in the morning where it lies in the night."""
    local = from_ms(round(at_ms)).astimezone(ZoneInfo("Asia/Shanghai"))
    if 7 <= local.hour < 22:
        return at_ms
    morning = local.replace(hour=7, minute=10) + timedelta(days=int(local.hour >= 22))
    return morning.timestamp() * 1000


def _judge(town: _Town, report_id: str, case_id: str, now: int) -> None:
    is_filed = town.rng.random() < 0.86
    verdict = (
        Verdict("file")
        if is_filed
        else Verdict("reject", reason=REASONS[int(town.rng.integers(len(REASONS)))])
    )

    def judge(raw: sqlite3.Connection) -> None:
        (item_id,) = raw.execute(
            "SELECT item_id FROM review_sources WHERE kind = 'report' AND source_id = ?", (report_id,)
        ).fetchone()
        claim_item(raw, OPERATOR, item_id, now, now + 10 * MINUTE)
        give_verdict(raw, OPERATOR, item_id, verdict, now)

    town.store.write(judge).result()
    town.made.judged += 1
    if is_filed:
        town.at(_in_the_day(now + town.rng.uniform(5, 40) * MINUTE), lambda at: _dispatch(town, case_id, at))


def _take(town: _Town, caller: Caller, case_id: str, action: Action, now: int, **wish: object) -> str:
    """Take a step; gives the unit that leads after it."""
    request = CaseRequest(**wish)  # type: ignore[arg-type]
    case = town.store.write(lambda raw: act(raw, caller, case_id, action, request, now)).result()
    town.made.steps += 1
    return case.unit or ""


def _dispatch(town: _Town, case_id: str, now: int) -> None:
    unit = _take(town, DISPATCHER, case_id, Action.DISPATCH, now)
    (category, priority) = town.store.read(
        lambda raw: raw.execute(
            "SELECT category, priority FROM cases WHERE case_id = ?", (case_id,)
        ).fetchone()
    )
    limit = limit_of(town.duty, category, priority) or Limit(value=1, unit=LimitUnit.WORK_DAY)
    needs_ms = limit.value * UNIT_HOURS[limit.unit] * HOUR * town.rng.lognormal(-0.55, 0.6)
    member = Caller(f"user:{unit}", unit, Role.UNIT, unit=unit)
    luck = town.rng.random()
    if luck < 0.04:
        town.at(now + HOUR, lambda at: _return(town, member, case_id, at))
        return
    if luck < 0.07:
        town.at(now + 0.2 * needs_ms, lambda at: _suspend(town, case_id, at))
        needs_ms += 4 * DAY
    elif luck < 0.12:
        half = Limit(value=limit.value / 2, unit=limit.unit)
        town.at(now + 0.1 * needs_ms, lambda at: _extend(town, case_id, half, at))
    elif luck > 0.97:
        needs_ms += 15 * DAY  # forgotten
    town.at(now + 0.05 * needs_ms, lambda at: _take(town, member, case_id, Action.ACCEPT, at))
    town.at(_in_the_day(now + needs_ms), lambda at: _handle(town, member, case_id, at))


def _extend(town: _Town, case_id: str, limit: Limit, now: int) -> None:
    _take(town, DISPATCHER, case_id, Action.EXTEND, now, reason="the lorry is away", limit=limit)


def _return(town: _Town, member: Caller, case_id: str, now: int) -> None:
    _take(town, member, case_id, Action.RETURN, now, reason="not ours")
    town.at(now + HOUR, lambda at: _dispatch(town, case_id, at))


def _suspend(town: _Town, case_id: str, now: int) -> None:
    _take(town, DISPATCHER, case_id, Action.SUSPEND, now, reason="access is blocked")
    town.at(now + 4 * DAY - HOUR, lambda at: _take(town, DISPATCHER, case_id, Action.RESUME, at))


def _handle(town: _Town, member: Caller, case_id: str, now: int) -> None:
    _take(town, member, case_id, Action.HANDLE, now)
    town.at(
        _in_the_day(now + town.rng.uniform(10, 120) * MINUTE), lambda at: _check(town, member, case_id, at)
    )


def _check(town: _Town, member: Caller, case_id: str, now: int) -> None:
    if town.rng.random() < 0.07:
        _take(town, DISPATCHER, case_id, Action.REWORK, now, reason="some of it is still there")
        town.at(_in_the_day(now + 3 * HOUR), lambda at: _handle(town, member, case_id, at))
    else:
        _take(town, DISPATCHER, case_id, Action.CLOSE, now)


def _remind(town: _Town, now: int) -> None:
    town.made.messages += remind(town.store, now)
