"""Who issues access tokens: their keys, found by OpenID Connect Discovery 1.0, and kept while they do not answer.

A fetch goes to the configured address alone, follows no redirect, and takes so many bytes and seconds at most.
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from socket import SHUT_RDWR, socket
from typing import Any
from urllib.parse import urlsplit

from app.access import addresses
from app.errors import IssuerUnavailable

log = logging.getLogger(__name__)

FRESH = 600  # seconds after which keys are fetched anew
PAUSE = 30  # seconds between two fetches, whoever sends what
SOON = 5  # seconds between two while there are no keys at all
STALE = 24 * 3600  # seconds that keys count for without an answer
PATIENCE = 5  # seconds for one answer
LARGEST = 256 * 1024  # bytes of one
_DISCOVERY = "/.well-known/openid-configuration"
_KINDS = ("RSA", "EC", "OKP")  # of keys that sign and can be told to everybody (RFC 7518, 6.1; RFC 8037)

Key = Mapping[str, Any]
"""A JSON Web Key (RFC 7517, 4)."""


class NoKeys(Exception):
    """What an issuer answers is not what was asked for; the text says in what way, in words of ours."""


class Issuer:
    """`name` is what its tokens and its own description must say; `jwks_url` where its keys are, else that says so."""

    def __init__(self, name: str, jwks_url: str | None, clock: Callable[[], float] = time.monotonic) -> None:
        self.name, self.keys = name, tuple[Key, ...]()
        self._jwks_url, self._clock = jwks_url, clock
        self._fetched = self._tried = self._sought = float("-inf")
        self._fetching: asyncio.Task[None] | None = None
        self._failing = False

    def look(self) -> None:
        """Have keys that are not fresh fetched, and forget those that are too old. Nobody waits for it."""
        age = self._clock() - self._fetched
        if age > STALE:
            self.keys = ()
        if age > FRESH and self._clock() - self._tried >= (PAUSE if self.keys else SOON):
            self._fetch()

    async def key(self, kid: str | None) -> Key | None:
        """That of the name; without a name the only one. None if there is no such key, also after a look for it.

        Raises `IssuerUnavailable` while there are none at all.
        """
        if self._find(kid) is None:
            await self._seek()
        if not self.keys:
            raise IssuerUnavailable(SOON)
        return self._find(kid)

    def _find(self, kid: str | None) -> Key | None:
        found = [key for key in self.keys if kid is None or key.get("kid") == kid]
        return found[0] if len(found) == 1 else None

    async def _seek(self) -> None:
        if self.keys and self._clock() - self._sought >= PAUSE:
            self._sought = self._clock()
            self._fetch()
        if self._fetching:
            await asyncio.shield(self._fetching)

    def _fetch(self) -> None:
        """One at a time."""
        if self._fetching is None:
            self._tried = self._clock()
            self._fetching = asyncio.create_task(self._refresh())
            self._fetching.add_done_callback(self._over)

    def _over(self, _: asyncio.Task[None]) -> None:
        self._fetching = None

    async def _refresh(self) -> None:
        try:
            found = _usable(await _answer(self._jwks_url or await self._described()))
        except NoKeys as error:
            self._failed(str(error))
        except (OSError, HTTPException, ValueError):  # the last of a line that was hung up
            self._failed("it does not answer")
        else:
            self._answered(found)

    async def _described(self) -> str:
        described = await _answer(self.name.rstrip("/") + _DISCOVERY)
        if described.get("issuer") != self.name:
            raise NoKeys("its description is of another issuer")
        try:
            return addresses.checked(str(described.get("jwks_uri")))
        except ValueError:
            raise NoKeys("its description names no address of its keys") from None

    def _answered(self, found: tuple[Key, ...]) -> None:
        if found != self.keys:
            self.keys = found
        if self._failing:
            log.info("the keys of JWT_ISSUER are there again")
        self._fetched, self._failing = self._clock(), False

    def _failed(self, why: str) -> None:
        if not self._failing:
            log.warning("the keys of JWT_ISSUER cannot be fetched: %s. Those from before count for a day", why)
        self._failing = True


def _usable(found: Mapping[str, Any]) -> tuple[Key, ...]:
    """The keys that check signatures. What is of no known kind is left out (RFC 7517, 5)."""
    listed = found.get("keys")
    keys = [key for key in listed if isinstance(key, dict)] if isinstance(listed, list) else []
    usable = tuple(key for key in keys if key.get("kty") in _KINDS and key.get("use", "sig") == "sig")
    if not usable:
        raise NoKeys("there is none among what it answers")
    return usable


async def _answer(url: str) -> Mapping[str, Any]:
    """The JSON object at an address. Raises `NoKeys`, `OSError` and `HTTPException`."""
    parts = urlsplit(url)
    connection = (HTTPSConnection if parts.scheme == "https" else HTTPConnection)(parts.netloc, timeout=PATIENCE)
    await asyncio.to_thread(connection.connect)
    loop = asyncio.get_running_loop()
    over = loop.call_later(PATIENCE, _hang_up, connection.sock)
    try:
        status, text = await asyncio.to_thread(_get, connection, parts.path + (parts.query and f"?{parts.query}"))
    finally:
        over.cancel()
        connection.close()
    if loop.time() >= over.when():  # half an answer may look like a whole one
        raise TimeoutError
    if status != 200 or len(text) > LARGEST:
        raise NoKeys(f"it answers {status}" if status != 200 else "its answer is too long")
    return _object(text)


def _hang_up(line: socket) -> None:
    """However slowly an answer comes, this ends it."""
    with suppress(OSError):
        line.shutdown(SHUT_RDWR)


def _get(connection: HTTPConnection, path: str) -> tuple[int, bytes]:
    connection.request("GET", path, headers={"Accept": "application/json"})
    answer = connection.getresponse()
    return answer.status, answer.read(LARGEST + 1)


def _object(text: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise NoKeys("its answer is no JSON") from None
    if not isinstance(found, dict):
        raise NoKeys("its answer is no JSON object")
    return found
