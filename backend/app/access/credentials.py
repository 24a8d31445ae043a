"""Whose a key or token is."""

from app.access import keys
from app.access.actor import Actor
from app.errors import InvalidToken


class Credentials:
    """What counts here. What begins as a key is a key and nothing else, so that nothing is tried in turn."""

    def __init__(self, own: keys.Keys) -> None:
        self._keys = own

    async def actor(self, token: str) -> Actor:
        """Raises `InvalidToken`."""
        if found := keys.owner(self._keys, token):
            return found
        raise InvalidToken
