"""`:similar` on records: what an index knows of them, and all their texts together.

An index has all declared texts of a record as one, so it knows the records of which some text is similar, whichever
field is meant: plain texts stand in the index that `q` has too, the others in one of their own, bare.
"""

from collections.abc import Iterable

from app.dialect import similar
from app.dialect.conditions import Condition
from app.dialect.folding import bare_sql, lower_sql, plain_sql
from app.dialect.search import strings, texts_of
from app.resource.resource import Resource
from app.sql import ALWAYS, Part, all_of, any_of

EVERYWHERE = "q"
_THRESHOLD = "pg_trgm.word_similarity_threshold"


def is_everywhere(resource: Resource, condition: Condition) -> bool:
    """Whether all texts of a record are meant: `q:similar`, unless `q` is a field."""
    return condition.operator == "similar" and condition.field == EVERYWHERE not in resource.fields


def threshold(conditions: Iterable[Condition]) -> Part:
    """True, and an index finds what is as similar as the most modest of the conditions wants. Of the statement alone,
    before its first row (an uncorrelated subquery)."""
    least = min((similar.enough(value) for one in conditions for value in similar.sought(one)), default=1.0)
    return Part(f"(SELECT set_config('{_THRESHOLD}', '{least}', true)) IS NOT NULL")


def near(resource: Resource, condition: Condition, fold: str) -> Part:
    """What holds for all records that have a text similar to one of the values, and few others."""
    return any_of([_near(texts_of(resource), value, fold) for value in similar.sought(condition)])


def anywhere(resource: Resource, condition: Condition, fold: str) -> Part:
    """Records of which a declared text is similar, or several that stand together, or some undeclared text."""
    declared = all_of([near(resource, condition, fold), similar.test(Part(texts_of(resource)), condition, fold)])
    undeclared = (all_of([*guard, similar.test(text, condition, fold)]) for text, guard in strings(resource))
    return any_of([declared, *undeclared])


def texts(resource: Resource) -> list[Part]:
    """All texts of a record, the declared ones as one."""
    return [Part(texts_of(resource)), *(text for text, _ in strings(resource))]


def _near(text: str, value: str, fold: str) -> Part:
    if not similar.asks(value):
        return ALWAYS
    plain, bare = lower_sql(text, fold), bare_sql(text, fold)
    sql = f"({plain_sql(text)} AND %s::text <%% {plain} OR NOT {plain_sql(text)} AND %s::text <%% {bare})"
    return Part(sql, (value, value))
