"""Conditions of a list -> one test in SQL. What a field that nobody declared means is decided here."""

from collections.abc import Iterable, Iterator, Sequence

from app.dialect import documents, forgiving, scalars
from app.dialect.conditions import Condition, Either, UnsupportedQuery
from app.dialect.search import search
from app.limits import FILTERS
from app.resource.fields import Field
from app.resource.kinds import TEXT, Scalar
from app.resource.resource import Resource
from app.resource.strict_json import unstorable
from app.sql import ALWAYS, NEVER, Part, all_of, any_of

_CHEAP = {"eq", "ne", "gt", "gte", "lt", "lte"}


def found(resource: Resource, conditions: Sequence[Condition | Either], text: str, fold: str) -> Part:
    """What holds for the records that meet all conditions and have the text that is searched for, if one is.

    Raises `UnsupportedQuery` above `FILTERS`, `PATTERNS` and `PATTERN_LENGTH`.
    """
    if sum(map(_weight, leaves(conditions))) > FILTERS:
        raise UnsupportedQuery(f"There are more than {FILTERS} filters in one request.")
    similar = list(forgiven(conditions))
    tests = [forgiving.threshold(similar)] if similar else []
    tests += [search(resource, text, fold)] if text else []
    return all_of([*tests, *_wanted(resource, conditions, fold)])


def forgiven(conditions: Iterable[Condition | Either]) -> Iterator[Condition]:
    """Those of the conditions that are forgiving."""
    return (one for one in leaves(conditions) if one.operator == "similar")


def dear(conditions: Iterable[Condition | Either], text: str) -> bool:
    """Whether a test is best done once, for the page and the total together; a cheap one is done by an index twice."""
    return bool(text) or any(one.operator not in _CHEAP for one in leaves(conditions))


def leaves(conditions: Iterable[Condition | Either]) -> Iterator[Condition]:
    for one in conditions:
        if isinstance(one, Condition):
            yield one
        else:
            for group in one.groups:
                yield from leaves(group)


def undeclared(resource: Resource, name: str) -> Part:
    """A field that nobody declared, as jsonb: under its whole name, or along its dots. NULL if it is not there."""
    extra, path = resource.extra, name.split(".")
    column = resource.fields.get(path[0])
    if column and not column.kind.scalar:
        return Part(f"({column.sql} #> %s::text[])", (path[1:],))
    if len(path) == 1:
        return Part(f"({extra} -> %s::text)", (name,))
    return Part(f"coalesce({extra} -> %s::text, {extra} #> %s::text[])", (name, path))


def _weight(condition: Condition) -> int:
    return 1 if condition.operator in _CHEAP else max(1, len(condition.values))


def _wanted(resource: Resource, conditions: Iterable[Condition | Either], fold: str) -> list[Part]:
    return [test for one in conditions if (test := _test(resource, one, fold)) != ALWAYS]


def _test(resource: Resource, condition: Condition | Either, fold: str) -> Part:
    if isinstance(condition, Either):
        return any_of([all_of(_wanted(resource, group, fold)) for group in condition.groups])
    if forgiving.is_everywhere(resource, condition):
        return forgiving.anywhere(resource, condition, fold)
    field = resource.fields.get(condition.field)
    if field and field.kind.scalar:
        return _declared(resource, field, field.kind.scalar, condition, fold)
    if field:
        return documents.test(Part(field.document), condition, fold)
    if unstorable(condition.field):
        return NEVER if condition.exact else ALWAYS
    return _undeclared(resource, condition, fold)


def _declared(resource: Resource, field: Field, scalar: Scalar, condition: Condition, fold: str) -> Part:
    test = scalars.test(field, scalar, condition, fold)
    indexed = condition.operator == "similar" and field.kind is TEXT
    return all_of([forgiving.near(resource, condition, fold), test]) if indexed else test


def _undeclared(resource: Resource, condition: Condition, fold: str) -> Part:
    """A field that no record has is no filter, unless it stands in `_where`."""
    document = undeclared(resource, condition.field)
    test = documents.test(document, condition, fold)
    return test if condition.exact else any_of([known(resource, document).within("NOT {}"), test])


def known(resource: Resource, document: Part) -> Part:
    """Whether any record has this undeclared field: asked once in a statement, of the few with such fields."""
    few = f"{resource.extra} <> '{{}}'::jsonb AND " if resource.extra in document.sql else ""
    some = f"SELECT 1 FROM {resource.sql} WHERE {few}{document.sql} IS NOT NULL"
    return Part(f"EXISTS ({some})", document.values)
