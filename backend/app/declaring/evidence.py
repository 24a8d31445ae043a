"""What a field's values in a db.json say about it: its kind, an example of its form, rules it would bear. Pure.

A kind is possible if its own rule, the one that is written into the declaration, takes every value.
"""

import datetime as dt
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Annotated, Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from app.declaring.names import identifier
from app.resource import kinds
from app.resource.columns import ID_LENGTH
from app.resource.kinds import Kind
from app.resource.shapes import DAY, TRUTH, WORDS, number, whole_number
from app.resource.strict_json import unstorable

_FEW = 8  # different values at most, and each twice on the average, before they are taken for an enumeration
# Only behind these names: what stands often in a field of any other may be the name of a person.
_CATEGORY = re.compile(
    "(.*_)?(category|channel|department|frequency|gender|group|kind|level|method|mode|phase|plan|priority|role|severity"
    "|sex|specialization|specialty|speciality|stage|state|status|tier|triage|type|unit|urgency|ward)"
)


class _Sort(NamedTuple):
    """A kind, the types of JSON values that are of it by themselves, and whether its rule takes a value."""

    kind: Kind
    native: frozenset[type]
    rule: TypeAdapter[Any]

    def fits(self, values: Sequence[Any], types: set[type]) -> bool:
        return not self.native.isdisjoint(types) and all(map(self._takes, values))

    def _takes(self, value: Any) -> bool:
        try:
            self.rule.validate_python(value)
        except ValidationError:
            return False
        return True


_WHOLE = Annotated[int, *whole_number()]
# The first that fits is a field's kind. Native first: "42" beside 42 is a number, and alone a text.
_SORTS: tuple[_Sort, ...] = (
    _Sort(kinds.TRUTH, frozenset({bool}), TypeAdapter(Annotated[bool, *TRUTH])),
    _Sort(kinds.WHOLE, frozenset({int, float}), TypeAdapter(_WHOLE)),
    _Sort(kinds.NUMBER, frozenset({int, float}), TypeAdapter(Annotated[float, *number()])),
    _Sort(kinds.DAY, frozenset({str}), TypeAdapter(Annotated[dt.date, *DAY])),
    _Sort(kinds.TEXT, frozenset({str}), TypeAdapter(Annotated[str, *WORDS])),
)

_TYPES = {bool: "truth", int: "number", float: "number", str: "text", list: "list", dict: "object"}
_EXAMPLES: dict[Kind, Any] = {kinds.TRUTH: True, kinds.WHOLE: 42, kinds.NUMBER: 1.5, kinds.DAY: "2024-01-15"}
# What all texts of a field look like, and one made up that looks so.
_FORMS = (
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*", "2024-01-15T09:30:00Z"),
    (r"\d{4}-\d\d-\d\d", "2024-01-15"),
    (r"\d{1,2}/\d{1,2}/\d{4}", "15/01/2024"),
    (r"\d{1,2}:\d\d(:\d\d)?", "09:30"),
    (r"[^@\s]+@[^@\s]+", "someone@example.org"),
    (r"https?://\S+", "https://example.org/"),
    (r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", "00000000-0000-4000-8000-000000000000"),
    (r"\d+", "123"),
)
_PLAIN = "text"


class Evidence(NamedTuple):
    """A field of a collection: its name in JSON, its values but null in file order, and how many records there are."""

    name: str
    values: Sequence[Any]
    records: int


class Found:
    """What the evidence comes to."""

    def __init__(self, evidence: Evidence) -> None:
        self.name, self._values, self._records = evidence
        self.having = f"{len(self._values)} of {self._records}"

    @property
    def types(self) -> str:
        """How many values of which JSON type there are: "13 numbers, 1 text"."""
        counted = Counter(_TYPES[type(value)] for value in self._values)
        return ", ".join(f"{number} {name}{'s' * (number != 1)}" for name, number in counted.most_common())

    @cached_property
    def kind(self) -> Kind:
        """Values that nothing can store do not count: they are refused whatever the kind."""
        values, types = self._storable, set(map(type, self._storable))
        return next((sort.kind for sort in _SORTS if sort.fits(values, types)), kinds.JSON)

    @cached_property
    def example(self) -> Any:
        """A made-up value of the same form."""
        if self.kind is kinds.TEXT:
            return next((made for form, made in _FORMS if self._all_are(form)), _PLAIN)
        return _EXAMPLES[self.kind] if self.kind in _EXAMPLES else _nested(self._values)

    @cached_property
    def rules(self) -> list[str]:
        """What could be demanded, as every record here meets it. No value of a person is in it."""
        return list(self._rules())

    @property
    def short(self) -> bool:
        """Whether an index can hold every value."""
        return self.kind is not kinds.TEXT or all(len(value) <= ID_LENGTH for value in self._storable)

    @cached_property
    def _storable(self) -> list[Any]:
        return [value for value in self._values if not unstorable(value)]

    def _all_are(self, form: str) -> bool:
        return all(re.fullmatch(form, value, re.ASCII | re.DOTALL) for value in self._storable)

    def _rules(self) -> Iterator[str]:
        everywhere = len(self._values) == self._records
        yield f"all {self._records} have it" if everywhere else f"{self.having} have it"
        if self.kind not in (kinds.TEXT, kinds.WHOLE, kinds.NUMBER, kinds.DAY):
            return
        different = Counter(map(str, self._storable))
        if len(different) == len(self._storable) > 1:
            yield "unique"
        yield from self._of_kind(different)

    def _of_kind(self, different: Counter[str]) -> Iterator[str]:
        if self.kind is kinds.TEXT and self._is_category(different):
            yield f"one of {', '.join(map(json.dumps, sorted(different)))}"
        elif self.kind is kinds.TEXT and all(map(str.strip, different)):
            yield "never blank"
        elif self.kind in (kinds.WHOLE, kinds.NUMBER) and all(float(value) >= 0 for value in different):
            yield "at least 0"

    def _is_category(self, different: Counter[str]) -> bool:
        return bool(_CATEGORY.fullmatch(identifier(self.name))) and len(different) <= min(
            _FEW, len(self._storable) // 2
        )


def _nested(values: Sequence[Any]) -> Any:
    types = set(map(type, values))
    return {"name": _PLAIN} if types == {dict} else [_PLAIN] if types == {list} else _PLAIN
