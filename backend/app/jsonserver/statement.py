"""ListQuery -> SELECT. Builds statements, never executes them; PostgreSQL renders the JSON of every answer."""

from sqlalchemy import ColumnElement, Select, Text, case, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.models.patient import TABLE
from app.schemas.patient import COLUMNS


def wire_row() -> ColumnElement[str]:
    """One patient as compact JSON text: declared fields in wire order, then the undeclared ones.

    `row_to_json` writes no blanks (`json_build_object` does) and dates as ISO 8601 whatever the session's DateStyle.
    """
    # Columns as text, so that SQLAlchemy adds no FROM of its own within RETURNING.
    labels = [literal_column(f"{TABLE.name}.{column}", Text).label(wire) for wire, column in COLUMNS.items()]
    fields = select(*labels).subquery("r")
    declared = cast(func.row_to_json(select(literal_column("r")).select_from(fields).scalar_subquery()), Text)
    extra = cast(TABLE.c.extra, Text)
    merged = func.concat(func.rtrim(declared, constant("}")), constant(","), func.substr(extra, literal_column("2")))
    return case((extra == constant("{}"), declared), else_=merged)


def whole_list() -> Select[tuple[str]]:
    """All patients in list order as one JSON array's text."""
    rows = func.string_agg(wire_row(), aggregate_order_by(constant(","), TABLE.c.position))
    return select(func.concat(constant("["), rows, constant("]")))


def constant(text: str) -> ColumnElement[str]:
    """A text of ours written into the SQL. Never for anything that came from outside: that is bound."""
    return literal_column("'" + text.replace("'", "''") + "'", Text)
