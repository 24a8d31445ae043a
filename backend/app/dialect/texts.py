"""Tests on texts, and what they look for: parts of a text, and patterns. Blind to case in every alphabet."""

import re
from collections.abc import Mapping

from app.dialect.conditions import Condition, UnsupportedQuery
from app.dialect.pattern import searched
from app.limits import PATTERN_LENGTH, PATTERNS
from app.resource import javascript
from app.resource.kinds import texts
from app.sql import Part

COMPARISONS: Mapping[str, str] = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_PARTS: Mapping[str, str] = {"contains": "%{}%", "startsWith": "{}%", "endsWith": "%{}"}


def folded(sql: str, fold: str) -> str:
    """A text without case."""
    return f"lower(({sql}) COLLATE {fold})"


def contains(text: Part, pattern: str, fold: str) -> Part:
    """LIKE, whatever the case."""
    return Part(f"{folded(text.sql, fold)} LIKE {folded('%s::text', fold)}", (*text.values, pattern))


def matches(text: Part, pattern: str, fold: str) -> Part:
    """PostgreSQL's regular expression, whatever the case."""
    return Part(f"({text.sql}) COLLATE {fold} ~* %s::text", (*text.values, pattern))


def within(text: str) -> str:
    """The pattern of texts that contain this one."""
    return _PARTS["contains"].format(_literal(text))


def starts_word(text: str) -> str:
    """PostgreSQL's expression of texts that contain this one where no letter or digit is before it."""
    return "(?<![[:alnum:]])" + re.sub(r"[!-/:-@[-`{-~]", r"\\\g<0>", text[:PATTERN_LENGTH])


def literals(condition: Condition) -> list[str]:
    """The LIKE patterns of `contains`, `startsWith` and `endsWith`."""
    return [_PARTS[condition.operator].format(_literal(part)) for part in texts(map(javascript.text, condition.values))]


def patterns(condition: Condition) -> list[str]:
    """PostgreSQL's expressions of a `_like`. Raises `UnsupportedQuery` above `PATTERNS` and `PATTERN_LENGTH`."""
    if len(condition.values) > PATTERNS:
        raise UnsupportedQuery(f"There are more than {PATTERNS} patterns for one field.")
    if any(len(pattern) > PATTERN_LENGTH for pattern in condition.values):
        raise UnsupportedQuery(f"There is a pattern of more than {PATTERN_LENGTH} characters.")
    return [searched(pattern) for pattern in texts(condition.values)]


def _literal(text: str) -> str:
    """Text as LIKE takes it literally (PostgreSQL 9.7.1)."""
    return text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
