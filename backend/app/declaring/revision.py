"""The revision that brings the tables from what is declared now to what will be; alembic writes most of it. Pure."""

import ast
import io
import textwrap
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

from alembic.autogenerate import render_python_code
from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Table
from sqlalchemy.dialects.postgresql import JSONB

from app.declaring.names import identifier
from app.declaring.tables import Change, altered, made
from app.resource import kinds
from app.resource.columns import search_indices
from app.resource.kinds import Kind, kind_of
from app.sql import quoted

_LINE = 80
_BETWEEN = r" || E'\x1f' || "  # `dialect.search.SEPARATOR`

_REVISION = '''"""{title}.

Revision ID: {number}
Revises: {before}
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from app.migrating import demand_empty, give_back, index_texts, take
from app.resource.journal import journaled

revision = "{number}"
down_revision = "{before}"
branch_labels = None
depends_on = None


def upgrade() -> None:
{upgrade}


def downgrade() -> None:
{downgrade}
'''


Step = ops.MigrateOperation | str
"""An operation of alembic's, or a line that calls one of ours."""


def revision_source(number: str, before: str, changes: Sequence[Change]) -> str:
    """The revision's text, to be formatted. `before` is the one that it follows."""
    up = [step for change in changes for step in _up(change)]
    down = [step for change in reversed(changes) for step in _down(change)]
    text = _REVISION.format(
        title=", ".join(change.after.name for change in changes),
        number=number,
        before=before,
        upgrade=_lines([*up, *_searched(change.after for change in changes)]),
        downgrade=_lines([*down, *_searched(change.before for change in changes)]),
    )
    return _shortened(text)


def slug(changes: Sequence[Change]) -> str:
    """What stands behind the number in the file's name."""
    return identifier("_".join(change.after.name for change in changes))


# --- what happens to a table


def _up(change: Change) -> list[Step]:
    if change.before is None:
        return _made(change.after)
    if change.lost:
        return _replaced(change.before, change.after)
    taken = [
        f"take({one.table.name!r}, {one.name!r}, {change.fields[one.name]!r}, {kind_of(one.type).sql!r})"
        for one in change.added
    ]
    return [_unsearched(change.after), *altered(change.before, change.after), *taken]


def _down(change: Change) -> list[Step]:
    if change.before is None:
        return [ops.DropTableOp.from_table(change.after)]
    if change.lost:
        return _replaced(change.after, change.before)
    given = [f"give_back({one.table.name!r}, {one.name!r}, {change.fields[one.name]!r})" for one in change.added]
    return [*given, _unsearched(change.after), *altered(change.after, change.before)]


def _made(table: Table) -> list[Step]:
    return [*made(table), f"op.execute(journaled({table.name!r}))"]


def _replaced(before: Table, after: Table) -> list[Step]:
    return [f"demand_empty({before.name!r})", ops.DropTableOp.from_table(before), *_made(after)]


# --- indices for searches


def _searched(tables: Iterable[Table | None]) -> list[Step]:
    texts = {one.name: texts_of(one) for one in tables if one is not None}
    return [f"index_texts({texts!r})"] if texts else []


def _unsearched(table: Table) -> Step:
    """A model knows nothing of these indices."""
    names = ", ".join(quoted(name) for name in search_indices(table.name))
    drop = f"DROP INDEX IF EXISTS {names}"
    return f"op.execute({drop!r})"


def texts_of(table: Table) -> str:
    """All texts of a record, as `dialect.search` joins them."""
    shown = (
        f"coalesce({quoted(one.name)}, '')" if one.nullable else quoted(one.name) for one in _of(table, kinds.TEXT)
    )
    return _BETWEEN.join(shown)


def _of(table: Table, kind: Kind) -> Iterator[Column[Any]]:
    return (one for one in table.c if kind_of(one.type) is kind)


# --- text


def _lines(steps: Iterable[Step]) -> str:
    rendered = (step if isinstance(step, str) else _rendered(step) for step in steps)
    return textwrap.indent("\n".join(rendered) or "pass", "    ")


def _rendered(step: ops.MigrateOperation) -> str:
    context = MigrationContext.configure(dialect_name="postgresql")
    text = render_python_code(ops.UpgradeOps([step]), migration_context=context, render_item=_item)
    return textwrap.dedent("\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#")))


def _item(_: str, item: Any, __: AutogenContext) -> str | Literal[False]:
    return "JSONB()" if isinstance(item, JSONB) else False


def _shortened(text: str) -> str:
    """The text with long literals in pieces."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    pieces = {token.string: _in_pieces(token.string) for token in tokens if token.type == tokenize.STRING}
    for whole, parts in pieces.items():
        text = text.replace(whole, parts)
    return text


def _in_pieces(literal: str) -> str:
    if len(literal) <= _LINE or literal.startswith('"""'):
        return literal
    return f"({' '.join(map(repr, _PIECES.wrap(ast.literal_eval(literal))))})"


_PIECES = textwrap.TextWrapper(_LINE, drop_whitespace=False, replace_whitespace=False, expand_tabs=False)
