"""What an account is called. Pure."""

import re

_EMAIL = re.compile(r"[!-?A-~]+@[!-?A-~]+")
_LONGEST = 254  # RFC 5321, 4.5.3.1.3


def checked(text: str) -> str:
    """As it is kept: in lower case. Raises `ValueError`: a sentence."""
    email = text.strip().lower()
    if not _EMAIL.fullmatch(email) or len(email) > _LONGEST:
        raise ValueError(f"an email address is printable ASCII with one @, of {_LONGEST} characters at most")
    return email
