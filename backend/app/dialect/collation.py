"""What a database has for json-server's text order, for ignoring case, and for forgiving slips. Asked once at start."""

from typing import NamedTuple

from app.sql import Query


class Collations(NamedTuple):
    """Names from the catalog.

    `order` sorts as JavaScript's localeCompare does; None where PostgreSQL was built without ICU. With `fold`, lower()
    and ~* know every alphabet, but for the database's own, the last resort.
    """

    order: str | None
    fold: str
    trigrams: bool = False
    """Whether it can tell how similar texts are: it has pg_trgm, in a schema of the search path."""

    @property
    def folds(self) -> bool:
        return self.fold != _LAST_RESORT


_LAST_RESORT = "default"  # also below


# pg_c_utf8 is there from PostgreSQL 17 on. Root collation and American English sort alike (CLDR). Of the C library's
# collations only those in UTF-8 fold beyond ASCII, and the Turkish ones fold "I" as JavaScript does not.
DETECT = Query(
    """
WITH usable AS (
  SELECT collname AS name, collprovider AS provider, collctype AS locale
  FROM pg_collation
  WHERE pg_collation_is_visible(oid) AND getdatabaseencoding() = 'UTF8'
    AND collencoding IN (-1, pg_char_to_encoding('UTF8'))
), icu AS (
  SELECT max(name) AS name FROM usable WHERE provider = 'i' AND name IN ('und-x-icu', 'en-US-x-icu')
), builtin AS (
  SELECT max(name) AS name FROM usable WHERE provider = 'b' AND name = 'pg_c_utf8'
), libc AS (
  SELECT name FROM usable WHERE provider = 'c' AND locale ~* '[.]utf-?8$' AND locale !~ '^(tr|az)_'
  ORDER BY locale !~ '^C[.]', locale LIMIT 1
)
SELECT icu.name::name, coalesce(builtin.name, icu.name, (SELECT name FROM libc), 'default')::name,
  getdatabaseencoding() = 'UTF8' AND to_regprocedure('word_similarity(text, text)') IS NOT NULL
FROM icu, builtin
""",
    {},
)
"""Yields one row: the fields of `Collations`."""
