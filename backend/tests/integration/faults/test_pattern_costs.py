"""What a `_like` makes PostgreSQL compile: never more than 0.2 s of its time and 20 MiB, and never an error."""

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest

from app.dialect.collation import DETECT, Collations
from app.dialect.lists import Lists
from app.dialect.pattern import searched
from app.dialect.query import parse
from app.resources import PATIENTS

_SECONDS, _KIB = 0.2, 20 * 1024
_PATTERNS = 3_000
_ONE = """
INSERT INTO patients (id, patient_id, name, age, gender, medical_condition, last_visit)
VALUES ('1', 'P1', 'Zoë Ångström b1 a_b', 45, 'Female', 'Flu', '2024-01-15')
"""


class Backend:
    """A session of PostgreSQL's, and what its process has taken."""

    def __init__(self, dsn: str) -> None:
        self.connection: psycopg.Connection[Any] = psycopg.connect(dsn, autocommit=True)
        self._process = Path(f"/proc/{self.connection.info.backend_pid}")
        found = self.connection.execute(DETECT.sql).fetchone()
        assert found
        self._collations = Collations(*found)

    @property
    def seconds(self) -> float:
        user, system = self._process.joinpath("stat").read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    @property
    def most_kib(self) -> int:
        status = self._process.joinpath("status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0])

    def look_for(self, pattern: str) -> float:
        """What it took, in seconds of the process's own. Raises whatever PostgreSQL says."""
        before = self.seconds
        statement = Lists(PATIENTS, self._collations).rows(
            parse(urlencode({"name_like": pattern}), "1", PATIENTS.fields)
        )
        self.connection.execute(statement.sql.encode(), statement.params)
        return self.seconds - before


@pytest.fixture
def backend(module_database: str) -> Iterator[Backend]:
    backend = Backend(module_database)
    with backend.connection:
        backend.connection.execute("TRUNCATE patients")
        backend.connection.execute(_ONE)
        backend.connection.execute("SET statement_timeout = 3500")
        yield backend


_FOUND = [  # by people who looked for them, and by climbing from bad to worse
    r"(?:(?:(?:\b)*(?:\B)*)*(?:(?:\B)*(?:\b)*)*)*a",
    r"^(?:(?:\b\B\b|(?:\w)+|(?:a|$)*)^\b$(?:.$|^\B\B)*(?:a^.|^)?|(?:(?:^|$a|(?:.|\b){0,3}){2})+)+$(?:\w|$)*\B(?:$)?",
    "(?:(?:(?:(?:(?:.|^|$)*){0,3}){0,3}){2}|$)?",
    r"(?:\b.?)*" * 12,
    r"\b" * 25,
    "(?:a|^|b|$)" * 25,
    "(?:(?:^a?|b?$)?){12}",
    r"(?:(?:(?:(?:(?:(?:\b)?(?:(?:(?:(?:.?.?)?)+){0,3}){0,20}1\sa(\w*:b*|\B|a?)(?:.?|^)((?:a?)?|a)1)?)?)?)?)?",
    r"(?:(?:(?:(?:(?:(?:(?:(?:.?){9}){0,20}\d2(?:b*)*0\da\b)?)*)?)?(?:(?:$|)){1,4})?)?",
    "(?:(?:.?){9}){0,20}x",
    "(" * 500 + ")" * 500,
    "".join(f"[\\u{n:04x}-\\u{0xFFFF - n:04x}]" for n in range(66)),
]


@pytest.mark.parametrize("pattern", _FOUND, ids=range(len(_FOUND)))
def test_a_pattern_that_was_dear(backend: Backend, pattern: str) -> None:
    before = backend.most_kib
    assert backend.look_for(pattern) <= _SECONDS
    assert backend.most_kib - before <= _KIB


def test_any_pattern_of_groups_that_can_be_empty_anchors_and_repeats(backend: Backend) -> None:
    """On one patient: what it costs is the compiling."""
    chance = random.Random()
    patterns = [_pattern(chance) for _ in range(_PATTERNS)]
    backend.look_for("a")
    before, dearest = backend.most_kib, max((backend.look_for(pattern), pattern) for pattern in patterns)
    translated = sum(searched(pattern)[:4] != "***=" for pattern in patterns)
    print(f"{translated} of {_PATTERNS} compiled; {backend.most_kib - before} KiB, dearest {dearest}")
    assert dearest[0] <= _SECONDS, dearest
    assert backend.most_kib - before <= _KIB
    assert translated > _PATTERNS / 3


_ATOMS = ("a", "b", "1", ".", r"\w", r"\d", r"\s", "abc", "a?", ".?", r"\w*", "b*", "")
_ANCHORS = ("^", "$", r"\b", r"\B")
_REPEATS = ("*", "+", "?", "{2}", "{9}", "{2,}", "{0,3}", "{1,4}", "{0,20}", "{0,99}")


def _pattern(chance: random.Random) -> str:
    """Parts added as long as it stays a pattern, so that it comes close to what is just allowed."""
    whole = _part(chance, chance.randint(2, 6))
    while chance.random() < 0.8 and searched(longer := whole + _part(chance, chance.randint(1, 4)))[:4] != "***=":
        whole = longer
    return whole[:1_000]


def _part(chance: random.Random, depth: int) -> str:
    kind = chance.random()
    if not depth or kind < 0.25:
        return chance.choice(_ATOMS + _ANCHORS * chance.choice((1, 4)))
    inner = [_part(chance, depth - 1) for _ in range(chance.randint(1, 4))]
    if kind < 0.5:
        return "".join(inner)
    return f"(?:{'|'.join(inner)})" if kind < 0.7 else f"(?:{inner[0]}){chance.choice(_REPEATS)}"
