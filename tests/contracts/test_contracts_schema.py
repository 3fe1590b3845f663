"""The committed schemas and the reference tables say what the code says."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from contracts.schema_export import (
    export,
    reference_markdown,
    responsibility_schema,
    site_schema,
    with_reference,
)
from contracts.site_check import check_site, load_site

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "config" / "site.example.yaml"
NAMES = ("event.schema.json", "site.schema.json", "responsibility.schema.json")
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "0f8ad5c6-7cf0-5b6e-9f5a-06d5a5a5b0aa:0",
    "source": "/views/north-pole",
    "subject": "0f8ad5c6-7cf0-5b6e-9f5a-06d5a5a5b0aa",
    "time": "2026-11-24T15:00:00.000Z",
    "datacontenttype": "application/json",
    "sequence": 0,
    "type": "org.streetkeeper.camera.health",
    "data": {
        "view_id": "north-pole",
        "camera_id": "cam-north",
        "state": "offline",
        "since": "2026-11-24T14:59:00.000Z",
        "site_version": "2026-11-24.1",
    },
}


def committed(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((ROOT / "contracts/schema" / name).read_text(encoding="utf-8"))
    return document


def as_json(path: Path) -> Any:
    """A YAML document as JSON would hold it: days and times as texts."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    return json.loads(json.dumps(document, default=lambda value: value.isoformat()))


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_schema_is_what_the_code_exports(name: str, tmp_path: Path) -> None:
    export(tmp_path / "new" / "folder")
    written = (tmp_path / "new" / "folder" / name).read_text(encoding="utf-8")
    kept = (ROOT / "contracts/schema" / name).read_text(encoding="utf-8")
    assert kept == written, "the contracts changed: run `python -m contracts.schema_export`"
    assert written.endswith("}\n")


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_schema_is_itself_a_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(committed(name))


def test_the_example_site_follows_the_schema_and_has_no_fault_and_no_warning() -> None:
    jsonschema.validate(as_json(EXAMPLE), committed("site.schema.json"))
    assert check_site(EXAMPLE.read_text(encoding="utf-8")) == []
    assert len(load_site(EXAMPLE).cameras) == 2


def test_the_example_shows_every_kind_of_part() -> None:
    site = load_site(EXAMPLE)
    assert {zone.kind.value for zone in site.zones} == {"restricted", "permitted", "ignored", "privacy"}
    assert any(zone.polygon_px for zone in site.zones)
    assert any(zone.needs_permit for zone in site.zones)
    assert site.units
    assert site.areas
    assert site.permits
    assert site.holidays
    assert any(hours.end < hours.start for schedule in site.schedules for hours in schedule.hours)
    assert all(camera.stream and camera.stream.credentials for camera in site.cameras)


def test_an_event_follows_the_schema() -> None:
    jsonschema.validate(EVENT, committed("event.schema.json"))


@pytest.mark.parametrize(
    "change",
    [
        {"type": "org.streetkeeper.camera.gossip"},
        {"specversion": "0.3"},
        {"id": ""},
        {"extra": 1},
        {"source": "worker-3"},
    ],
)
def test_what_is_no_event_does_not_follow_the_schema(change: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(EVENT | change, committed("event.schema.json"))


@pytest.mark.parametrize("name", ["site", "responsibility"])
def test_every_key_of_a_document_is_described(name: str) -> None:
    schema = committed(f"{name}.schema.json")
    groups = {"Document": schema, **schema["$defs"]}
    silent = [
        f"{name}.{key}"
        for name, group in groups.items()
        for key, value in group.get("properties", {}).items()
        if not value.get("description")
    ]
    assert silent == []


@pytest.mark.parametrize(("manual", "name"), [("configure", "site"), ("responsibility", "responsibility")])
def test_the_tables_in_the_manual_are_those_of_today(manual: str, name: str) -> None:
    page = (ROOT / f"docs/{manual}.md").read_text(encoding="utf-8")
    schema = {"site": site_schema, "responsibility": responsibility_schema}[name]()
    assert page == with_reference(page, schema), (
        f"the {name}'s keys changed: run `python -m contracts.schema_export`"
    )


def test_every_group_and_key_of_the_site_stands_in_the_manual() -> None:
    page = reference_markdown(site_schema())
    schema = committed("site.schema.json")
    for name, group in {"Site": schema, **schema["$defs"]}.items():
        for key in group.get("properties", {}):
            assert f"| `{key}` |" in page, (name, key)
    assert "### `cameras[].views[].calibration.control_points[]`" in page
    assert "| `dwell_s` | number >= 0, <= 2592000 | `300` |" in page


def test_a_page_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="marks"):
        with_reference("# A page\n", site_schema())


def test_the_glossary_explains_every_kind_of_zone_and_every_group_of_the_site() -> None:
    words = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    for word in (
        "camera",
        "view",
        "zone",
        "schedule",
        "rule",
        "permit",
        "unit",
        "area",
        "look",
        "incident",
        "event",
    ):
        assert f"\n| {word} |" in words
