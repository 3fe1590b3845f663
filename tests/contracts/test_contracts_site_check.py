"""Whatever a file holds, the answer names the place, what is wrong and how to mend it."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.site_check import MOST_BYTES, SiteRejected, check_site, load_site, read_site_text
from tests.support.example_site import ADDRESS, EXAMPLE, changed, told

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("text", "problem", "line"),
    [
        ("name: [1, 2", "not valid YAML", 1),
        ("name: x\nname: y\n", "the key 'name' stands twice", 2),
        ("zones:\n  - {id: a, id: b}\n", "the key 'id' stands twice", 2),
        ("units: &all []\nareas: *all\n", "aliases (*name) are not allowed", 2),
        ("18:00: x\n", "is not a word", 1),
        ("name: !!python/object/apply:os.system [ls]\n", "could not determine a constructor", 1),
        ("name: x\nholidays: [2026-13-45]\n", "'2026-13-45' is no day, time or number", 2),
        ("name: !!timestamp abc\n", "'abc' is no day, time or number", 1),
        ("name: !!bool abc\n", "'abc' is no day, time or number", 1),
        ("name: " + "9" * 5000, "is no day, time or number", 1),
        ("name: x\x00y", "not valid YAML", None),
        ("a: " + "[" * 60 + "]" * 60, "nested deeper than 40 levels", None),
        ("a: " + "[" * 3000, "nested deeper than 40 levels", None),
        ("", "not a mapping of keys", None),
        ("just words", "not a mapping of keys", None),
        ("- a\n- b\n", "not a mapping of keys", None),
        ("name: x\n" + "#" * 3_000_000, f"larger than {MOST_BYTES} bytes", None),
    ],
)
def test_what_is_no_document_is_one_fault_of_the_file(text: str, problem: str, line: int | None) -> None:
    (fault,) = check_site(text)
    assert fault.path == "(file)"
    assert problem in fault.problem
    assert fault.remedy
    assert fault.line == line
    with pytest.raises(SiteRejected):
        load_site(text)


def test_a_file_that_is_too_large_binary_or_missing_is_told_and_not_read(tmp_path: Path) -> None:
    large, binary = tmp_path / "large.yaml", tmp_path / "binary.yaml"
    large.write_bytes(b"#" * 3_000_000)
    binary.write_bytes(bytes(range(256)) * 40)
    for path, problem in (
        (large, "larger than"),
        (binary, "not a text in UTF-8"),
        (tmp_path / "missing.yaml", "cannot be read"),
        (tmp_path, "cannot be read"),
    ):
        with pytest.raises(SiteRejected) as caught:
            read_site_text(path)
        (fault,) = caught.value.faults
        assert problem in fault.problem
        assert fault.remedy


def test_all_faults_are_told_at_once() -> None:
    text = changed("unit: sanitation-3", "unit: nobody").replace(
        "time_zone: Asia/Shanghai", "time_zone: Mars"
    )
    assert {fault.path for fault in check_site(text)} == {"areas[0].unit", "time_zone"}
    with pytest.raises(SiteRejected, match=r"time_zone: .*areas\[0\]\.unit"):
        load_site(text)


def test_a_fault_names_the_line_of_its_key_and_of_the_group_where_a_key_is_missing() -> None:
    text = changed("grace_s: 900", "grase_s: 900")
    assert text.splitlines()[(told(text, "rules[0].grase_s").line or 0) - 1].strip().startswith("grase_s")
    text = changed("    dwell_s: 300 # must stay five minutes\n    grace_s", "    grace_s").replace(
        "    category: street_vendor\n    grace_s", "    grace_s"
    )
    line = told(text, "rules[0].category").line or 0
    assert text.splitlines()[line - 1].strip() == "- id: vendors"
    text = changed("[104.0817860, 30.6612848]", "[104.0819263, 30.6614272]")
    line = told(text, "zones[2].polygon_lonlat").line or 0
    assert text.splitlines()[line - 1].strip() == "polygon_lonlat:"
    text = changed("unit: sanitation-3", "unit: nobody")
    assert text.splitlines()[(told(text, "areas[0].unit").line or 0) - 1].strip() == "unit: nobody"


@pytest.mark.parametrize(
    "text",
    [
        changed("env:STREETKEEPER_CAM_NORTH", "admin:Secret1"),
        changed(ADDRESS, "rtsp://admin:Secret1@192.0.2.14/1"),
        changed(ADDRESS, "rtsp://admin:Secret1@192.0.2.14/" + "x" * 2000),
        changed("kind: ignored", "kind: rtsp://admin:Secret1@192.0.2.14/1"),
        changed("credentials: env:STREETKEEPER_CAM_NORTH", "password: Secret1"),
    ],
)
def test_a_password_in_the_file_is_never_repeated(text: str) -> None:
    faults = check_site(text)
    assert faults
    assert "Secret1" not in repr(faults)
    with pytest.raises(SiteRejected) as caught:
        load_site(text)
    assert "Secret1" not in str(caught.value)


LINES = EXAMPLE.splitlines()
SCRAPS = st.sampled_from(
    ["", "null", "[]", "{}", "-1", ".nan", "1e400", "'", ": ", "&a", "*a", "!!int x", "\t", "2026-02-30"]
)


@given(st.integers(0, len(EXAMPLE) - 1), st.integers(0, 30), SCRAPS | st.text(max_size=8))
def test_a_few_characters_of_nonsense_are_told_and_never_raise_anything_else(
    start: int, length: int, scrap: str
) -> None:
    answered(EXAMPLE[:start] + scrap + EXAMPLE[start + length :])


@given(st.integers(0, len(LINES) - 1), st.integers(0, len(LINES) - 1))
def test_a_line_in_the_wrong_place_is_told_and_never_raises_anything_else(taken: int, put: int) -> None:
    lines = LINES.copy()
    lines.insert(put, lines.pop(taken))
    answered("\n".join(lines))


@given(st.data())
def test_another_value_in_any_place_is_told_and_never_raises_anything_else(data: st.DataObject) -> None:
    numbers = [found.span() for found in re.finditer(r"(?<=[ \[])-?\d+(\.\d+)?(?=[,\]\s])", EXAMPLE)]
    start, end = data.draw(st.sampled_from(numbers))
    value = data.draw(st.floats() | st.integers() | st.just("null") | st.just("x"))
    answered(EXAMPLE[:start] + str(value).replace("inf", ".inf").replace("nan", ".nan") + EXAMPLE[end:])


def answered(text: str) -> None:
    faults = check_site(text)
    assert all(fault.path and fault.problem and fault.remedy for fault in faults)
    if any(fault.severity == "error" for fault in faults):
        with pytest.raises(SiteRejected):
            load_site(text)
    else:
        load_site(text)
