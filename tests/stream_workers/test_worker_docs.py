"""What the deployment guide says of a worker, held to the code."""

import re
from pathlib import Path

from prometheus_client import REGISTRY

from stream_workers import metrics
from stream_workers.settings import WorkerSettings

GUIDE = (Path(__file__).parents[2] / "docs" / "deploy.md").read_text(encoding="utf-8")


def test_every_setting_of_a_worker_stands_in_the_guide_with_its_default() -> None:
    for name, field in WorkerSettings.model_fields.items():
        row = next((line for line in GUIDE.splitlines() if re.match(rf"\|.*\b{name.upper()}\b", line)), None)
        assert row is not None, name
        if isinstance(field.default, float):
            assert f"| {field.default:.0f} |" in row, name


def test_every_metric_of_a_worker_stands_in_the_guide() -> None:
    assert metrics.__all__
    named = {metric.name for metric in REGISTRY.collect() if metric.name.startswith("streetkeeper_")}
    assert len(named) > 15
    missing = {name for name in named if f"`{name}`" not in GUIDE}
    assert not missing
