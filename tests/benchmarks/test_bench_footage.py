"""The footage bench: what is a hit, a miss and a false incident, on hand-made cases."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.footage import ClipVerdict, judge_clips, poisson_upper95, write_document

BAG = [100, 100, 140, 150]


def judged(tmp_path: Path, *, left: list[list[int]], boxes: list[list[int]], **clip: Any) -> ClipVerdict:
    events = [{"kind": "left_object", "box_xyxy": box} for box in left]
    facts = {"name": "a.mp4", "duration_s": 30.0, "fixed_camera": True, "events": events, **clip}
    (tmp_path / "manifest.json").write_text(json.dumps({"clips": [facts]}))
    lines = [
        {
            "type": "org.streetkeeper.incident.opened",
            "data": {
                "input": "a.mp4",
                "category": "unattended_object",
                "media_time_s": 20.0,
                "box_xyxy_px": box,
            },
        }
        for box in boxes
    ]
    (tmp_path / "events.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "explain.jsonl").write_text(json.dumps({"input": "a.mp4", "incident_id": ""}) + "\n")
    (tmp_path / "run.json").write_text(json.dumps({"inputs": [{"name": "a.mp4", "fault": ""}]}))
    (verdict,) = judge_clips(tmp_path, tmp_path / "manifest.json")
    return verdict


@pytest.mark.parametrize(
    ("left", "boxes", "hits", "false", "words"),
    [
        ([BAG], [[102, 101, 140, 150]], 1, 0, "hit, IoU 0.93"),
        ([BAG], [[300, 100, 340, 150]], 0, 1, "false, IoU 0.00"),
        ([BAG], [BAG, [300, 100, 340, 150]], 1, 1, "hit, IoU 1.00, false, IoU 0.00"),
        ([BAG], [], 0, 0, "missed: too short for the dwell"),
        ([], [], 0, 0, "right"),
        ([], [BAG], 0, 1, "false"),
    ],
)
def test_a_left_thing_is_hit_where_a_box_overlaps_it_enough(
    tmp_path: Path, left: list[list[int]], boxes: list[list[int]], hits: int, false: int, words: str
) -> None:
    verdict = judged(tmp_path, left=left, boxes=boxes)
    assert (verdict.hits, verdict.false, verdict.words, verdict.explained) == (hits, false, words, 1)


def test_the_document_counts_what_its_table_shows(tmp_path: Path) -> None:
    verdict = judged(tmp_path, left=[BAG], boxes=[BAG])
    write_document([verdict], tmp_path / "table.md")
    text = (tmp_path / "table.md").read_text()
    assert "1 clips, 30 seconds" in text and "1 of 1 left things opened, 0 false" in text
    assert "| a.mp4 | 30 | 1 | unattended_object at 20 s | hit, IoU 1.00 | 1 |" in text


@pytest.mark.parametrize(("count", "bound"), [(0, 2.996), (1, 4.744), (5, 10.513), (40, 52.07)])
def test_the_bound_is_that_of_the_tables(count: int, bound: float) -> None:
    """Source: exact Poisson limits, half the 95 % quantile of chi-square with 2 (count + 1) degrees."""
    assert poisson_upper95(count) == pytest.approx(bound, abs=0.01)
