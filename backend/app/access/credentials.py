"""Whose a key or token is."""

from collections.abc import Awaitable, Callable, Mapping

from app.access.actor import Actor
from app.access.keys import PREFIX, Keys, owner
from app.errors import InvalidToken

Judge = Callable[[str], Awaitable[Actor]]
"""Whose a key or token is. Raises `InvalidToken`, or a `Problem` of 503 where nobody can say."""


def judge(own: Mapping[str, Judge], others: Judge) -> Judge:
    """By what a token begins with, so that nothing is tried in turn: `own` has the prefixes of this server."""

    async def judged(token: str) -> Actor:
        return await own.get(token[: len(PREFIX)], others)(token)

    return judged


def of_keys(keys: Keys) -> Judge:
    async def judged(key: str) -> Actor:
        if found := owner(keys, key):
            return found
        raise InvalidToken

    return judged


async def nobody(_: str) -> Actor:
    """Where no such token counts."""
    raise InvalidToken
