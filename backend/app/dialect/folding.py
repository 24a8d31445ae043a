"""Texts as a forgiving search compares them: without case, accents and other marks, and in ASCII. Pure.

ASCII, because pg_trgm knows the letters of the database's own locale alone, and in C (an embedded PostgreSQL's) these
are none beyond it. What Unicode takes apart (NFKD) loses its marks, letters with a stroke and the like are written as
people type them, and what then is not ASCII becomes digits: its bytes of UTF-8 in octal, without those that all letters
of an alphabet have in common. A letter has two of them or more, so that a slip costs less than a letter's share.

`folded` and `folded_sql` are the same function, of texts here and in the database.
"""

import re
from unicodedata import normalize

from app.sql import Part, quoted_text

_LETTERS = ("øłđðħıŧςىةکی", "olddhitσيهكي")
_TWO = (("ß", "ss"), ("æ", "ae"), ("œ", "oe"), ("þ", "th"))

# Marks that follow their letter: of Latin, Greek and Cyrillic; points and vowel signs of Hebrew and Arabic; nukta and
# virama of the alphabets of India; tones of Thai; voicing of kana. And what joins or leaves no trace: apostrophes,
# soft hyphens, joiners.
_MARKS = (
    r"\u0300-\u036f\u0483-\u0487"
    r"\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8"
    r"\u093c\u094d\u09bc\u09cd\u0a3c\u0a4d\u0abc\u0acd\u0b3c\u0b4d\u0bcd\u0c4d\u0cbc\u0ccd\u0d4d"
    r"\u0e38-\u0e3a\u0e48-\u0e4b\u3099\u309a"
    r"'`\\\u00b4\u02b0-\u02ff\u05f3\u05f4\u2018\u2019\u2032\u00ad\u200b-\u200f\u2060\ufeff"
)
_DROPPED = f"[{_MARKS}]"
_BLANK = (  # what stands between words
    r"[\u00a1-\u00bf\u00d7\u00f7\u2010-\u2027\u2030-\u205e\u3000-\u3020\u3030\u30fb\u060c\u061b\u061f\u06d4\u0964\u0965\u05be]"
)
# Of \320\266 it keeps 66, of \340\270\201 001, of \346\230\216 63016. The first digits are those of the alphabet.
_IN_COMMON = r"\\(3[0-3].|34[01]\\2.|3[4-7]|2)"

_TRANSLATED = str.maketrans(*_LETTERS) | str.maketrans(dict(_TWO))


def folded(text: str) -> str:
    if _is_plain(text):
        return text.lower()
    spaced = re.sub(_BLANK, " ", re.sub(_DROPPED, "", normalize("NFKD", text).lower()))
    return re.sub(_IN_COMMON, "", "".join(map(_escaped, spaced.translate(_TRANSLATED).encode())))


def folded_sql(text: Part, fold: str) -> Part:
    """The same of a text in SQL, which stands there once, as it may be dear."""
    either = f"CASE WHEN {plain_sql('x$')} THEN {lower_sql('x$', fold)} ELSE {bare_sql('x$', fold)} END"
    return text.within(f"(SELECT {either} FROM (SELECT {{}} AS x$ OFFSET 0) AS one$)")


def lower_sql(sql: str, fold: str) -> str:
    """Of a plain text."""
    return f"lower(({sql}) COLLATE {fold})"


def plain_sql(sql: str) -> str:
    """Whether it is ASCII without an apostrophe, as most texts are in most places: it has nothing but case to lose."""
    return f"(octet_length({sql}) = char_length({sql}) AND strpos({sql}, '''') = 0)"


def bare_sql(sql: str, fold: str) -> str:
    """Of a text that is not plain. Immutable, so that an index can have it."""
    lower = f"lower(normalize({sql}, NFKD) COLLATE {fold})"
    dropped = f"regexp_replace({lower}, {quoted_text(_DROPPED)}, '', 'g')"
    spaced = f"regexp_replace({dropped}, {quoted_text(_BLANK)}, ' ', 'g')"
    spelled = f"translate({spaced}, {quoted_text(_LETTERS[0])}, {quoted_text(_LETTERS[1])})"
    for letter, two in _TWO:
        spelled = f"replace({spelled}, '{letter}', '{two}')"
    return f"regexp_replace(encode(({spelled})::bytea, 'escape'), {quoted_text(_IN_COMMON)}, '', 'g')"


def _is_plain(text: str) -> bool:
    return text.isascii() and "'" not in text


def _escaped(byte: int) -> str:
    return chr(byte) if byte < 128 else f"\\{byte:o}"
