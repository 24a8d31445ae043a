"""Most records in one look: a regular expression that only a good and plain record matches.

It proves, it never decides: what does not match is for `check`, which has the rules. A match has the declared fields
and no other, each once, in an order seen before, with nothing escaped or blank at its beginning and no longer in bytes
than it may be in code points. So its bytes are good for COPY as they stand. It costs a fifth of the full check.
"""

import re
from collections.abc import Sequence

from app.importer.json_text import BLANK, skip_blank
from app.models.patient import AGE_MAX, GENDERS, PATIENT_ID_LENGTH, TEXT_LENGTH
from app.resource.columns import ID_LENGTH
from app.resource.javascript import BLANKS
from app.resources import PATIENTS

_COLUMNS = {field.name: field.column for field in PATIENTS.fields.values()}
_MOST_ORDERS = 4  # of fields in one file; each costs the records of the others a look

_PLAIN = rb'[^"\\\x00-\x1f]'
# No blank character begins with one of these bytes.
_VISIBLE = b"".join(
    re.escape(bytes([byte]))
    for byte in range(0x21, 0xF5)
    if byte not in b'"\\\x7f' and byte not in {blank.encode()[0] for blank in BLANKS} and not 0x80 <= byte < 0xC2
)


def _filled(length: int) -> bytes:
    return rb'"((?=[%b])%b{1,%d})"' % (_VISIBLE, _PLAIN, length)


_FIELDS = {
    "id": rb'"(%b{1,%d})"' % (_PLAIN, ID_LENGTH),
    "patient_id": _filled(PATIENT_ID_LENGTH),
    "name": _filled(TEXT_LENGTH),
    "age": rb"([1-9][0-9]{0,%d})" % (len(str(AGE_MAX)) - 2),
    "gender": rb'"(%b)"' % b"|".join(gender.encode() for gender in GENDERS),
    "medical_condition": _filled(TEXT_LENGTH),
    # Every day of every year but the 29th of February.
    "last_visit": rb'"((?!0000)[0-9]{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])'
    rb'|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31))"',
}


class Ordinary:
    """Knows one order of the fields from the start and learns others from records that passed the full check."""

    def __init__(self) -> None:
        self._patterns: dict[tuple[str, ...], re.Pattern[bytes]] = {}
        self.learn(tuple(_COLUMNS))

    def match(self, text: bytes, at: int) -> re.Match[bytes] | None:
        """An ordinary record at `at`, the comma behind it and the blanks before the next one. Groups: `fields`."""
        for pattern in self._patterns.values():
            if match := pattern.match(text, at):
                return match
        return None

    def learn(self, names: Sequence[str]) -> None:
        """Know this order of wire names from now on, if these are all the declared fields and each has its pattern."""
        order, known = tuple(names), _FIELDS.keys() >= set(_COLUMNS.values())
        if known and set(order) == set(_COLUMNS) and len(self._patterns) < _MOST_ORDERS:
            self._patterns.setdefault(order, _pattern(order))


def key_offsets(match: re.Match[bytes]) -> Sequence[int]:
    """Where in the record its id and its patientID stand."""
    begin = skip_blank(match.string, match.start())
    return [match.start(key) - 1 - begin for key in ("id", "patient_id")]


def fields(match: re.Match[bytes]) -> tuple[bytes, ...]:
    """The values in column order."""
    return match.group(*_COLUMNS.values())


def _pattern(order: Sequence[str]) -> re.Pattern[bytes]:
    between = BLANK + b"," + BLANK
    return re.compile(rb"%b\{%b%b%b\}%b" % (BLANK, BLANK, between.join(map(_member, order)), BLANK, between))


def _member(name: str) -> bytes:
    column = _COLUMNS[name]
    value = _FIELDS[column].replace(b"(", b"(?P<%b>" % column.encode(), 1)
    return rb'"%b"%b:%b%b' % (name.encode(), BLANK, BLANK, value)
