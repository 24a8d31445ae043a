"""A declaration that does not fit together cannot be made, and the sentence says what is wrong with it."""

from collections.abc import Sequence
from typing import Annotated, Any, cast

import pytest
from pydantic import Field, create_model
from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, Table, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.schema import SchemaItem

from app.config import Settings
from app.imports import tables as of_imports  # noqa: F401 it declares them
from app.main import create_app
from app.people import tables as of_people  # noqa: F401 it declares them
from app.resource import columns
from app.resource.columns import Record, rules
from app.resource.kinds import Kind
from app.resource.resource import DeclarationError, Resource
from app.resource.shapes import WORDS, Body, whole_number
from app.resources import RESOURCES

LONG = "é" * 32  # 64 bytes


class Note(Body):
    title: Annotated[str, *WORDS, Field(examples=["one"])]
    stars: Annotated[Annotated[int, *whole_number(gt=0, le=5)] | None, Field(examples=[3])] = None


def table(
    *more: SchemaItem, title: Any = Text, stars: bool = True, every: Sequence[SchemaItem] | None = None, **other: Any
) -> Table:
    """The table of notes, with something else about it."""

    class Base(DeclarativeBase):
        metadata = MetaData(naming_convention=columns.Base.metadata.naming_convention)

    own = {"title": Column(title, nullable=False), "stars": Column(Integer, nullable=stars)}
    arguments = (*(rules("notes") if every is None else every), *more)
    members = {"__tablename__": "notes", "__table_args__": arguments, **own, **other}
    model: Any = type("Notes", (Record, Base), members)
    return cast(Table, model.__table__)


def body(**fields: Any) -> type[Body]:
    """The body of a note, with other fields."""
    return create_model("Other", __base__=Note, **fields)


def test_what_fits_together_is_made() -> None:
    notes = Resource("notes", "note", table(UniqueConstraint("title")), Note)
    assert list(notes.fields) == ["id", "title", "stars"]
    assert notes.unique == {"notes_pkey": "id", "notes_title_key": "title"}


WORD = Annotated[str, *WORDS, Field(examples=["one"])]
APART = "must be nullable in the table and `… | None = None` in the body, or neither"
WRONG: list[tuple[Table, type[Body], str]] = [
    (table(title=LargeBinary), Note, "the column title is of no kind: LargeBinary()"),
    (table(), body(more=(WORD, ...)), "the table's columns are not the body's fields, id, position and extra"),
    (table(more=Column(Text)), Note, "the table's columns are not the body's fields, id, position and extra"),
    (table(), body(position=(WORD, ...)), "position belongs to every resource and not to a body"),
    (table(), body(id=(WORD, ...)), "id belongs to every resource and not to a body"),
    (table(UniqueConstraint("title", "stars")), Note, "notes_title_key is not of one declared field"),
    (table(UniqueConstraint("extra")), Note, "notes_extra_key is not of one declared field"),
    (table(UniqueConstraint("position", name="twice")), Note, "twice is not of one declared field"),
    (
        table(Index("notes_title_ix", "title", unique=True)),
        Note,
        "notes_title_ix must be a UniqueConstraint, whose name says the field",
    ),
    (table(every=()), Note, "the table lacks the rules of every table (columns.rules)"),
    (table(stars=False), Note, f"stars {APART}"),
    (table(), body(title=(WORD | None, None)), f"title {APART}"),
    (table(), body(title=(WORD, "untitled")), f"title {APART}"),
    (table(), body(title=(Annotated[str, *WORDS], ...)), "title has no example"),
    (
        table(),
        body(title=(Annotated[str, Field(max_length=2, examples=["one"]), *WORDS], ...)),
        "an example of title breaks its own rules: String should have at most 2 characters",
    ),
    (table(), body(title=(Annotated[WORD, Field(alias=LONG)], ...)), f"the name {LONG} has more than 63 bytes"),
]


@pytest.mark.parametrize(("wrong_table", "wrong_body", "sentence"), WRONG, ids=[sentence for *_, sentence in WRONG])
def test_what_does_not_fit_together_cannot_be_made(wrong_table: Table, wrong_body: type[Body], sentence: str) -> None:
    with pytest.raises(DeclarationError) as error:
        Resource("notes", "note", wrong_table, wrong_body)
    assert str(error.value) == f"notes: {sentence}."


def test_the_table_has_the_name_of_the_address() -> None:
    with pytest.raises(DeclarationError, match=r"^remarks: the table has another name, notes\.$"):
        Resource("remarks", "remark", table(), Note)


@pytest.mark.parametrize(("noun", "name"), [("a-note", "ANote"), ("a_noteVersion", "ANoteVersion")])
def test_what_the_description_would_call_alike_cannot_be_served_together(noun: str, name: str) -> None:
    one, other = Resource("notes", "a note", table(), Note), Resource("notes", noun, table(), Note)
    sentence = f"notes: its noun, {noun}, comes to {name} in the API's description, as notes has it: give it another."
    with pytest.raises(DeclarationError) as error:
        create_app(Settings(_env_file=None), [one, other])
    assert str(error.value) == sentence


def test_neither_a_table_nor_a_column_has_the_mark_of_names_in_our_sql() -> None:
    told = "a [$], as the names in the server's own SQL"
    with pytest.raises(DeclarationError, match=f"^page[$]: its name has {told}[.]$"):
        Resource("page$", "page", table(), Note)
    marked: Any = {"k1$": Column(Text, nullable=False)}
    with pytest.raises(DeclarationError, match=f"the column k1[$] has {told}"):
        Resource("notes", "note", table(**marked), body(**{"k1$": (WORD, ...)}))


def test_the_servers_own_tables_are_no_resources() -> None:
    own = {table for table in columns.Base.metadata.tables if table not in {one.path for one in RESOURCES}}
    for name in (*own, "alembic_version", "pg_class"):
        with pytest.raises(DeclarationError, match=r"own\.$|itself\.$"):
            Resource(name, "note", table(), Note)


def test_a_kind_that_lacks_something_cannot_be_made() -> None:
    some: dict[str, Any] = {"name": "colour", "columns": (Text,), "sql": "text"}
    with pytest.raises(TypeError, match="'scalar' and 'copy'"):
        Kind(**some)
