"""What a server does about imports: take a file in, have it imported, say how far it is. Executes; knows no HTTP."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from secrets import token_hex
from types import TracebackType
from typing import IO, Any, NamedTuple

from app.database import Database
from app.errors import (
    DatabaseUnavailable,
    ImportCancelled,
    ImportIsOver,
    ImportUnderWay,
    NotFound,
    Problem,
    Stopping,
)
from app.imports.process import Apart
from app.imports.receiving import Receipt, room, write
from app.imports.rows import CANCELLED, FAILED, GONE_SERVER, LOST, OVER, PROGRESS, READING, RECEIVING, Outcome
from app.limits import IMPORT_DAYS, IMPORT_SILENCE, IMPORTS_LISTED
from app.refused import Locked, UniqueViolation
from app.services.history import moment
from app.sql import Change, Query

_BEAT = 1.0  # seconds between two words on how far it is
_HOUR = 3600.0

_GONE = "The client went away before all of the file had come. Nothing was changed: send it again."
_CANCELLED = "It was cancelled. Nothing was changed."
_ENDED = "The process that worked on it has ended. Nothing was changed: send it again."
_NONE = "There is no import with this id, or no longer."
_NO_FILE = "The import has left no such file."

_BEGIN = """
INSERT INTO imports (id, running, who, dry_run, all_or_nothing, total)
VALUES (%(id)s, true, %(who)s, %(dry_run)s, %(all_or_nothing)s, %(size)s)
RETURNING 1
"""
_RUNNING = "SELECT id FROM imports WHERE running"
_SILENT = f"running AND seen < clock_timestamp() - interval '{IMPORT_SILENCE} seconds'"
_LOSE = f"""
UPDATE imports SET running = NULL, state = '{LOST}', step = NULL, detail = '{GONE_SERVER}' WHERE {_SILENT} RETURNING 1
"""
_TOLD = f"""
  id, state, dry_run AS "dryRun", all_or_nothing AS "allOrNothing", who AS "by", {moment("at")} AS "at", step, bytes,
  done, total, records, detail
"""
_ONE = f"""
SELECT coalesce({_SILENT}, false), running IS NULL, row_to_json(job)::text
FROM imports, LATERAL (SELECT {_TOLD}, report) AS job WHERE imports.id = %(id)s
"""
_LATEST = f"""
SELECT concat('[', string_agg(row_to_json(job)::text, ',' ORDER BY job.at DESC), ']')
FROM (SELECT {_TOLD} FROM imports ORDER BY imports.at DESC LIMIT {IMPORTS_LISTED}) AS job
"""
_CAME = f"""
UPDATE imports SET state = '{READING}', bytes = %(size)s, done = 0, total = %(size)s, seen = clock_timestamp()
WHERE id = %(id)s AND running RETURNING 1
"""
_PART = """
SELECT data, (SELECT max(part) FROM import_files WHERE import_id = %(id)s AND name = %(name)s)
FROM import_files WHERE import_id = %(id)s AND name = %(name)s AND part = %(part)s
"""
_PRUNE = f"DELETE FROM imports WHERE at < now() - interval '{IMPORT_DAYS} days' AND running IS NULL RETURNING 1"


class Asked(NamedTuple):
    """What an import is to do, and for whom. `size`: of the file in bytes, if that is known."""

    who: str
    dry_run: bool = False
    all_or_nothing: bool = False
    size: int | None = None


class Told(NamedTuple):
    """An import as JSON. `over`: it will not change any more."""

    json: bytes
    over: bool


class Imports:
    """The imports into one database. `stop` and `close` end those that this server works on."""

    def __init__(self, database: Database, dsn: str) -> None:
        self._database, self._dsn = database, dsn
        self._apart: dict[str, Apart] = {}
        self._tasks = set[asyncio.Task[Any]]()
        self._stopping = False

    async def take(self, asked: Asked, pieces: AsyncIterator[bytes]) -> tuple[str, Told]:
        """Take in a file, piece by piece, and begin to import it. The import's id, and how it is.

        Raises `ImportUnderWay`, `ImportCancelled`, `NoRoom`, `Stopping`, `DatabaseUnavailable`, and what comes of the
        pieces; then nothing is changed, and the row says why.
        """
        key = await self._begin(asked)
        async with _Accounted(self._failed, key), self._receiving(key, asked.size) as receipt:
            with room() as file:
                await write(file, pieces, receipt)
                await self._import(key, asked, file, receipt.bytes)
        return key, await self.get(key)

    async def get(self, key: str) -> Told:
        """Raises `NotFound`."""
        rows = await self._database.rows(Query(_ONE, {"id": key}))
        if rows and rows[0][0]:
            await self._lose()
            rows = await self._database.rows(Query(_ONE, {"id": key}))
        if not rows:
            raise NotFound(_NONE)
        return Told(rows[0][2], rows[0][1])

    async def latest(self) -> bytes:
        """The latest ones, newest first, as a JSON array; without their reports."""
        await self._lose()
        return bytes((await self._database.rows(Query(_LATEST, {})))[0][0])

    async def cancel(self, key: str) -> Told:
        """End it, whichever server works on it. Raises `NotFound`, `ImportIsOver`."""
        try:
            ended = await self._over(key, CANCELLED, _CANCELLED)
        except Locked:  # by its commit
            raise ImportIsOver from None
        told = await self.get(key)
        if not ended:
            raise ImportIsOver
        if key in self._apart:
            self._apart[key].let_go()
        return told

    async def file(self, key: str, name: str) -> AsyncIterator[bytes]:
        """A file that it has left, in parts. Raises `NotFound`, also in the middle, if it is pruned meanwhile."""
        part, last = 0, 0
        while part <= last:
            rows = await self._database.rows(Query(_PART, {"id": key, "name": name, "part": part}))
            if not rows:
                raise NotFound(_NO_FILE)
            data, last = rows[0]
            part += 1
            yield data

    async def keep(self) -> None:
        """Take away what is old, hour by hour, until cancelled."""
        while True:
            await asyncio.sleep(_HOUR)
            with suppress(DatabaseUnavailable):
                await self._database.rows(Change(_PRUNE, {}))

    def stop(self) -> None:
        """The server has been asked to stop: what it works on is given up."""
        self._stopping = True
        for key, apart in self._apart.items():
            self._spawn(self._give_up(key, apart))

    async def close(self) -> None:
        """Return when nothing is under way any more."""
        self.stop()
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _give_up(self, key: str, apart: Apart) -> None:
        with suppress(DatabaseUnavailable):
            await self._over(key, CANCELLED, Stopping.detail)
        await apart.end()

    async def _begin(self, asked: Asked) -> str:
        if self._stopping:
            raise Stopping
        await self._lose()
        await self._database.rows(Change(_PRUNE, {}))
        key = token_hex(8)
        try:
            await self._database.rows(Change(_BEGIN, {"id": key, **asked._asdict()}))
        except UniqueViolation:
            running = await self._database.rows(Query(_RUNNING, {}))
            raise ImportUnderWay(running[0][0].decode() if running else "") from None
        return key

    async def _import(self, key: str, asked: Asked, file: IO[bytes], size: int) -> None:
        if self._stopping:
            raise Stopping
        if not await self._database.rows(Change(_CAME, {"id": key, "size": size})):
            raise ImportCancelled
        file.seek(0)
        order = {"task": "import", "dsn": self._dsn, "id": key, **asked._asdict()}
        self._apart[key] = await Apart.start(order, file)
        self._spawn(self._attend(key))

    async def _attend(self, key: str) -> None:
        """Whatever its process did not say, because it was killed, is said for it."""
        await self._apart[key].ended()
        del self._apart[key]
        await self._failed(key, _ENDED)

    async def _failed(self, key: str, why: str) -> None:
        state, says = (CANCELLED, Stopping.detail) if self._stopping else (FAILED, why)
        with suppress(DatabaseUnavailable):  # then it is lost
            await self._over(key, state, says)

    async def _over(self, key: str, state: str, why: str) -> bool:
        values = Outcome(state, why)._asdict()
        del values["files"]
        return bool(await self._database.rows(Change(OVER, {"id": key, **values})))

    async def _lose(self) -> None:
        await self._database.rows(Change(_LOSE, {}))

    @asynccontextmanager
    async def _receiving(self, key: str, size: int | None) -> AsyncIterator[Receipt]:
        receipt = Receipt(size)
        task = asyncio.create_task(self._beat(key, receipt))
        try:
            yield receipt
        finally:
            task.cancel()

    async def _beat(self, key: str, receipt: Receipt) -> None:
        while not receipt.cancelled:
            await asyncio.sleep(_BEAT)
            so_far = {"state": RECEIVING, "step": None, "done": receipt.bytes, "total": receipt.size, "records": 0}
            with suppress(DatabaseUnavailable):
                receipt.cancelled = not await self._database.rows(Change(PROGRESS, {"id": key, **so_far}))

    def _spawn(self, work: Any) -> None:
        self._tasks.add(task := asyncio.create_task(work))
        task.add_done_callback(self._tasks.discard)


class _Accounted:
    """What ends the block in any other way than at its end, a client that has gone too, is told of the import."""

    def __init__(self, failed: Callable[[str, str], Awaitable[None]], key: str) -> None:
        self._failed, self._key = failed, key

    async def __aenter__(self) -> None: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error:
            await self._failed(self._key, error.detail if isinstance(error, Problem) else _GONE)
