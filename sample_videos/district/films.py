"""The scripts of the eight committed films: what happens before each camera in a minute and a half.

A film begins and ends in the same state, so that replaying it in a loop brings no change of its own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sample_videos.district.compose import CameraState
from sample_videos.district.episodes.building import Built
from sample_videos.district.things import Episode, Part, Placed, hour
from sample_videos.district.weather import Sky

__all__ = ["FILMS", "Film", "FilmStage", "film_of"]

SECONDS: Final = 90.0
COMES_S, GOES_S = 14.0, 80.0
FPS: Final = 25


@dataclass(frozen=True, slots=True)
class SteadySky:
    """Clouds and rain that stay as they are."""

    cover: float
    rain_mm_h: float = 0.0

    def cover_at(self, t: float) -> float:  # noqa: ARG002 - steady
        """How much of the sun clouds take, 0..1."""
        return self.cover

    def rain_at(self, t: float) -> float:  # noqa: ARG002 - steady
        """Rain, mm per hour."""
        return self.rain_mm_h


@dataclass(frozen=True, slots=True)
class Film:
    """One film.

    Args:
        camera_id: Its camera; also its file's name.
        told: What it shows, in a sentence.
        seed: Of its traffic, shake and noise.
        sky: Its clouds and rain.
        starts_at: Simulated time of its first frame.
        codec: `libx264` or `libx265`.
        gop: Frames from one keyframe to the next.
        bitrate: Bits per second.
        episodes: What stands and comes.
    """

    camera_id: str
    told: str
    seed: int
    sky: SteadySky
    starts_at: float
    codec: str
    gop: int
    bitrate: int
    episodes: tuple[Episode, ...]

    @property
    def seconds(self) -> float:
        """Its length."""
        return SECONDS


Passers = Callable[[str, float], Sequence[Placed]]
"""What walks and drives by, by camera and simulated time."""


@dataclass(frozen=True, slots=True)
class FilmStage:
    """What a composer shows of a film; times are simulated times.

    Args:
        film: The film.
        passers: Traffic.
    """

    film: Film
    passers: Passers

    @property
    def seed(self) -> int:
        """Seed of traffic, shake and noise."""
        return self.film.seed

    def placed(self, camera_id: str, t: float) -> Sequence[Placed]:
        """Everything over the empty street."""
        standing = [
            part.placed(t, episode.id, episode.category if part in episode.stages else "")
            for episode in self.film.episodes
            for part in episode.parts
            if part.is_there(t)
        ]
        return [*standing, *self.passers(camera_id, t)]

    def sky(self, t: float) -> Sky:  # noqa: ARG002 - steady
        """The same clouds from the first frame to the last."""
        return self.film.sky

    def state(self, camera_id: str, t: float) -> CameraState:  # noqa: ARG002 - steady
        """A clean lens and a mount that holds; only the mast swings."""
        return CameraState()

    def built(self, camera_id: str, t: float) -> tuple[Built, ...]:  # noqa: ARG002 - no house changes
        """Nothing: a house does not change in a minute and a half."""
        return ()


@dataclass(frozen=True, slots=True)
class _Script:
    """Writes the episodes of one film."""

    film: str
    starts_at: float

    def part(
        self, asset: str, place: tuple[float, float, float], span: tuple[float, float], pose: str
    ) -> Part:
        """A thing `asset-variant` at (east, north, yaw) from and to seconds of the film."""
        kind, variant = asset.rsplit("-", 1)
        east, north, yaw = place
        return Part(
            kind,
            variant,
            east,
            north,
            yaw,
            self.starts_at + span[0],
            self.starts_at + span[1],
            pose=pose,
        )

    def always(self, name: str, asset: str, *place: float, trap: str = "", category: str = "") -> Episode:
        """Something that is there from before the film to after it."""
        return self._episode(name, asset, place, (-60.0, SECONDS + 60.0), (trap, category), is_due=False)

    def comes(
        self, name: str, asset: str, *place: float, category: str = "", trap: str = "", is_due: bool = True
    ) -> Episode:
        """Something that comes and goes within the film."""
        return self._episode(name, asset, place, (COMES_S, GOES_S), (trap, category), is_due=is_due)

    def with_people(self, episode: Episode, *people: tuple[str, float, float, float, str]) -> Episode:
        """The episode with people (look, east, north, yaw, pose) who are there as long as it is."""
        span = (episode.from_t - self.starts_at, episode.to_t - self.starts_at)
        others = [self.part(f"person-{who[0]}", who[1:4], span, who[4]) for who in people]
        return replace(episode, others=(*episode.others, *others))

    def _episode(
        self,
        name: str,
        asset: str,
        place: tuple[float, ...],
        span: tuple[float, float],
        sort: tuple[str, str],
        *,
        is_due: bool,
    ) -> Episode:
        stage = self.part(asset, (place[0], place[1], place[2]), span, "still")
        trap, category = sort
        due = (stage.from_t, stage.to_t) if category and is_due else None
        return Episode(f"{self.film}-{name}", name, category, trap, self.film, "train", (stage,), due=due)


def _market(film: str) -> tuple[Episode, ...]:
    script = _Script(film, hour(0, 16.4))
    return (
        script.with_people(
            script.comes("outside", "fruit_tricycle-a", 30.6, 5.5, 180.0, category="street_vendor"),
            ("b", 29.0, 6.3, 150.0, "stand"),
        ),
        script.with_people(
            script.comes(
                "permitted", "pancake_cart-a", 29.8, 14.2, 180.0, category="street_vendor",
                trap="permitted_vendor", is_due=False,
            ),
            ("c", 29.8, 15.5, 180.0, "stand"),
        ),
        script.with_people(
            script.always(
                "permitted-always", "fruit_stall-b", 24.6, 14.6, 180.0, category="street_vendor",
                trap="permitted_vendor",
            ),
            ("d", 24.9, 16.4, 180.0, "sit"),
        ),
        script.always("umbrella", "cafe_umbrella-a", 22.6, 24.0, 180.0, trap="cafe_umbrella"),
        script.always("bike-1", "e_bike-a", 38.4, 9.0, 90.0, trap="parked_e_bike"),
        script.always("bike-2", "e_bike-c", 38.5, 10.0, 95.0, trap="parked_e_bike"),
    )  # fmt: skip


def _street_west() -> tuple[Episode, ...]:
    script = _Script("street-west", hour(0, 8.7))
    return (
        script.comes("pile", "bags_mixed-a", -21.5, -5.35, 20.0, category="garbage_pile"),
        script.always("car-1", "sedan-b", -17.0, 3.3, 270.0),
        script.always("car-2", "van-a", -24.0, 3.3, 270.0),
        script.always("car-3", "sedan-a", -38.0, 3.3, 270.0),
        script.always("tricycle", "tricycle_parked-a", -12.5, -5.4, 0.0, trap="parked_tricycle"),
        script.always("bike", "e_bike-b", -19.0, 8.6, 180.0, trap="parked_e_bike"),
    )


def _street_east() -> tuple[Episode, ...]:
    script = _Script("street-east", hour(0, 10.6))
    return (
        script.with_people(
            script.comes("vendor", "vegetable_sheet-a", 46.5, 8.2, 180.0, category="street_vendor"),
            ("e", 46.8, 9.2, 180.0, "sit"),
            ("a", 45.4, 6.9, 10.0, "stand"),
        ),
        script.always("car-1", "van-b", 53.0, 3.3, 270.0),
        script.always("car-2", "sedan-c", 60.0, 3.3, 270.0),
        script.always("display", "shop_display-a", 52.5, 8.8, 180.0, trap="shop_display"),
    )


def _lane() -> tuple[Episode, ...]:
    script = _Script("lane", hour(0, 13.2))
    return (
        script.comes("pile", "household_mix-a", -9.5, 31.5, 180.0, category="garbage_pile"),
        script.always("bin-1", "bin-a", -14.4, 31.6, 180.0),
        script.always("bin-2", "bin-b", -15.3, 31.6, 180.0),
        script.always("tricycle", "tricycle_parked-b", -6.4, 26.6, 0.0, trap="parked_tricycle"),
        script.always("car", "sedan-a", -24.0, 26.7, 270.0),
        script.always("bike", "e_bike-a", -11.2, 26.4, 20.0, trap="parked_e_bike"),
    )


def _site_gate() -> tuple[Episode, ...]:
    script = _Script("site-gate", hour(0, 14.6))
    return (
        script.comes("heap", "rubble-a", 14.35, -21.0, 270.0, category="construction_debris"),
        script.always("sand", "sand_heap-a", 24.5, -24.0, 270.0, trap="sand_in_site"),
        script.always("cones", "cones-a", 17.0, -18.4, 90.0),
        script.always("truck", "light_truck-a", 12.4, -33.5, 0.0),
    )


def _waste_point() -> tuple[Episode, ...]:
    script = _Script("waste-point", hour(0, 9.4))
    full = script.comes("overflow", "bin_overflowing-a", -5.7, -28.4, 90.0, category="overflowing_bin")
    before = script.part("bin-a", (-5.7, -28.4, 90.0), (-60.0, COMES_S), "still")
    after = script.part("bin-a", (-5.7, -28.4, 90.0), (GOES_S, SECONDS + 60.0), "still")
    return (
        replace(full, others=(before, after)),
        script.always("bin-2", "bin-b", -5.7, -29.6, 90.0),
        script.always("bin-3", "bin-c", -5.7, -30.8, 90.0),
        script.always("bags", "cartons-a", -6.4, -33.4, 90.0, trap="put_out_in_hours"),
    )


def _canal() -> tuple[Episode, ...]:
    script = _Script("canal", hour(0, 18.35))
    return (
        script.with_people(
            script.comes("vendor", "goods_table-a", -12.5, -51.3, 0.0, category="street_vendor"),
            ("d", -12.3, -52.4, 0.0, "stand"),
        ),
        script.with_people(
            script.always("sleeper", "belongings-a", -17.0, -47.4, 180.0, trap="sleeper"),
            ("b", -18.6, -47.5, 95.0, "lie"),
        ),
    )


FILMS: Final = (
    Film("market-south", "a vendor outside the guiding point, two inside it", 7, SteadySky(0.1),
         hour(0, 16.4), "libx264", 50, 850_000, _market("market-south")),
    Film("market-north", "the same minutes from the other side", 7, SteadySky(0.1),
         hour(0, 16.4), "libx264", 50, 620_000, _market("market-north")),
    Film("street-west", "rubbish left at the kerb among parked cars", 7, SteadySky(0.0),
         hour(0, 8.7), "libx264", 50, 620_000, _street_west()),
    Film("street-east", "a ground sheet with vegetables in the rain", 9, SteadySky(1.0, 3.0),
         hour(0, 10.6), "libx264", 50, 850_000, _street_east()),
    Film("lane", "household rubbish in a housing lane, away from the bins' slab", 8, SteadySky(0.95),
         hour(0, 13.2), "libx265", 50, 420_000, _lane()),
    Film("site-gate", "rubble tipped outside the hoarding, sand inside it", 7, SteadySky(0.05),
         hour(0, 14.6), "libx264", 250, 520_000, _site_gate()),
    Film("waste-point", "a bin that overflows and is emptied", 7, SteadySky(0.6),
         hour(0, 9.4), "libx264", 50, 520_000, _waste_point()),
    Film("canal", "dusk: a vendor on the path, a sleeper with belongings who is left alone", 7,
         SteadySky(0.4), hour(0, 18.35), "libx264", 50, 520_000, _canal()),
)  # fmt: skip
"""The eight films; the overlapping two show the same minutes."""


def film_of(camera_id: str) -> Film:
    """The film of a camera.

    Raises:
        KeyError: There is none; the message lists those that exist.
    """
    for film in FILMS:
        if film.camera_id == camera_id:
            return film
    raise KeyError(f"no film '{camera_id}'; there are {[film.camera_id for film in FILMS]}")
