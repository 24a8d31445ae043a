"""What is counted of a move, what of an address is kept, and what two whole lists have otherwise."""

from io import StringIO

import pytest
from rich.console import Console

from app.cutover.comparing import Verdict
from app.cutover.exchanges import Request
from app.cutover.status import Status, cut
from app.cutover.verifying import Verification, compared
from app.cutover.watching import view

ANA, BO, CEM = ({"id": name, "age": age} for name, age in (("a", 1), ("b", 2), ("c", 3)))


@pytest.mark.parametrize(
    ("path", "query", "kept"),
    [
        ("/patients", "", "/patients"),
        ("/patients/Ana%20Roe", "", "/patients/{id}"),
        ("/patients/7/visits", "name=Ana&_page=2", "/patients/{id}/visits?name=…&_page=…"),
        ("/patients", "Ana+Roe", "/patients?…"),
        ("/patients", "q=Ana=Roe", "/patients?q=…"),
    ],
)
def test_no_value_of_an_address_is_kept(path: str, query: str, kept: str) -> None:
    assert cut(path, query) == kept


def test_examples_have_no_value_and_do_not_grow() -> None:
    status = Status()
    for number in range(60):
        status.compared(Verdict("different", "", "/3/name"), Request("GET", f"/patients/{number}", "name=Ana", {}))
    said = status.as_json()
    assert len(said["examples"]) == 50
    assert {(one["address"], one["place"]) for one in said["examples"]} == {("/patients/{id}?name=…", "/3/name")}


def test_a_row_that_explains_much_asks_for_a_look() -> None:
    status, request = Status(), Request("GET", "/patients", "", {})
    for _ in range(198):
        status.compared(Verdict("equal"), request)
    status.compared(Verdict("explained", "falsy-values", "/0"), request)
    status.raced()
    assert status.suspicious() == []
    status.compared(Verdict("explained", "falsy-values, form-numbers", "/0"), request)
    status.compared(Verdict("explained", "falsy-values", "/0"), request)
    assert status.suspicious() == ["falsy-values"]
    assert status.as_json()["comparisons"] == {"equal": 198, "explained": 3, "raced": 1}


def test_a_terminal_shows_what_the_page_does() -> None:
    status, request = Status(), Request("GET", "/patients/7", "name=Ana", {})
    status.answered("new", 200, 0.01)
    status.compared(Verdict("different", "", "/age"), request)
    journal = {"owed": 2, "refused": [], "open": 2, "unfinished": 0}
    facts = {"stage": "old", "share": 0, "held": "", "journal": journal} | status.as_json()
    (console := Console(width=120, record=True, file=StringIO())).print(view(facts))
    text = console.export_text()
    assert "/patients/{id}?name=… /age: different" in text
    assert "10.0 ms" in text
    assert "Ana" not in text


def test_two_lists_are_verified_whole_and_in_order() -> None:
    assert compared("patients", [ANA, BO], [dict(ANA), dict(BO)]).equal
    found = compared("patients", [ANA, BO, CEM], [CEM, ANA | {"age": 5}])
    assert (found.old, found.new, found.only_old, found.only_new) == (3, 2, ["b"], [])
    assert (dict(found.different), found.in_order, found.equal) == ({"a": ["age"]}, False, False)
    assert "5" not in Verification([found]).text
    assert not compared("patients", [ANA, BO], [BO, ANA]).equal
    assert not compared("patients", None, []).equal


def test_a_doubled_id_is_no_equal_list() -> None:
    """1.0.0-beta.3 makes an id of two bytes, and so now and then one twice."""
    assert not compared("patients", [ANA, BO, dict(ANA)], [ANA, BO]).equal


def test_lists_that_a_row_explains_are_equal_and_say_so() -> None:
    found = compared("patients", [ANA | {"age": "1"}], [ANA], ["form-numbers"])
    assert (found.equal, found.rows) == (True, ["form-numbers"])
