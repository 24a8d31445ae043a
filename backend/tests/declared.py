"""A collection's declaration as its text says it, in this process and on tables of its own."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from app.declaring.collections import Collection, collection
from app.declaring.sources import body, model_source, schema_source
from app.resource import columns
from app.resource.ids import NUMBERS, TEXT
from app.resource.plurals import singular
from app.resource.resource import Resource


def of(path: str, records: Sequence[dict[str, Any]]) -> Collection:
    return collection(path, singular(path), records)


def resource(declared: Collection) -> Resource:
    """Runs the two modules. A declaration that does not fit together raises."""

    class Base(DeclarativeBase):
        metadata = MetaData(naming_convention=columns.Base.metadata.naming_convention)

    model: dict[str, Any] = {"Base": Base, "__name__": "model"}
    schema: dict[str, Any] = {"__name__": "schema"}
    exec(model_source(declared).replace(" Base,", "", 1), model)
    exec(schema_source(declared), schema)
    ids = NUMBERS if declared.numbered else TEXT
    return Resource(declared.path, declared.noun, model["TABLE"], schema[body(declared)], ids)
