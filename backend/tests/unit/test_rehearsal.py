"""What a developer may ask for: how much of it, and nothing of it in production."""

import pytest
from pydantic import SecretStr

from app.api.rehearsal import rehearsal, total
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
async def test_only_development_has_it(read_only: bool) -> None:
    given = {"read_only": read_only, "database_url": SecretStr("postgresql://h/d")}
    development = Settings.model_validate(given)
    rehearsed = rehearsal(development)
    assert rehearsed
    answer = await rehearsed.refusal({"method": "POST", "query_string": b""})
    assert (answer and answer.status_code) == (403 if read_only else None)
    assert await rehearsed.refusal({"method": "GET", "query_string": b""}) is None
    assert rehearsal(development.model_copy(update={"environment": "production"})) is None
