"""Records with what they embed, in SQL: children as a list, a parent as an object, each found and rendered once.

What is embedded is joined to all records of an answer at once: nothing is looked for record by record.
"""

import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from app.dialect.relations import Member, Relation
from app.dialect.row import row, row_without, weight
from app.resource.resource import Resource
from app.sql import Part, joined


class _Wanted(NamedTuple):
    """What is read of all children of a record, and of a parent."""

    of_children: str
    of_parent: str


_TEXT = _Wanted("string_agg({row}, ',' ORDER BY {position}) AS text$", "{row} AS text$")
_BYTES = _Wanted("sum({weight}) AS bytes$", "{weight} AS bytes$")


class Embedding(NamedTuple):
    """Of those records of a resource that a query in WITH, `source`, has with all their columns."""

    resource: Resource
    members: Sequence[Member]
    source: str

    @property
    def row(self) -> Part:
        """SQL of a record as JSON text, where `texts` are joined."""
        if not self.members:
            return Part(row(self.resource))
        own = row_without(self.resource, [member.name for member in self.members])
        opened = Part(f"left({own.sql}, -1)", own.values)
        sql, values = joined(", ", [opened, *map(_member, range(len(self.members)), self.members), Part("'}'")])
        return Part(f"concat({sql})", values)

    @property
    def texts(self) -> str:
        """FROM the records, each beside what it embeds."""
        return self._from(_TEXT)

    @property
    def own_size(self) -> str:
        """SQL of a record's bytes without what it embeds, as far as they are known without reading it."""
        return weight(self.resource)

    @property
    def size(self) -> str:
        """SQL of the bytes of what a record embeds, where `sizes` are joined."""
        names = sum(len(json.dumps(member.name)) for member in self.members)
        related = [f"coalesce(e{place}$.bytes$, 0)" for place, one in enumerate(self.members) if one.relation]
        return " + ".join([str(names), *related])

    @property
    def sizes(self) -> str:
        """FROM the records, each beside the bytes of what it embeds."""
        return self._from(_BYTES)

    def _from(self, wanted: _Wanted) -> str:
        return " ".join([f"FROM {self.source} AS {self.resource.sql}", *self._joins(wanted)])

    def _joins(self, wanted: _Wanted) -> Iterator[str]:
        for place, member in enumerate(self.members):
            if member.relation:
                of = self._children if member.many else self._parents
                found, key = of(member.relation, member.by_text, wanted)
                yield f"LEFT JOIN ({found}) AS e{place}$ ON e{place}$.key$ = {key}"

    def _children(self, relation: Relation, by_text: bool, wanted: _Wanted) -> tuple[str, str]:
        """SQL of all children of the records, by a key, and of this key of a record."""
        child, key, own = relation.child, *relation.keys(by_text=by_text)
        few = f"SELECT {own.format('id')} FROM {self.source}"
        of = f"FROM {child.sql} WHERE {relation.known} AND {key} IN ({few}) GROUP BY 1"
        return f"SELECT {key} AS key$, {_of(child, wanted.of_children)} {of}", own.format(self._id)

    def _parents(self, relation: Relation, by_text: bool, wanted: _Wanted) -> tuple[str, str]:
        """The same of their parents."""
        parent, key = relation.parent, relation.id(by_text=by_text)
        own, few = parent.fields["id"].sql, f"SELECT {key} FROM {self.source} AS {self.resource.sql}"
        return f"SELECT {own} AS key$, {_of(parent, wanted.of_parent)} FROM {parent.sql} WHERE {own} IN ({few})", key

    @property
    def _id(self) -> str:
        return self.resource.fields["id"].sql


def _of(resource: Resource, wanted: str) -> str:
    return wanted.format(row=row(resource), position=resource.position, weight=weight(resource))


def _member(place: int, member: Member) -> Part:
    """What stands behind a comma in a record; NULL if there is no such parent."""
    name = f",{json.dumps(member.name, ensure_ascii=False)}:"
    if not member.many:
        return Part(f"%s::text || e{place}$.text$", (name,))
    children = f"concat(%s::text, '[', e{place}$.text$, ']')" if member.relation else "%s::text || '[]'"
    return Part(children, (name,))
