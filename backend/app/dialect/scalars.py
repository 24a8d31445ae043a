"""Tests on declared fields: one small function for each operator, for every kind that has scalar values."""

from collections.abc import Callable, Mapping

from app.dialect import similar
from app.dialect.conditions import Condition
from app.dialect.texts import COMPARISONS, contains, literals, matches, patterns
from app.resource.fields import Field
from app.resource.kinds import Scalar
from app.sql import ALWAYS, NEVER, Part, any_of

_SQL: Mapping[str, str] = {"eq": "=", **COMPARISONS}


def test(field: Field, scalar: Scalar, condition: Condition, fold: str) -> Part:
    """The condition on a field; false or NULL where a record does not have it."""
    return _OPERATORS[condition.operator](field, scalar, condition, fold)


def _same(field: Field, scalar: Scalar, condition: Condition, _: str) -> Part:
    return any_of(
        [*_equal(field, _values(scalar, condition)), *([_null(field)] if _means_null(field, condition) else [])]
    )


def _equal(field: Field, values: list[object]) -> list[Part]:
    if len(values) == 1:
        return [Part(f"{field.sql} = %s::{field.kind.sql}", (values[0],))]
    return [Part(f"{field.sql} = ANY(%s::{field.kind.sql}[])", (values,))] if values else []


def _other(field: Field, scalar: Scalar, condition: Condition, _: str) -> Part:
    """In 1.x null is another value than any; in 0.17 it meets no test."""
    values = _values(scalar, condition)
    other = Part(f"{field.sql} <> ALL(%s::{field.kind.sql}[])", (values,)) if values else _present(field)
    null = field.optional and not condition.as_text and not _means_null(field, condition)
    return any_of([other, _null(field)] if null else [other])


def _bound(field: Field, scalar: Scalar, condition: Condition, _: str) -> Part:
    bound = scalar.bound(condition.operator, condition.values)
    if isinstance(bound, bool):
        return _present(field) if bound else NEVER
    operator, value = bound
    return Part(f"{field.sql} {_SQL[operator]} %s::{field.kind.sql}", (value,))


def _part(field: Field, scalar: Scalar, condition: Condition, fold: str) -> Part:
    text = _text(field, scalar)
    return any_of([contains(text, pattern, fold) for pattern in literals(condition)]) if scalar.textual else NEVER


def _like(field: Field, scalar: Scalar, condition: Condition, fold: str) -> Part:
    text = _text(field, scalar)
    return any_of([matches(text, pattern, fold) for pattern in patterns(condition)])


def _similar(field: Field, scalar: Scalar, condition: Condition, fold: str) -> Part:
    return similar.test(_text(field, scalar), condition, fold) if scalar.textual else NEVER


def _scalar(*_: object) -> Part:
    return ALWAYS


_OPERATORS: Mapping[str, Callable[[Field, Scalar, Condition, str], Part]] = {
    "eq": _same,
    "ne": _other,
    **dict.fromkeys(COMPARISONS, _bound),
    **dict.fromkeys(("contains", "startsWith", "endsWith"), _part),
    "like": _like,
    "similar": _similar,
    "scalar": _scalar,
}


def _values(scalar: Scalar, condition: Condition) -> list[object]:
    """The column's values that equal the client's."""
    found = (scalar.same(value, condition.exact) for value in condition.values)
    return [value for value in found if value is not None]


def _means_null(field: Field, condition: Condition) -> bool:
    return field.optional and (None if condition.exact else "null") in condition.values


def _null(field: Field) -> Part:
    return Part(f"{field.null} IS NOT NULL")


def _present(field: Field) -> Part:
    return Part(f"{field.sql} IS NOT NULL") if field.optional else ALWAYS


def _text(field: Field, scalar: Scalar) -> Part:
    return Part(scalar.wire_text.format(field.sql))
