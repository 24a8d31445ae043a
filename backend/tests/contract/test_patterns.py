"""Regular expressions of `_like`: PostgreSQL finds with the translation what JavaScript finds with the original."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.dialect.collation import Collations
from app.dialect.pattern import Untranslatable, translate

_SCRIPT = """
const { patterns, texts } = JSON.parse(require("fs").readFileSync(0, "utf8"))
console.log(JSON.stringify(patterns.map((p) => texts.map((t) => new RegExp(p, "i").test(t)))))
"""
Connection = psycopg.Connection[tuple[object, ...]]
_SQL = 'SELECT array_agg(t COLLATE "{fold}" ~* %s ORDER BY n) FROM unnest(%s::text[]) WITH ORDINALITY AS x(t, n)'

LETTERS = "abAB12_-. éÉΩωд李\n\t"
characters = st.sampled_from([*"abz1_-é Ωд", r"\.", r"\-", r"\n", r"\t", r"\x41", r"\u00e9", "]", "}"])
sets = st.sampled_from(
    [r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", ".", "[^]", r"[\d_]", "[^a-z]", "[a-cé]", r"[\s.]", "[b-]"]
)
assertions = st.sampled_from(["^", "$", r"\b", r"\B"])
quantifiers = st.sampled_from(["", "", "*", "+", "?", "*?", "+?", "{2}", "{1,}", "{0,2}", "{1,2}?"])


def repeated(atoms: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(str.__add__, atoms, quantifiers)


patterns = st.recursive(
    repeated(characters | sets) | assertions,
    lambda inner: (
        st.lists(inner, max_size=3).map("".join)
        | st.lists(inner, min_size=1, max_size=3).map("|".join)
        | repeated(st.builds("{}{})".format, st.sampled_from(["(", "(?:"]), inner))
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def connection(module_database: str) -> Iterator[Connection]:
    with psycopg.connect(module_database, autocommit=True) as opened:
        yield opened


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(st.lists(patterns, min_size=20, max_size=40), st.lists(st.text(LETTERS, max_size=8), min_size=10, max_size=30))
def test_a_translation_finds_the_same(
    node: Path, connection: Connection, collations: Collations, sources: list[str], texts: list[str]
) -> None:
    sql = _SQL.format(fold=collations.fold)
    translated = {source: pattern for source in sources if (pattern := _translated(source)) is not None}
    expected = _javascript(node, list(translated), texts)
    for (source, pattern), finds in zip(translated.items(), expected, strict=True):
        assert (source, connection.execute(sql, (pattern, texts)).fetchone()) == (source, (finds,))


def _translated(source: str) -> str | None:
    """None: too large, or joined from parts to something that JavaScript would refuse, too."""
    try:
        return translate(source)
    except Untranslatable:
        return None


def _javascript(node: Path, sources: list[str], texts: list[str]) -> list[list[bool]]:
    question = json.dumps({"patterns": sources, "texts": texts})
    done = subprocess.run([node, "-e", _SCRIPT], input=question, capture_output=True, text=True, timeout=30, check=True)
    answer: list[list[bool]] = json.loads(done.stdout)
    return answer
