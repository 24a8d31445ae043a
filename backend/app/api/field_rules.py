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


# JSON Schema keyword -> the rule in words, in the order of reading.
_PHRASES: Mapping[str, Callable[[Any], str]] = {
    "type": {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}.__getitem__,
    "format": {"date": "a day as YYYY-MM-DD"}.__getitem__,
    "enum": lambda values: "one of " + ", ".join(values),
    "minLength": {1: "not empty"}.__getitem__,
    "pattern": {NOT_EMPTY: "not empty", NOT_BLANK: "not blank"}.__getitem__,
    "maxLength": lambda most: f"at most {most:,} characters",
    "minimum": lambda least: f"at least {least:,}",
    "exclusiveMinimum": lambda bound: f"greater than {bound:,}",
    "maximum": lambda most: f"at most {most:,}",
}
_NO_RULES = {"title", "examples", "default", "anyOf"}

# Keyword -> those that say as much and more.
_IMPLIED_BY: Mapping[str, set[str]] = {"type": {"format", "enum"}, "minLength": {"pattern"}}


def fields(resource: Resource) -> list[FieldRules]:
    """Every declared field, in wire order.

    Raises `KeyError` for a keyword or value that has no words here: to leave a rule out would be a lie.
    """
    schema = resource.create.model_json_schema()
    return [_field(resource, name, schema["properties"][name]) for name in resource.fields]


def example(resource: Resource) -> dict[str, Any]:
    """A valid record, without an id."""
    return {field.name: field.example for field in fields(resource) if field.name != "id"}


def _field(resource: Resource, name: str, schema: Mapping[str, Any]) -> FieldRules:
    unique = ["unique"] if name in resource.unique.values() else []
    optional = ["optional"] if resource.fields[name].optional else []
    made = ["made by the server if absent or empty"] if name == "id" else []
    types = [one["type"] for one in schema.get("anyOf", ()) if one["type"] != "null"]
    text = ["also as text"] if types[1:] == ["string"] else []
    return FieldRules(name, [*_phrases(_one_type(schema)), *text, *unique, *optional, *made], schema["examples"][0])


def _phrases(schema: Mapping[str, Any]) -> list[str]:
    keywords = {keyword for keyword in schema.keys() - _NO_RULES if schema[keyword] != NO_NUL}
    telling = {keyword for keyword in keywords if not keywords & _IMPLIED_BY.get(keyword, set())}
    phrases = {keyword: _PHRASES[keyword](schema[keyword]) for keyword in telling}
    return [phrases[keyword] for keyword in _PHRASES if keyword in phrases] or ["any JSON value"]


def _one_type(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The keywords; of a field that may also be null those of its other type."""
    return {**schema, **next((branch for branch in schema.get("anyOf", ()) if branch["type"] != "null"), {})}
