"""Vehicles that stand: parked, double-parked, with their lights on, unloading; tricycles and e-bikes."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from sample_videos.district.cameras import CAMERAS, DistrictCamera
from sample_videos.district.episodes.board import Board, Wish, block_of, looks_of
from sample_videos.district.episodes.hours import STREET_HOURS, WORK_HOURS, arrivals, stay
from sample_videos.district.episodes.people import beside, person_look
from sample_videos.district.layout import DISTRICT
from sample_videos.district.plan import Bay, Point
from sample_videos.district.spots import sees_well
from sample_videos.district.things import Episode, Part, block_en, hour

__all__ = ["bay_episodes", "vehicle_episodes"]

CARS = (("sedan", 0.68), ("van", 0.22), ("light_truck", 0.10))
IN_BAY = (("sedan", 0.85), ("van", 0.15))
NIGHT_H = (19.75, 30.5)
DAY_H = (7.0, 19.25)
"""The cars of a night leave before those of the next day come."""
DARK_H = (18.8, 23.0)
LOOP_S = 35.0
"""Mean time of one way from the van to the boxes or to the shop."""


def bay_episodes(board: Board) -> Iterator[Episode]:
    """A day of all parking bays: some cars by day, mostly one overnight."""
    for bay in DISTRICT.bays:
        # The car of the night before may still stand there.
        early = (hour(board.day, 0.0), hour(board.day, NIGHT_H[1] - 24.0))
        board.take(block_en(bay.east_m, bay.north_m, bay.yaw_deg, 2.4, bay.length_m), early)
        camera = _owner(bay)
        rng = board.rng(camera, bay.id)
        at = hour(board.day, DAY_H[0]) + float(rng.uniform(0, 5400))
        number = 0
        while at < hour(board.day, DAY_H[1]) - 1800:
            end = min(
                at + float(rng.lognormal(8.2, 0.7)), hour(board.day, DAY_H[1]) - float(rng.uniform(0, 1200))
            )
            if end - at > 240:
                yield _parked(board, rng, camera, bay, (at, end), f"{bay.id}-{number}")
                number += 1
            at = end + float(rng.exponential(1500)) + 60
        if rng.random() < 0.75:
            start = hour(board.day, NIGHT_H[0]) + float(rng.uniform(0, 7200))
            end = hour(board.day, NIGHT_H[1]) - float(rng.uniform(0, 3600))
            yield _parked(board, rng, camera, bay, (start, end), f"{bay.id}-night")


def vehicle_episodes(board: Board, camera: DistrictCamera, rates: dict[str, float]) -> Iterator[Episode]:
    """A day's vehicles outside the bays in a camera's view."""
    yield from _double_parked(board, camera, rates.get("double_parked", 0.0))
    yield from _deliveries(board, camera, rates.get("delivery", 0.0))
    yield from _lit(board, camera, rates.get("lights", 0.0))
    for kind, trap, median in (
        ("tricycle_parked", "parked_tricycle", 60.0),
        ("e_bike", "parked_e_bike", 90.0),
    ):
        rng = board.rng(camera, trap)
        for number, start in enumerate(arrivals(rng, board.day, rates.get(trap, 0.0), STREET_HOURS)):
            end = stay(rng, board.day, start, median, (6.0, 600.0))
            part = board.put(rng, camera, looks_of(kind), Wish(("kerb", "wall", "open"), (start, end)))
            if part is not None:
                yield board.trap(camera, f"{trap}-{number}", trap, part)


def _double_parked(board: Board, camera: DistrictCamera, rate: float) -> Iterator[Episode]:
    rng = board.rng(camera, "double_parked")
    for number, start in enumerate(arrivals(rng, board.day, rate, STREET_HOURS)):
        end = stay(rng, board.day, start, 14.0, (3.0, 60.0))
        part = _on_road(board, rng, camera, (start, end))
        if part is not None:
            yield board.trap(camera, f"double_parked-{number}", "double_parked", part)


def _lit(board: Board, camera: DistrictCamera, rate: float) -> Iterator[Episode]:
    """A vehicle that stands with its lights on after dusk."""
    rng = board.rng(camera, "lights")
    for number, start in enumerate(arrivals(rng, board.day, rate, ((*DARK_H, 1.0),))):
        end = stay(rng, board.day, start, 9.0, (3.0, 30.0))
        part = _on_road(board, rng, camera, (start, end)) or _tricycle(board, rng, camera, (start, end))
        if part is not None:
            yield board.trap(camera, f"lights-{number}", "headlights", replace(part, has_lights=True))


def _deliveries(board: Board, camera: DistrictCamera, rate: float) -> Iterator[Episode]:
    """Boxes stand for some minutes beside a van, and a person comes and goes between them and a door."""
    rng = board.rng(camera, "delivery")
    for number, start in enumerate(arrivals(rng, board.day, rate, WORK_HOURS)):
        end = start + float(rng.uniform(300, 1200))
        wish = Wish(("wall", "kerb", "open"), (start, end), (0.0, 90.0), sway_deg=15.0)
        boxes = board.put(rng, camera, looks_of("delivery_boxes"), wish)
        if boxes is None:
            continue
        span = (start - float(rng.uniform(40, 120)), end + float(rng.uniform(30, 120)))
        van = _vehicle_by(board, rng, camera, boxes, span)
        door = beside(boxes, -2.6, float(rng.uniform(-3, 3)))
        start_at = (van.east_m, van.north_m) if van is not None else beside(boxes, 3.0, 4.0)
        carrier = _carrier(rng, boxes, span, start_at, door)
        others = (carrier,) if van is None else (van, carrier)
        yield board.trap(camera, f"delivery-{number}", "delivery", boxes, others)


def _vehicle_by(
    board: Board, rng: np.random.Generator, camera: DistrictCamera, boxes: Part, span: tuple[float, float]
) -> Part | None:
    """A van on the road nearby, or a cargo tricycle where no road is near."""
    looks = looks_of("van" if rng.random() < 0.7 else "light_truck")
    place = (boxes.east_m, boxes.north_m)
    for reach in (4.0, 7.0, 11.0):
        wish = Wish(("road",), span, sway_deg=1.5, near=place, near_m=reach)
        van = board.put(rng, camera, looks, wish)
        if van is not None:
            return van
    wish = Wish(("kerb", "wall", "open"), span, near=place, near_m=6.0)
    return board.put(rng, camera, looks_of("tricycle_parked"), wish)


def _carrier(
    rng: np.random.Generator, boxes: Part, span: tuple[float, float], van: Point, door: Point
) -> Part:
    """A person between van, boxes and door; at the van before and after."""
    look = person_look(rng, "train")
    by = beside(boxes, 0.5, 0.0)
    stops = [van, by, door, by]
    way = [(span[0], *van)]
    at, number = span[0], 0
    while at < span[1] - 2.5 * LOOP_S:
        here, there = stops[number % 4], stops[(number + 1) % 4]
        waits = float(rng.uniform(3, LOOP_S * (1.6 if number % 4 else 0.8)))
        walks = max(1.0, float(np.hypot(there[0] - here[0], there[1] - here[1])) / 1.1)
        way += [(at + waits, *here), (at + waits + walks, *there)]
        at, number = at + waits + walks, number + 1
    last = way[-1]
    way.append((last[0] + max(1.0, float(np.hypot(van[0] - last[1], van[1] - last[2])) / 1.1), *van))
    east, north = van
    return Part(
        look.asset,
        look.variant,
        east,
        north,
        boxes.yaw_deg,
        *span,
        look.scale,
        look.tint_bgr,
        "stand",
        way=tuple(way),
    )


def _on_road(
    board: Board, rng: np.random.Generator, camera: DistrictCamera, span: tuple[float, float]
) -> Part | None:
    kind = str(rng.choice([name for name, _ in CARS], p=[share for _, share in CARS]))
    return board.put(rng, camera, looks_of(kind, (0.98, 1.02)), Wish(("road",), span, sway_deg=1.5))


def _tricycle(
    board: Board, rng: np.random.Generator, camera: DistrictCamera, span: tuple[float, float]
) -> Part | None:
    return board.put(rng, camera, looks_of("tricycle_parked"), Wish(("wall", "kerb", "open"), span))


def _parked(
    board: Board,
    rng: np.random.Generator,
    camera: DistrictCamera,
    bay: Bay,
    span: tuple[float, float],
    name: str,
) -> Episode:
    """A car in a bay, a little askew; a tricycle in a short bay."""
    if bay.length_m < 4:
        look = looks_of("tricycle_parked")(rng, "train")
    else:
        kind = str(rng.choice([kind for kind, _ in IN_BAY], p=[share for _, share in IN_BAY]))
        look = looks_of(kind, (0.98, 1.02))(rng, "train" if camera.split == "train" else "any")
    yaw = (bay.yaw_deg + rng.normal(0, 1.2) + (180.0 if rng.random() < 0.12 else 0.0)) % 360
    east, north = bay.east_m + float(rng.uniform(-0.25, 0.25)), bay.north_m + float(rng.uniform(-0.08, 0.08))
    part = Part(look.asset, look.variant, east, north, float(yaw), *span, look.scale, look.tint_bgr)
    board.take(block_of(part), span)
    return board.trap(camera, name, "parked_car", part)


def _owner(bay: Bay) -> DistrictCamera:
    """The first camera that sees a bay; any where none does."""
    place = np.array([[bay.east_m, bay.north_m]])
    return next((camera for camera in CAMERAS if sees_well(camera, place)[0]), CAMERAS[0])
