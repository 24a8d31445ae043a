"""json-server 0.17's `q`: a text looked for in every field, declared or not, whatever the case."""

import json
from collections.abc import Iterator

from app.dialect.documents import text_of
from app.dialect.texts import contains, folded, starts_word, within
from app.resource.fields import Field
from app.resource.kinds import NUMBER, TEXT, Scalar
from app.resource.resource import Resource
from app.resource.strict_json import unstorable
from app.sql import NEVER, Part, all_of, any_of, quoted_text

SEPARATOR = "\x1f"  # ASCII's unit separator: what a search hardly has
_MARK = quoted_text(SEPARATOR)
_BETWEEN = f" || {_MARK} || "
_VALUES = "jsonb_path_query_array({}, 'strict $.** ? ({})')::text"
_FALSY = "ARRAY['null', 'false', '0']::jsonb[]"  # 0.17 looks for none of these
_STRINGS, _NUMBERS = '@.type() == "string"', '@.type() == "number" && @ != 0'


def search(resource: Resource, text: str, fold: str) -> Part:
    """Records in which some field has the text. Numbers and days are looked at only for a text that one can hold."""
    if unstorable(text):
        return NEVER
    shown = [_shown(field, scalar) for field in resource.fields.values() if (scalar := _holding(field, text))]
    declared = shown if SEPARATOR in text else [_BETWEEN.join(shown)] if shown else []
    found = [contains(Part(one), within(text), fold) for one in declared]
    return any_of([*found, *(_in(one, guard, text, fold) for one, guard in _documents(resource))])


def texts_of(resource: Resource) -> str:
    """All declared texts of a record as one, which the index has."""
    texts = (field for field in resource.fields.values() if field.kind is TEXT)
    return _BETWEEN.join(_shown(field, scalar) for field in texts if (scalar := field.kind.scalar))


def strings(resource: Resource) -> Iterator[tuple[Part, list[Part]]]:
    """The texts in JSON values, those of each as one, and what holds for the records that have any."""
    for document, guard in _documents(resource):
        yield Part(_VALUES.format(document, _STRINGS)), guard


def rank(resource: Resource, text: str, fold: str) -> Part:
    """Of a record that has the text: 1 where it is a whole field, 0.75 at the start of one, 0.5 at that of a word, 0.25
    inside. Numbers in undeclared fields are not looked at so closely."""
    shown = [_shown(field, scalar) for field in resource.fields.values() if (scalar := _holding(field, text))]
    among = [f"translate({one.sql}, '\"', {_MARK})" for one, _ in strings(resource)]
    fields = folded(f"concat({_MARK}, {', '.join(f'{one}, {_MARK}' for one in [*shown, *among])})", fold)
    whole, start = (folded("%s::text", fold) for _ in range(2))
    ranks = f"WHEN x$ LIKE {whole} THEN 1 WHEN x$ LIKE {start} THEN 0.75 WHEN x$ ~ {folded('%s::text', fold)} THEN 0.5"
    sql = f"(SELECT CASE {ranks} ELSE 0.25 END FROM (SELECT {fields} AS x$ OFFSET 0) AS one$)"
    return Part(sql, (within(SEPARATOR + text + SEPARATOR), within(SEPARATOR + text), starts_word(text)))


def _holding(field: Field, text: str) -> Scalar | None:
    scalar = field.kind.scalar
    return scalar if scalar and scalar.may_hold(text) else None


def _shown(field: Field, scalar: Scalar) -> str:
    text = scalar.search_text.format(field.sql)
    return f"coalesce({text}, '')" if field.optional else text


def _documents(resource: Resource) -> Iterator[tuple[str, list[Part]]]:
    """JSON values to search, and what holds for the records that have any: few have undeclared fields."""
    yield resource.extra, [Part(f"{resource.extra} <> '{{}}'::jsonb")]
    yield from ((field.sql, []) for field in resource.fields.values() if not field.kind.scalar)


def _in(document: str, guard: list[Part], text: str, fold: str) -> Part:
    return all_of([*guard, any_of(list(_tests(document, text, fold)))])


def _tests(document: str, text: str, fold: str) -> Iterator[Part]:
    """What stands between the values of a JSON array's text must not be found: quotes, commas, blanks, brackets."""
    if '"' in text or not text.strip(" ,[]"):
        yield _by_value(document, text, fold)
        return
    yield _among(document, _STRINGS, json.dumps(text, ensure_ascii=False)[1:-1], fold)
    if NUMBER.scalar and NUMBER.scalar.may_hold(text):
        yield _among(document, _NUMBERS, text, fold)
    if text.lower() in "true":
        yield Part(f"jsonb_path_exists({document}, 'strict $.** ? (@ == true)')")


def _among(document: str, which: str, text: str, fold: str) -> Part:
    """The values that a path finds, as the text of one JSON array.

    No subquery: PostgreSQL would think that every record costs a walk through JSON, and compile the query for a second.
    """
    return contains(Part(_VALUES.format(document, which)), within(text), fold)


def _by_value(document: str, text: str, fold: str) -> Part:
    """Value by value, for a search that an array's own text could match."""
    found = contains(text_of(Part("value$")), within(text), fold)
    scalar = f"jsonb_typeof(value$) NOT IN ('object', 'array') AND value$ <> ALL({_FALSY})"
    values = f"SELECT 1 FROM jsonb_path_query({document}, 'strict $.**') AS value$ WHERE {scalar} AND {found.sql}"
    return Part(f"EXISTS ({values})", found.values)
