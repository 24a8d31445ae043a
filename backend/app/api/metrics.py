"""What Prometheus reads at `/metrics`: requests, their time, the pool, whether the database is up. No address, no data.

The default surface does not have it: METRICS=true adds the route and the counting.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from app.database import Database
from app.services.feed import Feed

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)  # seconds


class Metrics:
    """The figures of one process, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        by_route = ("method", "route")
        self._requests = Counter("http_requests", "Requests answered.", (*by_route, "status"), registry=registry)
        self._seconds = Histogram(
            "http_request_duration_seconds", "Time to answer.", by_route, buckets=_BUCKETS, registry=registry
        )
        self._actors = Counter(
            "http_requests_by_actor", "Requests of each who is known.", ("actor",), registry=registry
        )
        self._pool = Gauge("db_pool_connections", "Connections of the pool.", ("state",), registry=registry)
        self._waiting = Gauge("db_pool_waiting", "Requests that wait for a connection.", registry=registry)
        self._up = Gauge("database_up", "1 while records can be served.", registry=registry)
        self._writable = Gauge(
            "database_writable",
            "1 while changes are acknowledged; 0 also while a standby is waited for.",
            registry=registry,
        )
        self._streams = Gauge("changes_streams", "Those who follow the changes.", registry=registry)
        self._lag = Gauge("changes_lag_seconds", "Age of the oldest change that cannot be told yet.", registry=registry)

    def count(self, method: str, route: str, status: int, seconds: float, actor: str) -> None:
        """One request. `route` is the template, so that the series stay few; `-`: an address nobody has."""
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(method, route).observe(seconds)
        if actor:
            self._actors.labels(actor).inc()

    async def text(self, database: Database, feed: Feed) -> bytes:
        """All figures in Prometheus' text format 0.0.4."""
        use = database.pool_use()
        for state, connections in (("limit", use.limit), ("open", use.open), ("idle", use.idle)):
            self._pool.labels(state).set(connections)
        self._waiting.set(use.waiting)
        self._streams.set(feed.followers)
        self._lag.set(await feed.lag())
        outage = await database.outage()
        self._up.set(outage is None or outage.reads)
        self._writable.set(outage is None)
        return generate_latest(self._registry)
