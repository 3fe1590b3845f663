"""Results of commands: kept over a restart, handed in after their pictures, once, and never for ever."""

import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from contracts.command import Command, CommandKind, CommandResult
from stream_workers.command_desk import CommandDesk, ResultDesk
from stream_workers.command_kinds.workbench import CommandFailed, Done, DoneLater, Errand, Workbench
from stream_workers.errors import SinkRejected, SinkUnavailable
from stream_workers.evidence import EvidenceFile
from stream_workers.sinks.client import ApiOther
from stream_workers.store import WorkerStore

SHA = "a" * 64


class FakeApi:
    """Gives the commands that it is told and takes results."""

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.results: list[tuple[str, CommandResult]] = []
        self.told = 0
        self.error: Exception | None = None
        self.lost = threading.Event()

    def take_commands(self, kinds: list[CommandKind], wait_s: float) -> list[Command]:
        taken, self.commands = self.commands, []
        return taken

    def tell_progress(self, command: Command, progress: float, note: str) -> None:
        self.told += 1
        if self.lost.is_set():
            raise ApiOther("another has it")

    def hand_in(self, command_id: str, result: CommandResult) -> None:
        if self.error is not None:
            raise self.error
        self.results.append((command_id, result))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[WorkerStore]:
    with WorkerStore(tmp_path / "w.sqlite") as opened:
        yield opened


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


def bench_of(api: FakeApi) -> Workbench:
    return cast(Workbench, SimpleNamespace(api=api, stop=threading.Event()))


def a_command(lease_s: float = 60.0) -> Command:
    return Command(
        command_id="c1",
        kind=CommandKind.SNAPSHOT,
        camera_id="gate",
        body={"when": "now"},
        token="t1",  # noqa: S106
        lease_s=lease_s,
        expires_at="2030-01-01T00:00:00Z",  # type: ignore[arg-type]
        attempt=1,
    )


def do(api: FakeApi, store: WorkerStore, doing: Any, lease_s: float = 60.0) -> None:
    api.commands = [a_command(lease_s)]
    CommandDesk({CommandKind.SNAPSHOT: doing}, bench_of(api), store.results).go_round(0.0)


def hand_in(api: FakeApi, store: WorkerStore) -> None:
    ResultDesk(store.results, bench_of(api)).hand_in(store.results.waiting())


def picture(tmp_path: Path) -> EvidenceFile:
    path = tmp_path / f"{SHA}.jpg"
    path.write_bytes(b"x")
    return EvidenceFile("still", SHA, path)


def test_a_result_waits_for_its_pictures_and_is_then_handed_in_once(
    tmp_path: Path, api: FakeApi, store: WorkerStore
) -> None:
    do(api, store, lambda errand, bench: Done({"x": 1}, [picture(tmp_path)]))
    hand_in(api, store)
    assert api.results == []
    store.spool.mark_picture(SHA, "sent", 0.0)
    hand_in(api, store)
    hand_in(api, store)
    ((command_id, result),) = api.results
    assert (command_id, result.state, result.answer, result.token) == ("c1", "done", {"x": 1}, "t1")
    assert [ref.href for ref in result.evidence] == [f"evidence/{SHA}.jpg"]


def test_a_result_whose_picture_was_refused_has_failed(
    tmp_path: Path, api: FakeApi, store: WorkerStore
) -> None:
    do(api, store, lambda errand, bench: Done({}, [picture(tmp_path)]))
    store.spool.mark_picture(SHA, "rejected", 0.0, "no")
    hand_in(api, store)
    ((_, result),) = api.results
    assert result.state == "failed" and not result.evidence


def test_what_cannot_be_done_is_handed_in_with_its_reason_and_what_can_be_later_is_not(
    api: FakeApi, store: WorkerStore
) -> None:
    def fails(errand: Errand, bench: Workbench) -> Done:
        raise CommandFailed("there is no plane")

    def later(errand: Errand, bench: Workbench) -> Done:
        raise DoneLater("the mask pass was busy")

    do(api, store, later)
    assert store.results.waiting() == []
    do(api, store, fails)
    hand_in(api, store)
    ((_, result),) = api.results
    assert (result.state, result.reason) == ("failed", "there is no plane")


def test_results_stay_while_the_api_is_away_and_over_a_restart(tmp_path: Path, api: FakeApi) -> None:
    with WorkerStore(tmp_path / "again.sqlite") as first:
        do(api, first, lambda errand, bench: Done({"x": 1}))
        api.error = SinkUnavailable("away")
        with pytest.raises(SinkUnavailable):
            hand_in(api, first)
    api.error = None
    with WorkerStore(tmp_path / "again.sqlite") as second:
        hand_in(api, second)
    assert [result.answer for _, result in api.results] == [{"x": 1}]


@pytest.mark.parametrize("error", [ApiOther("another did it"), SinkRejected("never")])
def test_a_result_that_nobody_wants_is_forgotten(api: FakeApi, store: WorkerStore, error: Exception) -> None:
    do(api, store, lambda errand, bench: Done({}))
    api.error = error
    hand_in(api, store)
    assert store.results.waiting() == []


def test_the_api_hears_that_a_command_is_being_done_and_a_lost_one_is_told_to_whoever_does_it(
    api: FakeApi, store: WorkerStore
) -> None:
    heard: list[bool] = []

    def doing(errand: Errand, bench: Workbench) -> Done:
        while api.told < 3:
            errand.is_over.wait(0.01)
        api.lost.set()
        heard.append(errand.is_over.wait(20))
        return Done({})

    do(api, store, doing, lease_s=0.04)
    assert heard == [True]


def test_after_the_end_has_begun_no_command_is_begun(api: FakeApi, store: WorkerStore) -> None:
    bench = bench_of(api)
    bench.stop.set()
    api.commands = [a_command()]
    begun: list[Errand] = []

    def doing(errand: Errand, bench: Workbench) -> Done:
        begun.append(errand)
        return Done({})

    CommandDesk({CommandKind.SNAPSHOT: doing}, bench, store.results).go_round(0.0)
    assert begun == []
