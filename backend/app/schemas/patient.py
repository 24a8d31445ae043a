"""A patient on the wire: field names, rules and their sentences. The only map from wire name to column (`COLUMNS`).

Input is by wire name only. One thing is coerced, the text of exactly a number where a number belongs: "45" is an age,
" 45" is none. What is not declared is kept as it is (`extra`).
"""

import datetime as dt
import re
from collections.abc import Mapping
from copy import copy
from itertools import islice
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    ValidationError,
    create_model,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from app.limits import FAULTS
from app.models.patient import AGE_MAX, BLANKS, ID_LENGTH, PATIENT_ID_LENGTH, TEXT_LENGTH
from app.schemas.strict_json import unstorable

MAX_SAFE_INTEGER = 2**53 - 1  # ECMA-262 21.1.2.6: beyond it a JavaScript number no longer names one integer


def _not_blank(text: str) -> str:
    if not text.strip(BLANKS):
        raise PydanticCustomError("blank", "must not be blank")
    return text


def _storable(text: str) -> str:
    if fault := unstorable(text):
        raise PydanticCustomError("character", "{fault}", {"fault": fault})
    return text


def _whole_number(value: object) -> object:
    """JSON has one number type (RFC 8259, 6): 45.0 is the integer 45."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


# The text of a whole number as JavaScript's String() gives it (ECMA-262, 6.1.6.1.20), so no +, no 0 too many, no blank.
_WHOLE = re.compile(rf"0|-?[1-9][0-9]{{0,{len(str(MAX_SAFE_INTEGER)) - 1}}}")


def _form_number(value: object) -> object:
    """Forms send what an input holds: text."""
    return int(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else value


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
    value = _whole_number(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_SAFE_INTEGER:
        return str(value)
    return value


# Patterns only tell readers of the schema: ECMA-262's \s is what BLANKS has, Python's and Rust's are not.
NO_NUL = r"^[^\u0000]*$"
NOT_EMPTY = r"^[^\u0000]+$"
NOT_BLANK = r"^[^\u0000]*[^\s\u0000][^\u0000]*$"

Id = Annotated[
    str,
    Strict(),
    Field(min_length=1, max_length=ID_LENGTH, json_schema_extra={"pattern": NOT_EMPTY}),
    AfterValidator(_storable),
    BeforeValidator(id_text),
]
_Filled = AfterValidator(_not_blank), AfterValidator(_storable), Field(json_schema_extra={"pattern": NOT_BLANK})


_Age = Annotated[int, Strict(), Field(gt=0, le=AGE_MAX)]
_AgeText = Annotated[str, Field(pattern=f"^[1-9][0-9]{{0,{len(str(AGE_MAX)) - 2}}}$")]  # 10 digits may be too many


class PatientReplace(BaseModel):
    """A patient without its id: what PUT sends whole and PATCH in part."""

    model_config = ConfigDict(extra="ignore", json_schema_extra={"additionalProperties": True})

    patient_id: Annotated[
        str, Field(alias="patientID", min_length=1, max_length=PATIENT_ID_LENGTH, examples=["P001"]), *_Filled
    ]
    name: Annotated[str, Field(min_length=1, max_length=TEXT_LENGTH, examples=["Zoë Ångström"]), *_Filled]
    age: Annotated[
        _Age,
        BeforeValidator(_whole_number),
        BeforeValidator(_form_number, json_schema_input_type=_Age | _AgeText),
        Field(examples=[45]),
    ]
    gender: Annotated[Literal["Male", "Female", "Other"], Field(examples=["Female"])]
    medical_condition: Annotated[
        str,
        Strict(),
        Field(alias="medicalCondition", min_length=1, max_length=TEXT_LENGTH, examples=["Asthma"]),
        *_Filled,
    ]
    last_visit: Annotated[dt.date, BeforeValidator(_iso_date), Field(alias="lastVisit", examples=["2024-01-15"])]


def _optional(model: type[BaseModel], name: str) -> type[BaseModel]:
    """The same fields and rules, none required; what was not sent stays unset."""
    fields: dict[str, Any] = {}
    for column, rule in model.model_fields.items():
        fields[column] = (rule.annotation, copy(rule))
        fields[column][1].default = None
    return create_model(name, __config__=model.model_config, **fields)


def _or_number_or_empty(schema: dict[str, Any]) -> None:
    number = {"type": "integer", "minimum": -MAX_SAFE_INTEGER, "maximum": MAX_SAFE_INTEGER}
    schema["anyOf"][1:1] = [number, {"type": "string", "maxLength": 0}, {"type": "boolean", "const": False}]


def _unless_empty(value: object) -> object:
    """What JavaScript finds empty: json-server 0.17.4 and 1.0.0-beta.15 then make an id, 0 being one of these."""
    return None if value in ("", 0) else value


class PatientCreate(PatientReplace):
    """A patient as POST sends it; without an id (or with null, "", false or 0) the server makes one."""

    id: Annotated[
        Id | None, BeforeValidator(_unless_empty), Field(examples=["3e3a"], json_schema_extra=_or_number_or_empty)
    ] = None


class Patient(PatientReplace):
    """A stored patient, as every answer has it."""

    id: Annotated[str, Field(examples=["3e3a"])]


PatientPatch = _optional(PatientReplace, "PatientPatch")

# Wire name -> column, in wire order. `id` leads, as in json-server 1.x.
COLUMNS: Mapping[str, str] = {"id": "id"} | {
    rule.alias or name: name for name, rule in PatientReplace.model_fields.items()
}


class Fault(NamedTuple):
    """One broken rule: the field's wire name, a stable code, a sentence that follows the name ("must not be blank")."""

    field: str
    code: str
    message: str


class Record(NamedTuple):
    """A checked body: values by column name (only those sent), and the undeclared fields as they came."""

    columns: dict[str, Any]
    extra: dict[str, Any]


class InvalidRecord(ValueError):
    """A body that breaks rules; `faults` says which, in wire order."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__(f"{len(faults)} faults")


def check(body: Mapping[str, Any], model: type[BaseModel]) -> Record:
    """Split a JSON object into declared columns and undeclared rest, and check both.

    `id` in a body counts only where `model` declares it (POST); elsewhere it is ignored, as in json-server.
    Raises `InvalidRecord` with every fault of the declared fields, and the first `FAULTS` of the others.
    """
    extra = {name: value for name, value in body.items() if name not in COLUMNS}
    faults = _unstorable(extra) if unstorable(extra) else []
    try:
        declared = model.model_validate({name: body[name] for name in COLUMNS if name in body})
    except ValidationError as error:
        raise InvalidRecord([*map(_fault, error.errors(include_url=False, include_input=False)), *faults]) from None
    if faults:
        raise InvalidRecord(faults)
    return Record(declared.model_dump(exclude_unset=True), extra)


def _unstorable(extra: Mapping[str, Any]) -> list[Fault]:
    found = (Fault(printable(k), "character", why) for k, v in extra.items() if (why := unstorable([k, v])))
    return list(islice(found, FAULTS))


def printable(name: str) -> str:
    """A field name that cannot be sent back as it came, in ASCII escapes."""
    return name.encode("ascii", "backslashreplace").decode().replace("\0", "\\x00")


# pydantic's error types -> sentences that follow the field's name. {…} come from the error's context: never input.
_SENTENCES: Mapping[str, str] = {
    "missing": "is required",
    "string_type": "must be text",
    "string_unicode": "must not contain a lone surrogate (half a character)",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "int_type": f"must be a whole number from 1 to {AGE_MAX}",
    "greater_than": "must be greater than {gt}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be one of {expected}",
}


def _fault(error: ErrorDetails) -> Fault:
    code, context = error["type"], error.get("ctx", {})
    sentence = _SENTENCES.get(code)
    return Fault(str(error["loc"][0]), code, sentence.format(**context) if sentence else error["msg"])
