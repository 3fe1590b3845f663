"""Which parts of a picture the mask pass looks at, and how much enlarged."""

import math
from dataclasses import dataclass

__all__ = ["Tile", "plan_tiles"]


@dataclass(frozen=True, slots=True)
class Tile:
    """One part of a picture as the detector gets it.

    Args:
        left: First column, picture pixels.
        top: First row, picture pixels.
        width: Columns, picture pixels.
        height: Rows, picture pixels.
        scale: Enlargement (> 1) or reduction (< 1) before detection.
    """

    left: int
    top: int
    width: int
    height: int
    scale: float


def plan_tiles(
    size_wh: tuple[int, int], tile_px: int, overlap: float, scales: tuple[float, ...]
) -> list[Tile]:
    """The whole picture shrunk to one tile, then tiles of `tile_px` at each of `scales`.

    Args:
        size_wh: Picture size, pixels.
        tile_px: Side of the detector's input, pixels.
        overlap: Least share of a tile that its neighbour sees too, 0..0.9; a person cut by one edge
            is whole in the neighbour when she is smaller than the overlap.
        scales: Enlargements to tile at; one at which the picture fits a tile gives a single tile.
    """
    width, height = size_wh
    whole = min(1.0, tile_px / max(width, height))
    tiles = [Tile(0, 0, width, height, whole)]
    for scale in scales:
        if scale <= whole:
            continue
        side = max(1, round(tile_px / scale))
        tiles += [
            Tile(left, top, min(side, width), min(side, height), scale)
            for top in _starts(height, side, overlap)
            for left in _starts(width, side, overlap)
        ]
    return tiles


def _starts(length: int, side: int, overlap: float) -> list[int]:
    """First pixels of tiles of `side` that cover `length`, evenly spread."""
    if side >= length:
        return [0]
    count = 1 + math.ceil((length - side) / (side * (1 - overlap)))
    return [round(index * (length - side) / (count - 1)) for index in range(count)]
