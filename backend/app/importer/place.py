"""Where something stands in a text: line, column, RFC 6901 pointer. Pure arithmetic."""

from typing import NamedTuple


class Place(NamedTuple):
    """As editors count: both from 1, columns in code points, lines end with a line feed."""

    line: int = 1
    column: int = 1

    def after(self, text: bytes) -> "Place":
        """The place behind `text` (whole UTF-8 characters) when that begins here."""
        if breaks := text.count(b"\n"):
            return Place(self.line + breaks, 1 + len(text[text.rfind(b"\n") + 1 :].decode()))
        return Place(self.line, self.column + len(text.decode()))


def pointer(*names: str | int) -> str:
    """RFC 6901, section 3."""
    return "".join("/" + str(name).replace("~", "~0").replace("/", "~1") for name in names)
