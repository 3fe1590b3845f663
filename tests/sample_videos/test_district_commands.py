"""The simulator's commands: what they refuse, and in which words."""

import pytest
from typer.testing import CliRunner

from streetkeeper.main import app


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("district simulate --out {out} --split tset", "train, test or all"),
        ("district simulate --out {out} --scenario carnival", "one of default"),
        ("district simulate --out {out} --detector human", "oracle or model"),
        ("bench truth --seed 7 --out {out} --split tset", "train, test or all"),
        ("bench truth --seed 7 --out {out} --detector human", "oracle or model"),
        ("bench truth --out {out}", "--seed"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_made(
    line: str, words: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    out = tmp_path_factory.mktemp("commands") / "out"
    result = CliRunner().invoke(app, line.format(out=out).split())
    assert result.exit_code == 2 and words in " ".join(result.output.split())
    assert not out.exists()
