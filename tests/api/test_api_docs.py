"""docs/api.md names every setting, route, role and metric."""

import json
from pathlib import Path

from api.metrics import Metrics
from api.settings import ApiSettings
from api.store.keys import Role

TEXT = (Path(__file__).parent.parent.parent / "docs" / "api.md").read_text(encoding="utf-8")


def test_every_setting_and_role_is_described() -> None:
    for name in (*ApiSettings.model_fields, *Role):
        assert f"`{name}`" in TEXT or f"| {name} |" in TEXT, name


def test_every_route_is_described() -> None:
    document = json.loads((Path(__file__).parent.parent.parent / "web" / "openapi.json").read_text())
    for path, operations in document["paths"].items():
        for method in operations:
            assert f"`{method.upper()} {path}`" in TEXT or method == "head", (method, path)


def test_every_metric_is_described() -> None:
    for family in Metrics().registry.collect():
        name = f"{family.name}_total" if family.type == "counter" else family.name
        assert f"`{name}`" in TEXT, name
