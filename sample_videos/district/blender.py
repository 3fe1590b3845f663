"""Blender's Python, found and started: only who remakes parts or renders pictures to train on needs it."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

__all__ = ["BlenderMissing", "RenderFailed", "blender_python", "render"]

VARIABLE = "STREETKEEPER_BLENDER_PYTHON"
ROOT = Path(__file__).resolve().parents[2]


class BlenderMissing(FileNotFoundError):
    """There is no Python with Blender's module; the message says how one is made."""


class RenderFailed(OSError):
    """The render process ended with a fault."""


def blender_python(given: Path | None = None) -> Path:
    """The Python that has `bpy`.

    Args:
        given: A path from the command line; goes before the environment's.

    Raises:
        BlenderMissing: Neither is set, or what is set does not exist.
    """
    found = given or (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)
    if found is not None and found.is_file():
        return found.absolute()
    fault = f"there is no {found}" if found else "no Blender Python was named"
    raise BlenderMissing(
        f"{fault}; make one with `python3.11 -m venv .venv-render && "
        ".venv-render/bin/pip install -r requirements-render.txt` and name it with "
        f"--blender-python .venv-render/bin/python or in {VARIABLE}"
    )


def render(python: Path, arguments: Sequence[str]) -> None:
    """Run the render program under Blender's Python; its progress goes to standard error.

    Args:
        python: From `blender_python`.
        arguments: Of `sample_videos.district.render.run`.

    Raises:
        RenderFailed: It ended with a fault. What was rendered is kept: the same command goes on.
    """
    command = [str(python), "-m", "sample_videos.district.render.run", *arguments]
    done = subprocess.run(  # noqa: S603 - our own module with our own arguments
        command, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False
    )
    if done.returncode != 0:
        raise RenderFailed(f"rendering ended with code {done.returncode}; what is done is kept, run it again")
