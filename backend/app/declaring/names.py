"""Names as a declaration needs them, from names as JSON may have them. Pure."""

import keyword
import re
import unicodedata
from collections.abc import Collection

from app.resource.columns import Base, NumberedRecord, Record
from app.resource.resource import HIDDEN, NAME_BYTES
from app.resource.shapes import Body
from app.resource.strict_json import unstorable

_LONGEST = (
    40  # characters of a column's name: behind the table's and before an index's ending it must fit into one more
)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# What a class of a declaration has or uses. A field of such a name would take its place.
_TAKEN = {"id", *HIDDEN, *dir(Record), *dir(NumberedRecord), *dir(Base), *dir(Body), *keyword.kwlist}
_TAKEN |= {"str", "int", "float", "bool", "dt", "words", "calendar", "indexed", "rules", "mapped_column", "extra_size"}
_PROTECTED = ("model_validate", "model_dump")  # pydantic warns of fields that begin so


def identifier(name: str, taken: Collection[str] = ()) -> str:
    """`agent_id` of "agentID", `class_` of "class", `test_case_id` of "test-case-id": one that nobody has."""
    return _free(_own(_snake(name)), taken)


def declarable(name: str) -> bool:
    """Whether a field of this name can have a column; else it is kept and served undeclared."""
    return bool(name) and not unstorable(name) and len(name.encode()) <= NAME_BYTES


def title(noun: str) -> str:
    """A class's name: `TestCase` of "test-case"."""
    words = [word for word in re.split(r"[\W_]+", _latin(noun)) if word]
    joined = "".join(word[:1].upper() + word[1:] for word in words)
    return joined if joined.isidentifier() and not keyword.iskeyword(joined) else f"Some{joined}"


def _snake(name: str) -> str:
    word = re.sub(r"[\W_]+", "_", _HUMP.sub("_", _latin(name)).lower()).strip("_")
    return _cut(word if word.isidentifier() else f"field_{word}")


def _latin(name: str) -> str:
    """Without what is not ASCII; of letters that Unicode takes for one with a mark, that one is left."""
    parts = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    return "".join(" " if c.isspace() else c for c in parts if c.isascii())


def _own(word: str) -> str:
    if word.startswith(_PROTECTED):
        return f"field_{word}"
    return f"{word}_" if word in _TAKEN else word


def _cut(word: str) -> str:
    return word[:_LONGEST].strip("_")


def _free(word: str, taken: Collection[str]) -> str:
    number, free = 2, word
    while free in taken:
        number, free = number + 1, f"{word.rstrip('_')}_{number}"
    return free
