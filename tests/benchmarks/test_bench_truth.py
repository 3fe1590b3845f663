"""The bench: figures of hand-made days, verdicts on targets, and the whole way on the toy street."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks.bounds import quantile
from benchmarks.truth import TruthRun, bench_truth
from benchmarks.truth_errors import is_inside_ellipse, placed_of
from benchmarks.truth_figures import CAVEAT, figures_of
from benchmarks.truth_match import match_day
from benchmarks.truth_report import cards_of
from benchmarks.truth_targets import Met, targets_of
from sample_videos.district.camera_day import ExplainedRecord, Nudge
from sample_videos.district.day_stage import DayKey
from sample_videos.district.truth import TRAPS
from tests.benchmarks.test_bench_truth_match import ELSEWHERE, STALL, a_day, incident, thing
from tests.support.toy_stage import open_toy_stage

KEYS = (
    "seed", "camera_days", "detector", "split", "recall", "precision", "false_per_camera_day", "doubles",
    "opened_in_time", "place_median_m", "place_p95_m", "ellipse_coverage", "n", "bounds95", "exposure",
    "easy", "by_category",
)  # fmt: skip
NORTH_2M = (118.917, 31.938 + 2 / 110_870)


def figures(*days: Any) -> dict[str, Any]:
    return figures_of([match_day(day) for day in days])


def verdict(found: dict[str, Any], name: str) -> Met:
    return next(line.met for line in targets_of(found) if line.name.startswith(name))


def test_recall_precision_false_and_doubles_are_counted_by_hand() -> None:
    legal = thing(thing_id="legal", due=None, trap="permitted", boxes=[(1000.0, ELSEWHERE)])
    other = thing(thing_id="other", boxes=[(1000.0, (400.0, 100.0, 500.0, 180.0)), (5000.0, None)])
    told = [
        incident(),
        incident(incident_id="i-2", opened=2000.0),
        incident(incident_id="i-3", box=ELSEWHERE),
        incident(incident_id="i-4", box=(1000.0, 500.0, 1100.0, 600.0)),
    ]
    found = figures(a_day([thing(), other, legal], told, exposure={"permitted": 1}))
    assert found["recall"] == 0.5 and found["n"]["expected"] == 2
    assert found["precision"] == round(1 / 3, 4), "a double is not told again; two are false"
    assert found["false_per_camera_day"] == 2.0 and found["doubles"] == 2.0
    assert found["false_by_cause"] == {"permitted": 1, "nothing (street_vendor)": 1}
    assert found["by_category"]["street_vendor"]["expected"] == 2


def test_two_cameras_that_see_one_thing_are_two_things() -> None:
    one, other = a_day([thing()], [incident()]), a_day([thing()], [], camera_id="other")
    assert figures(one, other)["recall"] == 0.5 and figures(one, other)["camera_days"] == 2.0


def test_a_wrong_category_is_in_one_figure_and_not_in_the_other() -> None:
    found = figures(a_day([thing()], [incident(category="garbage_pile")]))
    assert (found["recall"], found["recall_any_category"]) == (0.0, 1.0)
    assert (found["precision"], found["precision_any_category"]) == (0.0, 1.0)
    assert found["false_per_camera_day"] == 0.0 and found["n"]["wrong_category"] == 1


@pytest.mark.parametrize(("opened", "in_time"), [(1310.0, 1.0), (1320.0, 1.0), (1320.1, 0.0), (4000.0, 0.0)])
def test_in_time_is_dwell_and_two_looks(opened: float, in_time: float) -> None:
    assert figures(a_day([thing()], [incident(opened=opened)]))["opened_in_time"] == in_time


def test_time_runs_from_the_hour_for_what_was_legal_before_and_not_at_all_for_what_was_there() -> None:
    later = thing(due=(3000.0, 5000.0))
    assert figures(a_day([later], [incident(opened=3020.0)]))["opened_in_time"] == 1.0
    assert figures(a_day([later], [incident(opened=3021.0)]))["opened_in_time"] == 0.0
    from_start = thing(there=(-500.0, 5000.0), due=(-500.0, 5000.0), seen=[(0.0, 5000.0)])
    assert figures(a_day([from_start], [incident(opened=900.0)]))["opened_in_time"] is None


def test_place_error_and_ellipse() -> None:
    placed = incident(lonlat=NORTH_2M, ellipse=(3.0, 1.0, 10.0), area_m2=4.5)
    (each,) = placed_of(match_day(a_day([thing()], [placed])))
    assert each.error_m == pytest.approx(2.0, abs=0.01) and each.is_covered
    assert each.area_error == pytest.approx(0.5)
    assert is_inside_ellipse(0.0, 2.9, (3.0, 1.0, 0.0)) and not is_inside_ellipse(1.1, 0.0, (3.0, 1.0, 0.0))
    turned = (3.0, 1.0, 45.0)
    assert is_inside_ellipse(2.0, 2.0, turned) and not is_inside_ellipse(2.0, -2.0, turned)


def test_a_quantile_is_a_value_that_was_measured() -> None:
    assert quantile([], 0.5) is None
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0 and quantile([1.0, 9.0], 0.95) == 9.0


def test_a_nudge_counts_as_noticed_within_five_looks_only() -> None:
    nudge = Nudge(at=1000.0, until=4000.0, shift_px=20.0)
    soon = figures(a_day([], [], nudges=[nudge], moved=[(1040.0, 4020.0)]))["camera_health"]
    late = figures(a_day([], [], nudges=[nudge], moved=[(1060.0, 4020.0)]))["camera_health"]
    never = figures(a_day([], [], nudges=[nudge], moved=[(8000.0, 8100.0)]))["camera_health"]
    assert (soon["noticed"], late["noticed"], never["noticed"]) == (1.0, 0.0, 0.0)
    assert soon["noticed_by_shift_px"] == {"0-3": [0, 0], "3-6": [0, 0], "6-12": [0, 0], "12-1000": [1, 1]}
    assert soon["noticed_that_matter"] == [1, 1]
    assert (soon["false"], never["false"]) == (0, 1) and never["false_per_camera_month"] == 30.0


def test_a_nudge_while_the_view_is_held_to_be_pushed_elsewhere_must_be_noticed_anew() -> None:
    first, second = Nudge(at=1000.0, until=2000.0, shift_px=4.0), Nudge(at=3000.0, until=4000.0, shift_px=9.0)
    stuck = figures(a_day([], [], nudges=[first, second], moved=[(1040.0, 4020.0)]))["camera_health"]
    assert stuck["noticed_within_5_looks"] == 1 and stuck["home_within_5_looks"] == [0, 1]
    anew = [(1040.0, 2030.0), (2030.0, 3030.0), (3030.0, 4020.0)]
    told = figures(a_day([], [], nudges=[first, second], moved=anew))["camera_health"]
    assert told["noticed_within_5_looks"] == 2 and told["home_within_5_looks"] == [1, 2]
    assert told["false"] == 0


def test_a_push_is_measured_as_on_a_picture_1280_wide() -> None:
    nudge = Nudge(at=1000.0, until=4000.0, shift_px=4.0, width_px=1920)
    health = figures(a_day([], [], nudges=[nudge], moved=[(1040.0, 4020.0)]))["camera_health"]
    assert health["noticed_by_shift_px"]["0-3"] == [1, 1] and health["noticed_that_matter"] == [0, 0]


def test_few_traps_are_marked_easy() -> None:
    many = dict.fromkeys(TRAPS, 4)
    assert not figures(a_day([], [], exposure=many))["easy"]
    assert figures(a_day([], [], exposure=many | {"sleeper": 0}))["easy"], "of each kind some"
    assert figures(a_day([], [], exposure=dict.fromkeys(TRAPS, 2)))["easy"], "and 60 in all"
    assert figures(a_day([], [], exposure=dict.fromkeys(TRAPS, 2) | {"cloud_passage": 90}))["easy"]
    assert figures(a_day([], []))["easy"]


def test_a_target_is_met_by_its_bound_and_not_by_its_point() -> None:
    boxes = [(90.0 * place, 0.0, 90.0 * place + 80, 80.0) for place in range(60)]
    good = [thing(thing_id=f"t{place}", boxes=[(1000.0, box)]) for place, box in enumerate(boxes)]
    told = [incident(incident_id=f"i{place}", box=box) for place, box in enumerate(boxes)]
    assert verdict(figures(a_day(good, told)), "recall of") is Met.MET
    assert verdict(figures(a_day(good[:20], told[:20])), "recall of") is Met.NOT_ENOUGH, "20 of 20 say little"
    assert verdict(figures(a_day(good, told[:50])), "recall of") is Met.MISSED


def test_the_rate_of_false_ones_needs_days_and_seeds() -> None:
    calm = [a_day([], [], seed=seed, day=day) for seed in range(5) for day in range(8)]
    assert verdict(figures(*calm), "false incidents") is Met.MET
    assert verdict(figures(*calm[:39]), "false incidents") is Met.NOT_ENOUGH
    wild = [incident(incident_id=f"i{place}") for place in range(6)]
    assert verdict(figures(a_day([], wild)), "false incidents") is Met.MISSED


def test_the_sleeper_is_judged_only_if_she_was_there() -> None:
    sleeper = thing(category="", due=None, trap="sleeper", is_sleeper=True)
    name = "incidents on the sleeping person"
    assert verdict(figures(a_day([sleeper], [], exposure={"sleeper": 1})), name) is Met.MET
    assert verdict(figures(a_day([], [])), name) is Met.NOT_ENOUGH
    assert verdict(figures(a_day([sleeper], [incident()], exposure={"sleeper": 1})), name) is Met.MISSED


def test_a_miss_is_shown_with_the_pipelines_own_reason() -> None:
    reason = ExplainedRecord(
        category="", outcome="claimed", reason="claimed by car", from_t=1000.0, to_t=5000.0, box=STALL
    )
    far = reason.model_copy(update={"box": ELSEWHERE, "reason": "something else"})
    (card,) = cards_of(match_day(a_day([thing()], [], explained=[far, reason])))
    assert card.kind == "missed" and any("claimed by car" in text for text in card.lines)
    assert not any("something else" in text for text in card.lines)
    (silent,) = cards_of(match_day(a_day([thing()], [])))
    assert "nothing stayed there that was noticed" in silent.lines


def test_a_false_incident_on_nothing_names_what_began_or_ended_then() -> None:
    calm = figures(a_day([], [incident(first_seen=5000.0)], conditions={"dirty lens": [(1000.0, 2000.0)]}))
    wiped = figures(a_day([], [incident(first_seen=2100.0)], conditions={"dirty lens": [(1000.0, 2000.0)]}))
    assert calm["false_by_cause"] == {"nothing (street_vendor)": 1}
    assert wiped["false_by_cause"] == {"nothing (dirty lens)": 1}


def test_a_miss_is_counted_by_what_it_was_taken_for() -> None:
    part = ExplainedRecord(
        category="", outcome="explained", reason="part of track 3", from_t=1000.0, to_t=1010.0, box=STALL
    )
    car = part.model_copy(update={"outcome": "claimed", "category": "car", "reason": "claimed by car"})
    taken = figures(a_day([thing()], [], explained=[car, part]))["missed_by_cause"]
    claimed = figures(a_day([thing()], [], explained=[car]))["missed_by_cause"]
    assert taken == {"taken in by another track": 1} and claimed == {"claimed as car": 1}
    assert figures(a_day([thing()], []))["missed_by_cause"] == {"not noticed": 1}


@pytest.mark.slow
def test_the_whole_way_prints_one_line_and_shows_every_false_one(tmp_path: Path) -> None:
    run = TruthRun([DayKey(7, 1, "cam", 0)], "oracle", tmp_path)
    line, table = bench_truth(run, open_toy_stage)
    found = json.loads(line)
    assert all(key in found for key in KEYS) and "\n" not in line
    assert found["note"] == CAVEAT and table[0] == CAVEAT
    assert found["seed"] == 7 and found["recall"] == 1.0 and found["sleeper_incidents"] == 0
    assert found["n"]["placed"] == 2 and found["place_p95_m"] < 2.0
    assert found["camera_health"]["noticed"] == 1.0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert CAVEAT.capitalize() in page
    shown = found["n"]["false"] + found["n"]["doubles"] + found["n"]["wrong_category"]
    assert len(re.findall("data:image/jpeg;base64,", page)) == shown
    assert "http" not in page.replace("http-equiv", ""), "the page asks nobody for anything"
