"""Where a statement is being built: its bind parameters, its collations, and the tests on texts that need them."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Date, Integer, Text, bindparam, cast, func
from sqlalchemy.sql.elements import Grouping
from sqlalchemy.types import TypeEngine

from app.jsonserver.collation import Collations
from app.models.patient import TABLE
from app.sql import constant


class Scope:
    """Hands out the bind parameters p1, p2, ... in the order in which forms ask for them."""

    def __init__(self, collations: Collations) -> None:
        self.collations = collations
        self.bound = 0

    def bind(self, type_: TypeEngine[Any]) -> ColumnElement[Any]:
        self.bound += 1
        return bindparam(f"p{self.bound}", type_=type_)

    def folded(self, text: ColumnElement[str]) -> ColumnElement[str]:
        """Without case, in every alphabet."""
        return func.lower(Grouping(text).collate(self.collations.fold))

    def contains(self, text: ColumnElement[str]) -> ColumnElement[bool]:
        return self.folded(text).like(self.folded(self.bind(Text())))

    def matches(self, text: ColumnElement[str]) -> ColumnElement[bool]:
        return text.collate(self.collations.fold).op("~*", is_comparison=True)(self.bind(Text()))


Form = Callable[[tuple[str, ...], Scope], ColumnElement[bool]]
"""Makes a test of these columns' names; of undeclared fields: of none."""

COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def wire_text(name: str) -> ColumnElement[str]:
    """A column as the text it has on the wire, whatever the session's DateStyle."""
    column = TABLE.c[name]
    if isinstance(column.type, Date):
        return func.to_char(column, constant("YYYY-MM-DD"), type_=Text())
    return cast(column, Text) if isinstance(column.type, Integer) else column
