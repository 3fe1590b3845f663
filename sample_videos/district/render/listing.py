"""The lists of what was rendered: `objects.json` for the composer, `manifest.json` for who checks."""

import datetime
import hashlib
import json
from pathlib import Path
from typing import Any

import bpy

from sample_videos.district.changes import change_parts
from sample_videos.district.render.objects import jobs

__all__ = ["list_parts"]


def list_parts(work: Path, parts: Path) -> None:
    """Write both lists from what lies in the work folder; atlases of an outdated recipe are left out.

    Args:
        work: Folder of the render work, with each atlas's facts.
        parts: Folder of the parts; gets the lists.
    """
    rows: list[dict[str, Any]] = []
    files: list[dict[str, Any]] = []
    for job in sorted(jobs(), key=lambda job: job.name):
        facts_file = work / "objects" / f"{job.name}-{job.recipe}" / "atlas.json"
        if not facts_file.exists():
            continue
        facts = json.loads(facts_file.read_text())
        rows += facts.pop("rows")
        files += [_entry(parts, f"objects/{job.name}{end}", facts) for end in (".webp", ".n.webp")]
    for facts_file in sorted((work / "plates").glob("*.json")):
        facts = json.loads(facts_file.read_text())
        ends = (".sky.webp", ".lamps.webp", ".n.webp", ".depth.png")
        files += [_entry(parts, f"plates/{facts['camera']}{end}", facts) for end in ends]
    cuts = []
    wanted = {f"{place.id}-{variant.name}" for place, variant in change_parts()}
    for facts_file in sorted((work / "changes").glob("*.json")):
        facts = json.loads(facts_file.read_text())
        if facts["name"] not in wanted:
            continue
        cuts.append({key: facts[key] for key in ("name", "camera", "kind", "variant", "split", "rect")})
        ends = (".sky.webp", ".lamps.webp", ".n.webp", ".depth.png")
        files += [_entry(parts, f"changes/{facts['name']}{end}", facts) for end in ends]
    _write_rows(parts / "objects.json", rows)
    if cuts:
        _write_rows(parts / "changes.json", cuts)
    manifest = {
        "made": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "blender": bpy.app.version_string,
        "cpu_s": round(
            sum(
                entry["cpu_s"]
                for entry in files
                if not entry["file"].endswith((".n.webp", ".lamps.webp", ".png"))
            ),
            1,
        ),
        "bytes": sum(entry["bytes"] for entry in files),
        "files": files,
    }
    (parts / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")


def _entry(parts: Path, name: str, facts: dict[str, Any]) -> dict[str, Any]:
    content = (parts / name).read_bytes()
    return {"file": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), **facts}


def _write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    """A JSON list with one row a line."""
    lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    path.write_text(f"[\n{lines}\n]\n")
