"""The report of `streetkeeper bench truth`: one page, with a picture of every miss and every false one.

Pictures are composed when the page is made; nobody real is in them.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from numpy.typing import NDArray

from benchmarks.truth_causes import cause_of, explanations_at
from benchmarks.truth_figures import CAVEAT
from benchmarks.truth_match import DayMatch, Pair, Verdict
from benchmarks.truth_targets import TargetLine
from sample_videos.district.camera_day import ThingRecord, box_of
from sample_videos.district.day_stage import DayStage
from sample_videos.district.things import clock
from vision.types import Box

__all__ = ["Card", "cards_of", "write_truth_report"]

PICTURE_PX: Final = 520
"""Longest side of a picture in the page."""
AROUND: Final = 1.2
"""Surroundings on each side, share of the longer side of the box."""
LEAST_SIDE_PX: Final = 320.0
TRUE_COLOUR: Final = (80, 200, 60)
TOLD_COLOUR: Final = (40, 40, 230)
JPEG_QUALITY: Final = 80
MOST_TOLD: Final = 4


@dataclass(frozen=True, slots=True)
class Card:
    """One miss or one false incident, in words.

    Args:
        kind: `missed`, `false`, `double` or `wrong category`.
        title: What it is about.
        match: Its camera-day.
        at: When it is shown, world time.
        truth: Box of the true thing then, or None.
        told: Box of the incident, or None.
        lines: Facts, and the pipeline's own explanation.
    """

    kind: str
    title: str
    match: DayMatch
    at: float
    truth: Box | None
    told: Box | None
    lines: Sequence[str]


def cards_of(match: DayMatch) -> Iterator[Card]:
    """Every miss of a camera-day, and every incident that is not simply right."""
    for thing in match.missed:
        yield _missed(match, thing)
    for pair in match.pairs:
        if pair.verdict is not Verdict.MATCHED:
            yield _told(match, pair)


def write_truth_report(
    folder: Path,
    figures: Mapping[str, Any],
    targets: Sequence[TargetLine],
    matches: Sequence[DayMatch],
    open_stage_of: Any,
) -> Path:
    """Write `report.html` into a folder.

    Args:
        folder: Where to.
        figures: As `figures_of` gives them, with the run's own facts.
        targets: Lines of the table.
        matches: The camera-days.
        open_stage_of: Gives the stage of a camera-day, to compose its pictures.
    """
    cards = []
    for match in matches:
        of_day = list(cards_of(match))
        stage = open_stage_of(match.day) if of_day else None
        cards += [{"card": card, "uri": _picture(card, stage), "when": _when(card)} for card in of_day]
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("truth_report.html").render(
        figures=figures, targets=targets, cards=cards, caveat=CAVEAT
    )
    path = folder / "report.html"
    path.write_text(page, encoding="utf-8")
    return path


def _missed(match: DayMatch, thing: ThingRecord) -> Card:
    told = [
        f"{each.outcome}: {each.reason} ({_clock(each.from_t)} to {_clock(each.to_t)})"
        for each in explanations_at(match, thing)[:MOST_TOLD]
    ]
    begin, end = thing.due or thing.there
    spans = [(max(since, begin), min(until, end)) for since, until in thing.seen]
    since, until = max(spans, key=lambda span: span[1] - span[0], default=(begin, end))
    at = (since + until) / 2
    facts = [
        f"there {_clock(thing.there[0])} to {_clock(thing.there[1])}, due {_clock(begin)} to {_clock(end)}, "
        f"{thing.distance_m:.0f} m away",
        *(told or ["nothing stayed there that was noticed"]),
    ]
    return Card("missed", f"{thing.kind} ({thing.category})", match, at, box_of(thing, at), None, facts)


def _told(match: DayMatch, pair: Pair) -> Card:
    incident, thing = pair.incident, pair.thing
    facts = [
        f"{incident.category_opened}, opened {_clock(incident.opened)}, confidence {incident.confidence:.2f}",
        incident.reason,
    ]
    if thing is not None:
        facts.append(f"in truth {thing.kind} ({thing.trap or thing.category}), from {_clock(thing.there[0])}")
    kind = "false" if pair.is_false else pair.verdict.value.replace("_", " ")
    title = cause_of(match, pair) if pair.is_false or thing is None else f"{thing.kind} ({thing.category})"
    truth = box_of(thing, incident.opened) if thing is not None else None
    return Card(kind, title, match, incident.opened, truth, incident.box, facts)


def _picture(card: Card, stage: DayStage | None) -> str:
    """The card's surroundings as a data URI; empty where there is no picture of that time."""
    boxes = [box for box in (card.truth, card.told) if box is not None]
    picture = stage.picture(card.at) if stage is not None and boxes else None
    if picture is None:
        return ""
    around = _around(boxes, picture.size_wh)
    part = picture.bgr(around).copy()
    corner = int(around[0]) // 2 * 2, int(around[1]) // 2 * 2
    scale = min(1.0, PICTURE_PX / max(part.shape[:2]))
    part = np.asarray(cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    for box, colour in ((card.truth, TRUE_COLOUR), (card.told, TOLD_COLOUR)):
        if box is not None:
            _outline(part, box, corner, (scale, colour))
    _, data = cv2.imencode(".jpg", part, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return f"data:image/jpeg;base64,{base64.b64encode(data.tobytes()).decode()}"


def _outline(
    part: NDArray[np.uint8], box: Box, corner: tuple[int, int], how: tuple[float, tuple[int, int, int]]
) -> None:
    scale, colour = how
    first = round((box[0] - corner[0]) * scale), round((box[1] - corner[1]) * scale)
    last = round((box[2] - corner[0]) * scale), round((box[3] - corner[1]) * scale)
    cv2.rectangle(part, first, last, colour, 1)


def _around(boxes: Sequence[Box], size_wh: tuple[int, int]) -> Box:
    x1, y1 = min(box[0] for box in boxes), min(box[1] for box in boxes)
    x2, y2 = max(box[2] for box in boxes), max(box[3] for box in boxes)
    side = max(LEAST_SIDE_PX, (1 + 2 * AROUND) * max(x2 - x1, y2 - y1))
    middle = (x1 + x2) / 2, (y1 + y2) / 2
    left = max(0.0, min(middle[0] - side / 2, size_wh[0] - side))
    top = max(0.0, min(middle[1] - side / 2, size_wh[1] - side))
    return left, top, min(float(size_wh[0]), left + side), min(float(size_wh[1]), top + side)


def _when(card: Card) -> str:
    return f"{card.match.day.name}, {clock(card.at):%a %H:%M:%S}"


def _clock(t: float) -> str:
    """Time of day."""
    return f"{clock(t):%H:%M:%S}"
