"""Plates: each camera's empty district under a white sky and under its lamps, with normals and depth.

One render gives all four: the world and the lamps are two light groups of Cycles. See
`docs/methods/sample-district.md` for how the composer lights them.
"""

import json
import time
from pathlib import Path
from typing import Any

import bpy
import cv2
import numpy as np
from mathutils import Matrix, Vector
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from sample_videos.district.cameras import CAMERAS, DistrictCamera
from sample_videos.district.layout import DISTRICT
from sample_videos.district.render.facade import Town, raise_building
from sample_videos.district.render.ground import lay_ground
from sample_videos.district.render.shape import Build
from sample_videos.district.render.street import (
    fallen_leaves,
    furnish,
    plant_trees,
    put_far_things,
    put_lamps,
)
from sample_videos.district.render.studio import Writer, read_exr, use_cycles, white_sky

__all__ = [
    "GROUPS",
    "SAMPLES",
    "aim",
    "build_district",
    "centimetres",
    "coded_normals",
    "encoded",
    "prepare",
    "render_plates",
    "rooted",
]

F32 = NDArray[np.float32]
SEED = 20260406
SAMPLES = 3
SKY_CM = 65535
GROUPS = ("sky", "lamps")


def build_district() -> None:
    """The whole district in an empty Blender scene."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    rng = np.random.default_rng(SEED)
    town = Town(Build(rng), Build(rng))
    far, ground = Build(rng), Build(rng)
    lay_ground(ground)
    for building in DISTRICT.buildings:
        raise_building(town, building)
    furnish(town.solid)
    put_lamps(town.solid)
    plant_trees(town.solid, rng)
    fallen_leaves(ground)
    put_far_things(far)
    ground.to_object("on-ground", grounded=False)
    town.solid.to_object("town", grounded=False)
    far.to_object("far", grounded=False)
    town.glow.to_object("glow").lightgroup = "lamps"
    white_sky().lightgroup = "sky"


def prepare(folder: Path, samples: int) -> None:
    """Cycles, its passes and light groups, and a compositor that cleans them and writes EXR files."""
    scene = bpy.context.scene
    use_cycles(samples)
    scene.cycles.use_denoising = False
    scene.cycles.sample_clamp_indirect = 4.0
    layer = scene.view_layers[0]
    layer.use_pass_normal = layer.use_pass_z = True
    layer.cycles.denoising_store_passes = True
    for group in GROUPS:
        bpy.ops.scene.view_layer_add_lightgroup(name=group)
    writer = Writer.to(folder)
    for group in GROUPS:
        clean = writer.tree.nodes.new("CompositorNodeDenoise")
        clean.prefilter = "FAST"
        for socket, output in (
            ("Image", f"Combined_{group}"),
            ("Normal", "Denoising Normal"),
            ("Albedo", "Denoising Albedo"),
        ):
            writer.tree.links.new(writer.layers.outputs[output], clean.inputs[socket])
        writer.write(group, clean.outputs[0])
    for slot, socket in (("normal", "Normal"), ("depth", "Depth")):
        writer.write(slot, writer.layers.outputs[socket])


def aim(camera: DistrictCamera, scale: float) -> None:
    """Blender's camera with the same pose, focal length and picture as the district's, pinhole."""
    scene = bpy.context.scene
    lens = bpy.data.objects.get("lens")
    if lens is None:
        lens = bpy.data.objects.new("lens", bpy.data.cameras.new("lens"))
        scene.collection.objects.link(lens)
        scene.camera = lens
    right, down, forward = camera.rotation
    axes = np.stack([right, -down, -forward], axis=1)
    lens.matrix_world = Matrix.Translation(Vector(camera.place_enu.tolist())) @ Matrix(axes.tolist()).to_4x4()
    width, height = camera.plate_wh
    scene.render.resolution_x, scene.render.resolution_y = round(width * scale), round(height * scale)
    lens.data.sensor_fit = "HORIZONTAL"
    lens.data.sensor_width = 36.0
    lens.data.lens = camera.focal_px * 36.0 / width
    lens.data.clip_start, lens.data.clip_end = 0.1, 2000.0


def render_plates(work: Path, parts: Path, cameras: list[str] | None = None, scale: float = 1.0) -> None:
    """Render the plates of the cameras that have none yet.

    Args:
        work: Folder of raw outputs, kept between runs.
        parts: Folder of the committed parts.
        cameras: Only these ids; None for all.
        scale: Below 1: a quick look at a smaller size.
    """
    folder = work / "plates"
    folder.mkdir(parents=True, exist_ok=True)
    build_district()
    prepare(folder, SAMPLES)
    chosen = [camera for camera in CAMERAS if not cameras or camera.id in cameras]
    with Progress(console=Console(stderr=True), refresh_per_second=0.2) as progress:
        bar = progress.add_task("plates", total=len(chosen))
        for camera in chosen:
            if not (parts / "plates" / f"{camera.id}.depth.png").exists():
                start = time.process_time()
                aim(camera, scale)
                bpy.ops.render.render()
                _write(camera, folder, parts / "plates", time.process_time() - start)
            progress.update(bar, advance=1, description=camera.id)


def encoded(path: Path, picture: NDArray[Any], quality: int) -> None:
    """Write a WebP of that quality or a PNG; channels as OpenCV has them."""
    options = [cv2.IMWRITE_WEBP_QUALITY, quality] if path.suffix == ".webp" else []
    done, blob = cv2.imencode(path.suffix, np.ascontiguousarray(picture), options)
    if not done:
        raise OSError(f"{path} could not be coded")
    path.write_bytes(blob.tobytes())


def rooted(radiance: F32) -> NDArray[np.uint8]:
    """255 times the root of the radiance, blue first."""
    return np.round(255 * np.sqrt(np.clip(radiance[..., 2::-1], 0, 1))).astype(np.uint8)


def coded_normals(normal: F32) -> NDArray[np.uint8]:
    """Unit normals as blue, green, red of a picture whose red is east; 127 where there is only sky."""
    length = np.linalg.norm(normal[..., :3], axis=2, keepdims=True)
    unit = np.where(length > 0.1, normal[..., :3] / np.maximum(length, 0.1), 0.0)
    return np.round(127.5 + 127.5 * unit[..., ::-1]).astype(np.uint8)


def centimetres(metres: F32) -> NDArray[np.uint16]:
    """Depth as the plates keep it: rounded to 0.15 %, 65535 for the sky."""
    step = np.maximum(1.0, np.round(metres * 0.15))
    rounded = np.clip(np.round(metres * 100 / step) * step, 1, SKY_CM - 1)
    return np.where(metres > 1e6, SKY_CM, rounded).astype(np.uint16)


def _write(camera: DistrictCamera, raw: Path, out: Path, cpu_s: float) -> None:
    out.mkdir(parents=True, exist_ok=True)
    frame = bpy.context.scene.frame_current
    sky, lamps, normal, depth = (
        read_exr(raw / f"{slot}{frame:04d}.exr") for slot in (*GROUPS, "normal", "depth")
    )
    factor = float(np.percentile(lamps[..., :3].max(axis=2), 99.5))
    encoded(out / f"{camera.id}.sky.webp", rooted(sky), 88)
    encoded(out / f"{camera.id}.lamps.webp", rooted(lamps / factor), 80)
    encoded(out / f"{camera.id}.n.webp", coded_normals(normal), 80)
    encoded(out / f"{camera.id}.depth.png", centimetres(depth[..., 0]), 0)
    facts = {
        "camera": camera.id,
        "lamps_factor": factor,
        "spp": SAMPLES,
        "seed": SEED,
        "cpu_s": round(cpu_s, 1),
    }
    (raw / f"{camera.id}.json").write_text(json.dumps(facts))
