"""What ids of records may be, one row each: texts, as json-server 1.x makes them, or numbers, as 0.17 counts. Pure."""

import re
import secrets
from collections.abc import Callable, Mapping
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field, Strict, create_model

from app.resource.columns import ID_LENGTH, MAX_NUMBER
from app.resource.kinds import TEXT as WORDS
from app.resource.kinds import WHOLE, Kind
from app.resource.shapes import NOT_EMPTY, Body, id_text, storable, whole_number


class Ids(NamedTuple):
    """One sort of id."""

    kind: Kind
    """Of its column."""
    sent: Any
    """The rule of one in the body of a POST."""
    stored: Any
    """Its type in an answer."""
    says: str
    """What goes before "the server makes one", in OpenAPI."""
    path: Mapping[str, Any]
    """JSON Schema of one in an address."""
    is_one: Callable[[str], bool]
    """Whether a record can have an id of this text."""
    key: Callable[[str], str]
    """SQL of the id that a text is, in SQL; NULL for the text of no id."""
    new: Callable[[], str | None]
    """One that nobody has; None: the table's own sequence gives it."""
    example: Callable[[str], Any]
    """One that no other record is likely to have, made of hex digits, for requests to try."""


def created(body: type[Body], title: str, noun: str, ids: Ids) -> Any:
    """As POST sends it."""
    says = f"{noun} as POST sends it; without an id (or with {ids.says}) the server makes one."
    return create_model(f"{title}Create", __base__=body, __doc__=says, id=(ids.sent, None))


def stored(body: type[Body], title: str, noun: str, ids: Ids) -> Any:
    """As every answer has it."""
    says = f"A stored {noun}, as every answer has it."
    return create_model(title, __base__=body, __doc__=says, id=ids.stored)


def _unless_empty(value: object) -> object:
    """What JavaScript finds empty: json-server 0.17.4 and 1.0.0-beta.15 then make an id, 0 being one of these."""
    return None if value in ("", 0) else value


_INTEGER = {"type": "integer", "minimum": -MAX_NUMBER, "maximum": MAX_NUMBER}
_EMPTY = [{"type": "string", "maxLength": 0}, {"type": "boolean", "const": False}]


def _or_number_or_empty(schema: dict[str, Any]) -> None:
    schema["anyOf"][1:1] = [_INTEGER, *_EMPTY]


def _or_empty(schema: dict[str, Any]) -> None:
    schema["anyOf"] = [_INTEGER, {"type": "string", "pattern": _NUMBER.pattern}, *_EMPTY, {"type": "null"}]


_NUMBER = re.compile(r"^-?[1-9][0-9]{0,15}$")

_TEXT = Annotated[
    str,
    Strict(),
    Field(min_length=1, max_length=ID_LENGTH, json_schema_extra={"pattern": NOT_EMPTY}),
    AfterValidator(storable),
    BeforeValidator(id_text),
]
_WHOLE = Annotated[int, *whole_number()]

TEXT = Ids(
    kind=WORDS,
    sent=Annotated[
        _TEXT | None,
        BeforeValidator(_unless_empty),
        Field(examples=["3e3a"], json_schema_extra=_or_number_or_empty),
    ],
    stored=Annotated[str, Field(examples=["3e3a"])],
    says='null, "", false or 0',
    path={"type": "string", "minLength": 1, "maxLength": ID_LENGTH},
    is_one=lambda text: "\0" not in text,
    key=lambda text: text,
    new=lambda: secrets.token_hex(8),
    example=lambda digits: f"example-{digits}",
)
NUMBERS = Ids(
    kind=WHOLE,
    sent=Annotated[_WHOLE | None, BeforeValidator(_unless_empty), Field(examples=[12], json_schema_extra=_or_empty)],
    stored=Annotated[int, Field(examples=[12])],
    says='null, "", false or 0',
    path={"type": "integer"},
    is_one=lambda text: text == "0" or (bool(_NUMBER.fullmatch(text)) and abs(int(text)) <= MAX_NUMBER),
    key=lambda text: f"CASE WHEN {text} = '0' OR {text} ~ '{_NUMBER.pattern}' THEN {text}::bigint END",
    new=lambda: None,
    example=lambda digits: -int(digits, 16),  # a number above all others would be the one that counting goes on from
)
