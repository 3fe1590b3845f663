"""What a seed's days hold: incidents and traps a camera-day, as lines of text."""

from collections import Counter
from collections.abc import Iterator

from sample_videos.district.cameras import CAMERAS
from sample_videos.district.site import DWELL_S
from sample_videos.district.timeline import World
from sample_videos.district.truth import TRAPS, TruthThing, exposure, is_easy, things

__all__ = ["world_figures"]

PATIENCE_S = 120.0
"""Beyond the dwell, that a thing must be due to count."""
FAR_M = 60.0
SEEN_SHARE = 0.4
SHORT = {
    "street_vendor": "vendors",
    "garbage_pile": "piles",
    "construction_debris": "debris",
    "overflowing_bin": "bins",
    "unattended_object": "left",
}


def world_figures(world: World) -> Iterator[str]:
    """A table: what is due in each camera's view and seen well within 60 m, and how many traps, a day."""
    days = range(world.first_day, world.first_day + world.days)
    yield f"{'camera':14}{'split':7}" + "".join(f"{name:>9}" for name in SHORT.values()) + f"{'traps':>9}"
    seen: dict[str, list[dict[str, int]]] = {"train": [], "test": []}
    due: dict[str, Counter[str]] = {"train": Counter(), "test": Counter()}
    for camera in CAMERAS:
        counts = Counter(
            thing.category for thing in things(world, camera.id) if thing.category and _counts(world, thing)
        )
        exposures = [exposure(world, camera.id, day) for day in days]
        seen[camera.split] += exposures
        due[camera.split] += counts
        yield _line(camera.id, camera.split, counts, exposures)
    for split in ("train", "test"):
        yield _line("all", split, due[split], seen[split])
    yield ""
    yield f"{'trap':20}{'train':>9}{'test':>9}"
    for kind in (*TRAPS, "cloud_passage", "shower"):
        shares = [sum(day[kind] for day in seen[split]) / len(seen[split]) for split in ("train", "test")]
        yield f"{kind:20}" + "".join(f"{share:9.2f}" for share in shares)
    yield from _built(world)
    verdicts = ", ".join(f"{split} {'easy' if is_easy(seen[split]) else 'not easy'}" for split in seen)
    yield f"a day and camera; seed {world.seed}, {world.days} days, {world.scenario}: {verdicts}"


def _line(name: str, split: str, counts: Counter[str], exposures: list[dict[str, int]]) -> str:
    traps = sum(day[kind] for day in exposures for kind in TRAPS)
    figures = [*(counts[category] for category in SHORT), traps]
    return f"{name:14}{split:7}" + "".join(f"{figure / len(exposures):9.1f}" for figure in figures)


def _counts(world: World, thing: TruthThing) -> bool:
    """Whether a thing is due for long enough, near enough and seen well."""
    raised = thing.raised_span(DWELL_S[thing.category] + PATIENCE_S)
    if raised is None or thing.distance_m > FAR_M or not world.from_t <= raised[0] < world.to_t:
        return False
    return thing.visible_share(sum(raised) / 2) > SEEN_SHARE


def _built(world: World) -> Iterator[str]:
    """How often buildings change, where the scenario has it."""
    built = Counter(
        change.place.kind + (" (permitted)" if change.permit else "")
        for camera in CAMERAS
        for change in world.changes(camera.id)
        if world.from_t <= change.from_t < world.to_t
    )
    for kind, count in sorted(built.items()):
        yield f"{kind:30}{count / world.days:9.2f} a day in all"
