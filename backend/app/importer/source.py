"""A stream of JSON text of any size, seen through a window that moves forward; what is wrong with it, placed.

Knows JSON's grammar between values, and UTF-8; does not know what a record is.
"""

import codecs
import re
from collections.abc import Iterator
from typing import NoReturn, Protocol

from app.importer.json_text import Broken, demand_json, end_of_value, skip_blank
from app.importer.place import Place

CHUNK = 1 << 18
# Bytes of one value; more is a quote or bracket that was never closed. json-server 0.17 took bodies of 10 MB, and what
# it has kept shall come in.
LONGEST = 16 << 20

_HEAD = 4
# A mark, or else where there are zeros in JSON's first characters, which are ASCII (RFC 4627, section 3).
_NOT_UTF8 = {
    "UTF-32": rb"\xff\xfe\0\0|\0\0\xfe\xff|\0\0\0[^\0]|[^\0]\0\0\0",
    "UTF-16": rb"\xff\xfe|\xfe\xff|\0[^\0]|[^\0]\0",
    "compressed (gzip)": rb"\x1f\x8b",
    "compressed (zip)": rb"PK\x03\x04",
}


class Unreadable(Exception):
    """The file cannot be imported: a sentence, and where it went wrong if that is one place (`offset` in bytes)."""

    def __init__(self, message: str, place: Place | None = None, offset: int | None = None) -> None:
        self.message = message
        self.place = place
        self.offset = offset
        super().__init__(message)


class NotJSON(Unreadable):
    """The file is not JSON from this place on."""


class Stream(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes: ...


class Source:
    """`window` holds the bytes at hand; `at` is the next one not taken yet. A leading BOM is skipped.

    `offset` and `place`: where in the file the stream begins, if it is not its beginning.
    """

    def __init__(self, stream: Stream, offset: int = 0, place: Place = Place()) -> None:  # noqa: B008 immutable
        self.window = b""
        self.at = 0
        self.taken_in = offset  # bytes of the file read so far
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._place = place  # of window[_placed]
        self._placed = 0
        if not offset:
            self._begin()

    @property
    def offset(self) -> int:
        """In the stream, of the next byte not taken yet."""
        return self._offset(self.at)

    def place(self, at: int) -> Place:
        """Of an offset in the window; never before the last one asked for."""
        self._place = self._place.after(self.window[self._placed : at])
        self._placed = at
        return self._place

    def peek(self) -> bytes:
        """The next byte that is not blank; none at the end."""
        self.at = skip_blank(self.window, self.at)
        while self.at == len(self.window) and self._more():
            self.at = skip_blank(self.window, self.at)
        return self.window[self.at : self.at + 1]

    def value(self) -> bytes:
        """Take the next value, whole."""
        self.peek()
        while (end := self._end()) is None:
            if self._at_hand() > LONGEST or not self._more():
                self._unfinished()
        if end - self.at > LONGEST:
            raise self._too_long()
        raw, self.at = self.window[self.at : end], end
        return raw

    def items(self, closing: bytes) -> Iterator[None]:
        """Take an array or object: stop before each of its items, which the caller takes, and behind its end."""
        self.at += 1
        if self.peek() == closing:
            self.at += 1
            return
        while True:
            yield
            found = self.peek()
            if found not in (b",", closing):
                raise self.broken(f"Expecting ',' or '{closing.decode()}'", self.at)
            self.at += 1
            if found == closing:
                return

    def broken(self, message: str, at: int) -> Unreadable:
        """The error for something at an offset of the window that is not JSON."""
        if at >= len(self.window):
            message = "the file ends before its JSON does"
        return NotJSON(f"not JSON: {message}", self.place(at), self._offset(at))

    def unreadable(self, message: str, at: int) -> Unreadable:
        """The error for what stands at an offset of the window."""
        return Unreadable(message, self.place(at), self._offset(at))

    def _offset(self, at: int) -> int:
        return self.taken_in - len(self.window) + at

    def _begin(self) -> None:
        """Look at the first bytes: they tell an encoding that is not ours better than any later error."""
        head = b""
        while len(head) < _HEAD and (piece := self._read(_HEAD - len(head))):
            head += piece
        for encoding, beginning in _NOT_UTF8.items():
            if re.match(beginning, head, re.DOTALL):
                raise Unreadable(f"the file is {encoding}; save it as plain UTF-8", Place(), 0)
        self._take_in(head)
        if head.startswith(codecs.BOM_UTF8):
            self.at = self._placed = len(codecs.BOM_UTF8)

    def _more(self) -> bool:
        """Read on, the more the longer the value at hand is. False at the end."""
        chunk = self._read(max(CHUNK, self._at_hand()))
        self._take_in(chunk)
        return bool(chunk)

    def _read(self, size: int) -> bytes:
        try:
            return self._stream.read(size)
        except OSError as error:
            raise Unreadable(f"cannot be read: {error.strerror}") from None

    def _take_in(self, chunk: bytes) -> None:
        """Drop what was taken from the window, add what was read. None is the end."""
        self.place(self.at)
        self.window = self.window[self.at :] + chunk
        self.at = self._placed = 0
        self.taken_in += len(chunk)
        try:
            self._decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            at = len(self.window) - len(error.object) + error.start
            if not chunk:
                raise self.unreadable("not JSON: the file ends within a character", at) from None
            byte = error.object[error.start]
            raise self.unreadable(f"not UTF-8: byte 0x{byte:02x} (Latin-1 or Windows-1252?)", at) from None

    def _end(self) -> int | None:
        try:
            return end_of_value(self.window, self.at)
        except Broken as error:
            self._first_fault(self.window[self.at : error.at])
            raise self.broken(error.message, error.at) from None

    def _unfinished(self) -> NoReturn:
        self._first_fault(self.window[self.at :])
        if self._at_hand() > LONGEST:
            raise self._too_long()
        raise self.broken("", len(self.window))

    def _at_hand(self) -> int:
        return len(self.window) - self.at

    def _too_long(self) -> Unreadable:
        return self.unreadable(f"a value here is longer than {LONGEST >> 20} MiB, or was never closed", self.at)

    def _first_fault(self, piece: bytes) -> None:
        """Raise for what is wrong within a piece of a value, if anything is but that it is only a piece."""
        try:
            demand_json(piece)
        except Broken as error:
            if error.at < len(piece.rstrip()) and not error.message.startswith("Unterminated"):
                raise self.broken(error.message, self.at + error.at) from None
