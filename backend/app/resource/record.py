"""A body checked against its shape: every broken rule named, and the declared fields parted from the others."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from annotated_types import Ge, Gt, Le
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from app.limits import FAULTS, NAME_LENGTH
from app.resource import javascript
from app.resource.resource import Resource
from app.resource.strict_json import unstorable

_BEGINNING = 100  # characters of a name that is too long to be told


class Fault(NamedTuple):
    """One broken rule: the field's wire name, a stable code, a sentence that follows the name ("must not be blank")."""

    field: str
    code: str
    message: str


class Record(NamedTuple):
    """A checked body: values by column name (only those sent), and the undeclared fields as they came.

    The null of an optional field is both: no value in its column, and a null among the undeclared fields.
    """

    columns: dict[str, Any]
    extra: dict[str, Any]


class InvalidRecord(ValueError):
    """A body that breaks rules; `faults` says which, in wire order."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__(f"{len(faults)} faults")


def check(body: Mapping[str, Any], resource: Resource, model: type[BaseModel]) -> Record:
    """Split a JSON object into declared columns and undeclared rest, and check both.

    `id` in a body counts only where `model` declares it (POST); elsewhere it is ignored, as in json-server.
    Raises `InvalidRecord` with every fault of the declared fields, and the first `FAULTS` of the others.
    """
    names = resource.fields
    extra = {name: value for name, value in body.items() if name not in names}
    odd = extra and (unstorable(extra) or max(map(len, extra)) > NAME_LENGTH)
    faults = list(islice(_unkept(extra), FAULTS)) if odd else []
    try:
        declared = model.model_validate({name: body[name] for name in names if name in body})
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        raise InvalidRecord([*(_fault(detail, model) for detail in details), *faults]) from None
    if faults:
        raise InvalidRecord(faults)
    columns = declared.model_dump(exclude_unset=True)
    nulls = {field.name: None for field in resource.optional if columns.get(field.column, 0) is None}
    return Record(columns, extra | nulls)


def _unkept(extra: Mapping[str, Any]) -> Iterator[Fault]:
    for name, value in extra.items():
        if len(name) > NAME_LENGTH:
            yield Fault(printable(name), "name", f"must have a name of at most {NAME_LENGTH} characters")
        elif why := unstorable([name, value]):
            yield Fault(printable(name), "character", why)


def printable(name: str) -> str:
    """A field name as it can be told: what no text may have in escapes, and of one that is too long the beginning."""
    begin, end = (name, "") if len(name) <= NAME_LENGTH else (name[:_BEGINNING], "…")
    return begin.encode(errors="backslashreplace").decode().replace("\0", "\\x00") + end


# pydantic's error types -> sentences that follow the field's name. {…} come from the error's context: never input.
_SENTENCES: Mapping[str, str] = {
    "missing": "is required",
    "string_type": "must be text",
    "string_unicode": "must not contain a lone surrogate (half a character)",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "int_type": "must be a whole number{range}",
    "float_type": "must be a number{range}",
    "bool_type": "must be true or false",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "finite_number": "must be a finite number",
    "literal_error": "must be one of {expected}",
}


def _fault(error: ErrorDetails, model: type[BaseModel]) -> Fault:
    code, name = error["type"], str(error["loc"][0])
    told = {key: javascript.text(one) if isinstance(one, float) else one for key, one in error.get("ctx", {}).items()}
    context = {**told, "range": _range(model, name)}
    sentence = _SENTENCES.get(code)
    return Fault(name, code, sentence.format(**context) if sentence else error["msg"])


def _range(model: type[BaseModel], name: str) -> str:
    """Between which bounds a field's number must be, if it has both."""
    rule = next(rule for column, rule in model.model_fields.items() if (rule.alias or column) == name)
    bounds: dict[type, Any] = {type(one): one for one in rule.metadata}
    lowest = bounds[Ge].ge if Ge in bounds else bounds[Gt].gt + 1 if Gt in bounds else None
    return f" from {lowest} to {bounds[Le].le}" if lowest is not None and Le in bounds else ""
