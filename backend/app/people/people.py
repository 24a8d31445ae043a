"""Signing in and out. A session is a random token of which only the hash is kept, so that it can be ended at once.

It is over after 15 minutes in which nobody used it (45 CFR 164.312 (a)(2)(iii), automatic logoff) and after 12 hours.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from secrets import token_urlsafe

from app.access.actor import Actor, all_granted
from app.database import Database
from app.errors import DatabaseUnavailable, InvalidToken, TooManyTries, WrongPassword
from app.people import emails
from app.people.failures import Failures, share
from app.people.passwords import LONGEST, NOBODYS, matches
from app.sql import Change, Query

PREFIX = "pas_"
IDLE, LONGEST_SESSION = "15 minutes", "12 hours"

_AT_ONCE = 2  # passwords that are hashed: each takes 16 MiB and most of a processor for a quarter of a second
_WAITING = 50  # that wait for it

_ACCOUNT = "SELECT name, role, password FROM access_users WHERE email = %s"
# For the account as it was when the password was compared. Sessions that are over go with the next one that begins.
_BEGIN = (
    "WITH over AS (DELETE FROM access_sessions WHERE expires <= now())"
    f" INSERT INTO access_sessions (hash, email, expires) SELECT %s, email, now() + interval '{LONGEST_SESSION}'"
    " FROM access_users WHERE email = %s AND password = %s RETURNING 1"
)
_FIND = (
    f"SELECT email, role, extract(epoch FROM least(expires, now() + interval '{IDLE}'))::float8,"
    " used < now() - interval '1 minute'"
    " FROM access_sessions JOIN access_users USING (email)"
    f" WHERE hash = %s AND expires > now() AND used > now() - interval '{IDLE}'"
)
_USE = "UPDATE access_sessions SET used = now() WHERE hash = %s RETURNING 1"
_END = "DELETE FROM access_sessions WHERE hash = %s RETURNING 1"


class People:
    """Those who have an account in this database."""

    def __init__(self, database: Database, workers: int) -> None:
        self._database, self._failures = database, Failures(share(workers))
        self._hashing, self._waiting = asyncio.Semaphore(_AT_ONCE), 0

    async def sign_in(self, email: str, password: str, address: str) -> tuple[str, Mapping[str, str]]:
        """A new session's token, and whose it is.

        Raises `WrongPassword`, with the same words and after the same work whether or not there is such an account;
        `TooManyTries`; `DatabaseUnavailable`.
        """
        email = _called(email)
        name, role, kept = await self._account(email)
        take_back = self._failures.note((f"account {email}", f"address {address}"))
        if not await self._right(password, kept):
            raise WrongPassword
        take_back()
        token = PREFIX + token_urlsafe(32)
        if not await self._database.rows(Change(_BEGIN, (_hash(token), email, kept))):
            raise WrongPassword
        return token, {"id": email, "email": email, "name": name, "role": role}

    async def actor(self, token: str) -> Actor:
        """Who has signed in with it. Raises `InvalidToken`, `DatabaseUnavailable`."""
        found = await self._database.rows(Query(_FIND, (_hash(token),)))
        if not found:
            raise InvalidToken
        [(email, role, until, unnoted)] = found
        if unnoted:
            with suppress(DatabaseUnavailable):  # who may only read may go on reading
                await self._database.rows(Change(_USE, (_hash(token),)))
        return Actor(f"user:{email.decode()}", all_granted(role.decode().split("+")), until)

    async def sign_out(self, token: str) -> None:
        await self._database.rows(Change(_END, (_hash(token),)))

    async def _account(self, email: str) -> tuple[str, str, str]:
        for row in await self._database.rows(Query(_ACCOUNT, (email,))):
            name, role, kept = (text.decode() for text in row)
            return name, role, kept
        return "", "", NOBODYS

    async def _right(self, password: str, kept: str) -> bool:
        if self._waiting >= _WAITING:
            raise TooManyTries(1)
        self._waiting += 1
        try:
            async with self._hashing:
                return await asyncio.to_thread(matches, password[:LONGEST], kept)
        finally:
            self._waiting -= 1


def _called(email: str) -> str:
    """As it is kept; what is no address is nobody's."""
    try:
        return emails.checked(email)
    except ValueError:
        return ""


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()
