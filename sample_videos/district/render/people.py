"""People: a skeleton of tapered capsules, melted into one skin by a voxel remesh, dressed by colour.

They are seen 30 to 200 pixels tall; proportions and gait matter, faces do not exist.
"""

import math

import bpy
import numpy as np
from numpy.typing import NDArray

from sample_videos.district.render.shape import Build, Colour, Shape, ball, box, noise, ring_stack

__all__ = ["figure", "person", "pose_joints"]

F64 = NDArray[np.float64]
Joints = dict[str, tuple[float, float, float]]
Capsule = tuple[F64, F64, float, float, str, Colour]
SKIN: Colour = (0.50, 0.30, 0.20)
VOXEL_M = 0.013


def _limb(
    start: F64, lengths: tuple[float, float], angles_deg: tuple[float, float], side: float
) -> tuple[F64, F64]:
    """Two bones in the y-z plane from a joint; angles from straight down, forward is positive."""
    a, b = (math.radians(angle) for angle in angles_deg)
    knee = start + np.array([side * 0.01, lengths[0] * math.sin(a), -lengths[0] * math.cos(a)])
    return knee, knee + np.array([0, lengths[1] * math.sin(b), -lengths[1] * math.cos(b)])


def pose_joints(pose: str, phase: int) -> Joints:
    """Where the joints are: `walk` in six phases, `stand`, `sit` on 0.3 m or `ride` on 0.75 m."""
    low, lean, hips, knees, arms, bends = 0.90, 0.0, (4.0, -4.0), (-2.0, -8.0), (6.0, -4.0), (18.0, 14.0)
    if pose == "walk":
        swing = math.sin(2 * math.pi * phase / 6 + 0.5)
        lift = math.cos(2 * math.pi * phase / 6 + 0.5)
        hips = (23 * swing, -23 * swing)
        knees = (23 * swing - 6 - 32 * max(0.0, lift), -23 * swing - 6 - 32 * max(0.0, -lift))
        arms = (-24 * swing, 24 * swing)
        bends = (-24 * swing + 22, 24 * swing + 22)
        low, lean = 0.90 - 0.025 * abs(swing), 3.0
    elif pose == "sit":
        low, lean, hips, knees = 0.40, 14.0, (98.0, 92.0), (-6.0, 8.0)
        arms, bends = (32.0, 26.0), (72.0, 80.0)
    elif pose == "ride":
        low, lean, hips, knees = 0.86, 6.0, (72.0, 72.0), (-4.0, -4.0)
        arms, bends = (38.0, 38.0), (72.0, 72.0)
    s, c = math.sin(math.radians(lean)), math.cos(math.radians(lean))
    pelvis = np.array([0.0, 0.0, low])
    if pose == "sit":
        pelvis += (0, -0.1, 0)

    def up(x: float, y: float, z: float) -> F64:
        return pelvis + np.array([x, y * c + z * s, z * c - y * s])

    joints: Joints = {
        "pelvis": pelvis,
        "belly": up(0, 0, 0.16),
        "chest": up(0, 0, 0.34),
        "neck": up(0, 0.01, 0.54),
        "head": up(0, 0.03, 0.665),
    }  # type: ignore[dict-item]
    for index, side in enumerate((-1.0, 1.0)):
        name = "lr"[index]
        joints |= {
            f"pelvis_{name}": up(side * 0.055, 0, 0.07),
            f"belly_{name}": up(side * 0.05, 0, 0.18),
            f"chest_{name}": up(side * 0.07, 0, 0.35),
        }  # type: ignore[dict-item]
        shoulder, hip = up(side * 0.158, 0, 0.475), pelvis + np.array([side * 0.09, 0, -0.02])
        elbow, hand = _limb(shoulder, (0.27, 0.25), (arms[index], bends[index]), side)
        elbow = elbow + np.array([side * 0.045, 0, 0])
        hand = hand + np.array([side * 0.02, 0, 0])
        knee, ankle = _limb(hip, (0.42, 0.40), (hips[index], knees[index]), side)
        if pose in ("sit", "ride"):
            knee = knee + np.array([side * 0.07, 0, 0])
            ankle = ankle + np.array([side * 0.05, 0, 0])
        toe = ankle + np.array([side * 0.02, 0.15, -0.035])
        joints |= {f"shoulder_{name}": shoulder, f"elbow_{name}": elbow, f"hand_{name}": hand}
        joints |= {f"hip_{name}": hip, f"knee_{name}": knee, f"ankle_{name}": ankle, f"toe_{name}": toe}  # type: ignore[dict-item]
    return joints


def _capsules(j: Joints, look: str, paints: tuple[Colour, ...]) -> list[Capsule]:
    shirt, trousers, hair = paints
    shoe: Colour = (0.04, 0.04, 0.045) if look != "e" else (0.5, 0.48, 0.45)

    def between(a: str, b: str, ra: float, rb: float, material: str, paint: Colour) -> Capsule:
        return np.asarray(j[a], float), np.asarray(j[b], float), ra, rb, material, paint

    def across(at: str, half: float, radius: float, material: str, paint: Colour) -> Capsule:
        middle = np.asarray(j[at], float)
        aside = np.array([half, 0, 0])
        return middle - aside, middle + aside, radius, radius, material, paint

    out = [
        across("pelvis", 0.060, 0.108, "garment", trousers),
        across("belly", 0.055, 0.106, "garment", shirt),
        *(between(f"pelvis_{s}", f"belly_{s}", 0.105, 0.104, "garment", shirt) for s in "lr"),
        *(between(f"belly_{s}", f"chest_{s}", 0.104, 0.112, "garment", shirt) for s in "lr"),
        *(between(f"chest_{s}", f"shoulder_{s}", 0.108, 0.058, "garment", shirt) for s in "lr"),
        between("shoulder_l", "neck", 0.055, 0.052, "garment", shirt),
        between("shoulder_r", "neck", 0.055, 0.052, "garment", shirt),
        between("chest", "neck", 0.085, 0.055, "garment", shirt),
        between("neck", "head", 0.05, 0.06, "skin", SKIN),
    ]
    head = np.asarray(j["head"], float)
    face = (head - np.asarray(j["neck"])) / np.linalg.norm(head - np.asarray(j["neck"]))
    forward = np.array([0, 1.0, 0]) if abs(face[1]) < 0.9 else np.array([0, 0, 1.0])
    out.append(
        (
            head - face * 0.03 + forward * 0.012,
            head + face * 0.02 + forward * 0.012,
            0.088,
            0.092,
            "skin",
            SKIN,
        )
    )
    out.append(
        (
            head + face * 0.035 - forward * 0.022,
            head - face * 0.02 - forward * 0.03,
            0.097,
            0.085,
            "hair",
            hair,
        )
    )
    if look in ("b", "e"):
        out.append((head - forward * 0.05, head - face * 0.2 - forward * 0.06, 0.08, 0.05, "hair", hair))
    sleeve = shirt if look in "acdf" else SKIN
    for side in "lr":
        out.append(between(f"shoulder_{side}", f"elbow_{side}", 0.062, 0.05, "garment", shirt))
        out.append(
            between(
                f"elbow_{side}",
                f"hand_{side}",
                0.046,
                0.036,
                "garment" if sleeve is shirt else "skin",
                sleeve,
            )
        )
        hand = np.asarray(j[f"hand_{side}"], float)
        out.append((hand, hand + np.array([0, 0.02, -0.06]), 0.038, 0.03, "skin", SKIN))
        out.append(between(f"hip_{side}", f"knee_{side}", 0.098, 0.068, "garment", trousers))
        out.append(between(f"knee_{side}", f"ankle_{side}", 0.066, 0.05, "garment", trousers))
        out.append(between(f"ankle_{side}", f"toe_{side}", 0.05, 0.042, "rubber", shoe))
    if look == "e":
        for side in "lr":
            knee = np.asarray(j[f"knee_{side}"], float)
            out.append((np.asarray(j["pelvis"], float), knee, 0.13, 0.115, "garment", shirt))
    return out


def _melted(capsules: list[Capsule]) -> Shape:
    """One skin around all capsules."""
    build = Build(np.random.default_rng(0))
    for start, end, r0, r1, _, _ in capsules:
        length = float(np.linalg.norm(end - start)) or 1e-4
        lower = [(r0 * math.cos(a), -r0 * math.sin(a)) for a in np.linspace(1.5, 0, 6)]
        upper = [(r1 * math.cos(a), length + r1 * math.sin(a)) for a in np.linspace(0, 1.5, 6)]
        points, faces = ring_stack(np.array([*lower, *upper]), 16)
        away = (end - start) / length
        side = np.cross(away, (0.3, 0.2, 1) if abs(away[2]) < 0.9 else (1, 0, 0))
        side /= np.linalg.norm(side)
        build.add((points @ np.stack([side, np.cross(away, side), away]) + start, faces), "skin", SKIN)
    lift = 2.0  # so that the builder's ground does not press feet flat
    for points in build._points:
        points += (0, 0, lift)
    thing = build.to_object("melting")
    remesh = thing.modifiers.new("remesh", "REMESH")
    remesh.mode, remesh.voxel_size = "VOXEL", VOXEL_M
    smooth = thing.modifiers.new("smooth", "SMOOTH")
    smooth.factor, smooth.iterations = 0.5, 4
    solid = thing.evaluated_get(bpy.context.evaluated_depsgraph_get()).to_mesh()
    points = np.empty(len(solid.vertices) * 3, np.float32)
    solid.vertices.foreach_get("co", points)
    loops = np.empty(len(solid.loops), np.int32)
    solid.loops.foreach_get("vertex_index", loops)
    starts = np.empty(len(solid.polygons), np.int32)
    solid.polygons.foreach_get("loop_start", starts)
    sizes = np.diff(np.append(starts, len(loops)))
    faces = np.full((len(starts), 4), -1, np.int64)
    for corner in range(4):
        has = sizes > corner
        faces[has, corner] = loops[starts[has] + corner]
    bpy.data.objects.remove(thing)
    return points.reshape(-1, 3).astype(float) - (0, 0, lift), faces


def figure(
    build: Build,
    look: str,
    paints: tuple[Colour, ...],
    joints: Joints,
    at: tuple[float, float, float] = (0, 0, 0),
) -> None:
    """Put a dressed body with these joints into the build."""
    capsules = _capsules(joints, look, paints)
    points, faces = _melted(capsules)
    reach = np.empty((len(points), len(capsules)))
    for index, (start, end, r0, r1, _, _) in enumerate(capsules):
        axis = end - start
        share = np.clip((points - start) @ axis / max(float(axis @ axis), 1e-9), 0, 1)
        away = np.linalg.norm(points - start - share[:, None] * axis, axis=1)
        reach[:, index] = away - (r0 + (r1 - r0) * share)
    nearest = np.argmin(reach, axis=1)
    colours = np.array([capsule[5] for capsule in capsules])[nearest]
    seed = int(build.rng.integers(999))
    folds = noise(points * (1, 1, 0.6), 0.07, seed, 3)
    normals = points - np.array([0, 0, 0])
    normals[:, 2] = 0
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)
    cloth = np.array([capsule[4] == "garment" for capsule in capsules])[nearest]
    points = points + normals * (folds * 0.008 * cloth)[:, None]
    colours = colours * (1 + 0.10 * folds * cloth)[:, None]
    kinds = np.array([capsule[4] for capsule in capsules])[nearest]
    face_kind = kinds[faces[:, 0]]
    for material in ("garment", "skin", "hair", "rubber"):
        chosen = faces[face_kind == material]
        if len(chosen):
            build.add((points, chosen), material, colours, at, smooth=True)
    _extras(build, look, paints, joints, at)


def _extras(
    build: Build, look: str, paints: tuple[Colour, ...], j: Joints, at: tuple[float, float, float]
) -> None:
    head, offset = np.asarray(j["head"], float), np.asarray(at, float)
    if look == "d":
        dome = ball(3)[0] * (0.125, 0.14, 0.12)
        dome[:, 2] = np.maximum(dome[:, 2], -0.01)
        build.add(
            (dome, ball(3)[1]), "paint", paints[0], tuple(head + offset + (0, -0.01, 0.02)), smooth=True
        )
    if look == "f":
        brim = ring_stack(np.array([[0.21, 0], [0.1, 0.03], [0.095, 0.1], [0.02, 0.12]]), 20)
        build.add(brim, "cloth", (0.52, 0.40, 0.2), tuple(head + offset + (0, 0, 0.04)), smooth=True)
    if look == "c":
        hand = np.asarray(j["hand_r"], float) + offset
        build.add(
            ball(3),
            "film",
            (0.6, 0.1, 0.08),
            tuple(hand + np.array([0.02, 0.0, -0.24])),
            scale=(0.09, 0.12, 0.15),
            smooth=True,
        )
    if look in ("b", "e"):
        hip = np.asarray(j["hip_l"], float) + offset
        build.add(
            box((0.09, 0.24, 0.2), 0.02), "cloth", (0.16, 0.08, 0.04), tuple(hip + np.array([-0.14, 0, 0.03]))
        )


def person(build: Build, look: str, paints: tuple[Colour, ...], pose: str, phase: int) -> None:
    """A person in a pose; looks to +y. Lying, the body is along x with the head at +x."""
    joints = pose_joints("stand" if pose == "lie" else pose, phase)
    if pose == "lie":
        bent = {name: np.asarray(point, float) for name, point in joints.items()}
        for side, out in (("l", 0.10), ("r", 0.05)):
            bent[f"knee_{side}"] = bent[f"knee_{side}"] + (0, out + 0.10, 0.05)
            bent[f"ankle_{side}"] = bent[f"ankle_{side}"] + (0, 0.0, 0.12)
            bent[f"toe_{side}"] = bent[f"ankle_{side}"] + (0, 0.1, -0.04)
        joints = {name: (p[2] - 0.85, p[0], p[1] + 0.14) for name, p in bent.items()}
        build.add(box((1.85, 0.7, 0.03), 0.01), "cloth", (0.35, 0.30, 0.22), (0, 0, 0.015))
        build.add(box((0.3, 0.4, 0.09), 0.04), "cloth", (0.45, 0.45, 0.5), (0.72, 0, 0.06))
    if pose == "sit":
        from sample_videos.district.render.pieces import stool

        stool(build, (0, -0.1), build.pick((0.5, 0.05, 0.04), (0.03, 0.12, 0.4)))
    figure(build, look, paints, joints)
