"""Finding Blender's Python, and saying what to do when there is none; what ran is a real process."""

import stat
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sample_videos.district import blender
from streetkeeper.main import app

pytestmark = pytest.mark.slow


def made_python(folder: Path, code: int) -> Path:
    """A program that stands where Blender's Python would: writes down its arguments and ends with a code."""
    program = folder / "python"
    program.write_text(f'#!/bin/sh\necho "$PYTHONPATH $@" > "{folder}/said"\nexit {code}\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def test_a_given_python_goes_before_the_environment_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(blender.VARIABLE, str(tmp_path / "nowhere"))
    assert blender.blender_python(Path(sys.executable)) == Path(sys.executable).absolute()
    with pytest.raises(blender.BlenderMissing, match=r"nowhere.*requirements-render\.txt"):
        blender.blender_python()


def test_without_blender_the_command_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(blender.VARIABLE, raising=False)
    asked = ["district", "objects", "--category", "garbage_pile", "--out", "pictures"]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 2
    assert "requirements-render.txt" in done.output


def test_an_unknown_category_is_refused_with_those_that_exist() -> None:
    asked = ["district", "objects", "--category", "balloons", "--out", "pictures"]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 2
    assert "garbage_pile" in done.output


def test_the_render_program_gets_the_project_and_its_arguments(tmp_path: Path) -> None:
    blender.render(made_python(tmp_path, 0), ["fresh", "--count", "3"])
    said = (tmp_path / "said").read_text()
    assert said.split() == [
        str(blender.ROOT),
        *["-m", "sample_videos.district.render.run", "fresh", "--count", "3"],
    ]


def test_a_render_that_ends_with_a_fault_says_that_it_can_go_on(tmp_path: Path) -> None:
    with pytest.raises(blender.RenderFailed, match=r"code 3.*run it again"):
        blender.render(made_python(tmp_path, 3), ["fresh"])
