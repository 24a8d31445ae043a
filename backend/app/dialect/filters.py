"""Conditions of a list -> one test in SQL. What a field that nobody declared means is decided here."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

from app.dialect import documents, forgiving, scalars
from app.dialect.conditions import Condition, Either, UnsupportedQuery
from app.dialect.query import ListQuery
from app.dialect.search import search
from app.limits import FILTERS
from app.resource.fields import Field
from app.resource.kinds import TEXT, Scalar
from app.resource.resource import Resource
from app.resource.strict_json import unstorable
from app.sql import ALWAYS, NEVER, Part, all_of, any_of, joined

_CHEAP = {"eq", "ne", "gt", "gte", "lt", "lte"}
_LIMITED = {"like", "similar"}  # their values have limits of their own, which are looked at when they become SQL


def found(resource: Resource, conditions: Sequence[Condition | Either], text: str, fold: str) -> Part:
    """What holds for the records that meet all conditions and have the text that is searched for, if one is.

    Raises `UnsupportedQuery` above `FILTERS`, `PATTERNS` and `PATTERN_LENGTH`.
    """
    _demand_few(conditions)
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


def known(name: str) -> Part:
    """Whether any record has this undeclared field, in a statement that begins with `knowing` its name."""
    return Part("(SELECT %s = ANY(names$) FROM known$)", (name,))


def doubtful(resource: Resource, query: ListQuery) -> list[str]:
    """The undeclared fields that mean nothing in this query where no record has them."""
    filtered = (one for one in leaves(query.conditions) if not one.exact)
    names = [one.field for one in filtered if not forgiving.is_everywhere(resource, one)]
    names += [key.field for key in query.sort]
    return [name for name in dict.fromkeys(names) if name not in resource.fields and not unstorable(name)]


def without(conditions: Sequence[Condition | Either], names: Collection[str]) -> tuple[Condition | Either, ...]:
    """The conditions that still mean something where no record has undeclared fields of these names.

    Raises `UnsupportedQuery` above `FILTERS`, of all of them: what is refused does not depend on what records have.
    """
    _demand_few(conditions)
    return _without(conditions, names) if names else tuple(conditions)


def _without(conditions: Iterable[Condition | Either], names: Collection[str]) -> tuple[Condition | Either, ...]:
    return tuple(
        Either(tuple(_without(group, names) for group in one.groups)) if isinstance(one, Either) else one
        for one in conditions
        if isinstance(one, Either) or one.exact or one.field not in names or one.operator in _LIMITED
    )


def knowing(resource: Resource, names: Iterable[str]) -> Part:
    """`known$`, for WITH: one row, an array of those of the names that some record has as an undeclared field.

    One subquery for all, which is run for each name: to plan one for each would take longer than to run them.
    """
    by_document = defaultdict[str, list[str]](list)
    for name in names:
        by_document[_document(resource, name)].append(name)
    each = (_some(resource, document, some) for document, some in by_document.items())
    return joined(" UNION ALL ", each).within("known$ AS MATERIALIZED (SELECT ARRAY({}) AS names$)")


def _some(resource: Resource, document: str, names: list[str]) -> Part:
    few = f"{resource.extra} <> '{{}}'::jsonb AND " if resource.extra in document else ""
    some = f"(SELECT true FROM {resource.sql} WHERE {few}{document} IS NOT NULL LIMIT 1)"
    return Part(f"SELECT asked$.name$ FROM unnest(%s::text[]) AS asked$(name$) WHERE {some}", (names,))


def _document(resource: Resource, name: str) -> str:
    """As `undeclared`, of the name in `asked$`."""
    first, dot, _ = name.partition(".")
    column, path = resource.fields.get(first), "string_to_array(asked$.name$, '.')"
    if column and not column.kind.scalar:
        return f"({column.sql} #> ({path})[2:])"
    whole = f"{resource.extra} -> asked$.name$"
    return f"coalesce({whole}, {resource.extra} #> {path})" if dot else f"({whole})"


def _demand_few(conditions: Iterable[Condition | Either]) -> None:
    if sum(map(_weight, leaves(conditions))) > FILTERS:
        raise UnsupportedQuery(f"There are more than {FILTERS} filters in one request.")


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
    test = documents.test(undeclared(resource, condition.field), condition, fold)
    return test if condition.exact else any_of([known(condition.field).within("NOT {}"), test])
