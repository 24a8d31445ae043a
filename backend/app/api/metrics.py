"""What Prometheus reads at `/metrics`: requests, their time, the pool, whether the database is up. No address, no data.

The default surface does not have it: METRICS=true adds the route and the counting. Several workers keep their figures
in files of one folder, and any of them tells those of all (prometheus_client, Multiprocess Mode).
"""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from app.database import Database
from app.services.feed import Feed

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)  # seconds


_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # the library's own; it looks for it when it is loaded
_LOOK = 5.0  # seconds between two looks at what changes by itself


@contextmanager
def of_all() -> Iterator[tuple[Mapping[str, str], Callable[[int], None]]]:
    """For the parent of workers: what their environment needs, and what to call when one has ended, by its pid."""
    with TemporaryDirectory(prefix="metrics-") as folder:
        yield {_FOLDER: folder}, lambda pid: mark_process_dead(pid, folder)


class Metrics:
    """The figures of one process, or of all workers, in a registry of their own."""

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

        def gauge(name: str, says: str, *labels: str, of_all: Literal["livesum", "livemin", "livemax"]) -> Gauge:
            return Gauge(name, says, labels, registry=registry, multiprocess_mode=of_all)

        self._pool = gauge("db_pool_connections", "Connections of the pool.", "state", of_all="livesum")
        self._waiting = gauge("db_pool_waiting", "Requests that wait for a connection.", of_all="livesum")
        self._up = gauge("database_up", "1 while records can be served.", of_all="livemin")
        says = "1 while changes are acknowledged; 0 also while a standby is waited for."
        self._writable = gauge("database_writable", says, of_all="livemin")
        self._streams = gauge("changes_streams", "Those who follow the changes.", of_all="livesum")
        self._lag = gauge("changes_lag_seconds", "Age of the oldest change that cannot be told yet.", of_all="livemax")

    def count(self, method: str, route: str, status: int, seconds: float, actor: str) -> None:
        """One request. `route` is the template, so that the series stay few; `-`: an address nobody has."""
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(method, route).observe(seconds)
        if actor:
            self._actors.labels(actor).inc()

    async def text(self, database: Database, feed: Feed) -> bytes:
        """All figures in Prometheus' text format 0.0.4."""
        await self._look(database, feed)
        return generate_latest(_together() if _FOLDER in os.environ else self._registry)

    async def follow(self, database: Database, feed: Feed) -> None:
        """For as long as this worker lives: another one may be asked for its figures."""
        while _FOLDER in os.environ:
            await self._look(database, feed)
            await asyncio.sleep(_LOOK)

    async def _look(self, database: Database, feed: Feed) -> None:
        use = database.pool_use()
        for state, connections in (("limit", use.limit), ("open", use.open), ("idle", use.idle)):
            self._pool.labels(state).set(connections)
        self._waiting.set(use.waiting)
        self._streams.set(feed.followers)
        self._lag.set(await feed.lag())
        outage = await database.outage()
        self._up.set(outage is None or outage.reads)
        self._writable.set(outage is None)


def _together() -> CollectorRegistry:
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return registry
