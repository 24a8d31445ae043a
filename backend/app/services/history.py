"""What is on record of one resource's records: every version of one, who made it and when. Executes; knows no HTTP."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from app.database import Database, Row
from app.dialect.row import row
from app.errors import NotFound
from app.limits import LIST_BYTES
from app.refused import Refused
from app.resource.resource import Resource
from app.sql import Dear, quoted_text

DELETED = "deleted"
_WORDS = {"I": "created", "U": "changed", "D": DELETED}


def change_word(column: str) -> str:
    """SQL of what a change did, in a word, of the journal's letter for it."""
    cases = " ".join(f"WHEN '{letter}' THEN '{word}'" for letter, word in _WORDS.items())
    return f"CASE {column} {cases} END"


def moment(column: str) -> str:
    """SQL of a point in time as RFC 3339 has it, in UTC and milliseconds."""
    return f"""to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""


def row_of(resource: Resource, state: str) -> str:
    """SQL, behind FROM, of the row that a state by column says, under the table's name: that of its type may be one of
    PostgreSQL's own types too, such as `path`."""
    return f"jsonb_to_record({state}) AS {resource.sql}(position bigint, {resource.typed})"


class Versions:
    """The SQL of every version of a resource's records. `%(key)s` is an id as text."""

    def __init__(self, resource: Resource) -> None:
        self._resource = resource

    @cached_property
    def several(self) -> str:
        """key, limit, before -> (JSON array, whether anything is known)."""
        asked = "%(before)s::bigint IS NULL OR version$ < %(before)s::bigint"
        latest = f"SELECT * FROM versions$ WHERE {asked} ORDER BY version$ DESC LIMIT %(limit)s::bigint"
        bytes_ = "coalesce(sum(octet_length(state$::text)) OVER (ORDER BY version$ DESC), 0) AS bytes$"
        weighed = f"SELECT *, {bytes_}, max(version$) OVER () AS newest$ FROM ({latest}) AS latest$"
        listed = f"SELECT * FROM ({weighed}) AS weighed$ WHERE bytes$ <= {LIST_BYTES} OR version$ = newest$"
        array = f"SELECT concat('[', string_agg({self._rendered}, ',' ORDER BY listed$.version$ DESC), ']')"
        return (
            f"WITH {self._versions} SELECT ({array} FROM ({listed}) AS listed${self._record}), EXISTS (TABLE versions$)"
        )

    @cached_property
    def one(self) -> str:
        """key, version -> (JSON)."""
        one = "(SELECT * FROM versions$ WHERE version$ = %(version)s::bigint) AS listed$"
        return f"WITH {self._versions} SELECT {self._rendered} FROM {one}{self._record}"

    @cached_property
    def states(self) -> str:
        """key -> (version, what happened, the row it left by column as JSON, or NULL), newest first."""
        return f"WITH {self._versions} SELECT version$, change$, state$ FROM versions$ ORDER BY version$ DESC"

    @cached_property
    def state(self) -> str:
        """key, version -> (the row it left by column as JSON text, or NULL)."""
        return f"WITH {self._versions} SELECT state$::text FROM versions$ WHERE version$ = %(version)s::bigint"

    @property
    def _versions(self) -> str:
        """WITH: version, what happened, when, by whom, the row it left (by column; NULL if none)."""
        table, key = self._resource, self._resource.ids.key("%(key)s::text")
        this = f"SELECT to_jsonb({table.sql}.*) AS state$ FROM {table.sql} WHERE {table.fields['id'].sql} = {key}"
        steps = (
            "SELECT seq, op, at, who, old, lead(old) OVER w AS found$, lead(seq) OVER w AS later$,"
            " lag(seq) OVER w AS earlier$"
            f" FROM changes WHERE resource = {quoted_text(table.path)} AND id = %(key)s WINDOW w AS (ORDER BY seq)"
        )
        left = (
            "CASE WHEN op = 'D' THEN NULL WHEN later$ IS NULL THEN (SELECT state$ FROM this$) ELSE found$ END AS state$"
        )
        known = f"SELECT seq AS version$, {change_word('op')} AS change$, at, who, {left} FROM steps$"
        before = (
            "SELECT 0, 'created', NULL, NULL, old FROM steps$ WHERE earlier$ IS NULL AND op <> 'I'"
            " UNION ALL SELECT 0, 'created', NULL, NULL, state$ FROM this$ WHERE NOT EXISTS (TABLE steps$)"
        )
        return f"this$ AS ({this}), steps$ AS ({steps}), versions$ AS ({known} UNION ALL {before})"

    @property
    def _record(self) -> str:
        return f", LATERAL {row_of(self._resource, 'listed$.state$')}"

    @property
    def _rendered(self) -> str:
        at = f"coalesce(to_json({moment('listed$.at')})::text, 'null')"
        told = f"""'{{"version":', listed$.version$, ',"change":"', listed$.change$, '","at":', {at}"""
        record = f"CASE WHEN listed$.state$ IS NULL THEN 'null' ELSE {row(self._resource)} END"
        return (
            f"""concat({told}, ',"by":', coalesce(to_json(listed$.who)::text, 'null'), ',"record":', {record}, '}}')"""
        )


class History:
    """The versions of a resource's records. A version is a change's number, higher than those before.

    What a change left is what the next one found, or what is there now. A record that was there before anything was put
    on record has a version 0 too.
    """

    def __init__(self, resource: Resource, database: Database) -> None:
        self._resource, self._database, self._sql = resource, database, Versions(resource)

    async def of(self, key: str, limit: int, before: int | None) -> bytes:
        """The latest `limit` versions of a record, or of those below `before`, newest first, as a JSON array; fewer if
        they are too large for one answer, but one at least.

        Raises `NotFound` where nothing was ever known of it.
        """
        params = {"key": key, "before": before, "limit": limit}
        [(versions, known)] = await self._rows(self._sql.several, params)
        if not known:
            raise NotFound(f"There is no {self._resource.noun} with this id, and there was none.")
        return bytes(versions)

    async def version(self, key: str, version: int) -> bytes:
        """One version, as JSON. Raises `NotFound`."""
        rows = await self._rows(self._sql.one, {"key": key, "version": version})
        if not rows:
            raise NotFound(f"There is no such version of a {self._resource.noun} with this id.")
        return bytes(rows[0][0])

    async def _rows(self, sql: str, params: Mapping[str, Any]) -> list[Row]:
        """Raises `NotFound` where a column is of another type by now, which what it was does not fit."""
        try:
            return await self._database.rows(Dear(sql, params))
        except Refused:
            noun = self._resource.noun
            raise NotFound(
                f"What is on record of this {noun} is of other fields than it has now: only the table changes has it."
            ) from None
