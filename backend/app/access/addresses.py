"""Where an issuer and its keys may be. Pure."""

from ipaddress import ip_address
from urllib.parse import urlsplit

_SHAPE = "must be an address with https://, without user and fragment; http:// only of this machine"


def checked(url: str) -> str:
    """The address as it is. Raises `ValueError`: a sentence without its subject."""
    parts = urlsplit(url)
    secure = parts.scheme == "https" or (parts.scheme == "http" and _is_here(parts.hostname or ""))
    if not secure or not parts.hostname or "@" in parts.netloc or parts.fragment or not url.isascii():
        raise ValueError(_SHAPE)
    return url


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
