"""Meshes in NumPy: plain shapes, noise, and a builder that gathers them into one Blender mesh.

One mesh per thing: `bpy.ops` costs a scene update per call, a thousand oranges would take minutes. Every
shape is (vertices, faces): (N, 3) float64 metres and (M, 4) int64, -1 in the last column of a triangle.
"""

import math
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import NDArray

__all__ = ["Build", "Shape", "ball", "box", "crumple", "noise", "patch", "ring_stack", "rod", "turned"]

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Shape = tuple[F64, I64]
Colour = tuple[float, float, float]
Vector = tuple[float, float, float]


def turned(points: F64, turn_deg: Vector) -> F64:
    """Points turned about x, then y, then z; degrees, right-handed."""
    for axis, angle in enumerate(turn_deg):
        if angle:
            c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
            a, b = (axis + 1) % 3, (axis + 2) % 3
            points = points.copy()
            points[:, a], points[:, b] = (
                c * points[:, a] - s * points[:, b],
                s * points[:, a] + c * points[:, b],
            )
    return points


def noise(points: F64, scale_m: float, seed: int, octaves: int = 2) -> F64:
    """Smooth value noise at points, about -1..1; features of `scale_m`.

    Source: lattice noise with a hashed integer grid and smoothstep weights.
    """
    total, weight = np.zeros(len(points)), 1.0
    for octave in range(octaves):
        spot = points / scale_m * 2**octave + 17.3 * (seed + octave)
        cell = np.floor(spot).astype(np.int64)
        part = spot - cell
        part = part * part * (3 - 2 * part)
        value = np.zeros(len(points))
        for corner in range(8):
            bits = np.array([corner & 1, corner >> 1 & 1, corner >> 2])
            share = np.prod(np.where(bits == 1, part, 1 - part), axis=1)
            key = (cell + bits) @ np.array([73856093, 19349663, 83492791]) + seed * 2654435761
            key = (key ^ (key >> 13)) * 1274126177
            value += share * (((key ^ (key >> 16)) & 0xFFFF) / 32767.5 - 1)
        total += weight * value
        weight *= 0.5
    return total


def box(size: Vector, bevel: float = 0.006) -> Shape:
    """A block around the origin with chamfered edges."""
    half = np.array(size) / 2
    inset = np.full((3, 3), min(bevel, *(half * 0.6))) * (1 - np.eye(3))
    signs = list(product((-1, 1), repeat=3))
    points = np.concatenate([(half - inset) * sign for sign in signs])
    return points, _BOX_FACES


def _box_faces() -> I64:
    """Sides, chamfers and corners of a block; point 3 c + a is corner c on the side across axis a."""
    signs = list(product((-1, 1), repeat=3))

    def point(axis: int, *at: tuple[int, int]) -> int:
        place = dict(at)
        return 3 * signs.index((place[0], place[1], place[2])) + axis

    faces = []
    for axis in range(3):
        a, b = (axis + 1) % 3, (axis + 2) % 3
        around = ((-1, -1), (1, -1), (1, 1), (-1, 1))
        for side in (-1, 1):
            faces.append([point(axis, (axis, side), (a, sa), (b, sb)) for sa, sb in around[::side]])
        for sa, sb in product((-1, 1), repeat=2):
            ends = [(of, end) for of, end in ((a, -1), (a, 1), (b, 1), (b, -1))]
            edge = [point(of, (axis, end), (a, sa), (b, sb)) for of, end in ends]
            faces.append(edge[:: -sa * sb])
    for number, sign in enumerate(signs):
        faces.append([*[3 * number + axis for axis in range(3)][:: math.prod(sign)], -1])
    return np.array(faces, np.int64)


_BOX_FACES = _box_faces()


def patch(rows: int, columns: int, points: F64, closed: bool = False) -> Shape:
    """A sheet from (rows * columns, 3) points; `closed` joins the last column to the first."""
    r, c = np.meshgrid(np.arange(rows - 1), np.arange(columns if closed else columns - 1), indexing="ij")
    n = (c + 1) % columns
    quads = np.stack([r * columns + c, r * columns + n, (r + 1) * columns + n, (r + 1) * columns + c], -1)
    return points, quads.reshape(-1, 4)


def ring_stack(rings: F64, sides: int = 16, cap: bool = True) -> Shape:
    """A body of revolution: (K, 2) radii and heights from below upwards."""
    angles = np.linspace(0, 2 * math.pi, sides, endpoint=False)
    circle = np.stack([np.cos(angles), np.sin(angles)], -1)
    points = np.concatenate([np.column_stack([circle * r, np.full(sides, z)]) for r, z in rings])
    points, faces = patch(len(rings), sides, points, closed=True)
    if cap:
        ends = []
        for row, up in ((0, False), (len(rings) - 1, True)):
            centre = len(points)
            points = np.vstack([points, [0, 0, rings[row][1]]])
            around = row * sides + np.arange(sides)
            nxt = row * sides + (np.arange(sides) + 1) % sides
            fan = np.stack([around, nxt] if up else [nxt, around], -1)
            ends.append(np.column_stack([fan, np.full(sides, centre), np.full(sides, -1)]))
        faces = np.vstack([faces, *ends])
    return points, faces


def rod(start: Vector, end: Vector, radius: float, sides: int = 8, taper: float = 1.0) -> Shape:
    """A round bar between two points."""
    axis = np.subtract(end, start)
    length = float(np.linalg.norm(axis))
    points, faces = ring_stack(np.array([[radius, 0.0], [radius * taper, length]]), sides)
    away = axis / max(length, 1e-9)
    side = np.cross(away, (0, 0, 1) if abs(away[2]) < 0.9 else (1, 0, 0))
    side /= np.linalg.norm(side)
    return points @ np.stack([side, np.cross(away, side), away]) + np.array(start), faces


_BALLS: dict[int, Shape] = {}


def ball(level: int = 2) -> Shape:
    """A unit sphere of triangles: 42, 162, 642, 2562 points for levels 1 to 4."""
    if level not in _BALLS:
        g = (1 + 5**0.5) / 2
        raw = [(-1, g, 0), (1, g, 0), (-1, -g, 0), (1, -g, 0), (0, -1, g), (0, 1, g)]
        raw += [(0, -1, -g), (0, 1, -g), (g, 0, -1), (g, 0, 1), (-g, 0, -1), (-g, 0, 1)]
        words = "0 11 5,0 5 1,0 1 7,0 7 10,0 10 11,1 5 9,5 11 4,11 10 2,10 7 6,7 1 8,"
        words += "3 9 4,3 4 2,3 2 6,3 6 8,3 8 9,4 9 5,2 4 11,6 2 10,8 6 7,9 8 1"
        faces = np.array([[int(n) for n in word.split()] for word in words.split(",")])
        points = np.array(raw, float)
        for _ in range(level):
            edges = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
            unique, where = np.unique(edges, axis=0, return_inverse=True)
            middle = where.reshape(-1, 3) + len(points)
            points = np.vstack([points, points[unique].mean(axis=1)])
            a, b, c = faces.T
            ab, bc, ca = middle.T
            faces = np.vstack(
                [np.stack(t, -1) for t in ((a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca))]
            )
        points = points / np.linalg.norm(points, axis=1, keepdims=True)
        _BALLS[level] = points, np.column_stack([faces, np.full(len(faces), -1)])
    return _BALLS[level]


def crumple(shape: Shape, amount: float, scale_m: float, seed: int, octaves: int = 3) -> Shape:
    """The shape with its points pushed outwards and inwards by noise, metres."""
    points, faces = shape
    middle = points.mean(axis=0)
    away = points - middle
    away = away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-6)
    push = noise(points, scale_m, seed, octaves)
    return points + away * (push * amount)[:, None], faces


@dataclass
class Build:
    """Gathers shapes with material and colour, then becomes one mesh.

    Attributes:
        rng: Everything random of this thing comes from it.
    """

    rng: np.random.Generator
    _points: list[F64] = field(default_factory=list)
    _faces: list[I64] = field(default_factory=list)
    _colours: list[F64] = field(default_factory=list)
    _slots: list[I64] = field(default_factory=list)
    _smooth: list[NDArray[np.bool_]] = field(default_factory=list)
    _materials: list[str] = field(default_factory=list)
    _count: int = 0

    def add(  # noqa: PLR0913 - a placed, painted shape has that many facts
        self,
        shape: Shape,
        material: str,
        colour: Colour | F64,
        at: Vector = (0.0, 0.0, 0.0),
        turn: Vector = (0.0, 0.0, 0.0),
        scale: float | Vector = 1.0,
        smooth: bool = False,
    ) -> F64:
        """Put a shape in: scaled, turned, moved. Returns where its points are now."""
        points, faces = shape
        points = turned(points * np.asarray(scale), turn) + np.asarray(at)
        if material not in self._materials:
            self._materials.append(material)
        self._points.append(points)
        self._faces.append(np.where(faces >= 0, faces + self._count, -1))
        paint = np.asarray(colour, float)
        self._colours.append(np.broadcast_to(paint, (len(points), 3)) if paint.ndim == 1 else paint)
        self._slots.append(np.full(len(faces), self._materials.index(material)))
        self._smooth.append(np.full(len(faces), smooth))
        self._count += len(points)
        return points

    def box(self, size: Vector, at: Vector, material: str, colour: Colour, turn: Vector = (0, 0, 0)) -> None:
        """A chamfered block with its middle at `at`."""
        self.add(box(size), material, colour, at, turn)

    def rod(self, start: Vector, end: Vector, radius: float, colour: Colour, material: str = "metal") -> None:
        """A round bar."""
        self.add(rod(start, end, radius), material, colour, smooth=True)

    def shade(self, colour: Colour, spread: float = 0.15) -> Colour:
        """The colour a little lighter, darker or off in hue."""
        level = 1 + self.rng.normal(0, spread)
        hue = self.rng.normal(1, spread * 0.3, 3)
        return tuple(float(np.clip(c * level * h, 0.004, 0.9)) for c, h in zip(colour, hue, strict=True))  # type: ignore[return-value]

    def pick(self, *choices: Colour) -> Colour:
        """One of the colours, by chance."""
        return choices[int(self.rng.integers(len(choices)))]

    def pick_material(self, *names: str) -> str:
        """One of the materials, by chance."""
        return names[int(self.rng.integers(len(names)))]

    def within(self, low: float, high: float) -> float:
        """A number between two."""
        return float(self.rng.uniform(low, high))

    @property
    def points(self) -> F64:
        """All points so far, (N, 3) metres; what would be under the ground is pressed onto it."""
        points = np.concatenate(self._points)
        points[:, 2] = np.maximum(points[:, 2], 0.002)
        return points

    def triangles(self) -> int:
        """How many faces there are."""
        return sum(len(faces) for faces in self._faces)

    def to_object(self, name: str, grounded: bool = True):
        """One Blender object of all shapes with their colours as `tint`; grounded: nothing below 0."""
        import bpy

        from sample_videos.district.render.materials import material_of

        points = self.points if grounded else np.concatenate(self._points)
        faces = np.concatenate(self._faces)
        mesh = bpy.data.meshes.new(name)
        sides = np.where(faces[:, 3] < 0, 3, 4)
        loops = faces[faces >= 0]
        mesh.vertices.add(len(points))
        mesh.vertices.foreach_set("co", points.astype(np.float32).ravel())
        mesh.loops.add(len(loops))
        mesh.loops.foreach_set("vertex_index", loops.astype(np.int32))
        mesh.polygons.add(len(faces))
        mesh.polygons.foreach_set("loop_start", np.concatenate([[0], np.cumsum(sides)[:-1]]).astype(np.int32))
        mesh.polygons.foreach_set("material_index", np.concatenate(self._slots).astype(np.int32))
        tint = mesh.attributes.new("tint", "FLOAT_COLOR", "POINT")
        rgba = np.column_stack([np.concatenate(self._colours), np.ones(len(points))])
        tint.data.foreach_set("color", rgba.astype(np.float32).ravel())
        for word in self._materials:
            mesh.materials.append(material_of(word))
        mesh.update(calc_edges=True)
        mesh.polygons.foreach_set("use_smooth", np.concatenate(self._smooth))
        mesh.validate()
        thing = bpy.data.objects.new(name, mesh)
        bpy.context.scene.collection.objects.link(thing)
        return thing
