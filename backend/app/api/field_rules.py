"""A resource's fields and their rules in words, read off the schema that checks them, so that neither can drift."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from app.resource.resource import Resource
from app.resource.shapes import NO_NUL, NOT_BLANK, NOT_EMPTY


class FieldRules(NamedTuple):
    """One field: wire name, its rules as short phrases, an example that obeys them."""

    name: str
    rules: list[str]
    example: Any


# JSON Schema keyword -> the rule in words, in the order of reading; None: there are none for this value.
_PHRASES: Mapping[str, Callable[[Any], str | None]] = {
    "type": {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}.get,
    "format": {"date": "a day as YYYY-MM-DD"}.get,
    "enum": lambda values: "one of " + ", ".join(map(str, values)),
    "minLength": lambda least: "not empty" if least == 1 else f"at least {least:,} characters",
    "pattern": {NOT_EMPTY: "not empty", NOT_BLANK: "not blank"}.get,
    "maxLength": lambda most: f"at most {most:,} characters",
    "minimum": lambda least: f"at least {least:,}",
    "exclusiveMinimum": lambda bound: f"greater than {bound:,}",
    "maximum": lambda most: f"at most {most:,}",
    "exclusiveMaximum": lambda bound: f"less than {bound:,}",
    "multipleOf": lambda step: f"a multiple of {step:,}",
}
_NO_RULES = {"title", "description", "examples", "default", "anyOf"}

# Keyword -> those that say as much and more.
_IMPLIED_BY: Mapping[str, set[str]] = {"type": {"format", "enum"}, "minLength": {"pattern"}}


def fields(resource: Resource) -> list[FieldRules]:
    """Every declared field, in wire order. A rule that has no words here is told as the schema has it."""
    schema = resource.create.model_json_schema()
    return [_field(resource, name, schema["properties"][name]) for name in resource.fields]


def example(resource: Resource) -> dict[str, Any]:
    """A valid record, without an id."""
    return {field.name: field.example for field in fields(resource) if field.name != "id"}


def _field(resource: Resource, name: str, schema: Mapping[str, Any]) -> FieldRules:
    unique = ["unique"] if name in resource.unique.values() else []
    optional = ["optional"] if resource.fields[name].optional else []
    made = ["made by the server if absent or empty"] if name == "id" else []
    types = [kind for one in schema.get("anyOf", ()) if (kind := one.get("type")) != "null"]
    text = ["also as text"] if types[1:] == ["string"] else []
    return FieldRules(name, [*_phrases(_one_type(schema)), *text, *unique, *optional, *made], schema["examples"][0])


def _phrases(schema: Mapping[str, Any]) -> list[str]:
    keywords = {keyword for keyword in schema.keys() - _NO_RULES if schema[keyword] != NO_NUL}
    telling = {keyword for keyword in keywords if not keywords & _IMPLIED_BY.get(keyword, set())}
    ordered = [*(keyword for keyword in _PHRASES if keyword in telling), *sorted(telling - _PHRASES.keys())]
    return [_phrase(keyword, schema[keyword]) for keyword in ordered] or ["any JSON value"]


def _phrase(keyword: str, value: Any) -> str:
    found = _PHRASES[keyword](value) if keyword in _PHRASES else None
    return found or f"{keyword} {value}"


def _one_type(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The keywords; of a field that may also be null those of its other type."""
    return {**schema, **next((branch for branch in schema.get("anyOf", ()) if branch.get("type") != "null"), {})}
