"""A journal that keeps no more than it should: once a day, in batches, what is older goes."""

import asyncio
from contextlib import suppress

from app.database import Database
from app.errors import DatabaseUnavailable
from app.sql import Change

_BATCH = 5_000
_DAY = 24 * 3600.0  # seconds
_PAUSE = 0.2  # between two batches: others come first

# The newest of the old ones stays: who had read up to it has missed nothing, who had not is told so.
_PRUNE = f"""
WITH newest AS (
  SELECT epoch, place, seq FROM changes WHERE at < now() - make_interval(days => %(days)s)
  ORDER BY epoch DESC, place DESC, seq DESC LIMIT 1
), old AS (
  SELECT c.epoch, c.place, c.seq FROM changes AS c, newest
  WHERE (c.epoch, c.place, c.seq) < (newest.epoch, newest.place, newest.seq)
  ORDER BY c.epoch, c.place, c.seq LIMIT {_BATCH} FOR UPDATE OF c SKIP LOCKED
), gone AS (
  DELETE FROM changes USING old WHERE (changes.epoch, changes.place, changes.seq) = (old.epoch, old.place, old.seq)
  RETURNING 1
)
SELECT count(*) FROM gone
"""


async def prune(database: Database, days: int) -> int:
    """Take away what is older than so many days. How many changes that were. Raises `DatabaseUnavailable`."""
    count = 0
    while batch := (await database.rows(Change(_PRUNE, {"days": days})))[0][0]:
        count += batch
        await asyncio.sleep(_PAUSE)
    return count


async def keep(database: Database, days: int) -> None:
    """Prune day by day, until cancelled."""
    while True:
        with suppress(DatabaseUnavailable):
            await prune(database, days)
        await asyncio.sleep(_DAY)
