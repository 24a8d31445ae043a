"""What JavaScript's `String(value)` makes of a stored JSON value, in SQL."""

from app.sql import Part, by_type

_OBJECT = Part("'[object Object]'")

# The elements' texts, those of arrays among them likewise, with commas between them (ECMA-262, 23.1.3.18).
_JOINED = """(
WITH RECURSIVE parts$ AS (
  SELECT ARRAY[n$] AS place$, value$ FROM jsonb_array_elements({}) WITH ORDINALITY AS element$(value$, n$)
  UNION ALL
  SELECT parts$.place$ || element$.n$, element$.value$
  FROM parts$, jsonb_array_elements(CASE jsonb_typeof(parts$.value$) WHEN 'array' THEN parts$.value$ ELSE '[]' END)
    WITH ORDINALITY AS element$(value$, n$)
)
SELECT coalesce(string_agg(CASE jsonb_typeof(value$)
    WHEN 'array' THEN '' WHEN 'object' THEN '[object Object]' WHEN 'null' THEN ''
    WHEN 'number' THEN trim_scale(value$::numeric)::text ELSE value$ #>> '{{}}' END, ',' ORDER BY place$), '')
FROM parts$ WHERE jsonb_typeof(value$) <> 'array' OR value$ = '[]'
)"""


def text(document: Part) -> Part:
    """`String(document)`; NULL for null."""
    number = document.within("trim_scale(({})::numeric)::text")
    compound = {"array": _joined(document), "object": _OBJECT}
    return by_type(document, {**compound, "number": number}, otherwise=document.within("({} #>> '{{}}')"))


def compound_text(document: Part) -> Part:
    """The same of what is an array or an object."""
    return by_type(document, {"array": _joined(document)}, otherwise=_OBJECT)


def _joined(document: Part) -> Part:
    return document.within(_JOINED)
