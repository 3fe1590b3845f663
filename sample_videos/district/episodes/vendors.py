"""Street vendors: outside every permitted place, and inside one, within and beyond its hours."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sample_videos.district.cameras import DistrictCamera
from sample_videos.district.catalogue import CATALOGUE
from sample_videos.district.episodes.board import Board, Look, Looks, Wish, looks_of
from sample_videos.district.episodes.hours import VENDOR_HOURS, arrivals, stay
from sample_videos.district.episodes.people import customers, standing
from sample_videos.district.layout import DISTRICT
from sample_videos.district.plan import Point
from sample_videos.district.site import CAPACITY, GRACE_S, MARKET_HOURS
from sample_videos.district.spots import spots_of
from sample_videos.district.things import Episode, Part, hour

__all__ = ["vendor_episodes"]

F64 = NDArray[np.float64]
CATEGORY = "street_vendor"
MOST_AT_ONCE = 3
"""Vendors outside permitted places in one camera's view."""
FAVOURITES = 6
RETURNS = 0.65
"""Share of stays at a favourite place, by the vendor who always comes there."""
ON_WHEELS = ("fruit_tricycle", "pancake_cart", "skewer_grill", "steamer_cart", "drinks_cart")
"""Stalls that are pushed to their place; of the others the seller comes and they are set up."""
PUSH_MPS = 0.9
COMES_FROM_M = 26.0
OVERSTAYS, EARLY = 0.12, 0.1
"""Shares of permitted vendors who stay beyond the hours, or come long before them."""


@dataclass(frozen=True, slots=True)
class Favourite:
    """A place to which the same vendor comes back."""

    place: Point
    seed: int


def vendor_episodes(board: Board, camera: DistrictCamera, rates: dict[str, float]) -> Iterator[Episode]:
    """A day's vendors in a camera's view: the permitted ones first, since their places are given."""
    yield from _permitted(board, camera, rates.get("permitted_vendor", 0.0))
    yield from _elsewhere(board, camera, rates.get("vendor", 0.0))


def _elsewhere(board: Board, camera: DistrictCamera, rate: float) -> Iterator[Episode]:
    rng, known = board.rng(camera, "vendor"), _favourites(board, camera)
    spans: list[tuple[float, float]] = []
    for number, start in enumerate(arrivals(rng, board.day, rate, VENDOR_HOURS)):
        end = stay(rng, board.day, start, 38.0, (4.0, 300.0))
        if sum(other[0] < end and start < other[1] for other in spans) >= MOST_AT_ONCE:
            continue
        wish = Wish(
            ("wall", "kerb", "open"), (start, end), keeps_out="street_vendor", strict=True, faces_walk=True
        )
        looks = looks_of("vendor")
        if known and rng.random() < RETURNS:
            favourite = known[int(rng.integers(len(known)))]
            wish, looks = replace(wish, near=favourite.place), _regular(favourite)
        stall = board.put(rng, camera, looks, wish)
        if stall is None:
            continue
        spans.append((start, end))
        yield _vendor(board, rng, camera, f"vendor-{number}", stall, (start, end))


def _permitted(board: Board, camera: DistrictCamera, rate: float) -> Iterator[Episode]:
    """Vendors on a marked pitch; no more at once than its permit allows."""
    rng = board.rng(camera, "permitted_vendor")
    for number in range(int(rng.poisson(rate))):
        opens, closes = (hour(board.day, value) for value in MARKET_HOURS[int(rng.integers(2))])
        start = float(rng.uniform(opens + 120, opens + 0.4 * (closes - opens)))
        end = float(rng.uniform(start + 1500, closes + GRACE_S[CATEGORY] - 300))
        due = None
        luck = rng.random()
        if luck < OVERSTAYS:
            end = closes + GRACE_S[CATEGORY] + float(rng.uniform(900, 5400))
            due = (closes + GRACE_S[CATEGORY], end)
        elif luck < OVERSTAYS + EARLY:
            start = opens - float(rng.uniform(900, 3000))
            due = (start, opens)
        wish = Wish(("pitch",), (start, end), (0.0, 0.0, 90.0), sway_deg=4.0, strict=True)
        stall = board.put(rng, camera, looks_of("vendor"), wish)
        if stall is None:
            continue
        pitch = _pitch_of(stall)
        others = board.permitted[pitch]
        if sum(other[0] < end and start < other[1] for other in others) >= CAPACITY.get(pitch, 2):
            continue
        others.append((start, end))
        episode = _vendor(board, rng, camera, f"permitted-{number}", stall, due)
        yield replace(episode, trap="permitted_vendor") if due is None else episode


def _vendor(
    board: Board,
    rng: np.random.Generator,
    camera: DistrictCamera,
    name: str,
    stall: Part,
    due: tuple[float, float] | None,
) -> Episode:
    """A stall with its seller, its customers, and its coming and going."""
    seller = standing(board, rng, stall, (stall.from_t, stall.to_t), "sit" if rng.random() < 0.3 else "stand")
    others = [] if seller is None else [seller, *_comings(stall, seller)]
    others += customers(board, rng, stall, float(rng.uniform(3, 12)), stall.to_t - 60)
    variant = next(each for each in CATALOGUE[stall.asset].variants if each.name == stall.variant)
    return Episode(
        f"d{board.day}-{camera.id}-{name}",
        "vendor",
        CATEGORY,
        "",
        camera.id,
        variant.split,
        (stall,),
        tuple(others),
        due,
    )


def _comings(stall: Part, seller: Part) -> Iterator[Part]:
    """The seller on the way to the place and away again, pushing the stall if it has wheels."""
    yaw = np.deg2rad(stall.yaw_deg)
    ahead, right = np.array([np.sin(yaw), np.cos(yaw)]), np.array([np.cos(yaw), -np.sin(yaw)])
    place = np.array([stall.east_m, stall.north_m])
    front = place + 1.8 * ahead
    start = front + COMES_FROM_M * right
    long_s, short_s = COMES_FROM_M / PUSH_MPS, 1.8 / PUSH_MPS
    came, left = stall.from_t, stall.to_t
    # Who pushes walks a step behind: on the way in farther out, on the way out farther in.
    walks_in = (start + 1.6 * right, front + 1.2 * right, np.array([seller.east_m, seller.north_m]))
    walks_out = (walks_in[2], front - 1.2 * right, start - 1.6 * right)
    times_in = (came - long_s - short_s, came - short_s, came)
    times_out = (left, left + short_s, left + short_s + long_s)
    yield _going(replace(seller, pose="stand"), times_in, walks_in)
    yield _going(replace(seller, pose="stand"), times_out, walks_out)
    if stall.asset in ON_WHEELS:
        yield _going(stall, times_in, (start, front, place))
        yield _going(stall, times_out, (place, front, start))


def _going(part: Part, times: Sequence[float], places: Sequence[F64]) -> Part:
    """A part on its way."""
    way = tuple((t, float(place[0]), float(place[1])) for t, place in zip(times, places, strict=True))
    return replace(part, from_t=times[0], to_t=times[-1], way=way)


def _favourites(board: Board, camera: DistrictCamera) -> list[Favourite]:
    """The same on every day."""
    rng = board.lasting_rng(camera, "favourite")
    places = spots_of(camera, ("wall", "kerb", "open")).places
    if not len(places):
        return []
    chosen = rng.choice(len(places), min(FAVOURITES, len(places)), replace=False)
    seeds = rng.integers(0, 2**31, len(chosen))
    return [
        Favourite((float(places[index, 0]), float(places[index, 1])), int(seed))
        for index, seed in zip(chosen, seeds, strict=True)
    ]


def _regular(favourite: Favourite) -> Looks:
    def draw(rng: np.random.Generator, split: str) -> Look:
        _ = rng
        return looks_of("vendor")(np.random.default_rng(favourite.seed), split)

    return draw


def _pitch_of(stall: Part) -> str:
    for strip in DISTRICT.strips:
        inside = (
            strip.west_m - 0.5 <= stall.east_m <= strip.east_m + 0.5
            and strip.south_m - 1 <= stall.north_m <= strip.north_m + 1
        )
        if strip.kind == "pitch" and inside:
            return "market" if strip.id == "plaza-pitch" else strip.id
    raise ValueError(f"no pitch at {stall.east_m:.1f}, {stall.north_m:.1f}")
