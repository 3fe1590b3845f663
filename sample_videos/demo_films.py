"""What happens in the demo's two drawn films: who comes when, and what stays."""

from dataclasses import dataclass

from sample_videos.street_scene import Mover, Thing

__all__ = ["FILMS", "SECONDS", "Film"]

SECONDS = 90


@dataclass(frozen=True, slots=True)
class Film:
    """One film: its name, codec, things and movers."""

    name: str
    codec: str
    seed: int
    things: tuple[Thing, ...]
    movers: tuple[Mover, ...]


def _walk(seed: int, start: float, east: float, south: float, north: float, speed: float = 1.3) -> Mover:
    """A walker along the pavement."""
    return Mover(
        "walker", seed, 0.62, ((start, east, south), (start + abs(north - south) / speed, east, north))
    )


def _drive(seed: int, start: float, north: float, left_to_right: bool = True) -> Mover:
    """A car that crosses the picture."""
    ends = (-22.0, 22.0) if left_to_right else (22.0, -22.0)
    return Mover("car", seed, 4.3, ((start, ends[0], north), (start + 5.0, ends[1], north)))


FILMS = (
    Film(
        "drawn-street-1",
        "libx264",
        11,
        (
            Thing("street_vendor", "stall", 8, 6.6, 14.2, 2.1, 1.5, from_s=15.0),
            Thing("street_vendor", "stall", 13, -7.4, 17.0, 2.2, 1.6, from_s=20.0),
        ),
        (
            _walk(21, 2.0, 5.4, 9.0, 30.0),
            _walk(22, 10.0, -5.6, 28.0, 9.5),
            Mover(
                "walker",
                23,
                0.62,
                ((36.0, 9.5, 13.2), (39.0, 6.3, 13.4), (44.0, 6.3, 13.4), (48.0, 9.5, 12.0)),
            ),
            _walk(24, 52.0, 5.2, 9.0, 33.0),
            _walk(25, 60.0, -5.2, 30.0, 9.0),
            _walk(26, 71.0, 9.2, 11.0, 30.0),
            _drive(31, 6.0, 20.0),
            _drive(32, 28.0, 21.5, left_to_right=False),
            Mover(
                "car",
                33,
                4.3,
                ((46.0, -22.0, 24.5), (50.0, 1.5, 24.5), (70.0, 1.5, 24.5), (74.0, 24.0, 24.5)),
            ),
            _drive(34, 80.0, 20.0),
        ),
    ),
    Film(
        "drawn-street-2",
        "libx265",
        12,
        (Thing("garbage_pile", "heap", 5, -6.4, 13.4, 2.0, 1.6, from_s=15.0),),
        (
            _walk(41, 1.0, -5.2, 9.5, 31.0),
            _walk(42, 12.0, 5.6, 30.0, 9.0),
            Mover(
                "walker",
                43,
                0.62,
                ((40.0, -10.0, 12.4), (43.0, -6.5, 12.6), (48.0, -6.5, 12.6), (52.0, -10.0, 13.0)),
            ),
            _walk(44, 63.0, -9.0, 10.5, 30.0),
            _walk(45, 74.0, 6.2, 9.5, 28.0),
            _drive(51, 9.0, 20.5),
            Mover(
                "car",
                52,
                4.3,
                ((22.0, -22.0, 24.5), (26.0, 2.0, 24.5), (46.0, 2.0, 24.5), (50.0, 24.0, 24.5)),
            ),
            _drive(53, 58.0, 19.5, left_to_right=False),
            _drive(54, 82.0, 21.0),
        ),
    ),
)
