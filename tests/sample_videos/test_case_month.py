"""The worked month goes through the case API's own functions and comes out the same from the same seed."""

from pathlib import Path

import pytest

from sample_videos.district import case_month
from sample_videos.district.case_month_page import worked_month
from sample_videos.district.case_spots import SPOTS
from tests.support.example_duty import DUTY_PATH

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def few_spots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three places are enough here; all of them take a minute."""
    monkeypatch.setattr(case_month, "SPOTS", SPOTS[4:7])


def totals(page: str) -> list[str]:
    """The cells of the total by street."""
    (total, *_) = (line for line in page.splitlines() if "**all**" in line)
    return [cell.strip() for cell in total.split("|")[2:]]


def test_the_same_seed_gives_the_same_figures_and_another_seed_others() -> None:
    first = worked_month("2026-10", 3, DUTY_PATH)
    assert worked_month("2026-10", 3, DUTY_PATH) == first
    reported, filed, due, closed, on_time = (int(cell) for cell in totals(first)[:5])
    assert 60 < reported < 160
    assert reported > filed >= due >= closed >= on_time > 0
    assert "final" in first
    assert "| sanitation |" in first


def test_the_page_in_the_documentation_is_one_of_this_command() -> None:
    page = (Path(__file__).parents[2] / "docs/results/worked-month.md").read_text(encoding="utf-8")
    assert "streetkeeper district month --month 2026-10 --seed 7" in page
    by = [int(totals(part)[0]) for part in page.split("## By ")[1:4]]
    assert len(set(by)) == 1
