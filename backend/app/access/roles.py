"""What an issuer's words mean here, as JWT_ROLES has it: `doctor=writer,audit=auditor`. Pure."""

from collections.abc import Mapping

from app.access.actor import checked


def parsed(text: str) -> Mapping[str, str]:
    """The issuer's word -> a role of ours. Raises `ValueError`: a sentence without its subject."""
    pairs = [part.partition("=") for part in filter(None, map(str.strip, text.split(",")))]
    if not all(word and role for word, _, role in pairs):
        raise ValueError("each must look like doctor=writer, several between commas")
    meant = {word.strip(): role.strip() for word, _, role in pairs}
    for role in meant.values():
        checked(role)
    return meant
