"""What things on a street look like before one is seen: bodies drawn from the sizes that such things have.

A category is a mixture of kinds, each with a range of width, depth and height; a body may be turned any way.
The ranges are those of goods on the market, with room: cargo tricycles 2.2 to 3.2 m long and 0.9 to 1.4 m
wide, hand carts 1.1 to 1.9 m, folding tables 1.2 to 1.8 m, tents 2 to 3 m, ground sheets 1 to 3 m; wheeled
bins of EN 840, 0.48 to 1.37 m wide; heaps by what one or two carts hold.
Source: docs/methods/georeference.md.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["Bodies", "bodies_of"]

F64 = NDArray[np.float64]
Range = tuple[float, float]
DRAWN = 300
"""Bodies of a category: the mean of a place over them is good to two centimetres."""
OVAL_CORNERS = 8
SIZE_SIGMA = 0.2
"""Standard deviation of a thing's size about that of a drawn body, natural logarithm ..."""
OUTSIZE_SHARE, OUTSIZE_SIGMA = 0.05, 0.8
"""... and of the few that are of a size that nobody thought of."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing: its share of the category, and ranges of its size, metres.

    Args:
        share: Of the category.
        width: Of its footprint.
        depth: Of its footprint.
        height: Of the whole.
        is_oval: Whether the footprint is an oval; otherwise it is an oblong.
        top: Share of the footprint that is left at the top, across.
    """

    share: float
    width: Range
    depth: Range
    height: Range
    is_oval: bool = False
    top: float = 1.0


HEAPS = (
    Kind(0.7, (0.6, 2.8), (0.5, 2.0), (0.2, 1.2), is_oval=True, top=0.45),
    Kind(0.3, (0.8, 3.0), (0.7, 2.2), (0.05, 0.4), is_oval=True, top=0.6),
)
KINDS = {
    "street_vendor": (
        Kind(0.34, (1.1, 1.9), (0.7, 1.2), (0.9, 2.5)),  # hand carts
        Kind(0.14, (0.9, 1.4), (2.2, 3.2), (1.0, 2.3)),  # cargo tricycles
        Kind(0.22, (1.0, 3.0), (0.6, 2.0), (0.05, 0.6)),  # sheets on the ground
        Kind(0.20, (1.2, 2.6), (0.6, 1.5), (0.8, 2.6)),  # tables and racks
        Kind(0.10, (2.0, 3.0), (1.5, 3.0), (1.8, 2.8)),  # tents, heaps of melons under a sunshade
    ),
    "garbage_pile": HEAPS,
    "construction_debris": (
        Kind(0.8, (1.0, 3.2), (0.8, 2.4), (0.3, 1.2), is_oval=True, top=0.4),
        Kind(0.2, (1.0, 3.0), (0.8, 2.0), (0.3, 1.0)),
    ),
    "overflowing_bin": (
        Kind(0.7, (0.48, 0.65), (0.53, 0.8), (0.95, 1.5)),  # 120 to 360 litres
        Kind(0.3, (1.2, 1.4), (0.75, 1.15), (1.2, 1.7)),  # 660 to 1100 litres
    ),
}
OTHER = (
    Kind(0.7, (0.3, 1.2), (0.2, 0.8), (0.2, 1.2)),
    Kind(0.3, (0.8, 3.0), (0.5, 2.0), (0.2, 2.0)),
)


@dataclass(frozen=True, slots=True, eq=False)
class Bodies:
    """Bodies of a category, turned about so that x is to the viewer's right and y away from the viewer.

    Args:
        right: (N, 2K) corners of footprints and then of tops, metres to the right of the centroid.
        away: (N, 2K) likewise, metres away from the viewer.
        up: (N, 2K) likewise, metres above the ground.
        areas: (N,) of the footprints, square metres.
    """

    right: F64
    away: F64
    up: F64
    areas: F64

    def log_prior(self, scale: F64) -> F64:
        """(N,) logarithm of how likely bodies are so many times as large as drawn; not normed."""
        square = np.log(scale) ** 2
        usual = (1 - OUTSIZE_SHARE) / SIZE_SIGMA * np.exp(-0.5 * square / SIZE_SIGMA**2)
        outsize = OUTSIZE_SHARE / OUTSIZE_SIGMA * np.exp(-0.5 * square / OUTSIZE_SIGMA**2)
        return np.asarray(np.log(usual + outsize + 1e-300))


@lru_cache(maxsize=16)
def bodies_of(category: str) -> Bodies:
    """Bodies of a category; of any other word, those of things of no known kind."""
    rng = np.random.default_rng(20260406)
    kinds = KINDS.get(category, OTHER)
    counts = [round(DRAWN * kind.share) for kind in kinds]
    drawn = [_drawn(kind, count, rng) for kind, count in zip(kinds, counts, strict=True)]
    ground, heights, areas = (np.concatenate(parts) for parts in zip(*drawn, strict=True))
    shares = np.repeat([kind.top for kind in kinds], counts)
    right, away = np.moveaxis(np.concatenate([ground, ground * shares[:, None, None]], axis=1), 2, 0)
    up = np.repeat(np.stack([np.zeros(len(heights)), heights], axis=1), OVAL_CORNERS, axis=1)
    return Bodies(np.ascontiguousarray(right), np.ascontiguousarray(away), up, areas)


def _drawn(kind: Kind, count: int, rng: np.random.Generator) -> tuple[F64, F64, F64]:
    """Corners (count, K, 2), heights and areas of a kind's bodies."""
    width, depth, height = (rng.uniform(*extent, count) for extent in (kind.width, kind.depth, kind.height))
    angles = np.arange(OVAL_CORNERS) * 2 * np.pi / OVAL_CORNERS
    if kind.is_oval:
        unit = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    else:
        # As many corners as an oval has, two at each corner.
        unit = np.repeat(np.array([(1.0, 1.0), (-1.0, 1.0), (-1.0, -1.0), (1.0, -1.0)]), 2, axis=0)
    corners = unit * np.stack([width, depth], axis=1)[:, None, :] / 2
    # Spread evenly over all turns, so that few bodies stand for every way of standing.
    turn = (rng.permutation(count) + rng.uniform(0, 1, count)) * np.pi / max(count, 1)
    sine, cosine = np.sin(turn)[:, None], np.cos(turn)[:, None]
    x, y = corners[..., 0], corners[..., 1]
    turned = np.stack([x * cosine - y * sine, x * sine + y * cosine], axis=2)
    return turned, height, width * depth * (np.pi / 4 if kind.is_oval else 1.0)
