"""Replaying the admitted looks of the look log gives the same incidents and the same memory, bit for bit."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream_workers.journal import StoreJournal
from stream_workers.sources.media import DecodedLook
from stream_workers.store import WorkerStore
from tests.support.pipelines import Rig, Row, px

THING = (150, 110, 175, 130, 30)
GARBAGE: Row = ("garbage_pile", 0.7, px(THING[:4]))
PERSON: Row = ("person", 0.8, px((140, 90, 170, 140)))
LOOKS = 60
PERSIST = 3


@dataclass
class Filmed:
    """A street whose looks can be decoded again at any time."""

    drawer: Rig = field(default_factory=Rig)

    def look(self, number: int) -> tuple[DecodedLook, tuple[Row, ...]]:
        """The look of a number, and what the detector sees in it."""
        self.drawer.number = number
        things = (THING,) if 8 <= number < 48 else ()
        if 30 <= number < 36:
            things = (*things, (140, 90, 170, 140, 220))
        rows = (GARBAGE,) if things else ()
        rows = (*rows, PERSON) if 30 <= number < 36 else rows
        gain = 0.7 if number >= 40 else 1.0
        return self.drawer.look(things=things, passers=3, gain=gain), rows


def run(store: WorkerStore, film: Filmed, numbers: list[int]) -> Rig:
    """Live: the looks of these numbers were admitted, the others were dropped by overload."""
    rig = Rig(journal=StoreJournal(store, "view", "live", PERSIST), run="live")  # type: ignore[arg-type]
    for number in numbers:
        look, rig.detector.rows = film.look(number)
        rig.pipeline.handle(look, number)
    return rig


def replay(log: list[tuple[int, float, str]], store: WorkerStore, film: Filmed) -> None:
    """Again, from the look log alone."""
    rig = Rig(journal=StoreJournal(store, "view", "live", PERSIST), run="live")  # type: ignore[arg-type]
    for number, media_s, captured_at in log:
        look, rig.detector.rows = film.look(round(media_s / 10))
        assert datetime.fromisoformat(captured_at).astimezone(UTC) == look.captured_at
        rig.pipeline.handle(look, number)


@pytest.mark.slow
@settings(deadline=None, max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10_000))
def test_a_replay_of_the_admitted_looks_gives_the_same_incidents_bit_for_bit(
    tmp_path: Path, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    admitted = [number for number in range(LOOKS) if rng.random() < 0.85]
    film = Filmed()
    (tmp_path / str(seed)).mkdir(exist_ok=True)
    first, second = (tmp_path / str(seed) / f"{name}.sqlite" for name in ("live", "again"))
    for path in (first, second):
        path.unlink(missing_ok=True)
    with WorkerStore(first) as live, WorkerStore(second) as again:
        run(live, film, admitted)
        log = live.logged_looks("view", "live")
        assert [number for number, _, _ in log] == admitted
        replay(log, again, film)
        told = [event.model_dump_json() for event in live.events("live")]
        assert [event.model_dump_json() for event in again.events("live")] == told
        assert any('"garbage_pile"' in body for body in told)
        assert again.load_view("view", "live") == live.load_view("view", "live")
        assert again.logged_looks("view", "live") == log


def test_other_looks_give_another_memory(tmp_path: Path) -> None:
    """So the test above could fail: what was not admitted matters."""
    film = Filmed()
    with WorkerStore(tmp_path / "a.sqlite") as one, WorkerStore(tmp_path / "b.sqlite") as other:
        run(one, film, list(range(20)))
        run(other, film, [number for number in range(20) if number != 12])
        assert one.load_view("view", "live") != other.load_view("view", "live")
