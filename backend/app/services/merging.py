"""The search index without stalls: what is new in it is merged by us and often, not by a write that then takes long.

PostgreSQL lists new texts first, and merges the list into the index when it has come to `gin_pending_list_limit`: that
write, and all that meet the list meanwhile, wait for 4 MB (64.4.4.1). Who merges from outside keeps nobody waiting.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain

from app.database import Database
from app.errors import DatabaseUnavailable
from app.resource.columns import search_indices
from app.resource.resource import Resource
from app.sql import Dear

_PAUSE = 0.25  # seconds; in one, as many writes as there can be list about 4 MB

# Only its owner may (9.28.8); for others PostgreSQL does it, as ever.
_MERGE = """
SELECT gin_clean_pending_list(pg_class.oid) FROM pg_class
WHERE relname = ANY(%(names)s::name[]) AND pg_table_is_visible(pg_class.oid) AND pg_has_role(relowner, 'USAGE')
"""


async def keep_merged(database: Database, resources: Sequence[Resource]) -> None:
    """Merge whenever this process has changed something, until cancelled."""
    merge, before = _merge(resources), 0
    while True:
        await asyncio.sleep(_PAUSE)
        if database.changes != before:
            before = database.changes
            with suppress(DatabaseUnavailable):
                await database.rows(merge)


def _merge(resources: Sequence[Resource]) -> Dear:
    return Dear(_MERGE, {"names": list(chain.from_iterable(search_indices(one.table.name) for one in resources))})
