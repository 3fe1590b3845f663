"""What a user can meet and mend is told in one plain line with exit code 2, never as a traceback."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from streetkeeper.main import app

CASES = [
    (
        ["calibrate", "none.csv", "--size", "1280x720", "--out", "o.yaml"],
        {},
        "none.csv: No such file or directory",
    ),
    (
        ["api", "--data-dir", "d"],
        {"STREETKEEPER_API_PORT": "abc"},
        "setting PORT: Input should be a valid integer",
    ),
    (
        ["worker", "--site", "none.yaml"],
        {},
        "(file): cannot be read: No such file or directory. Name an existing",
    ),
    (["analyze", "none-*.mp4", "--out", "o"], {}, "nothing matches 'none-*.mp4'"),
    (["models", "eval", "."], {}, "data.yaml"),
    (["bench", "privacy"], {"STREETKEEPER_DATA": "nowhere"}, "set STREETKEEPER_DATA to the data's folder"),
    (["bench", "footage"], {"STREETKEEPER_DATA": "nowhere"}, "set STREETKEEPER_DATA to the data's folder"),
]


@pytest.mark.parametrize(("words", "environment", "told"), CASES, ids=[" ".join(case[0]) for case in CASES])
def test_an_expected_fault_is_one_plain_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    environment: dict[str, str],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = CliRunner().invoke(app, words, env={"COLUMNS": "400", "TERM": "dumb", **environment})
    assert shown.exit_code == 2
    assert told in shown.output
    assert "Traceback" not in shown.output
