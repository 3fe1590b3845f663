"""Prometheus metrics of a worker; the names are documented in docs/deploy.md."""

from prometheus_client import Counter, Gauge, Histogram, start_http_server

__all__ = [
    "CAMERA_ONLINE",
    "CAPTURE_LAG_S",
    "EVENTS",
    "KEYFRAME_INTERVAL_S",
    "LOOKS",
    "LOOKS_DROPPED",
    "LOOK_CPU_S",
    "LOOK_EVERY_S",
    "SITE_REFUSED",
    "SPOOL_DEPTH",
    "serve_metrics",
]

LOOKS = Counter("streetkeeper_looks_total", "Looks that were handled.", ["camera"])
LOOKS_DROPPED = Gauge(
    "streetkeeper_looks_dropped", "Looks that a newer one replaced before they were handled.", ["camera"]
)
LOOK_CPU_S = Histogram("streetkeeper_look_seconds", "Seconds from taking a look to its commit.", ["camera"])
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
EVENTS = Counter("streetkeeper_events_total", "Events that were made.", ["type", "category"])
SPOOL_DEPTH = Gauge("streetkeeper_spool_events", "Events in the spool, by state.", ["state"])
SITE_REFUSED = Counter(
    "streetkeeper_site_refused_total", "Changed site files that had faults and were not taken."
)


def serve_metrics(port: int) -> None:
    """Serve /metrics on 127.0.0.1."""
    start_http_server(port, addr="127.0.0.1")
