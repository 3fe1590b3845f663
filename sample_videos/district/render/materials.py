"""Procedural materials: each takes the vertex colour `tint` and adds grain, dirt, wear and relief.

Positions are in metres of the thing's own frame, so that grain has the same size on everything.
"""

from dataclasses import dataclass

import bpy

__all__ = ["RECIPES", "Recipe", "Sockets", "material_of"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a material looks.

    Attributes:
        rough: Roughness 0..1.
        grain_m: Size of the colour's unevenness, metres; 0 leaves it plain.
        mottle: How strong that unevenness is, 0..1.
        relief: Strength of the bump, 0..1.
        relief_m: Size of the bump's features, metres.
        dirt: Share of brown dust, most of it near the ground.
        metallic: 0 or 1.
        clear: 1 is opaque; below, the share that is seen.
        pattern: `noise`, `cells` or `wave` for the relief.
        coat: Strength of a clear coat.
    """

    rough: float = 0.6
    grain_m: float = 0.08
    mottle: float = 0.25
    relief: float = 0.0
    relief_m: float = 0.03
    dirt: float = 0.15
    metallic: float = 0.0
    clear: float = 1.0
    pattern: str = "noise"
    coat: float = 0.0
    glow: float = 0.0


RECIPES: dict[str, Recipe] = {
    "cloth": Recipe(0.92, 0.12, 0.3, 0.35, 0.05, 0.12),
    "garment": Recipe(0.9, 0.2, 0.08, 0.25, 0.04, 0.02),
    "canopy": Recipe(0.75, 0.4, 0.2, 0.12, 0.10, 0.08),
    "film": Recipe(0.26, 0.15, 0.25, 0.55, 0.045, 0.05, pattern="cells"),
    "woven": Recipe(0.75, 0.06, 0.35, 0.45, 0.05, 0.30),
    "plastic": Recipe(0.42, 0.2, 0.18, 0.05, 0.05, 0.20),
    "card": Recipe(0.88, 0.10, 0.28, 0.18, 0.06, 0.14),
    "foam": Recipe(0.8, 0.05, 0.10, 0.12, 0.012, 0.16),
    "metal": Recipe(0.38, 0.10, 0.18, 0.05, 0.04, 0.10, metallic=0.85),
    "paint": Recipe(0.30, 0.9, 0.04, 0.0, 0.1, 0.10, coat=0.6),
    "enamel": Recipe(0.45, 0.30, 0.12, 0.03, 0.05, 0.16),
    "wood": Recipe(0.8, 0.05, 0.30, 0.3, 0.02, 0.22, pattern="wave"),
    "concrete": Recipe(0.95, 0.06, 0.40, 0.6, 0.03, 0.20),
    "brick": Recipe(0.93, 0.05, 0.45, 0.5, 0.02, 0.25),
    "soil": Recipe(1.0, 0.10, 0.55, 0.9, 0.05, 0.0),
    "grit": Recipe(1.0, 0.04, 0.50, 0.8, 0.02, 0.0),
    "tile": Recipe(0.22, 0.10, 0.15, 0.03, 0.05, 0.25),
    "leaf": Recipe(0.65, 0.10, 0.45, 0.2, 0.03, 0.05),
    "fruit": Recipe(0.38, 0.03, 0.22, 0.05, 0.01, 0.02),
    "food": Recipe(0.55, 0.03, 0.30, 0.3, 0.012, 0.0),
    "rubber": Recipe(0.75, 0.05, 0.3, 0.1, 0.02, 0.30),
    "skin": Recipe(0.55, 0.05, 0.12, 0.05, 0.02, 0.0),
    "hair": Recipe(0.5, 0.02, 0.4, 0.4, 0.01, 0.0),
    "sign": Recipe(0.5, 0.3, 0.12, 0.0, 0.05, 0.12),
    "window": Recipe(0.06, 0.0, 0.0, 0.0, 0.05, 0.05),
    "glass": Recipe(0.05, 0.0, 0.0, 0.0, 0.05, 0.0, clear=0.13),
    "bottle": Recipe(0.12, 0.0, 0.0, 0.1, 0.03, 0.0, clear=0.55),
    "wall": Recipe(0.95, 0.9, 0.22, 0.15, 0.03, 0.30),
    "mosaic": Recipe(0.45, 0.6, 0.15, 0.06, 0.03, 0.22),
    "asphalt": Recipe(0.9, 0.03, 0.5, 0.4, 0.02, 0.0),
    "roadpaint": Recipe(0.8, 0.25, 0.45, 0.2, 0.02, 0.0),
    "bark": Recipe(0.95, 0.06, 0.4, 0.6, 0.04, 0.0),
    "foliage": Recipe(0.6, 0.5, 0.35, 0.0, 0.04, 0.0),
    "net": Recipe(0.9, 0.05, 0.3, 0.3, 0.05, 0.05, clear=0.82),
    "tube": Recipe(0.5, 0.0, 0.0, 0.0, 0.05, 0.0, glow=6.0),
    "glowsign": Recipe(0.5, 0.0, 0.0, 0.0, 0.05, 0.0, glow=0.8),
    "tower": Recipe(0.8, 3.0, 0.1, 0.0, 0.05, 0.0, pattern="windows"),
    "lamp": Recipe(0.3, 0.0, 0.0, 0.0, 0.05, 0.0, coat=0.3),
}


def material_of(name: str) -> bpy.types.Material:
    """The material of that name, made at its first use.

    Raises:
        KeyError: No such recipe.
    """
    made = bpy.data.materials.get(name)
    if made is not None:
        return made
    recipe = RECIPES[name]
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    tree = material.node_tree
    shader = tree.nodes["Principled BSDF"]
    shader.inputs["Roughness"].default_value = recipe.rough
    shader.inputs["Metallic"].default_value = recipe.metallic
    shader.inputs["Alpha"].default_value = recipe.clear
    shader.inputs["Coat Weight"].default_value = recipe.coat
    where = tree.nodes.new("ShaderNodeTexCoord").outputs["Object"]
    tint = tree.nodes.new("ShaderNodeAttribute")
    tint.attribute_name = "tint"
    colour = tint.outputs["Color"]
    if recipe.mottle:
        colour = _mottled(tree, where, colour, recipe)
    if recipe.dirt:
        colour = _dusty(tree, where, colour, recipe)
    if recipe.pattern == "windows":
        colour = _windowed(tree, where, colour)
    tree.links.new(colour, shader.inputs["Base Color"])
    if recipe.glow:
        tree.links.new(colour, shader.inputs["Emission Color"])
        shader.inputs["Emission Strength"].default_value = recipe.glow
    if recipe.relief:
        tree.links.new(_relief(tree, where, recipe), shader.inputs["Normal"])
    return material


class Sockets:
    """A material under construction: textures and sums by name, in metres of the world."""

    def __init__(self, name: str) -> None:
        self.material = bpy.data.materials.new(name)
        self.material.use_nodes = True
        self.tree = self.material.node_tree
        self.where = self.tree.nodes.new("ShaderNodeTexCoord").outputs["Object"]

    def link(self, source: bpy.types.NodeSocket, end: bpy.types.NodeSocket) -> None:
        """Join two sockets."""
        self.tree.links.new(source, end)

    def node(self, kind: str, values: dict[str, float]) -> bpy.types.Node:
        """A node with its inputs set."""
        node = self.tree.nodes.new(kind)
        for key, value in values.items():
            node.inputs[key].default_value = value
        return node

    def noise(
        self, size_m: float, detail: float, stretch: tuple[float, float, float] | None = None
    ) -> bpy.types.NodeSocket:
        """Noise of 0..1; `stretch` scales each axis first."""
        where = self.where
        if stretch:
            scaled = self.tree.nodes.new("ShaderNodeVectorMath")
            scaled.operation = "MULTIPLY"
            scaled.inputs[1].default_value = stretch
            self.link(where, scaled.inputs[0])
            where = scaled.outputs[0]
        return _noise(self.tree, where, size_m, detail).outputs["Fac"]

    def cells(self, size_m: float) -> bpy.types.NodeSocket:
        """Distance to the nearest of scattered points, in cells."""
        node = self.node("ShaderNodeTexVoronoi", {"Scale": 1 / size_m})
        self.link(self.where, node.inputs["Vector"])
        return node.outputs["Distance"]

    def edges(self, size_m: float, warp_m: float) -> bpy.types.NodeSocket:
        """Distance to the edges of warped cells: cracks."""
        node = self.node("ShaderNodeTexVoronoi", {"Scale": 1 / size_m})
        node.feature = "DISTANCE_TO_EDGE"
        bent = _mix(
            self.tree, "ADD", warp_m, self.where, _noise(self.tree, self.where, 0.5, 5).outputs["Color"]
        )
        self.link(bent, node.inputs["Vector"])
        return node.outputs["Distance"]

    def range(
        self, value: bpy.types.NodeSocket, ends: tuple[float, float, float, float]
    ) -> bpy.types.NodeSocket:
        """A value mapped from its first two ends to the last two, held at them."""
        return _range(self.tree, value, ends)

    def times(self, first: bpy.types.NodeSocket, second: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
        """The product."""
        node = self.tree.nodes.new("ShaderNodeMath")
        node.operation = "MULTIPLY"
        self.link(first, node.inputs[0])
        self.link(second, node.inputs[1])
        return node.outputs[0]

    def mix(self, kind: str, factor: object, first: object, second: object) -> bpy.types.NodeSocket:
        """Two colours by a factor and a way to blend them."""
        return _mix(self.tree, kind, factor, first, second)

    def finish(
        self, colour: bpy.types.NodeSocket, rough: float, relief: tuple[float, float]
    ) -> bpy.types.Material:
        """The material: colour, roughness, and relief as (size in metres, strength)."""
        shader = self.tree.nodes["Principled BSDF"]
        shader.inputs["Roughness"].default_value = rough
        self.link(colour, shader.inputs["Base Color"])
        bump = self.node("ShaderNodeBump", {"Strength": relief[1], "Distance": relief[0] * 0.3})
        self.link(self.noise(relief[0], 5), bump.inputs["Height"])
        self.link(bump.outputs["Normal"], shader.inputs["Normal"])
        return self.material


def _noise(
    tree: bpy.types.NodeTree, where: bpy.types.NodeSocket, size_m: float, detail: float
) -> bpy.types.Node:
    node = tree.nodes.new("ShaderNodeTexNoise")
    node.inputs["Scale"].default_value = 1 / size_m
    node.inputs["Detail"].default_value = detail
    node.inputs["Roughness"].default_value = 0.6
    tree.links.new(where, node.inputs["Vector"])
    return node


def _mix(
    tree: bpy.types.NodeTree, kind: str, factor: object, first: object, second: object
) -> bpy.types.NodeSocket:
    node = tree.nodes.new("ShaderNodeMix")
    node.data_type, node.blend_type = "RGBA", kind
    for index, socket in ((0, factor), (6, first), (7, second)):
        if isinstance(socket, bpy.types.NodeSocket):
            tree.links.new(socket, node.inputs[index])
        else:
            node.inputs[index].default_value = socket
    return node.outputs[2]


def _range(
    tree: bpy.types.NodeTree, value: bpy.types.NodeSocket, ends: tuple[float, float, float, float]
) -> bpy.types.NodeSocket:
    node = tree.nodes.new("ShaderNodeMapRange")
    tree.links.new(value, node.inputs["Value"])
    for index, end in enumerate(ends, 1):
        node.inputs[index].default_value = end
    return node.outputs[0]


def _windowed(tree, where, colour):
    """Dark windows in rows on walls that stand along the axes; u is east plus north."""
    parts, joined = tree.nodes.new("ShaderNodeSeparateXYZ"), tree.nodes.new("ShaderNodeCombineXYZ")
    along = tree.nodes.new("ShaderNodeMath")
    tree.links.new(where, parts.inputs[0])
    for index in (0, 1):
        tree.links.new(parts.outputs[index], along.inputs[index])
    tree.links.new(along.outputs[0], joined.inputs[0])
    tree.links.new(parts.outputs[2], joined.inputs[1])
    node = tree.nodes.new("ShaderNodeTexBrick")
    node.offset = 0.0
    for key, value in {
        "Scale": 1.0,
        "Mortar Size": 0.75,
        "Brick Width": 3.2,
        "Row Height": 3.0,
        "Mortar Smooth": 0.0,
    }.items():
        node.inputs[key].default_value = value
    node.inputs["Color1"].default_value = node.inputs["Color2"].default_value = (0.05, 0.06, 0.07, 1)
    tree.links.new(joined.outputs[0], node.inputs["Vector"])
    tree.links.new(colour, node.inputs["Mortar"])
    return node.outputs["Color"]


def _mottled(tree, where, colour, recipe):
    uneven = _noise(tree, where, recipe.grain_m, 5.0)
    level = _range(tree, uneven.outputs["Fac"], (0.3, 0.7, 1 - recipe.mottle, 1 + recipe.mottle * 0.5))
    return _mix(tree, "MULTIPLY", 1.0, colour, level)


def _dusty(tree, where, colour, recipe):
    spots = _noise(tree, where, 0.35, 6.0)
    spread = _range(tree, spots.outputs["Fac"], (0.46, 0.8, 0.0, recipe.dirt * 1.5))
    parts = tree.nodes.new("ShaderNodeSeparateXYZ")
    tree.links.new(where, parts.inputs[0])
    low = _range(tree, parts.outputs["Z"], (0.0, 0.5, recipe.dirt * 1.2, 0.0))
    total = tree.nodes.new("ShaderNodeMath")
    total.use_clamp = True
    tree.links.new(spread, total.inputs[0])
    tree.links.new(low, total.inputs[1])
    return _mix(tree, "MIX", total.outputs[0], colour, (0.16, 0.125, 0.09, 1.0))


def _relief(tree, where, recipe):
    if recipe.pattern == "cells":
        node = tree.nodes.new("ShaderNodeTexVoronoi")
        node.inputs["Scale"].default_value = 1 / recipe.relief_m
        warp = _mix(tree, "ADD", 0.06, where, _noise(tree, where, 0.06, 3.0).outputs["Color"])
        tree.links.new(warp, node.inputs["Vector"])
        height = node.outputs["Distance"]
    elif recipe.pattern == "wave":
        node = tree.nodes.new("ShaderNodeTexWave")
        node.inputs["Scale"].default_value = 0.15 / recipe.relief_m
        node.inputs["Distortion"].default_value = 6.0
        tree.links.new(where, node.inputs["Vector"])
        height = node.outputs["Fac"]
    else:
        height = _noise(tree, where, recipe.relief_m, 6.0).outputs["Fac"]
    bump = tree.nodes.new("ShaderNodeBump")
    bump.inputs["Strength"].default_value = recipe.relief
    bump.inputs["Distance"].default_value = recipe.relief_m * 0.4
    tree.links.new(height, bump.inputs["Height"])
    return bump.outputs["Normal"]
