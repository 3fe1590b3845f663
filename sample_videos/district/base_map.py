"""The district as a map that needs no internet: GeoJSON features with a kind, for consoles and pages."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from sample_videos.district.cameras import CAMERAS
from sample_videos.district.layout import DISTRICT
from sample_videos.district.plan import FRAME, Point

__all__ = ["base_map_text"]


def base_map_text() -> str:
    """`base_map.geojson`: grounds, buildings, hoardings, trees, zones and cameras; WGS 84 lonlat."""
    features = [
        *(_area(ground.outline_en, "ground", surface=ground.kind) for ground in DISTRICT.grounds),
        *(
            _area(house.footprint_en, "building", id=house.id, height_m=house.height_m, storeys=house.storeys)
            for house in DISTRICT.buildings
        ),
        *(_line(hoarding.line_en, "hoarding", id=hoarding.id) for hoarding in DISTRICT.hoardings),
        *(
            _point((tree.east_m, tree.north_m), "tree", id=tree.id, crown_m=tree.crown_radius_m)
            for tree in DISTRICT.trees
        ),
        *(
            _area(zone.outline_en, "zone", id=zone.id, name=zone.name, zone=zone.kind)
            for zone in DISTRICT.zones
        ),
        *(
            _point((camera.east_m, camera.north_m), "camera", id=camera.id, azimuth_deg=camera.azimuth_deg)
            for camera in CAMERAS
        ),
    ]
    lines = ",\n".join(json.dumps(feature, ensure_ascii=False) for feature in features)
    return f'{{"type": "FeatureCollection", "features": [\n{lines}\n]}}\n'


def _area(outline_en: Sequence[Point], kind: str, **facts: Any) -> dict[str, Any]:
    ring = _lonlat([*outline_en, outline_en[0]])
    return _feature({"type": "Polygon", "coordinates": [ring]}, kind, facts)


def _line(line_en: Sequence[Point], kind: str, **facts: Any) -> dict[str, Any]:
    return _feature({"type": "LineString", "coordinates": _lonlat(line_en)}, kind, facts)


def _point(place: Point, kind: str, **facts: Any) -> dict[str, Any]:
    return _feature({"type": "Point", "coordinates": _lonlat([place])[0]}, kind, facts)


def _feature(geometry: dict[str, Any], kind: str, facts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": {"kind": kind, **facts}}


def _lonlat(places: Sequence[Point]) -> list[list[float]]:
    found = FRAME.to_lonlat(np.array(places, np.float64))
    return [[round(float(lon), 8), round(float(lat), 8)] for lon, lat in found]
