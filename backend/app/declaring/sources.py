"""The text of a declaration: `models/<noun>.py`, `schemas/<noun>.py`, and the lines of `resources.py`. Pure.

It is written without regard to width, with every import there may be; the formatter and the linter do the rest.
"""

import ast
import textwrap
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from app.declaring import names
from app.declaring.collections import Collection, Column, Refused
from app.resource import kinds
from app.resource.kinds import Kind

_WIDTH = 110


class _Words(NamedTuple):
    """How a kind stands in a declaration: its Python type and its column, its type on the wire."""

    python: str
    column: str
    wire: str


_WORDS: dict[Kind, _Words] = {
    kinds.TEXT: _Words("str", "words()", "_Words"),
    kinds.WHOLE: _Words("int", "BigInteger", "_Whole"),
    kinds.NUMBER: _Words("float", "Double", "_Number"),
    kinds.TRUTH: _Words("bool", "Boolean", "_Truth"),
    kinds.DAY: _Words("dt.date", "Date", "_Day"),
    kinds.JSON: _Words("Any", "JSONB", "_Json"),
}
_REFERENCE = "_Reference"
_TYPES = {
    "_Words": "Annotated[str, *WORDS]",
    _REFERENCE: "Annotated[str, Field(max_length=ID_LENGTH), *WORDS]",
    "_Whole": "Annotated[int, *whole_number()]",
    "_Number": "Annotated[float, *number()]",
    "_Truth": "Annotated[bool, *TRUTH]",
    "_Day": "Annotated[dt.date, *DAY]",
    "_Json": "Annotated[Any, *ANY_JSON]",
}
_CLASHES = {
    "Any",
    "Base",
    "BigInteger",
    "Boolean",
    "Date",
    "Double",
    "JSONB",
    "Mapped",
    "NumberedRecord",
    "Record",
    "Table",
}

_MODEL = '''"""The {path} table: its own columns and named constraints."""

import datetime as dt
from typing import Any, cast

from sqlalchemy import BigInteger, Boolean, Date, Double, Table
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.resource.columns import Base, NumberedRecord, Record, bounded, calendar, indexed, rules, words


class {model}({record}, Base):
    """One {noun}."""

    __tablename__ = "{path}"

{columns}
    __table_args__ = ({arguments})


TABLE = cast(Table, {model}.__table__)
'''

_SCHEMA = '''"""{a_noun} on the wire: its fields, what they could demand, and examples of them."""

import datetime as dt
from typing import Annotated, Any

from pydantic import Field

from app.resource.columns import ID_LENGTH
from app.resource.shapes import ANY_JSON, DAY, TRUTH, WORDS, Body, number, whole_number

{types}


class {body}(Body):
    """{a_noun} without its id: what PUT sends whole and PATCH in part."""

{fields}
'''


def module(collection: Collection) -> str:
    """The name of its two modules."""
    return names.identifier(collection.noun)


def body(collection: Collection) -> str:
    """The name of its body's class."""
    return f"{names.title(collection.noun)}Replace"


def model_source(collection: Collection) -> str:
    name = names.title(collection.noun)
    return _MODEL.format(
        path=collection.path,
        noun=collection.noun,
        model=f"{name}Row" if name in _CLASHES else name,
        record="NumberedRecord" if collection.numbered else "Record",
        columns="".join(f"    {_column(column)}\n" for column in collection.columns),
        arguments=", ".join(_arguments(collection)) + ",",
    )


def schema_source(collection: Collection) -> str:
    article = "An" if collection.noun[:1].lower() in "aeiou" else "A"
    used = {_type(column) for column in collection.columns}
    return _SCHEMA.format(
        a_noun=f"{article} {collection.noun}",
        body=body(collection),
        types="\n".join(f"{name} = {meaning}" for name, meaning in _TYPES.items() if name in used),
        fields="\n".join(line for column in collection.columns for line in _field(column)),
    )


def resources_source(text: str, collections: Sequence[Collection]) -> str:
    """`resources.py` with a line for each, in the place of the one that the same address has."""
    calls = {_path_of(call): ast.get_source_segment(text, call) or "" for call in _calls(ast.parse(text))}
    for one in collections:
        line = _line(one)
        text = text.replace(calls[one.path], line) if one.path in calls else _appended(text, line)
    imports = "".join(_imports(one) for one in collections)
    head, first, rest = text.partition("from app.")
    return head + imports + first + rest


def _column(column: Column) -> str:
    words = _WORDS[column.found.kind]
    return f"{column.name}: Mapped[{words.python} | None] = mapped_column({words.column})"


def _arguments(collection: Collection) -> Iterator[str]:
    numbered = ", numbered=True" if collection.numbered else ""
    yield f'*rules("{collection.path}"{numbered})'
    yield from (f'bounded("{one.name}")' for one in collection.columns if one.bounded)
    yield from (f'calendar("{one.name}")' for one in collection.columns if one.found.kind is kinds.DAY)
    if indexed := [f'"{one.name}"' for one in collection.columns if one.indexed]:
        yield f"*indexed({', '.join(indexed)})"


def _type(column: Column) -> str:
    return _REFERENCE if column.bounded else _WORDS[column.found.kind].wire


def _field(column: Column) -> Iterator[str]:
    for line in textwrap.wrap("; ".join(column.found.rules), _WIDTH, break_long_words=False, break_on_hyphens=False):
        yield f"    # {line}"
    alias = f"alias={column.found.name!r}, " if column.found.name != column.name else ""
    yield (
        f"    {column.name}: Annotated[{_type(column)} | None,"
        f" Field({alias}examples=[{column.found.example!r}])] = None"
    )


def _table_name(collection: Collection) -> str:
    """After its module, which no other has; what JSON calls it may have no letter that a name in Python takes."""
    return f"{module(collection).rstrip('_')}_TABLE".upper()


def _imports(collection: Collection) -> str:
    where = module(collection)
    return (
        f"from app.models.{where} import TABLE as {_table_name(collection)}\n"
        f"from app.resource.ids import NUMBERS\n"
        f"from app.schemas.{where} import {body(collection)}\n"
    )


def _line(collection: Collection) -> str:
    ids = ", ids=NUMBERS" if collection.numbered else ""
    return f'Resource("{collection.path}", "{collection.noun}", {_table_name(collection)}, {body(collection)}{ids})'


def _calls(tree: ast.Module) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Resource":
            yield node


def _path_of(call: ast.Call) -> str:
    first = call.args[0]
    return str(first.value) if isinstance(first, ast.Constant) else ""


def _appended(text: str, line: str) -> str:
    """The text with one more in the tuple `RESOURCES`. Raises `Refused` where there is none."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Tuple) and _named(node):
            listed = ast.get_source_segment(text, node.value) or ""
            last = ast.get_source_segment(text, node.value.elts[-1]) if node.value.elts else None
            longer = f"{last}, {line}".join(listed.rsplit(last, 1)) if last else f"({line},)"
            return text.replace(listed, longer)
    raise Refused("app/resources.py has no tuple RESOURCES that could be made longer.")


def _named(node: ast.Assign | ast.AnnAssign) -> bool:
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    return isinstance(target, ast.Name) and target.id == "RESOURCES"
