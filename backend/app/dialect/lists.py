"""ListQuery -> the SELECT that answers it, for any resource. Joins SQL, never executes it; PostgreSQL renders the JSON.

A page's records are chosen by position first, which an index can do; then only they are rendered. Page and total come
from one snapshot. A list above `LIST_BYTES` is not rendered as one text: its positions are read, and then its records
part by part.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from app.dialect import filters
from app.dialect.collation import Collations
from app.dialect.conditions import UnsupportedQuery
from app.dialect.embedding import Embedding
from app.dialect.order import Key, by_alphabet, sort_keys
from app.dialect.query import ListQuery, Page, Slice
from app.dialect.relations import Relations
from app.limits import LIST_BYTES, PART_BYTES, QUICK_RECORDS, QUICK_VALUES, RANKED, ROW_BYTES, SAMPLE, SEEN
from app.resource.fields import Field
from app.resource.javascript import LIMIT
from app.resource.kinds import DAY, TEXT
from app.resource.resource import Resource
from app.sql import Dear, Part, Query, joined, quoted

_SIZE = Part("(SELECT n$ FROM total$)")
_UNCOUNTED = Part("NULL::bigint")
_NO_TRIGRAMS = (
    "Searching with :similar needs pg_trgm, which comes with PostgreSQL or in its package postgresql-contrib: install "
    "that, run CREATE EXTENSION pg_trgm in this database, and start this server again."
)


class _Records(NamedTuple):
    """The records of an answer: what goes before in WITH, a SELECT of them with their keys, and the total."""

    before: Sequence[Part]
    select: Part
    total: Part


class Lists:
    """The lists of one resource in a database with these collations, and its relations to others that are served."""

    def __init__(
        self,
        resource: Resource,
        collations: Collations,
        relations: Relations | None = None,
        seen: frozenset[str] = frozenset(),
    ) -> None:
        self._resource = resource
        self._seen = seen
        self._collations = collations
        self._relations = relations or Relations([resource])
        self._fold = quoted(collations.fold)
        self._columns = ", ".join(f"{resource.sql}.{quoted(name)}" for name in resource.columns)

    def aware(self, names: Iterable[str]) -> "Lists":
        """These lists, which look for undeclared fields of these names too."""
        seen = self._seen if len(self._seen) < SEEN else frozenset()
        return Lists(self._resource, self._collations, self._relations, seen.union(names))

    def nearly_ordered(self, query: ListQuery) -> bool:
        """Whether its order is only near that of json-server, for want of ICU."""
        return self._collations.order is None and by_alphabet(self._resource, query)

    def rows(self, query: ListQuery) -> Query:
        """One row: the page's JSON array (None if too large for one answer), the total before paging (None: a whole
        list), and the undeclared fields that were not looked for and yet some record has (None: no such field).

        A filter or a sort key that no record has the field of means nothing, and the statement does without. It says so
        itself if that is wrong, of the same snapshot: the rest of its answer is void, and the lists must be `aware`.

        Raises `UnsupportedQuery` for more or other filters than this server takes.
        """
        known, unseen = self._known(query), [one for one in self._doubtful(query) if one not in self._seen]
        sought = query._replace(conditions=filters.without(query.conditions, unseen))
        keys, embedding = sort_keys(self._resource, query, self._collations, unseen), self._embedding(query, "few$")
        before, records, total = self._records(sought, keys)
        few = _named("few$", _joined(records, f"LIMIT {LIST_BYTES // ROW_BYTES + 1}"))
        answer = _joined("SELECT", self._rendered(embedding, keys), ",", total, ",", _overlooked(unseen))
        kind = Query if self._quick(query) else Dear
        return kind(*_joined("WITH", joined(", ", [*known, *before, few]), answer))

    def places(self, query: ListQuery) -> Dear:
        """The same list for one that is too large: a row for each of its parts, in order. Row: positions, total, bytes.

        Positions are 64-bit integers, big-endian, one behind another: as a list of Python's they take five times as
        much. The bytes are those of what the record that embeds the most does.
        """
        keys, embedding = sort_keys(self._resource, query, self._collations), self._embedding(query, "listed$")
        before, records, total = self._records(query, keys)
        table = self._resource
        own = _ordering(keys, table.position, table.sql)
        labels, order = "".join(f", k{place}$" for place in range(1, len(keys) + 1)), _ordering(keys, "position")
        parts = f"(sum({embedding.own_size} + {embedding.size}) OVER (ORDER BY {own}))::bigint / {PART_BYTES} AS part$"
        parted = f"SELECT {table.position}{labels}, {embedding.size} AS embedded$, {parts} {embedding.sizes}"
        answer = _joined(
            f"SELECT string_agg(int8send(position), '' ORDER BY {order}),",
            total,
            f", max(embedded$) FROM ({parted}) AS parted$ GROUP BY part$ ORDER BY part$",
        )
        return Dear(*_joined("WITH", joined(", ", [*self._known(query), *before, _named("listed$", records)]), answer))

    def rows_at(self, query: ListQuery, positions: Sequence[int]) -> Dear:
        """The records at these positions, in their order, as one JSON array's inside; NULL if they are all gone."""
        table, embedding = self._resource, self._embedding(query, "few$")
        places = "unnest(%s::bigint[]) WITH ORDINALITY AS place$(position, n$)"
        few = f"SELECT {self._columns}, place$.n$ FROM {places} JOIN {table.sql} ON {table.position} = place$.position"
        rows = _joined("SELECT string_agg(", embedding.row, f", ',' ORDER BY {table.sql}.n$) {embedding.texts}")
        return Dear(*_joined("WITH", _named("few$", Part(few, (positions,))), rows))

    def one(self, query: ListQuery, key: str) -> Dear:
        """The record with this id and what the query embeds; NULL if that is too much. No row: there is none."""
        own, embedding = self._resource.fields["id"], self._embedding(query, "few$")
        few = f"SELECT {self._columns} FROM {self._resource.sql} WHERE {own.sql} = %s::{own.kind.sql}"
        fits = f"SELECT CASE WHEN (SELECT {embedding.size} {embedding.sizes}) <= {LIST_BYTES} THEN (SELECT"
        row = _joined(fits, embedding.row, f"{embedding.texts}) END FROM few$")
        return Dear(*_joined("WITH", _named("few$", Part(few, (key,))), row))

    def known(self, names: Sequence[str]) -> Dear:
        """One row: an array of those of the names that some record has as an undeclared field."""
        return Dear(*_joined("WITH", filters.knowing(self._resource, names), "SELECT names$ FROM known$"))

    def tally(self, query: ListQuery, fields: Sequence[Field], most: int, percent: float | None) -> Dear:
        """How often these fields have which value in the records that match, or in a sample: at most `SAMPLE` records,
        and `most` values of a text. One row: a JSON array, of each field the pairs [value, count], most frequent first.
        """
        table = self._resource
        source = table.sql if percent is None else f"{table.sql} TABLESAMPLE SYSTEM ({percent:f})"
        values = ", ".join(f"{_told(field)} AS v{place}$" for place, field in enumerate(fields))
        found = filters.found(table, query.conditions, query.search, self._fold)
        sample = _joined(f"SELECT {values} FROM {source} WHERE", found, f"LIMIT {SAMPLE}")
        counts = ", ".join(_counts(place, most if one.kind is TEXT else SAMPLE) for place, one in enumerate(fields))
        before = joined(", ", [*self._known(query), _named("sample$", sample, "MATERIALIZED ")])
        return Dear(*_joined("WITH", before, f"SELECT json_build_array({counts})::text"))

    def embeds(self, query: ListQuery) -> bool:
        """Whether the answer has more than the records' own fields."""
        return bool(self._embedding(query, "few$").members)

    def _embedding(self, query: ListQuery, source: str) -> Embedding:
        return Embedding(self._resource, self._relations.members(self._resource, query), source)

    def _quick(self, query: ListQuery) -> bool:
        """Whether it is a page near the beginning, and indices find and sort it."""
        conditions = list(filters.leaves(query.conditions))
        names = [*(one.field for one in conditions), *(key.field for key in query.sort)]
        fields = (self._resource.fields.get(name) for name in names)
        indexed = all(field and field.kind.scalar for field in fields)
        few = len(query.sort) <= 1 and sum(len(one.values) for one in conditions) <= QUICK_VALUES
        alone = not query.embed and not query.expand
        return alone and indexed and few and _near(query.window) and not filters.dear(query.conditions, query.search)

    def _records(self, query: ListQuery, keys: Sequence[Key]) -> _Records:
        if any(filters.forgiven(query.conditions)) and not self._collations.trigrams:
            raise UnsupportedQuery(_NO_TRIGRAMS)
        table, scored = self._resource, any(key.scored for key in keys)
        if query.window is None and not scored:
            return _Records((), self._found(query, keys, self._columns), _UNCOUNTED)
        once = "" if filters.dear(query.conditions, query.search) else "NOT "
        source, order = "ranked$" if scored else "matched$", _ordering(keys, "position")
        before = (
            _named("matched$", self._found(query, keys, table.position), f"{once}MATERIALIZED "),
            _named("total$", Part("SELECT count(*) AS n$ FROM matched$")),
            *([_named("ranked$", self._ranked(keys))] if scored else []),
            _named("page$", _joined(f"SELECT * FROM {source} ORDER BY {order}", _limited(query))),
        )
        chosen = "".join(f", page$.k{place}$" for place in range(1, len(keys) + 1))
        records = f"SELECT {self._columns}{chosen} FROM page$ JOIN {table.sql} ON page$.position = {table.position}"
        return _Records(before, Part(records), _SIZE if query.window else _UNCOUNTED)

    def _known(self, query: ListQuery) -> Sequence[Part]:
        names = self._doubtful(query)
        return [filters.knowing(self._resource, names)] if names else []

    def _doubtful(self, query: ListQuery) -> list[str]:
        return filters.doubtful(self._resource, query)

    def _found(self, query: ListQuery, keys: Sequence[Key], columns: str) -> Part:
        """A SELECT of what meets the query, with its keys but for scores."""
        labels = [_joined(",", key.part, f"AS k{place}$") for place, key in enumerate(keys, 1) if not key.scored]
        found = filters.found(self._resource, query.conditions, query.search, self._fold)
        return _joined(f"SELECT {columns}", *labels, f"FROM {self._resource.sql} WHERE", found)

    def _ranked(self, keys: Sequence[Key]) -> Part:
        """What matched, with the scores of the records that come first in the list, each found by its position: a join
        is planned for few, and takes hours for many."""
        table, behind = self._resource, f"(SELECT position FROM matched$ ORDER BY position LIMIT 1 OFFSET {RANKED})"
        one = f"FROM {table.sql} WHERE {table.position} = matched$.position"
        score = f"CASE WHEN (matched$.position >= {behind}) IS NOT TRUE THEN (SELECT {{}} {one}) ELSE 0 END"
        named = [
            _joined(", ", key.part.within(score) if key.scored else Part(f"k{place}$"), f"AS k{place}$")
            for place, key in enumerate(keys, 1)
        ]
        return _joined("SELECT matched$.position", *named, "FROM matched$")

    def _rendered(self, embedding: Embedding, keys: Sequence[Key]) -> Part:
        table = self._resource
        order = _ordering(keys, table.position, table.sql)
        size = f"SELECT coalesce(sum({embedding.own_size} + {embedding.size}), 0) {embedding.sizes}"
        fits = f"CASE WHEN ({size}) <= {LIST_BYTES} THEN (SELECT concat('[', string_agg("
        return _joined(fits, embedding.row, f", ',' ORDER BY {order}), ']') {embedding.texts}) END")


def _overlooked(unseen: list[str]) -> Part:
    """Those of the names that are `known$`."""
    return (
        Part("(SELECT array_agg(name$) FROM known$, unnest(names$) AS name$ WHERE name$ = ANY(%s))", (unseen,))
        if unseen
        else Part("NULL")
    )


def _told(field: Field) -> str:
    """A value as JSON has it; a day as its text."""
    return field.kind.scalar.wire_text.format(field.sql) if field.kind is DAY and field.kind.scalar else field.sql


def _counts(place: int, most: int) -> str:
    each = f"SELECT v{place}$ AS v$, count(*) AS n$ FROM sample$ WHERE v{place}$ IS NOT NULL GROUP BY 1"
    return f"(SELECT json_agg(json_build_array(v$, n$)) FROM ({each} ORDER BY n$ DESC, v$ LIMIT {most}) AS counted$)"


def _ordering(keys: Sequence[Key], position: str, table: str = "") -> str:
    """Ties in list order, also when descending."""
    qualified = f"{table}." if table else ""
    named = [f"{qualified}k{place}${' DESC' if key.descending else ''}" for place, key in enumerate(keys, 1)]
    return ", ".join([*named, position])


def _limited(query: ListQuery) -> Part:
    """LIMIT and OFFSET of a page or slice."""
    if isinstance(query.window, Page):
        size, offset = query.window.size, min((query.window.number - 1) * query.window.size, LIMIT)
        if not query.enveloped or not offset:
            return Part("LIMIT %s::bigint OFFSET %s::bigint", (size, offset))
        last = f"greatest(({_SIZE.sql} - 1) / %s::bigint * %s::bigint, 0)"
        return Part(f"LIMIT %s::bigint OFFSET least(%s::bigint, {last})", (size, offset, size, size))
    start, end = (_edge(edge) for edge in query.window or Slice(0, LIMIT))
    return _joined("LIMIT greatest(", end, "-", start, ", 0) OFFSET", start)


def _near(window: Page | Slice | None) -> bool:
    """Whether few records come before its end."""
    if isinstance(window, Page):
        return window.number * window.size <= QUICK_RECORDS
    return window is not None and window.start >= 0 and 0 <= window.end <= QUICK_RECORDS


def _edge(place: int) -> Part:
    """Where a slice begins or ends; a negative one counts from the end."""
    return Part("%s::bigint" if place >= 0 else f"greatest({_SIZE.sql} + %s::bigint, 0)", (place,))


def _named(name: str, select: Part, how: str = "") -> Part:
    return Part(f"{name} AS {how}({select.sql})", select.values)


def _joined(*parts: Part | str) -> Part:
    return joined(" ", [Part(part) if isinstance(part, str) else part for part in parts])
