"""The numbers of the sample district: `DISTRICT`, the only plan there is.

West to east runs the long street (carriageway 9 m, with a parking strip along its north kerb), south to
north the cross street (7 m) from a bridge over the canal. Each footway is cut into three bands: the kerb
band and the wall band, where things are put, and a band to walk in between, so that nobody walks through
a stall.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from sample_videos.district.plan import (
    Bay,
    Building,
    Fixture,
    Ground,
    Hoarding,
    Lamp,
    Path,
    Plan,
    PlanZone,
    Point,
    Strip,
    Style,
    Tree,
)

__all__ = ["DISTRICT", "FRONTAGES", "REACH_M"]

REACH_M: Final = 110.0
"""So far the long street goes on to both sides, the cross street to 85."""
HOARDING_M = 2.1
MARGIN_M = 1.2
"""Permitted zones are drawn so much wider than the marks on the ground."""


def rect(west: float, south: float, east: float, north: float) -> tuple[Point, ...]:
    """Corners of a rectangle, counter-clockwise from the south-west."""
    return ((west, south), (east, south), (east, north), (west, north))


FRONTAGES: Final = (
    "n-wall-west", "n-wall-east", "s-wall-west", "s-wall-east", "x-wall-nw", "x-wall-sw", "lane-s", "canal-n",
    "plaza-front", "plaza-back",
)  # fmt: skip
"""Strips before shops and cafes, which put umbrellas and goods out on them."""
# Edge of a `rect` that looks to ...
SOUTH, EAST, NORTH, WEST = 0, 1, 2, 3


def _row(
    name: str,
    style: Style,
    west: float,
    band: tuple[float, float],
    houses: Sequence[tuple[float, int]],
    *fronts: int,
) -> Iterator[Building]:
    """Houses side by side from `west` on: (width, storeys) each; a negative width is a gap."""
    south, north = band
    for number, (width, storeys) in enumerate(houses):
        if width > 0:
            ground_floor, floor = (3.9, 3.1) if style == "shop" else (3.0, 2.9)
            height = ground_floor + floor * (storeys - 1) + 0.6
            yield Building(
                f"{name}-{number + 1}",
                style,
                rect(west, south, west + width, north),
                round(height, 2),
                storeys,
                fronts,
                (number * 5 + len(name)) % 6,
            )
        west += abs(width)


def _buildings() -> Iterator[Building]:
    shops = [(15, 3), (11, 2), (13, 4), (9, 2), (-4, 0), (14, 5), (10, 3), (12, 3), (10, 2), (14, 4)]
    yield from _row("shops-nw", "shop", -110, (9.5, 24.0), shops, SOUTH, NORTH)
    shops = [(12, 2), (14, 3), (10, 2), (15, 4), (9, 3), (13, 3), (-4, 0), (12, 2), (11, 3), (12, 5)]
    yield from _row("shops-sw", "shop", -110, (-24.0, -9.5), shops, NORTH)
    yield from _row("shops-ne", "shop", 43, (9.5, 24.0), [(11, 3), (13, 2), (10, 4), (12, 3), (21, 5)], SOUTH)
    yield from _row("shops-se", "shop", 63, (-24.0, -9.5), [(12, 3), (11, 2), (24, 4)], NORTH)
    houses = [(16, 5), (13, 4), (15, 6), (12, 3), (-7, 0), (14, 5), (11, 4), (12, 4), (11, 3)]
    yield from _row("houses-n", "house", -110, (33.0, 46.0), houses, SOUTH)
    houses = [(18, 5), (14, 4), (-3, 0), (16, 6), (15, 4), (14, 5), (16, 4)]
    yield from _row("houses-s", "house", -110, (-45.5, -28.0), houses, SOUTH)
    yield Building("market-hall", "hall", rect(18.0, 27.0, 42.0, 44.0), 8.2, 2, (SOUTH, WEST), 3)
    yield Building("kiosk", "hut", rect(39.2, 21.5, 42.0, 25.0), 2.9, 1, (SOUTH, WEST), 4)
    yield Building("site-shell", "shell", rect(34.0, -41.0, 56.0, -22.0), 10.4, 3, (NORTH, WEST), 2)
    yield Building("site-hut", "hut", rect(20.5, -45.0, 26.5, -42.0), 2.7, 1, (NORTH,), 1)
    yield from _row("north-e", "house", 44, (30.0, 46.0), [(14, 4), (15, 5), (16, 4)], SOUTH, WEST)
    yield from _backdrop()


def _backdrop() -> Iterator[Building]:
    yield Building("end-west", "backdrop", rect(-126.0, -24.0, -114.0, 24.0), 15.5, 5, (EAST,), 1)
    yield Building("end-east", "backdrop", rect(114.0, -24.0, 126.0, 24.0), 18.6, 6, (WEST,), 0)
    yield Building("end-lane", "backdrop", rect(-126.0, 25.0, -114.0, 46.0), 12.0, 4, (EAST,), 5)
    yield Building("end-north", "backdrop", rect(-6.0, 88.0, 28.0, 98.0), 15.0, 5, (SOUTH,), 2)
    yield Building("end-south", "backdrop", rect(-8.0, -98.0, 28.0, -88.0), 15.0, 5, (NORTH,), 4)
    yield Building("end-canal", "backdrop", rect(-126.0, -64.0, -114.0, -46.0), 9.0, 3, (EAST,), 3)
    yield from _row(
        "bank-s", "backdrop", -110, (-80.0, -68.0), [(20, 5), (24, 6), (-6, 0), (22, 5), (26, 4)], NORTH
    )
    yield from _row("bank-se", "backdrop", 24, (-80.0, -68.0), [(24, 5), (26, 6)], NORTH)
    yield from _row("nn-w", "backdrop", -40, (56.0, 70.0), [(18, 6), (22, 5)], SOUTH, EAST)
    yield from _row("nn-e", "backdrop", 20, (56.0, 70.0), [(18, 5), (22, 6)], SOUTH, WEST)


def _grounds() -> Iterator[Ground]:
    yield Ground("soil", "yard", rect(-130, -100, 130, 100))
    yield Ground("long-street", "carriageway", rect(-113, -4.5, 113, 4.5))
    yield Ground("cross-street", "carriageway", rect(6.5, -87, 13.5, 87))
    yield Ground("walk-n-west", "footway", rect(-113, 4.5, 6.5, 9.5))
    yield Ground("walk-n-east", "footway", rect(13.5, 4.5, 113, 9.5))
    yield Ground("walk-s-west", "footway", rect(-113, -9.5, 6.5, -4.5))
    yield Ground("walk-s-east", "footway", rect(13.5, -9.5, 113, -4.5))
    yield Ground("walk-w-north", "footway", rect(2.0, 9.5, 6.5, 87))
    yield Ground("walk-e-north", "footway", rect(13.5, 9.5, 18.0, 87))
    yield Ground("walk-w-south", "footway", rect(2.0, -87, 6.5, -9.5))
    yield Ground("walk-e-south", "footway", rect(13.5, -87, 18.0, -9.5))
    yield Ground("plaza", "plaza", rect(18.0, 9.5, 42.0, 27.0))
    yield Ground("lane", "lane", rect(-113, 25.5, 2.0, 32.5))
    yield Ground("canal-path", "canal_path", rect(-113, -53.0, 2.0, -46.5))
    yield Ground("canal-w", "water", rect(-113, -63.0, 2.0, -53.0), -1.6)
    yield Ground("canal-e", "water", rect(18.0, -63.0, 113, -53.0), -1.6)
    yield Ground("site", "site_ground", rect(18.6, -46.0, 62.0, -10.2))
    yield Ground("waste-slab", "waste_slab", rect(-9.0, -36.0, 2.0, -26.5))
    yield Ground("park", "park", rect(-12.0, -46.5, 2.0, -36.0))


def _hoardings() -> Iterator[Hoarding]:
    yield Hoarding(
        "site-hoarding",
        ((62.0, -10.0), (18.3, -10.0), (18.3, -46.0), (62.0, -46.0), (62.0, -10.0)),
        HOARDING_M,
        (((18.3, -20.0), (18.3, -27.0)), ((36.0, -10.0), (41.0, -10.0))),
    )
    # A house of the lane is rebuilt: its plot stands open behind a fence.
    yield Hoarding("lane-hoarding", ((-54.0, 33.2), (-47.0, 33.2)), 1.8, (((-51.6, 33.2), (-49.4, 33.2)),))


def _trees() -> Iterator[Tree]:
    places = [
        (-66.0, -5.4, 2.2, 6.8), (-47.0, -5.4, 2.0, 6.2), (-27.5, -5.4, 2.3, 7.0), (-2.0, -5.4, 2.0, 6.0),
        (-57.0, 5.3, 2.0, 6.4), (-36.0, 5.3, 1.8, 5.8), (57.0, 5.3, 2.1, 6.6), (74.0, 5.3, 2.2, 6.6),
        (51.0, -5.4, 1.9, 6.0), (70.0, -5.4, 2.2, 6.5), (92.0, 5.3, 2.3, 7.0), (-82.0, 5.3, 2.3, 7.0),
        (15.0, 34.0, 2.0, 6.2), (4.9, 44.0, 2.1, 6.6), (15.0, 52.0, 2.1, 6.6), (40.5, 11.0, 2.3, 6.8),
        (40.8, 19.5, 1.8, 5.6), (-63.0, -47.2, 2.2, 7.2), (-47.0, -52.4, 1.7, 5.6), (-31.0, -47.2, 2.2, 7.0),
        (-18.0, -52.4, 1.6, 5.2), (-78.0, -52.4, 2.2, 7.0), (-9.0, -42.5, 2.2, 7.0), (-10.5, -38.5, 2.2, 6.6),
        (0.4, -39.0, 1.6, 5.6), (5.0, -40.0, 1.9, 6.0), (-11.5, -25.5, 2.0, 6.0), (-44.0, 44.0, 2.4, 7.5),
        (-31.0, 26.0, 1.3, 4.6), (-60.0, 32.0, 1.4, 4.8), (14.3, -38.0, 1.7, 5.6),
    ]  # fmt: skip
    for number, (east, north, radius, height) in enumerate(places):
        yield Tree(f"tree-{number + 1}", east, north, radius, height, round(height - 1.7 * radius, 2))
    for number, east in enumerate(range(-100, 4, 13)):
        yield Tree(
            f"bank-tree-{number + 1}", float(east), -65.2 - number % 3 * 0.6, 2.6, 8.0 + number % 2, 2.8
        )


def _lamps() -> Iterator[Lamp]:
    for number, east in enumerate((-98, -76, -54, -32, -10, 22, 44, 66, 88)):
        yield Lamp(f"lamp-n-{number + 1}", float(east), 4.9, 8.0, 1.6, 180.0)
    for number, east in enumerate((-87, -65, -43, -21, 1, 33, 55, 77, 99)):
        yield Lamp(f"lamp-s-{number + 1}", float(east), -4.9, 8.0, 1.6, 0.0)
    for number, north in enumerate((-74, -44, -30, -16, 18, 36, 54, 72)):
        west = number % 2 == 0
        yield Lamp(
            f"lamp-x-{number + 1}", 6.1 if west else 13.9, float(north), 7.0, 1.4, 90.0 if west else 270.0
        )
    for number, east in enumerate((-88, -66, -44, -22, -1)):
        yield Lamp(f"lamp-lane-{number + 1}", float(east), 32.3, 5.0, 1.0, 180.0)
    for number, east in enumerate((-90, -66, -42, -18)):
        yield Lamp(f"lamp-canal-{number + 1}", east - 0.5, -46.8, 4.5, 0.6, 180.0)
    yield Lamp("lamp-plaza-1", 19.0, 12.0, 5.5, 0.8, 90.0)
    yield Lamp("lamp-plaza-2", 41.4, 18.0, 5.5, 0.8, 270.0)
    yield Lamp("lamp-waste", -9.3, -31.0, 5.0, 0.8, 90.0)


def _fixtures() -> Iterator[Fixture]:
    for number, (east, north, yaw) in enumerate(
        [(-12.0, -52.55, 0.0), (-26.0, -52.55, 0.0), (-38.0, -52.55, 0.0), (-56.0, -52.55, 0.0),
         (41.3, 14.5, 270.0), (24.0, 26.4, 180.0), (-5.0, -37.5, 0.0), (-52.0, 5.0, 0.0), (62.0, 5.0, 0.0)]
    ):  # fmt: skip
        yield Fixture(f"bench-{number + 1}", "bench", east, north, yaw, (1.6, 0.5, 0.8))
    yield Fixture("stop-west", "bus_stop", -44.0, 5.6, 180.0, (3.6, 1.2, 2.6))
    yield Fixture("stop-east", "bus_stop", 82.0, -5.6, 0.0, (3.6, 1.2, 2.6))
    for number, (east, north, yaw) in enumerate(
        [
            (-20.0, 9.2, 180.0),
            (48.0, 5.1, 180.0),
            (5.9, -18.0, 90.0),
            (-30.0, 32.2, 180.0),
            (-60.0, -9.2, 0.0),
        ]
    ):
        yield Fixture(f"cabinet-{number + 1}", "cabinet", east, north, yaw, (0.9, 0.4, 1.3))
    for number, (east, north) in enumerate([(2.6, 26.4), (2.6, 31.6), (2.6, -47.4), (2.6, -52.0)]):
        yield Fixture(f"bollard-{number + 1}", "bollard", east, north, 90.0, (0.2, 0.2, 0.9))
    for number, east in enumerate((20.5, 28.5, 36.5)):
        yield Fixture(f"planter-{number + 1}", "planter", east, 26.6, 180.0, (1.6, 0.5, 0.6))
    yield Fixture("sign-market", "sign", 19.3, 10.1, 180.0, (0.7, 0.1, 2.2))
    yield Fixture("sign-waste", "sign", 1.4, -26.2, 90.0, (0.7, 0.1, 2.0))


def _bays() -> Iterator[Bay]:
    easts = [*range(-94, -50, 7), *range(-38, 1, 7), *range(46, 78, 7)]
    for number, east in enumerate(easts):
        yield Bay(f"bay-{number + 1}", float(east), 3.3, 270.0, 6.4, 2.2)
    for number, east in enumerate((-70, -55, -24, -12)):
        yield Bay(f"lane-bay-{number + 1}", float(east), 26.7, 270.0, 5.4, 2.0)
    for number, north in enumerate((-40, -33, 38, 45)):
        yield Bay(f"cross-bay-{number + 1}", 12.4, float(north), 0.0, 6.0, 2.0)
    for number, east in enumerate((-6.2, -3.2)):
        yield Bay(f"waste-bay-{number + 1}", east, -24.9, 0.0, 2.8, 2.4)


def _paths() -> Iterator[Path]:
    yield Path("drive-east", "drive", ((-113, -2.7), (113, -2.7)), 0.7, 8.5, (110.0,))
    yield Path("drive-west", "drive", ((113, 0.6), (-113, 0.6)), 0.7, 8.5, (92.0,))
    yield Path("drive-north", "drive", ((10.2, -87), (10.2, 87)), 0.3, 7.0, (74.0,))
    yield Path("drive-south", "drive", ((7.9, 87), (7.9, -87)), 0.3, 7.0, (74.0,))
    yield Path(
        "turn-ne",
        "drive",
        ((10.2, -87), (10.2, -8), (11.0, -5), (14.0, -2.9), (18.0, -2.7), (113, -2.7)),
        0.3,
        7.0,
        (74.0,),
    )
    yield Path(
        "turn-ws",
        "drive",
        ((113, 0.6), (14.0, 0.6), (10.5, 0.0), (8.4, -3.0), (7.9, -7.0), (7.9, -87)),
        0.3,
        8.5,
        (92.0,),
    )
    yield Path(
        "lane-drive", "drive", ((7.9, 87), (7.9, 34), (6.0, 30.2), (2.0, 29.0), (-113, 29.0)), 0.3, 3.0
    )
    yield Path("cycle-east", "cycle", ((-113, -4.0), (113, -4.0)), 0.4, 4.6, (114.0,))
    yield Path("cycle-west", "cycle", ((113, 1.9), (-113, 1.9)), 0.3, 4.6, (94.0,))
    yield Path("cycle-lane", "cycle", ((-113, 28.6), (3.0, 28.6), (4.3, 34.0), (4.3, 87)), 0.5, 3.6)
    yield Path("cycle-canal", "cycle", ((4.3, -87), (4.3, -52), (1.0, -50.3), (-113, -50.3)), 0.6, 4.0)
    yield Path("walk-n-west", "walk", ((-113, 6.75), (4.3, 6.75), (4.3, 87)), 1.2, 1.25)
    yield Path("walk-n-east", "walk", ((113, 6.75), (15.6, 6.75), (15.6, 87)), 1.2, 1.25)
    yield Path("walk-s-west", "walk", ((-113, -6.75), (4.3, -6.75), (4.3, -87)), 1.2, 1.25)
    yield Path("walk-s-east", "walk", ((113, -6.75), (15.6, -6.75), (15.6, -87)), 1.2, 1.25)
    yield Path(
        "walk-crossing-w", "walk", ((4.3, -87), (4.3, -6.8), (4.3, 6.8), (4.3, 87)), 1.2, 1.3, (81.6, 81.6)
    )
    yield Path(
        "walk-crossing-n",
        "walk",
        ((-113, 6.75), (4.3, 6.75), (15.6, 6.75), (113, 6.75)),
        1.2,
        1.3,
        (118.6, 98.6),
    )
    yield Path(
        "walk-plaza", "walk", ((15.6, 6.75), (19.8, 8.4), (19.8, 20.9), (30.0, 20.9), (30.0, 26.8)), 0.8, 1.0
    )
    yield Path(
        "walk-plaza-2",
        "walk",
        ((113, 6.75), (39.0, 6.75), (38.4, 9.4), (38.4, 20.9), (24.0, 20.9), (24.0, 26.0)),
        0.8,
        1.0,
    )
    yield Path("walk-lane", "walk", ((-113, 28.9), (3.0, 28.9), (4.3, 24.0), (4.3, 6.75)), 1.8, 1.15)
    yield Path("walk-lane-2", "walk", ((-113, 29.3), (3.0, 29.3), (4.3, 34.0), (4.3, 87)), 1.8, 1.15)
    yield Path("walk-canal", "walk", ((-113, -49.8), (1.0, -49.8), (4.3, -46.0), (4.3, -6.8)), 1.6, 1.2)
    yield Path("walk-waste", "walk", ((4.3, -6.8), (4.3, -27.5), (0.5, -30.8), (-4.5, -31.0)), 0.5, 1.15)


STRIPS: Final = tuple(
    Strip(*row)
    for row in (
        ("n-wall-west", "wall", -78, 7.6, 1.5, 9.3, 180.0),
        ("n-wall-east", "wall", 43.5, 7.6, 84, 9.3, 180.0),
        ("s-wall-west", "wall", -78, -9.3, 1.5, -7.6, 0.0),
        ("s-wall-east", "wall", 63, -9.3, 84, -7.6, 0.0),
        ("s-hoarding", "wall", 18.8, -9.5, 61, -7.7, 0.0),
        ("n-kerb-west", "kerb", -78, 4.8, 2.0, 5.9, 180.0),
        ("n-kerb-east", "kerb", 44, 4.8, 84, 5.9, 180.0),
        ("s-kerb-west", "kerb", -78, -5.9, 2.0, -4.8, 0.0),
        ("s-kerb-east", "kerb", 20, -5.9, 84, -4.8, 0.0),
        ("plaza-kerb", "kerb", 21, 4.8, 41, 5.9, 180.0),
        ("plaza-front", "open", 21.5, 7.6, 37.0, 9.3, 180.0),
        ("plaza-back", "open", 21.0, 22.4, 38.6, 25.8, 180.0),
        ("plaza-pitch", "pitch", 22.0, 12.2, 36.6, 18.8, 180.0),
        ("x-wall-nw", "wall", 2.2, 10.5, 3.6, 25.0, 90.0),
        ("x-wall-sw", "wall", 2.2, -25.5, 3.6, -10.5, 90.0),
        ("x-park-edge", "wall", 2.1, -45.5, 3.5, -37.0, 90.0),
        ("x-kerb-sw", "kerb", 5.1, -46, 6.2, -10, 90.0),
        ("x-kerb-se", "kerb", 13.8, -46, 14.9, -10, 270.0),
        ("x-hoarding", "wall", 16.4, -45, 18.0, -11, 270.0),
        ("lane-s", "wall", -78, 25.7, 1.0, 27.3, 0.0),
        ("lane-n", "wall", -78, 30.6, 1.0, 32.3, 180.0),
        ("canal-n", "wall", -78, -48.2, 1.0, -46.7, 180.0),
        ("canal-bank", "kerb", -78, -52.7, 1.0, -51.5, 0.0),
        ("park-edge", "open", -11.5, -38.5, 1.0, -36.6, 0.0),
        ("waste-apron", "open", -2.0, -36.0, 1.8, -27.0, 90.0),
        ("waste-slab", "slab", -8.6, -35.6, -5.0, -27.0, 90.0),
        ("lane-slab", "slab", -17.6, 30.6, -13.4, 32.2, 180.0),
        ("plaza-slab", "slab", 33.5, 4.8, 36.7, 6.0, 180.0),
        ("west-slab", "slab", -30.5, -5.9, -27.0, -4.8, 0.0),
        ("east-slab", "slab", 44.5, 4.8, 48.0, 5.9, 180.0),
        ("gate-slab", "slab", 13.8, -18.5, 15.0, -15.0, 270.0),
        ("canal-slab", "slab", -16.6, -48.3, -13.4, -46.7, 180.0),
        ("lane-pitch", "pitch", -25.4, 30.6, -20.6, 32.2, 180.0),
        ("west-pitch", "pitch", -42.0, 7.6, -34.0, 9.3, 180.0),
        ("east-pitch", "pitch", 55.0, 7.6, 63.0, 9.3, 180.0),
        ("gate-pitch", "pitch", 16.4, -35.0, 18.0, -28.0, 270.0),
        ("waste-pitch", "pitch", 2.1, -24.5, 3.5, -18.5, 90.0),
        ("canal-pitch", "pitch", -27.5, -48.3, -22.0, -46.7, 180.0),
        ("road-s", "road", -78, -4.3, 78, -2.3, 90.0),
        ("road-n", "road", -78, -0.9, 78, 1.9, 270.0),
        ("road-xw", "road", 6.7, -46, 8.7, -9, 180.0),
        ("road-xe", "road", 11.4, -46, 13.4, -9, 0.0),
        ("site-north", "site", 21.5, -20.5, 59.0, -13.2, 0.0),
        ("site-gate", "site", 21.5, -40.0, 32.5, -13.2, 270.0),
    )
)


def _zones() -> Iterator[PlanZone]:
    yield PlanZone("streets", "the two streets", "restricted", rect(-113, -9.5, 113, 9.5))
    yield PlanZone(
        "cross",
        "cross street and plaza",
        "restricted",
        ((2, -87), (18, -87), (18, 9.5), (42, 9.5), (42, 27), (18, 27), (18, 87), (2, 87)),
    )
    yield PlanZone("lane", "housing lane", "restricted", rect(-113, 25.5, 2, 33))
    yield PlanZone("canal-path", "canal path", "restricted", rect(-113, -53, 2, -46.5))
    yield PlanZone("waste-yard", "yard of the waste point", "restricted", rect(-12, -46.5, 2, -24))
    yield PlanZone(
        "market", "vendor guiding point", "permitted", rect(20.8, 11.0, 37.8, 20.0), ("street_vendor",)
    )
    for strip in STRIPS:
        outline = rect(
            strip.west_m - MARGIN_M,
            strip.south_m - MARGIN_M,
            strip.east_m + MARGIN_M,
            strip.north_m + MARGIN_M,
        )
        if strip.kind == "pitch" and strip.id != "plaza-pitch":
            yield PlanZone(strip.id, "vendor pitch", "permitted", outline, ("street_vendor",))
        elif strip.kind == "slab":
            yield PlanZone(strip.id, "rubbish may be put out here", "permitted", outline, ("garbage_pile",))
        elif strip.id in FRONTAGES:
            # A table or a rack without anybody at it is a shop's and nobody's lost thing.
            name = "shops put things out here"
            yield PlanZone(f"front-{strip.id}", name, "ignored", outline, ("unattended_object",))
    # Drawn a little inside the hoardings: what leans on them from outside is not the site's.
    yield PlanZone("site", "construction site behind the hoarding", "ignored", rect(20, -44.5, 60.5, -11.6))
    yield PlanZone("lane-site", "plot behind the lane's hoarding", "ignored", rect(-54, 34.4, -47, 46))


def _markings() -> Iterator[tuple[Point, ...]]:
    for start in range(-112, 113, 6):
        if not 2 < start < 17:
            yield rect(start, -1.06, start + 3, -0.94)
    for start in range(-86, 87, 6):
        if abs(start + 1.5) > 12:
            yield rect(8.95, start, 9.07, start + 3)
    for step in range(8):
        yield rect(2.6, -4.2 + step * 1.1, 6.0, -3.7 + step * 1.1)
        yield rect(14.0, -4.2 + step * 1.1, 17.4, -3.7 + step * 1.1)
    for step in range(6):
        yield rect(6.8 + step * 1.15, 5.0, 7.3 + step * 1.15, 8.6)
        yield rect(6.8 + step * 1.15, -8.6, 7.3 + step * 1.15, -5.0)
    for bay in _bays():
        along, across = (
            (bay.length_m / 2, bay.width_m / 2)
            if bay.yaw_deg in (90.0, 270.0)
            else (bay.width_m / 2, bay.length_m / 2)
        )
        west, east, south, north = (
            bay.east_m - along,
            bay.east_m + along,
            bay.north_m - across,
            bay.north_m + across,
        )
        yield rect(west, south, west + 0.1, north)
        yield rect(east - 0.1, south, east, north)
        yield rect(west, south, east, south + 0.1)
        yield rect(west, north - 0.1, east, north)


def _bins() -> Iterator[tuple[str, float, float, float]]:
    for number in range(4):
        yield f"waste-bin-{number + 1}", -3.9, -28.4 - number * 1.1, 90.0
    for number, east in enumerate((-60.0, -33.0, -13.0)):
        yield f"street-bin-{number + 1}", east, 5.2, 180.0
    for number, east in enumerate((43.0, 53.0, 66.0)):
        yield f"east-bin-{number + 1}", east, -5.2, 0.0
    yield "plaza-bin-1", 22.2, 5.2, 180.0
    yield "plaza-bin-2", 33.6, 26.3, 180.0
    yield "gate-bin-1", 14.2, -13.2, 270.0
    yield "gate-bin-2", 14.2, -31.0, 270.0
    for number, east in enumerate((-9.0, -10.0, -28.5)):
        yield f"lane-bin-{number + 1}", east, 32.0, 180.0
    for number, east in enumerate((-11.0, -33.5)):
        yield f"canal-bin-{number + 1}", east, -47.0, 180.0


DISTRICT: Final = Plan(
    tuple(_buildings()),
    tuple(_grounds()),
    tuple(_hoardings()),
    tuple(_trees()),
    tuple(_lamps()),
    tuple(_fixtures()),
    tuple(_bays()),
    tuple(_paths()),
    STRIPS,
    tuple(_zones()),
    tuple(_markings()),
    tuple(_bins()),
)
