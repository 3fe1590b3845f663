"""`streetkeeper responsibility check` tells faults and ends with the code that its help promises."""

from pathlib import Path

import yaml
from typer.testing import CliRunner

from sample_videos.district.site import site_document
from streetkeeper.main import app
from tests.support.example_duty import DUTY_PATH, duty_changed


def check(*words: str) -> tuple[int, str]:
    shown = CliRunner().invoke(app, ["responsibility", "check", *words], env={"COLUMNS": "400"})
    return shown.exit_code, shown.output


def test_the_example_is_in_order_alone_and_with_the_district_site(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(yaml.safe_dump(site_document(1)), encoding="utf-8")
    for words in ([], ["--site", str(site)]):
        code, output = check(str(DUTY_PATH), *words)
        assert (code, output.strip().endswith(": in order")) == (0, True)


def test_a_fault_is_told_with_line_path_and_remedy(tmp_path: Path) -> None:
    faulty = tmp_path / "faulty.yaml"
    faulty.write_text(duty_changed("lead: sanitation", "lead: nobody"), encoding="utf-8")
    code, output = check(str(faulty))
    assert code == 1
    assert "error: line" in output
    assert "routes[0].lead: there is no unit 'nobody'. Known are" in output


def test_a_missing_file_ends_with_2(tmp_path: Path) -> None:
    code, output = check(str(tmp_path / "missing.yaml"))
    assert code == 2
    assert "readable file" in output
