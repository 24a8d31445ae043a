"""What PostgreSQL does at a change that a test makes: refuse it, alter it, wait."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

_MADE = """
CREATE FUNCTION interferes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$;
CREATE {kind}TRIGGER interferes {when} FOR EACH ROW EXECUTE FUNCTION interferes()
"""


@contextmanager
def trigger(table: psycopg.Connection[Any], when: str, body: str, kind: str = "") -> Iterator[None]:
    """`when` is `BEFORE INSERT ON patients`, for example; the body is statements of PL/pgSQL."""
    table.execute(_MADE.format(when=when, body=body, kind=kind).encode())
    try:
        yield
    finally:
        table.execute("DROP FUNCTION interferes CASCADE")
