"""`_score`: how well records meet what was searched for, which a list can be sorted by. Pure."""

from app.dialect import documents, filters, forgiving, similar
from app.dialect.conditions import Condition
from app.dialect.query import ListQuery
from app.dialect.search import rank
from app.resource.resource import Resource
from app.resource.strict_json import unstorable
from app.sql import Part, joined

SCORE = "_score"


def score(resource: Resource, query: ListQuery, fold: str) -> Part | None:
    """The sum of what each search gives, from 0 to 1 for one; None where nothing is searched for."""
    found = [_similarity(resource, one, fold) for one in filters.forgiven(query.conditions)]
    if query.search and not unstorable(query.search):
        found.append(rank(resource, query.search, fold))
    return joined(" + ", found) if found else None


def _similarity(resource: Resource, condition: Condition, fold: str) -> Part:
    everywhere = forgiving.is_everywhere(resource, condition)
    texts = forgiving.texts(resource) if everywhere else _text(resource, condition.field)
    return similar.score(texts, condition, fold)


def _text(resource: Resource, name: str) -> list[Part]:
    """The text of a field, if it can have one."""
    field = resource.fields.get(name)
    if field and field.kind.scalar:
        return [Part(field.kind.scalar.wire_text.format(field.sql))] if field.kind.scalar.textual else []
    if field:
        return [documents.string_of(Part(field.document))]
    return [] if unstorable(name) else [documents.string_of(filters.undeclared(resource, name))]
