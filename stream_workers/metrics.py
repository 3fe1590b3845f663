"""Prometheus metrics of a worker; docs/deploy.md says what each means and what to watch."""

from prometheus_client import Counter, Gauge, Histogram, start_http_server

__all__ = [
    "CAMERA_ONLINE",
    "CAPTURE_LAG_S",
    "CLIPS",
    "CLOCK_JUMPS",
    "DETECTIONS",
    "EVENTS",
    "EVENTS_SENT",
    "KEYFRAME_INTERVAL_S",
    "LOOKS",
    "LOOKS_DROPPED",
    "LOOKS_LATE",
    "LOOK_EVERY_S",
    "SITE_REFUSED",
    "SPOOL",
    "SPOOL_AGE_S",
    "STAGE_S",
    "STORAGE_WAITS",
    "THREADS_ABANDONED",
    "WORK_WAITS_S",
    "serve_metrics",
]

LOOKS = Counter("streetkeeper_looks_total", "Looks that were handled.", ["camera"])
LOOKS_DROPPED = Counter(
    "streetkeeper_looks_dropped_total",
    "Looks that a newer one replaced before they were handled.",
    ["camera"],
)
LOOKS_LATE = Counter(
    "streetkeeper_looks_late_total",
    "Looks that were handled more than one interval after capture.",
    ["camera"],
)
STAGE_S = Histogram(
    "streetkeeper_stage_seconds",
    "Seconds of a stage: `look` (from taking a look to its commit), `detect` (one call of the detector).",
    ["stage"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
WORK_WAITS_S = Gauge(
    "streetkeeper_work_queue_seconds", "How long the last look waited for a free place to be handled."
)
DETECTIONS = Counter("streetkeeper_detections_total", "What the detector found.", ["name"])
LOOK_EVERY_S = Gauge(
    "streetkeeper_look_interval_seconds", "Present look interval; stretched under overload.", ["camera"]
)
CAPTURE_LAG_S = Gauge(
    "streetkeeper_capture_lag_seconds", "Age of the last look when it was committed.", ["camera"]
)
KEYFRAME_INTERVAL_S = Gauge(
    "streetkeeper_keyframe_interval_seconds", "Measured distance of keyframes.", ["camera"]
)
CAMERA_ONLINE = Gauge("streetkeeper_camera_online", "1 while the camera gives looks.", ["camera"])
CLOCK_JUMPS = Counter("streetkeeper_clock_jumps_total", "Jumps of the wall clock between looks.", ["camera"])
CLIPS = Counter("streetkeeper_clips_total", "Clips that were `made` or `left_out`.", ["result"])
EVENTS = Counter("streetkeeper_events_total", "Events that were made.", ["type", "category"])
EVENTS_SENT = Counter("streetkeeper_events_sent_total", "Events by what the case API said.", ["result"])
SPOOL = Gauge(
    "streetkeeper_spool", "What is in the spool: events by state, and pictures that wait.", ["state"]
)
SPOOL_AGE_S = Gauge("streetkeeper_spool_age_seconds", "How long the oldest event has waited to be sent.")
STORAGE_WAITS = Gauge(
    "streetkeeper_storage_waits", "1 while a look cannot be kept because the disk is full.", ["view"]
)
SITE_REFUSED = Counter(
    "streetkeeper_site_refused_total", "Changed site files that had faults and were not taken."
)
THREADS_ABANDONED = Counter(
    "streetkeeper_threads_abandoned_total", "Camera threads that never came back and were replaced."
)


def serve_metrics(port: int) -> int:
    """Serve /metrics on 127.0.0.1; returns the port, which for 0 is a free one.

    Raises:
        OSError: The port is taken.
    """
    server, _ = start_http_server(port, addr="127.0.0.1")
    return int(server.server_port)
