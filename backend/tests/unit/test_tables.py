"""The addresses of a table's states, its pictures and a history's steps: tables of values, no input or output."""

import pytest

from app.api.table.pictures import pictures
from app.api.table.states import OPERATORS, canonical
from app.api.table.versions import steps
from app.dialect.query import SPELLINGS, parse
from app.resource.fields import Field
from app.resources import PATIENTS

FIELDS = PATIENTS.fields


@pytest.mark.parametrize(
    ("sent", "address"),
    [
        ("", ""),
        ("q=&age_gte=", ""),
        ("_page=1&_sort=-age", "?_sort=-age"),
        ("_sort=age&_field=age&_operator=_gte&_value=40", "?age_gte=40&_sort=age"),
        ("_field=note&_operator=_contains&_value=x", "?note:contains=x"),
        ("_field=note&_operator=_gte&_value=3", "?note_gte=3"),
        ("_field=age&_operator=drop&_value=3", ""),
        ("_field=&_operator=&_value=3", ""),
        ("_field=age&_operator=&_value=40&_field=&_operator=&_value=", "?age=40"),
        ("_start=3&_end=9&name=A%20%26%20B", "?name=A%20%26%20B"),
    ],
)
def test_a_state_has_one_address(sent: str, address: str) -> None:
    state, shortest = canonical(sent.encode(), FIELDS, "0.17")
    assert state.address == address
    assert canonical(address[1:].encode(), FIELDS, "0.17") == (state, True)
    assert shortest is (sent == address[1:])


@pytest.mark.parametrize("dialect", ["0.17", "1"])
@pytest.mark.parametrize("sent", ["", "q=a", "_sort=-age", "_sort=name", "age:gte=3", "_limit=20", "_per_page=20"])
def test_every_page_of_a_state_is_spoken_alike(sent: str, dialect: str) -> None:
    """Else the second page would go on from another order than the first one's."""
    state, _ = canonical(sent.encode(), FIELDS, "1" if dialect == "1" else "0.17")
    spoken = {parse(one, state.dialect, FIELDS).dialect for one in (state.shown, state.turned(2)[1:].encode())}
    assert spoken == {state.query.dialect}
    later, shortest = canonical(state.turned(2)[1:].encode(), FIELDS, state.dialect)
    assert (later.page, later.size, shortest) == (2, state.size, True)
    assert later.turned(1) in (state.address, state.turned(1))


def test_every_operator_of_the_dialect_can_be_chosen() -> None:
    meant = {SPELLINGS.get(one, "eq") for one in OPERATORS}
    assert {name for name in SPELLINGS.values() if name != "eq"} <= {*meant, "in"}
    assert all(words for words in OPERATORS.values())


def field(name: str) -> Field:
    return FIELDS[name]


def test_numbers_and_days_are_drawn_in_even_steps_that_filter_for_what_they_show() -> None:
    state, _ = canonical(b"gender=Male&age=3", FIELDS, "0.17")
    ages, days = pictures(
        [field("age"), field("lastVisit")],
        [[(34, 5), (39, 1), (51, 10)], [("2023-11-30", 1), ("2024-01-01", 3)]],
        state,
    )
    assert [(bar.label, bar.records, bar.percent) for bar in ages.bars][:2] == [("34–35", 5, 50.0), ("36–37", 0, 0.0)]
    assert ages.bars[-1] == ("50–51", 10, 100.0, "?gender=Male&age_gte=50&age_lt=52")
    assert [(bar.label, bar.records) for bar in days.bars] == [("2023-11", 1), ("2023-12", 0), ("2024-01", 3)]
    assert days.bars[1].address == "?gender=Male&age=3&lastVisit_gte=2023-12&lastVisit_lt=2024-01"


@pytest.mark.parametrize("values", [(0, 10**15), (-5, 5), (1, 2), (0.001, 0.002), (-1e300, 1e300), (0, 5e-324)])
def test_any_two_numbers_have_a_picture(values: tuple[float, float]) -> None:
    state, _ = canonical(b"", FIELDS, "0.17")
    [drawn] = pictures([field("age")], [[(value, 1) for value in values]], state)
    assert sum(bar.records for bar in drawn.bars) == 2
    assert len(drawn.bars) <= 32


@pytest.mark.parametrize("days", [("0001-01-01", "9999-12-31"), ("2024-02-28", "2024-03-01")])
def test_any_two_days_have_a_picture(days: tuple[str, str]) -> None:
    state, _ = canonical(b"", FIELDS, "0.17")
    [drawn] = pictures([field("lastVisit")], [[(day, 1) for day in days]], state)
    assert (drawn.bars[0].records, drawn.bars[-1].records) == (1, 1)
    assert len(drawn.bars) <= 32


def test_a_column_of_one_value_or_of_many_has_no_picture() -> None:
    state, _ = canonical(b"", FIELDS, "0.17")
    many = [(str(number), 1) for number in range(9)]
    assert pictures([field("gender"), field("name")], [[("Male", 3)], many], state) == []


def test_a_step_says_what_it_changed() -> None:
    def version(number: int, change: str, record: dict[str, object] | None) -> dict[str, object]:
        return {"version": number, "change": change, "at": None, "by": None, "record": record}

    deleted, changed, created = steps(
        [
            version(3, "deleted", None),
            version(2, "changed", {"a": 1, "c": [2]}),
            version(1, "created", {"a": 1, "b": ""}),
        ]
    )
    assert [(one.field, one.before, one.after) for one in changed.differences] == [("b", "", ""), ("c", "", "[2]")]
    assert (deleted.differences, created.differences) == ([], [])
    assert [one.usable for one in (deleted, changed, created)] == [False, True, True]
