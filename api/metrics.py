"""What the API counts, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

__all__ = ["Metrics"]


class Metrics:
    """Counters of one API process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "streetkeeper_api_requests",
            "Requests by route and status.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "streetkeeper_api_request_seconds", "Time to answer.", ["route"], registry=self.registry
        )
        self.events = Counter(
            "streetkeeper_api_events",
            "Events received, by what became of them.",
            ["outcome"],
            registry=self.registry,
        )
        self.pictures = Counter(
            "streetkeeper_api_pictures", "Evidence pictures received.", ["outcome"], registry=self.registry
        )
        self.refused_keys = Counter(
            "streetkeeper_api_refused_keys", "Wrong or revoked keys presented.", registry=self.registry
        )
        self.waiting = Gauge(
            "streetkeeper_api_waiting_changes", "Changes that wait for the database.", registry=self.registry
        )

    def text(self) -> bytes:
        """Everything in the Prometheus text format."""
        return generate_latest(self.registry)
