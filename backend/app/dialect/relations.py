"""json-server's relations: a field `<one>Id` holds an id of the collection of which `<one>` is the singular. Pure.

Only names declare them. 0.17 finds children by `_embed` and a parent by `_expand`, 1.x both by `_embed`. Ids meet if
they are of one JSON type; 0.17 compares a parent's by its text, and so the keys of what goes with a deleted record.
Source: 0.17.4, plural.js and mixins.js; 1.0.0-beta.15, service.js.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from app.dialect.conditions import UnsupportedQuery
from app.dialect.query import Dialect, ListQuery
from app.limits import RELATIONS
from app.resource.fields import Field
from app.resource.kinds import NUMBER, TRUTH, WHOLE, Kind
from app.resource.plurals import plural, singular
from app.resource.resource import Resource
from app.resource.strict_json import unstorable
from app.sql import Part, by_type, quoted_text

SUFFIX = "Id"  # unless json-server 0.17 is started with another

# The JSON type of a field with scalar values that is no text on the wire.
_JSON_TYPES: Mapping[Kind, str] = {WHOLE: "number", NUMBER: "number", TRUTH: "boolean"}

# JSON type -> the text that JavaScript makes of such a value. An array, an object or null is nobody's id.
_TEXTS: Mapping[str, str] = {
    "string": "({} #>> '{{}}')",
    "number": "trim_scale(({})::numeric)::text",
    "boolean": "({} #>> '{{}}')",
}

# The whole number that JavaScript writes so, within bigint.
_WHOLE = "CASE WHEN {0} ~ '^(0|-?[1-9][0-9]{{0,17}})$' THEN ({0})::bigint END"


class Relation(NamedTuple):
    """A child's field `key` holds the id of its parent, one of which is called `one`."""

    child: Resource
    parent: Resource
    one: str
    key: str

    @property
    def declared(self) -> bool:
        return self.key in self.child.fields

    @property
    def known(self) -> str:
        """SQL of whether a child may have the key: an index knows the few with undeclared fields."""
        return "true" if self.declared else f"{self.child.extra} <> '{{}}'::jsonb"

    @property
    def _field(self) -> Field | None:
        return self.child.fields.get(self.key)

    @property
    def _document(self) -> Part:
        """The key as jsonb, where it is not declared or may be any JSON."""
        return Part(self._field.sql if self._field else f"({self.child.extra} -> {quoted_text(self.key)})")

    @property
    def _alike(self) -> str | None:
        """The key's column, if it is of the id's kind: what an index is on."""
        return self._field.sql if self._field and self._field.kind is self._id_kind else None

    @property
    def _id_kind(self) -> Kind:
        return self.parent.fields["id"].kind

    def id(self, *, by_text: bool) -> str:
        """SQL of the key as an id of the parent: of that column's type, NULL where it cannot be one."""
        text = self._alike or self._text(by_text)
        return _WHOLE.format(text) if self._id_kind is WHOLE and not self._alike else text

    def keys(self, *, by_text: bool) -> "Keys":
        """How children are looked for by the id of a parent."""
        if self._alike:
            return Keys(self._alike, "{}")
        if by_text or (self._field and self._field.kind.scalar):
            return Keys(self._text(by_text), "({})::text")
        return Keys(self._document.sql, "to_jsonb({})")

    def _text(self, by_text: bool) -> str:
        """What JavaScript's String makes of the key; NULL of another JSON type than the id's, unless `by_text`."""
        types = _TEXTS if by_text else [_JSON_TYPES.get(self._id_kind, "string")]
        if self._field and self._field.kind.scalar:
            fits = _JSON_TYPES.get(self._field.kind, "string") in types
            return f"({self._field.kind.scalar.wire_text.format(self._field.sql)})" if fits else "NULL::text"
        document = self._document
        return f"({by_type(document, {one: document.within(_TEXTS[one]) for one in types}).sql})"


class Keys(NamedTuple):
    """SQL of two values that are equal where a child belongs to a parent."""

    of_child: str
    of_id: str
    """Of the parent's id, which stands in the place of `{}`."""


class Member(NamedTuple):
    """What a record has in an answer beside its own fields: its children in a list, or a parent."""

    name: str
    relation: Relation | None
    """None: a list of children that are not served."""
    many: bool = True
    by_text: bool = False


class Dependence(NamedTuple):
    """What a DELETE does to the children: they go, too, or their key becomes null."""

    relation: Relation
    by_text: bool
    deleted: bool


class Relations:
    """The relations among the resources that are served."""

    def __init__(self, resources: Sequence[Resource], suffix: str = SUFFIX) -> None:
        self._suffix = suffix
        self._ones = {resource: singular(resource.path) for resource in resources}
        self._lists = {resource.path: resource for resource in resources}
        self._parents = {one: resource for resource, one in self._ones.items() if plural(one) == resource.path}

    def members(self, resource: Resource, query: ListQuery) -> tuple[Member, ...]:
        """What the query embeds and expands, by the names that they have in a record.

        Raises `UnsupportedQuery` above `RELATIONS`.
        """
        find = self._of_1 if query.dialect == "1" else self._of_0_17
        embedded = (find(resource, name) for name in query.embed)
        expanded = (self._parent(resource, name, by_text=True) for name in query.expand)
        found = {member.name: member for member in (*embedded, *expanded) if member}
        if len(found) > RELATIONS:
            raise UnsupportedQuery(f"There are more than {RELATIONS} relations in one request.")
        return tuple(found.values())

    def children(self, parent: Resource) -> list[Relation]:
        """To every other resource; to itself only where its records declare the key."""
        return [one for child in self._ones if _is_one(one := self._relation(child, parent))]

    def parents(self, child: Resource) -> list[Relation]:
        """The same from the other end."""
        return [one for parent in self._ones if _is_one(one := self._relation(child, parent))]

    def dependents(self, parent: Resource, dialect: Dialect, named: Collection[str]) -> Iterator[Dependence]:
        """What becomes of the children of a deleted record. In 1.x those go that `_dependent` has `named`."""
        for relation in self.children(parent):
            if dialect == "0.17" and self._parents.get(self._ones[parent]) is parent:
                yield Dependence(relation, by_text=True, deleted=True)
            if dialect == "1" and relation.child is not parent:
                yield Dependence(relation, by_text=False, deleted=relation.child.path in named)

    def _of_0_17(self, parent: Resource, name: str) -> Member | None:
        child = self._lists.get(name)
        return Member(name, self._relation(child, parent) if child else None) if _is_a_name(name) else None

    def _of_1(self, resource: Resource, name: str) -> Member | None:
        """A singular is a parent. What is not served is not there."""
        child = self._lists.get(name)
        if child is None or self._ones[child] == name:
            return self._parent(resource, name)
        return Member(name, self._relation(child, resource))

    def _parent(self, child: Resource, name: str, *, by_text: bool = False) -> Member | None:
        parent = self._parents.get(name)
        return Member(name, self._relation(child, parent), many=False, by_text=by_text) if parent else None

    def _relation(self, child: Resource, parent: Resource) -> Relation:
        one = self._ones[parent]
        return Relation(child, parent, one, one + self._suffix)


def _is_one(relation: Relation) -> bool:
    return relation.child is not relation.parent or relation.declared


def _is_a_name(name: str) -> bool:
    """A record never loses its id, and no answer has half a character."""
    return name != "id" and not unstorable(name)
