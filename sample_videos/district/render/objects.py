"""Sprites: every kind and variant from its views, packed into one atlas each; and fresh pictures to train on.

The work is resumable: a view that lies in the work folder with the same recipe hash is not rendered again.
"""

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sample_videos.district.catalogue import CATALOGUE, Asset, Variant, views_of
from sample_videos.district.render import studio
from sample_videos.district.render.makers import make, recipe_text

__all__ = ["Job", "fresh_pictures", "jobs", "render_atlases"]

SAMPLES = 10
"""Per pixel; the denoiser does the rest. With its thorough prefilter it would take half of a view's time."""
ATLAS_WIDTH = 2048
F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Job:
    """One atlas to make."""

    asset: Asset
    variant: Variant

    @property
    def name(self) -> str:
        """`<kind>-<variant>`, the atlas's name."""
        return f"{self.asset.kind}-{self.variant.name}"

    @property
    def seed(self) -> int:
        """Of its random shapes: from its name, so that it never depends on the order of work."""
        return int.from_bytes(hashlib.sha256(self.name.encode()).digest()[:4], "big")

    @property
    def recipe(self) -> str:
        """Hash of all that decides its pixels."""
        facts = (
            self.asset,
            self.variant,
            views_of(self.asset.kind, self.variant.name),
            SAMPLES,
            recipe_text(self.asset.kind),
        )
        return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]

    def shots(self) -> Iterator[tuple[str, int, int, int]]:
        """Pose, phase, yaw and depression of each picture to render (mirrored ones are not)."""
        views = views_of(self.asset.kind, self.variant.name)
        for pose, phases in self.asset.poses:
            for phase in range(phases):
                for yaw in views.yaws_deg:
                    if views.mirrored and yaw > 180:
                        continue
                    for depression in views.depressions_deg:
                        yield pose, phase, yaw, depression


def jobs(kinds: list[str] | None = None) -> list[Job]:
    """Every atlas, all first variants before all second ones."""
    drawn = [each for each in CATALOGUE.values() if each.family != "change"]
    most = max(len(each.variants) for each in drawn)
    every = [Job(each, each.variants[n]) for n in range(most) for each in drawn if n < len(each.variants)]
    return [job for job in every if not kinds or job.asset.kind in kinds or job.name in kinds]


def render_atlases(work: Path, parts: Path, kinds: list[str] | None = None) -> None:
    """Render what is missing and pack each atlas as soon as it is whole.

    Args:
        work: Folder of single views; kept between runs.
        parts: Folder of the committed parts.
        kinds: Only these kinds, or single atlases as `kind-variant`; None for all.
    """
    todo = jobs(kinds)
    scratch = work / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    total = sum(len(list(job.shots())) for job in todo)
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=0.2) as progress:
        bar = progress.add_task("sprites", total=total)
        for job in todo:
            folder = work / "objects" / f"{job.name}-{job.recipe}"
            folder.mkdir(parents=True, exist_ok=True)
            _render_views(
                job, folder, scratch, lambda name=job.name: progress.update(bar, advance=1, description=name)
            )
            if not (folder / "atlas.json").exists() or not (parts / "objects" / f"{job.name}.webp").exists():
                pack_atlas(job, folder, parts)


def _render_views(job: Job, folder: Path, scratch: Path, tick: Any) -> None:
    posed, points = None, None
    for pose, phase, yaw, depression in job.shots():
        file = folder / f"{pose}-{phase}-{yaw}-{depression}.npz"
        if not file.exists():
            start = time.process_time()
            if posed != (pose, phase):
                studio.open_studio(SAMPLES, scratch)
                build = make(job.asset.kind, job.variant, np.random.default_rng(job.seed), pose, phase)
                build.to_object(job.name)
                posed, points = (pose, phase), build.points
            view = studio.View(yaw, depression, views_of(job.asset.kind, job.variant.name).px_per_m)
            picture = studio.photograph(points, view, scratch)
            _keep(file, picture, time.process_time() - start)
        tick()


def _keep(file: Path, picture: studio.Picture, cpu_s: float) -> None:
    part = file.with_suffix(".part.npz")
    np.savez_compressed(
        part,
        rgb=np.round(255 * np.sqrt(picture.rgb)).astype(np.uint8),
        alpha=np.round(255 * picture.alpha).astype(np.uint8),
        normals=np.round(127.5 + 127.5 * picture.normals).astype(np.uint8),
        anchor=np.array(picture.anchor),
        cpu_s=cpu_s,
    )
    part.rename(file)


def _cells(job: Job, folder: Path) -> Iterator[tuple[dict[str, Any], U8, U8]]:
    """Each view's row, its RGBA and its normals with alpha, the mirrored ones too."""
    views = views_of(job.asset.kind, job.variant.name)
    for pose, phase, yaw, depression in job.shots():
        with np.load(folder / f"{pose}-{phase}-{yaw}-{depression}.npz") as kept:
            rgba = np.dstack([kept["rgb"], kept["alpha"]])
            normals = np.dstack([kept["normals"], kept["alpha"]])
            anchor = kept["anchor"]
        row = {"kind": job.asset.kind, "variant": job.variant.name, "pose": pose, "phase": phase}
        row |= {"yaw_deg": yaw, "depression_deg": depression, "anchor": [float(a) for a in anchor]}
        row |= {"px_per_m": views.px_per_m}
        yield row, rgba, normals
        if views.mirrored and 0 < yaw < 180:
            phases = dict(job.asset.poses)[pose]
            flipped = normals[:, ::-1].copy()
            flipped[..., 0] = 255 - flipped[..., 0]
            other = row | {"yaw_deg": 360 - yaw, "phase": (phase + phases // 2) % phases}
            yield (
                other | {"anchor": [rgba.shape[1] - float(anchor[0]), float(anchor[1])]},
                rgba[:, ::-1],
                flipped,
            )


def pack_atlas(job: Job, folder: Path, parts: Path) -> None:
    """Lay the views out in shelves and write the two pictures and the rows beside them."""
    cells = sorted(_cells(job, folder), key=lambda cell: -cell[1].shape[0])
    x = y = shelf = 0
    spots = []
    for _, rgba, _ in cells:
        height, width = rgba.shape[:2]
        if x + width > ATLAS_WIDTH:
            x, y, shelf = 0, y + shelf + 2, 0
        spots.append((x, y))
        x, shelf = x + width + 2, max(shelf, height)
    size = (y + shelf, max(sx + cell[1].shape[1] for (sx, _), cell in zip(spots, cells, strict=True)))
    colour, normal = np.zeros((*size, 4), np.uint8), np.zeros((*size, 4), np.uint8)
    rows = []
    for (left, top), (row, rgba, normals) in zip(spots, cells, strict=True):
        height, width = rgba.shape[:2]
        colour[top : top + height, left : left + width] = rgba
        normal[top : top + height, left : left + width] = normals
        ax, ay = row["anchor"]
        place = {"rect": [left, top, width, height], "anchor": [round(ax, 2), round(ay, 2)]}
        rows.append(row | place | {"split": job.variant.split})
    rows.sort(key=lambda row: (row["pose"], row["phase"], row["yaw_deg"], row["depression_deg"]))
    objects = parts / "objects"
    objects.mkdir(parents=True, exist_ok=True)
    _write_webp(objects / f"{job.name}.webp", _bled(colour), 88)
    _write_webp(objects / f"{job.name}.n.webp", _bled(normal)[..., :3], 82)
    cpu_s = sum(float(np.load(file)["cpu_s"]) for file in sorted(folder.glob("*.npz")))
    facts = {"seed": job.seed, "recipe": job.recipe, "spp": SAMPLES, "cpu_s": round(cpu_s, 1), "rows": rows}
    (folder / "atlas.json").write_text(json.dumps(facts))


def _bled(picture: U8) -> U8:
    """Colours carried out over the edge, so that lossy coding and scaling do not pull black in."""
    colour, alpha = picture[..., :3].astype(np.float32), picture[..., 3:].astype(np.float32) / 255
    solid = (alpha > 0.5).astype(np.float32)
    filled, known = colour * solid, solid
    for size in (5, 17):
        near = cv2.GaussianBlur(filled, (0, 0), size)
        weight = cv2.GaussianBlur(known, (0, 0), size)[..., None]
        guess = near / np.maximum(weight, 1e-4)
        fresh = ((weight > 1e-3) & (known < 0.5)).astype(np.float32)
        filled, known = filled * (known > 0.5) + guess * fresh, np.maximum(known, fresh)
    out = np.where(alpha > 0.03, colour, filled)
    return np.dstack([np.clip(out, 0, 255).astype(np.uint8), picture[..., 3]])


def _write_webp(path: Path, picture: U8, quality: int) -> None:
    order = [2, 1, 0, 3][: picture.shape[2]]
    done, encoded = cv2.imencode(
        ".webp", np.ascontiguousarray(picture[..., order]), [cv2.IMWRITE_WEBP_QUALITY, quality]
    )
    if not done:
        raise OSError(f"{path} could not be coded")
    path.write_bytes(encoded.tobytes())


def fresh_pictures(category: str, count: int, seed: int, split: str, out: Path) -> None:
    """Pictures with alpha of ever new things of a category, to train a detector on.

    Args:
        category: Of `contracts.incident.Category`.
        count: How many.
        seed: Of everything; picture n of a seed is always the same.
        split: `train`, or `test` for a final measurement.
        out: Folder; gets `<category>-<seed>-<n>.png` and `objects.jsonl`.

    Raises:
        ValueError: The catalogue has no such things.
    """
    choice = [
        (each, variant)
        for each in CATALOGUE.values()
        if each.category == category and each.family != "change"
        for variant in each.variants
        if variant.split == split
    ]
    if not choice:
        raise ValueError(f"the catalogue has nothing of category {category!r} in split {split!r}")
    out.mkdir(parents=True, exist_ok=True)
    scratch = out / ".scratch"
    scratch.mkdir(exist_ok=True)
    with Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task(category, total=count)
        for index in range(count):
            file = out / f"{category}-{seed}-{index:05d}.png"
            if not file.exists():
                _fresh_picture(np.random.default_rng([seed, index]), choice, file, scratch)
            progress.advance(bar)


def _fresh_picture(
    rng: np.random.Generator, choice: list[tuple[Asset, Variant]], file: Path, scratch: Path
) -> None:
    each, variant = choice[int(rng.integers(len(choice)))]
    mixed = tuple(
        tuple(float(np.clip(c * rng.uniform(0.6, 1.5), 0.01, 0.85)) for c in paint)
        for paint in variant.colours
    )
    varied = Variant(variant.name, variant.split, mixed)  # type: ignore[arg-type]
    studio.open_studio(SAMPLES, scratch)
    build = make(each.kind, varied, rng)
    build.to_object(each.kind)
    view = studio.View(float(rng.uniform(0, 360)), float(rng.uniform(5, 40)), views_of(each.kind).px_per_m)
    picture = studio.photograph(build.points, view, scratch)
    rgba = np.dstack([255 * np.sqrt(picture.rgb[..., ::-1]), 255 * picture.alpha])
    unfinished = file.with_suffix(".part.png")
    cv2.imwrite(str(unfinished), np.round(rgba).astype(np.uint8))
    row = {"file": file.name, "kind": each.kind, "variant": variant.name, "category": each.category}
    row |= {"yaw_deg": view.yaw_deg, "depression_deg": view.depression_deg, "px_per_m": view.px_per_m}
    with (file.parent / "objects.jsonl").open("a") as lines:
        lines.write(json.dumps(row | {"anchor": list(picture.anchor)}) + "\n")
    # The row first: a run that is killed here draws the same picture again and doubles a row, but loses none.
    unfinished.rename(file)
