"""The version of what is answered, as an entity tag (RFC 9110, 8.8.3)."""

import hashlib
from collections.abc import Sequence

from app.services.statements import TAG_LENGTH

Versions = Sequence[str] | None  # entity tags of which the record must have one; None: any version will do


def etag(row: bytes) -> str:
    """A record's, strong: a hash of its JSON text."""
    return f'"{hashlib.sha256(row).hexdigest()[:TAG_LENGTH]}"'


def weak_tag(body: bytes) -> str:
    """A list's, weak (RFC 9110, 8.8.1): the same for the same JSON, whatever the transfer did to it."""
    return f"W/{etag(body)}"
