"""Plain records, many in one look: good as they stand, read and checked by pydantic-core at once; and rows for COPY.

The shape is the resource's own, but for what it coerces: a record that needs that is not plain. What pydantic-core lets
through and `strict_json` does not is looked for here.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from functools import reduce
from operator import or_
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, create_model
from pydantic_core import SchemaValidator, core_schema

from app.resource.fields import Field
from app.resource.kinds import JSON
from app.resource.resource import Resource
from app.resource.shapes import DAY
from app.resource.strict_json import MAX_DEPTH

MOST = 1 << 15  # bytes in one look: no record of so few has too many values (`strict_json.MAX_VALUES`)

# What COPY's text format escapes (PostgreSQL, COPY, "Text Format"). No text has a NUL; here it stands for no value.
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"})
_NONE, _NULL = "\0", r"\N"

_NAMES = re.compile(rb'"(?:[^"\\]++|\\.)*+"[ \t\r\n]*+(:?)')
# Numbers that a double may not hold, or that PostgreSQL writes with many more digits. Within a text too: no matter.
_ODD_NUMBER = re.compile(rb"[:\[,\s-](?:[0-9.]{16}|[0-9.]+[eE])")

Value = Any
_Values = Iterable[Value]


class Plain:
    """Of one resource. `columns`: what a row has, in its order; the undeclared fields are the last."""

    def __init__(self, resource: Resource) -> None:
        shape = _plain(resource)
        self._read = SchemaValidator(
            core_schema.list_schema(shape.__pydantic_core_schema__, fail_fast=True)
        ).validate_json
        columns = {field.column: field for field in resource.fields.values()}
        self._fields = {column: columns[column] for column in shape.model_fields}
        self.columns = [*self._fields, "extra"]
        self._writers = [_writer(field) for field in self._fields.values()]
        self._optional = {field.column: field.name for field in self._fields.values() if field.optional}
        self._json = [field.column for field in self._fields.values() if field.kind is JSON]

    def rows(self, text: bytes) -> list[str] | None:
        """The rows of the records in a piece of a list; None if one of them is not plain."""
        if self._json and _ODD_NUMBER.search(text):
            return None
        try:
            records: list[BaseModel] = self._read(b"[%b]" % text)
            return self._written(records) if self._has_each_name_once(text, records) else None
        except ValueError:  # pydantic's, or a number that is none
            return None

    def row(self, columns: Mapping[str, Value], extra: Mapping[str, Any]) -> str:
        """The row of a record that was looked at alone."""
        return _row(self._escaped(columns.get(column) for column in self._fields), extra)

    def _has_each_name_once(self, text: bytes, records: Iterable[BaseModel]) -> bool:
        """Whether no name stands twice in one object: there are as many colons behind names as names that were kept."""
        names = sum(len(record.model_fields_set) for record in records)
        names += sum(_names(getattr(record, column)) for record in records for column in self._json)
        return names in (text.count(b":"), _NAMES.findall(text).count(b":"))

    def _written(self, records: Sequence[BaseModel]) -> list[str]:
        rows = ["\t".join([write(value) for write, value in self._of(record)]) for record in records]
        text = "".join(rows)
        if "\\" in text or "\n" in text or "\r" in text or text.count("\t") > len(rows) * (len(self._writers) - 1):
            rows = [self._escaped(vars(record).values()) for record in records]
        return [_row(row, self._nulls(record)) for row, record in zip(rows, records, strict=True)]

    def _of(self, record: BaseModel) -> Iterator[tuple[Callable[[Value], str], Value]]:
        return zip(self._writers, vars(record).values(), strict=True)

    def _escaped(self, values: _Values) -> str:
        return "\t".join(write(value).translate(_ESCAPES) for write, value in zip(self._writers, values, strict=True))

    def _nulls(self, record: BaseModel) -> dict[str, None]:
        """By wire name, those that an optional field has: no value in its column, and one among the undeclared."""
        if not self._optional:
            return {}
        sent = record.model_fields_set
        return {name: None for column, name in self._optional.items() if column in sent and _is_null(record, column)}


def _is_null(record: BaseModel, column: str) -> bool:
    return getattr(record, column) is None


def _row(declared: str, extra: Mapping[str, Any]) -> str:
    undeclared = json.dumps(extra, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES) if extra else "{}"
    return f"{declared.replace(_NONE, _NULL)}\t{undeclared}\n"


def _writer(field: Field) -> Callable[[Value], str]:
    """A value in COPY's words. JSON's null is a value where any JSON is one; an id that the table gives is none yet."""
    write = field.kind.copy
    may_lack = field.optional or field.name == "id"
    return (lambda value: _NONE if value is None else write(value)) if may_lack else write


def _names(value: Value, depth: int = 1) -> int:
    """How many names there are in the objects of a value. Raises `ValueError` for one that is nested too deep."""
    if not isinstance(value, dict | list):
        return 0
    if depth >= MAX_DEPTH:
        raise ValueError("nested too deep")
    names, items = (len(value), value.values()) if isinstance(value, dict) else (0, value)
    return names + sum(_names(item, depth + 1) for item in items)


def _plain(resource: Resource) -> type[BaseModel]:
    """A record with an id, and with nothing that is coerced or not declared."""
    fields: dict[str, Any] = {}
    for column, rule in resource.body.model_fields.items():
        found = copy(rule)
        found.metadata, found.annotation = list(filter(_is_kept, rule.metadata)), _strict(rule.annotation)
        fields[column] = (found.annotation, found)
    given, _ = get_args(_strict(get_args(resource.ids.sent)[0]))  # or None
    shape: type[BaseModel] = create_model(
        f"{resource.title}Plain", __base__=resource.body, __cls_kwargs__={"extra": "forbid"}, **fields, id=(given, ...)
    )
    return shape


def _strict(annotation: Any) -> Any:
    """A type without what coerces its values."""
    if get_origin(annotation) is Annotated:
        inner, *rules = get_args(annotation)
        return Annotated[(_strict(inner), *filter(_is_kept, rules))]
    if get_origin(annotation) in (Union, UnionType):
        return reduce(or_, map(_strict, get_args(annotation)))
    return annotation


def _is_kept(rule: object) -> bool:
    return not isinstance(rule, BeforeValidator) or rule in DAY
