"""Tests on declared fields: one small function for each operator, for every kind that has scalar values."""

from collections.abc import Callable, Mapping

from app.jsonserver.conditions import Condition
from app.jsonserver.texts import COMPARISONS, contains, literals, matches, patterns
from app.resource.kinds import Scalar
from app.resource.resource import Field
from app.sql import ALWAYS, NEVER, Part, any_of

_SQL: Mapping[str, str] = {"eq": "=", **COMPARISONS}


def test(field: Field, scalar: Scalar, condition: Condition, fold: str) -> Part:
    """The condition on a field; false or NULL where a record does not have it."""
    return _OPERATORS[condition.operator](field, scalar, condition, fold)


def _same(field: Field, scalar: Scalar, condition: Condition, _: str) -> Part:
    values = _values(scalar, condition)
    if len(values) == 1:
        return Part(f"{field.sql} = %s::{field.kind.sql}", (values[0],))
    return Part(f"{field.sql} = ANY(%s::{field.kind.sql}[])", (values,)) if values else NEVER


def _other(field: Field, scalar: Scalar, condition: Condition, _: str) -> Part:
    values = _values(scalar, condition)
    return Part(f"{field.sql} <> ALL(%s::{field.kind.sql}[])", (values,)) if values else _present(field)


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


def _scalar(*_: object) -> Part:
    return ALWAYS


_OPERATORS: Mapping[str, Callable[[Field, Scalar, Condition, str], Part]] = {
    "eq": _same,
    "ne": _other,
    **dict.fromkeys(COMPARISONS, _bound),
    **dict.fromkeys(("contains", "startsWith", "endsWith"), _part),
    "like": _like,
    "scalar": _scalar,
}


def _values(scalar: Scalar, condition: Condition) -> list[object]:
    """The column's values that equal the client's."""
    found = (scalar.same(value, condition.exact) for value in condition.values)
    return [value for value in found if value is not None]


def _present(field: Field) -> Part:
    return Part(f"{field.sql} IS NOT NULL") if field.optional else ALWAYS


def _text(field: Field, scalar: Scalar) -> Part:
    return Part(scalar.wire_text.format(field.sql))
