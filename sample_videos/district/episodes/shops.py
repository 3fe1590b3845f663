"""What shops put out and take in, and the building site's sand."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from sample_videos.district.cameras import DistrictCamera
from sample_videos.district.episodes.board import Board, Wish, looks_of
from sample_videos.district.episodes.hours import WORK_HOURS, arrivals, stay
from sample_videos.district.episodes.people import beside, person_look
from sample_videos.district.layout import FRONTAGES
from sample_videos.district.things import Episode, Part, hour

__all__ = ["shop_episodes"]

SITTINGS_H = ((11.0, 14.0, 1.0), (17.0, 22.0, 1.4))


def shop_episodes(board: Board, camera: DistrictCamera, rates: dict[str, float]) -> Iterator[Episode]:
    """A day's umbrellas, displays and sand heaps in a camera's view."""
    for kind, opens, closes in (
        ("cafe_umbrella", (9.5, 11.5), (20.5, 23.0)),
        ("shop_display", (7.5, 9.5), (18.5, 22.0)),
    ):
        rng = board.rng(camera, kind)
        for number in range(int(rng.poisson(rates.get(kind, 0.0)))):
            # Some are taken in at noon or in a shower, and set out again by another.
            span = (hour(board.day, rng.uniform(*opens)), hour(board.day, rng.uniform(*closes)))
            if rng.random() < 0.35:
                span = (
                    span[0] + 3600 * rng.uniform(0, 5),
                    min(span[1], span[0] + 3600 * rng.uniform(5.2, 8)),
                )
            part = board.put(
                rng, camera, looks_of(kind), Wish(("wall", "open"), span, sway_deg=4.0, strip_ids=FRONTAGES)
            )
            if part is not None:
                guests = tuple(_guests(board, rng, part)) if kind == "cafe_umbrella" else ()
                yield board.trap(camera, f"{kind}-{number}", kind, part, guests)
    yield from _sand(board, camera, rates.get("sand_in_site", 0.0))


def _guests(board: Board, rng: np.random.Generator, umbrella: Part) -> Iterator[Part]:
    """People who sit at its edge for a while."""
    for start in arrivals(rng, board.day, 4.0, SITTINGS_H):
        end = stay(rng, board.day, start, 35.0, (10.0, 100.0))
        if not umbrella.from_t < start < end < umbrella.to_t:
            continue
        look = person_look(rng, "train")
        sample = Part(look.asset, look.variant, 0, 0, 0, start, end, look.scale, look.tint_bgr, "sit")
        side = float(rng.choice([-1.0, 1.0]))
        places = [
            (beside(umbrella, 0.4, side * 0.7), umbrella.yaw_deg + 180),
            (beside(umbrella, 0.0, side * 1.8), umbrella.yaw_deg - side * 90),
        ]
        guest = board.put_beside(sample, (start, end), places)
        if guest is not None:
            yield guest


def _sand(board: Board, camera: DistrictCamera, rate: float) -> Iterator[Episode]:
    """Sand or rubble behind the hoarding: the site's own business."""
    rng = board.rng(camera, "sand_in_site")
    for number, start in enumerate(arrivals(rng, board.day, rate, WORK_HOURS)):
        end = stay(rng, board.day, start, 240.0, (30.0, 800.0))
        looks = looks_of("sand_heap" if rng.random() < 0.7 else "debris", (0.85, 1.2))
        part = board.put(rng, camera, looks, Wish(("site",), (start, end), (0.0, 90.0), strict=True))
        if part is None:
            continue
        half = start + (end - start) * float(rng.uniform(0.1, 0.5))
        small = replace(part, to_t=half, scale=round(part.scale * 0.75, 4))
        yield Episode(
            f"d{board.day}-{camera.id}-sand-{number}",
            "sand",
            "",
            "sand_in_site",
            camera.id,
            "train",
            (small, replace(part, from_t=half)),
        )
