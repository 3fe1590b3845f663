"""The sprite studio: a white sky, an unseen grey ground, a camera 15 m away that fits the thing.

A picture is radiance under a uniform sky of 1 (linear red, green, blue), alpha, and normals in the
viewer's frame: x to the viewer's right, y away from the viewer along the ground, z up.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix, Vector
from numpy.typing import NDArray

__all__ = [
    "DISTANCE_M",
    "Picture",
    "View",
    "Writer",
    "clear_things",
    "open_studio",
    "photograph",
    "read_exr",
    "use_cycles",
    "white_sky",
]

DISTANCE_M = 15.0
F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class View:
    """From where: see `catalogue.Views`."""

    yaw_deg: float
    depression_deg: float
    px_per_m: float


@dataclass(frozen=True, slots=True)
class Picture:
    """A cropped render.

    Attributes:
        rgb: (h, w, 3) float32, straight (not multiplied by alpha).
        alpha: (h, w) float32.
        normals: (h, w, 3) float32, viewer's frame.
        anchor: x, y pixels of the footprint's middle.
        px_per_m: Pixels per metre at the anchor.
    """

    rgb: F32
    alpha: F32
    normals: F32
    anchor: tuple[float, float]
    px_per_m: float


def use_cycles(samples: int) -> None:
    """CPU path tracing with few bounces and the denoiser, as every picture here is made."""
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.render.threads_mode = "FIXED"
    scene.render.threads = 2
    scene.render.use_persistent_data = True
    scene.view_settings.view_transform = "Raw"
    cycles = scene.cycles
    cycles.device = "CPU"
    cycles.samples = samples
    cycles.use_adaptive_sampling = False
    cycles.use_denoising = True
    cycles.denoiser = "OPENIMAGEDENOISE"
    cycles.denoising_input_passes = "RGB_ALBEDO_NORMAL"
    cycles.denoising_prefilter = "FAST"
    cycles.denoising_quality = "BALANCED"
    cycles.max_bounces = 4
    cycles.diffuse_bounces = 2
    cycles.glossy_bounces = 2
    cycles.transmission_bounces = 2
    cycles.transparent_max_bounces = 6
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.sample_clamp_indirect = 3.0


def open_studio(samples: int, folder: Path) -> None:
    """An empty scene with sky, ground, camera and outputs (EXR files in the folder)."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    use_cycles(samples)
    scene.render.film_transparent = True
    scene.render.filter_size = 1.2
    white_sky()
    mesh = bpy.data.meshes.new("ground")
    mesh.from_pydata([(-60, -60, 0), (60, -60, 0), (60, 60, 0), (-60, 60, 0)], [], [(0, 1, 2, 3)])
    ground = bpy.data.objects.new("ground", mesh)
    grey = bpy.data.materials.new("ground")
    grey.use_nodes = True
    grey.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = (0.35, 0.35, 0.35, 1)
    grey.node_tree.nodes["Principled BSDF"].inputs["Roughness"].default_value = 1.0
    mesh.materials.append(grey)
    ground.visible_camera = False
    scene.collection.objects.link(ground)
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(camera)
    scene.camera = camera
    camera.data.sensor_fit = "HORIZONTAL"
    camera.data.clip_start, camera.data.clip_end = 0.5, 300
    scene.view_layers[0].use_pass_normal = True
    writer = Writer.to(folder)
    for slot, socket in (("image", "Image"), ("normal", "Normal")):
        writer.write(slot, writer.layers.outputs[socket])


def white_sky() -> bpy.types.World:
    """The uniform sky of strength 1 under which everything is rendered."""
    world = bpy.data.worlds.new("sky")
    bpy.context.scene.world = world
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs[0].default_value = (1, 1, 1, 1)
    return world


@dataclass(frozen=True, slots=True)
class Writer:
    """The compositor of a scene, with nothing in it but render layers and what writes EXR files.

    Attributes:
        tree: Its nodes.
        layers: What the render gives.
        files: What writes; `write` gives it slots.
    """

    tree: bpy.types.NodeTree
    layers: bpy.types.Node
    files: bpy.types.Node

    @classmethod
    def to(cls, folder: Path) -> "Writer":
        """An empty one that writes into a folder: 32 bits, not compressed, for they are read at once."""
        scene = bpy.context.scene
        scene.use_nodes = True
        tree = scene.node_tree
        tree.nodes.clear()
        layers = tree.nodes.new("CompositorNodeRLayers")
        files = tree.nodes.new("CompositorNodeOutputFile")
        files.base_path = str(folder)
        files.format.file_format = "OPEN_EXR"
        files.format.color_depth = "32"
        files.format.exr_codec = "NONE"
        files.file_slots.clear()
        return cls(tree, layers, files)

    def write(self, slot: str, output: bpy.types.NodeSocket) -> None:
        """Write an output to files named by a slot."""
        self.files.file_slots.new(slot)
        self.tree.links.new(output, self.files.inputs[slot])


def read_exr(path: Path) -> F32:
    """An EXR file as (h, w, 4) float32, first row on top."""
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = "Non-Color"
    width, height = image.size
    values = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(values)
    bpy.data.images.remove(image)
    return values.reshape(height, width, 4)[::-1]


def clear_things() -> None:
    """Take every thing out, keep ground and camera."""
    for thing in list(bpy.data.objects):
        if thing.name not in ("ground", "camera"):
            bpy.data.objects.remove(thing)
    for mesh in list(bpy.data.meshes):
        if mesh.users == 0:
            bpy.data.meshes.remove(mesh)


def photograph(points: NDArray[np.float64], view: View, folder: Path) -> Picture:
    """Render the thing whose points these are, tightly cropped.

    Args:
        points: (N, 3) metres, all of the thing, in its own frame.
        view: From where.
        folder: Of the outputs.
    """
    scene, camera = bpy.context.scene, bpy.context.scene.camera
    bearing = math.radians(90 + view.yaw_deg)
    low = math.radians(view.depression_deg)
    towards = np.array([math.cos(low) * math.cos(bearing), math.cos(low) * math.sin(bearing), math.sin(low)])
    middle = np.array([0, 0, float(points[:, 2].max()) / 2])
    place = towards * DISTANCE_M
    back = (place - middle) / np.linalg.norm(place - middle)
    right = np.cross((0, 0, 1), back)
    right /= np.linalg.norm(right)
    axes = np.stack([right, np.cross(back, right), back])
    camera.matrix_world = Matrix.Translation(Vector(place)) @ Matrix(axes.T.tolist()).to_4x4()
    anchor_depth = float(place @ back)
    focal_px = view.px_per_m * anchor_depth
    seen = (np.vstack([points, np.zeros((1, 3))]) - place) @ axes.T
    flat = seen[:, :2] / -seen[:, 2:] * focal_px
    (left, bottom), (end, top) = np.floor(flat.min(axis=0)) - 4, np.ceil(flat.max(axis=0)) + 4
    width, height = int(end - left), int(top - bottom)
    scene.render.resolution_x, scene.render.resolution_y = width, height
    camera.data.sensor_width = 36.0
    camera.data.lens = focal_px * 36.0 / width
    longer = width  # sensor_fit HORIZONTAL: shifts are shares of the width
    camera.data.shift_x = (left + end) / 2 / longer
    camera.data.shift_y = (bottom + top) / 2 / longer
    bpy.ops.render.render()
    rgba = read_exr(folder / f"image{scene.frame_current:04d}.exr")
    bent = read_exr(folder / f"normal{scene.frame_current:04d}.exr")
    alpha = np.clip(rgba[..., 3], 0, 1)
    rgb = rgba[..., :3] / np.maximum(alpha, 0.02)[..., None]
    world = bent[..., :3]
    flat_right = np.array([right[0], right[1], 0])
    away = np.array([-math.cos(bearing), -math.sin(bearing), 0])
    normals = np.stack([world @ flat_right, world @ away, world[..., 2]], axis=-1)
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-3)
    anchor = (float(flat[-1, 0] - left), float(top - flat[-1, 1]))
    return _cropped(Picture(rgb, alpha, normals.astype(np.float32), anchor, view.px_per_m))


def _cropped(picture: Picture) -> Picture:
    """Cut to what is seen, but keep the anchor inside."""
    rows, columns = np.nonzero(picture.alpha > 0.01)
    ax, ay = picture.anchor
    x0, x1 = min(columns.min(), int(ax)), max(columns.max(), int(ax)) + 1
    y0, y1 = min(rows.min(), int(ay)), max(rows.max(), int(ay)) + 1
    x0, y0 = max(0, x0), max(0, y0)
    part = slice(y0, y1), slice(x0, x1)
    return Picture(
        np.clip(picture.rgb[part], 0, 1),
        picture.alpha[part],
        picture.normals[part],
        (ax - x0, ay - y0),
        picture.px_per_m,
    )
