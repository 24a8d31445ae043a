"""What can go wrong with the embedded PostgreSQL: one exception, one sentence."""

import platform


class EmbeddedError(Exception):
    """The embedded PostgreSQL cannot run; the text is one line that says why and, where there is one, the way out."""


def system() -> str:
    """For what depends on it: `macOS-14.6-arm64-arm-64bit`."""
    return platform.platform()
