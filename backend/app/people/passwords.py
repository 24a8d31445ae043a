"""Passwords as they are kept: scrypt (RFC 7914), with the costs beside the hash so that they can be raised. Pure.

N = 2^14, r = 8, p = 5 is one of the settings that OWASP's password storage cheat sheet counts as equal: 16 MiB each.
"""

from base64 import b64decode, b64encode
from hashlib import scrypt
from hmac import compare_digest
from secrets import token_bytes

SHORTEST, LONGEST = 8, 1024  # characters
_COSTS = (14, 8, 5)  # log2 of N, r, p


def hashed(password: str) -> str:
    """`scrypt$14$8$5$<salt>$<hash>`."""
    return _written(password, token_bytes(16), _COSTS)


def matches(password: str, kept: str) -> bool:
    """As long for a wrong password as for the right one."""
    _, *costs, salt, _ = kept.split("$")
    n, r, p = map(int, costs)
    return compare_digest(_written(password, b64decode(salt), (n, r, p)), kept)


# What somebody's password is compared with who has no account, so that this takes as long.
NOBODYS = "$".join(("scrypt", *map(str, _COSTS), b64encode(bytes(16)).decode(), b64encode(bytes(32)).decode()))


def _written(password: str, salt: bytes, costs: tuple[int, int, int]) -> str:
    n, r, p = costs
    made = scrypt(password.encode(errors="surrogatepass"), salt=salt, n=1 << n, r=r, p=p, dklen=32, maxmem=64 << 20)
    return "$".join(("scrypt", *map(str, costs), b64encode(salt).decode(), b64encode(made).decode()))
