"""`streetkeeper api keys` as an administrator meets it."""

from pathlib import Path

from typer.testing import CliRunner

from streetkeeper.main import app


def keys(*words: str, folder: Path) -> tuple[int, str]:
    shown = CliRunner().invoke(
        app, ["api", "keys", *words, "--data-dir", str(folder)], env={"COLUMNS": "300", "TERM": "dumb"}
    )
    return shown.exit_code, shown.output.strip()


def test_a_key_is_made_listed_without_its_secret_and_revoked(tmp_path: Path) -> None:
    code, key = keys("create", "--role", "reader", "--name", "front desk", folder=tmp_path)
    assert code == 0 and key.startswith("sk_")
    key_id = key.split("_")[1]
    code, line = keys("list", folder=tmp_path)
    assert code == 0 and line.startswith(f"{key_id}  reader") and "front desk" in line
    assert key.rsplit("_", 1)[1] not in line
    assert keys("revoke", key_id, folder=tmp_path) == (0, f"{key_id}: revoked")
    assert "revoked 20" in keys("list", folder=tmp_path)[1]


def test_an_unknown_role_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    code, told = keys("create", "--role", "boss", "--name", "x", folder=tmp_path)
    assert code == 2 and "no role 'boss'" in told and "worker, reader, operator, " in told


def test_a_mistyped_folder_is_told_and_not_filled(tmp_path: Path) -> None:
    code, told = keys("list", folder=tmp_path / "typo")
    assert code == 2 and "holds no database of the case API" in told
    assert not (tmp_path / "typo").exists()


def test_an_unknown_key_is_told(tmp_path: Path) -> None:
    keys("create", "--role", "reader", "--name", "x", folder=tmp_path)
    code, told = keys("revoke", "0123456789ab", folder=tmp_path)
    assert code == 1 and "there is no such key" in told
