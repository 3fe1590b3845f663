"""What the films show, as numbers: the same bytes each time; and the site that a worker runs them with."""

import json
import re
from typing import Any

import numpy as np
import yaml

from sample_videos.district.cameras import camera_of
from sample_videos.district.films import FILMS, Film
from sample_videos.district.plan import FRAME
from sample_videos.district.site import site_document
from sample_videos.district.things import Episode, Part, footprint_en
from sample_videos.district.truth import box_of, ring_area_m2, ring_centroid

__all__ = ["film_site", "site_text", "truth_text"]

SITE_SEED = 20260406
DWELL_S = 12.0
LOOK_EVERY_S = 2.0
HEARTBEAT_EVERY_S = 20.0
HEAD = """\
# The site of the sample district's films (simulated). Dwell and look interval are fitted to 90 seconds;
# a city uses a look every 10 s and a dwell of minutes. Made by `make sample-videos`.
"""


def truth_text() -> str:
    """`truth.json`: cameras with their poses, permits, and each film's incidents and traps."""
    document = {
        "note": "simulated; the rate on real streets is unknown",
        "frame": {"lonlat": [FRAME.lon0, FRAME.lat0], "axes": "metres east, north, up"},
        "permits": film_site()["permits"],
        "films": [_film(film) for film in FILMS],
    }
    text = json.dumps(document, indent=1, ensure_ascii=False)
    # A list of numbers on one line.
    flat = re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda found: f"[{' '.join(found[1].split())}]", text)
    return flat + "\n"


def film_site() -> dict[str, Any]:
    """The films' site: the district's own without hours, since a replayed film has no time of day."""
    site = site_document(SITE_SEED, camera_ids=[film.camera_id for film in FILMS])
    site["name"] = "sample district, films (simulated)"
    site["version"] = "films-1"
    site["schedules"] = []
    for part in (*site["zones"], *site["permits"]):
        part.pop("schedule", None)
    for rule in site["rules"]:
        rule["dwell_s"] = DWELL_S
        rule["grace_s"] = 0.0
    for camera in site["cameras"]:
        camera["look_every_s"] = LOOK_EVERY_S
        camera["heartbeat_every_s"] = HEARTBEAT_EVERY_S
    # Through JSON, so that a polygon used twice is written twice: site files hold no aliases.
    document: dict[str, Any] = json.loads(json.dumps(site))
    return document


def site_text() -> str:
    """`site.yaml` of the films."""
    return HEAD + yaml.safe_dump(film_site(), allow_unicode=True, sort_keys=False)


def _film(film: Film) -> dict[str, Any]:
    camera = camera_of(film.camera_id)
    return {
        "film": f"{film.camera_id}.mp4",
        "shows": film.told,
        "seconds": film.seconds,
        "camera": {
            "lonlat": _lonlat(np.array([[camera.east_m, camera.north_m]]))[0],
            "height_m": camera.height_m,
            "azimuth_deg": camera.azimuth_deg,
            "tilt_deg": camera.tilt_deg,
            "focal_px": camera.focal_px,
            "k1": camera.k1,
            "picture_wh": list(camera.size_wh),
        },
        "things": [_thing(film, episode) for episode in film.episodes if _is_told(film, episode)],
    }


def _is_told(film: Film, episode: Episode) -> bool:
    """Whether it is an incident or a trap, and in the picture."""
    return bool(episode.category or episode.trap) and _box(film, episode.stages[-1]) is not None


def _thing(film: Film, episode: Episode) -> dict[str, Any]:
    stage = episode.stages[-1]
    ring = footprint_en(stage)
    return {
        "id": episode.id,
        "category": episode.category,
        "trap": episode.trap,
        "is_incident": episode.due is not None,
        "from_s": round(max(0.0, episode.from_t - film.starts_at), 2),
        "to_s": round(min(film.seconds, episode.to_t - film.starts_at), 2),
        "lonlat": _lonlat(np.array([ring_centroid(ring)]))[0],
        "footprint": _lonlat(np.vstack([ring, ring[:1]])),
        "area_m2": round(ring_area_m2(ring), 3),
        "box_xyxy_px": _box(film, stage),
    }


def _box(film: Film, stage: Part) -> list[float] | None:
    """The thing stands still, so one box holds for all of its time."""
    box = box_of(camera_of(film.camera_id), stage)
    return None if box is None else [round(value, 1) for value in box]


def _lonlat(east_north: np.ndarray[Any, np.dtype[np.float64]]) -> list[list[float]]:
    return [[round(float(lon), 8), round(float(lat), 8)] for lon, lat in FRAME.to_lonlat(east_north)]
