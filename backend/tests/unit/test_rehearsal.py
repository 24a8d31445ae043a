"""What a developer may ask for: how much of it, and nothing of it in production."""

import pytest
from pydantic import SecretStr

from app.api.rehearsal import Delay, RefusedWrites, layers, total
from app.config import LONGEST_DELAY, Settings


@pytest.mark.parametrize(
    ("query", "milliseconds"),
    [
        (b"", 5),
        (b"_delay=300", 305),
        (b"q=a&_delay=300&_delay=7", 305),
        (b"my_delay=300", 5),
        (b"_delay=-300&x=_delay=9", 5),
        (b"_delay=60000", LONGEST_DELAY),
        (b"_delay=" + b"9" * 1000, LONGEST_DELAY),
    ],
)
def test_a_delay_has_a_bound(query: bytes, milliseconds: int) -> None:
    assert total(5, query) == milliseconds


@pytest.mark.parametrize("read_only", [True, False])
def test_only_development_has_the_layers(read_only: bool) -> None:
    given = {"read_only": read_only, "database_url": SecretStr("postgresql://h/d")}
    development = Settings.model_validate(given)
    production = development.model_copy(update={"environment": "production"})
    there: list[object] = [layer.cls for layer in layers(development)]
    assert there == ([RefusedWrites, Delay] if read_only else [Delay])
    assert layers(production) == []
