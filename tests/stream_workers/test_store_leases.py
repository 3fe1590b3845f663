"""Leases: one camera, one worker; whoever comes too late keeps nothing."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from stream_workers.errors import LeaseLost
from stream_workers.leases import Lease, LeaseBook
from stream_workers.store import WorkerStore
from tests.support.look_commits import VIEW, a_look, an_event

ROOT = Path(__file__).parents[2]
LEASE_S = 30.0


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def store(tmp_path: Path) -> Iterator[WorkerStore]:
    with WorkerStore(tmp_path / "w.sqlite") as opened:
        yield opened


def book(store: WorkerStore, name: str, clock: Clock) -> LeaseBook:
    return LeaseBook(store.database, LEASE_S, name, clock)


def held(found: Lease | str) -> Lease:
    assert isinstance(found, Lease), found
    return found


def test_a_second_worker_waits_and_hears_who_has_the_camera(store: WorkerStore) -> None:
    clock = Clock()
    held(book(store, "first", clock).acquire("market"))
    assert book(store, "second", clock).acquire("market") == "first"
    held(book(store, "second", clock).acquire("gate"))


def test_a_lease_that_is_renewed_never_runs_out(store: WorkerStore) -> None:
    clock = Clock()
    first, second = book(store, "first", clock), book(store, "second", clock)
    held(first.acquire("market"))
    for _ in range(20):
        clock.now_s += LEASE_S / 3
        assert first.renew() == []
        assert second.acquire("market") == "first"


def test_what_a_killed_worker_held_is_taken_over_after_the_lease_ran_out(store: WorkerStore) -> None:
    clock = Clock()
    old = held(book(store, "killed", clock).acquire("market"))
    clock.now_s += LEASE_S + 0.1
    new = held(book(store, "second", clock).acquire("market"))
    assert new.fence > old.fence


def test_a_lease_given_back_is_free_at_once(store: WorkerStore) -> None:
    clock = Clock()
    first = book(store, "first", clock)
    first.release(held(first.acquire("market")))
    held(book(store, "second", clock).acquire("market"))


def test_who_lost_the_lease_hears_it_and_keeps_nothing(store: WorkerStore) -> None:
    clock = Clock()
    first, second = book(store, "first", clock), book(store, "second", clock)
    old = held(first.acquire("market"))
    clock.now_s += LEASE_S + 0.1
    new = held(second.acquire("market"))
    with pytest.raises(LeaseLost, match="watched by second"):
        store.commit_look(a_look(1, [an_event()], lease=old))
    assert store.load_view(VIEW, "live") is None
    assert store.spool.counts().pending == 0
    assert first.renew() == ["market"]
    assert first.renew() == []
    store.commit_look(a_look(1, [an_event()], lease=new))


def test_a_thread_that_was_given_up_keeps_nothing_but_its_successor_does(store: WorkerStore) -> None:
    only = book(store, "worker", Clock())
    stuck = held(only.acquire("market"))
    only.renounce("market")
    successor = held(only.acquire("market"))
    with pytest.raises(LeaseLost):
        store.commit_look(a_look(1, lease=stuck))
    store.commit_look(a_look(1, lease=successor))
    assert only.renew() == []


@given(set_by_s=st.floats(-1e6, 1e6))
def test_a_clock_that_is_set_locks_nobody_out_for_longer_than_two_leases(set_by_s: float) -> None:
    clock = Clock()
    with WorkerStore(Path(":memory:")) as store:
        held(book(store, "killed", clock).acquire("market"))
        clock.now_s += set_by_s
        second = book(store, "second", clock)
        for _ in range(5):
            if isinstance(second.acquire("market"), Lease):
                return
            clock.now_s += LEASE_S / 2
        pytest.fail("the camera stays unwatched")


class Fight(RuleBasedStateMachine):
    """Any interleaving of workers: only the newest holder ever commits."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.store = WorkerStore(Path(":memory:"))
        self.books = [book(self.store, name, self.clock) for name in ("a", "b", "c")]
        self.leases: dict[int, Lease] = {}
        self.newest = -1
        self.looks = 0

    def teardown(self) -> None:
        self.store.close()

    @rule(who=st.integers(0, 2))
    def acquires(self, who: int) -> None:
        found = self.books[who].acquire("market")
        if isinstance(found, Lease):
            self.leases[who] = found
            self.newest = who

    @rule(seconds=st.floats(-10, 40))
    def time_goes_on(self, seconds: float) -> None:
        self.clock.now_s += seconds

    @rule(who=st.integers(0, 2))
    def renews(self, who: int) -> None:
        self.books[who].renew()

    @precondition(lambda self: self.leases)
    @rule(who=st.integers(0, 2))
    def commits(self, who: int) -> None:
        if who not in self.leases:
            return
        try:
            self.store.commit_look(a_look(self.looks + 1, lease=self.leases[who]))
        except LeaseLost:
            assert who != self.newest
        else:
            assert who == self.newest
            self.looks += 1

    @invariant()
    def every_committed_look_is_there(self) -> None:
        stored = self.store.load_view(VIEW, "live")
        assert (stored.look if stored else 0) == self.looks


TestFight = Fight.TestCase


@contextmanager
def fighter(path: Path, lease_s: float) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.support.lease_fighter", str(path), str(lease_s)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def until(process: subprocess.Popen[str], word: str) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(word):
            return line.strip()
    raise AssertionError(f"the process never said {word!r}")


@pytest.mark.slow
def test_a_second_process_takes_over_from_a_killed_one_and_goes_on_with_its_looks(tmp_path: Path) -> None:
    path = tmp_path / "w.sqlite"
    with ExitStack() as running:
        first = running.enter_context(fighter(path, 2.0))
        until(first, "look 3")
        second = running.enter_context(fighter(path, 2.0))
        until(second, "waits")
        first.kill()
        assert until(second, "holds") == "holds 2"
        until(second, "look")
        until(second, "look")
    with WorkerStore(path) as store:
        stored = store.load_view(VIEW, "live")
        assert stored is not None
        assert [look for look, _, _ in store.logged_looks(VIEW, "live")] == list(range(1, stored.look + 1))
        assert store.spool.counts().pending == stored.look


@pytest.mark.slow
def test_a_process_that_slept_through_its_lease_keeps_nothing_when_it_wakes(tmp_path: Path) -> None:
    path = tmp_path / "w.sqlite"
    with ExitStack() as running:
        first = running.enter_context(fighter(path, 2.0))
        until(first, "look 3")
        os.kill(first.pid, signal.SIGSTOP)
        second = running.enter_context(fighter(path, 2.0))
        until(second, "holds")
        until(second, "look")
        os.kill(first.pid, signal.SIGCONT)
        until(first, "lost")
        until(first, "waits")
        until(second, "look")
    with WorkerStore(path) as store:
        stored = store.load_view(VIEW, "live")
        assert stored is not None
        assert store.spool.counts().pending == stored.look
