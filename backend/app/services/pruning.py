"""A journal that keeps no more than it should: once a day, in batches, what is older goes."""

import asyncio
from contextlib import suppress

from app.database import Database
from app.errors import DatabaseUnavailable
from app.sql import Change

_BATCH = 5_000
_DAY = 24 * 3600.0  # seconds
_PAUSE = 0.2  # between two batches: others come first

# The newest of the old ones stays: who had read up to it has missed nothing, who had not is told so. What is old is
# looked for from the beginning, however much stays, and ends before the first that is not.
_PRUNE = f"""
WITH first AS (
  SELECT epoch, place, seq, at < now() - make_interval(days => %(days)s) AS old FROM changes
  ORDER BY epoch, place, seq LIMIT {_BATCH} + 1
), known AS (
  SELECT epoch, place, seq, lead(seq) OVER behind IS NOT NULL
    AND bool_and(old) OVER (behind ROWS BETWEEN UNBOUNDED PRECEDING AND 1 FOLLOWING) AS goes
  FROM first WINDOW behind AS (ORDER BY epoch, place, seq)
), gone AS (
  DELETE FROM changes USING known
  WHERE goes AND (changes.epoch, changes.place, changes.seq) = (known.epoch, known.place, known.seq)
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
