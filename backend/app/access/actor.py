"""Who asks, and what they may: roles, and beneath them the letters of SMART App Launch 2.2 (scopes). Pure.

`c` create, `r` read one, `u` update, `d` delete, `s` search; beside those of SMART `h` history and `i` import.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

Rights = frozenset[tuple[str, str]]
"""Of a resource, by its path or its SMART name or `*` for each, one letter."""

EVERY = "*"
ROLES: Mapping[str, str] = {"reader": "rs", "writer": "crus", "auditor": "rsh", "admin": "crudshi"}

_OF_ONE = re.compile(r"(?P<resource>[A-Za-z0-9_-]+):(?P<letters>[crudshi]+)")
# Of the third context nothing is granted: it means one person, and this would be all. Nor of a scope with a query.
_SCOPE = re.compile(r"(?:user|system)/(?P<resource>\*|[A-Za-z]+)\.(?P<letters>c?r?u?d?s?h?i?)")


class Actor(NamedTuple):
    """Somebody who is known: `key:anna`, `user:anna@clinic.example`, or a token's `sub`. Printable ASCII, no blank."""

    name: str
    rights: Rights
    until: float | None = None
    """When that ends, in seconds since 1970; None: it does not."""

    def may(self, letter: str, names: Iterable[str]) -> bool:
        """Whether the right covers a resource that has these names."""
        return any((name, letter) in self.rights for name in (EVERY, *names))


def granted(role: str) -> Rights:
    """What a role means, `doctors:crus` of one resource, or a SMART scope; nothing if it is none of these."""
    if role in ROLES:
        return _rights(EVERY, ROLES[role])
    said = _OF_ONE.fullmatch(role) or _SCOPE.fullmatch(role)
    return _rights(said["resource"], said["letters"]) if said else frozenset()


def all_granted(roles: Iterable[str]) -> Rights:
    """What these mean together."""
    return frozenset().union(*map(granted, roles))


def checked(roles: str) -> Rights:
    """What roles that are joined with `+` mean together. Raises `ValueError` if one of them means nothing."""
    every = roles.split("+")
    if not all(map(granted, every)):
        raise ValueError(f"a role is {', '.join(ROLES)} or RESOURCE:LETTERS (of crudshi), several joined with +")
    return all_granted(every)


def _rights(resource: str, letters: str) -> Rights:
    return frozenset((resource, letter) for letter in letters)
