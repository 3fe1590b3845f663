"""Cases of the made-up city with their steps, as people would have worked on its incidents."""

import math
import sqlite3
import uuid
from datetime import timedelta
from typing import Any, Final

import numpy as np

from api.store import Store
from api.store.times import to_ms
from benchmarks.api_city import DAYS, DISTRICT, FIRST_DAY, SHARES, UNITS

__all__ = ["CASE_BATCH", "fill_cases"]

CASE_BATCH: Final = 5000
SEED: Final = 20260502
HOUR_MS: Final = 3_600_000
STEPS: Final = (
    ("report", None, "reported"),
    ("file", "reported", "filed"),
    ("dispatch", "filed", "dispatched"),
    ("accept", "dispatched", "handling"),
    ("handle", "handling", "handled"),
    ("check", "handled", "checking"),
    ("close", "checking", "closed"),
)


def fill_cases(store: Store, count: int, number: int) -> None:
    """Add one batch of the year's cases; the same number gives the same cases."""
    rows, steps = _batch(count, number)

    def add(connection: sqlite3.Connection) -> None:
        connection.executemany(
            "INSERT INTO cases (case_id, number, state, category, priority, lon, lat, semi_major_m, area,"
            " street, unit, reported_ms, filed_ms, dispatched_ms, due_ms, handled_ms, closed_ms)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        connection.executemany(
            "INSERT INTO case_steps (case_id, at_ms, actor, action, from_state, to_state)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            steps,
        )

    store.write(add).result()


def _batch(count: int, number: int) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    generator = np.random.default_rng((SEED, number))
    west, south, east, north = DISTRICT
    rows, steps = [], []
    for at in range(number * CASE_BATCH, min(count, (number + 1) * CASE_BATCH)):
        case_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"case {at}"))
        day = FIRST_DAY + timedelta(days=at * DAYS // count)
        times = to_ms(day) + np.cumsum(generator.exponential(5 * HOUR_MS, len(STEPS))).astype(np.int64)
        # Nine of ten are closed in the year; the others stand at any step.
        reached = len(STEPS) if generator.random() < 0.9 else int(generator.integers(1, len(STEPS)))
        done = [int(times[step]) if step < reached else None for step in range(len(STEPS))]
        street = int(generator.zipf(1.6)) % 24
        rows.append(
            (
                case_id,
                f"{day:%Y%m%d}-{at:07d}",
                STEPS[reached - 1][2],
                list(SHARES)[int(generator.choice(len(SHARES), p=list(SHARES.values())))].value,
                1 + at % 4,
                float(generator.uniform(west, east)),
                float(generator.uniform(south, north)),
                float(generator.lognormal(math.log(2.0), 0.5)),
                f"area-{street % 6}",
                f"street-{street:02d}",
                f"street-office-{street % UNITS + 1}",
                done[0],
                done[1],
                done[2],
                None if done[2] is None else done[2] + 24 * HOUR_MS,
                done[4],
                done[6],
            )
        )
        for step in range(reached):
            steps.append((case_id, done[step], "user:bench", *STEPS[step]))
    return rows, steps
