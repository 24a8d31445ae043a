"""Keys of this server's own: API_KEYS has a line for each, `name role sha256:<hex>`, and never the key itself. Pure.

A key has 256 random bits, so that its hash needs no salt, cannot be slow, and may be looked up.
"""

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from secrets import token_urlsafe

from app.access.actor import Actor, checked

PREFIX = "pak_"

Keys = Mapping[str, Actor]
"""The key's SHA-256, in hexadecimal -> whose it is."""

NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")
_HASH = re.compile(r"sha256:(?P<hex>[0-9a-f]{64})")
_SHAPE = "each key must look like `name role sha256:<64 hexadecimal digits>`, one a line or between commas"
_NAME = "a name has up to 64 letters, digits and . _ @ -"


def made(name: str, role: str) -> tuple[str, str]:
    """A new key, and its line for API_KEYS. Raises `ValueError`: a sentence."""
    if not NAME.fullmatch(name):
        raise ValueError(_NAME)
    checked(role)
    key = PREFIX + token_urlsafe(32)
    return key, f"{name} {role} sha256:{_hash(key)}"


def parsed(text: str) -> Keys:
    """API_KEYS as written. Raises `ValueError`: a sentence without its subject, which repeats nothing of the text."""
    keys: dict[str, Actor] = {}
    for number, line in enumerate(_lines(text), 1):
        hashed, actor = _one(line)
        if hashed in keys:
            raise ValueError(f"key {number} is there already")
        keys[hashed] = actor
    return keys


def owner(keys: Keys, key: str) -> Actor | None:
    return keys.get(_hash(key))


def _lines(text: str) -> Iterator[str]:
    return filter(None, map(str.strip, re.split(r"[\r\n,]", text)))


def _one(line: str) -> tuple[str, Actor]:
    parts = line.split()
    hashed = _HASH.fullmatch(parts[-1])
    if len(parts) != 3 or not hashed:
        raise ValueError(_SHAPE)
    if not NAME.fullmatch(parts[0]):
        raise ValueError(_NAME)
    return hashed["hex"], Actor(f"key:{parts[0]}", checked(parts[1]))


def _hash(key: str) -> str:
    return sha256(key.encode()).hexdigest()
