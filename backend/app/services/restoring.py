"""One record as it was: a version of its history is written again, as a change of its own. Executes; knows no HTTP."""

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from app.database import Database
from app.dialect.row import row
from app.errors import Conflict, NotFound, Outlived
from app.refused import Refused, UniqueViolation
from app.resource.resource import Resource
from app.services.history import Versions, row_of
from app.services.signature import Signature, signed
from app.services.statements import SIGNS
from app.sql import Change, Dear, quoted


class Restoring:
    """What was in one resource's table, from the journal back into it."""

    def __init__(self, resource: Resource, database: Database) -> None:
        self._resource, self._database, self._versions = resource, database, Versions(resource)

    async def restore(self, key: str, version: int, by: Signature) -> bytes:
        """The record as it was at that version, at the place in the list that it had; as JSON.

        Raises `NotFound` where there is no such version, or none is kept of how the record was; `Conflict` where
        another has a value of it by now; `Outlived` where it breaks a rule that is younger.
        """
        rows = await self._database.rows(Dear(self._versions.state, {"key": key, "version": version}))
        if not rows or rows[0][0] is None:
            raise NotFound(f"Nothing is on record of how this {self._resource.noun} was then.")
        state = json.dumps(declared(self._resource, json.loads(rows[0][0])))
        params = {"state": state, "by": signed({key: by})}
        try:
            [(restored,)] = await self._database.rows(Change(self._written, params))
        except UniqueViolation as error:
            raise Conflict(self._resource.unique.get(error.constraint), self._resource.noun) from None
        except Refused:
            raise Outlived(self._resource.noun) from None
        return bytes(restored)

    @cached_property
    def _written(self) -> str:
        """state, by -> (row)."""
        table, columns = self._resource.sql, list(map(quoted, self._resource.columns))
        changed, listed = ", ".join(f"{one} = EXCLUDED.{one}" for one in columns), ", ".join(columns)
        found = f"SELECT {listed} FROM {row_of(self._resource, '%(state)s::jsonb')} WHERE {SIGNS}"
        into = f"INSERT INTO {table} AS now$ ({listed}) {found} ON CONFLICT (id) DO UPDATE SET {changed}"
        return f"WITH restored$ AS ({into} RETURNING now$.*) SELECT {row(self._resource)} FROM restored$ AS {table}"


def declared(resource: Resource, state: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was an undeclared field then, and is declared by now, in its column. A null stays, as in `Record`."""
    extra, fields = dict(state["extra"]), resource.fields.values()
    taken = {field.column: extra.pop(field.name) for field in fields if extra.get(field.name) is not None}
    return {**state, **taken, "extra": extra}
