"""Terms -> SQL: one small function for each form of test. Builds expressions; knows no value, only where one goes."""

from collections.abc import Iterable, Mapping

from sqlalchemy import ARRAY, ColumnElement, and_, false, func, or_, true

from app.jsonserver import json_forms, search_forms, text_forms
from app.jsonserver.scope import COMPARISONS, Form, Scope, wire_text
from app.jsonserver.terms import AnyOf, Node
from app.models.patient import TABLE


def condition(nodes: Iterable[Node], scope: Scope) -> ColumnElement[bool]:
    """All of the nodes hold. Binds their values in the order of `terms.leaves`."""
    return and_(true(), *(_node(node, scope) for node in nodes))


def _node(node: Node, scope: Scope) -> ColumnElement[bool]:
    if isinstance(node, AnyOf):
        return or_(false(), *(condition(group, scope) for group in node.groups))
    return _FORMS[node.form](node.columns, scope)


def _equal(columns: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
    column = TABLE.c[columns[0]]
    return column == scope.bind(column.type)


def _in(columns: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
    column = TABLE.c[columns[0]]
    return column == func.any(scope.bind(ARRAY(column.type)))


def _not_in(columns: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
    column = TABLE.c[columns[0]]
    return column != func.all(scope.bind(ARRAY(column.type)))


def _bounded(operator: str) -> Form:
    def form(columns: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
        column = TABLE.c[columns[0]]
        return column.op(operator, is_comparison=True)(scope.bind(column.type))

    return form


def _part(columns: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
    return scope.contains(wire_text(columns[0]))


def _like(columns: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
    return scope.matches(wire_text(columns[0]))


_FORMS: Mapping[str, Form] = {
    "eq": _equal,
    "in": _in,
    "ne": _not_in,
    **{name: _bounded(operator) for name, operator in COMPARISONS.items()},
    "part": _part,
    "like": _like,
    **json_forms.FORMS,
    **text_forms.FORMS,
    **search_forms.FORMS,
}
CHEAP = frozenset(
    {"eq", "in", "ne", "unknown", *COMPARISONS}
    | {f"{kind}_{name}" for kind in ("json", "text") for name in ("eq", "ne", *COMPARISONS)}
)
"""Forms best tested twice, for the page by its index and for the total: that is cheaper than to keep what they find."""
