"""What can go wrong with the embedded PostgreSQL: one exception, one sentence."""


class EmbeddedError(Exception):
    """The embedded PostgreSQL cannot run; the text is one line that says why and, where there is one, the way out."""
