"""Kind and variant -> mesh: the one place where the catalogue meets the mesh makers."""

import ast
import inspect
from collections.abc import Callable

import numpy as np

from sample_videos.district.catalogue import Variant
from sample_videos.district.render import context, debris, garbage, people, vehicles, vendors
from sample_videos.district.render.materials import RECIPES
from sample_videos.district.render.shape import Build, Colour

__all__ = ["make", "recipe_text"]

Maker = Callable[[Build, tuple[Colour, ...]], None]
_STILL: dict[str, Maker] = vendors.MAKERS | garbage.MAKERS | debris.MAKERS | context.MAKERS | vehicles.MAKERS


def make(kind: str, variant: Variant, rng: np.random.Generator, pose: str = "still", phase: int = 0) -> Build:
    """The thing's mesh in its own frame.

    Raises:
        KeyError: Nobody makes this kind.
    """
    build = Build(rng)
    if kind == "person":
        people.person(build, variant.name, variant.colours, pose, phase)
    else:
        _STILL[kind](build, variant.colours)
    return build


def recipe_text(kind: str) -> str:
    """What the kind's maker does and the materials of its module: when they change, its pictures are old.

    Layout and comments do not count.
    """
    maker = people.person if kind == "person" else _STILL[kind]
    module = inspect.getsource(inspect.getmodule(maker))  # type: ignore[arg-type]
    used = {name: recipe for name, recipe in sorted(RECIPES.items()) if f'"{name}"' in module}
    return f"{ast.dump(ast.parse(inspect.getsource(maker)))}{used}"
