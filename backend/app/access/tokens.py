"""Access tokens of an issuer: signed JSON Web Tokens (RFC 7519), judged by the issuer's own keys.

Asymmetric algorithms alone, and keys from the configured place alone: whatever a token's head says of either counts for
nothing else (OWASP ASVS 5.0, 9.1.2 and 9.1.3).
"""

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import jwt

from app.access.actor import Actor, all_granted
from app.access.issuer import Issuer
from app.errors import InvalidToken

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA")
LEEWAY = 30  # seconds that two clocks may differ
_KEPT = 1000  # tokens that are known to be right
_TYPES = ("jwt", "at+jwt", "application/at+jwt")  # RFC 9068, 2.1
# Claims of a type that PyJWT does not expect are errors of Python's.
_WRONG = (jwt.PyJWTError, TypeError, ValueError, OverflowError, RecursionError)
# Printable ASCII, which OpenID Connect asks of a `sub` (2); and nobody who looks like somebody of this server.
_NAME = re.compile(r"(?!key:|user:)[!-~]{1,255}")


class Known(NamedTuple):
    """Who a token is of, and when it counts, in seconds since 1970."""

    actor: Actor
    begins: float
    ends: float


class Tokens:
    """Judges tokens that are for this audience. `roles_at` is a JSON Pointer to the claim (RFC 6901); `roles` says what
    the issuer's words mean here, and where it is empty they mean what they say."""

    def __init__(
        self,
        issuer: Issuer,
        audience: str,
        roles_at: str,
        roles: Mapping[str, str],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._issuer, self._audience, self._clock = issuer, audience, clock
        self._roles_at, self._roles = roles_at, roles
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._keys = issuer.keys

    async def actor(self, token: str) -> Actor:
        """Raises `InvalidToken`, and `IssuerUnavailable` while there are no keys."""
        known = self._remembered(token) or self._remember(token, await self._judged(token))
        now = self._clock()
        if known.ends + LEEWAY <= now:
            raise InvalidToken(expired=True)
        if known.begins - LEEWAY > now:
            raise InvalidToken
        return known.actor

    def _remembered(self, token: str) -> Known | None:
        """By the keys of now: one that is withdrawn ends its tokens."""
        self._issuer.look()
        if self._keys is not self._issuer.keys:
            self._keys = self._issuer.keys
            self._known.clear()
        return self._known.get(token)

    def _remember(self, token: str, known: Known) -> Known:
        self._known[token] = known
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return known

    async def _judged(self, token: str) -> Known:
        try:
            key = await self._key(jwt.get_unverified_header(token))
            return self._read(self._claims(token, key))
        except jwt.ExpiredSignatureError:
            raise InvalidToken(expired=True) from None
        except _WRONG:
            raise InvalidToken from None

    async def _key(self, head: Mapping[str, Any]) -> jwt.PyJWK:
        """For the algorithm of the head, where the key itself is for no other."""
        algorithm, kind = head.get("alg"), head.get("typ")
        if algorithm not in ALGORITHMS or (kind is not None and str(kind).lower() not in _TYPES):
            raise InvalidToken
        key = await self._issuer.key(head.get("kid"))
        if key is None or key.get("alg", algorithm) != algorithm:
            raise InvalidToken
        return jwt.PyJWK(dict(key), algorithm)

    def _claims(self, token: str, key: jwt.PyJWK) -> Mapping[str, Any]:
        return jwt.decode(
            token,
            key,
            algorithms=ALGORITHMS,
            issuer=self._issuer.name,
            audience=self._audience,
            leeway=LEEWAY,
            options={"require": ["exp", "iss", "aud", "sub"], "enforce_minimum_key_length": True},
        )

    def _read(self, claims: Mapping[str, Any]) -> Known:
        name, ends = claims["sub"], float(claims["exp"])
        if not _NAME.fullmatch(name):
            raise InvalidToken
        actor = Actor(name, all_granted(self._meant(_pointed(claims, self._roles_at))), ends)
        return Known(actor, float(claims.get("nbf", 0)), ends)

    def _meant(self, said: object) -> Iterable[str]:
        """A list of words, or one text with blanks between them, as `scope` has it (RFC 8693, 4.2)."""
        words = said.split() if isinstance(said, str) else said if isinstance(said, list) else []
        texts = (word for word in words if isinstance(word, str))
        return [self._roles[word] for word in texts if word in self._roles] if self._roles else list(texts)


def _pointed(document: object, pointer: str) -> object:
    """What a JSON Pointer finds (RFC 6901, 4); None where there is nothing."""
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        document = document.get(name) if isinstance(document, Mapping) else None
    return document
