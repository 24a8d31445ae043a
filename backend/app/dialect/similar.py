"""`:similar`: texts that are nearly what is looked for, by the trigrams that they share (PostgreSQL's pg_trgm, F.35).

Compared are texts as `folding` has them. A value without a letter or digit asks for nothing.
"""

from collections.abc import Iterable, Sequence

from app.dialect.conditions import Condition, UnsupportedQuery
from app.dialect.folding import folded, folded_sql
from app.limits import SIMILAR_LENGTH
from app.resource import javascript
from app.resource.kinds import texts
from app.sql import ALWAYS, Part, any_of, joined

# A letter wrong in the middle of n leaves n - 2 of n + 1 trigrams, as many as the other word has: that is enough.
# Long texts need not be more; short ones may not be less, or they would be like every word of the same first letter.
_LEAST, _MOST, _NEARLY = 0.34, 0.5, 0.001
_WHOLE = 0.7  # one or two letters: the word itself

# How alike the nearest part of a text is, and the whole of it, so that John comes before John Smith.
_SCORE = """(SELECT (word_similarity(n$, x$) + similarity(n$, x$)) / 2
    FROM (SELECT %s::text AS n$, {} AS x$ OFFSET 0) AS two$)"""


def sought(condition: Condition) -> list[str]:
    """A condition's values as they are compared. Raises `UnsupportedQuery` above `SIMILAR_LENGTH`."""
    values = texts(map(javascript.text, condition.values))
    if any(len(value) > SIMILAR_LENGTH for value in values):
        raise UnsupportedQuery(f"There is a text of more than {SIMILAR_LENGTH} characters behind :similar.")
    return [folded(value) for value in values]


def asks(value: str) -> bool:
    return bool(_letters(value))


def enough(value: str) -> float:
    """How alike the nearest part of a text must be to a value, from 0 to 1."""
    letters = _letters(value)
    if letters <= 2:
        return _WHOLE
    return min(_MOST, max(_LEAST, (letters - 2) / (letters + 4) - _NEARLY))


def test(text: Part, condition: Condition, fold: str) -> Part:
    """Whether a text is similar to one of the values; NULL where there is none."""
    return any_of([_is_similar(text, value, fold) for value in sought(condition)])


def score(found: Iterable[Part], condition: Condition, fold: str) -> Part:
    """How similar the nearest of the texts is to the nearest of the values, from 0 to 1."""
    wanted = [value for value in sought(condition) if asks(value)]
    return _greatest([_score(text, value, fold) for text in found for value in wanted])


def _letters(value: str) -> int:
    return sum(map(str.isalnum, value))


def _is_similar(text: Part, value: str, fold: str) -> Part:
    if not asks(value):
        return ALWAYS
    compared = folded_sql(text, fold)
    return Part(f"word_similarity(%s::text, {compared.sql}) >= {enough(value)}", (value, *compared.values))


def _score(text: Part, value: str, fold: str) -> Part:
    compared = folded_sql(text, fold)
    return Part(_SCORE.format(compared.sql), (value, *compared.values))


def _greatest(scores: Sequence[Part]) -> Part:
    """0 where there is no text."""
    return joined(", ", [Part("0"), *scores]).within("greatest({})")
