"""Count what an admin alerts on; one prefix, no ticket ids in labels."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from connector.store.overview import Counts


class Metrics:
    """The numbers of one daemon."""

    def __init__(self) -> None:
        """Start at zero, in a registry of its own."""
        self._registry = CollectorRegistry()
        self.deliveries = self._counter("deliveries", "Deliveries at the door, by outcome", "host", "outcome")
        self.looks = self._counter("looks", "Looks taken, by how they ended", "host", "outcome")
        self.decisions = self._counter("decisions", "Decisions, by rule, mode and outcome", "rule", "mode", "outcome")
        self.writes = self._counter("writes", "Writes to the host, by fate", "host", "fate")
        self.lost = self._counter("lost_deliveries", "Failed deliveries found in the host's own log", "host")
        self.swept = self._gauge("last_sweep_timestamp_seconds", "When a sweep last ended well", "host")
        self.waiting = self._gauge("looks_waiting", "Tickets waiting to be looked at")
        self.parked = self._gauge("looks_parked", "Tickets that wait for a person")
        self.oldest = self._gauge("oldest_due_look_seconds", "For how long the longest due ticket has been waiting")
        self.seconds = Histogram(
            "helpdesk_policy_look_seconds",
            "Duration of a look, reads and writes included",
            ["host"],
            registry=self._registry,
            buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
        )

    def exposition(self, counts: Counts | None) -> bytes:
        """Give all numbers in Prometheus' text form; the table's own only while the database answers."""
        if counts is not None:
            self.waiting.set(counts.waiting)
            self.parked.set(counts.parked)
            self.oldest.set(counts.oldest_due.total_seconds())
        return generate_latest(self._registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"helpdesk_policy_{name}", text, labels, registry=self._registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"helpdesk_policy_{name}", text, labels, registry=self._registry)
