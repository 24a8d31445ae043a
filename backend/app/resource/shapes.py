"""What a body's fields may be on the wire, and the shapes of a resource that follow from its body.

One thing is coerced, what a form sends of a value that is no text: "45" is a whole number, " 45" is none. What is not
declared is kept as it is.
"""

import datetime as dt
import math
import re
from copy import copy
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict, create_model
from pydantic_core import PydanticCustomError

from app.resource import javascript
from app.resource.columns import MAX_NUMBER
from app.resource.javascript import BLANKS
from app.resource.strict_json import unstorable

# Patterns only tell readers of the schema: ECMA-262's \s is what BLANKS has, Python's and Rust's are not.
NO_NUL = r"^[^\u0000]*$"
NOT_EMPTY = r"^[^\u0000]+$"
NOT_BLANK = r"^[^\u0000]*[^\s\u0000][^\u0000]*$"


def _not_blank(text: str) -> str:
    if not text.strip(BLANKS):
        raise PydanticCustomError("blank", "must not be blank")
    return text


def storable(value: Any) -> Any:
    """The value. Raises `PydanticCustomError` for one that the database cannot hold."""
    if fault := unstorable(value):
        raise PydanticCustomError("character", "{fault}", {"fault": fault})
    return value


def integral(value: object) -> object:
    """JSON has one number type (RFC 8259, 6): 45.0 is the integer 45."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


# The text of a whole number as JavaScript's String() gives it (ECMA-262, 6.1.6.1.20), so no +, no 0 too many, no blank.
_WHOLE = re.compile(rf"0|-?[1-9][0-9]{{0,{len(str(MAX_NUMBER)) - 1}}}")


def _form_whole(value: object) -> object:
    """Forms send what an input holds: text."""
    return int(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else value


def _form_number(value: object) -> object:
    """The text that JavaScript gives of a number, and only that."""
    number = javascript.number(value) if isinstance(value, str) else math.nan
    return number if javascript.text(number) == value else value


def _form_truth(value: object) -> object:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def _iso_date(value: object) -> dt.date:
    """A real day as RFC 3339 full-date, nothing looser."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            raise PydanticCustomError("no_such_day", "is not a day of the calendar") from None
    raise PydanticCustomError("date", "must be a date as YYYY-MM-DD")


def id_text(value: object) -> object:
    """A whole number becomes its text, as json-server 1.x does when it loads db.json."""
    value = integral(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_NUMBER:
        return str(value)
    return value


# What stands behind the type and the rules of a field: `Annotated[str, Field(…), *FILLED]`.
WORDS = (Strict(), AfterValidator(storable), Field(json_schema_extra={"pattern": NO_NUL}))
FILLED = (AfterValidator(_not_blank), AfterValidator(storable), Field(json_schema_extra={"pattern": NOT_BLANK}))
TRUTH = (Strict(), BeforeValidator(_form_truth, json_schema_input_type=bool | Literal["true", "false"]))
DAY = (BeforeValidator(_iso_date),)
ANY_JSON = (AfterValidator(storable),)


def whole_number(gt: int = -MAX_NUMBER - 1, le: int = MAX_NUMBER) -> tuple[Any, ...]:
    """Of a whole number within these bounds, and of the text of one. None larger is exact in JavaScript."""
    most = len(str(le)) - 2  # digits behind the first; one more may be too many
    pattern = f"^[1-9][0-9]{{0,{most}}}$" if gt >= 0 else f"^(0|-?[1-9][0-9]{{0,{most}}})$"
    number = Annotated[int, Strict(), Field(gt=gt, le=le)]
    read = BeforeValidator(_form_whole, json_schema_input_type=number | Annotated[str, Field(pattern=pattern)])
    return Strict(), Field(gt=gt, le=le), BeforeValidator(integral), read


def number(ge: float | None = None, le: float | None = None) -> tuple[Any, ...]:
    """Of a number within these bounds, and of the text of one."""
    text = Annotated[str, Field(pattern=r"^-?(0|[1-9][0-9]{0,14})$")]  # some of them; a fraction has one text too
    sent = Annotated[float, Strict(), Field(ge=ge, le=le)] | text
    return (
        Strict(),
        Field(ge=ge, le=le, allow_inf_nan=False),
        BeforeValidator(_form_number, json_schema_input_type=sent),
    )


class Body(BaseModel):
    """A record without its id. An optional field is `… | None = None`: it may be absent, and null."""

    model_config = ConfigDict(extra="ignore", json_schema_extra={"additionalProperties": True})


def patched(body: type[Body], title: str) -> type[BaseModel]:
    """As PATCH sends it: the same fields and rules, none required; what was not sent stays unset."""
    fields: dict[str, Any] = {}
    for column, rule in body.model_fields.items():
        fields[column] = (rule.annotation, copy(rule))
        fields[column][1].default = None
    return create_model(f"{title}Patch", __config__=body.model_config, **fields)
