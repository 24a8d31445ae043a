"""ListQuery -> SELECT. Builds statements, never executes them; PostgreSQL renders the JSON of every answer."""

from sqlalchemy import ColumnElement, Text, case, cast, func, literal, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.models.patient import TABLE
from app.schemas.patient import COLUMNS


def wire_row() -> ColumnElement[str]:
    """One patient as JSON text: declared fields under their wire names in wire order, then the undeclared ones."""
    pairs = [
        part for wire, column in COLUMNS.items() for part in (literal(wire, literal_execute=True), TABLE.c[column])
    ]
    declared = cast(func.json_build_object(*pairs), Text)
    extra = cast(TABLE.c.extra, Text)
    return case((extra == "{}", declared), else_=func.concat(func.rtrim(declared, "}"), ",", func.substr(extra, 2)))


def whole_list() -> ColumnElement[str]:
    """All patients in list order as one JSON array's text."""
    rows = func.string_agg(wire_row(), aggregate_order_by(literal(","), TABLE.c.position))
    return select(func.concat("[", rows, "]")).scalar_subquery()
