"""What commands choose and answer: quiet stills, and gone, still there or cannot tell."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.command import RecheckAnswer, Snapshot, Span
from stream_workers.command_kinds.pictures import choose_quiet
from stream_workers.command_kinds.recheck import answer_of
from stream_workers.command_kinds.recording import drop_files
from stream_workers.sight import NothingToShow
from stream_workers.stills import StillFile
from vision.scene.place_again import PlaceAgain

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOURS = Span(since=NOON, until=NOON + timedelta(hours=2))


def stills(count: int = 13) -> list[StillFile]:
    return [StillFile(NOON + timedelta(minutes=10 * number), Path("x.jpg"), 1) for number in range(count)]


def wanted(seed: int = 0, *busy: Span) -> Snapshot:
    return Snapshot(when="quiet", within=HOURS, busy=list(busy), seed=seed)


@given(st.integers(0, 2**40), st.lists(st.tuples(st.integers(0, 120), st.integers(0, 40)), max_size=4))
def test_a_quiet_still_shows_no_time_at_which_something_stood_there(
    seed: int, spans: list[tuple[int, int]]
) -> None:
    busy = [
        Span(since=NOON + timedelta(minutes=begin), until=NOON + timedelta(minutes=begin + length))
        for begin, length in spans
    ]
    try:
        chosen = choose_quiet(stills(), wanted(seed, *busy)).captured_at
    except NothingToShow:
        return
    assert HOURS.holds(chosen)
    shown = {chosen - timedelta(minutes=minutes) for minutes in range(11)}
    assert not any(span.holds(at) for span in busy for at in shown)


def test_the_same_seed_chooses_the_same_and_others_choose_others() -> None:
    chosen = [choose_quiet(stills(), wanted(seed)).captured_at for seed in range(40)]
    assert chosen == [choose_quiet(stills(), wanted(seed)).captured_at for seed in range(40)]
    assert len(set(chosen)) > 6


def test_without_a_quiet_still_there_is_nothing_to_show() -> None:
    with pytest.raises(NothingToShow):
        choose_quiet(stills(), wanted(0, HOURS))


GONE, THERE = PlaceAgain(1, 30, 31), PlaceAgain(30, 1, 31)
UNCLEAR, NO_STILLS = PlaceAgain(15, 16, 31), PlaceAgain(None, None, None)


@pytest.mark.parametrize(
    ("found", "again", "answer"),
    [
        ("", GONE, "gone"),
        (None, GONE, "gone"),
        ("garbage_pile", THERE, "still_there"),
        ("garbage_pile", NO_STILLS, "still_there"),
        ("garbage_pile", UNCLEAR, "still_there"),
        ("", THERE, "still_there"),
        ("garbage_pile", GONE, "cannot_tell"),
        ("", NO_STILLS, "cannot_tell"),
        ("", UNCLEAR, "cannot_tell"),
        (None, NO_STILLS, "cannot_tell"),
    ],
)
def test_an_answer_needs_evidence_and_none_against_it(
    found: str | None, again: PlaceAgain, answer: str
) -> None:
    told, why = answer_of(found, again)
    assert told is RecheckAnswer(answer)
    assert why


def test_a_drop_folder_tells_its_files_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "night.mp4").write_bytes(b"12345")
    (tmp_path / ".hidden").write_bytes(b"x")
    (tmp_path / "folder").mkdir()
    assert [(file["name"], file["size_bytes"]) for file in drop_files(tmp_path)] == [("night.mp4", 5)]
    assert drop_files(tmp_path / "none") == [] and drop_files(None) == []
