"""What a track's checks make of it: finds and misses, hidden looks, names given late and kept long."""

import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_workers.view_state import ViewState
from vision.odds import log_odds, log_odds_of, probabilities, probability
from vision.tracks.belief import SURE, class_probability, hit_step, miss_step, weigh, weigh_name
from vision.tracks.identity import CONTEXT, FINDABLE, Kind, decide, examine
from vision.tracks.presence import Track
from vision.tracks.tracker import Tracker
from vision.types import Detections

BOX = (60.0, 60.0, 120.0, 120.0)
NAMES = (*FINDABLE, *CONTEXT, "person")
RECALL = dict.fromkeys(NAMES, 0.9)
SHARES = st.floats(0.01, 0.99)


def a_track(origin: str = "region", **changes: object) -> Track:
    fields = {"log_odds": 4.0} | changes
    return Track(1, origin, 0, 0.0, 0.0, (15, 15, 30, 30), (15, 15, 30, 30), **fields)  # type: ignore[arg-type]


def found(*rows: tuple[str, float] | tuple[str, float, tuple[float, float, float, float]]) -> Detections:
    boxes = [row[2] if len(row) == 3 else BOX for row in rows]
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array([row[1] for row in rows], np.float32),
        np.array([NAMES.index(row[0]) for row in rows], np.int64),
        NAMES,
    )


def checked(track: Track, *checks: Detections) -> Track:
    for detections in checks:
        look = track.checks
        examine(track, BOX, detections, look, 10.0 * look, RECALL)
    return track


@given(SHARES)
def test_log_odds_and_probability_undo_each_other(share: float) -> None:
    assert probability(log_odds(share)) == pytest.approx(share)
    assert probabilities(log_odds_of(np.array([share])))[0] == pytest.approx(share)


@pytest.mark.parametrize("certain", [0.0, 1.0])
def test_certainty_is_taken_as_a_rounded_number(certain: float) -> None:
    assert probability(log_odds(certain)) == pytest.approx(certain, abs=2e-6)
    assert probability(-1e9) == 0.0


@given(st.floats(0.06, SURE))
def test_after_one_find_a_track_is_what_the_box_is_with_the_boxes_own_probability(score: float) -> None:
    track = checked(a_track(), found(("garbage_pile", score)))
    assert class_probability(track, "garbage_pile") == pytest.approx(score, abs=1e-4)


@given(SHARES, SHARES, SHARES)
def test_a_surer_find_says_more_and_a_miss_least(one: float, other: float, recall: float) -> None:
    low, high = sorted((one, other))
    assert miss_step(recall) <= hit_step(low, recall) <= hit_step(high, recall)
    assert miss_step(recall) < 0


def test_missing_a_class_that_is_never_found_says_nothing() -> None:
    assert miss_step(0.0) == 0.0


@given(st.lists(st.one_of(st.none(), SHARES), min_size=1, max_size=60))
def test_a_belief_is_bounded_and_a_find_always_raises_what_a_miss_lowers(scores: list[float | None]) -> None:
    track = a_track()
    for score in scores:
        weigh(track, {} if score is None else {"garbage_pile": score}, RECALL)
        assert class_probability(track, "garbage_pile") <= SURE + 1e-9
    if "garbage_pile" not in track.evidence:
        return
    found_again, missed_again = Track.from_json(track.to_json()), Track.from_json(track.to_json())
    weigh(found_again, {"garbage_pile": SURE}, RECALL)
    weigh(missed_again, {}, RECALL)
    sure, unsure = (class_probability(one, "garbage_pile") for one in (found_again, missed_again))
    assert unsure <= sure


@given(st.integers(0, 20), st.lists(SHARES, min_size=1, max_size=5))
def test_a_class_that_is_found_late_was_missed_before(misses: int, scores: list[float]) -> None:
    late, early = a_track(), a_track()
    for _ in range(misses):
        weigh(late, {}, RECALL)
    # The same checks, of a class that was found once infinitely long ago.
    early.evidence = {"garbage_pile": 0.0}
    for _ in range(misses):
        weigh(early, {}, RECALL)
    for score in scores:
        weigh(late, {"garbage_pile": score}, RECALL)
        weigh(early, {"garbage_pile": score}, RECALL)
    assert late.evidence["garbage_pile"] == pytest.approx(early.evidence["garbage_pile"], abs=0.01)


def test_one_phantom_in_eight_checks_names_nothing() -> None:
    track = checked(a_track(), *[found()] * 6, found(("street_vendor", 0.8)), found())
    assert (track.named, decide(track).kind) == ("", Kind.UNCLAIMED)


def test_many_weak_finds_of_one_thing_are_hardly_more_than_two() -> None:
    track = checked(a_track(), *[found(("garbage_pile", 0.35))] * 40)
    assert 0.35 < class_probability(track, "garbage_pile") < 0.8


@given(st.integers(0, 10_000))
def test_things_are_named_rightly_by_a_detector_that_errs_as_the_district_says(seed: int) -> None:
    """One look in ten missed, two wrong classes in a hundred boxes, scores that tell the truth."""
    rng = np.random.default_rng(seed)
    names = []
    for _ in range(20):
        track = a_track()
        for _ in range(8):
            is_wrong = rng.random() < 0.02
            score = float(rng.beta(2, 6) if is_wrong else rng.beta(8, 1.5))
            row = ("construction_debris" if is_wrong else "garbage_pile", score)
            checked(track, found() if rng.random() < 0.1 else found(row))
        names.append(track.named)
    assert set(names) <= {"garbage_pile", ""} and names.count("garbage_pile") >= 19


def test_a_look_in_which_something_stands_in_front_counts_nothing() -> None:
    pile = found(("garbage_pile", 0.8))
    track = checked(a_track(), *[pile] * 4)
    before = class_probability(track, "garbage_pile")
    track.is_hidden = True
    checked(track, *[found(("truck", 0.9, (40.0, 40.0, 200.0, 140.0)))] * 10)
    assert class_probability(track, "garbage_pile") == before
    assert class_probability(track, "truck") == 0.0
    track.is_hidden = False
    checked(track, found())
    assert class_probability(track, "garbage_pile") < before


def test_a_thing_that_is_found_was_not_hidden_whatever_the_memory_says() -> None:
    track = checked(a_track(is_hidden=True), found(("garbage_pile", 0.8)))
    assert class_probability(track, "garbage_pile") == pytest.approx(0.8, abs=1e-4)


def test_a_known_thing_behind_a_lorry_is_hidden_and_one_that_is_the_lorry_is_not() -> None:
    track = a_track("detection")
    in_front = examine(track, BOX, found(("truck", 0.9, (20.0, 20.0, 200.0, 160.0))), 0, 0.0, RECALL)
    itself = examine(track, BOX, found(("truck", 0.9, (58.0, 62.0, 125.0, 118.0))), 1, 10.0, RECALL)
    assert (in_front.is_hidden, itself.is_hidden) == (True, False)
    assert track.named == "truck"


def test_a_name_is_given_late_and_kept_long() -> None:
    track = a_track()
    for count, (score, name) in enumerate(
        [(0.3, ""), (0.6, "garbage_pile"), (0.2, "garbage_pile"), (0.2, "garbage_pile")]
    ):
        checked(track, found(("garbage_pile", score)))
        assert track.named == name, count
    checked(track, *[found()] * 12)
    assert track.named == ""


def test_a_thing_is_not_renamed_by_a_narrow_margin() -> None:
    track = checked(a_track(), found(("garbage_pile", 0.7), ("construction_debris", 0.6)))
    checked(track, *[found(("garbage_pile", 0.7), ("construction_debris", 0.74))] * 5)
    assert track.named == "garbage_pile"
    checked(track, *[found(("construction_debris", 0.74))] * 8)
    assert track.named == "construction_debris"


def test_a_bin_that_is_emptied_is_known_anew_within_twelve_checks() -> None:
    track = checked(a_track(), *[found(("overflowing_bin", 0.9))] * 200)
    assert decide(track).name == "overflowing_bin"
    checked(track, *[found(("garbage_bin", 0.9))] * 12)
    assert decide(track).kind is Kind.CLAIMED


def test_a_class_that_explains_is_believed_sooner_than_one_of_incidents() -> None:
    assert decide(checked(a_track(), found(("car", 0.3)))).kind is Kind.CLAIMED
    assert decide(checked(a_track(), found(("garbage_pile", 0.3)))).kind is Kind.UNCLAIMED


@given(st.floats(-4, 4), st.floats(0.5, 0.94))
def test_a_confidence_is_the_probability_that_it_is_there_and_is_that(presence: float, score: float) -> None:
    track = checked(a_track(log_odds=presence), found(("garbage_pile", score)))
    assert decide(track).confidence == pytest.approx(probability(presence) * score, abs=1e-3)


def test_names_do_not_hang_on_the_order_in_which_classes_were_found() -> None:
    one, other = a_track(), a_track()
    one.evidence, other.evidence = {"car": 9.0, "truck": 9.0}, {"truck": 9.0, "car": 9.0}
    for track in (one, other):
        track.weight = 3.0
        weigh_name(track, CONTEXT)
    assert one.named == other.named


def test_a_state_of_the_version_before_is_taken_up_and_examined_anew(
    caplog: pytest.LogCaptureFixture,
) -> None:
    track = checked(
        a_track(incident={"sequence": 0, "told_at": 5.0, "body": {}}), found(("garbage_pile", 0.9))
    )
    tracker = Tracker(3, [track], 2)
    memory, facts = ViewState(tracker).pack()
    new = (
        f'"evidence":{{"garbage_pile":{track.evidence["garbage_pile"]}}},"weight":1.0,"named":"garbage_pile",'
    )
    assert new in facts
    old = facts.replace(new + '"is_hidden":false,', '"scores":{"garbage_pile":0.9},')
    old = old.replace('"settled"', '"found_as":"garbage_pile","settled"')
    with caplog.at_level(logging.WARNING):
        (taken_up,) = ViewState.unpack(memory, old, 3).tracker.tracks
    assert [record.message for record in caplog.records] == ["tracks_of_an_older_version_are_examined_anew"]
    assert (taken_up.incident, taken_up.log_odds) == (track.incident, track.log_odds)
    assert (taken_up.checks, taken_up.named, taken_up.evidence) == (0, "", {})
    caplog.clear()
    ViewState.unpack(memory, facts, 3)
    assert not caplog.records
