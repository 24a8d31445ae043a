"""The journal as pages of changes: cursors, and the SQL of a page. Pure; docs/architecture.md, "The feed", says why.

A change is settled once no transaction is under way that could still put one before it: its place is below the
snapshot's xmin. Only settled ones are told, in the order of (epoch, place, seq), so that nobody who goes on from one
ever misses another.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from app.dialect.row import row, weight
from app.limits import ROW_BYTES
from app.resource.ids import NUMBERS
from app.resource.resource import Resource
from app.services.history import change_word, moment
from app.sql import Query, quoted_text

_CURSOR = re.compile(r"([0-9]{1,10})\.([0-9]{1,19})\.([0-9]{1,19})", re.ASCII)


class Cursor(NamedTuple):
    """The place of a change in the journal; the next one is behind it."""

    epoch: int
    place: int
    seq: int

    def __str__(self) -> str:
        return ".".join(map(str, self))


START = Cursor(0, 0, 0)
"""Before the first change that ever was; `next` of who finds none."""
OLDEST = Cursor(0, 0, 1)
"""Before the oldest one on record, whatever went before."""
END = Cursor(2**31 - 1, 2**63 - 1, 2**63 - 1)
"""Behind the latest one."""


def cursor(text: str) -> Cursor:
    """Raises `ValueError` for what no page ever had as its `next`."""
    if not (found := _CURSOR.fullmatch(text)):
        raise ValueError("is no cursor")
    read = Cursor(*map(int, found.groups()))
    if any(part > most for part, most in zip(read, END, strict=True)):
        raise ValueError("is no cursor")
    return read


class Asked(NamedTuple):
    """Which changes: those of some resources, by path, and there of every id or some."""

    resources: tuple[str, ...]
    ids: tuple[str, ...] | None = None

    def covers(self, change: "Change") -> bool:
        return change.resource in self.resources and (self.ids is None or change.id in self.ids)


class Change(NamedTuple):
    """One, as JSON text."""

    cursor: Cursor
    resource: str
    id: str
    json: bytes


class Page(NamedTuple):
    """Changes in their order, and where to go on. `more`: there are others already."""

    changes: Sequence[Change]
    next: Cursor
    more: bool = False


class Found(NamedTuple):
    """What the journal says: a page, whether the cursor is on record, and whether another cluster made the newest."""

    page: Page
    known: bool
    made_elsewhere: bool


# The default is raised where a dump was brought into another cluster, whose transactions are numbered anew.
_EPOCH = """SELECT pg_get_expr(adbin, adrelid)::integer FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid
   AND attnum = adnum WHERE adrelid = 'changes'::regclass AND attname = 'epoch'"""

# One snapshot for all: the statement's. A row comparison is what an index on these columns can serve (9.24.5).
_PAGE = """
WITH present$ AS MATERIALIZED (
  SELECT ({epoch}) AS epoch$, pg_snapshot_xmin(snapshot$)::text::bigint AS unsettled$,
         pg_snapshot_xmax(snapshot$)::text::bigint AS future$
  FROM pg_current_snapshot() AS snapshot$
), latest$ AS MATERIALIZED (
  SELECT c$.epoch, c$.place, c$.seq FROM changes AS c$ WHERE {settled}
  ORDER BY c$.epoch DESC, c$.place DESC, c$.seq DESC LIMIT 1
), page$ AS (
  SELECT c$.*, row_number() OVER behind AS number$, sum(c$.bytes$) OVER behind - c$.bytes$ AS before$
  FROM (SELECT c$.*, {bytes} AS bytes$ FROM changes AS c$
        WHERE (c$.epoch, c$.place, c$.seq) > (%(epoch)s::integer, %(place)s::bigint, %(seq)s::bigint) AND {settled}
          AND c$.resource = ANY(%(resources)s::text[]){of_ids}
        ORDER BY c$.epoch, c$.place, c$.seq LIMIT %(limit)s::integer + 1) AS c$
  WINDOW behind AS (ORDER BY c$.epoch, c$.place, c$.seq)
)
SELECT latest$.epoch, latest$.place, latest$.seq,
       EXISTS (SELECT FROM changes WHERE epoch = %(epoch)s AND place = %(place)s AND seq = %(seq)s)
         OR %(start)s AND coalesce((SELECT at FROM changes ORDER BY epoch, place, seq LIMIT 1)
                                   > now() - make_interval(days => %(days)s::integer), true),
       coalesce((SELECT c$.place FROM changes AS c$ WHERE c$.epoch = (SELECT epoch$ FROM present$)
                 ORDER BY c$.place DESC LIMIT 1) >= (SELECT future$ FROM present$), false),
       c$.epoch, c$.place, c$.seq, c$.resource, c$.id,
       CASE WHEN c$.number$ <= %(limit)s AND c$.before$ < %(bytes)s THEN {json} END
FROM (SELECT) AS always$ LEFT JOIN latest$ ON true LEFT JOIN page$ AS c$ ON true ORDER BY c$.number$
"""
_BOUND = "((SELECT epoch$ FROM present$), (SELECT unsettled$ FROM present$))"
_SETTLED = f"(c$.epoch, c$.place) < {_BOUND}"
_OF_IDS = " AND c$.id = ANY(%(ids)s::text[])"

# Seconds since the oldest change that is not settled yet.
_LAG = """
WITH present$ AS MATERIALIZED (
  SELECT ({epoch}) AS epoch$, pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS unsettled$
)
SELECT coalesce((
  SELECT greatest(extract(epoch FROM clock_timestamp() - c$.at), 0)::double precision FROM changes AS c$
  WHERE (c$.epoch, c$.place) >= {bound} ORDER BY c$.epoch, c$.place, c$.seq LIMIT 1), 0)
"""
LAG = Query(_LAG.format(epoch=_EPOCH, bound=_BOUND), {})


class Pages:
    """The SQL of pages with the changes of these resources, each with the record as it is now.

    `days`: after which changes are pruned. Of what is older the newest stays: whether it is the first one that ever was
    cannot be told.
    """

    def __init__(self, resources: Sequence[Resource], days: int | None = None) -> None:
        self._days = days
        self.every = Asked(tuple(resource.path for resource in resources))
        self._all, self._some = (self._sql(resources, of_ids) for of_ids in ("", _OF_IDS))

    def page(self, since: Cursor, asked: Asked, limit: int, size: int) -> Query:
        """At most so many, and no more behind those that have `size` bytes together."""
        params = {**since._asdict(), **asked._asdict(), "limit": limit, "bytes": size}
        params |= {"start": since == START, "days": self._days}
        params |= {name: list(params[name]) for name in asked._fields if params[name] is not None}
        return Query(self._all if asked.ids is None else self._some, params)

    @staticmethod
    def _sql(resources: Sequence[Resource], of_ids: str) -> str:
        record = _case({one.path: _of_record(one, row(one)) for one in resources})
        size = _case({one.path: _of_record(one, weight(one)) for one in resources})
        # Records whose ids are numbers by now may have had others before.
        numbers = {one.path: f"({one.ids.key('c$.id')})::text" for one in resources if one.ids is NUMBERS}
        members = {
            "resource": _quoted("c$.resource"),
            "id": f"coalesce({_case(numbers)}, {_quoted('c$.id')})",
            "change": _quoted(change_word("c$.op")),
            "version": "c$.seq",
            "at": _quoted(moment("c$.at")),
            "by": _quoted("c$.who"),
            "record": f"coalesce({record}, 'null')",
        }
        return _PAGE.format(
            epoch=_EPOCH,
            settled=_SETTLED,
            of_ids=of_ids,
            bytes=f"coalesce({size}, {ROW_BYTES})",
            json=f"concat({', '.join(_member(name, sql, n) for n, (name, sql) in enumerate(members.items()))}, '}}')",
        )


def found(rows: Sequence[tuple[Any, ...]], since: Cursor) -> Found:
    """What the rows of `Pages.page` say."""
    latest, (known, made_elsewhere) = rows[0][:3], rows[0][3:5]
    told = [Change(Cursor(*one[5:8]), one[8].decode(), one[9].decode(), one[10]) for one in rows if one[10] is not None]
    more = len(told) < len(rows) and rows[0][5] is not None
    known_end = START if latest[0] is None else Cursor(*latest)
    end = max(known_end, since) if is_place(since) else known_end
    return Found(Page(told, told[-1].cursor if more else end, more), known or not is_place(since), made_elsewhere)


def is_place(since: Cursor) -> bool:
    """Whether it is a place of the journal, which must be on record, and not a wish."""
    return since not in (OLDEST, END)


def _member(name: str, sql: str, number: int) -> str:
    return f"""'{"," if number else "{"}"{name}":', {sql}"""


def _quoted(sql: str) -> str:
    """A text as JSON."""
    return f"to_json({sql})::text"


def _of_record(resource: Resource, sql: str) -> str:
    """Of the record of change `c`, as it is now; NULL if it is gone."""
    return f"(SELECT {sql} FROM {resource.sql} WHERE {resource.fields['id'].sql} = {resource.ids.key('c$.id')})"


def _case(by_path: Mapping[str, str]) -> str:
    """By the resource of change `c`; NULL for every other."""
    cases = " ".join(f"WHEN {quoted_text(path)} THEN {sql}" for path, sql in by_path.items())
    return f"CASE c$.resource {cases} END" if cases else "NULL"
